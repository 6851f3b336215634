//! Asks DNS for texts, as those do who receive mails.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData};
use hickory_resolver::{ResolverBuilder, TokioResolver};

/// Name servers answer within a second or two, also when they have to ask others; whoever runs a
/// check waits no longer than this for all questions, as they are asked at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Name servers, and how long they may take.
pub struct Dns {
    resolver: Result<TokioResolver, NoAnswer>,
    patience: Duration,
}

/// DNS did not say whether there is something: nothing follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer(String);

impl Dns {
    /// The name servers that this machine asks.
    pub fn of_this_machine() -> Self {
        Self::new(TokioResolver::builder_tokio(), PATIENCE)
    }

    /// One name server, which is asked over UDP.
    pub fn at(server: SocketAddr, patience: Duration) -> Self {
        let mut connection = ConnectionConfig::udp();
        connection.port = server.port();
        let server = NameServerConfig::new(server.ip(), true, vec![connection]);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let provider = TokioRuntimeProvider::default();
        Self::new(
            Ok(TokioResolver::builder_with_config(config, provider)),
            patience,
        )
    }

    fn new(
        builder: Result<ResolverBuilder<TokioRuntimeProvider>, NetError>,
        patience: Duration,
    ) -> Self {
        let resolver = builder.and_then(|mut builder| {
            let options = builder.options_mut();
            // So that the second half is left for another server, where the first is silent.
            options.timeout = patience / 2;
            // Keys of 2048 bits leave little room in 512 bytes.
            options.edns0 = true;
            builder.build()
        });
        Self {
            resolver: resolver.map_err(|error| NoAnswer::because(&error)),
            patience,
        }
    }

    /// The TXT records of `name`, each of its strings in one (RFC 7208 §3.3, RFC 6376 §3.6.2.2). A
    /// name that does not exist has none.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let resolver = self.resolver.as_ref().map_err(NoAnswer::clone)?;
        let mut name = Name::from_ascii(name).map_err(|error| NoAnswer::new(error.to_string()))?;
        // Or what /etc/resolv.conf has under `search` is tried behind it.
        name.set_fqdn(true);
        let answer = tokio::time::timeout(self.patience, resolver.txt_lookup(name)).await;
        match answer.unwrap_or(Err(NetError::Timeout)) {
            Ok(found) => {
                let found = found.answers().iter();
                Ok(found.filter_map(|record| text(&record.data)).collect())
            }
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => Ok(Vec::new()),
                code => Err(NoAnswer::because(&DnsError::ResponseCode(code).into())),
            },
            Err(error) => Err(NoAnswer::because(&error)),
        }
    }
}

fn text(data: &RData) -> Option<String> {
    let RData::TXT(text) = data else {
        return None;
    };
    Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned())
}

impl NoAnswer {
    /// With what became of the question.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    fn because(error: &NetError) -> Self {
        Self::new(match error {
            NetError::Timeout => "no answer in time".to_owned(),
            NetError::Dns(DnsError::ResponseCode(code)) => {
                format!("the name server answered “{code}”")
            }
            error => error.to_string(),
        })
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
