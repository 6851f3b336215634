//! Who wants which messages when: consent and quiet hours, asked when a message is about to go.

use chrono_tz::Tz;

use super::{Member, Scope, store};
use crate::db::{BoxFuture, Tx};
use crate::error::Result;
use crate::guild::{self, Settings};
use crate::ids::GuildId;
use crate::outbox::Class;
use crate::outbox::dm::{Answer, Caller, Door, Dropped};
use crate::quiet_hours::QuietHours;

/// Asks the members' consent, their zones and their guilds' quiet hours.
pub struct DoorKeeper;

impl Door for DoorKeeper {
    fn ask<'t>(
        &'t self,
        tx: &'t mut Tx,
        callers: &'t [Caller],
        now_ms: i64,
    ) -> BoxFuture<'t, Result<Vec<Answer>>> {
        Box::pin(async move {
            let mut guilds: Vec<GuildId> = callers.iter().map(|caller| caller.guild).collect();
            guilds.sort_unstable();
            guilds.dedup();
            let settings = guild::for_guilds(tx, &guilds).await?;
            let defaults = Settings::default();
            let members = store::members(tx, callers).await?;
            let answer = |caller: &Caller| {
                let member = members.get(&(caller.guild, caller.user));
                let settings = settings.get(&caller.guild).unwrap_or(&defaults);
                may_go(caller.class, caller.expires_at_ms, member, settings, now_ms)
            };
            Ok(callers.iter().map(answer).collect())
        })
    }
}

/// Whether a message may go to `member` at `now_ms`. Pure.
pub fn may_go(
    class: Class,
    expires_at_ms: Option<i64>,
    member: Option<&Member>,
    settings: &Settings,
    now_ms: i64,
) -> Answer {
    let is_expired = |at_ms: i64| expires_at_ms.is_some_and(|expires_ms| expires_ms <= at_ms);
    if is_expired(now_ms) {
        return Answer::Drop(Dropped::Expired);
    }
    let allows = |scope| member.is_some_and(|member| member.allows(scope));
    let is_wanted = match class {
        Class::Critical | Class::Notice => allows(Scope::Notice),
        Class::Ad => allows(Scope::Notice) && allows(Scope::Ads),
        // The law wants it said, also to who allows nothing any more.
        Class::Legal => true,
    };
    if !is_wanted {
        return Answer::Drop(Dropped::NotAllowed);
    }
    // They have just done something themselves, or said that nights are no matter.
    if class == Class::Critical || allows(Scope::Night) {
        return Answer::Send;
    }
    let own = member.and_then(|member| member.timezone);
    let zone = own.unwrap_or(settings.timezone);
    match silence(class, settings.quiet_hours, zone, now_ms) {
        None => Answer::Send,
        Some(until_ms) if is_expired(until_ms) => Answer::Drop(Dropped::Expired),
        Some(until_ms) => Answer::Hold {
            until_ms,
            zone: zone.name(),
        },
    }
}

