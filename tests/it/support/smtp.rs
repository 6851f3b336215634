//! A mail server that does as it is told, and remembers what was said to it.
//!
//! It accepts everything until a test gives it something else to do at a point of the dialogue:
//! [`SmtpServer::at`] puts an [`Act`] down for the next time that point is reached, on whatever
//! connection.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A point of the dialogue, named by what was just said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// A kilobyte of the mail has come.
    Body,
    /// The final dot has come.
    End,
    Rset,
    Noop,
    Quit,
}

impl At {
    /// In the order of a dialogue with one mail.
    pub const DIALOGUE: [Self; 7] = [
        Self::Greeting,
        Self::Ehlo,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Body,
        Self::End,
    ];
}

/// What is done instead of what is usual.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answers this; more lines by `\n`.
    Say(String),
    /// Answers these very bytes.
    Raw(Vec<u8>),
    /// Answers this one byte at a time.
    Drip(String),
    /// Answers this, if it is anything, closes for its part, and reads on for as long as it is written to.
    SayAndClose(String),
    /// Closes.
    Close,
    /// Answers nothing for as long as the test lasts.
    Hang,
    /// What is usual, once the test says so.
    Await(Arc<Notify>),
    /// What is usual, this time.
    Usual,
}

/// A mail that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    pub from: String,
    pub to: Vec<String>,
    /// Without the doubled dots and the end.
    pub mail: Vec<u8>,
}

#[derive(Clone)]
pub struct SmtpServer {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Counts what was reached.
    changed: watch::Sender<u64>,
    tls: Mutex<Tls>,
}

struct Tls {
    acceptor: TlsAcceptor,
    certificate: tokio_rustls::rustls::pki_types::CertificateDer<'static>,
    is_wrapped: bool,
}

#[derive(Default)]
struct State {
    offers: Vec<String>,
    acts: HashMap<At, VecDeque<Act>>,
    reached: HashMap<At, usize>,
    /// What was said on each connection.
    sessions: Vec<Vec<String>>,
    delivered: Vec<Delivered>,
    login: Option<(String, String)>,
    /// Answers to DATA with 354 even if there is nobody to deliver to.
    takes_mails_for_nobody: bool,
    /// Commands that had come before the one before them was answered.
    unasked: usize,
    encrypted: usize,
    open: usize,
    most_open: usize,
}

impl SmtpServer {
    /// With PIPELINING, 8BITMIME and SIZE.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: watch::Sender::new(0),
            tls: Mutex::new(Tls::new("localhost")),
        });
        let server = Self { address, shared };
        server.offering(&["PIPELINING", "8BITMIME", "SIZE 30000000"]);
        let shared = Arc::clone(&server.shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Answers do not wait for each other, as they do not in a real server.
                stream.set_nodelay(true).expect("a socket");
                tokio::spawn(serve(Arc::clone(&shared), stream));
            }
        });
        server
    }

    pub fn offering(&self, offers: &[&str]) {
        self.state().offers = offers.iter().map(ToString::to_string).collect();
    }

    /// TLS from the first byte.
    pub fn wrapped(&self) {
        self.shared.tls.lock().unwrap().is_wrapped = true;
    }

    /// A certificate for another name.
    pub fn certified_for(&self, name: &str) {
        let mut tls = self.shared.tls.lock().unwrap();
        *tls = Tls {
            is_wrapped: tls.is_wrapped,
            ..Tls::new(name)
        };
    }

    /// What a client must trust to believe it.
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let certificate = self.shared.tls.lock().unwrap().certificate.clone();
        roots.add(certificate).unwrap();
        roots
    }

    pub fn knowing(&self, user: &str, password: &str) {
        self.state().login = Some((user.to_owned(), password.to_owned()));
    }

    pub fn takes_mails_for_nobody(&self) {
        self.state().takes_mails_for_nobody = true;
    }

    /// The next time this point is reached.
    pub fn at(&self, at: At, act: Act) {
        self.state().acts.entry(at).or_default().push_back(act);
    }

    /// From now on it answers as it does by itself.
    pub fn heals(&self) {
        self.state().acts.clear();
    }

    pub fn says(&self, at: At, reply: &str) {
        self.at(at, Act::Say(reply.to_owned()));
    }

    /// Waits until a point was reached so often.
    pub async fn reached(&self, at: At, times: usize) {
        let mut changes = self.shared.changed.subscribe();
        let enough = |_: &u64| self.state().reached.get(&at).copied().unwrap_or(0) >= times;
        changes.wait_for(enough).await.unwrap();
    }

    pub fn delivered(&self) -> Vec<Delivered> {
        self.state().delivered.clone()
    }

    /// What was said on each connection, in lines; mails left out.
    pub fn sessions(&self) -> Vec<Vec<String>> {
        self.state().sessions.clone()
    }

    /// Commands that came without waiting for the answer to the one before.
    pub fn unasked(&self) -> usize {
        self.state().unasked
    }

    pub fn encrypted(&self) -> usize {
        self.state().encrypted
    }

    pub fn most_open(&self) -> usize {
        self.state().most_open
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

impl Tls {
    fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned(), "127.0.0.1".to_owned()]);
        let made = if name == "localhost" {
            made.unwrap()
        } else {
            rcgen::generate_simple_self_signed([name.to_owned()]).unwrap()
        };
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate,
            is_wrapped: false,
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

