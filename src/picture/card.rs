//! The card of a member's record: who, five figures, and a calendar of half a year.
//!
//! Drawn large enough to be read where chat programs show it at a third of its size, on a ground of
//! its own, so that it looks the same in dark and in light ones.

use super::svg::{Anchor, Style, Svg};
use super::words::{Weight, writable};
use super::{HEIGHT, Picture, WIDTH};

pub(super) const GROUND: &str = "#12151d";
pub(super) const PANEL: &str = "#1d2230";
pub(super) const WHITE: &str = "#f5f7fb";
pub(super) const MUTED: &str = "#a3adc2";
pub(super) const EMPTY: &str = "#232a3a";
pub(super) const MISSED: &str = "#ff8f6b";
const AWAY: &str = "#7d88a3";
/// From one to five and more.
const SHADES: [&str; 4] = ["#1d6b4c", "#28a06c", "#46d694", "#b4fcd8"];
/// What the colours behind a name's first letter are chosen from: those of the sandbox's chat
/// (`assets/sandbox/css/base.css`), which a test holds against them.
const TONES: [&str; 8] = [
    "#4f5bd5", "#a33a86", "#1d7a5c", "#b04a25", "#2a6fb0", "#7d4cc0", "#8a6412", "#b8374f",
];

/// To the left and right of everything.
pub(super) const MARGIN: f32 = 56.0;
/// Where the calendar's days begin, right of the names of the days.
const DAYS_LEFT: f32 = 122.0;
const DAYS_TOP: f32 = 296.0;
const ROW: f32 = 35.0;
/// The most columns that there is room for.
const COLUMNS: f32 = 26.0;
const CELL: (f32, f32) = (33.0, 29.0);
const LEGEND: f32 = 592.0;

/// What a day of the calendar shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// Nothing ended on it.
    #[default]
    Empty,
    /// So many were completed.
    Completed(i64),
    /// Deadlines were missed, and nothing was completed.
    Missed,
    /// The bot was away, and nothing was completed.
    Away,
}

/// A figure and what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tile {
    /// `87%`
    pub value: String,
    /// `Success rate`
    pub label: String,
    /// With a flame beside it.
    pub is_burning: bool,
}

/// The name of a month above the column in which it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Month {
    /// Counted from 0.
    pub column: usize,
    /// `Nov`
    pub name: String,
}

/// All that a card shows, in words and figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Whose it is.
    pub name: String,
    /// What stands there if nothing of the name can be written.
    pub nobody: String,
    /// Whose it is, as Discord numbers them: it chooses the colour behind the first letter.
    pub user: u64,
    /// What the server is called; empty if that is not known.
    pub server: String,
    /// What this is, and of when.
    pub subtitle: String,
    /// The figures, five at most.
    pub tiles: Vec<Tile>,
    /// Smaller ones, below the calendar.
    pub others: String,
    /// In their place while there are none.
    pub empty: Option<String>,
    /// The names of Monday, Wednesday and Friday.
    pub weekdays: [String; 3],
    /// Above the calendar.
    pub months: Vec<Month>,
    /// The days from a Monday on, the last one being today.
    pub days: Vec<Cell>,
    /// What the shades go from.
    pub less: String,
    /// What the shades go to.
    pub more: String,
    /// What the cross means.
    pub missed: String,
    /// What the bar means.
    pub away: String,
}

pub(super) fn style(weight: Weight, size: f32, color: &'static str, anchor: Anchor) -> Style {
    Style {
        weight,
        size,
        color,
        anchor,
    }
}

/// A picture's ground, with the band above it.
pub(super) fn ground() -> Svg {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.raw(
        "<defs><linearGradient id=\"band\"><stop offset=\"0\" stop-color=\"#28a06c\"/>\
         <stop offset=\"1\" stop-color=\"#b4fcd8\"/></linearGradient></defs>",
    );
    svg.rect((0.0, 0.0), (1_200.0, 630.0), 0.0, &fill(GROUND));
    svg.rect((0.0, 0.0), (1_200.0, 8.0), 0.0, "fill=\"url(#band)\"");
    svg
}

impl Picture for Card {
    fn svg(&self) -> String {
        let mut svg = ground();
        self.head(&mut svg);
        match &self.empty {
            Some(text) => notice(&mut svg, text),
            None => tiles(&mut svg, &self.tiles),
        }
        self.calendar(&mut svg);
        self.legend(&mut svg);
        svg.finish()
    }
}

