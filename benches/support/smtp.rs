//! Mail servers to measure against, and what is measured beside: `smtp-sink` and `smtp-source` of
//! Debian's postfix package, nodemailer, and a server of the bench's own that is 20 ms away.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Connections of whoever sends.
pub const CONNECTIONS: usize = 10;
/// How late the network is.
const LATE: Duration = Duration::from_millis(20);

/// Whether a program can be run.
fn is_there(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    let quiet = command.stderr(Stdio::null()).stdout(Stdio::null());
    quiet.arg(argument).status().is_ok()
}

/// Whether postfix's two programs are there; says so if not.
pub fn is_postfix_there() -> bool {
    let found = is_there("smtp-sink", "-?") && is_there("smtp-source", "-?");
    if !found {
        eprintln!("smtp-sink and smtp-source are not in PATH: apt-get install postfix");
    }
    found
}

/// Mails per second.
pub fn rate(mails: usize, took: Duration) -> f64 {
    let mails = u32::try_from(mails).unwrap_or(u32::MAX);
    f64::from(mails) / took.as_secs_f64()
}

/// What `smtp-source` does with as many connections, one mail after the other on each.
pub fn source(address: SocketAddr, mails: usize, size: usize) -> f64 {
    let begun = Instant::now();
    let status = Command::new("smtp-source")
        .args(["-d", "-s", &CONNECTIONS.to_string()])
        .args(["-m", &mails.to_string(), "-l", &size.to_string()])
        .args(["-f", "news@example.org", "-t", "member@example.org"])
        .arg(format!("inet:{address}"))
        .status();
    assert!(status.expect("smtp-source").success(), "smtp-source");
    rate(mails, begun.elapsed())
}

/// What nodemailer does with as many connections; `None`, and a line that says why, without it.
pub fn nodemailer(address: SocketAddr, mails: usize, image: usize) -> Option<f64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/nodemailer");
    if !folder.join("node_modules/nodemailer").is_dir() || !is_there("node", "--version") {
        println!(
            "         nodemailer: NOT MEASURED; `npm ci` in {}",
            folder.display()
        );
        return None;
    }
    let numbers = [usize::from(address.port()), mails, image, CONNECTIONS];
    let output = Command::new("node")
        .arg(folder.join("send.js"))
        .args(numbers.map(|number| number.to_string()))
        .stderr(Stdio::inherit())
        .output()
        .expect("node");
    assert!(output.status.success(), "nodemailer");
    let text = String::from_utf8(output.stdout).expect("a number");
    Some(text.trim().parse().expect("a number"))
}

/// How busy the machine is: the first of `uptime`'s averages.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Processor time of this process so far: of use where others compute beside it.
pub fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // Behind the name, which may have spaces: the 14th and 15th field of the whole, in hundredths.
    let fields = stat.rsplit(')').next().unwrap_or_default().split(' ');
    let ticks = fields.skip(12).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().expect("a number"))
        .sum::<f64>()
        / 100.0
}

/// The most memory that this process has had, in megabytes.
pub fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.expect("a number").div_ceil(1_024)
}

/// `smtp-sink`, running. Dropping it ends it.
pub struct Sink {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Sink {
    /// Starts one; returns when it listens.
    pub fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let mut command = Command::new("smtp-sink");
        // As root it wants to become somebody else.
        let id = Command::new("id").arg("-u").output();
        if id.is_ok_and(|id| id.stdout == b"0\n") {
            command.args(["-u", "nobody"]);
        }
        let listening = command.arg(format!("inet:{address}")).arg("1000");
        let child = listening.spawn().expect("smtp-sink");
        while std::net::TcpStream::connect(address).is_err() {
            std::thread::yield_now();
        }
        Self { child, address }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Both fail only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server 20 ms away, which takes commands that come together. It ends with the runtime.
pub async fn late() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_late(stream));
        }
    });
    address
}

/// Each answer leaves 20 ms after its command came; commands that come together are answered
/// together. The network is late, not the server slow.
async fn answer_late(stream: tokio::net::TcpStream) {
    stream.set_nodelay(true).expect("a socket");
    let (mut reader, mut writer) = stream.into_split();
    let (answers, mut due) = tokio::sync::mpsc::unbounded_channel::<(Instant, &'static str)>();
    tokio::spawn(async move {
        while let Some((at, answer)) = due.recv().await {
            tokio::time::sleep_until(at.into()).await;
            if writer.write_all(answer.as_bytes()).await.is_err() {
                break;
            }
        }
    });
    let say = |answer| answers.send((Instant::now() + LATE, answer)).is_ok();
    say("220 late.example\r\n");
    let (mut buffer, mut in_mail) = (Vec::with_capacity(65_536), false);
    while reader
        .read_buf(&mut buffer)
        .await
        .is_ok_and(|read| read > 0)
    {
        loop {
            let end: &[u8] = if in_mail { b"\r\n.\r\n" } else { b"\r\n" };
            let found = buffer.windows(end.len()).position(|window| window == end);
            let Some(at) = found else {
                break;
            };
            let line: Vec<u8> = buffer.drain(..at + end.len()).collect();
            let answer = match line.get(..4) {
                _ if in_mail => "250 Ok\r\n",
                Some(b"EHLO") => "250-late.example\r\n250 PIPELINING\r\n",
                Some(b"DATA") => "354 Go on\r\n",
                Some(b"QUIT") => "221 Bye\r\n",
                _ => "250 Ok\r\n",
            };
            in_mail = answer.starts_with("354");
            say(answer);
        }
    }
}
