//! Pictures that people share: facts in, PNG out.
//!
//! # Promise
//!
//! - What is drawn is put together as SVG and drawn by `resvg` with two fonts of our own
//!   (`assets/fonts`): no file is read, nothing is fetched, no font of the system is used, so a
//!   picture is the same on every machine.
//! - Text is escaped where it becomes SVG (`svg`); no name can break out of it. Characters that no
//!   font of ours has are left out, never drawn as boxes (`words`).
//! - Drawing takes a processor for a while: it happens off the async threads, two at once,
//!   and whoever would have to wait behind many others is told so.
//! - What colours tell is told by shapes as well.
//!
//! It knows no language and no database: every word and figure is given ([`Card`], [`Chart`]).

mod card;
mod chart;
mod svg;
mod words;

use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, ImageHrefResolver, Tree, fontdb};
use tokio::sync::Semaphore;

pub use card::{Card, Cell, Month, Tile};
pub use chart::{Bar, Chart, Mark};

/// The size of a card in pixels: what chat programs show as a large picture without cutting it.
pub const WIDTH: u32 = 1_200;
/// See [`WIDTH`].
pub const HEIGHT: u32 = 630;

/// Pictures drawn at once: each takes a processor for some tens of milliseconds, and verdicts are to
/// find one free.
const AT_ONCE: usize = 2;
/// Who may wait for one: the last of them waits about two seconds.
const MOST_WAITING: usize = 64;

static DRAWING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));
static WAITING: Semaphore = Semaphore::const_new(MOST_WAITING);

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for font in [words::REGULAR, words::BOLD] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
    }
    fonts.set_sans_serif_family(svg::FAMILY);
    Arc::new(fonts)
});

/// What can be drawn.
pub trait Picture: Send + 'static {
    /// As SVG of [`WIDTH`] by [`HEIGHT`].
    fn svg(&self) -> String;
}

/// Draws a picture, off the async threads. `None`: too many wait already.
pub async fn drawn(picture: impl Picture) -> anyhow::Result<Option<Vec<u8>>> {
    let Ok(_waiting) = WAITING.try_acquire() else {
        return Ok(None);
    };
    let drawing = Arc::clone(&DRAWING).acquire_owned().await;
    let drawing = drawing.context("nobody closes it")?;
    let drawn = tokio::task::spawn_blocking(move || {
        // Held until it is drawn, also when nobody waits for it any more.
        let _drawing = drawing;
        draw(&picture)
    });
    let drawn = drawn.await;
    drawn.context("drawing a picture")?.map(Some)
}

/// Draws a picture here and now, as PNG.
pub fn draw(picture: &impl Picture) -> anyhow::Result<Vec<u8>> {
    let options = usvg::Options {
        fontdb: Arc::clone(&FONTS),
        font_family: svg::FAMILY.to_owned(),
        // There are none; should there be one after all, nothing is read for it.
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..usvg::Options::default()
    };
    let tree = Tree::from_str(&picture.svg(), &options).context("reading our own SVG")?;
    let mut pixels = Pixmap::new(WIDTH, HEIGHT).context("room for a picture")?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().context("writing PNG")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn card(name: &str) -> Card {
        Card {
            name: name.to_owned(),
            nobody: "A member".into(),
            ..Card::default()
        }
    }

    /// Width, height, and how many pixels differ from the one in the corner.
    fn seen(png: &[u8]) -> (u32, u32, usize) {
        let picture = Pixmap::decode_png(png).unwrap();
        let corner = picture.pixels()[(WIDTH * 20 + 4) as usize];
        let drawn = picture.pixels().iter().filter(|pixel| **pixel != corner);
        (picture.width(), picture.height(), drawn.count())
    }

    #[test]
    fn both_weights_of_the_font_are_there_under_its_name() {
        let faces: Vec<(String, u16)> = FONTS
            .faces()
            .map(|face| (face.families[0].0.clone(), face.weight.0))
            .collect();
        assert_eq!(
            faces,
            [(svg::FAMILY.to_owned(), 400), (svg::FAMILY.to_owned(), 700)]
        );
    }

    #[test]
    fn a_name_is_drawn_in_its_own_letters() {
        let without = seen(&draw(&card("")).unwrap());
        assert_eq!((without.0, without.1), (WIDTH, HEIGHT));
        let (one, other) = (draw(&card("자몽")).unwrap(), draw(&card("자못")).unwrap());
        assert_ne!(one, other);
        // What cannot be drawn is left out, and what is left is the same picture.
        assert_eq!(draw(&card("🔥자몽🔥")).unwrap(), one);
        assert_eq!(
            draw(&card("\u{1112}\u{1161}\u{11ab}")).unwrap(),
            draw(&card("한")).unwrap()
        );
    }

    #[test]
    fn a_hostile_name_stays_text() {
        let name = "</text><image href=\"file:///etc/passwd\"/><text>&lt;\"'&";
        let svg = card(name).svg();
        assert!(
            !svg.contains("<image") && !svg.contains("passwd\"/>"),
            "{svg}"
        );
        draw(&card(name)).unwrap();
    }

    #[tokio::test]
    async fn many_at_once_are_all_drawn() {
        let drawn = (0..6).map(|number| super::drawn(card(&number.to_string())));
        for png in futures_util::future::join_all(drawn).await {
            assert!(png.unwrap().is_some());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_name_makes_a_picture(name in any::<String>()) {
            let svg = card(&name).svg();
            let options = usvg::Options { fontdb: Arc::clone(&FONTS), ..usvg::Options::default() };
            prop_assert!(Tree::from_str(&svg, &options).is_ok(), "{}", svg);
        }
    }
}
