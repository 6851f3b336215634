-- Files that go with posts, kept from when a member hands one in until its post is there; and zones of before.

CREATE TABLE outbox_files (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    -- Who handed it in.
    user_id    BIGINT NOT NULL,
    -- The post that it goes with; NULL until it is known which.
    outbox_id  BIGINT,
    name       TEXT   NOT NULL,
    bytes      BIGINT NOT NULL,
    -- How many it has in the end.
    pieces     BIGINT NOT NULL,
    created_ms BIGINT NOT NULL
);

CREATE INDEX outbox_files_of_member ON outbox_files (guild_id, user_id);

CREATE TABLE outbox_file_pieces (
    file_id BIGINT NOT NULL REFERENCES outbox_files (id) ON DELETE CASCADE,
    piece   BIGINT NOT NULL,
    base64  TEXT   NOT NULL,
    PRIMARY KEY (file_id, piece)
);

-- The zones that a guild lived by before, each with when it ended: days that were counted keep their dates.
CREATE TABLE guild_zones (
    guild_id BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    timezone TEXT   NOT NULL,
    PRIMARY KEY (guild_id, until_ms)
);
