//! The templates of result posts: text with `{fields}`. Pure.
//!
//! A template is checked when it is saved: unknown fields, lone braces, and its length with the
//! longest values there can be. So whatever a member writes, the post fits Discord's 2,000
//! characters, and nothing needs to be cut where a cut could leave a code block open.
//!
//! A value is made harmless for the place it stands in: between two ` ``` ` it cannot end the
//! block; elsewhere its markdown is escaped.

use crate::error::{TemplateFault, UserError};
use crate::i18n::display::unturned;
use crate::messenger::markdown::{code_line, escape, linked, shorten};

/// Characters of a template.
pub const TEMPLATE_LENGTH: usize = 1_000;
/// What a post made from a template may take of Discord's 2,000 characters; the rest is for the
/// mention and the note that says it is late.
const RENDERED_LENGTH: usize = 1_800;
/// Characters of a display name in a post; Discord's own limit is 32.
const NAME_LENGTH: usize = 32;

/// The failure card.
pub const DEFAULT_FAILURE: &str = "\
```yaml
😢나약한 자식😢
┌────────────────────────┐
 Date: {date}
 Name: {name}
 Value: {task}
└────────────────────────┘
```";

/// What stands for what in a post.
#[derive(Clone, Debug)]
pub struct Values {
    /// `<@…>`
    pub mention: String,
    /// The member's display name.
    pub name: String,
    /// The task.
    pub task: String,
    /// The deadline as `2026-11-21T18:00:00` in the guild's zone.
    pub date: String,
    /// The deadline as a Discord timestamp.
    pub deadline: String,
    /// The limit that was set, in words.
    pub limit: String,
    /// The time taken, in words.
    pub taken: String,
    /// What was left, in words.
    pub left: String,
}

/// Names a template's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Mention,
    Name,
    Task,
    Date,
    Deadline,
    Limit,
    Taken,
    Left,
}

impl Field {
    const ALL: [(&'static str, Self); 8] = [
        ("mention", Self::Mention),
        ("name", Self::Name),
        ("task", Self::Task),
        ("date", Self::Date),
        ("deadline", Self::Deadline),
        ("limit", Self::Limit),
        ("taken", Self::Taken),
        ("left", Self::Left),
    ];

    fn value(self, values: &Values) -> &str {
        match self {
            Self::Mention => &values.mention,
            Self::Name => &values.name,
            Self::Task => &values.task,
            Self::Date => &values.date,
            Self::Deadline => &values.deadline,
            Self::Limit => &values.limit,
            Self::Taken => &values.taken,
            Self::Left => &values.left,
        }
    }

    /// Whether people chose its value.
    fn is_free_text(self) -> bool {
        matches!(self, Self::Name | Self::Task)
    }

    /// The longest its value can become, markdown escaped.
    fn longest(self) -> usize {
        match self {
            Self::Task => 2 * super::TASK_LENGTH,
            Self::Name => 2 * NAME_LENGTH,
            Self::Mention | Self::Date | Self::Deadline => 24,
            Self::Limit | Self::Taken | Self::Left => 32,
        }
    }
}

/// A template that was checked.
#[derive(Clone, Debug)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Field(Field),
}

/// Where a value stands, by Discord's markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Text,
    /// Behind a backslash that would escape its first character.
    AfterBackslash,
    /// In a block of code, where a backslash is one.
    InCode,
}

impl Place {
    /// The place at the end of a template's own text.
    fn after(own: &str) -> Self {
        let mut place = Self::Text;
        let mut rest = own;
        while let Some(first) = rest.chars().next() {
            let fence = rest.strip_prefix("```");
            (place, rest) = match (place, fence) {
                (Self::Text, Some(rest)) => (Self::InCode, rest),
                (Self::InCode, Some(rest)) => (Self::Text, rest),
                (Self::Text, None) if first == '\\' => (Self::AfterBackslash, &rest[1..]),
                (Self::AfterBackslash, _) => (Self::Text, &rest[first.len_utf8()..]),
                (place, None) => (place, &rest[first.len_utf8()..]),
            };
        }
        place
    }
}

