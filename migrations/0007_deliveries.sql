-- The ledger of mails: one row for each recipient of each sending.

-- One sending of a campaign, or of a test of it.
CREATE TABLE occurrences (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    -- What that server was called: whoever unsubscribes is told.
    guild_name TEXT   NOT NULL,
    class      TEXT   NOT NULL CHECK (class IN ('notice', 'ad')),
    is_test    BIGINT NOT NULL CHECK (is_test IN (0, 1)),
    phase      TEXT   NOT NULL CHECK (phase IN
                   ('filling', 'sending', 'paused', 'stopped', 'ended', 'cancelled',
                    'abandoned')),
    -- Why it was stopped.
    why        TEXT,
    began_ms   BIGINT,
    -- When nothing of it waited or was under way any more.
    ended_ms   BIGINT,
    -- Since when it is in its phase.
    updated_ms BIGINT NOT NULL,
    -- How often what failed was to be sent again.
    round      BIGINT NOT NULL DEFAULT 0,
    -- Rows refused for good, and rows that may have arrived, in a round before this one still have to
    -- be put back; 0: none.
    retry_discarded BIGINT NOT NULL DEFAULT 0,
    retry_unknown   BIGINT NOT NULL DEFAULT 0,
    -- When its content was removed: long after its end.
    forgotten_ms  BIGINT,
    -- Behind whom its rows still have to be; NULL: none.
    forgetting_id BIGINT,
    -- What its author needs to write its mails; empty once it was removed. The last, because it is
    -- long: SQLite reads through it to what stands behind.
    content    TEXT   NOT NULL
);

CREATE INDEX occurrences_sending ON occurrences (id) WHERE phase = 'sending';
-- Cancelled, but some of it still waits or is under way.
CREATE INDEX occurrences_cancelled ON occurrences (id)
    WHERE phase = 'cancelled' AND ended_ms IS NULL;
-- Given up before they began: as long as there are rows of theirs.
CREATE INDEX occurrences_abandoned ON occurrences (id) WHERE phase = 'abandoned';
CREATE INDEX occurrences_retried ON occurrences (id) WHERE retry_discarded > 0;
-- Ended, and their content is still there.
CREATE INDEX occurrences_kept ON occurrences (ended_ms)
    WHERE ended_ms IS NOT NULL AND forgotten_ms IS NULL;
CREATE INDEX occurrences_forgetting ON occurrences (id) WHERE forgetting_id IS NOT NULL;
CREATE INDEX occurrences_of_guild ON occurrences (guild_id, id);

CREATE TABLE deliveries (
    id            BIGINT PRIMARY KEY,
    occurrence_id BIGINT NOT NULL REFERENCES occurrences (id),
    guild_id      BIGINT NOT NULL,
    -- Normalised, and as it was given.
    email         TEXT   NOT NULL,
    address       TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    -- What else is known of them: a JSON object of texts, as it was frozen. Removed, with the name,
    -- long after its occurrence's end.
    fields        TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('available', 'running', 'retryable',
                      'completed', 'discarded', 'cancelled', 'unknown')),
    -- What the server said, or a key of ours.
    reason        TEXT,
    -- Why it came back, told while it was under way: that is how it ends.
    bounce        TEXT,
    -- 1: the mailbox was full or closed.
    soft          BIGINT NOT NULL DEFAULT 0,
    -- By what the mail server knows it.
    server_id     TEXT,
    -- Attempts that counted, and how often it was put off.
    attempt       BIGINT NOT NULL DEFAULT 0,
    deferrals     BIGINT NOT NULL DEFAULT 0,
    -- 0: from the beginning.
    not_before_ms BIGINT NOT NULL DEFAULT 0,
    lease_owner   BIGINT,
    lease_until_ms BIGINT,
    first_attempt_ms BIGINT,
    -- When it was put off for the first time.
    deferred_ms   BIGINT,
    ended_ms      BIGINT,
    -- The round of its occurrence in which its last attempt ended.
    round         BIGINT NOT NULL DEFAULT 0,
    UNIQUE (occurrence_id, email),
    CHECK ((state = 'running') = (lease_owner IS NOT NULL))
);

-- What is next, and how many there are of each state: one index for both, as every mail changes it
-- twice.
CREATE INDEX deliveries_by_state ON deliveries (occurrence_id, state, not_before_ms, id);
-- Page after page of a report. It never changes, so it costs nothing while mails go out.
CREATE INDEX deliveries_of_occurrence ON deliveries (occurrence_id, id);
CREATE INDEX deliveries_running ON deliveries (lease_until_ms) WHERE state = 'running';
CREATE INDEX deliveries_by_server_id ON deliveries (server_id) WHERE server_id IS NOT NULL;

-- Mails given to the server in each minute, while there is a limit to a day's.
CREATE TABLE mail_minutes (
    minute BIGINT PRIMARY KEY,
    count  BIGINT NOT NULL
);
