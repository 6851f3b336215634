//! Turns the clock, and lets the bot do on time what comes due meanwhile.
//!
//! A clock that jumped from noon to evening would show a deadline at three as five hours late: what was
//! due in between is done once the jump is over. So it stops at each instant at which something is due,
//! until that is done. While the bot is dead it does nothing, and the clock goes on to when it is back.

use std::time::Duration;

use crate::clock::Clock;
use crate::sandbox::insight::Insight;
use crate::sandbox::state::Shared;

/// How long what is due may take at one stop, in real time: far longer than it does, unless Discord is
/// made to fail.
const STOP: Duration = Duration::from_secs(2);
/// How long a bot may take to be connected once it lives again, in real time.
const RETURN: Duration = Duration::from_secs(5);
/// How long all stops of a turn may take, in real time: then the clock jumps.
const TURN: Duration = Duration::from_secs(20);
/// Between two looks whether it is done.
const LOOK_EVERY_MS: i64 = 15;

/// Turns the clock forward; `false`: it cannot be turned.
pub(super) async fn by(shared: &Shared, ms: i64) -> bool {
    let _turning = shared.turning.lock().await;
    let target_ms = shared.clock.now_ms().saturating_add(ms);
    if let Some(insight) = shared.insight.get() {
        // Whatever is not done by then is done late.
        let _ = tokio::time::timeout(TURN, stops(shared, insight.as_ref(), target_ms)).await;
    }
    let is_turned = shift_to(shared, target_ms);
    if let Some(insight) = shared.insight.get() {
        insight.turned();
    }
    is_turned
}

/// Each instant at which something is due until `target_ms`, one after another.
async fn stops(shared: &Shared, insight: &dyn Insight, target_ms: i64) {
    loop {
        let bot = insight.bot();
        let next_ms = if bot.is_up {
            insight
                .due_from(shared.clock.now_ms().saturating_add(1))
                .await
        } else {
            bot.back_at_ms
        };
        let Some(next_ms) = next_ms.filter(|next_ms| *next_ms <= target_ms) else {
            return;
        };
        if !shift_to(shared, next_ms) {
            return;
        }
        shared.change();
        // Longer than that it takes only where it cannot be done now.
        if bot.is_up {
            let _ = tokio::time::timeout(STOP, done(shared, insight)).await;
        } else {
            let _ = tokio::time::timeout(RETURN, back(shared, insight)).await;
        }
    }
}

/// Returns once nothing is left that is due.
async fn done(shared: &Shared, insight: &dyn Insight) {
    loop {
        let now_ms = shared.clock.now_ms();
        let is_due = insight
            .due_from(0)
            .await
            .is_some_and(|due_ms| due_ms <= now_ms);
        // Mails go out at their own pace, and a campaign of hundreds holds nobody up.
        let is_busy = || async {
            let lanes = insight.look().await.lanes;
            lanes
                .iter()
                .any(|lane| lane.lane != "email" && lane.under_way > 0)
        };
        if !insight.bot().is_up || !(is_due || is_busy().await) {
            return;
        }
        Clock::System.sleep_ms(LOOK_EVERY_MS).await;
    }
}

/// Returns once the bot is there again.
async fn back(shared: &Shared, insight: &dyn Insight) {
    while !(insight.bot().is_up && shared.gateway.is_connected()) {
        Clock::System.sleep_ms(LOOK_EVERY_MS).await;
    }
}

/// Turns the clock to `wall_ms`, unless it shows that already; `false`: it cannot be turned.
fn shift_to(shared: &Shared, wall_ms: i64) -> bool {
    let ms = wall_ms.saturating_sub(shared.clock.now_ms()).max(0);
    match &shared.clock {
        Clock::Shifted(clock) => clock.shift_ms(ms),
        Clock::Manual(clock) => clock.advance_ms(ms),
        Clock::System => return false,
    }
    true
}
