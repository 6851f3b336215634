//! The places that connections take, and which of them goes when there is none left.
//!
//! A place is given to whoever comes. When all are taken, or one address has its share of them, the
//! connection that has kept us waiting longest is closed: first of those that have had an answer (they
//! are idle, or do not take it, or ask ever more), then of those that do not send their first request.
//! So somebody who asks at once, as health checks and mail programs do, is served however many others
//! only hold on. (Rejected: to let newcomers wait until somebody's time is up, which lets 512 idle
//! connections lock out everybody; to keep places for certain requests before their heads are read, as
//! nobody knows yet what they ask; and to go by the length of the wait alone, by which a client that
//! asks without a pause is never the one that goes.)
//!
//! An upgraded connection keeps its place until whoever serves it ends it.
//!
//! What is left: whoever needs longer for their first request than it takes others to make as many
//! connections as there are places loses theirs, and has to come again.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A public address has an eighth of all places: more than a browser or a mail provider's machine
/// opens at once, and too little to be in others' way.
const PUBLIC_SHARE: usize = 8;
/// Places that a public address has however few there are: what a browser opens for a page.
const PUBLIC_LEAST: usize = 6;

/// A connection is being worked on: it is not closed for another one.
const WORKING: u64 = u64::MAX;
/// It is being closed, and begins no request any more.
const CLOSING: u64 = u64::MAX - 1;
/// Added to the numbers of waits for a connection's first request, so that these are the larger ones.
const FIRST: u64 = 1 << 62;

/// All places of one server.
pub(super) struct Places {
    most: usize,
    taken: Mutex<Taken>,
    freed: Notify,
    /// Counts the waits, so that the longest is the one with the smallest number.
    waits: Arc<AtomicU64>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    /// Each with the network of its client.
    by_number: HashMap<u64, (IpAddr, Arc<Turn>)>,
}

/// A connection's place; dropped, it is free.
pub(super) struct Place {
    number: u64,
    pub(super) turn: Arc<Turn>,
    places: Arc<Places>,
}

/// Whose turn it is: ours, because there is something to do, or the client's.
pub(super) struct Turn {
    /// Since when the client is waited for, as a number that grows with every wait (and see [`FIRST`]);
    /// or [`WORKING`], or [`CLOSING`].
    waiting_since: AtomicU64,
    waits: Arc<AtomicU64>,
    /// A request was begun whose answer was not yet handed to the connection.
    is_under_way: AtomicBool,
    has_answered: AtomicBool,
    /// It speaks no HTTP any more, and is nobody's to close: whoever serves it does.
    is_upgraded: AtomicBool,
    close: CancellationToken,
}

