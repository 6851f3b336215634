//! A connection's bytes: answers have a time, and a client that does not take them is not asked for
//! more requests.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Sleep, Timer as _, Write};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::places::Place;

/// Bytes of an answer that a client takes in [`super::Limits::write`], if it is not the end of it that
/// is taken. So a client that reads a byte now and then gains nothing, and a long answer may take as
/// long as it needs.
pub(super) const PIECE: usize = 16 * 1024;

/// A TCP stream whose writes do not wait for ever. It holds its place until it is closed, also when it
/// is upgraded.
pub(super) struct TimedStream {
    io: TokioIo<TcpStream>,
    patience: Duration,
    /// Runs from the moment when the system takes no more bytes.
    waiting: Option<Pin<Box<dyn Sleep>>>,
    /// Bytes that were taken since then.
    taken: usize,
    /// Somebody wanted to read meanwhile.
    wants_read: bool,
    place: Place,
}

impl TimedStream {
    pub(super) fn new(stream: TcpStream, place: Place, patience: Duration) -> Self {
        Self {
            io: TokioIo::new(stream),
            patience,
            waiting: None,
            taken: 0,
            wants_read: false,
            place,
        }
    }

    /// What a write comes to.
    fn timed(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.taken += bytes;
                if self.taken >= PIECE {
                    self.taken = 0;
                    self.waiting = None;
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let patience = self.patience;
                if self.waiting.is_none() {
                    self.taken = 0;
                    self.place.turn.blocked();
                }
                let waiting = self
                    .waiting
                    .get_or_insert_with(|| TokioTimer::new().sleep(patience));
                ready!(waiting.as_mut().poll(cx));
                // What it did not take is thrown away, and not kept by the system for minutes.
                let _ = self.io.inner().set_zero_linger();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl Read for TimedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // Or answers would pile up in memory, for as long as its patience lasts.
        if self.waiting.is_some() {
            self.wants_read = true;
            return Poll::Pending;
        }
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for TimedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.timed(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.timed(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// Nothing waits to be written when this is called.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let was_blocked = self.waiting.take().is_some();
        self.place.turn.flushed(was_blocked);
        if std::mem::take(&mut self.wants_read) {
            cx.waker().wake_by_ref();
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
