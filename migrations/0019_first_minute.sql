-- What a server is told when the bot comes to it, and where its settings come from.

-- Where the zone comes from: 'locale', a guess by the server's language; 'vague', a guess by a language
-- that is spoken in many zones; NULL: the server chose it.
ALTER TABLE guild_settings ADD COLUMN zone_guess TEXT;
-- When the server was greeted; 0: it was there before greetings were; NULL: not yet.
ALTER TABLE guild_settings ADD COLUMN greeted_ms BIGINT;
-- How the posts of results are worded: 'classic', 'gentle' or 'plain'; NULL: classic.
ALTER TABLE guild_settings ADD COLUMN message_style TEXT;

UPDATE guild_settings SET greeted_ms = 0;

-- Whoever used the bot before it guessed zones keeps the one that it went by.
INSERT INTO guild_settings (guild_id, timezone, quiet_start_min, quiet_end_min, running_limit,
    longest_ms, extension_limit, updated_ms, greeted_ms)
SELECT used.guild_id, 'Asia/Seoul', 1260, 480, 5, 2592000000, 3, 0, 0
FROM (
    SELECT guild_id FROM time_attacks
    UNION SELECT guild_id FROM members
    UNION SELECT guild_id FROM subscribers
    UNION SELECT guild_id FROM templates
    UNION SELECT guild_id FROM campaigns
    UNION SELECT guild_id FROM reminder_refusals
) AS used
WHERE NOT EXISTS (SELECT 1 FROM guild_settings AS kept WHERE kept.guild_id = used.guild_id);
