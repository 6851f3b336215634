-- Counted up now and then, to learn whether anything can be stored (`db/probe.rs`).

CREATE TABLE write_probes (
    id    BIGINT PRIMARY KEY CHECK (id = 1),
    count BIGINT NOT NULL
);

INSERT INTO write_probes (id, count) VALUES (1, 0);
