-- Reminders before a deadline, and taking a finish back.

-- When a guild's members are reminded: shares of the time and milliseconds before the deadline, such
-- as '50%,600000,60000'; empty: never; NULL: the default.
ALTER TABLE guild_settings ADD COLUMN reminders TEXT;

-- When the next reminder is due; NULL: there is none.
ALTER TABLE time_attacks ADD COLUMN next_reminder_ms BIGINT;
-- How often a finish was taken back. What is said about each finish goes by this number.
ALTER TABLE time_attacks ADD COLUMN undos BIGINT NOT NULL DEFAULT 0;

CREATE INDEX time_attacks_to_remind ON time_attacks (next_reminder_ms, id)
    WHERE state = 'running' AND next_reminder_ms IS NOT NULL;

-- Members who do not want to be reminded.
CREATE TABLE reminder_refusals (
    guild_id   BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    refused_ms BIGINT NOT NULL,
    PRIMARY KEY (guild_id, user_id)
);
