//! Discord's errors: an HTTP status and `{message, code, errors?}`.
//!
//! Source: Discord's reference, “Opcodes and Status Codes” (JSON error codes) and “Reference”
//! (error messages). [`Form`] collects what is wrong with a body into the `errors` tree.

use serde_json::{Map, Value, json};

/// What a route answers when it refuses.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) errors: Option<Value>,
}

impl ApiError {
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            errors: None,
        }
    }

    /// 404, code 0: no such route.
    pub(super) fn unknown_route() -> Self {
        Self::new(404, 0, "404: Not Found")
    }

    /// 401, code 0: the `Authorization` header is missing or wrong.
    pub(super) fn unauthorized() -> Self {
        Self::new(401, 0, "401: Unauthorized")
    }

    /// The error that Discord documents under `code`, for the codes this room answers with.
    pub(super) fn code(code: u32) -> Self {
        let (status, message) = match code {
            10_002 => (404, "Unknown Application"),
            10_003 => (404, "Unknown Channel"),
            10_004 => (404, "Unknown Guild"),
            10_007 => (404, "Unknown Member"),
            10_008 => (404, "Unknown Message"),
            10_011 => (404, "Unknown Role"),
            10_013 => (404, "Unknown User"),
            10_015 => (404, "Unknown Webhook"),
            10_062 => (404, "Unknown interaction"),
            10_063 => (404, "Unknown application command"),
            20_012 => (
                403,
                "You are not authorized to perform this action on this application",
            ),
            30_032 => (400, "Maximum number of application commands reached (100)"),
            40_003 => (403, "You are opening direct messages too fast"),
            40_005 => (413, "Request entity too large"),
            40_060 => (400, "Interaction has already been acknowledged."),
            50_001 => (403, "Missing Access"),
            50_005 => (403, "Cannot edit a message authored by another user"),
            50_006 => (400, "Cannot send an empty message"),
            50_007 => (403, "Cannot send messages to this user"),
            50_008 => (400, "Cannot send messages in a non-text channel"),
            50_013 => (403, "Missing Permissions"),
            50_027 => (401, "Invalid Webhook Token"),
            50_033 => (400, "Invalid Recipient(s)"),
            50_083 => (400, "Thread is archived"),
            50_109 => (400, "The request body contains invalid JSON."),
            50_278 => (
                403,
                "Cannot send messages to this user due to having no mutual guilds",
            ),
            160_002 => (
                400,
                "Cannot reply without permission to read message history",
            ),
            _ => (500, "Internal Server Error"),
        };
        Self::new(status, code, message)
    }

    /// The body as Discord writes it.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({ "message": self.message, "code": self.code });
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}

/// What is wrong with a body, field by field.
///
/// Paths are written with dots (`embeds.0.title`), and become Discord's tree of objects whose
/// leaves are `{"_errors": [{code, message}]}`.
#[derive(Debug, Default)]
pub(super) struct Form {
    found: Vec<(String, &'static str, String)>,
}

impl Form {
    pub(super) fn add(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.found.push((path.to_owned(), code, message.into()));
    }

    /// The field is missing.
    pub(super) fn required(&mut self, path: &str) {
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    /// The text has to be `min..=max` characters long. (Discord counts code points.)
    pub(super) fn length(&mut self, path: &str, text: &str, min: usize, max: usize) {
        let length = text.chars().count();
        if length < min && length == 0 {
            self.required(path);
        } else if length > max && min == 0 {
            let message = format!("Must be {max} or fewer in length.");
            self.add(path, "BASE_TYPE_MAX_LENGTH", message);
        } else if length < min || length > max {
            let message = format!("Must be between {min} and {max} in length.");
            self.add(path, "BASE_TYPE_BAD_LENGTH", message);
        }
    }

    /// The list has to have `min..=max` items.
    pub(super) fn count(&mut self, path: &str, items: usize, min: usize, max: usize) {
        if items > max && min == 0 {
            let message = format!("Must be {max} or fewer in length.");
            self.add(path, "BASE_TYPE_MAX_LENGTH", message);
        } else if items < min || items > max {
            let message = format!("Must be between {min} and {max} in length.");
            self.add(path, "BASE_TYPE_BAD_LENGTH", message);
        }
    }

    /// The field has another type than `expected`.
    pub(super) fn wrong_type(&mut self, path: &str, expected: &str) {
        let message = format!("Value must be of type {expected}.");
        self.add(path, "BASE_TYPE_BAD_TYPE", message);
    }

    /// The value is none of those allowed.
    pub(super) fn not_a_choice(&mut self, path: &str, allowed: &str) {
        let message = format!("Value must be one of {{{allowed}}}.");
        self.add(path, "BASE_TYPE_CHOICES", message);
    }

    /// Nothing wrong, or 400 “Invalid Form Body” (50035) with the tree.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.found.is_empty() {
            return Ok(());
        }
        let mut tree = Value::Object(Map::new());
        for (path, code, message) in self.found {
            let mut node = &mut tree;
            for step in path.split('.').filter(|step| !step.is_empty()) {
                node = &mut node[step];
            }
            let error = json!({ "code": code, "message": message });
            match node["_errors"].as_array_mut() {
                Some(errors) => errors.push(error),
                None => node["_errors"] = json!([error]),
            }
        }
        let mut error = ApiError::new(400, 50_035, "Invalid Form Body");
        error.errors = Some(tree);
        Err(error)
    }
}

/// One wrong field, at once.
pub(super) fn invalid(path: &str, code: &'static str, message: &str) -> ApiError {
    let mut form = Form::default();
    form.add(path, code, message);
    match form.finish() {
        Err(error) => error,
        Ok(()) => ApiError::new(400, 50_035, "Invalid Form Body"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_fields_become_discords_tree() {
        let mut form = Form::default();
        form.length("embeds.0.title", &"x".repeat(300), 0, 256);
        form.required("content");
        let body = form.finish().unwrap_err().body();
        assert_eq!(body["code"], 50_035);
        let error = &body["errors"]["embeds"]["0"]["title"]["_errors"][0];
        assert_eq!(error["code"], "BASE_TYPE_MAX_LENGTH");
        assert_eq!(
            body["errors"]["content"]["_errors"][0]["code"],
            "BASE_TYPE_REQUIRED"
        );
    }
}
