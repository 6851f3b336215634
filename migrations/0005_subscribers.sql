-- Subscribers of a guild's mail, whom it may not write to, and who agreed to what.

CREATE TABLE subscribers (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    -- Normalised: what is the same person's address is the same text.
    email      TEXT   NOT NULL,
    -- As it was given, which is what mail is sent to.
    address    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    -- Further columns of the import: a JSON object of texts.
    attributes TEXT   NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (guild_id, email)
);

-- Whom a guild must not write to, whatever is imported.
CREATE TABLE suppressions (
    guild_id   BIGINT NOT NULL,
    email      TEXT   NOT NULL,
    -- 'all', or 'ads': advertising alone.
    scope      TEXT   NOT NULL CHECK (scope IN ('all', 'ads')),
    reason     TEXT   NOT NULL CHECK (reason IN
                   ('unsubscribed', 'bounced', 'complained', 'by_hand')),
    since_ms   BIGINT NOT NULL,
    PRIMARY KEY (guild_id, email, scope)
);

-- Who agreed to advertising by mail, when, where and in which words. Rows are only ever added.
CREATE TABLE mail_consents (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    email      TEXT   NOT NULL,
    granted    BIGINT NOT NULL CHECK (granted IN (0, 1)),
    decided_ms BIGINT NOT NULL,
    -- Where: as the admin or the file says.
    source     TEXT   NOT NULL,
    wording    TEXT   NOT NULL,
    recorded_ms BIGINT NOT NULL
);

CREATE INDEX mail_consents_of ON mail_consents (guild_id, email, id);

-- A file that was read and waits to be confirmed.
CREATE TABLE subscriber_imports (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    -- 'reading' until every row is there.
    state      TEXT   NOT NULL CHECK (state IN ('reading', 'read')),
    created_ms BIGINT NOT NULL
);

CREATE TABLE subscriber_import_rows (
    -- The id that its subscriber gets, if it is a new one.
    id          BIGINT PRIMARY KEY,
    import_id   BIGINT NOT NULL REFERENCES subscriber_imports (id) ON DELETE CASCADE,
    email       TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    attributes  TEXT   NOT NULL,
    consent_ms      BIGINT,
    consent_source  TEXT,
    consent_wording TEXT,
    UNIQUE (import_id, email)
);
