//! Numbers: in digits, in Sino-Korean (삼십), in native Korean (스물네) and in English words.

use super::lexer::{Lexeme, Phrase};

/// A number of something, exactly as written: `1.5` is not rounded until its unit is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    whole: u64,
    /// What follows the point, as `fraction / scale`.
    fraction: u64,
    scale: u64,
}

impl Quantity {
    /// ½
    pub(super) const HALF: Self = Self {
        whole: 0,
        fraction: 5,
        scale: 10,
    };
    /// ¼
    pub(super) const QUARTER: Self = Self {
        whole: 0,
        fraction: 25,
        scale: 100,
    };

    /// ¾
    pub(super) const THREE_QUARTERS: Self = Self {
        whole: 0,
        fraction: 75,
        scale: 100,
    };
    /// 1½
    pub(super) const ONE_AND_A_HALF: Self = Self {
        whole: 1,
        fraction: 5,
        scale: 10,
    };

    /// A whole number.
    pub(super) const fn whole(whole: u64) -> Self {
        Self {
            whole,
            fraction: 0,
            scale: 1,
        }
    }

    /// The number with these digits before and after its point. What is too great for a `u64` is
    /// far beyond any limit in any unit, and saturates; what comes after twelve places is less
    /// than a millisecond in any unit, and is dropped.
    pub(super) fn from_digits(whole: &[char], fraction: &[char]) -> Self {
        let value = |digits: &[char]| {
            let digits = digits.iter().filter_map(|c| c.to_digit(10));
            digits.fold(0_u64, |sum, digit| {
                sum.saturating_mul(10).saturating_add(u64::from(digit))
            })
        };
        let fraction = &fraction[..fraction.len().min(12)];
        Self {
            whole: value(whole),
            fraction: value(fraction),
            scale: fraction.iter().fold(1, |scale, _| scale * 10),
        }
    }

    /// The number, if it is whole and small enough for a clock or a calendar.
    pub(super) fn as_u32(self) -> Option<u32> {
        let whole = u32::try_from(self.whole).ok();
        whole.filter(|_| self.scale == 1)
    }

    /// One of the fractions that are written with a stroke: `1/2`, `3/4`.
    pub(super) fn ratio(self, of: Self) -> Option<Self> {
        match (self.as_u32()?, of.as_u32()?) {
            (1, 2) => Some(Self::HALF),
            (1, 4) => Some(Self::QUARTER),
            (3, 4) => Some(Self::THREE_QUARTERS),
            _ => None,
        }
    }

    /// Whether it is less than one, and not zero.
    pub(super) fn is_fraction(self) -> bool {
        self.whole == 0 && self.fraction > 0
    }

    /// A whole number and a fraction: `1 1/2`.
    pub(super) fn plus(self, fraction: Self) -> Option<Self> {
        (self.scale == 1 && fraction.whole == 0).then_some(Self {
            whole: self.whole,
            ..fraction
        })
    }

    /// The number of thousandths that are left when only whole ones are taken, if those are few
    /// enough for a clock: `00.250` seconds.
    pub(super) fn as_u32_and_millis(self) -> Option<(u32, u32)> {
        let whole = u32::try_from(self.whole).ok()?;
        let millis = u32::try_from(self.fraction * 1_000 / self.scale).ok()?;
        Some((whole, millis))
    }

    /// So many units, rounded to the millisecond. A product of two 64-bit numbers fits in 128.
    pub(super) fn ms(self, unit_ms: i64) -> i128 {
        let (scale, unit_ms) = (i128::from(self.scale), i128::from(unit_ms));
        let fraction = (i128::from(self.fraction) * unit_ms + scale / 2) / scale;
        i128::from(self.whole) * unit_ms + fraction
    }
}

