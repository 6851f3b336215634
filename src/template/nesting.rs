//! Which elements stand inside which, as far as it matters for what reading them costs.
//!
//! Not the tree that a browser builds: what is known here is how deep that tree can be at most, and how
//! many elements it can have. They are more than the source has, because elements such as `<b>` that are
//! left open when a paragraph or a cell ends are opened again in the next one (HTML, 13.2.4.3, “the list
//! of active formatting elements”).

use std::collections::HashMap;

/// Elements that hold nothing.
const VOID: [&str; 16] = [
    "area", "base", "basefont", "br", "col", "embed", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
];
/// Elements that end by themselves where the next of them begins, and so are rightly left open.
const SHALLOW: [&str; 13] = [
    "body", "colgroup", "dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead",
    "tr",
];
/// Elements that are opened again when they are left open.
const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// Elements at whose end nothing is opened again that was left open in them.
const MARKED: [&str; 7] = [
    "applet", "caption", "marquee", "object", "td", "template", "th",
];
/// Elements of a table: their ends reach as far as the table itself.
const TABLE: [&str; 8] = [
    "caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
];
/// Other elements whose ends end what is inside them, as far as the next of [`BOUNDARY`].
const BLOCKS: [&str; 40] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "button",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "li",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "search",
    "section",
    "select",
    "summary",
    "ul",
];
/// Elements that no end of a block reaches beyond.
const BOUNDARY: [&str; 9] = [
    "applet", "caption", "html", "marquee", "object", "table", "td", "template", "th",
];
/// Elements that an end of a formatting element which is not the innermost may make anew (HTML,
/// 13.2.6.4.7, “adoption agency algorithm”: eight rounds).
const ADOPTED: usize = 8;

/// What is open at a place of the source.
#[derive(Default)]
pub(super) struct Nesting<'n> {
    open: Vec<Open<'n>>,
    /// How many of each name were begun and not ended by a tag of their own.
    begun: HashMap<&'n str, usize>,
    /// Of `open`, those that do not end by themselves.
    deep: usize,
    /// Formatting elements that were begun and not ended, wherever they stand.
    formatting: Vec<&'n str>,
    /// Elements that the tree can have so far, at most.
    elements: usize,
}

struct Open<'n> {
    name: &'n str,
    /// Formatting elements when it began.
    formatting: usize,
}

impl<'n> Nesting<'n> {
    /// An element begins.
    pub(super) fn open(&mut self, name: &'n str) {
        self.elements += 1 + self.formatting.len();
        if VOID.contains(&name) {
            return;
        }
        if is_shallow(name) {
            let around = self
                .open
                .iter()
                .rev()
                .take_while(|one| is_shallow(one.name));
            let same = around.enumerate().find(|(_, one)| one.name == name);
            if let Some((above, _)) = same {
                self.truncate(self.open.len() - above - 1);
            }
        } else {
            self.deep += 1;
        }
        self.open.push(Open {
            name,
            formatting: self.formatting.len(),
        });
        *self.begun.entry(name).or_default() += 1;
        if ["a", "nobr"].contains(&name)
            && let Some(at) = self.formatting.iter().rposition(|one| *one == name)
        {
            // The next of them ends it.
            self.formatting.remove(at);
            self.elements += ADOPTED;
        }
        if FORMATTING.contains(&name) {
            self.formatting.push(name);
        }
    }

    /// An element ends. `false`: none of this name was begun that has not ended.
    pub(super) fn close(&mut self, name: &str) -> bool {
        let formatting = self.formatting.iter().rposition(|one| *one == name);
        if let Some(at) = formatting {
            self.formatting.remove(at);
        }
        let reaches = |one: &&str| match name {
            name if TABLE.contains(&name) => !["table", "template"].contains(one),
            name if BLOCKS.contains(&name) => !BOUNDARY.contains(one),
            // What is no block ends no block.
            _ => !is_special(one),
        };
        let mut inside = self.open.iter().enumerate().rev();
        let found = inside.find(|(_, one)| one.name == name || !reaches(&one.name));
        match found.filter(|(_, one)| one.name == name) {
            Some((at, _)) => self.truncate(at),
            // It ends all the same, and what is inside it goes on.
            None if formatting.is_some() => {
                self.elements += ADOPTED;
                if let Some(at) = self.open.iter().rposition(|one| one.name == name) {
                    self.open.remove(at);
                    self.deep -= 1;
                }
            }
            None => {}
        }
        match self.begun.get_mut(name) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }

    fn truncate(&mut self, length: usize) {
        for one in self.open.drain(length..).rev() {
            if !is_shallow(one.name) {
                self.deep -= 1;
            }
            if MARKED.contains(&one.name) {
                self.formatting.truncate(one.formatting);
            }
        }
    }

    /// Elements inside one another, those not counted that end by themselves.
    pub(super) fn depth(&self) -> usize {
        self.deep
    }

    /// How deep the tree can be here.
    pub(super) fn tree_depth(&self) -> usize {
        self.open.len() + self.formatting.len()
    }

    /// How many elements the tree can have so far.
    pub(super) fn elements(&self) -> usize {
        self.elements
    }
}

fn is_special(name: &str) -> bool {
    TABLE.contains(&name) || BLOCKS.contains(&name) || BOUNDARY.contains(&name)
}

fn is_shallow(name: &str) -> bool {
    SHALLOW.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `b /b p`: begins and ends.
    fn read(source: &str) -> Nesting<'_> {
        let mut nesting = Nesting::default();
        for word in source.split(' ') {
            match word.strip_prefix('/') {
                Some(name) => {
                    nesting.close(name);
                }
                None => nesting.open(word),
            }
        }
        nesting
    }

    #[test]
    fn what_ends_by_itself_is_not_inside_itself() {
        for (source, depth, tree) in [
            ("p p p", 0, 1),
            ("table tbody tr td td tr td", 1, 4),
            ("ul li ul li li /ul li", 1, 2),
            ("div br br img", 1, 1),
            ("div div /p /b /div", 1, 1),
            ("div b i /div", 0, 2),
            // What ends in vain.
            ("span div /span span div /span", 4, 4),
            ("div table /div tr td /div /table", 1, 1),
            ("b div /b", 1, 1),
            ("b div /b /div", 0, 0),
        ] {
            let read = read(source);
            assert_eq!((read.depth(), read.tree_depth()), (depth, tree), "{source}");
        }
    }

    #[test]
    fn an_end_of_nothing_ends_nothing() {
        let mut nesting = Nesting::default();
        nesting.open("div");
        assert!(!nesting.close("b"));
        assert_eq!(nesting.depth(), 1);
        assert!(nesting.close("div"));
        assert!(!nesting.close("div"));
    }

    #[test]
    fn what_is_left_open_is_opened_again() {
        assert_eq!(read("p b /b p b /b").elements(), 4);
        assert_eq!(read("a p a p").elements(), 1 + 2 + (2 + ADOPTED) + 2);
        // Each paragraph has both again.
        assert_eq!(read("p b i p p").elements(), 2 + 2 + 3 + 3);
        // A cell's end forgets them.
        assert_eq!(read("table tr td b /td td b /td td").elements(), 7);
    }
}
