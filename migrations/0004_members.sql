-- How members stand: when the bot was there, what ended when, and what admins corrected.

-- When some process of the bot last was connected; one row.
CREATE TABLE presence (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    alive_ms BIGINT NOT NULL
);

-- When none was, for longer than a minute: from the last sign of life to the next.
CREATE TABLE outages (
    from_ms  BIGINT PRIMARY KEY,
    until_ms BIGINT NOT NULL CHECK (until_ms > from_ms)
);

-- What has ended, read without its rows: of one member in the order of time, and of a guild in a
-- week or a month.
CREATE INDEX time_attacks_ended_of_member ON time_attacks (guild_id, user_id, finished_ms, state)
    WHERE state <> 'running';
CREATE INDEX time_attacks_ended_in_guild ON time_attacks (guild_id, finished_ms, user_id, state)
    WHERE state <> 'running';

-- Verdicts that an admin has changed. Rows are only ever added; when a member asks for it, those
-- about their time attacks are deleted, and their name is taken off those that they made.
CREATE TABLE corrections (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    attack_id  BIGINT NOT NULL,
    -- Whose time attack it is.
    user_id    BIGINT NOT NULL,
    -- Who corrected it; NULL once they asked to be forgotten.
    by_user_id BIGINT,
    from_state TEXT   NOT NULL CHECK (from_state IN ('completed', 'failed', 'cancelled')),
    to_state   TEXT   NOT NULL CHECK (to_state IN ('completed', 'failed', 'cancelled')),
    reason     TEXT   NOT NULL,
    at_ms      BIGINT NOT NULL,
    CHECK (from_state <> to_state)
);

CREATE INDEX corrections_of_attack ON corrections (guild_id, attack_id, id);
CREATE INDEX corrections_of_member ON corrections (guild_id, user_id);
CREATE INDEX corrections_by_member ON corrections (guild_id, by_user_id);
