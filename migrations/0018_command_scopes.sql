-- Where the slash commands may stand: in which servers, or everywhere (0). So those that are no longer
-- wanted there are found after DISCORD_GUILD_ID was changed.

CREATE TABLE command_scopes (
    application_id BIGINT NOT NULL,
    guild_id       BIGINT NOT NULL,
    PRIMARY KEY (application_id, guild_id)
);
