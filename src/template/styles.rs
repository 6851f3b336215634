//! What it costs to put the styles of a template into its elements, known before it is done.
//!
//! css-inline compares each selector with each element that it could be for, and walks from there to
//! other elements; then it looks for each declaration among those that the element has already. Neither
//! can be stopped once it has begun, and a few kilobytes can be made to take hours. So the rules are read
//! here first, by the same reader of CSS, and their worst case is added up. What a mail needs is far below
//! [`MOST_COST`]; what is above it is refused, with the line of the rule that costs the most.
//!
//! A unit is two or three nanoseconds of one core; of what is hardest to foresee, ten.

use std::collections::{HashMap, HashSet};

use cssparser::{
    AtRuleParser, CowRcStr, DeclarationParser, ParseError, Parser, ParserState,
    QualifiedRuleParser, RuleBodyItemParser, RuleBodyParser, StyleSheetParser, Token,
};

use super::html::Element;
use super::nesting::Nesting;

/// Units that the styles of one template may cost: a fifth of a second, or one at the worst.
pub(super) const MOST_COST: u64 = 100_000_000;
/// Compounds of one selector, and selectors inside one another: each is matched inside the one before.
/// Style sheets of mails have six.
pub(super) const MOST_PARTS: usize = 40;
/// Layers and conditions inside one another.
const MOST_DEPTH: usize = 20;
/// Names of layers: each is compared with all others. No mail program knows layers.
const MOST_LAYERS: usize = 100;
/// Units of reading a rule or a selector.
const READING: u64 = 200;
/// Units of reading an element and writing it.
const ELEMENT: u64 = 200;
/// Elements that a page or a table has, whether they are written or not.
const IMPLIED: [&str; 6] = ["body", "colgroup", "head", "html", "tbody", "tr"];
/// Bytes of a value that are compared in a unit, roughly.
const BYTES_A_UNIT: usize = 16;
/// Bytes of a list of classes that are gone through in a unit.
const CLASS_BYTES_A_UNIT: usize = 4;

/// What there is in a template that styles can be for.
#[derive(Default)]
pub(super) struct Shape {
    /// Elements that a reader can make of it.
    elements: usize,
    /// Of these, those that it makes more than the template has: they have the names and classes of
    /// others.
    extra: usize,
    depth: usize,
    names: HashMap<String, usize>,
    classes: HashMap<String, usize>,
    ids: HashMap<String, usize>,
    /// Classes and ids that are not spelled out (`&#97;`), and could be any.
    any: usize,
    /// Elements with a `style` of their own, and the declarations in these.
    styled: usize,
    declared: usize,
    longest_class: usize,
    longest_value: usize,
}

