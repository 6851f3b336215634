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

mod again;
mod alerts;
mod announce;
mod budgets;
mod campaigns;
mod connection;
mod consent;
mod controls;
mod correction;
mod db;
mod deaths;
mod departures;
mod direct;
mod direct_commands;
mod discord;
mod documents;
mod files;
mod first_minute;
mod foreign_client;
mod gateway_refusals;
mod handles;
mod help;
mod hostile_text;
mod hosting;
mod house;
mod http;
mod keepers;
mod kill;
mod large_works;
mod local_discord;
mod mail_lane;
mod mailer;
mod messenger;
mod model;
mod names;
mod outbox;
mod overview;
mod permissions;
mod privacy;
mod program;
mod readme;
mod real_server;
mod record;
mod record_commands;
mod registration;
mod reminders;
mod sandbox;
mod set_back;
mod setup_channels;
mod siege;
mod start_message;
mod styles;
mod subscribers;
mod templates;
mod timeattack;
mod times;
mod token;
mod told_where;
mod undo;
mod untold;
mod written;
