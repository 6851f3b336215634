-- Large work is done in pieces, and an import is invisible until it is whole.

-- Work that was decided and is not done; whoever is there goes on with it.
CREATE TABLE works (
    id         BIGINT PRIMARY KEY,
    -- Which function does its next piece.
    kind       TEXT   NOT NULL,
    guild_id   BIGINT NOT NULL,
    -- What it is about, as its kind knows.
    subject_id BIGINT NOT NULL,
    -- Up to where it is done.
    cursor_id  BIGINT NOT NULL,
    created_ms BIGINT NOT NULL
);

-- Announcements that were cancelled, while their messages still have to be.
CREATE TABLE cancelled_batches (
    batch_id BIGINT PRIMARY KEY
);

-- A guild's subscribers as a whole.
CREATE TABLE subscriber_lists (
    guild_id    BIGINT PRIMARY KEY,
    -- Each import makes the next version. What is of a later one than this is not there yet.
    version     BIGINT NOT NULL,
    -- How many there are, so that nobody has to count them to know whether there is room.
    subscribers BIGINT NOT NULL,
    -- The import that is being taken in: it becomes the next version.
    import_id   BIGINT
);

INSERT INTO subscriber_lists (guild_id, version, subscribers, import_id)
SELECT guild_id, 0, COUNT(*), NULL FROM subscribers GROUP BY guild_id;

-- Since which version somebody is a subscriber; and what is known of them from a further version on, if
-- it is something else: until then the columns without `next_` hold.
ALTER TABLE subscribers ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscribers ADD COLUMN next_version BIGINT;
ALTER TABLE subscribers ADD COLUMN next_address TEXT;
ALTER TABLE subscribers ADD COLUMN next_name TEXT;
ALTER TABLE subscribers ADD COLUMN next_attributes TEXT;

-- Page after page, and how many there are.
CREATE INDEX subscribers_in_order ON subscribers (guild_id, id, version);

ALTER TABLE mail_consents ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

-- Files that are read and not confirmed yet are read again: they are made anew here, as SQLite changes no
-- constraint in place.
DROP TABLE subscriber_import_rows;
DROP TABLE subscriber_imports;

CREATE TABLE subscriber_imports (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    -- 'reading' until every row is there, 'read' until it is confirmed, 'applying' until all of it is
    -- in, 'done' from then on; 'dropped': its rows are being deleted.
    state      TEXT   NOT NULL CHECK (state IN ('reading', 'read', 'applying', 'done', 'dropped')),
    rows_read  BIGINT NOT NULL DEFAULT 0,
    rows_done  BIGINT NOT NULL DEFAULT 0,
    -- Of those that are done, subscribers that were not there before.
    added      BIGINT NOT NULL DEFAULT 0,
    -- The rows' new subscribers when it was read: whether there is room for them.
    new_then   BIGINT NOT NULL DEFAULT 0,
    created_ms BIGINT NOT NULL
);

CREATE INDEX subscriber_imports_of ON subscriber_imports (guild_id);
CREATE INDEX subscriber_imports_by_age ON subscriber_imports (created_ms);

CREATE TABLE subscriber_import_rows (
    id          BIGINT PRIMARY KEY,
    import_id   BIGINT NOT NULL,
    email       TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    attributes  TEXT   NOT NULL,
    consent_ms      BIGINT,
    consent_source  TEXT,
    consent_wording TEXT
);

CREATE INDEX subscriber_import_rows_in_order ON subscriber_import_rows (import_id, id);

-- Which version of the list a campaign goes to: what it was when its recipients began to be frozen.
ALTER TABLE campaign_occurrences ADD COLUMN list_version BIGINT;
