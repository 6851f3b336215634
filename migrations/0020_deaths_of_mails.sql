-- Mails that processes did not survive, and messages that may have arrived.

-- How many processes ended while it had been claimed and had not left. `crashes` counts those of them
-- that it is suspected of: nothing else can have been at fault.
ALTER TABLE deliveries ADD COLUMN deaths BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0;

-- These go one after the other.
CREATE INDEX deliveries_suspects ON deliveries (not_before_ms, id)
    WHERE deaths > 0 AND state IN ('available', 'retryable');

-- 1: an attempt failed that may have arrived all the same.
ALTER TABLE outbox ADD COLUMN in_doubt BIGINT NOT NULL DEFAULT 0;