enum Found {
    Free(Place),
    /// Another connection is on its way out.
    Soon,
    /// Everything of this address is being worked on.
    TooMany,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            taken: Mutex::default(),
            freed: Notify::new(),
            waits: Arc::default(),
        })
    }

    /// A place for a client at `peer`, once another connection has gone if need be. `None`: this
    /// address has its share of places, and all of them are being worked on.
    pub(super) async fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let network = network(peer);
        let mut freed = std::pin::pin!(self.freed.notified());
        loop {
            // Before the look: a place that becomes free in between is not missed.
            freed.as_mut().enable();
            match self.find(network) {
                Found::Free(place) => return Some(place),
                Found::TooMany => return None,
                Found::Soon => freed.as_mut().await,
            }
            freed.set(self.freed.notified());
        }
    }

    /// Closes the connection that has kept us waiting longest, if there is one.
    pub(super) fn close_longest_waiting(&self) {
        self.lock().close_longest_waiting(|_| true);
    }

    fn find(self: &Arc<Self>, network: IpAddr) -> Found {
        let mut taken = self.lock();
        let share = share(network, self.most);
        let of_network = taken.by_number.values().filter(|(of, _)| *of == network);
        // An address that may take every place waits for one, as anybody does below.
        if share < self.most && of_network.count() >= share {
            let is_soon = taken.close_longest_waiting(|of| of == network);
            return if is_soon { Found::Soon } else { Found::TooMany };
        }
        if taken.by_number.len() >= self.most {
            // With none to close, one of the requests that are worked on ends soon.
            taken.close_longest_waiting(|_| true);
            return Found::Soon;
        }
        let number = taken.next;
        taken.next += 1;
        let turn = Arc::new(Turn::new(Arc::clone(&self.waits)));
        taken.by_number.insert(number, (network, Arc::clone(&turn)));
        Found::Free(Place {
            number,
            turn,
            places: Arc::clone(self),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Of the connections whose network `fits`. `true`: one of them is on its way out.
    fn close_longest_waiting(&self, fits: impl Fn(IpAddr) -> bool) -> bool {
        loop {
            let turns = self.by_number.values();
            let turns = turns.filter(|(network, turn)| fits(*network) && !turn.is_upgraded());
            let waits = turns.map(|(_, turn)| (turn.waiting_since.load(Ordering::Acquire), turn));
            let mut longest: Option<(u64, &Arc<Turn>)> = None;
            for (since, turn) in waits {
                match since {
                    CLOSING => return true,
                    WORKING => {}
                    since if longest.is_some_and(|(longest, _)| longest <= since) => {}
                    since => longest = Some((since, turn)),
                }
            }
            let Some((since, turn)) = longest else {
                return false;
            };
            if turn.close(since) {
                return true;
            }
            // What it was waited for has just come.
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().by_number.remove(&self.number);
        self.places.freed.notify_waiters();
    }
}

impl Turn {
    /// The client's, from whom a head is expected.
    fn new(waits: Arc<AtomicU64>) -> Self {
        let turn = Self {
            waiting_since: AtomicU64::new(0),
            waits,
            is_under_way: AtomicBool::new(false),
            has_answered: AtomicBool::new(false),
            is_upgraded: AtomicBool::new(false),
            close: CancellationToken::new(),
        };
        turn.wait_since(turn.now());
        turn
    }

    /// A request has come. `false`: too late, the connection is being closed.
    pub(super) fn begin(&self) -> bool {
        self.is_under_way.store(true, Ordering::Relaxed);
        self.work()
    }

    /// There is something to do. `false`: too late, the connection is being closed.
    pub(super) fn work(&self) -> bool {
        self.change(|_| true, WORKING)
    }

    /// It is for the client to go on with what it had begun then.
    pub(super) fn wait_since(&self, since: u64) {
        self.change(|_| true, since);
    }

    /// From here on it belongs to whoever upgraded it, and is not closed for another one: nobody waits for
    /// [`Turn::closed`] any more.
    pub(super) fn upgrade(&self) {
        self.is_upgraded.store(true, Ordering::Release);
    }

    fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Acquire)
    }

    /// All of an answer was handed to the connection, from which it has yet to go out.
    pub(super) fn answered(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
        self.is_under_way.store(false, Ordering::Relaxed);
    }

    /// The client does not take what is written.
    pub(super) fn blocked(&self) {
        self.wait_since(self.now());
    }

    /// Everything that was written has gone out; `was_blocked` meanwhile.
    pub(super) fn flushed(&self, was_blocked: bool) {
        if !self.is_under_way.load(Ordering::Relaxed) {
            // It is for the client to ask again. One that is waited for already goes on being so.
            let is_working = |since| since == WORKING;
            self.change(is_working, self.now());
        } else if was_blocked {
            self.work();
        }
    }

    /// What [`Turn::wait_since`] takes.
    pub(super) fn now(&self) -> u64 {
        let now = self.waits.fetch_add(1, Ordering::Relaxed);
        if self.has_answered.load(Ordering::Relaxed) {
            now
        } else {
            now + FIRST
        }
    }

    /// Whether it was changed; one that is being closed never is.
    fn change(&self, is_to: impl Fn(u64) -> bool, to: u64) -> bool {
        let changed = self
            .waiting_since
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
                (now != CLOSING && is_to(now)).then_some(to)
            });
        changed.is_ok()
    }

    /// `false`: it is no longer waited for since then.
    fn close(&self, since: u64) -> bool {
        let closing = self.waiting_since.compare_exchange(
            since,
            CLOSING,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if closing.is_ok() {
            self.close.cancel();
        }
        closing.is_ok()
    }

    /// Returns when the connection is to be closed for another one.
    pub(super) async fn closed(&self) {
        self.close.cancelled().await;
    }
}