impl Shape {
    /// An element is added, with the attributes that css-inline is shown of it.
    pub(super) fn add<'a>(
        &mut self,
        element: &Element,
        attributes: impl Iterator<Item = (&'a str, &'a str)>,
    ) {
        *self.names.entry(element.name.clone()).or_default() += 1;
        for (name, value) in attributes {
            self.longest_value = self.longest_value.max(value.len());
            match name {
                "class" => {
                    self.longest_class = self.longest_class.max(value.len());
                    // Each mention counts, as in css-inline's index. (It is shown none twice.)
                    for class in value.split_ascii_whitespace() {
                        self.named(class, |shape| &mut shape.classes);
                    }
                }
                "id" => self.named(value, |shape| &mut shape.ids),
                "style" => {
                    self.styled += 1;
                    self.declared += value.split(';').count();
                }
                _ => {}
            }
        }
    }

    fn named(&mut self, name: &str, kind: impl Fn(&mut Self) -> &mut HashMap<String, usize>) {
        if name.contains('&') {
            self.any += 1;
        } else {
            *kind(self).entry(name.to_owned()).or_default() += 1;
        }
    }

    /// How deep the template is after its next element.
    pub(super) fn deepen(&mut self, nesting: &Nesting<'_>) {
        self.depth = self.depth.max(nesting.tree_depth());
    }

    /// All elements were added.
    pub(super) fn finish(&mut self, nesting: &Nesting<'_>) {
        let written: usize = self.names.values().sum();
        // A table has a body and rows, a page a head and a body, whether they are written or not.
        let cells = ["td", "th", "tr", "col"];
        let implied: usize = cells.iter().filter_map(|name| self.names.get(*name)).sum();
        self.elements = nesting.elements() + 2 * implied + 3;
        self.extra = nesting.elements().saturating_sub(written);
        self.depth += 3;
    }

    /// How many elements a pseudo-class looks at.
    fn looks(&self, pseudo_class: &str) -> u64 {
        let elements = count(self.elements);
        match pseudo_class.to_ascii_lowercase().as_str() {
            // All that is inside, or beside.
            "has" => elements,
            // Once for the template, each element counts those beside it.
            name if name.ends_with("of-type") || name == "nth-last-child" => elements / 2 + 1,
            _ => 1,
        }
    }

    fn has(&self, name: &str, kind: &HashMap<String, usize>) -> usize {
        match kind.get(name).copied().unwrap_or(0) + self.any {
            0 => 0,
            count => count + self.extra,
        }
    }
}

/// Adds up what the styles cost that are shown to it.
pub(super) struct Weigher<'s> {
    shape: &'s Shape,
    rules: Vec<Rule>,
    properties: HashSet<String>,
    layers: usize,
    /// Where a bound was passed: bytes of the sheet that is being read.
    wrong_at: Option<usize>,
    depth: usize,
    /// Conditions (`@media`) around: what is in them is not put into elements.
    conditions: usize,
    /// Which sheet is being read.
    sheet: usize,
}

/// What a rule costs, but for what depends on the others.
struct Rule {
    sheet: usize,
    /// Bytes before it.
    at: usize,
    /// Of its selectors.
    matching: u64,
    /// Elements that they may mean.
    candidates: u64,
    declarations: u64,
    bytes: u64,
}

impl<'s> Weigher<'s> {
    pub(super) fn new(shape: &'s Shape) -> Self {
        Self {
            shape,
            rules: Vec::new(),
            properties: HashSet::new(),
            layers: 0,
            wrong_at: None,
            depth: 0,
            conditions: 0,
            sheet: 0,
        }
    }

    /// Reads the next sheet. An error says where, in bytes.
    pub(super) fn read(&mut self, sheet: &str) -> Result<(), usize> {
        let mut parser = Parser::new(sheet);
        // What is not read by css-inline either costs its reading alone.
        for _ in StyleSheetParser::new(&mut parser, self) {}
        self.sheet += 1;
        self.wrong_at.take().map_or(Ok(()), Err)
    }

    /// What all of them cost; too much is told with the sheet, and the bytes before the rule that costs
    /// the most.
    pub(super) fn weigh(self) -> Result<u64, (usize, usize)> {
        let shape = self.shape;
        let properties = count(self.properties.len());
        // Declarations of an element are looked through for each that is added.
        let scan = 8 + properties / 2;
        // And for each again where the element has some of its own.
        let own = count(shape.declared).saturating_add(count(shape.styled) * properties);
        let own = own.saturating_mul(properties);
        let mut all = count(shape.elements) * ELEMENT + own;
        let mut heaviest = (0, (0, 0));
        for rule in &self.rules {
            let each = rule.declarations * scan + rule.bytes;
            let cost = rule
                .matching
                .saturating_add(rule.candidates.saturating_mul(each));
            all = all.saturating_add(cost);
            if cost >= heaviest.0 {
                heaviest = (cost, (rule.sheet, rule.at));
            }
        }
        if all > MOST_COST {
            return Err(heaviest.1);
        }
        Ok(all)
    }

    fn wrong(&mut self, at: usize) {
        self.wrong_at.get_or_insert(at);
    }
}

