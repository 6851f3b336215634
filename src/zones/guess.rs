//! Which zone a server probably lives in, by the language that Discord says it speaks.

use chrono_tz::Tz;

use super::MOST;

/// A guess, and how good it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The zone of most who speak the language.
    pub zone: Tz,
    /// Whether many of them live in other zones. Discord calls a server `en-US` that never chose a
    /// language (reference, “Guild Object”: `preferred_locale` defaults to it), so that one says least.
    pub is_vague: bool,
}

/// Where a language's speakers live: its locale as Discord writes it (reference, “Locales”), the zone,
/// and whether many live elsewhere.
const LOCALES: [(&str, Tz, bool); 34] = [
    ("ko", Tz::Asia__Seoul, false),
    ("ja", Tz::Asia__Tokyo, false),
    ("zh-CN", Tz::Asia__Shanghai, false),
    ("zh-TW", Tz::Asia__Taipei, false),
    ("vi", Tz::Asia__Ho_Chi_Minh, false),
    ("th", Tz::Asia__Bangkok, false),
    ("id", Tz::Asia__Jakarta, true),
    ("hi", Tz::Asia__Kolkata, false),
    ("he", Tz::Asia__Jerusalem, false),
    ("ar", Tz::Asia__Riyadh, true),
    ("tr", Tz::Europe__Istanbul, false),
    ("ru", Tz::Europe__Moscow, true),
    ("uk", Tz::Europe__Kyiv, false),
    ("bg", Tz::Europe__Sofia, false),
    ("el", Tz::Europe__Athens, false),
    ("ro", Tz::Europe__Bucharest, false),
    ("fi", Tz::Europe__Helsinki, false),
    ("lt", Tz::Europe__Vilnius, false),
    ("pl", Tz::Europe__Warsaw, false),
    ("cs", Tz::Europe__Prague, false),
    ("hu", Tz::Europe__Budapest, false),
    ("hr", Tz::Europe__Zagreb, false),
    ("de", Tz::Europe__Berlin, false),
    ("nl", Tz::Europe__Amsterdam, false),
    ("da", Tz::Europe__Copenhagen, false),
    ("no", Tz::Europe__Oslo, false),
    ("sv-SE", Tz::Europe__Stockholm, false),
    ("it", Tz::Europe__Rome, false),
    ("fr", Tz::Europe__Paris, true),
    ("es-ES", Tz::Europe__Madrid, false),
    ("es-419", Tz::America__Mexico_City, true),
    ("pt-BR", Tz::America__Sao_Paulo, true),
    ("en-GB", Tz::Europe__London, true),
    ("en-US", Tz::America__New_York, true),
];

/// The zone that a server's locale speaks for. A locale that is not listed, and has no language of a
/// listed one, says nothing: that is UTC.
pub fn of_locale(locale: &str) -> Guess {
    let locale = locale.trim().replace('_', "-");
    let language = |name: &str| name.split('-').next().unwrap_or_default().to_lowercase();
    let same = LOCALES
        .iter()
        .find(|(name, _, _)| name.eq_ignore_ascii_case(&locale));
    if let Some((_, zone, is_vague)) = same {
        return Guess {
            zone: *zone,
            is_vague: *is_vague,
        };
    }
    let spoken = LOCALES
        .iter()
        .rev()
        .find(|(name, _, _)| language(name) == language(&locale));
    Guess {
        zone: spoken.map_or(Tz::UTC, |(_, zone, _)| *zone),
        is_vague: true,
    }
}

/// Zones to choose from at a glance, from west to east: one for almost every hour.
const ROUND_THE_WORLD: [Tz; 24] = [
    Tz::Pacific__Honolulu,
    Tz::America__Los_Angeles,
    Tz::America__Denver,
    Tz::America__Chicago,
    Tz::America__Mexico_City,
    Tz::America__New_York,
    Tz::America__Halifax,
    Tz::America__Sao_Paulo,
    Tz::UTC,
    Tz::Europe__London,
    Tz::Europe__Berlin,
    Tz::Europe__Athens,
    Tz::Africa__Johannesburg,
    Tz::Europe__Istanbul,
    Tz::Europe__Moscow,
    Tz::Asia__Dubai,
    Tz::Asia__Kolkata,
    Tz::Asia__Bangkok,
    Tz::Asia__Shanghai,
    Tz::Asia__Singapore,
    Tz::Asia__Tokyo,
    Tz::Asia__Seoul,
    Tz::Australia__Sydney,
    Tz::Pacific__Auckland,
];

/// `own`, and others to choose from at a glance: at most as many as a menu has options ([`MOST`]).
pub fn to_choose(own: Tz) -> Vec<Tz> {
    let others = ROUND_THE_WORLD.into_iter().filter(|zone| *zone != own);
    std::iter::once(own).chain(others).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_leads_to_where_it_is_spoken() {
        let guess = |locale| {
            let guess = of_locale(locale);
            (guess.zone, guess.is_vague)
        };
        assert_eq!(guess("ko"), (Tz::Asia__Seoul, false));
        assert_eq!(guess("ja"), (Tz::Asia__Tokyo, false));
        assert_eq!(guess("de"), (Tz::Europe__Berlin, false));
        assert_eq!(guess("en-US"), (Tz::America__New_York, true));
        assert_eq!(guess("EN_us"), (Tz::America__New_York, true));
        assert_eq!(guess("en-GB"), (Tz::Europe__London, true));
        // Not Discord's, and yet of a language that it has.
        assert_eq!(guess("ko-KR"), (Tz::Asia__Seoul, true));
        assert_eq!(guess("en-AU"), (Tz::America__New_York, true));
        for nothing in ["", "xx", "-", "tlh-QO"] {
            assert_eq!(guess(nothing), (Tz::UTC, true), "{nothing}");
        }
    }

    #[test]
    fn the_zones_to_choose_from_are_few_and_none_is_there_twice() {
        for own in [Tz::Asia__Seoul, Tz::UTC, Tz::Pacific__Apia] {
            let zones = to_choose(own);
            let distinct: std::collections::HashSet<_> = zones.iter().collect();
            assert_eq!((zones[0], distinct.len()), (own, zones.len()));
            assert!((24..=MOST).contains(&zones.len()));
        }
    }
}