/// Checks a template; `{{` and `}}` stand for the braces themselves, `\n` typed as two characters
/// for a line break (a slash command's option has only one line).
pub fn parse(template: &str) -> Result<Template, UserError> {
    let fault = |at: usize, fault| UserError::Template { at: at + 1, fault };
    let template = template.replace("\\n", "\n");
    if template.trim().is_empty() {
        return Err(fault(0, TemplateFault::Empty));
    }
    let characters: Vec<char> = template.chars().collect();
    if characters.len() > TEMPLATE_LENGTH {
        return Err(fault(
            TEMPLATE_LENGTH,
            TemplateFault::TooLong(TEMPLATE_LENGTH),
        ));
    }
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while at < characters.len() {
        let next = characters.get(at + 1);
        match characters[at] {
            brace @ ('{' | '}') if next == Some(&brace) => {
                text.push(brace);
                at += 2;
            }
            '}' => return Err(fault(at, TemplateFault::Unopened)),
            '{' => {
                let rest = &characters[at + 1..];
                let length = rest
                    .iter()
                    .position(|character| matches!(character, '}' | '{'))
                    .filter(|end| rest[*end] == '}')
                    .ok_or_else(|| fault(at, TemplateFault::Unclosed))?;
                let name: String = rest[..length].iter().collect();
                let name = name.trim();
                let known = Field::ALL.iter().find(|(known, _)| *known == name);
                let Some((_, field)) = known else {
                    return Err(fault(at, TemplateFault::UnknownField(name.to_owned())));
                };
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Field(*field));
                at += length + 2;
            }
            other => {
                text.push(other);
                at += 1;
            }
        }
    }
    parts.push(Part::Text(text));
    let template = Template(parts);
    if template.longest() > RENDERED_LENGTH {
        let most = TemplateFault::TooLong(RENDERED_LENGTH);
        return Err(fault(characters.len().saturating_sub(1), most));
    }
    Ok(template)
}

impl Template {
    /// The post's text.
    pub fn render(&self, values: &Values) -> String {
        let mut rendered = String::new();
        // The template's own text, with a letter where a value stands: a backtick of a value must not
        // count as the third of two that stand beside it.
        let mut own = String::new();
        for part in &self.0 {
            own.push_str(match part {
                Part::Text(text) => text,
                Part::Field(_) => "x",
            });
            match part {
                // Its markdown is the admin's; its direction must not reach the values.
                Part::Text(text) => rendered.push_str(&unturned(text)),
                Part::Field(field) if !field.is_free_text() => {
                    rendered.push_str(field.value(values));
                }
                Part::Field(field) => {
                    let is_name = *field == Field::Name;
                    let most = if is_name {
                        NAME_LENGTH
                    } else {
                        super::TASK_LENGTH
                    };
                    let value = shorten(field.value(values), most);
                    // No name is a link.
                    let escaped = if is_name { escape } else { linked };
                    // Without the letter that stands for the value itself.
                    match Place::after(&own[..own.len() - 1]) {
                        Place::InCode => rendered.push_str(&code_line(&value)),
                        Place::Text => rendered.push_str(&escaped(&value)),
                        // It is shown as it stands, and escapes nothing of the value's.
                        Place::AfterBackslash => {
                            rendered.push('\\');
                            rendered.push_str(&escaped(&value));
                        }
                    }
                }
            }
        }
        rendered
    }

    /// Whether it names the member in a way that pings.
    pub fn has_mention(&self) -> bool {
        self.0
            .iter()
            .any(|part| matches!(part, Part::Field(Field::Mention)))
    }