impl Card {
    /// The first letter in a circle, the name, the server, and what this is.
    fn head(&self, svg: &mut Svg) {
        let mut name = writable(&self.name);
        if name.is_empty() {
            name = writable(&self.nobody);
        }
        svg.rect((MARGIN, 34.0), (72.0, 72.0), 36.0, &fill(tone(self.user)));
        let initial: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
        let letter = style(Weight::Bold, 36.0, WHITE, Anchor::Middle);
        svg.text((MARGIN + 36.0, 83.0), letter, &initial);
        let right = 1_200.0 - MARGIN;
        let server = writable(&self.server);
        let (subtitle, size) = Weight::Regular.fit(&self.subtitle, 27.0, 20.0, 420.0);
        let muted = style(Weight::Regular, size, MUTED, Anchor::End);
        let mut taken = Weight::Regular.width(&subtitle, size);
        if server.is_empty() {
            svg.text((right, 84.0), muted, &subtitle);
        } else {
            let (server, size) = Weight::Bold.fit(&server, 27.0, 20.0, 420.0);
            let bold = style(Weight::Bold, size, WHITE, Anchor::End);
            svg.text((right, 64.0), bold, &server);
            svg.text((right, 98.0), muted, &subtitle);
            taken = taken.max(Weight::Bold.width(&server, size));
        }
        let left = MARGIN + 72.0 + 22.0;
        let room = right - taken - 32.0 - left;
        let (name, size) = Weight::Bold.fit(&name, 50.0, 34.0, room);
        // In the middle of the circle's height, whatever its size.
        let baseline = 70.0 + size * 0.35;
        let bold = style(Weight::Bold, size, WHITE, Anchor::Start);
        svg.text((left, baseline), bold, &name);
    }

    fn calendar(&self, svg: &mut Svg) {
        let label = style(Weight::Regular, 22.0, MUTED, Anchor::Start);
        for (row, name) in [0.0, 2.0, 4.0].into_iter().zip(&self.weekdays) {
            let baseline = DAYS_TOP + row * ROW + CELL.1 / 2.0 + 8.0;
            svg.text((MARGIN, baseline), label, name);
        }
        for month in &self.months {
            let at = (cell_at(month.column * 7).0, DAYS_TOP - 14.0);
            svg.text(at, label, &month.name);
        }
        for (number, cell) in self.days.iter().enumerate() {
            let at = cell_at(number);
            draw_cell(svg, at, *cell);
            if number + 1 == self.days.len() {
                // Today.
                let (x, y) = (at.0 - 2.5, at.1 - 2.5);
                let ring = format!("fill=\"none\" stroke=\"{WHITE}\" stroke-width=\"2.5\"");
                svg.rect((x, y), (CELL.0 + 5.0, CELL.1 + 5.0), 9.0, &ring);
            }
        }
    }

    fn legend(&self, svg: &mut Svg) {
        let label = style(Weight::Regular, 24.0, MUTED, Anchor::Start);
        let (top, gap) = (LEGEND - 22.0, 10.0);
        svg.text((DAYS_LEFT, LEGEND), label, &self.less);
        let mut at = DAYS_LEFT + Weight::Regular.width(&self.less, 24.0) + gap;
        let levels = [1, 2, 3, 5].map(Cell::Completed);
        for cell in [Cell::Empty].into_iter().chain(levels) {
            draw_cell(svg, (at, top), cell);
            at += CELL.0 + 5.0;
        }
        at += gap - 5.0;
        svg.text((at, LEGEND), label, &self.more);
        at += Weight::Regular.width(&self.more, 24.0) + 56.0;
        for (cell, text) in [(Cell::Missed, &self.missed), (Cell::Away, &self.away)] {
            draw_cell(svg, (at, top), cell);
            at += CELL.0 + gap;
            svg.text((at, LEGEND), label, text);
            at += Weight::Regular.width(text, 24.0) + 40.0;
        }
        let right = 1_200.0 - MARGIN;
        let (others, size) = Weight::Regular.fit(&self.others, 24.0, 16.0, right - at);
        let muted = style(Weight::Regular, size, MUTED, Anchor::End);
        svg.text((right, LEGEND), muted, &others);
    }
}

/// The colour behind a name's first letter, as the sandbox's page chooses it.
fn tone(user: u64) -> &'static str {
    TONES[(user % 7_919 % 8) as usize]
}

/// Figures beside one another, five at most.
pub(super) fn tiles(svg: &mut Svg, tiles: &[Tile]) {
    const GAP: f32 = 16.0;
    let width = (1_200.0 - 2.0 * MARGIN - 4.0 * GAP) / 5.0;
    const FLAME: f32 = 38.0;
    let room = |tile: &Tile| {
        let flame = if tile.is_burning { FLAME } else { 0.0 };
        width - 40.0 - flame
    };
    // All of one size: that of the longest.
    let sizes = tiles.iter().map(|tile| {
        let (_, size) = Weight::Bold.fit(&tile.value, 42.0, 24.0, room(tile));
        size
    });
    let size = sizes.fold(42.0, f32::min);
    let mut left = MARGIN;
    for tile in tiles.iter().take(5) {
        svg.rect((left, 130.0), (width, 112.0), 16.0, &fill(PANEL));
        let mut start = left + 20.0;
        if tile.is_burning {
            flame(svg, start, 146.0);
            start += FLAME;
        }
        let (value, size) = Weight::Bold.fit(&tile.value, size, 24.0, room(tile));
        let bold = style(Weight::Bold, size, WHITE, Anchor::Start);
        svg.text((start, 189.0), bold, &value);
        let (label, size) = Weight::Regular.fit(&tile.label, 24.0, 18.0, width - 40.0);
        let muted = style(Weight::Regular, size, MUTED, Anchor::Start);
        svg.text((left + 20.0, 225.0), muted, &label);
        left += width + GAP;
    }
}

