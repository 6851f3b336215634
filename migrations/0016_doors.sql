-- What nobody was told of, reminders that were posted, and processes that died with messages under way.

-- The outbox row that says that this was started, for as long as nobody knows that its member was told
-- otherwise.
ALTER TABLE time_attacks ADD COLUMN standby_id BIGINT;
-- 1: the answer to the start is known to have been refused.
ALTER TABLE time_attacks ADD COLUMN untold BIGINT NOT NULL DEFAULT 0;

CREATE INDEX time_attacks_standing_by ON time_attacks (standby_id) WHERE standby_id IS NOT NULL;

-- The outbox rows of its reminders in the channel, separated by commas, and which revision those show.
ALTER TABLE time_attacks ADD COLUMN reminder_rows TEXT;
ALTER TABLE time_attacks ADD COLUMN reminded_revision BIGINT NOT NULL DEFAULT 0;

CREATE INDEX time_attacks_reminders_outdated ON time_attacks (id)
    WHERE reminder_rows IS NOT NULL AND reminded_revision < revision;

-- How many processes ended while this was under way. `crashes` counts those of them that it is
-- suspected of: nothing else can have been at fault.
ALTER TABLE outbox ADD COLUMN deaths BIGINT NOT NULL DEFAULT 0;

CREATE INDEX outbox_suspects ON outbox (id)
    WHERE deaths > 0 AND state IN ('available', 'retryable');