struct Session {
    shared: Arc<Shared>,
    stream: Box<dyn Duplex>,
    buffer: Vec<u8>,
    /// How much of it was read as lines.
    taken: usize,
    number: usize,
    from: Option<String>,
    to: Vec<String>,
}

/// The connection ends.
struct End;

async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let number = {
        let mut state = shared.state.lock().unwrap();
        state.sessions.push(Vec::new());
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        state.sessions.len() - 1
    };
    let mut session = Session {
        shared: Arc::clone(&shared),
        stream: Box::new(stream),
        buffer: Vec::new(),
        taken: 0,
        number,
        from: None,
        to: Vec::new(),
    };
    let _ = session.talk().await;
    drop(session);
    shared.state.lock().unwrap().open -= 1;
}

impl Session {
    async fn talk(&mut self) -> Result<(), End> {
        if self.shared.tls.lock().unwrap().is_wrapped {
            self.encrypt().await?;
        }
        self.answer(At::Greeting, "220 mail.example").await?;
        loop {
            let line = self.line().await?;
            let upper = line.to_ascii_uppercase();
            let verb = upper
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_owned();
            match verb.as_str() {
                "EHLO" => {
                    let offers = self.state().offers.clone();
                    let lines = std::iter::once("mail.example".to_owned()).chain(offers);
                    let text = lines.collect::<Vec<_>>().join("\n250 ");
                    self.answer(At::Ehlo, &format!("250 {text}")).await?;
                }
                "HELO" => drop(self.answer(At::Helo, "250 mail.example").await?),
                "STARTTLS" => {
                    if self.answer(At::StartTls, "220 Go on").await? == 220 {
                        self.encrypt().await?;
                    }
                }
                "AUTH" => self.log_in(&line).await?,
                "MAIL" => {
                    let usual = if self.from.is_some() {
                        "503 5.5.1 Nested MAIL"
                    } else {
                        "250 2.1.0 Ok"
                    };
                    if self.answer(At::Mail, usual).await? == 250 {
                        self.from = Some(path(&line));
                    }
                }
                "RCPT" => {
                    let usual = match self.from {
                        Some(_) => "250 2.1.5 Ok",
                        None => "503 5.5.1 Need MAIL",
                    };
                    if self.answer(At::Rcpt, usual).await? == 250 {
                        self.to.push(path(&line));
                    }
                }
                "DATA" => self.data().await?,
                "RSET" => {
                    (self.from, self.to) = (None, Vec::new());
                    self.answer(At::Rset, "250 2.0.0 Ok").await?;
                }
                "NOOP" => drop(self.answer(At::Noop, "250 2.0.0 Ok").await?),
                "QUIT" => {
                    self.answer(At::Quit, "221 2.0.0 Bye").await?;
                    return Err(End);
                }
                _ => drop(self.answer(At::Helo, "500 5.5.2 What?").await?),
            }
        }
    }

    async fn log_in(&mut self, line: &str) -> Result<(), End> {
        let encode = |text: &str| {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(text)
        };
        let Some((user, password)) = self.state().login.clone() else {
            self.answer(At::Auth, "503 5.5.1 No login here").await?;
            return Ok(());
        };
        let is_right = if line == "AUTH LOGIN" {
            self.write(b"334 VXNlcm5hbWU6\r\n").await?;
            let told_user = self.line().await?;
            self.write(b"334 UGFzc3dvcmQ6\r\n").await?;
            let told_password = self.line().await?;
            told_user == encode(&user) && told_password == encode(&password)
        } else {
            let plain = encode(&format!("\0{user}\0{password}"));
            line == format!("AUTH PLAIN {plain}")
        };
        let usual = if is_right {
            "235 2.7.0 Welcome"
        } else {
            "535 5.7.8 Wrong"
        };
        self.answer(At::Auth, usual).await.map(drop)
    }

