//! The one test binary: a file per feature, each test a story.

#![expect(
    unreachable_pub,
    reason = "nothing of a test binary is reachable from outside; `pub` says what the harness offers"
)]
#![expect(
    clippy::unwrap_used,
    reason = "clippy allows it in test functions only; here their helpers are tests as well"
)]

mod support;

mod alerts;
mod announce;
mod campaigns;
mod connection;
mod consent;
mod correction;
mod db;
mod direct;
mod direct_commands;
mod discord;
mod foreign_client;
mod help;
mod house;
mod http;
mod kill;
mod local_discord;
mod mail_lane;
mod mailer;
mod messenger;
mod model;
mod outbox;
mod overview;
mod permissions;
mod privacy;
mod readme;
mod real_server;
mod record;
mod record_commands;
mod reminders;
mod sandbox;
mod start_message;
mod subscribers;
mod templates;
mod timeattack;
mod undo;