/// What a selector comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Selector {
    /// Elements that are looked at.
    candidates: u64,
    /// For each of these.
    cost: u64,
    /// Elements that it can mean.
    meant: u64,
}

/// One selector that is being read.
struct Reading<'s> {
    shape: &'s Shape,
    /// Compounds so far.
    parts: usize,
    /// What one look at all compounds costs.
    weight: u64,
    /// Elements that can be looked at from one candidate.
    reach: u64,
    /// Elements that have the rarest name of the last compound, and those that have the most frequent:
    /// css-inline looks at those of the first. `None`: it has no name.
    named: Option<(usize, usize)>,
    /// Something of it is nowhere in the template.
    absent: bool,
    /// Whether a compound has begun and not ended.
    in_compound: bool,
}

impl<'s> Reading<'s> {
    fn new(shape: &'s Shape) -> Self {
        Self {
            shape,
            parts: 0,
            weight: 0,
            reach: 1,
            named: None,
            absent: false,
            in_compound: false,
        }
    }

    fn begin_compound(&mut self) {
        if !self.in_compound {
            self.in_compound = true;
            self.parts += 1;
            self.weight += 2;
            self.named = None;
        }
    }

    fn combinator(&mut self, sign: char) {
        self.in_compound = false;
        let reach = match sign {
            '~' => self.shape.elements,
            ' ' => self.shape.depth,
            _ => 1,
        };
        self.reach = self.reach.max(count(reach));
    }

    /// A name of the compound, of which there are so many.
    fn name(&mut self, there: usize, weight: usize) {
        self.add(1 + count(weight));
        let (least, most) = self.named.unwrap_or((there, there));
        self.named = Some((least.min(there), most.max(there)));
        self.absent |= there == 0;
    }

    /// A word, behind what stands before it.
    fn ident(&mut self, name: &str, before: &Token<'_>) {
        let shape = self.shape;
        match before {
            Token::Delim('.') => {
                let weight = shape.longest_class / CLASS_BYTES_A_UNIT;
                self.name(shape.has(name, &shape.classes), weight);
            }
            // `:hover` and the like narrow nothing down.
            Token::Colon => self.add(shape.looks(name)),
            _ => {
                let lower = name.to_ascii_lowercase();
                let there = if IMPLIED.contains(&lower.as_str()) {
                    shape.elements
                } else {
                    shape.has(&lower, &shape.names)
                };
                self.name(there, 0);
            }
        }
    }

    /// Something of the compound that costs so much.
    fn add(&mut self, weight: u64) {
        self.begin_compound();
        self.weight = self.weight.saturating_add(weight);
    }

    fn end(self, is_nested: bool) -> Selector {
        // Of a selector inside another css-inline does not look first whether it can match at all.
        if self.absent && !is_nested {
            return Selector::default();
        }
        let elements = self.shape.elements;
        let (least, most) = self.named.unwrap_or((elements, elements));
        // Where classes are not spelled out, an element may have the same one many times.
        let meant = if self.shape.any > 0 { most } else { least };
        Selector {
            candidates: count(most),
            cost: self.weight.saturating_mul(self.reach),
            meant: count(meant),
        }
    }
}

