//! A million pending time attacks: what each costs in memory, and how soon a start is ready.
//!
//! ```sh
//! cargo bench --bench capacity
//! ```

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a bench prints, ends at the first thing that is wrong, and uses a part of the support"
)]

mod support;

use std::time::Instant;

use timeattack::clock::Clock;
use timeattack::db::Db;
use timeattack::messenger::Messenger;
use timeattack::run::{WorkerOptions, Workers};

use support::{Planned, fill, now_ms, resident};

const PENDING: u32 = 1_000_000;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        let base_ms = now_ms() + 86_400_000;
        fill(
            &url,
            (0..PENDING).map(|number| Planned {
                number,
                channel: 1 + i64::from(number % 2_000),
                deadline_ms: base_ms + i64::from(number),
            }),
        )
        .await;
        let before = resident();
        let started = Instant::now();
        let db = Db::open(&url).await.unwrap();
        let workers = Workers::start(
            Clock::System,
            db,
            Messenger::Memory(Default::default()),
            WorkerOptions::default(),
        )
        .await
        .unwrap();
        let ready = started.elapsed();
        // Once round: every task has gone to sleep.
        while workers.app().timers.armed() < PENDING as usize {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let each = (resident() - before) / u64::from(PENDING);
        println!(
            "{PENDING} pending: ready in {:.2} s (≤ 5 s), {each} bytes each (≤ 600)",
            ready.as_secs_f64()
        );
        std::process::exit(0);
    });
}
