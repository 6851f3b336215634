//! Korean particles, whose form depends on the sound that the word before them ends with.

/// How a word ends when it is read aloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// With a vowel: 를, 가, 는, 와, 로.
    Vowel,
    /// With ㄹ: 을, 이, 은, 과, but 로.
    Rieul,
    /// With another consonant: 을, 이, 은, 과, 으로.
    Consonant,
}

/// Closing marks after a word, which are not read.
const UNREAD: [char; 20] = [
    '*', '_', '~', '`', '|', '\\', '\'', '"', '’', '”', ')', ']', '}', '」', '』', '.', '!', '?',
    ' ', '\u{2069}',
];

/// The form of a particle for `word`, chosen from `pair`: first the form after a consonant, then
/// the one after a vowel, as in `을/를`, `이/가`, `은/는`, `과/와`, `으로/로`.
///
/// A word whose reading is unknown (an emoji, another script) gets both: `을(를)`, `(으)로`.
/// `None` if `pair` is not a pair.
pub fn particle(word: &str, pair: &str) -> Option<String> {
    let (after_consonant, after_vowel) = pair.split_once('/')?;
    if after_consonant.is_empty() || after_vowel.is_empty() {
        return None;
    }
    let chosen = match ending(word) {
        Some(Ending::Vowel) => after_vowel.to_owned(),
        // 서울로, 서울을: ㄹ is a vowel to 으로 alone.
        Some(Ending::Rieul) if after_consonant.starts_with('으') => after_vowel.to_owned(),
        Some(Ending::Rieul | Ending::Consonant) => after_consonant.to_owned(),
        None => match after_consonant.strip_suffix(after_vowel) {
            Some(optional) => format!("({optional}){after_vowel}"),
            None => format!("{after_consonant}({after_vowel})"),
        },
    };
    Some(chosen)
}

fn ending(word: &str) -> Option<Ending> {
    let word = word.trim_end_matches(UNREAD);
    let last = word.chars().next_back()?;
    match last {
        '가'..='힣' => Some(match (u32::from(last) - u32::from('가')) % 28 {
            0 => Ending::Vowel,
            8 => Ending::Rieul,
            _ => Ending::Consonant,
        }),
        // A letter by itself is read by its name: 기역, 니은; 리을; 아, 야.
        'ㄹ' => Some(Ending::Rieul),
        'ㄱ'..='ㅎ' => Some(Ending::Consonant),
        'ㅏ'..='ㅣ' => Some(Ending::Vowel),
        '0'..='9' => Some(number_ending(word)),
        'a'..='z' | 'A'..='Z' => Some(latin_ending(word)),
        '%' => Some(Ending::Vowel), // 퍼센트, 프로
        _ => None,
    }
}

/// The ending of a number in digits, read the Sino-Korean way: 1 일, 10 십, 10,000 만.
fn number_ending(word: &str) -> Ending {
    let digits: Vec<char> = word
        .chars()
        .rev()
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .filter(|c| *c != ',')
        .collect();
    let zeros = digits.iter().take_while(|digit| **digit == '0').count();
    match (digits.get(zeros), zeros) {
        (Some('1' | '7' | '8'), 0) => Ending::Rieul, // 일, 칠, 팔
        (Some('2' | '4' | '5' | '9'), 0) => Ending::Vowel, // 이, 사, 오, 구
        (Some(_), 12..=15) => Ending::Vowel,         // 조
        // 삼, 육, 영 and 십, 백, 천, 만, 억, 경.
        _ => Ending::Consonant,
    }
}

/// The ending of a word in Latin letters. Capitals are read letter by letter (API 에이피아이),
/// other words by how their spelling is usually written in Korean (server 서버, book 북, phone
/// 폰): a rule of thumb, as English spelling has no better.
fn latin_ending(word: &str) -> Ending {
    let letters: Vec<char> = word
        .chars()
        .rev()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let spelled = letters.iter().all(char::is_ascii_uppercase);
    let lower: Vec<char> = letters.iter().map(char::to_ascii_lowercase).collect();
    let vowel = |c: &char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u');
    match lower.as_slice() {
        // 엘, 알; 엠, 엔.
        ['l' | 'r', ..] if spelled => Ending::Rieul,
        ['m' | 'n', ..] if spelled => Ending::Consonant,
        _ if spelled => Ending::Vowel,
        // mail 메일, file 파일, Google 구글.
        ['l', ..] | ['e', 'l', ..] => Ending::Rieul,
        // team 팀, plan 플랜, game 게임, phone 폰, meeting 미팅.
        ['m' | 'n', ..] | ['e', 'm' | 'n', _, ..] | ['g', 'n', ..] => Ending::Consonant,
        // app 앱, book 북, commit 커밋, web 웹; but week 위크, test 테스트.
        ['p' | 't' | 'k' | 'b' | 'c', rest @ ..] if stopped(rest, vowel) => Ending::Consonant,
        _ => Ending::Vowel,
    }
}

