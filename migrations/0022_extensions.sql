-- Extensions of which nobody was told, and the zones that members lived by before.

-- The last extension of a time attack: by which interaction, when its member clicked, by how much, and
-- which revision it made.
ALTER TABLE time_attacks ADD COLUMN extended_origin BIGINT;
ALTER TABLE time_attacks ADD COLUMN extended_ms BIGINT;
ALTER TABLE time_attacks ADD COLUMN extended_by_ms BIGINT;
ALTER TABLE time_attacks ADD COLUMN extended_revision BIGINT;
-- Whether its member was told of it: 0, nobody knows yet; 1, yes; 2, no.
ALTER TABLE time_attacks ADD COLUMN extension_told BIGINT NOT NULL DEFAULT 0;

-- The zones that a member chose before, each with when they gave it up, oldest first:
-- '1795237200000=Asia/Seoul;1795323600000='; without a name, it was the server's.
ALTER TABLE members ADD COLUMN past_zones TEXT;

-- A server that has the commands alone lives by a zone guessed by its language from now on. Whoever used
-- them before keeps the zone that they went by.
INSERT INTO guild_settings (guild_id, timezone, quiet_start_min, quiet_end_min, running_limit,
    longest_ms, extension_limit, updated_ms)
SELECT used.guild_id, 'Asia/Seoul', 1260, 480, 5, 2592000000, 3, 0
FROM (
    SELECT guild_id FROM time_attacks
    UNION SELECT guild_id FROM members
    UNION SELECT guild_id FROM subscribers
    UNION SELECT guild_id FROM templates
    UNION SELECT guild_id FROM campaigns
    UNION SELECT guild_id FROM reminder_refusals
) AS used
WHERE NOT EXISTS (SELECT 1 FROM guild_settings AS kept WHERE kept.guild_id = used.guild_id);