impl Weigher<'_> {
    /// What the selectors of a list come to: each by itself.
    fn selectors(&mut self, input: &mut Parser<'_>, depth: usize) -> Vec<Selector> {
        let shape = self.shape;
        let mut all = Vec::new();
        let is_nested = depth > 0;
        let mut reading = Reading::new(shape);
        // A space is a combinator unless another one comes beside it.
        let mut space = false;
        let mut before = Token::Comma;
        loop {
            let at = input.position().byte_index();
            let Ok(token) = input.next_including_whitespace().cloned() else {
                break;
            };
            let is_part = !matches!(
                token,
                Token::WhiteSpace(_) | Token::Comma | Token::Delim('>' | '+' | '~')
            );
            if space && is_part {
                reading.combinator(' ');
            }
            space = matches!(token, Token::WhiteSpace(_)) && reading.in_compound;
            match &token {
                Token::WhiteSpace(_) => {}
                Token::Comma => {
                    let read = std::mem::replace(&mut reading, Reading::new(shape));
                    all.push(read.end(is_nested));
                }
                Token::Delim(sign @ ('>' | '+' | '~')) => reading.combinator(*sign),
                Token::Ident(name) => reading.ident(name, &before),
                Token::IDHash(name) | Token::Hash(name) => {
                    let weight = shape.longest_value / BYTES_A_UNIT;
                    reading.name(shape.has(name, &shape.ids), weight);
                }
                Token::SquareBracketBlock => {
                    let weight = input.parse_nested_block(|input| {
                        Ok::<_, ParseError<()>>(attribute(input, shape))
                    });
                    reading.add(weight.unwrap_or(0));
                }
                Token::Function(_) | Token::ParenthesisBlock if depth >= MOST_PARTS => {
                    self.wrong(at);
                    break;
                }
                Token::Function(name) => {
                    let inner = input.parse_nested_block(|input| {
                        Ok::<_, ParseError<()>>(self.selectors(input, depth + 1))
                    });
                    let costs = inner.unwrap_or_default().into_iter().map(|one| one.cost);
                    let cost = costs.fold(1, u64::saturating_add);
                    reading.add(cost.saturating_mul(shape.looks(name)));
                }
                _ => reading.add(1),
            }
            before = token;
            if reading.parts > MOST_PARTS {
                self.wrong(at);
                break;
            }
        }
        all.push(reading.end(is_nested));
        all
    }
}

/// What it costs to look at an attribute (`[href^="https:"]`) of an element.
fn attribute(input: &mut Parser<'_>, shape: &Shape) -> u64 {
    let longest = shape.longest_value;
    let mut weight = 2 + longest / BYTES_A_UNIT;
    while let Ok(token) = input.next() {
        if let Token::QuotedString(value) | Token::Ident(value) = token {
            // Looked for at each place of the value, if it is to be somewhere in it.
            weight += value.len().min(longest) * longest / (4 * BYTES_A_UNIT);
        }
    }
    count(weight)
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Reads declarations as css-inline does: their names and how long they are.
struct Declarations;

impl<'i> DeclarationParser<'i> for Declarations {
    type Declaration = (CowRcStr<'i>, &'i str);
    type Error = ();

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        _: &ParserState,
    ) -> Result<Self::Declaration, ParseError<()>> {
        let start = input.position();
        while input.next().is_ok() {}
        Ok((name, input.slice_from(start)))
    }
}

impl<'i> AtRuleParser<'i> for Declarations {
    type Prelude = ();
    type AtRule = (CowRcStr<'i>, &'i str);
    type Error = ();
}

impl<'i> QualifiedRuleParser<'i> for Declarations {
    type Prelude = ();
    type QualifiedRule = (CowRcStr<'i>, &'i str);
    type Error = ();
}

impl<'i> RuleBodyItemParser<'i, (CowRcStr<'i>, &'i str), ()> for Declarations {
    fn parse_declarations(&self) -> bool {
        true
    }

    fn parse_qualified(&self) -> bool {
        true
    }
}

