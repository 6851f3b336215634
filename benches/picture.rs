//! How long does a picture of a record take? From its words and figures to the PNG; beside it, in
//! the same run, an empty picture of the same size through the same encoder.
//!
//! ```sh
//! cargo bench --bench picture
//! ```

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a bench prints, ends at the first thing that is wrong, and uses a part of the support"
)]

mod support;

use resvg::tiny_skia::{Color, Pixmap};
use timeattack::picture::{self, Card, Cell, HEIGHT, Month, Tile, WIDTH};

use support::{as_ms, now_us, percentile};

/// Pictures of one measurement.
const PICTURES: usize = 1_000;
/// Those before it, in which fonts are read and memory is fetched.
const WARM_UP: usize = 20;

fn main() {
    println!("pictures of {WIDTH}×{HEIGHT}, times in ms, {PICTURES} each");
    println!(
        "{:<28} {:>8} {:>8} {:>8} {:>10}",
        "", "p50", "p99", "most", "bytes"
    );
    measure("an empty one, encoded", |_| empty());
    let card = full();
    measure("a full card, Korean", |number| {
        let name = format!("자몽 {number}");
        let card = Card {
            name,
            ..card.clone()
        };
        picture::draw(&card).unwrap()
    });
}

fn empty() -> Vec<u8> {
    let mut picture = Pixmap::new(WIDTH, HEIGHT).unwrap();
    picture.fill(Color::from_rgba8(0x12, 0x15, 0x1d, 0xff));
    picture.encode_png().unwrap()
}

fn full() -> Card {
    let tile = |value: &str, label: &str| Tile {
        value: value.into(),
        label: label.into(),
        is_burning: label == "현재 연속",
    };
    let cell = |number: i64| match number % 9 {
        0 => Cell::Missed,
        1 => Cell::Empty,
        2 if number % 4 == 0 => Cell::Away,
        count => Cell::Completed(count),
    };
    Card {
        nobody: "멤버".into(),
        subtitle: "타임어택 · 2026년 11월 21일".into(),
        tiles: vec![
            tile("312", "완료"),
            tile("88%", "성공률"),
            tile("12일", "현재 연속"),
            tile("31일", "최장 연속"),
            tile("1시간 35분", "보통 걸린 시간"),
        ],
        others: "실패 41 · 포기 7".into(),
        weekdays: ["월", "수", "금"].map(Into::into),
        months: (6..12)
            .map(|month| Month {
                column: (month - 5) * 4,
                name: format!("{month}월"),
            })
            .collect(),
        days: (0..181).map(cell).collect(),
        less: "적음".into(),
        more: "많음".into(),
        missed: "실패만".into(),
        away: "봇 부재".into(),
        ..Card::default()
    }
}

fn measure(what: &str, draw: impl Fn(usize) -> Vec<u8>) {
    for number in 0..WARM_UP {
        draw(number);
    }
    let mut bytes = 0;
    let mut times: Vec<i64> = (0..PICTURES)
        .map(|number| {
            let begun = now_us();
            bytes = draw(number).len();
            now_us() - begun
        })
        .collect();
    times.sort_unstable();
    let [p50, p99, most] = [500, 990, 1_000].map(|at| as_ms(percentile(&times, at)));
    println!("{what:<28} {p50:>8.1} {p99:>8.1} {most:>8.1} {bytes:>10}");
}
