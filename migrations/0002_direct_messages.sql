-- Direct messages: consent, the members' side of it, the lane of the outbox that sends them, and
-- announcements.

-- Who allowed or refused what, when, where and in which words. Rows are only ever added (and all of
-- a member's are deleted when they ask for it).
CREATE TABLE consents (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    medium     TEXT   NOT NULL CHECK (medium IN ('dm')),
    scope      TEXT   NOT NULL CHECK (scope IN ('notice', 'ads', 'night')),
    granted    BIGINT NOT NULL CHECK (granted IN (0, 1)),
    decided_ms BIGINT NOT NULL,
    source     TEXT   NOT NULL CHECK (source IN ('command', 'offer', 'stop_button', 'renewal')),
    -- The words that the member agreed to or refused, and their language.
    wording    TEXT   NOT NULL,
    language   TEXT   NOT NULL
);

CREATE INDEX consents_of_member ON consents (guild_id, user_id, id);

-- How it stands: always what the newest rows of `consents` say, changed in the same transaction.
CREATE TABLE members (
    guild_id   BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    -- What the guild was called when the member last decided: the sender's name in what the law
    -- wants said.
    guild_name TEXT   NOT NULL,
    -- NULL: as the guild's.
    timezone   TEXT,
    language   TEXT   NOT NULL,
    notice     BIGINT NOT NULL CHECK (notice IN (0, 1)),
    ads        BIGINT NOT NULL CHECK (ads IN (0, 1)),
    night      BIGINT NOT NULL CHECK (night IN (0, 1)),
    -- When the member was asked whether to get direct messages; never asked twice.
    offered_ms BIGINT,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (guild_id, user_id)
);

CREATE INDEX members_allowing ON members (user_id) WHERE notice = 1;

-- The direct-message channel with each user, once it was opened, and since when it is closed.
CREATE TABLE dm_channels (
    user_id    BIGINT PRIMARY KEY,
    channel_id BIGINT,
    closed_ms  BIGINT
);

-- What the law wants said to a member about a decision of theirs: its result, and after two years
-- whether it still holds.
CREATE TABLE consent_notices (
    id            BIGINT PRIMARY KEY,
    guild_id      BIGINT NOT NULL,
    user_id       BIGINT NOT NULL,
    kind          TEXT   NOT NULL CHECK (kind IN ('result', 'renewal')),
    -- The decision: a list of scopes and whether they were granted, as JSON.
    decision      TEXT   NOT NULL,
    decided_ms    BIGINT NOT NULL,
    -- From when on it is said, and by when it must have been.
    not_before_ms BIGINT NOT NULL,
    due_ms        BIGINT NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('planned', 'enqueued', 'said', 'void')),
    alarmed_ms    BIGINT,
    updated_ms    BIGINT NOT NULL
);

CREATE INDEX consent_notices_open ON consent_notices (not_before_ms)
    WHERE state IN ('planned', 'enqueued');
CREATE INDEX consent_notices_of_member ON consent_notices (guild_id, user_id);

-- When each rate has room again; shared by all processes.
CREATE TABLE pace (
    name    TEXT PRIMARY KEY,
    next_ms DOUBLE PRECISION NOT NULL
);

CREATE TABLE announcements (
    id          BIGINT PRIMARY KEY,
    guild_id    BIGINT NOT NULL,
    guild_name  TEXT   NOT NULL,
    author_id   BIGINT NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('notice', 'ad')),
    body        TEXT   NOT NULL,
    -- Only to those who have it.
    role_id     BIGINT,
    state       TEXT   NOT NULL CHECK (state IN ('draft', 'sending', 'enqueued', 'cancelled')),
    -- Everybody up to this user has their row in the outbox.
    cursor_user_id BIGINT NOT NULL DEFAULT 0,
    -- Those who have the role, as JSON; NULL without a role, and once all are in the outbox.
    audience    TEXT,
    created_ms  BIGINT NOT NULL,
    updated_ms  BIGINT NOT NULL
);

CREATE INDEX announcements_sending ON announcements (id) WHERE state = 'sending';

