//! What the end of an attempt means: for the row, for its occurrence, and for the lane. Pure.

use super::{Limits, Recipient, reason};
use crate::ids::GuildId;
use crate::mailer::{Failure, Scope, Sent};

/// A row that was claimed by this process.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) recipient: Recipient,
    pub(super) guild: GuildId,
    /// The number of this attempt, from 1.
    pub(super) attempt: i64,
    /// How often it was put off.
    pub(super) deferrals: i64,
    /// How many processes ended while they had it, before it left.
    pub(super) deaths: i64,
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The server took it.
    Sent(Sent),
    /// It did not, or did not say so.
    Failed(Failure),
    /// The mail could not be written.
    Unwritable(String),
    /// A defect of this program, before the mailer had it or afterwards.
    Defect { was_given: bool },
    /// The mailer never had it.
    Untried,
}

/// What becomes of the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Completed {
        server_id: String,
    },
    /// Waits as if it had not been tried.
    Back {
        not_before_ms: i64,
    },
    /// Put off by its recipient's server.
    Deferred {
        until_ms: i64,
        why: String,
    },
    Discarded {
        why: String,
        refusal: Option<Refusal>,
    },
    Unknown {
        why: String,
    },
    /// Waits, and its occurrence is stopped.
    Stopped {
        why: String,
    },
}

/// What a server said of the address, rather than of the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Gone,
    Soft,
}

/// What the lane learns of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing.
    None,
    /// It is there, and takes mails.
    Took,
    /// It is there.
    Answered,
    /// It is not.
    Lost,
    /// It wants it slower.
    Slower,
    /// The day's mails are used up.
    DayIsOver,
}

/// The table of `rules/email.md`: whose fault decides. `is_unbearable`: again and again the connection
/// was lost with this mail, while others arrived.
pub(super) fn judge(
    outcome: Outcome,
    claimed: &Claimed,
    limits: &Limits,
    is_unbearable: bool,
    now_ms: i64,
) -> (Verdict, News) {
    let again = Verdict::Back { not_before_ms: 0 };
    let failure = match outcome {
        Outcome::Sent(Sent { id }) => return (Verdict::Completed { server_id: id }, News::Took),
        Outcome::Failed(failure) => failure,
        Outcome::Unwritable(why) => return (Verdict::Stopped { why }, News::None),
        Outcome::Untried => return (again, News::None),
        Outcome::Defect { was_given } => {
            let why = reason::DEFECT.to_owned();
            let verdict = if was_given {
                Verdict::Unknown { why }
            } else {
                Verdict::Discarded { why, refusal: None }
            };
            return (verdict, News::None);
        }
    };
    let Failure { scope, why, .. } = failure;
    let discarded = |why, refusal| Verdict::Discarded { why, refusal };
    let put_off = |why| {
        let turn = usize::try_from(claimed.deferrals).unwrap_or(usize::MAX);
        match limits.defer_ms.get(turn) {
            Some(wait_ms) => Verdict::Deferred {
                until_ms: now_ms.saturating_add(*wait_ms),
                why,
            },
            None => discarded(why, None),
        }
    };
    match scope {
        // No trouble of the server's would choose one mail; it must come to an end some time.
        Scope::Connection if is_unbearable => (put_off(why), News::Lost),
        // Behind those that wait: should it be this very mail that the server cannot bear, it is in
        // nobody's way.
        Scope::Connection => {
            let not_before_ms = now_ms.saturating_add(limits.retry_delay_ms);
            (Verdict::Back { not_before_ms }, News::Lost)
        }
        Scope::Withdrawn => (again, News::None),
        Scope::Throttle => (again, News::Slower),
        Scope::DailyQuota => (again, News::DayIsOver),
        Scope::RecipientTemporary => (put_off(why), News::Answered),
        Scope::RecipientPermanent => (discarded(why, Some(Refusal::Gone)), News::Answered),
        Scope::MailboxSoft => (discarded(why, Some(Refusal::Soft)), News::Answered),
        Scope::Message | Scope::Sender => {
            let why = without_addresses(&why);
            (Verdict::Stopped { why }, News::Answered)
        }
        // Were they all to end like this, each would be one that nobody can account for.
        Scope::Ambiguous => (Verdict::Unknown { why }, News::Lost),
    }
}

