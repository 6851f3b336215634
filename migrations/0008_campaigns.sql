-- Mail to a guild's subscribers: what is sent to whom, and each time that it is.

CREATE TABLE campaigns (
    id         BIGINT PRIMARY KEY,
    guild_id   BIGINT NOT NULL,
    -- What the server is called: whoever unsubscribes is told.
    guild_name TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    -- The name without what does not count when names are compared.
    name_key   TEXT   NOT NULL,
    -- The name of its template.
    template   TEXT   NOT NULL,
    -- Whom it goes to; empty: everybody.
    segment    TEXT   NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('notice', 'ad')),
    -- Who made it; 0 once they asked to be forgotten.
    author_id  BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (guild_id, name_key)
);

-- One sending of a campaign; its mails are in the ledger under the same id.
CREATE TABLE campaign_occurrences (
    id          BIGINT PRIMARY KEY,
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    guild_id    BIGINT NOT NULL,
    -- 'draft': shown to an admin, who has not confirmed it.
    state       TEXT   NOT NULL CHECK (state IN
                    ('draft', 'scheduled', 'freezing', 'sending', 'done', 'cancelled', 'failed')),
    is_test     BIGINT NOT NULL CHECK (is_test IN (0, 1)),
    -- When it begins; 0: once it is confirmed.
    at_ms       BIGINT NOT NULL,
    -- What its mails are made of, as it was confirmed; empty once the ledger has it.
    content     TEXT   NOT NULL,
    -- The last subscriber that was looked at; -1: the ledger does not know it yet.
    cursor_id   BIGINT NOT NULL,
    -- Recipients frozen so far.
    audience    BIGINT NOT NULL,
    -- Why it failed: an error of a campaign, as JSON.
    fault       TEXT,
    began_ms    BIGINT,
    -- What the admins are still to be told: 'done', 'stopped', 'failed', 'limited', 'away'.
    tell        TEXT,
    -- Why it rested last, and on which day: they are told once of each.
    rested      TEXT,
    -- Until then, as far as is known.
    rest_until_ms BIGINT,
    created_ms  BIGINT NOT NULL,
    updated_ms  BIGINT NOT NULL
);

CREATE INDEX campaign_occurrences_of ON campaign_occurrences (campaign_id, id);

-- One at a time, whoever confirms what at once.
CREATE UNIQUE INDEX campaign_occurrences_open ON campaign_occurrences (campaign_id)
    WHERE is_test = 0 AND state IN ('scheduled', 'freezing', 'sending');

-- What is looked after: few rows, however many there have been.
CREATE INDEX campaign_occurrences_due ON campaign_occurrences (state, at_ms)
    WHERE state IN ('scheduled', 'freezing');
CREATE INDEX campaign_occurrences_tell ON campaign_occurrences (id) WHERE tell IS NOT NULL;
CREATE INDEX campaign_occurrences_tests ON campaign_occurrences (guild_id, created_ms)
    WHERE is_test = 1;