/// When the silence ends that reigns for this class. A guild may choose its quiet hours, but the
/// night of advertising is the law's, whatever the guild chose besides.
fn silence(class: Class, quiet_hours: QuietHours, zone: Tz, now_ms: i64) -> Option<i64> {
    let windows = match class {
        Class::Ad => vec![quiet_hours, QuietHours::DEFAULT],
        Class::Critical | Class::Notice | Class::Legal => vec![quiet_hours],
    };
    let mut until_ms = None;
    // One window may begin before the other ends: three turns go round both and back.
    for window in windows.iter().cycle().take(3 * windows.len()) {
        let from_ms = until_ms.unwrap_or(now_ms);
        if let Some(end_ms) = window.quiet_until(zone, from_ms) {
            until_ms = Some(end_ms);
        }
    }
    until_ms
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;
    use crate::i18n::Language;

    fn member(notice: bool, ads: bool, night: bool) -> Member {
        Member {
            guild_name: "Study".into(),
            timezone: None,
            language: Language::Korean,
            notice,
            ads,
            night,
        }
    }

    fn seoul(hour: u32) -> i64 {
        let local = chrono_tz::Asia::Seoul.with_ymd_and_hms(2026, 11, 21, hour, 0, 0);
        local.unwrap().timestamp_millis()
    }

    fn ask(class: Class, member: &Member, settings: &Settings, now_ms: i64) -> Answer {
        may_go(class, None, Some(member), settings, now_ms)
    }

    fn held(until_ms: i64) -> Answer {
        Answer::Hold {
            until_ms,
            zone: "Asia/Seoul",
        }
    }

    #[test]
    fn each_class_asks_its_own_consent() {
        let settings = Settings::default();
        let answer =
            |class, notice, ads| ask(class, &member(notice, ads, false), &settings, seoul(12));
        let refused = Answer::Drop(Dropped::NotAllowed);
        for class in [Class::Critical, Class::Notice] {
            assert_eq!(answer(class, true, false), Answer::Send);
            assert_eq!(answer(class, false, true), refused);
        }
        assert_eq!(answer(Class::Ad, true, false), refused);
        assert_eq!(answer(Class::Ad, true, true), Answer::Send);
        assert_eq!(answer(Class::Legal, false, false), Answer::Send);
        let unknown = may_go(Class::Notice, None, None, &settings, seoul(12));
        assert_eq!(unknown, refused);
    }

    #[test]
    fn at_night_only_answers_go_and_what_night_consent_lets_through() {
        let settings = Settings::default();
        let answer = |class, night| ask(class, &member(true, true, night), &settings, seoul(3));
        for class in [Class::Notice, Class::Ad, Class::Legal] {
            assert_eq!(answer(class, false), held(seoul(8)));
            assert_eq!(answer(class, true), Answer::Send);
        }
        assert_eq!(answer(Class::Critical, false), Answer::Send);
    }

    #[test]
    fn the_members_own_zone_goes_before_the_guilds() {
        let settings = Settings::default();
        let mut traveller = member(true, false, false);
        traveller.timezone = Some(chrono_tz::America::New_York);
        // Noon in Seoul is 22:00 in New York.
        let answer = ask(Class::Notice, &traveller, &settings, seoul(12));
        let Answer::Hold { until_ms, zone } = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(zone, "America/New_York");
        assert_eq!(until_ms, seoul(22));
        assert_eq!(
            ask(Class::Notice, &traveller, &settings, seoul(23)),
            Answer::Send
        );
    }

    #[test]
    fn a_guild_without_quiet_hours_keeps_the_laws_night_for_advertising() {
        let settings = Settings {
            quiet_hours: QuietHours::OFF,
            ..Settings::default()
        };
        let member = member(true, true, false);
        assert_eq!(
            ask(Class::Notice, &member, &settings, seoul(3)),
            Answer::Send
        );
        assert_eq!(ask(Class::Ad, &member, &settings, seoul(3)), held(seoul(8)));
        let late_riser = Settings {
            quiet_hours: QuietHours {
                start_min: 7 * 60,
                end_min: 10 * 60,
            },
            ..Settings::default()
        };
        assert_eq!(
            ask(Class::Ad, &member, &late_riser, seoul(3)),
            held(seoul(10))
        );
    }

    #[test]
    fn what_would_be_too_late_after_the_night_is_dropped_at_once() {
        let settings = Settings::default();
        let member = member(true, false, false);
        let ask = |expires_ms| {
            may_go(
                Class::Notice,
                Some(expires_ms),
                Some(&member),
                &settings,
                seoul(3),
            )
        };
        let expired = Answer::Drop(Dropped::Expired);
        assert_eq!(ask(seoul(3)), expired);
        assert_eq!(ask(seoul(8)), expired);
        assert_eq!(ask(seoul(8) + 1), held(seoul(8)));
    }
}
