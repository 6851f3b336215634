//! Checks buttons, selects and modals, and writes them as Discord answers them: every component
//! with an `id`.
//!
//! Source: Discord's reference, “Component Reference”.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::error::Form;

/// Rows on a message, and buttons in a row.
const ROWS_MAX: usize = 5;
/// Options of a select menu.
const OPTIONS_MAX: usize = 25;

const ROW: u64 = 1;
const BUTTON: u64 = 2;
const STRING_SELECT: u64 = 3;
const TEXT_INPUT: u64 = 4;
const LABEL: u64 = 18;

/// Hands out `id`s and remembers custom ids, which have to be unique in a message.
#[derive(Default)]
struct Seen {
    next_id: u64,
    custom_ids: HashSet<String>,
}

impl Seen {
    fn id(&mut self, component: &Value) -> u64 {
        self.next_id += 1;
        component["id"]
            .as_u64()
            .filter(|id| *id > 0)
            .unwrap_or(self.next_id)
    }

    fn custom_id(&mut self, component: &Value, at: &str, form: &mut Form) -> Option<Value> {
        let path = format!("{at}.custom_id");
        let Some(custom_id) = component["custom_id"].as_str() else {
            form.add(&path, "BASE_TYPE_REQUIRED", "This field is required");
            return None;
        };
        form.length(&path, custom_id, 1, 100);
        if !self.custom_ids.insert(custom_id.to_owned()) {
            form.add(
                &path,
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            );
        }
        Some(custom_id.into())
    }
}

/// Reads the `components` of a message. With `v2`, layouts beyond rows are let through unchecked.
pub(super) fn read_message_rows(rows: &[Value], at: &str, v2: bool, form: &mut Form) -> Vec<Value> {
    let mut seen = Seen::default();
    if !v2 {
        form.count(at, rows.len(), 0, ROWS_MAX);
    }
    let mut read = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let at = format!("{at}.{index}");
        match row["type"].as_u64() {
            Some(ROW) => read.push(read_row(row, &at, &mut seen, form)),
            Some(_) if v2 => {
                let mut row = row.clone();
                row["id"] = seen.id(&row).into();
                read.push(row);
            }
            Some(_) => form.not_a_choice(&format!("{at}.type"), "1"),
            None => form.required(&format!("{at}.type")),
        }
    }
    read
}

fn read_row(row: &Value, at: &str, seen: &mut Seen, form: &mut Form) -> Value {
    let id = seen.id(row);
    let children = row["components"].as_array().map_or(&[][..], Vec::as_slice);
    form.count(&format!("{at}.components"), children.len(), 1, ROWS_MAX);
    let selects = children
        .iter()
        .filter(|child| child["type"] != BUTTON)
        .count();
    if selects > 0 && children.len() > 1 {
        form.add(
            at,
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        );
    }
    let mut read = Vec::new();
    for (index, child) in children.iter().enumerate() {
        let at = format!("{at}.components.{index}");
        match child["type"].as_u64() {
            Some(BUTTON) => read.push(read_button(child, &at, seen, form)),
            Some(STRING_SELECT | 5..=8) => read.push(read_select(child, &at, seen, form)),
            Some(_) => form.not_a_choice(&format!("{at}.type"), "2, 3, 5, 6, 7, 8"),
            None => form.required(&format!("{at}.type")),
        }
    }
    json!({ "type": ROW, "id": id, "components": read })
}

