-- One text for SQLite and PostgreSQL: BIGINT, TEXT and DOUBLE PRECISION only, ids made by the
-- program, times in UTC epoch milliseconds. Never edited once released.

CREATE TABLE guild_settings (
    guild_id            BIGINT PRIMARY KEY,
    results_channel_id  BIGINT,
    alerts_channel_id   BIGINT,
    fallback_channel_id BIGINT,
    timezone            TEXT   NOT NULL,
    -- NULL: as Discord says at the start of each time attack.
    language            TEXT,
    -- Minutes after local midnight; equal start and end mean no quiet hours.
    quiet_start_min     BIGINT NOT NULL CHECK (quiet_start_min BETWEEN 0 AND 1439),
    quiet_end_min       BIGINT NOT NULL CHECK (quiet_end_min BETWEEN 0 AND 1439),
    running_limit       BIGINT NOT NULL CHECK (running_limit BETWEEN 1 AND 100),
    longest_ms          BIGINT NOT NULL CHECK (longest_ms >= 1000),
    extension_limit     BIGINT NOT NULL CHECK (extension_limit BETWEEN 0 AND 100),
    success_template    TEXT,
    failure_template    TEXT,
    updated_ms          BIGINT NOT NULL
);

CREATE TABLE time_attacks (
    id          BIGINT PRIMARY KEY,
    guild_id    BIGINT NOT NULL,
    channel_id  BIGINT NOT NULL,
    user_id     BIGINT NOT NULL,
    member_name TEXT   NOT NULL,
    task        TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'cancelled')),
    started_ms  BIGINT NOT NULL,
    deadline_ms BIGINT NOT NULL CHECK (deadline_ms > started_ms),
    extensions  BIGINT NOT NULL DEFAULT 0,
    finished_ms BIGINT,
    -- The interaction that started it: the same one, delivered again, starts nothing.
    origin_id   BIGINT UNIQUE,
    -- The guild's language at the start, for its posts.
    language    TEXT   NOT NULL,
    proof_url   TEXT,
    -- The message that says that it was started; NULL until Discord has told its id.
    message_id  BIGINT,
    -- Counts the changes, and up to which of them that message shows.
    revision       BIGINT NOT NULL DEFAULT 0,
    shown_revision BIGINT NOT NULL DEFAULT 0,
    CHECK ((state = 'running') = (finished_ms IS NULL))
);

CREATE INDEX time_attacks_running ON time_attacks (deadline_ms, id) WHERE state = 'running';
-- Counts what runs in a guild, and what of it is one member's, past everything that has ended.
CREATE INDEX time_attacks_running_in_guild ON time_attacks (guild_id, user_id)
    WHERE state = 'running';
CREATE INDEX time_attacks_by_member ON time_attacks (guild_id, user_id, id);

CREATE INDEX time_attacks_outdated ON time_attacks (channel_id, id)
    WHERE shown_revision < revision AND message_id IS NOT NULL;

CREATE TABLE outbox (
    id            BIGINT PRIMARY KEY,
    -- 'edit': messages that were said past the outbox are brought up to date, after all posts.
    lane          TEXT   NOT NULL CHECK (lane IN ('post', 'edit')),
    -- Which message this row is part of: its own id, or that of the row it was merged with.
    message_key   BIGINT NOT NULL,
    kind          TEXT   NOT NULL CHECK (kind IN ('post', 'edit')),
    class         TEXT   NOT NULL CHECK (class IN ('critical', 'notice', 'ad')),
    guild_id      BIGINT NOT NULL,
    user_id       BIGINT,
    channel_id    BIGINT NOT NULL,
    -- How many steps down the fallback ladder this row has gone.
    rung          BIGINT NOT NULL DEFAULT 0,
    payload       TEXT   NOT NULL,
    dedupe_key    TEXT   NOT NULL UNIQUE,
    state         TEXT   NOT NULL CHECK (state IN
                      ('available', 'running', 'retryable', 'completed', 'discarded', 'cancelled')),
    not_before_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
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
    CHECK ((state = 'running') = (lease_owner IS NOT NULL))
);

CREATE INDEX outbox_waiting ON outbox (lane, not_before_ms, id) WHERE state IN ('available', 'retryable');
-- Not by owner: rows named by their ids would be looked for among all of one owner's.
CREATE INDEX outbox_running ON outbox (lease_until_ms) WHERE state = 'running';
CREATE INDEX outbox_message ON outbox (message_key);
CREATE INDEX outbox_unshown ON outbox (guild_id, user_id) WHERE state = 'discarded' AND shown_ms IS NULL;