/// The upper left corner of a day's cell, counted from the first Monday.
fn cell_at(number: usize) -> (f32, f32) {
    let column = (1_200.0 - MARGIN - DAYS_LEFT + 5.0) / COLUMNS;
    let (week, day) = (number / 7, number % 7);
    (
        DAYS_LEFT + week as f32 * column,
        DAYS_TOP + day as f32 * ROW,
    )
}

/// What is told by colour is told by a sign, too: a cross, a bar.
fn draw_cell(svg: &mut Svg, (x, y): (f32, f32), cell: Cell) {
    const RADIUS: f32 = 7.0;
    let (width, height) = CELL;
    let (middle, center) = (x + width / 2.0, y + height / 2.0);
    let line = |color: &str, width: f32| {
        format!(
            "fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" stroke-linecap=\"round\""
        )
    };
    match cell {
        Cell::Empty => svg.rect((x, y), CELL, RADIUS, &fill(EMPTY)),
        Cell::Completed(count) => {
            let shade = match count {
                ..=1 => SHADES[0],
                2 => SHADES[1],
                3..=4 => SHADES[2],
                _ => SHADES[3],
            };
            svg.rect((x, y), CELL, RADIUS, &fill(shade));
        }
        Cell::Missed => {
            svg.rect((x, y), CELL, RADIUS, &fill("#3a2630"));
            let arm = 6.0;
            let (left, right) = (middle - arm, middle + arm);
            let (top, bottom) = (center - arm, center + arm);
            let cross = format!(
                "M{left:.1} {top:.1}L{right:.1} {bottom:.1}M{right:.1} {top:.1}L{left:.1} {bottom:.1}"
            );
            svg.path(&cross, &line(MISSED, 3.5));
        }
        Cell::Away => {
            let frame = format!(
                "fill=\"none\" stroke=\"{AWAY}\" stroke-width=\"2\" stroke-dasharray=\"4 3\""
            );
            svg.rect(
                (x + 1.0, y + 1.0),
                (width - 2.0, height - 2.0),
                RADIUS - 1.0,
                &frame,
            );
            let bar = format!("M{:.1} {center:.1}H{:.1}", middle - 6.0, middle + 6.0);
            svg.path(&bar, &line(AWAY, 3.0));
        }
    }
}

/// One line in a panel of the whole width.
pub(super) fn notice(svg: &mut Svg, text: &str) {
    let width = 1_200.0 - 2.0 * MARGIN;
    svg.rect((MARGIN, 130.0), (width, 112.0), 16.0, &fill(PANEL));
    let (text, size) = Weight::Regular.fit(text, 30.0, 20.0, width - 80.0);
    let muted = style(Weight::Regular, size, WHITE, Anchor::Middle);
    svg.text((600.0, 197.0), muted, &text);
}

/// A flame of 30 by 44 pixels.
fn flame(svg: &mut Svg, left: f32, top: f32) {
    svg.raw(&format!(
        "<g transform=\"translate({left:.1} {top:.1})\">\
         <path d=\"M14 0C17 9 28 15 28 29C28 38 22 44 14 44C6 44 0 38 0 29C0 22 4 18 6 12\
         C8 15 9 17 11 19C14 14 15 8 14 0Z\" fill=\"#ff8a3c\"/>\
         <path d=\"M14 22C16 27 21 29 21 35C21 40 18 44 14 44C10 44 7 40 7 35C7 31 9 29 10 26\
         C11 28 12 28 13 29C14 27 14 25 14 22Z\" fill=\"#ffd15c\"/></g>"
    ));
}

pub(super) fn fill(color: &str) -> String {
    format!("fill=\"{color}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_are_those_of_the_chat() {
        let sheet = include_str!("../../assets/sandbox/css/base.css");
        for (number, tone) in TONES.iter().enumerate() {
            let rule = format!(".tone-{number} {{ --tone: {tone}; }}");
            assert!(sheet.contains(&rule), "{rule}");
        }
        let script = include_str!("../../assets/sandbox/js/dom.js");
        assert!(script.contains("% 7919n) % 8"));
    }

    #[test]
    fn a_server_is_named_as_far_as_it_can_be_written() {
        let named = |server: &str| {
            let server = server.to_owned();
            Card {
                server,
                ..Card::default()
            }
            .svg()
        };
        assert_eq!(named("🫠"), named(""));
        assert_ne!(named("공부방"), named(""));
    }
}
