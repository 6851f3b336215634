//! Bytes to and from a server: plain or in TLS, within limits of time and size.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::clock::Clock;
use crate::mailer::reply::Reply;

/// Octets of a reply's line with its CRLF (RFC 5321 §4.5.3.1.5).
const LONGEST_LINE: usize = 512;
/// Lines of a reply: the longest EHLO there is has twenty.
const MOST_LINES: usize = 100;
/// What is read at once. Many replies fit, and a server that floods fills no more than this.
const READ: usize = 4_096;

/// The connection cannot be used any more, and why.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) why: String,
}

impl Lost {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }

    fn io(error: &io::Error) -> Self {
        Self::new(format!(
            "the connection to the mail server was lost ({error})"
        ))
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// While the one becomes the other.
    Neither,
}

/// A connection as bytes and replies.
pub(super) struct Wire {
    stream: Stream,
    clock: Clock,
    /// What was read and not used yet is from `used` on.
    buffer: Vec<u8>,
    used: usize,
}

impl Wire {
    /// Connects, and sends what is written at once: a small mail that waits for Nagle's algorithm
    /// waits for the server's delayed acknowledgement, 40 ms.
    pub(super) async fn connect(
        host: &str,
        port: u16,
        clock: &Clock,
        limit_ms: i64,
    ) -> Result<Self, Lost> {
        let connect = async {
            let stream = TcpStream::connect((host, port)).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let stream: io::Result<TcpStream> = within(clock, limit_ms, connect).await?;
        let stream = stream.map_err(|error| {
            Lost::new(format!("the mail server could not be reached ({error})"))
        })?;
        Ok(Self {
            stream: Stream::Plain(stream),
            clock: clock.clone(),
            buffer: Vec::with_capacity(READ),
            used: 0,
        })
    }

    /// Goes on in TLS.
    pub(super) async fn encrypt(
        &mut self,
        host: &str,
        config: &Arc<ClientConfig>,
        limit_ms: i64,
    ) -> Result<(), Lost> {
        // What came in the clear behind the server's go-ahead was put there by somebody between,
        // and would be taken for the server's own words inside.
        if self.used < self.buffer.len() {
            return Err(Lost::new(
                "the mail server sent more than its answer to STARTTLS",
            ));
        }
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Lost::new("the mail server's name isn't valid in a certificate"))?;
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::Neither) else {
            return Err(Lost::new("the connection is encrypted already"));
        };
        let connector = TlsConnector::from(Arc::clone(config));
        let encrypted = within(&self.clock, limit_ms, connector.connect(name, stream)).await?;
        let encrypted = encrypted.map_err(|error| {
            Lost::new(format!(
                "the TLS connection to the mail server failed ({error})"
            ))
        })?;
        self.stream = Stream::Tls(Box::new(encrypted));
        Ok(())
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// This side's address, as EHLO takes it in place of a name (RFC 5321 §4.1.3).
    pub(super) fn own_address(&self) -> String {
        let stream = match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream.get_ref().0,
            Stream::Neither => return "[127.0.0.1]".into(),
        };
        match stream.local_addr().map(|address| address.ip()) {
            Ok(std::net::IpAddr::V6(address)) => format!("[IPv6:{address}]"),
            Ok(address) => format!("[{address}]"),
            Err(_) => "[127.0.0.1]".into(),
        }
    }

    /// Writes all of `bytes`; each part must be gone within the limit. After an error `Err` has how
    /// many bytes may have gone.
    pub(super) async fn write(&mut self, bytes: &[u8], limit_ms: i64) -> Result<(), (usize, Lost)> {
        let mut written = 0;
        while written < bytes.len() {
            let stream = &mut self.stream;
            let rest = &bytes[written..];
            let write = async {
                match stream {
                    Stream::Plain(stream) => stream.write(rest).await,
                    Stream::Tls(stream) => stream.write(rest).await,
                    Stream::Neither => Err(io::ErrorKind::NotConnected.into()),
                }
            };
            match within(&self.clock, limit_ms, write).await {
                Ok(Ok(0)) => {
                    let why = "the connection to the mail server was closed";
                    return Err((written, Lost::new(why)));
                }
                Ok(Ok(more)) => written += more,
                Ok(Err(error)) => return Err((written, Lost::io(&error))),
                Err(late) => return Err((written, late)),
            }
        }
        let Stream::Tls(stream) = &mut self.stream else {
            return Ok(());
        };
        let flushed = within(&self.clock, limit_ms, stream.flush()).await;
        match flushed {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err((written, Lost::io(&error))),
            Err(late) => Err((written, late)),
        }
    }

    /// The server's next reply, the whole of it within the limit.
    pub(super) async fn reply(&mut self, limit_ms: i64) -> Result<Reply, Lost> {
        let (code, lines) = self.reply_lines(limit_ms).await?;
        Ok(Reply::new(code, &lines))
    }

    /// The same with all its lines, as EHLO's answer is read.
    pub(super) async fn reply_lines(&mut self, limit_ms: i64) -> Result<(u16, String), Lost> {
        let clock = self.clock.clone();
        within(&clock, limit_ms, self.read_reply()).await?
    }

    async fn read_reply(&mut self) -> Result<(u16, String), Lost> {
        let mut text = String::new();
        let mut first_code = None;
        for _ in 0..MOST_LINES {
            let line = self.line().await?;
            let (code, is_last, rest) = parse_line(&line)?;
            if *first_code.get_or_insert(code) != code {
                return Err(Lost::new("the mail server answered with two codes at once"));
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text += &rest;
            if is_last {
                return Ok((code, text));
            }
        }
        Err(Lost::new("the mail server's answer does not end"))
    }

    async fn line(&mut self) -> Result<Vec<u8>, Lost> {
        loop {
            let unused = &self.buffer[self.used..];
            if let Some(end) = memchr::memchr(b'\n', unused) {
                let line = unused[..end].to_vec();
                self.used += end + 1;
                if line.len() >= LONGEST_LINE {
                    return Err(Lost::new("the mail server's answer has too long a line"));
                }
                return Ok(line);
            }
            if unused.len() >= LONGEST_LINE {
                return Err(Lost::new("the mail server's answer has too long a line"));
            }
            self.buffer.drain(..self.used);
            self.used = 0;
            self.buffer.reserve(READ);
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read_buf(&mut self.buffer).await,
                Stream::Tls(stream) => stream.read_buf(&mut self.buffer).await,
                Stream::Neither => Err(io::ErrorKind::NotConnected.into()),
            };
            if read.map_err(|error| Lost::io(&error))? == 0 {
                return Err(Lost::new("the mail server closed the connection"));
            }
        }
    }

    /// Ends an encryption as TLS wants it; the rest is the system's business.
    pub(super) async fn shutdown(&mut self, limit_ms: i64) {
        if let Stream::Tls(stream) = &mut self.stream {
            let _ = within(&self.clock, limit_ms, stream.shutdown()).await;
        }
    }
}

