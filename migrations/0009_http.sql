-- Messages of Amazon SNS that were acted on: each takes effect once. Kept for as long as one could
-- come again.

CREATE TABLE sns_messages (
    message_id TEXT   PRIMARY KEY,
    seen_ms    BIGINT NOT NULL
);

CREATE INDEX sns_messages_by_age ON sns_messages (seen_ms);