impl<'i> QualifiedRuleParser<'i> for Weigher<'_> {
    type Prelude = (usize, Vec<Selector>);
    type QualifiedRule = ();
    type Error = ();

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<Self::Prelude, ParseError<()>> {
        let at = input.position().byte_index();
        let selectors = match self.conditions {
            0 => self.selectors(input, 0),
            _ => Vec::new(),
        };
        // What was left where a bound was passed.
        while input.next().is_ok() {}
        Ok((at, selectors))
    }

    fn parse_block(
        &mut self,
        (at, selectors): Self::Prelude,
        _: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<()>> {
        if self.conditions > 0 {
            return Ok(());
        }
        let (mut declarations, mut cost) = (0, 0);
        for declaration in RuleBodyParser::new(input, &mut Declarations) {
            let Ok((name, value)) = declaration else {
                continue;
            };
            declarations += 1;
            // Whether it is important is read off the whole value, each time that it is compared.
            cost += if value.contains('!') {
                30 + value.len()
            } else {
                value.len() / BYTES_A_UNIT
            };
            if !self.properties.contains(name.as_ref()) {
                self.properties.insert(name.as_ref().to_owned());
            }
        }
        let matching = selectors.iter().map(|one| {
            let looks = one.candidates.saturating_mul(one.cost);
            looks.saturating_add(READING)
        });
        let candidates = selectors.iter().map(|one| one.meant);
        self.rules.push(Rule {
            sheet: self.sheet,
            at,
            matching: matching.fold(READING, u64::saturating_add),
            candidates: candidates.fold(0, u64::saturating_add),
            declarations,
            bytes: count(cost),
        });
        Ok(())
    }
}