const SINO_DIGITS: [(&str, u64); 11] = [
    ("영", 0),
    ("공", 0),
    ("일", 1),
    ("이", 2),
    ("삼", 3),
    ("사", 4),
    ("오", 5),
    ("육", 6),
    ("칠", 7),
    ("팔", 8),
    ("구", 9),
];

const NATIVE_TENS: [(&str, u64); 10] = [
    ("열", 10),
    ("스물", 20),
    ("스무", 20),
    ("서른", 30),
    ("마흔", 40),
    ("쉰", 50),
    ("예순", 60),
    ("일흔", 70),
    ("여든", 80),
    ("아흔", 90),
];

const NATIVE_ONES: [(&str, u64); 13] = [
    ("한", 1),
    ("하나", 1),
    ("두", 2),
    ("둘", 2),
    ("세", 3),
    ("셋", 3),
    ("네", 4),
    ("넷", 4),
    ("다섯", 5),
    ("여섯", 6),
    ("일곱", 7),
    ("여덟", 8),
    ("아홉", 9),
];

const ENGLISH_SMALL: [(&str, u64); 20] = [
    ("zero", 0),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
];

const ENGLISH_TENS: [(&str, u64); 8] = [
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];

/// Every number that begins at `pos`, with the position after it, the longest first.
///
/// Every, because Korean numbers and units share syllables: 십일 is eleven before 분 and ten days
/// before 후, and only what follows can tell.
pub(super) fn numbers(phrase: &Phrase<'_>, pos: usize) -> Vec<(Quantity, usize)> {
    if let Some(Lexeme::Number { quantity, .. }) = phrase.lexeme(pos) {
        return vec![(*quantity, pos + 1)];
    }
    let mut found = Vec::new();
    sino(phrase, pos, &mut found);
    native(phrase, pos, &mut found);
    english(phrase, pos, &mut found);
    found.sort_by_key(|(_, end)| std::cmp::Reverse(*end));
    let quantities = found.into_iter();
    quantities
        .map(|(value, end)| (Quantity::whole(value), end))
        .collect()
}

/// 삼, 십, 이십오, 백이십: a digit before 백 and 십 may be left out when it is one.
fn sino(phrase: &Phrase<'_>, start: usize, found: &mut Vec<(u64, usize)>) {
    let (mut pos, mut sum) = (start, 0);
    for (place, worth) in [("백", 100), ("십", 10)] {
        let (digit, after_digit) = match phrase.look_up(pos, &SINO_DIGITS) {
            Some((0, _)) | None => (1, pos),
            Some(digit) => digit,
        };
        if let Some(end) = phrase.after(after_digit, place) {
            sum += digit * worth;
            pos = end;
            found.push((sum, pos));
        }
    }
    match phrase.look_up(pos, &SINO_DIGITS) {
        Some((0, _)) if sum > 0 => {}
        Some((digit, end)) => found.push((sum + digit, end)),
        None => {}
    }
}

/// 한, 열, 스물네.
fn native(phrase: &Phrase<'_>, start: usize, found: &mut Vec<(u64, usize)>) {
    let (mut pos, mut sum) = (start, 0);
    if let Some((tens, end)) = phrase.look_up(pos, &NATIVE_TENS) {
        (pos, sum) = (end, tens);
        found.push((sum, pos));
    }
    if let Some((ones, end)) = phrase.look_up(pos, &NATIVE_ONES) {
        found.push((sum + ones, end));
    }
}

/// nine, twenty, forty-five.
fn english(phrase: &Phrase<'_>, pos: usize, found: &mut Vec<(u64, usize)>) {
    found.extend(phrase.look_up(pos, &ENGLISH_SMALL));
    if let Some((tens, end)) = phrase.look_up(pos, &ENGLISH_TENS) {
        found.push((tens, end));
        let ones = phrase.after_mark(end, '-').unwrap_or(end);
        if let Some((ones @ 1..=9, end)) = phrase.look_up(ones, &ENGLISH_SMALL) {
            found.push((tens + ones, end));
        }
    }
}