/// What is said of a whole campaign names none of its recipients.
fn without_addresses(text: &str) -> String {
    let word = |word: &str| {
        if word.contains('@') {
            "…".to_owned()
        } else {
            word.to_owned()
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ids::{DeliveryId, OccurrenceId};
    use crate::mailer::Stage;

    fn claimed(deferrals: i64) -> Claimed {
        Claimed {
            recipient: Recipient {
                id: DeliveryId(1),
                occurrence: OccurrenceId(1),
                email: "a@example.org".into(),
                address: "a@example.org".into(),
                name: String::new(),
                fields: BTreeMap::new(),
            },
            guild: GuildId(1),
            attempt: 1,
            deferrals,
            deaths: 0,
        }
    }

    fn ended(scope: Scope, deferrals: i64, is_unbearable: bool) -> (Verdict, News) {
        let failure = Failure {
            scope,
            stage: Stage::RcptTo,
            reply: None,
            why: "550 <a@example.org>: no".into(),
        };
        let (limits, claimed) = (Limits::default(), claimed(deferrals));
        judge(
            Outcome::Failed(failure),
            &claimed,
            &limits,
            is_unbearable,
            1_000,
        )
    }

    fn after(scope: Scope, deferrals: i64) -> (Verdict, News) {
        ended(scope, deferrals, false)
    }

    #[test]
    fn every_scope_has_its_consequence() {
        let why = || "550 <a@example.org>: no".to_owned();
        let back = |not_before_ms| Verdict::Back { not_before_ms };
        let discarded = |refusal| Verdict::Discarded {
            why: why(),
            refusal,
        };
        let stopped = || Verdict::Stopped {
            why: "550 … no".into(),
        };
        let table = [
            (Scope::Connection, back(2_000), News::Lost),
            (Scope::Withdrawn, back(0), News::None),
            (Scope::Throttle, back(0), News::Slower),
            (Scope::DailyQuota, back(0), News::DayIsOver),
            (
                Scope::RecipientPermanent,
                discarded(Some(Refusal::Gone)),
                News::Answered,
            ),
            (
                Scope::MailboxSoft,
                discarded(Some(Refusal::Soft)),
                News::Answered,
            ),
            (Scope::Message, stopped(), News::Answered),
            (Scope::Sender, stopped(), News::Answered),
            (
                Scope::Ambiguous,
                Verdict::Unknown { why: why() },
                News::Lost,
            ),
        ];
        for (scope, verdict, news) in table {
            assert_eq!(after(scope, 0), (verdict, news), "{scope:?}");
        }
    }

    #[test]
    fn a_recipient_is_put_off_as_often_as_is_set_and_then_given_up() {
        let waits = (0..4).map(|turn| match after(Scope::RecipientTemporary, turn).0 {
            Verdict::Deferred { until_ms, .. } => Some((until_ms - 1_000) / 60_000),
            Verdict::Discarded { refusal: None, .. } => None,
            other => panic!("{other:?}"),
        });
        let waits: Vec<_> = waits.collect();
        assert_eq!(waits, [Some(5), Some(30), Some(120), None]);
    }

    #[test]
    fn a_mail_that_the_server_cannot_bear_comes_to_an_end() {
        let (verdict, news) = ended(Scope::Connection, 0, true);
        assert!(matches!(verdict, Verdict::Deferred { .. }), "{verdict:?}");
        assert_eq!(news, News::Lost);
        let (verdict, _) = ended(Scope::Connection, 3, true);
        assert!(matches!(verdict, Verdict::Discarded { .. }), "{verdict:?}");
    }
}
