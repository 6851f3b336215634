//! The course of a sending: five figures, and what happened when.
//!
//! What arrived stands above the line, what did not hangs below it: that is told apart without colours.
//! Below it, what was put off is an outline, and what was refused is filled.

use super::Picture;
use super::card::{EMPTY, MARGIN, MISSED, MUTED, Tile, WHITE, fill, ground, notice, style, tiles};
use super::svg::{Anchor, Svg};
use super::words::{Weight, writable};

const ARRIVED: &str = "#46d694";
const PUT_OFF: &str = "#ffd15c";

/// Where the bars stand.
const LEFT: f32 = 150.0;
const RIGHT: f32 = 1_200.0 - MARGIN;
const TOP: f32 = 292.0;
const BOTTOM: f32 = 512.0;
/// What hangs below the line has at least this height, if there is any; but a single one is no tower.
const BELOW: f32 = 44.0;
const ONE_BELOW: f32 = 14.0;
/// Two labels this near one another would touch.
const LABEL: f32 = 28.0;
/// There is room for so many stretches, even if there are fewer: one bar alone stands at the left.
const LEAST_SLOTS: usize = 12;
/// A bar is never so low that it is not seen.
const LEAST: f32 = 3.0;
const TIMES: f32 = 548.0;
const LEGEND: f32 = 596.0;

/// What happened in one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    /// Which stretch, from 0.
    pub slot: usize,
    /// So many arrived.
    pub arrived: i64,
    /// So many were put off.
    pub put_off: i64,
    /// So many were refused.
    pub refused: i64,
}

/// A time below the bars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// At the beginning of which stretch.
    pub slot: usize,
    /// `18:00`
    pub name: String,
}

/// All that a chart shows, in words and figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// What was sent.
    pub name: String,
    /// What stands there if nothing of the name can be written.
    pub nameless: String,
    /// Right of it.
    pub subtitle: String,
    /// The figures, five at most.
    pub tiles: Vec<Tile>,
    /// In the place of the bars while there are none.
    pub empty: Option<String>,
    /// What happened.
    pub bars: Vec<Bar>,
    /// How many stretches there are.
    pub slots: usize,
    /// Below the bars, from left to right.
    pub marks: Vec<Mark>,
    /// What a full bar is: `in a minute`.
    pub unit: String,
    /// The names of what arrived, was put off, was refused.
    pub legend: [String; 3],
}

impl Picture for Chart {
    fn svg(&self) -> String {
        let mut svg = ground();
        self.head(&mut svg);
        tiles(&mut svg, &self.tiles);
        match &self.empty {
            Some(text) => {
                // Where the bars would be.
                svg.raw("<g transform=\"translate(0 200)\">");
                notice(&mut svg, text);
                svg.raw("</g>");
            }
            None => self.bars(&mut svg),
        }
        svg.finish()
    }
}

impl Chart {
    fn head(&self, svg: &mut Svg) {
        let mut name = writable(&self.name);
        if name.is_empty() {
            name = writable(&self.nameless);
        }
        let (subtitle, size) = Weight::Regular.fit(&self.subtitle, 27.0, 20.0, 460.0);
        let muted = style(Weight::Regular, size, MUTED, Anchor::End);
        svg.text((RIGHT, 84.0), muted, &subtitle);
        let room = RIGHT - Weight::Regular.width(&subtitle, size) - 32.0 - MARGIN;
        let (name, size) = Weight::Bold.fit(&name, 50.0, 34.0, room);
        let bold = style(Weight::Bold, size, WHITE, Anchor::Start);
        svg.text((MARGIN, 70.0 + size * 0.35), bold, &name);
    }

    fn bars(&self, svg: &mut Svg) {
        let above = self.bars.iter().map(|bar| bar.arrived).max().unwrap_or(0);
        let below = self.bars.iter().map(|bar| bar.put_off + bar.refused);
        let below = below.max().unwrap_or(0);
        let line = line_at(above, below);
        let scale = (line - TOP) / above.max(1) as f32;
        let scale_below = match below {
            0 => 0.0,
            _ => (BOTTOM - line) / below as f32,
        };
        self.axis(svg, line, (above, below));
        let width = (RIGHT - LEFT) / self.slots.max(LEAST_SLOTS) as f32;
        let gap = (width * 0.18).clamp(1.0, 8.0);
        // A few stretches make no wall.
        let thick = (width - gap).min(56.0);
        for bar in self.bars.iter().filter(|bar| bar.slot < self.slots) {
            let x = LEFT + bar.slot as f32 * width + (width - thick) / 2.0;
            let radius = (thick / 4.0).min(5.0);
            let tall = |count: i64, scale: f32| (count as f32 * scale).max(LEAST);
            if bar.arrived > 0 {
                let height = tall(bar.arrived, scale);
                svg.rect((x, line - height), (thick, height), radius, &fill(ARRIVED));
            }
            let mut top = line + 3.0;
            if bar.refused > 0 {
                let height = tall(bar.refused, scale_below);
                svg.rect((x, top), (thick, height), radius, &fill(MISSED));
                top += height + 2.0;
            }
            if bar.put_off > 0 {
                let height = tall(bar.put_off, scale_below).max(4.0);
                let frame = (thick - 2.0).max(1.0);
                svg.rect((x + 1.0, top), (frame, height), radius, &outline());
            }
        }
        self.marks(svg, width);
        self.names(svg);
    }