-- The outbox gets its third lane. SQLite changes no constraint in place, so the table is made anew.
CREATE TABLE outbox_new (
    id            BIGINT PRIMARY KEY,
    -- 'edit': messages that were said past the outbox are brought up to date, after all posts.
    -- 'dm': direct messages, by consent and outside quiet hours.
    lane          TEXT   NOT NULL CHECK (lane IN ('post', 'edit', 'dm')),
    -- Which message this row is part of: its own id, or that of the row it was merged with.
    message_key   BIGINT NOT NULL,
    kind          TEXT   NOT NULL CHECK (kind IN ('post', 'edit', 'dm')),
    class         TEXT   NOT NULL CHECK (class IN ('critical', 'notice', 'ad', 'legal')),
    guild_id      BIGINT NOT NULL,
    user_id       BIGINT,
    -- 0 for direct messages, whose channel is looked up when they are sent.
    channel_id    BIGINT NOT NULL,
    -- How many steps down the fallback ladder this row has gone.
    rung          BIGINT NOT NULL DEFAULT 0,
    payload       TEXT   NOT NULL,
    dedupe_key    TEXT   NOT NULL UNIQUE,
    state         TEXT   NOT NULL CHECK (state IN
                      ('available', 'running', 'retryable', 'completed', 'discarded', 'cancelled')),
    not_before_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    -- 1: makes way for what is said at once.
    bulk          BIGINT NOT NULL DEFAULT 0,
    -- Why it is held until `not_before_ms`, and in which zone that time was chosen.
    held          TEXT,
    held_zone     TEXT,
    -- The announcement that it is part of.
    batch_id      BIGINT,
    -- How many attempts were begun, and whether the last of them is under way.
    attempt       BIGINT NOT NULL DEFAULT 0,
    in_flight     BIGINT NOT NULL DEFAULT 0,
    -- How many processes died while they sent this row.
    crashes       BIGINT NOT NULL DEFAULT 0,
    lease_owner   BIGINT,
    lease_until_ms BIGINT,
    first_attempt_ms BIGINT,
    message_id    BIGINT,
    alerted       BIGINT NOT NULL DEFAULT 0,
    -- A discarded post is shown at the member's next command; this is when Discord had taken it.
    shown_ms      BIGINT,
    last_error    TEXT,
    created_ms    BIGINT NOT NULL,
    updated_ms    BIGINT NOT NULL,
    CHECK ((state = 'running') = (lease_owner IS NOT NULL)),
    CHECK (lane <> 'dm' OR user_id IS NOT NULL)
);

INSERT INTO outbox_new (id, lane, message_key, kind, class, guild_id, user_id, channel_id, rung,
    payload, dedupe_key, state, not_before_ms, expires_at_ms, attempt, in_flight, crashes,
    lease_owner, lease_until_ms, first_attempt_ms, message_id, alerted, shown_ms, last_error,
    created_ms, updated_ms)
SELECT id, lane, message_key, kind, class, guild_id, user_id, channel_id, rung,
    payload, dedupe_key, state, not_before_ms, expires_at_ms, attempt, in_flight, crashes,
    lease_owner, lease_until_ms, first_attempt_ms, message_id, alerted, shown_ms, last_error,
    created_ms, updated_ms
FROM outbox;

DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;

CREATE INDEX outbox_waiting ON outbox (lane, not_before_ms, id)
    WHERE state IN ('available', 'retryable');
-- Not by owner: rows named by their ids would be looked for among all of one owner's.
CREATE INDEX outbox_running ON outbox (lease_until_ms) WHERE state = 'running';
CREATE INDEX outbox_message ON outbox (message_key);
CREATE INDEX outbox_unshown ON outbox (guild_id, user_id)
    WHERE state = 'discarded' AND shown_ms IS NULL;
CREATE INDEX outbox_waiting_dms ON outbox (bulk, not_before_ms, id)
    WHERE lane = 'dm' AND state IN ('available', 'retryable');
CREATE INDEX outbox_dms_of_member ON outbox (user_id, guild_id) WHERE kind = 'dm';
-- What is tried again and again, past all that waits for its own time.
CREATE INDEX outbox_tried ON outbox (lane, first_attempt_ms)
    WHERE state IN ('available', 'retryable') AND first_attempt_ms IS NOT NULL AND held IS NULL;
CREATE INDEX outbox_batch ON outbox (batch_id, state) WHERE batch_id IS NOT NULL;
