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

/// `200` if the database answers and takes what is to be stored, and the gateway is connected, else
/// `503`; which of them, in JSON.
pub(super) async fn ready(State(front): State<Arc<Front>>) -> (StatusCode, Json<Value>) {
    let asked = tokio::time::timeout(DATABASE, front.app.db.is_reachable());
    let database = match asked.await {
        Ok(true) if front.app.db.is_storing() => Ok(()),
        Ok(true) => Err("cannot be written"),
        Ok(false) | Err(_) => Err("unreachable"),
    };
    let gateway = Some(())
        .filter(|()| *front.connected.borrow())
        .ok_or("not connected");
    let status = if database.is_ok() && gateway.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let said = |state: Result<(), &'static str>| Value::from(state.err().unwrap_or("ok"));
    let body = json!({ "database": said(database), "gateway": said(gateway) });
    (status, Json(body))
}
