//! The process stands still, as on a host that is suspended or starved: it hears of deadlines that pass
//! meanwhile only when it goes on.

use timeattack::clock::Clock;

use super::{ON_TIME_MS, Scene, asked_for, wall_ms};

/// Seconds of the short form.
const STANDSTILL: usize = 4;
/// Time attacks whose deadlines are spread over that time.
const RUNNING: i64 = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlines_that_pass_while_the_process_stands_still_are_told_once_it_goes_on_and_once() {
    let seconds = i64::try_from(asked_for("SIEGE_STANDSTILL", STANDSTILL)).unwrap();
    let mut scene = Scene::set().await;
    // From the third second on, so that a busy machine has started all before most are over.
    let limits = (0..RUNNING).map(|number| 3 + number * seconds / RUNNING);
    scene.start(limits).await;
    scene.host.program.stand_still();
    let stopped_ms = wall_ms();
    let last_ms = scene.running.iter().map(|one| one.due_ms).max();
    Clock::System.sleep_until(last_ms.unwrap()).await;
    let missed: Vec<_> = scene
        .running
        .iter()
        .filter(|one| one.due_ms > stopped_ms)
        .collect();
    assert!(missed.len() >= 4, "{} of {RUNNING}", missed.len());
    for one in &missed {
        assert_eq!(scene.messages_of(one), 0, "{}: it stands still", one.task);
    }
    let gone_on_ms = wall_ms();
    scene.host.program.go_on();
    let mut latest_ms = 0;
    for one in &missed {
        let after_ms = scene.told_ms(one).await - gone_on_ms;
        assert!(after_ms <= ON_TIME_MS, "{}: {after_ms} ms", one.task);
        latest_ms = latest_ms.max(after_ms);
    }
    let back = scene.back().await;
    println!(
        "{} s of standing still: {} verdicts within {latest_ms} ms of going on, and a command answered \
         within {back:?}",
        (gone_on_ms - stopped_ms) / 1_000,
        missed.len()
    );
    scene.end().await;
}
