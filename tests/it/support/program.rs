//! The program as hosts run it: a process of its own, which a test can kill as `kill -9` does.

use std::process::{Child, Command, Stdio};

/// How it is started, again and again.
pub struct Program {
    directory: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
    running: Option<Child>,
}

impl Program {
    /// `timeattack run` with these keys and no others, in a folder of its own.
    pub fn new(settings: Vec<(&'static str, String)>) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            settings,
            running: None,
        }
    }

    pub fn start(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        // What it logs is shown with a failing test when RUST_LOG asks for it.
        let log = std::env::var("RUST_LOG").ok();
        let output = || {
            if log.is_some() {
                Stdio::inherit()
            } else {
                Stdio::null()
            }
        };
        let child = Command::new(env!("CARGO_BIN_EXE_timeattack"))
            .arg("run")
            .current_dir(self.directory.path())
            .env_clear()
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .envs(log.iter().map(|filter| ("RUST_LOG", filter)))
            .stdin(Stdio::null())
            .stdout(output())
            .stderr(output())
            .spawn();
        self.running = Some(child.unwrap());
    }

    /// SIGKILL: it can do nothing about it.
    pub fn kill(&mut self) {
        let mut child = self.running.take().expect("it runs");
        child.kill().expect("it had not ended by itself");
        child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running {
            // Both fail only if it has ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