/// Only layers are looked into by css-inline, and conditions for the layers in them.
impl<'i> AtRuleParser<'i> for Weigher<'_> {
    /// Where it is, and whether it is a condition.
    type Prelude = (usize, bool);
    type AtRule = ();
    type Error = ();

    fn parse_prelude(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
    ) -> Result<(usize, bool), ParseError<()>> {
        let at = input.position().byte_index();
        let is_layer = name.eq_ignore_ascii_case("layer");
        while let Ok(token) = input.next() {
            if is_layer && matches!(token, Token::Ident(_)) {
                self.layers += 1;
            }
        }
        self.layers += usize::from(is_layer);
        if self.layers > MOST_LAYERS {
            self.wrong(at);
        }
        let conditions = [
            "container",
            "document",
            "media",
            "-moz-document",
            "supports",
        ];
        let is_condition = conditions.iter().any(|one| name.eq_ignore_ascii_case(one));
        if is_layer || is_condition {
            return Ok((at, is_condition));
        }
        Err(ParseError::custom(()))
    }

    fn rule_without_block(&mut self, _: Self::Prelude, _: &ParserState) -> Result<(), ()> {
        Ok(())
    }

    fn parse_block(
        &mut self,
        (at, is_condition): Self::Prelude,
        _: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<()>> {
        if self.depth >= MOST_DEPTH {
            self.wrong(at);
            return Ok(());
        }
        self.depth += 1;
        self.conditions += usize::from(is_condition);
        for _ in StyleSheetParser::new(input, self) {}
        self.conditions -= usize::from(is_condition);
        self.depth -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{html, tags};
    use super::*;

    /// The shape of a source without tags of the template.
    fn shape(source: &str) -> Shape {
        let pieces = html::pieces(source, &tags::read(source, &[]).unwrap());
        let (mut shape, mut nesting) = (Shape::default(), Nesting::default());
        for piece in &pieces {
            match piece {
                html::Piece::Open(element) => {
                    nesting.open(&element.name);
                    let attributes = element.attributes.iter();
                    let attributes =
                        attributes.map(|one| (one.name.as_str(), &source[one.value.clone()]));
                    shape.add(element, attributes);
                    shape.deepen(&nesting);
                }
                html::Piece::Close(name) => {
                    nesting.close(name);
                }
                _ => {}
            }
        }
        shape.finish(&nesting);
        shape
    }

    fn selectors(source: &str, list: &str) -> Vec<Selector> {
        let shape = shape(source);
        let mut weigher = Weigher::new(&shape);
        weigher.selectors(&mut Parser::new(list), 0)
    }

    #[test]
    fn a_selector_is_compared_with_the_elements_that_it_can_be_for() {
        let source = "<div id=a class='b c'><p class='b b'><i></i></p><p></p></div>";
        // The page itself, its head and its body are there, too.
        for (selector, candidates) in [
            ("*", 7),
            ("p", 2),
            ("P", 2),
            (".b", 3),
            ("p.b", 2),
            ("#a", 1),
            ("div > p", 2),
            ("div p:hover", 2),
            ("p::after", 2),
            ("table p", 0),
            (".x p", 0),
            ("p, .x", 2),
            ("[href]", 7),
            ("p:not(.x)", 2),
            ("html", 7),
        ] {
            let found = selectors(source, selector);
            assert_eq!(found[0].meant, candidates, "{selector}: {found:?}");
        }
        // It looks at those of the first name.
        assert_eq!(selectors(source, "p.c")[0].candidates, 2);
        // Not spelled out, it could be any, and as often as it is there.
        let hidden = selectors("<p class='&#98; &#098; x'>", ".b.x")[0];
        assert_eq!((hidden.candidates, hidden.meant), (3, 3));
    }

    #[test]
    fn what_walks_further_costs_more() {
        let source = "<div>".repeat(20) + &"<p></p>".repeat(500);
        let cost = |list: &str| selectors(&source, list)[0].cost;
        assert!(cost("p") < cost("div p"));
        assert!(cost("div p") < cost("div ~ p"));
        assert!(cost("p ~ p") < cost("p:not(p ~ p ~ p)"));
        assert!(cost("p:not(p ~ p)") * 100 < cost("p:not(p ~ p:not(p ~ p))"));
        assert!(cost("p") < cost("p[title]"));
        assert_eq!(cost("a ~ p"), 0);
        assert!(cost("p ~ p") < cost("p:not(a ~ p)"));
    }

    #[test]
    fn a_sheet_is_read_as_css_inline_reads_it() {
        let shape = shape("<p class=a>");
        let weigh = |sheet: &str| {
            let mut weigher = Weigher::new(&shape);
            let read = weigher.read(sheet);
            (read, weigher.rules.len(), weigher.properties.len())
        };
        let sheet = "/* { */ p{a:b;c:\"}\"} @media x{p{d:e}} .a,p{a:c} @import 'x'; p{";
        assert_eq!(weigh(sheet), (Ok(()), 3, 2));
        let parts = |count: usize| format!("{}{{}}", vec!["p"; count].join(">"));
        assert_eq!(weigh(&parts(MOST_PARTS)).0, Ok(()));
        assert!(weigh(&parts(MOST_PARTS + 1)).0.is_err());
        let nots = |count: usize| format!("p{}p{}{{}}", ":not(".repeat(count), ")".repeat(count));
        assert_eq!(weigh(&nots(MOST_PARTS)).0, Ok(()));
        assert!(weigh(&nots(MOST_PARTS + 1)).0.is_err());
        let layers = |count: usize| "@layer a{".repeat(count);
        assert_eq!(weigh(&layers(MOST_DEPTH)).0, Ok(()));
        assert!(weigh(&layers(MOST_DEPTH + 1)).0.is_err());
        assert!(
            weigh(&format!("@layer {}b;", "a,".repeat(MOST_LAYERS)))
                .0
                .is_err()
        );
        for open in [
            "{",
            "(",
            "[",
            "a{",
            "a(",
            "@media x{",
            "@layer a{",
            "p:not(",
        ] {
            let _ = weigh(&open.repeat(500_000 / open.len()));
        }
    }

    #[test]
    fn too_much_is_told_by_its_rule() {
        let shape = shape(&"<p>".repeat(4_000));
        let mut weigher = Weigher::new(&shape);
        weigher.read("a{}").unwrap();
        weigher.read("p{a:b}\n* ~ * ~ *{c:d}\np{e:f}").unwrap();
        assert_eq!(weigher.weigh(), Err((1, 7)));
        let mut weigher = Weigher::new(&shape);
        weigher.read("p{a:b}").unwrap();
        assert!(weigher.weigh().unwrap() < MOST_COST / 50);
    }
}