/// Whether the last consonant, before which `rest` stands (backwards), closes a short syllable.
fn stopped(rest: &[char], vowel: impl Fn(&char) -> bool) -> bool {
    match rest {
        ['o', 'o', ..] | ['p', ..] => true,
        ['c', 'a' | 'e' | 'i' | 'o' | 'u', ..] => true,
        [last, before, ..] => vowel(last) && !vowel(before),
        [last] => vowel(last),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_follow_the_sound_before_them() {
        let table = [
            // Hangul.
            ("알고리즘 3문제 풀기", "을/를", "를"),
            ("운동", "을/를", "을"),
            ("자몽", "이/가", "이"),
            ("철수", "이/가", "가"),
            ("과제", "은/는", "는"),
            ("책", "은/는", "은"),
            ("사과", "과/와", "와"),
            ("귤", "과/와", "과"),
            ("부산", "으로/로", "으로"),
            ("서울", "으로/로", "로"),
            ("제주", "으로/로", "로"),
            ("서울", "을/를", "을"),
            ("ㅋㅋ", "을/를", "을"),
            ("ㄹ", "으로/로", "로"),
            ("ㅠ", "이/가", "가"),
            // What closes a word is not read.
            ("**과제**", "을/를", "를"),
            ("‘운동’", "을/를", "을"),
            ("보고서 (초안)", "을/를", "을"),
            ("정말?!", "이/가", "이"),
            // Digits.
            ("0", "을/를", "을"),
            ("1", "으로/로", "로"),
            ("1", "을/를", "을"),
            ("2", "이/가", "가"),
            ("3", "으로/로", "으로"),
            ("4", "은/는", "는"),
            ("5", "과/와", "와"),
            ("6", "을/를", "을"),
            ("7", "으로/로", "로"),
            ("8", "으로/로", "로"),
            ("9", "을/를", "를"),
            ("10", "으로/로", "으로"),
            ("100", "을/를", "을"),
            ("1,000", "을/를", "을"),
            ("10000", "으로/로", "으로"),
            ("1,000,000,000,000", "을/를", "를"),
            ("21", "으로/로", "로"),
            ("50%", "을/를", "를"),
            // Latin letters.
            ("API", "을/를", "를"),
            ("URL", "으로/로", "로"),
            ("URL", "을/를", "을"),
            ("PCR", "으로/로", "로"),
            ("ATM", "을/를", "을"),
            ("N", "이/가", "이"),
            ("report", "을/를", "를"),
            ("email", "으로/로", "로"),
            ("Google", "이/가", "이"),
            ("team", "과/와", "과"),
            ("phone", "을/를", "을"),
            ("meeting", "을/를", "을"),
            ("server", "은/는", "는"),
            ("commit", "을/를", "을"),
            ("book", "으로/로", "으로"),
            ("app", "을/를", "을"),
            ("stack", "을/를", "을"),
            ("week", "을/를", "를"),
            ("test", "을/를", "를"),
            ("me", "이/가", "가"),
            // Unknown readings.
            ("🍎", "을/를", "을(를)"),
            ("🍎", "이/가", "이(가)"),
            ("🍎", "으로/로", "(으)로"),
            ("宿題", "은/는", "은(는)"),
            ("<@80351110224678912>", "과/와", "과(와)"),
            ("", "을/를", "을(를)"),
            ("**", "을/를", "을(를)"),
        ];
        for (word, pair, expected) in table {
            let particle = particle(word, pair);
            assert_eq!(particle.as_deref(), Some(expected), "{word} + {pair}");
        }
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for pair in ["", "을", "을/", "/를"] {
            assert_eq!(particle("과제", pair), None, "{pair:?}");
        }
    }
}
