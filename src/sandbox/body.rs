//! Reads a request's body: JSON, or a form with `payload_json` and `files[n]`.
//!
//! Source: Discord's reference, “Uploading Files”.

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;

use super::error::ApiError;

/// Bytes of one file in a server without boosts, to begin with.
pub(super) const FILE_MAX: usize = 10 * 1024 * 1024;
/// Bytes of a whole request of the bot's, whatever its files may have each (Discord's reference,
/// “Create Message”).
const REQUEST_MAX: usize = 25 * 1024 * 1024;

/// How many bytes are taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// Of one file.
    pub(super) file: usize,
    /// Of all that is in a request.
    pub(super) whole: usize,
}

impl Most {
    /// Of a request of the bot's, whose files may have so many each.
    pub(super) fn of_bot(file: usize) -> Self {
        let whole = REQUEST_MAX;
        Self { file, whole }
    }
}

/// What came with a request.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// The JSON, or `null` when there is no body.
    pub(super) payload: Value,
    pub(super) files: Vec<File>,
}

/// One uploaded file.
#[derive(Debug)]
pub(super) struct File {
    /// The `n` of `files[n]`.
    pub(super) index: Option<u64>,
    pub(super) filename: String,
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

impl Body {
    pub(super) async fn read(request: Request<HttpBody>, most: Most) -> Result<Self, ApiError> {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if content_type.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            return Self::read_form(request, most).await;
        }
        let bytes = axum::body::to_bytes(request.into_body(), most.whole).await;
        let bytes = bytes.map_err(|_| ApiError::code(40_005))?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let payload = serde_json::from_slice(&bytes).map_err(|_| ApiError::code(50_109))?;
        Ok(Self {
            payload,
            files: Vec::new(),
        })
    }

    async fn read_form(request: Request<HttpBody>, most: Most) -> Result<Self, ApiError> {
        let malformed = || ApiError::code(50_109);
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|_| malformed())?;
        let mut body = Self {
            payload: Value::Object(serde_json::Map::new()),
            files: Vec::new(),
        };
        let mut whole = 0;
        while let Some(field) = form.next_field().await.map_err(|_| malformed())? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "payload_json" {
                let text = field.bytes().await.map_err(|_| malformed())?;
                body.payload = serde_json::from_slice(&text).map_err(|_| malformed())?;
            } else if let Some(filename) = field.file_name().map(str::to_owned) {
                let content_type = field
                    .content_type()
                    .unwrap_or("application/octet-stream")
                    .to_owned();
                let bytes = field.bytes().await.map_err(|_| ApiError::code(40_005))?;
                whole += bytes.len();
                if bytes.len() > most.file || whole > most.whole {
                    return Err(ApiError::code(40_005));
                }
                let digits: String = name.chars().filter(char::is_ascii_digit).collect();
                body.files.push(File {
                    index: digits.parse().ok(),
                    filename,
                    content_type,
                    bytes,
                });
            } else {
                let text = field.text().await.map_err(|_| malformed())?;
                let fields = body.payload.as_object_mut().ok_or_else(malformed)?;
                fields.insert(name, text.into());
            }
        }
        Ok(body)
    }
}