fn read_button(button: &Value, at: &str, seen: &mut Seen, form: &mut Form) -> Value {
    let mut read = Map::new();
    read.insert("type".into(), BUTTON.into());
    read.insert("id".into(), seen.id(button).into());
    let style = button["style"].as_u64().unwrap_or(0);
    read.insert("style".into(), style.into());
    match style {
        1..=4 => {
            if let Some(custom_id) = seen.custom_id(button, at, form) {
                read.insert("custom_id".into(), custom_id);
            }
        }
        5 => match button["url"].as_str() {
            Some(url) => {
                form.length(&format!("{at}.url"), url, 1, 512);
                if button.get("custom_id").is_some_and(Value::is_string) {
                    form.add(
                        at,
                        "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE",
                        "A custom id and url cannot both be specified",
                    );
                }
                read.insert("url".into(), url.into());
            }
            None => form.add(
                &format!("{at}.url"),
                "BUTTON_COMPONENT_URL_REQUIRED",
                "A url is required",
            ),
        },
        6 => copy(button, &["sku_id"], &mut read),
        _ => form.not_a_choice(&format!("{at}.style"), "1, 2, 3, 4, 5, 6"),
    }
    let label = button["label"].as_str().unwrap_or("");
    form.length(&format!("{at}.label"), label, 0, 80);
    if label.is_empty() && !button["emoji"].is_object() && style != 6 {
        form.add(
            at,
            "BUTTON_COMPONENT_INVALID_LABEL_OR_EMOJI",
            "A button must have a label or an emoji",
        );
    }
    if !label.is_empty() {
        read.insert("label".into(), label.into());
    }
    if let Some(emoji) = read_emoji(&button["emoji"]) {
        read.insert("emoji".into(), emoji);
    }
    if button["disabled"] == true {
        read.insert("disabled".into(), true.into());
    }
    Value::Object(read)
}

fn read_select(select: &Value, at: &str, seen: &mut Seen, form: &mut Form) -> Value {
    let mut read = Map::new();
    copy(
        select,
        &["type", "placeholder", "channel_types", "default_values"],
        &mut read,
    );
    read.insert("id".into(), seen.id(select).into());
    if let Some(custom_id) = seen.custom_id(select, at, form) {
        read.insert("custom_id".into(), custom_id);
    }
    form.length(
        &format!("{at}.placeholder"),
        select["placeholder"].as_str().unwrap_or(""),
        0,
        150,
    );
    let min = select["min_values"].as_u64().unwrap_or(1);
    let max = select["max_values"].as_u64().unwrap_or(1);
    if min > 25 || max == 0 || max > 25 || min > max {
        form.add(
            &format!("{at}.max_values"),
            "NUMBER_TYPE_MAX",
            "min_values must not exceed max_values, and neither 25.",
        );
    }
    read.insert("min_values".into(), min.into());
    read.insert("max_values".into(), max.into());
    if select["disabled"] == true {
        read.insert("disabled".into(), true.into());
    }
    if select["type"] == STRING_SELECT {
        let options = read_options(select, at, form);
        if max > options.len() as u64 {
            form.add(
                &format!("{at}.max_values"),
                "SELECT_COMPONENT_MAX_VALUES_EXCEED_OPTIONS",
                "max_values exceeds the number of options",
            );
        }
        read.insert("options".into(), options.into());
    }
    Value::Object(read)
}

fn read_options(select: &Value, at: &str, form: &mut Form) -> Vec<Value> {
    let options = select["options"].as_array().map_or(&[][..], Vec::as_slice);
    form.count(&format!("{at}.options"), options.len(), 1, OPTIONS_MAX);
    let mut values = HashSet::new();
    let mut read = Vec::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}.options.{index}");
        let text = |field: &str| option[field].as_str().unwrap_or("");
        form.length(&format!("{at}.label"), text("label"), 1, 100);
        form.length(&format!("{at}.value"), text("value"), 1, 100);
        form.length(&format!("{at}.description"), text("description"), 0, 100);
        if !values.insert(text("value")) {
            form.add(
                &format!("{at}.value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            );
        }
        let mut shape = Map::new();
        copy(
            option,
            &["label", "value", "description", "default"],
            &mut shape,
        );
        if let Some(emoji) = read_emoji(&option["emoji"]) {
            shape.insert("emoji".into(), emoji);
        }
        read.push(Value::Object(shape));
    }
    read
}