/// `work`, if it is done within `limit_ms`.
async fn within<T>(clock: &Clock, limit_ms: i64, work: impl Future<Output = T>) -> Result<T, Lost> {
    tokio::select! {
        // What is there already is not late, and needs no timer.
        biased;
        done = work => Ok(done),
        () = clock.sleep_ms(limit_ms) => Err(Lost::new("the mail server did not answer in time")),
    }
}

/// The replies in `bytes`, up to the first that is none, as [`fuzzing`](crate::fuzzing) reads them.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn replies(bytes: &[u8]) -> Vec<Reply> {
    let mut replies = Vec::new();
    let mut text = String::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok((code, is_last, rest)) = parse_line(line) else {
            break;
        };
        text += &rest;
        if is_last {
            replies.push(Reply::new(code, &text));
            text.clear();
        } else {
            text.push('\n');
        }
    }
    replies
}

/// The code, whether it is the reply's last line, and its text.
fn parse_line(line: &[u8]) -> Result<(u16, bool, String), Lost> {
    let wrong = || Lost::new("the mail server's answer isn't SMTP");
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (code, rest) = line.split_at_checked(3).ok_or_else(wrong)?;
    let is_code = code.iter().all(u8::is_ascii_digit) && (b'2'..=b'5').contains(&code[0]);
    if !is_code {
        return Err(wrong());
    }
    let code = code
        .iter()
        .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let is_last = match rest.first() {
        Some(b' ') | None => true,
        Some(b'-') => false,
        Some(_) => return Err(wrong()),
    };
    let text = String::from_utf8_lossy(rest.get(1..).unwrap_or_default());
    Ok((code, is_last, text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_replies_are_read() {
        let read = |line: &str| parse_line(line.as_bytes()).ok();
        assert_eq!(read("250 Ok\r"), Some((250, true, "Ok".into())));
        assert_eq!(read("250-SIZE"), Some((250, false, "SIZE".into())));
        assert_eq!(read("250"), Some((250, true, String::new())));
        for line in [
            "", "2", "25", "2x0 a", "150 a", "650 a", "2500 a", "250_a", "가나",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
        let (_, _, text) = parse_line(b"550 \xff\xfe").unwrap();
        assert_eq!(text, "\u{fffd}\u{fffd}");
    }
}
