//! Asks the gateway itself why a shard has no session.
//!
//! serenity 0.12 takes the closes 4010, 4011 and 4012 for a lost connection, begins the next session
//! five seconds later, for ever, and tells nobody the code. So a session is asked for here, by hand,
//! and the code of the close is read.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use url::Url;

/// Whoever has not said so much by then says nothing.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The code with which the gateway at `address` closes a session of shard `index` of `total`; `None`
/// if it does not close it, or without a code.
pub(super) async fn close_code(
    address: &str,
    token: &SecretString,
    intents: u64,
    (index, total): (u32, u32),
) -> anyhow::Result<Option<u16>> {
    let identify = json!({
        "op": 2,
        "d": {
            "token": token.expose_secret(),
            "intents": intents,
            "shard": [index, total],
            "properties": { "os": "linux", "browser": "timeattack", "device": "timeattack" },
        },
    });
    let dialled = async {
        let mut url = Url::parse(address).context("the gateway's address")?;
        url.set_query(Some("v=10&encoding=json"));
        let host = url.host_str().context("the gateway's host")?.to_owned();
        let port = url.port_or_known_default().context("the gateway's port")?;
        let tcp = TcpStream::connect((host.as_str(), port)).await?;
        match url.scheme() {
            "ws" => converse(client_async(url.as_str(), tcp).await?.0, &identify).await,
            "wss" => {
                let name = ServerName::try_from(host)?;
                let tls = connector()?.connect(name, tcp).await?;
                converse(client_async(url.as_str(), tls).await?.0, &identify).await
            }
            other => bail!("the gateway's address begins with {other}:"),
        }
    };
    tokio::time::timeout(TIMEOUT, dialled)
        .await
        .context("the gateway did not answer in time")?
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
    identify: &Value,
) -> anyhow::Result<Option<u16>> {
    while let Some(frame) = socket.next().await {
        match frame? {
            Message::Text(text) => {
                let payload: Value = serde_json::from_str(&text)?;
                match payload["op"].as_u64() {
                    // HELLO.
                    Some(10) => socket.send(Message::text(identify.to_string())).await?,
                    // READY, or “try again”: it is not closed.
                    Some(0 | 9) => {
                        socket.close(None).await?;
                        return Ok(None);
                    }
                    _ => {}
                }
            }
            Message::Close(frame) => return Ok(frame.map(|frame| frame.code.into())),
            _ => {}
        }
    }
    Ok(None)
}

fn connector() -> anyhow::Result<TlsConnector> {
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
