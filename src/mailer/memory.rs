//! A mailer for tests: keeps what it is given, and fails to order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Failure, Letter, Scope, Sent, Stage};

/// Mails in memory.
#[derive(Debug, Default)]
pub struct MemoryMailer {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    letters: Vec<Letter>,
    faults: VecDeque<Scope>,
}

impl MemoryMailer {
    /// Everything that was taken, in order.
    pub fn letters(&self) -> Vec<Letter> {
        self.lock().letters.clone()
    }

    /// The next sends fail like this, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Scope>) {
        self.lock().faults.extend(faults);
    }

    pub(super) fn take(&self, letter: &Letter) -> Result<Sent, Failure> {
        let mut inner = self.lock();
        if let Some(scope) = inner.faults.pop_front() {
            // What is ambiguous may have arrived; here it has.
            if scope == Scope::Ambiguous {
                inner.letters.push(letter.clone());
            }
            return Err(Failure::of(scope, Stage::End, "as the test ordered"));
        }
        inner.letters.push(letter.clone());
        let id = format!("memory-{}", inner.letters.len());
        Ok(Sent { id })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