    async fn data(&mut self) -> Result<(), End> {
        let for_nobody = self.state().takes_mails_for_nobody;
        let usual = if self.to.is_empty() && !for_nobody {
            "503 5.5.1 Need RCPT"
        } else {
            "354 Go on"
        };
        if self.answer(At::Data, usual).await? != 354 {
            return Ok(());
        }
        let mut mail = Vec::new();
        let mut is_begun = false;
        loop {
            let line = self.raw_line().await?;
            if line == b".\r\n" {
                break;
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            mail.extend_from_slice(line);
            if mail.len() >= 1_024 && !is_begun {
                is_begun = true;
                self.act_silently(At::Body).await?;
            }
        }
        let (from, to) = (self.from.take(), std::mem::take(&mut self.to));
        let usual = if to.is_empty() {
            "554 5.5.1 No valid recipients".to_owned()
        } else {
            format!("250 Ok 0102-{}", self.state().delivered.len())
        };
        let act = self.reach(At::End);
        // Whoever closes without a word, or hangs, has taken it: that is what makes it ambiguous.
        let refuses =
            matches!(&act, Act::Say(reply) | Act::SayAndClose(reply) if !reply.starts_with('2'));
        if !to.is_empty() && !refuses {
            self.state().delivered.push(Delivered {
                from: from.unwrap_or_default(),
                to,
                mail,
            });
        }
        self.perform(act, &usual).await.map(drop)
    }

    async fn encrypt(&mut self) -> Result<(), End> {
        let acceptor = self.shared.tls.lock().unwrap().acceptor.clone();
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        let stream = acceptor.accept(plain).await.map_err(|_| End)?;
        self.stream = Box::new(stream);
        self.state().encrypted += 1;
        Ok(())
    }

    /// A point is reached: what is to be done there?
    fn reach(&self, at: At) -> Act {
        let act = {
            let mut state = self.state();
            *state.reached.entry(at).or_default() += 1;
            let act = state.acts.get_mut(&at).and_then(VecDeque::pop_front);
            act.unwrap_or(Act::Usual)
        };
        self.shared.changed.send_modify(|count| *count += 1);
        act
    }

    /// The code that was answered.
    async fn answer(&mut self, at: At, usual: &str) -> Result<u16, End> {
        let act = self.reach(at);
        self.perform(act, usual).await
    }

    async fn act_silently(&mut self, at: At) -> Result<(), End> {
        match self.reach(at) {
            Act::Usual => Ok(()),
            act => self.perform(act, "").await.map(drop),
        }
    }

    async fn perform(&mut self, act: Act, usual: &str) -> Result<u16, End> {
        let said = match act {
            Act::Usual => usual.to_owned(),
            Act::Say(reply) => reply,
            Act::Raw(bytes) => {
                self.write(&bytes).await?;
                return Ok(0);
            }
            Act::Drip(reply) => {
                for byte in wire(&reply) {
                    self.write(&[byte]).await?;
                    tokio::task::yield_now().await;
                }
                return Ok(code(&reply));
            }
            Act::SayAndClose(reply) => {
                if !reply.is_empty() {
                    self.write(&wire(&reply)).await?;
                }
                // With what was not read, the system would reset the connection, and what was said
                // would be lost on the way.
                self.stream.shutdown().await.map_err(|_| End)?;
                let mut rest = Vec::new();
                let _ = self.stream.read_to_end(&mut rest).await;
                return Err(End);
            }
            Act::Close => return Err(End),
            Act::Hang => std::future::pending().await,
            Act::Await(go) => {
                go.notified().await;
                usual.to_owned()
            }
        };
        self.write(&wire(&said)).await?;
        Ok(code(&said))
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.stream.write_all(bytes).await.map_err(|_| End)?;
        self.stream.flush().await.map_err(|_| End)
    }

    async fn line(&mut self) -> Result<String, End> {
        // What lies here already came before the last answer was given.
        if memchr::memchr(b'\n', &self.buffer[self.taken..]).is_some() {
            self.state().unasked += 1;
        }
        let line = self.raw_line().await?;
        let line = String::from_utf8(line).unwrap();
        let line = line.trim_end_matches("\r\n").to_owned();
        assert!(!line.contains(['\r', '\n']), "a bare line break: {line:?}");
        self.state().sessions[self.number].push(line.clone());
        Ok(line)
    }

    async fn raw_line(&mut self) -> Result<Vec<u8>, End> {
        loop {
            let rest = &self.buffer[self.taken..];
            if let Some(end) = memchr::memchr(b'\n', rest) {
                let line = rest[..=end].to_vec();
                self.taken += line.len();
                return Ok(line);
            }
            // Here and not after each line: of a long mail most would be moved again and again.
            self.buffer.drain(..std::mem::take(&mut self.taken));
            // Room for what was sent together to come together.
            self.buffer.reserve(65_536);
            let read = self.stream.read_buf(&mut self.buffer).await;
            if read.map_err(|_| End)? == 0 {
                return Err(End);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

/// `<…>`.
fn path(line: &str) -> String {
    let inside = line
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inside.unwrap().0.to_owned()
}

fn code(reply: &str) -> u16 {
    reply
        .get(..3)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0)
}

/// Each line but the last with a hyphen behind its code.
fn wire(reply: &str) -> Vec<u8> {
    let lines: Vec<_> = reply.split('\n').collect();
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        if number + 1 == lines.len() {
            out += line;
        } else {
            out += &line.replacen(' ', "-", 1);
        }
        out += "\r\n";
    }
    out.into_bytes()
}