fn read_emoji(emoji: &Value) -> Option<Value> {
    let name = emoji["name"].as_str()?;
    let mut read = Map::from_iter([("name".to_owned(), Value::from(name))]);
    if let Some(id) = super::snowflake::parse(&emoji["id"]) {
        read.insert("id".into(), id.to_string().into());
        read.insert(
            "animated".into(),
            emoji["animated"].as_bool().unwrap_or(false).into(),
        );
    }
    Some(Value::Object(read))
}

/// Copies the fields that are there and not null.
fn copy(from: &Value, fields: &[&str], to: &mut Map<String, Value>) {
    for field in fields {
        if let Some(value) = from.get(*field).filter(|value| !value.is_null()) {
            to.insert((*field).to_owned(), value.clone());
        }
    }
}

/// Checks a modal: title, and one to five rows or labels with one field each.
pub(super) fn check_modal(data: &Value, form: &mut Form) {
    form.length(
        "data.custom_id",
        data["custom_id"].as_str().unwrap_or(""),
        1,
        100,
    );
    form.length("data.title", data["title"].as_str().unwrap_or(""), 1, 45);
    let rows = data["components"].as_array().map_or(&[][..], Vec::as_slice);
    form.count("data.components", rows.len(), 1, ROWS_MAX);
    let mut seen = Seen::default();
    for (index, row) in rows.iter().enumerate() {
        let at = format!("data.components.{index}");
        match row["type"].as_u64() {
            Some(ROW) => {
                let fields = row["components"].as_array().map_or(&[][..], Vec::as_slice);
                form.count(&format!("{at}.components"), fields.len(), 1, 1);
                for field in fields {
                    let at = format!("{at}.components.0");
                    form.length(
                        &format!("{at}.label"),
                        field["label"].as_str().unwrap_or(""),
                        1,
                        45,
                    );
                    check_modal_field(field, &at, &mut seen, form);
                }
            }
            Some(LABEL) => {
                form.length(
                    &format!("{at}.label"),
                    row["label"].as_str().unwrap_or(""),
                    1,
                    45,
                );
                check_modal_field(
                    &row["component"],
                    &format!("{at}.component"),
                    &mut seen,
                    form,
                );
            }
            // A text display among the labels.
            Some(10) => {}
            _ => form.not_a_choice(&format!("{at}.type"), "1, 10, 18"),
        }
    }
}

fn check_modal_field(field: &Value, at: &str, seen: &mut Seen, form: &mut Form) {
    seen.custom_id(field, at, form);
    if field["type"] != TEXT_INPUT {
        return;
    }
    if !matches!(field["style"].as_u64(), Some(1 | 2)) {
        form.not_a_choice(&format!("{at}.style"), "1, 2");
    }
    let limit = |name: &str, least: u64, default: u64, form: &mut Form| match &field[name] {
        Value::Null => default,
        value => value
            .as_u64()
            .filter(|value| (least..=4_000).contains(value))
            .unwrap_or_else(|| {
                form.add(
                    &format!("{at}.{name}"),
                    "NUMBER_TYPE_MAX",
                    "int value should be less than or equal to 4000.",
                );
                default
            }),
    };
    let (min, max) = (
        limit("min_length", 0, 0, form),
        limit("max_length", 1, 4_000, form),
    );
    if min > max {
        form.add(
            &format!("{at}.min_length"),
            "TEXT_INPUT_COMPONENT_MIN_EXCEEDS_MAX",
            "min_length must not exceed max_length",
        );
    }
    form.length(
        &format!("{at}.placeholder"),
        field["placeholder"].as_str().unwrap_or(""),
        0,
        100,
    );
    let value = field["value"].as_str().unwrap_or("");
    let max = usize::try_from(max).unwrap_or(4_000);
    form.length(&format!("{at}.value"), value, 0, max);
}
