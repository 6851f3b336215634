//! Whether the process is there, and whether it can do its work.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Front;

/// A database that takes longer is not ready for anybody.
const DATABASE: Duration = Duration::from_secs(2);

/// `200`, as long as there is a process that answers.
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// `200` if the database answers and the gateway is connected, else `503`; which of them, in JSON.
pub(super) async fn ready(State(front): State<Arc<Front>>) -> (StatusCode, Json<Value>) {
    let asked = tokio::time::timeout(DATABASE, front.app.db.is_reachable());
    let database = asked.await.unwrap_or(false);
    let gateway = *front.connected.borrow();
    let status = if database && gateway {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let said = |is_well: bool, ill: &str| Value::from(if is_well { "ok" } else { ill });
    let body = json!({
        "database": said(database, "unreachable"),
        "gateway": said(gateway, "not connected"),
    });
    (status, Json(body))
}
