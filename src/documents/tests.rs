use std::sync::mpsc;

use super::*;

const ONE: GuildId = GuildId(1);
const OTHER: GuildId = GuildId(2);
/// What nothing takes on any machine: a test that waits for it has failed.
const AGES: Duration = Duration::from_secs(60);

fn documents(limits: Limits) -> Documents {
    Documents::start(limits).expect("threads")
}

/// Work that goes on until it is let go; says when it has begun.
struct Held {
    begun: oneshot::Receiver<()>,
    go: mpsc::Sender<()>,
    answer: tokio::task::JoinHandle<Result<(), Refusal>>,
}

fn held(documents: &Documents, owner: GuildId, patience: Patience) -> Held {
    let (begins, begun) = oneshot::channel();
    let (go, wait) = mpsc::channel();
    let documents = documents.clone();
    let answer = tokio::spawn(async move {
        let work = move |_: &Asker| {
            let _ = begins.send(());
            let _ = wait.recv_timeout(AGES);
        };
        documents.run(owner, patience, work).await
    });
    Held { begun, go, answer }
}

#[tokio::test]
async fn one_server_never_has_all_threads() {
    let documents = documents(Limits::default());
    let (mut begun, mut others) = (Vec::new(), Vec::new());
    for _ in 1..THREADS {
        let held = held(&documents, ONE, Patience::Asked);
        held.begun.await.unwrap();
        begun.push((held.go, held.answer));
    }
    for _ in 0..3 {
        others.push(held(&documents, ONE, Patience::Asked));
    }
    let answer = documents.run(OTHER, Patience::Asked, |_| 7).await;
    assert_eq!(answer, Ok(7));
    assert!(others.iter_mut().all(|one| one.begun.try_recv().is_err()));
    for (go, answer) in begun {
        go.send(()).unwrap();
        assert_eq!(answer.await.unwrap(), Ok(()));
    }
    for one in others {
        one.go.send(()).unwrap();
        assert_eq!(one.answer.await.unwrap(), Ok(()));
    }
}

#[test]
fn the_server_with_the_least_under_way_is_next_and_then_whoever_waits_longest() {
    let mut queue = Queue::new(4);
    let job = || Job {
        asker: Asker::default(),
        run: Box::new(|| {}),
    };
    for owner in [1, 1, 1, 1, 2, 2, 3] {
        assert!(queue.push(GuildId(owner), job(), None));
    }
    let mut next = || queue.take().map(|(owner, _)| owner.0);
    let order: Vec<_> = (0..6).map(|_| next()).collect();
    assert_eq!(
        order,
        [Some(1), Some(2), Some(3), Some(1), Some(2), Some(1)]
    );
    // All threads but one are busy with it.
    assert_eq!(next(), None);
    queue.ended(GuildId(1));
    assert_eq!(queue.take().map(|(owner, _)| owner.0), Some(1));
}

#[test]
fn who_gave_up_takes_nobodys_place() {
    let mut queue = Queue::new(2);
    let bound = Some((2, 1));
    let asker = Asker::default();
    let job = |asker: &Asker| Job {
        asker: asker.clone(),
        run: Box::new(|| {}),
    };
    assert!(queue.push(ONE, job(&asker), bound));
    assert!(!queue.push(ONE, job(&asker), bound), "one of its own");
    assert!(queue.push(OTHER, job(&Asker::default()), bound));
    assert!(!queue.push(GuildId(3), job(&asker), bound), "two in all");
    drop(Leaving(asker));
    assert!(queue.push(ONE, job(&Asker::default()), bound));
}

#[tokio::test]
async fn whoever_asks_is_refused_when_too_many_wait_and_the_programs_own_work_is_not() {
    let documents = documents(Limits {
        most_waiting: 0,
        ..Limits::default()
    });
    let refused = documents.run(ONE, Patience::Asked, |_| ()).await;
    assert_eq!(refused, Err(Refusal::Busy));
    let answer = documents.run(ONE, Patience::Steady, |_| 1).await;
    assert_eq!(answer, Ok(1));
}

#[tokio::test]
async fn a_document_that_does_not_begin_in_time_is_refused() {
    let documents = documents(Limits {
        wait: Duration::from_millis(1),
        ..Limits::default()
    });
    let mut busy = Vec::new();
    for _ in 1..THREADS {
        let held = held(&documents, ONE, Patience::Steady);
        held.begun.await.unwrap();
        busy.push(held.go);
    }
    let refused = documents.run(ONE, Patience::Asked, |_| ()).await;
    assert_eq!(refused, Err(Refusal::Busy));
}

