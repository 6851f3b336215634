//! `kill -9` in the middle of a campaign, again and again: the program as a process, a mail server
//! that remembers what it accepted, and everything done and read through the front door.

use std::collections::{BTreeMap, HashMap};

use crate::support::newsroom::Newsroom;
use crate::support::smtp::{At, SmtpServer};

const SUBSCRIBERS: usize = 5_000;
const KILLS: usize = 20;
/// Mails that may have left at once: two for each of ten connections.
const IN_DOUBT: usize = 20;

#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "how many were in doubt, and how many of those had arrived, is shown with --nocapture"
)]
async fn twenty_kills_in_a_campaign_of_five_thousand_lose_nobody_and_mail_nobody_twice() {
    let smtp = SmtpServer::start().await;
    let server = format!("smtp://{}", smtp.address);
    let mut newsroom = Newsroom::open(vec![("SMTP_URL", server)]).await;
    let mut sheet = "email,name,city\n".to_owned();
    for number in 0..SUBSCRIBERS {
        sheet += &format!("reader{number}@example.net,Reader {number},Seoul\n");
    }
    newsroom.import(sheet.into_bytes()).await;
    let html =
        "<p>Hello {{ name }} in {{ city }}</p><p><a href=\"{{ unsubscribe_url }}\">leave</a></p>";
    newsroom
        .save_template("News for {{ name }}", html, None)
        .await;
    newsroom.send().await;
    // Each life delivers some two hundred mails, and dies at whatever it is doing then.
    for kill in 1..=KILLS {
        let delivered = kill * (SUBSCRIBERS / (KILLS + 4)) + kill % 7;
        smtp.reached(At::End, delivered).await;
        newsroom.program.kill();
        newsroom.program.start();
    }
    newsroom.over().await;

    let mut accepted: HashMap<String, usize> = HashMap::new();
    for mail in smtp.delivered() {
        *accepted.entry(mail.to.concat()).or_default() += 1;
    }
    let states = newsroom.report().await;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut arrived_in_doubt = 0;
    for (address, state) in &states {
        let times = accepted.get(address).copied().unwrap_or(0);
        match state.as_str() {
            "sent" => assert_eq!(times, 1, "{address} is said to have it"),
            "may_have_arrived" => {
                assert!(times <= 1, "{address} was written to again");
                arrived_in_doubt += times;
            }
            other => panic!("{address} ended as {other}"),
        }
        *counts.entry(state).or_default() += 1;
    }
    assert_eq!(states.len(), SUBSCRIBERS, "everybody is in the ledger");
    assert!(accepted.keys().all(|address| states.contains_key(address)));
    let unknown = counts.get("may_have_arrived").copied().unwrap_or(0);
    eprintln!("{counts:?} after {KILLS} kills; of those in doubt {arrived_in_doubt} had arrived");
    assert!(
        unknown <= KILLS * IN_DOUBT,
        "no kill leaves more in doubt than may have left: {counts:?}"
    );
}