/// What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which is what a single
/// customer or machine is given.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Places of `most` that one network may take.
///
/// A proxy in front brings everybody's requests from one address of its own, on this machine or in a
/// private network. This machine may take all places, as it may be that proxy and the one that looks
/// after our health; a private network all but an eighth, which is left to this machine.
fn share(network: IpAddr, most: usize) -> usize {
    let (is_loopback, is_private) = match network {
        IpAddr::V4(address) => (
            address.is_loopback(),
            address.is_private() || address.is_link_local(),
        ),
        IpAddr::V6(address) => (
            // The network of ::1.
            address.is_unspecified(),
            address.is_unique_local() || address.is_unicast_link_local(),
        ),
    };
    let part = most / PUBLIC_SHARE;
    if is_loopback {
        most
    } else if is_private {
        most - part
    } else {
        part.max(PUBLIC_LEAST).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Takes a place at once, or tells that this is not possible.
    async fn taken(places: &Arc<Places>, peer: &str) -> Option<Place> {
        let taking = places.take(address(peer));
        tokio::select! {
            biased;
            place = taking => place,
            () = std::future::ready(()) => None,
        }
    }

    #[test]
    fn one_client_is_an_address_or_a_network_of_64_bits() {
        for (a, b, is_same) in [
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("203.0.113.7", "::ffff:203.0.113.7", true),
            ("2001:db8:0:1::7", "2001:db8:0:1:ffff::8", true),
            ("2001:db8:0:1::7", "2001:db8:0:2::7", false),
        ] {
            assert_eq!(
                network(address(a)) == network(address(b)),
                is_same,
                "{a} {b}"
            );
        }
    }

    #[test]
    fn an_address_has_its_share_by_where_it_is() {
        for (peer, of_512, of_16) in [
            ("127.0.0.1", 512, 16),
            ("127.9.9.9", 512, 16),
            ("::1", 512, 16),
            ("::ffff:127.0.0.1", 512, 16),
            ("10.1.2.3", 448, 14),
            ("172.18.0.1", 448, 14),
            ("192.168.0.9", 448, 14),
            ("fd00::1", 448, 14),
            ("fe80::1", 448, 14),
            ("203.0.113.7", 64, 6),
            ("100.64.0.1", 64, 6),
            ("2001:db8::1", 64, 6),
        ] {
            let network = network(address(peer));
            assert_eq!(
                (share(network, 512), share(network, 16)),
                (of_512, of_16),
                "{peer}"
            );
        }
        assert_eq!(share(address("203.0.113.7"), 4), 4);
    }

    #[tokio::test]
    async fn the_longest_waiting_goes_for_the_one_that_comes() {
        let places = Places::new(2);
        let first = taken(&places, "127.0.0.1").await.unwrap();
        let second = taken(&places, "127.0.0.1").await.unwrap();
        assert!(taken(&places, "127.0.0.1").await.is_none());
        assert!(first.turn.close.is_cancelled() && !second.turn.close.is_cancelled());
        // It begins nothing any more, and is the only one that is closed for it.
        assert!(!first.turn.work());
        assert!(taken(&places, "127.0.0.1").await.is_none());
        assert!(!second.turn.close.is_cancelled());
        drop(first);
        assert!(taken(&places, "127.0.0.1").await.is_some());
    }

    #[tokio::test]
    async fn who_has_had_an_answer_goes_before_who_has_not_yet_asked() {
        let places = Places::new(3);
        let silent = taken(&places, "127.0.0.1").await.unwrap();
        let idle = taken(&places, "127.0.0.1").await.unwrap();
        let busy = taken(&places, "127.0.0.1").await.unwrap();
        for place in [&idle, &busy, &busy, &busy] {
            assert!(place.turn.begin());
            place.turn.answered();
            place.turn.flushed(false);
        }
        let mut kept = Vec::new();
        for place in [idle, busy, silent] {
            assert!(taken(&places, "127.0.0.1").await.is_none());
            assert!(place.turn.close.is_cancelled());
            drop(place);
            kept.push(taken(&places, "127.0.0.1").await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_body_is_waited_for_since_it_was_begun() {
        let places = Places::new(2);
        let slow = taken(&places, "127.0.0.1").await.unwrap();
        assert!(slow.turn.work());
        let since = slow.turn.now();
        let idle = taken(&places, "127.0.0.1").await.unwrap();
        // Byte by byte.
        for _ in 0..3 {
            slow.turn.wait_since(since);
            assert!(slow.turn.work());
        }
        slow.turn.wait_since(since);
        assert!(taken(&places, "127.0.0.1").await.is_none());
        assert!(slow.turn.close.is_cancelled() && !idle.turn.close.is_cancelled());
    }

    #[tokio::test]
    async fn what_is_worked_on_stays_and_who_comes_waits_for_its_end() {
        let places = Places::new(1);
        let first = taken(&places, "127.0.0.1").await.unwrap();
        assert!(first.turn.work());
        let mut coming = std::pin::pin!(places.take(address("127.0.0.1")));
        tokio::select! {
            biased;
            _ = coming.as_mut() => panic!("there is one place only"),
            () = std::future::ready(()) => {}
        }
        assert!(!first.turn.close.is_cancelled());
        drop(first);
        assert!(coming.await.is_some());
    }

    #[tokio::test]
    async fn an_upgraded_connection_is_not_closed_for_another_however_slow_its_client_is() {
        let places = Places::new(2);
        let upgraded = taken(&places, "127.0.0.1").await.unwrap();
        assert!(upgraded.turn.begin());
        upgraded.turn.upgrade();
        upgraded.turn.blocked();
        let idle = taken(&places, "127.0.0.1").await.unwrap();
        assert!(taken(&places, "127.0.0.1").await.is_none());
        assert!(idle.turn.close.is_cancelled() && !upgraded.turn.close.is_cancelled());
        drop(idle);
        let next = taken(&places, "127.0.0.1").await.unwrap();
        assert!(next.turn.work());
        // One that was about to be closed as it was upgraded is none that others wait for.
        upgraded
            .turn
            .waiting_since
            .store(CLOSING, Ordering::Release);
        assert!(!places.lock().close_longest_waiting(|_| true));
    }

    #[tokio::test]
    async fn an_address_makes_room_among_its_own() {
        let places = Places::new(16);
        let other = taken(&places, "198.51.100.1").await.unwrap();
        let mut own = Vec::new();
        for _ in 0..6 {
            own.push(taken(&places, "203.0.113.7").await.unwrap());
        }
        assert!(taken(&places, "203.0.113.7").await.is_none());
        assert!(own[0].turn.close.is_cancelled() && !other.turn.close.is_cancelled());
        own.remove(0);
        own.push(taken(&places, "203.0.113.7").await.unwrap());
        for place in &own {
            assert!(place.turn.work());
        }
        // Refused, and not only put off.
        assert!(places.take(address("203.0.113.7")).await.is_none());
        assert!(taken(&places, "198.51.100.1").await.is_some());
    }
}
