//! While Discord refuses the bot's token nothing is sent, and everything waits in the table.
//!
//! A refusal is no end: the token may be put right where it is kept (a proxy that adds it), or it was
//! the proxy that was wrong. So Discord is asked again and again, ever more rarely, and sending goes
//! on by itself once the token is accepted. What was refused with it counts as not attempted.

use tokio::sync::watch;

use super::Outbox;
use crate::messenger::Token;

/// Waits between two questions grow from the first to the last. Each costs one request that Discord
/// counts as invalid; it bans an address at 10,000 of them in ten minutes.
const FIRST_WAIT_MS: i64 = 5_000;
const LONGEST_WAIT_MS: i64 = 300_000;

/// Whether sending has stopped, and a way to wait for that.
pub(super) struct Halt {
    is_on: watch::Sender<bool>,
}

impl Default for Halt {
    fn default() -> Self {
        Self {
            is_on: watch::Sender::new(false),
        }
    }
}

impl Halt {
    pub(super) fn is_on(&self) -> bool {
        *self.is_on.borrow()
    }

    /// Returns once it is on.
    pub(super) async fn begun(&self) {
        self.is(true).await;
    }

    /// Returns once it is over.
    pub(super) async fn over(&self) {
        self.is(false).await;
    }

    async fn is(&self, wanted: bool) {
        // Its sender is `self`.
        let _ = self.is_on.subscribe().wait_for(|on| *on == wanted).await;
    }

    /// `false`: it was so before.
    fn turn(&self, to: bool) -> bool {
        self.is_on
            .send_if_modified(|on| std::mem::replace(on, to) != to)
    }
}

impl Outbox {
    /// Discord refuses the token, and has said so twice. Nothing is sent until it accepts it.
    pub fn token_is_refused(&self) {
        if !self.inner.halt.turn(true) {
            return;
        }
        tracing::error!(
            "Discord does not accept the bot's token. Nothing is sent until it does: reset the \
             token on the bot's page at https://discord.com/developers/applications, set \
             DISCORD_TOKEN to it (or correct it in the proxy at DISCORD_API_URL), and start the \
             program again if it reads the token at its start. Until then what waits is kept."
        );
        self.changed();
    }

    /// Returns once Discord accepts the token; at once unless it was refused.
    pub async fn token_is_accepted(&self) {
        self.inner.halt.over().await;
    }

    /// Asks whenever it was refused, until it is accepted.
    pub(super) async fn ask_for_token_forever(self) {
        let asking = async {
            loop {
                self.inner.halt.begun().await;
                self.ask_until_accepted().await;
            }
        };
        self.unless_stopping(asking).await;
    }

    async fn ask_until_accepted(&self) {
        let mut wait_ms = FIRST_WAIT_MS;
        loop {
            self.inner.clock.sleep_ms(wait_ms).await;
            wait_ms = (wait_ms * 2).min(LONGEST_WAIT_MS);
            match self.inner.messenger.token().await {
                Token::Accepted => break,
                token @ (Token::Refused | Token::Unknown) => {
                    tracing::warn!(
                        ?token,
                        wait_ms,
                        "the token is still not accepted; asking again"
                    );
                }
            }
        }
        self.inner.halt.turn(false);
        tracing::info!("Discord accepts the bot's token again: waiting messages are sent now");
        self.inner.poll.notify_one();
        self.wake_dms();
        self.changed();
    }
}
