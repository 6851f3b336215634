//! The local Discord as any client meets it: raw REST and a raw WebSocket, no bot of ours.
//!
//! A story goes into the file of its door: `messages` and `uploads` (REST), `gateway`,
//! `interactions`, `direct` (messages, and buttons in them), `members` (and roles), `menus` (commands for a message),
//! `troubles`
//! (limits, faults, kicks, direct messages that nobody takes), `insight` (how the bot stands, and the
//! page's switches for trouble), `mail`, `page`, `doors` (who is let in nowhere). [`Place`] is a server with
//! two members; it ends with a look at Discord's own schema where `DISCORD_OPENAPI` names it.

mod client;
mod direct;
mod doors;
mod gateway;
mod insight;
mod interactions;
mod mail;
mod members;
mod menus;
mod messages;
mod page;
mod troubles;
mod uploads;

pub use client::{Answer, Gateway, Place};
