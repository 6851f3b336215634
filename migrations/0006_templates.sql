-- Templates of a guild's mails, and the pictures inside them.

CREATE TABLE templates (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    -- Normalised: what a reader takes for the same name is the same text.
    name_key   TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    -- As it was uploaded.
    html       TEXT   NOT NULL,
    -- What mails are merged from: made of it when it was saved.
    inlined    TEXT   NOT NULL,
    plain      TEXT   NOT NULL,
    -- Who saved it last; nobody any more once they had their data deleted.
    author_id  BIGINT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (guild_id, name_key)
);

CREATE TABLE template_images (
    template_id BIGINT NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    position    BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    media_type  TEXT   NOT NULL,
    base64      TEXT   NOT NULL,
    PRIMARY KEY (template_id, position)
);