#[tokio::test]
async fn a_document_that_takes_too_long_is_given_up_and_its_work_is_told() {
    let documents = documents(Limits {
        work: Duration::from_millis(1),
        ..Limits::default()
    });
    let (tell, told) = oneshot::channel();
    let work = move |asker: &Asker| {
        while !asker.is_gone() {
            thread::yield_now();
        }
        let _ = tell.send(());
    };
    let refused = documents.run(ONE, Patience::Asked, work).await;
    assert_eq!(refused, Err(Refusal::TooSlow { seconds: 0 }));
    told.await.unwrap();
}

#[tokio::test]
async fn who_gives_up_is_seen_to_be_gone() {
    let documents = documents(Limits::default());
    let (begins, begun) = oneshot::channel();
    let (tell, told) = oneshot::channel();
    let work = move |asker: &Asker| {
        let _ = begins.send(());
        while !asker.is_gone() {
            thread::yield_now();
        }
        let _ = tell.send(());
    };
    let asking = documents.run(ONE, Patience::Asked, work);
    tokio::select! {
        _ = asking => panic!("it does not end by itself"),
        begun = begun => begun.unwrap(),
    }
    told.await.unwrap();
}

#[tokio::test]
async fn a_panic_ends_one_document_and_no_thread() {
    let documents = documents(Limits::default());
    for _ in 0..=THREADS {
        let work = |_: &Asker| panic!("on purpose");
        let answer = documents.run(ONE, Patience::Asked, work).await;
        assert_eq!(answer, Err(Refusal::Defect));
    }
    let answer = documents.run(ONE, Patience::Asked, |_| 1).await;
    assert_eq!(answer, Ok(1));
}

#[tokio::test]
async fn a_stop_is_answered_at_once_whatever_is_being_done() {
    let documents = documents(Limits::default());
    let mut busy = Vec::new();
    for _ in 1..THREADS {
        let held = held(&documents, ONE, Patience::Asked);
        held.begun.await.unwrap();
        busy.push((held.go, held.answer));
    }
    let waiting = held(&documents, ONE, Patience::Steady);
    documents.stop();
    assert_eq!(waiting.answer.await.unwrap(), Err(Refusal::Stopping));
    for (_go, answer) in busy {
        assert_eq!(answer.await.unwrap(), Err(Refusal::Stopping));
    }
    let later = documents.run(OTHER, Patience::Asked, |_| ()).await;
    assert_eq!(later, Err(Refusal::Stopping));
}

/// A runtime waits for its own blocking work, and not for these threads.
#[test]
fn a_runtime_ends_whatever_a_document_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (documents, go) = runtime.block_on(async {
        let documents = documents(Limits::default());
        let held = held(&documents, ONE, Patience::Asked);
        held.begun.await.unwrap();
        (documents, held.go)
    });
    let (tell, ended) = mpsc::channel();
    thread::spawn(move || {
        drop(runtime);
        let _ = tell.send(());
    });
    ended.recv_timeout(AGES / 2).expect("the runtime has ended");
    go.send(()).expect("the document is still being worked on");
    drop(documents);
}

#[tokio::test]
async fn a_thread_has_the_stack_that_is_promised() {
    /// Takes a bit more than 16 KiB of stack at each level.
    fn deep(levels: usize) -> usize {
        let room = std::hint::black_box([levels as u8; 16 * 1024]);
        if levels == 0 {
            return usize::from(room[0]);
        }
        deep(levels - 1) + usize::from(std::hint::black_box(room)[0] & 1)
    }
    let documents = documents(Limits::default());
    // In an unoptimised build each level copies its room several times over; the stack that threads have
    // by default would be too small without.
    let levels = STACK_BYTES / (256 * 1024);
    let answer = documents
        .run(ONE, Patience::Asked, move |_| deep(levels))
        .await;
    assert!(answer.is_ok());
}

#[test]
fn the_programs_own_work_takes_no_askers_place() {
    let mut queue = Queue::new(4);
    let job = |asker: &Asker| Job {
        asker: asker.clone(),
        run: Box::new(|| {}),
    };
    for owner in [ONE, ONE, ONE, OTHER, OTHER] {
        assert!(queue.push(owner, job(&Asker::default()), None));
    }
    let bound = Some((2, 1));
    let asker = Asker::default();
    assert!(queue.push(ONE, job(&asker), bound));
    assert!(
        !queue.push(ONE, job(&Asker::default()), bound),
        "one of its own"
    );
    assert!(queue.push(OTHER, job(&Asker::default()), bound));
    assert!(
        !queue.push(GuildId(3), job(&Asker::default()), bound),
        "two in all"
    );
    // Somebody waits for it, so it goes before what the same server has its mails made of.
    let (owner, next) = queue.take().unwrap();
    assert_eq!(owner, ONE);
    assert!(Arc::ptr_eq(&next.asker.gone, &asker.gone));
}
