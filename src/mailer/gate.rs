//! What a mail waits for before it leaves for good.

use std::fmt;

use tokio::sync::oneshot;

/// Where a closed gate is asked to be opened; the answer says whether the mail may leave.
type Ask = Box<dyn FnOnce(oneshot::Sender<bool>) + Send>;

/// Between a mail and the moment from which on it may have arrived.
///
/// Whoever keeps a ledger of mails notes there, durably, that this one may have arrived from now on, and
/// then opens the gate. The mailer asks early, so that this takes place while it prepares the rest, and
/// waits at the last moment. So a mail whose gate was never opened has certainly not arrived, whatever
/// becomes of the program.
pub struct Gate {
    state: State,
}

enum State {
    Closed(Ask),
    Asked(oneshot::Receiver<bool>),
    Open,
    Shut,
}

impl Gate {
    /// One that is opened by whoever `ask` hands the sender to. `false`, or a sender that is dropped,
    /// shuts it.
    pub fn new(ask: impl FnOnce(oneshot::Sender<bool>) + Send + 'static) -> Self {
        Self {
            state: State::Closed(Box::new(ask)),
        }
    }

    /// One that is open, for mails of which there is no ledger.
    pub fn open() -> Self {
        Self { state: State::Open }
    }

    /// Asks for it to be opened, if nobody has.
    pub(super) fn ask(&mut self) {
        if !matches!(self.state, State::Closed(_)) {
            return;
        }
        let (opened, answer) = oneshot::channel();
        if let State::Closed(ask) = std::mem::replace(&mut self.state, State::Asked(answer)) {
            ask(opened);
        }
    }

    /// Whether it is open by now.
    pub(super) fn is_open(&mut self) -> bool {
        if let State::Asked(answer) = &mut self.state
            && let Ok(may_leave) = answer.try_recv()
        {
            self.settle(may_leave);
        }
        matches!(self.state, State::Open)
    }

    /// Waits until it is open; `false`: it stays shut, and the mail must not leave. It may be given up
    /// and waited for again.
    pub(super) async fn passed(&mut self) -> bool {
        self.ask();
        if let State::Asked(answer) = &mut self.state {
            let may_leave = answer.await.unwrap_or(false);
            self.settle(may_leave);
        }
        matches!(self.state, State::Open)
    }

    fn settle(&mut self, may_leave: bool) {
        self.state = if may_leave { State::Open } else { State::Shut };
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Closed(_) => "Gate(closed)",
            State::Asked(_) => "Gate(asked)",
            State::Open => "Gate(open)",
            State::Shut => "Gate(shut)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_asked_once_and_opens_for_good() {
        let (sender, asked) = std::sync::mpsc::channel();
        let mut gate = Gate::new(move |opened| sender.send(opened).unwrap());
        assert!(asked.try_recv().is_err(), "nobody has asked");
        gate.ask();
        gate.ask();
        let opened = asked.try_recv().unwrap();
        assert!(!gate.is_open());
        opened.send(true).unwrap();
        assert!(gate.is_open() && gate.passed().await && gate.is_open());
        assert!(asked.try_recv().is_err());
        assert!(Gate::open().passed().await);
    }

    #[tokio::test]
    async fn a_gate_that_nobody_opens_stays_shut() {
        assert!(!Gate::new(drop).passed().await);
        let mut gate = Gate::new(|opened| opened.send(false).unwrap());
        assert!(!gate.passed().await && !gate.is_open() && !gate.passed().await);
    }
}
