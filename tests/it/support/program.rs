//! The program as hosts run it: a process of its own, which a test can kill as `kill -9` does.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// More than the program may take to end: a test that waits for longer fails and shows the log.
const LONGEST_END: Duration = Duration::from_secs(60);

/// How it is started, again and again.
pub struct Program {
    directory: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
    /// How many files it may have open, if not as many as this test.
    handles: Option<u32>,
    running: Option<Child>,
}

impl Program {
    /// `timeattack run` with these keys and no others, in a folder of its own. What it logs is in
    /// [`Program::log`], and shown with a failing test.
    pub fn new(settings: Vec<(&'static str, String)>) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            settings,
            handles: None,
            running: None,
        }
    }

    /// As a host starts it who allows few open files.
    pub fn with_handles(mut self, handles: u32) -> Self {
        self.handles = Some(handles);
        self
    }

    /// The same program in another folder, these keys changed.
    pub fn with(&self, settings: &[(&'static str, String)]) -> Self {
        let mut other = Self::new(self.settings.clone());
        let is_new = |key: &str| settings.iter().any(|(new, _)| *new == key);
        other.settings.retain(|(key, _)| !is_new(key));
        other.settings.extend_from_slice(settings);
        other
    }

    pub fn start(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let log = fs::File::create(self.log_file()).unwrap();
        let mut command = self.command(&["run"]);
        command.stdout(Stdio::null()).stderr(log);
        self.running = Some(command.spawn().unwrap());
    }

    /// Runs a command to its end: how it ended, and what it wrote to standard output and error.
    pub fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let output = self.command(arguments).output().unwrap();
        let written = [output.stdout, output.stderr].concat();
        (output.status, String::from_utf8(written).unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        // More is logged, for whoever looks at a failing test, when RUST_LOG asks for it.
        let filter = std::env::var("RUST_LOG").ok();
        let mut command = command(self.handles);
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .envs(filter.iter().map(|filter| ("RUST_LOG", filter)))
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null());
        command
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder().join("log")
    }

    /// The folder in which it runs.
    pub fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// SIGTERM; returns without waiting.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// SIGSTOP: it stands still until [`Program::go_on`].
    pub fn stand_still(&self) {
        self.signal("STOP");
    }

    /// SIGCONT.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        signal(self.running.as_ref().expect("it runs").id(), name);
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.running.take().expect("it runs");
        let id = child.id();
        let waited = tokio::task::spawn_blocking(move || child.wait());
        match tokio::time::timeout(LONGEST_END, waited).await {
            Ok(status) => status.unwrap().unwrap(),
            Err(_) => {
                signal(id, "KILL");
                panic!("it has not ended after {LONGEST_END:?}");
            }
        }
    }

    /// SIGKILL: it can do nothing about it.
    pub fn kill(&mut self) {
        let mut child = self.running.take().expect("it runs");
        child.kill().expect("it had not ended by itself");
        child.wait().unwrap();
    }
}

/// The shell's own `kill`, as no library here sends signals.
fn signal(process: u32, name: &str) {
    let command = format!("kill -s {name} {process}");
    let sent = Command::new("sh").args(["-c", &command]).status();
    assert!(sent.unwrap().success(), "the signal is sent");
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running {
            // Both fail only if it has ended.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "{}", self.log());
        }
    }
}

/// The program, and how many files it may have open.
pub fn command(handles: Option<u32>) -> Command {
    let program = env!("CARGO_BIN_EXE_timeattack");
    let Some(handles) = handles else {
        return Command::new(program);
    };
    let mut shell = Command::new("/bin/sh");
    shell.args([
        "-c",
        &format!("ulimit -n {handles} && exec \"$0\" \"$@\""),
        program,
    ]);
    shell
}
