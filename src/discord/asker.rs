//! Who asks, whatever they used to ask: a command, a button, a menu, a form.

use std::sync::Arc;

use poise::serenity_prelude as serenity;
use serenity::{ChannelType, Member, Permissions};

use super::controls::Asked;
use crate::error::UserError;
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId, UserId, snowflake_ms};
use crate::timeattack::Actor;

/// The person behind an interaction and where they are, as Discord says.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    /// The interaction's id, which also tells when it was made.
    pub(super) interaction: u64,
    /// For follow-ups.
    pub(super) token: String,
    pub(super) guild: GuildId,
    pub(super) channel: ChannelId,
    pub(super) user: UserId,
    /// The name that this guild knows them by.
    pub(super) name: String,
    /// Their language, for what only they see.
    pub(super) language: Language,
    /// What Discord says the guild speaks.
    pub(super) guild_language: Language,
    /// As a member of the server.
    pub(super) member: Arc<Member>,
    /// What this channel is called, as far as Discord told.
    pub(super) channel_name: Option<String>,
    /// Whether they have Manage Server, all roles and overwrites counted.
    manages: bool,
    /// Whether they may write in this channel.
    may_write: bool,
    /// Whether they may post files in this channel.
    may_attach: bool,
    /// Whether the bot may post in this channel.
    may_bot_post: bool,
}

/// The language for a person's locale.
pub(super) fn language(locale: &str) -> Language {
    Language::from_locale(locale)
}

/// Whether whoever has these permissions may write in such a channel. A kind that is not told is taken for
/// an ordinary one.
fn may_write(permissions: Permissions, kind: Option<ChannelType>) -> bool {
    let is_thread = matches!(
        kind,
        Some(ChannelType::PublicThread | ChannelType::PrivateThread | ChannelType::NewsThread)
    );
    let send = if is_thread {
        Permissions::SEND_MESSAGES_IN_THREADS
    } else {
        Permissions::SEND_MESSAGES
    };
    permissions.administrator() || permissions.contains(Permissions::VIEW_CHANNEL | send)
}

/// Reads the fields that the kinds of interactions share.
macro_rules! asker_of {
    ($interaction:expr) => {{
        let interaction = $interaction;
        let (Some(guild), Some(member)) = (interaction.guild_id, &interaction.member) else {
            return Err(UserError::OnlyInServers);
        };
        let permissions = member.permissions.unwrap_or_default();
        let language = language(&interaction.locale);
        let guild_locale = interaction.guild_locale.as_deref();
        let channel = interaction.channel.as_ref();
        let kind = channel.map(|channel| channel.kind);
        let may_bot_post = interaction
            .app_permissions
            .is_none_or(|permissions| may_write(permissions, kind));
        Ok(Asker {
            interaction: interaction.id.get(),
            token: interaction.token.clone(),
            guild: guild.get().into(),
            channel: interaction.channel_id.get().into(),
            user: interaction.user.id.get().into(),
            name: member.display_name().to_owned(),
            member: Arc::new(Member::clone(member)),
            channel_name: channel.and_then(|channel| channel.name.clone()),
            language,
            guild_language: guild_locale.map_or(language, Language::from_locale),
            manages: permissions.manage_guild() || permissions.administrator(),
            may_write: may_write(permissions, kind),
            may_attach: permissions.attach_files() || permissions.administrator(),
            may_bot_post,
        })
    }};
}

impl Asker {
    pub(super) fn of_command(
        interaction: &serenity::CommandInteraction,
    ) -> Result<Self, UserError> {
        asker_of!(interaction)
    }

    pub(super) fn of_component(
        interaction: &serenity::ComponentInteraction,
    ) -> Result<Self, UserError> {
        asker_of!(interaction)
    }

    pub(super) fn of_form(interaction: &serenity::ModalInteraction) -> Result<Self, UserError> {
        asker_of!(interaction)
    }

    /// As the use cases know them. What counts is when they clicked, by Discord's clock.
    pub(super) fn actor(&self) -> Actor {
        Actor {
            guild: self.guild,
            user: self.user,
            clicked_ms: snowflake_ms(self.interaction),
        }
    }

    /// As the member to whom what they get is shown.
    pub(super) fn asked(&self) -> Asked {
        Asked {
            guild: self.guild,
            user: self.user,
        }
    }

    /// Whether they have Manage Server.
    pub(super) fn manages(&self) -> bool {
        self.manages
    }

    /// Whether they may write in this channel: if not, nothing of theirs is posted there on their behalf.
    pub(super) fn may_write(&self) -> bool {
        self.may_write
    }

    /// Asked before everything that brings their words into a channel in public: a button is no way round
    /// what a server's admins forbid.
    pub(super) fn require_may_write(&self) -> Result<(), UserError> {
        if self.may_write {
            Ok(())
        } else {
            Err(UserError::MayNotWriteHere)
        }
    }

    /// Whether they may post files in this channel: if not, none of theirs is posted on their behalf.
    pub(super) fn may_attach(&self) -> bool {
        self.may_attach
    }

    /// Whether the bot may post in this channel, as Discord said with the interaction.
    pub(super) fn may_bot_post(&self) -> bool {
        self.may_bot_post
    }

    /// Checked at every use: what Discord shows to whom (`default_member_permissions`) can be
    /// changed by a guild's admins, and a button can be pressed by whoever sees it.
    pub(super) fn require_manage_server(&self) -> Result<(), UserError> {
        if self.manages {
            Ok(())
        } else {
            Err(UserError::NeedsManageServer)
        }
    }
}
