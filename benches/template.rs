//! How long it takes to merge one mail, without putting it together.
//!
//! ```sh
//! cargo bench --bench template
//! ```

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends at the first thing that is wrong"
)]

use std::time::Instant;

use timeattack::template::{Compiled, Fields, Upload, prepare};

/// Mails of one round, and rounds, of which the best counts.
const MAILS: u32 = 5_000;
const ROUNDS: u32 = 7;

fn main() {
    for (rows, repeated) in [(10, false), (45, false), (45, true)] {
        measure(rows, repeated);
    }
}

/// A newsletter of so many rows, with a field in each of them if it is `repeated`.
fn measure(rows: usize, repeated: bool) {
    let city = if repeated { "{{ city }}" } else { "Seoul" };
    let row = format!("<tr><td>Some words about {city} that everybody gets this week</td></tr>\n");
    let html = format!(
        "<style>td{{padding:8px}}</style><h1>Hi {{{{ name }}}} of {{{{ city }}}}</h1>\n\
         <table>{}</table>\n{{% if vip is defined %}}<p>VIP</p>{{% endif %}}\
         <a href=\"{{{{ unsubscribe_url }}}}\">unsubscribe</a>",
        row.repeat(rows)
    );
    let upload = Upload {
        name: "news".to_owned(),
        subject: "News for {{ name }}".to_owned(),
        html: html.into_bytes(),
        images: Vec::new(),
    };
    let (frozen, _) = prepare(&upload).unwrap();
    let compiled = Compiled::new(&frozen).unwrap();
    let attributes = [("city", "Seoul & Busan"), ("joined", "2026-01-01")];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let attributes = attributes.into_iter().collect();
    let fields = Fields {
        name: "Mina",
        email: "mina@example.com",
        attributes: &attributes,
        unsubscribe_url: "https://example.org/unsubscribe/0123456789",
    };
    let mut best = f64::MAX;
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..MAILS {
            let mail = compiled.render(&fields).unwrap();
            bytes = mail.html.len() + mail.text.len();
        }
        best = best.min(begun.elapsed().as_secs_f64() * 1e6 / f64::from(MAILS));
    }
    let used = if repeated { rows + 4 } else { 4 };
    println!("{bytes} bytes, {used} fields: {best:.1} µs");
}