    /// The line between above and below, with what the highest bars are.
    fn axis(&self, svg: &mut Svg, line: f32, (above, below): (i64, i64)) {
        let thin = |color: &str| format!("stroke=\"{color}\" stroke-width=\"2\" fill=\"none\"");
        let across = |y: f32| format!("M{LEFT:.1} {y:.1}H{RIGHT:.1}");
        let label = style(Weight::Regular, 22.0, MUTED, Anchor::End);
        if above > 0 {
            svg.path(&across(TOP), &thin(EMPTY));
            svg.path(&across((TOP + line) / 2.0), &thin(EMPTY));
            svg.text((LEFT - 14.0, TOP + 8.0), label, &above.to_string());
        }
        if below > 0 {
            svg.path(&across(BOTTOM), &thin(EMPTY));
        }
        if below > 0 && BOTTOM - line > LABEL {
            svg.text((LEFT - 14.0, BOTTOM + 2.0), label, &below.to_string());
        }
        svg.text((LEFT - 14.0, line + 8.0), label, "0");
        svg.path(&across(line + 1.0), &thin(MUTED));
    }

    fn marks(&self, svg: &mut Svg, width: f32) {
        let label = style(Weight::Regular, 22.0, MUTED, Anchor::Start);
        let mut free = LEFT;
        for mark in &self.marks {
            let long = Weight::Regular.width(&mark.name, 22.0);
            let at = (LEFT + mark.slot as f32 * width).min(RIGHT - long);
            if at < free {
                continue;
            }
            svg.text((at, TIMES), label, &mark.name);
            free = at + long + 24.0;
        }
    }

    fn names(&self, svg: &mut Svg) {
        let label = style(Weight::Regular, 24.0, MUTED, Anchor::Start);
        let mut at = LEFT;
        let size = (26.0, 20.0);
        for (name, look) in self
            .legend
            .iter()
            .zip([fill(ARRIVED), outline(), fill(MISSED)])
        {
            svg.rect((at, LEGEND - 18.0), size, 5.0, &look);
            at += size.0 + 10.0;
            svg.text((at, LEGEND), label, name);
            at += Weight::Regular.width(name, 24.0) + 36.0;
        }
        let (unit, size) = Weight::Regular.fit(&self.unit, 24.0, 16.0, RIGHT - at);
        let muted = style(Weight::Regular, size, MUTED, Anchor::End);
        svg.text((RIGHT, LEGEND), muted, &unit);
    }
}

/// Where the line between above and below is.
fn line_at(above: i64, below: i64) -> f32 {
    if below == 0 {
        return BOTTOM;
    }
    if above == 0 {
        return TOP;
    }
    let share = below as f32 / (above + below) as f32;
    let least = BELOW.min(ONE_BELOW * below as f32);
    BOTTOM - ((BOTTOM - TOP) * share).max(least)
}

fn outline() -> String {
    format!("fill=\"none\" stroke=\"{PUT_OFF}\" stroke-width=\"2.5\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::draw;

    fn chart(bars: Vec<Bar>, slots: usize) -> Chart {
        let tile = |value: &str, label: &str| Tile {
            value: value.into(),
            label: label.into(),
            is_burning: false,
        };
        Chart {
            name: "11월 소식".into(),
            nameless: "A campaign".into(),
            subtitle: "Campaign · 21 November 2026, 14:00".into(),
            tiles: vec![
                tile("4,812", "Delivered"),
                tile("37", "Failed"),
                tile("3", "May have arrived"),
                tile("148", "Left out"),
                tile("2 min", "Took"),
            ],
            bars,
            slots,
            marks: [(0, "14:00"), (slots / 2, "14:01"), (slots - 1, "14:02")]
                .map(|(slot, name)| Mark {
                    slot,
                    name: name.into(),
                })
                .into(),
            unit: "Mails in 5 seconds".into(),
            legend: ["Delivered".into(), "Put off".into(), "Failed".into()],
            empty: None,
        }
    }

    /// To be looked at: `PICTURES=folder cargo test --lib -- charts_to_look_at`.
    #[test]
    fn charts_to_look_at() {
        let folder = tempfile::tempdir().unwrap();
        let bar = |slot: usize| {
            let wave = i64::try_from(slot * slot % 37).unwrap();
            Bar {
                slot,
                arrived: 180 + wave,
                put_off: if slot.is_multiple_of(7) { wave / 2 } else { 0 },
                refused: if slot.is_multiple_of(5) {
                    1 + wave / 6
                } else {
                    0
                },
            }
        };
        let mut nothing = chart(Vec::new(), 1);
        nothing.empty = Some("Nothing has been sent yet.".into());
        let all_refused = |slot| Bar {
            slot,
            refused: 40,
            ..Bar::default()
        };
        let mut one = chart(vec![bar(0)], 1);
        one.name =
            "아주 긴 이름을 가진 캠페인, 그것도 이렇게나 길어서 한 줄에 다 들어가지 않는".into();
        for (file, chart) in [
            ("chart-many", chart((0..48).map(bar).collect(), 48)),
            ("chart-few", chart((0..4).map(bar).collect(), 4)),
            ("chart-one", one),
            (
                "chart-refused",
                chart((0..9).map(all_refused).collect(), 12),
            ),
            ("chart-nothing", nothing),
        ] {
            let png = draw(&chart).unwrap();
            assert!(png.starts_with(b"\x89PNG") && png.len() < 200_000, "{file}");
            let folder = option_env!("PICTURES").map_or(folder.path(), std::path::Path::new);
            std::fs::write(folder.join(format!("{file}.png")), png).unwrap();
        }
    }

    #[test]
    fn a_hostile_name_stays_text() {
        let mut chart = chart(Vec::new(), 1);
        chart.name = "</text><image href=\"file:///etc/passwd\"/>".into();
        assert!(!chart.svg().contains("<image"));
        draw(&chart).unwrap();
    }
}