    fn longest(&self) -> usize {
        let length = |part: &Part| match part {
            // A backslash at its end may be written twice.
            Part::Text(text) => text.chars().count() + usize::from(text.ends_with('\\')),
            Part::Field(field) => field.longest(),
        };
        self.0.iter().map(length).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(name: &str, task: &str) -> Values {
        Values {
            mention: "<@1>".into(),
            name: name.into(),
            task: task.into(),
            date: "2026-11-21T18:00:00".into(),
            deadline: "<t:1795251600:f>".into(),
            limit: "30분".into(),
            taken: "10분".into(),
            left: "20분".into(),
        }
    }

    #[test]
    fn the_card_is_the_card() {
        let card = parse(DEFAULT_FAILURE).unwrap();
        insta::assert_snapshot!(card.render(&values("jamong", "알고리즘 3문제 풀기")), @r"
        ```yaml
        😢나약한 자식😢
        ┌────────────────────────┐
         Date: 2026-11-21T18:00:00
         Name: jamong
         Value: 알고리즘 3문제 풀기
        └────────────────────────┘
        ```
        ");
    }

    #[test]
    fn a_broken_template_is_refused_with_its_place() {
        let fault = |template: &str| match parse(template) {
            Err(UserError::Template { at, fault }) => (at, fault),
            other => panic!("{template}: {other:?}"),
        };
        assert_eq!(fault("ab {task"), (4, TemplateFault::Unclosed));
        assert_eq!(fault("{a {task}"), (1, TemplateFault::Unclosed));
        assert_eq!(fault("ab } c"), (4, TemplateFault::Unopened));
        assert_eq!(
            fault("가 {tsak}"),
            (3, TemplateFault::UnknownField("tsak".into()))
        );
        assert_eq!(fault("  "), (1, TemplateFault::Empty));
        assert!(matches!(
            fault(&"{task}".repeat(9)).1,
            TemplateFault::TooLong(_)
        ));
        assert!(parse("{{literal}} {name}\\n{task}").is_ok());
    }

    #[test]
    fn a_values_backtick_beside_the_templates_own_opens_no_block() {
        let template = parse("`{name}``x {task}").unwrap();
        let rendered = template.render(&values("`", "[a](b)"));
        assert_eq!(rendered, "`\\```x \\[a\\]\\(b\\)");
    }

    #[test]
    fn a_templates_backslash_escapes_nothing_of_a_values() {
        let shown = |template: &str| parse(template).unwrap().render(&values("*", "[a](b)"));
        assert_eq!(shown("\\{name}"), "\\\\\\*");
        assert_eq!(shown("\\\\{name}"), "\\\\\\*");
        assert_eq!(shown("\\```{task}"), "\\```\\[a\\]\\(b\\)");
        assert_eq!(shown("```\\{task}```{name}"), "```\\[a](b)```\\*");
    }

    #[test]
    fn values_are_escaped_for_the_place_they_stand_in() {
        let template = parse("{task} ```{task}``` {task}").unwrap();
        let rendered = template.render(&values("n", "*`"));
        assert_eq!(rendered, "\\*\\` ```*ˋ``` \\*\\`");
    }

    proptest! {
        #[test]
        fn no_input_breaks_out_of_the_card(name in any::<String>(), task in any::<String>()) {
            let card = parse(DEFAULT_FAILURE).unwrap();
            let rendered = card.render(&values(&name, &task));
            prop_assert_eq!(rendered.matches("```").count(), 2);
            prop_assert!(rendered.ends_with("\n```"));
            prop_assert_eq!(rendered.lines().count(), DEFAULT_FAILURE.lines().count());
            prop_assert!(rendered.chars().count() <= RENDERED_LENGTH);
        }

        #[test]
        fn any_accepted_template_fits(template in "[a-z{}` ]{0,200}", task in any::<String>()) {
            if let Ok(template) = parse(&template) {
                prop_assert!(template.render(&values("n", &task)).chars().count() <= RENDERED_LENGTH);
            }
        }
    }
}
