-- A large work is begun once however often it is asked for, and each process has a row of its own to learn
-- whether anything can be stored.

-- Of works that were begun twice the later one stays: it began behind whatever the earlier one had done.
DELETE FROM works WHERE EXISTS (
    SELECT 1 FROM works AS later
    WHERE later.guild_id = works.guild_id AND later.kind = works.kind
        AND later.subject_id = works.subject_id AND later.id > works.id
);

CREATE UNIQUE INDEX works_once ON works (guild_id, kind, subject_id);

-- Made anew, as SQLite changes no constraint in place: the one row that it could have made every process
-- wait for one that stood still.
DROP TABLE write_probes;

CREATE TABLE write_probes (
    id    BIGINT PRIMARY KEY,
    count BIGINT NOT NULL
);

INSERT INTO write_probes (id, count) VALUES
    (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0),
    (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0), (16, 0);
