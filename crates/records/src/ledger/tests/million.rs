//! A million runs: `cargo test --release -p lessen-records -- --ignored million --nocapture`

use std::time::Instant;

use super::*;

/// Prints times; asserts what was found, since times depend on the machine.
#[test]
#[ignore = "takes minutes and 3 GB of disk"]
fn million() {
    const RUNS: u32 = 1_000_000;
    const SECONDS_A_RUN: f64 = 37.0;
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    let first = crate::instant::parse("2024-01-01T00:00:00Z").unwrap();
    let receipts = (0..RUNS).map(|number| {
        let project = format!("project-{}", number % 20);
        let rare = if number % 100_000 == 7 { "yes" } else { "no" };
        let mut receipt =
            tagged(&format!("{number:08x}"), &[("project", &project), ("rare", rare), ("all", "yes")]);
        let started = crate::instant::after(first, f64::from(number) * SECONDS_A_RUN).unwrap();
        receipt.started = crate::instant::text(started).unwrap();
        receipt.energy.joules = estimated(f64::from(number % 1000 + 1));
        if number % 5_000 == 0 {
            receipt.energy.joules = Figure::unavailable("no counter");
        }
        receipt
    });
    let begun = Instant::now();
    assert_eq!(ledger.import(receipts).unwrap().added, u64::from(RUNS));
    println!("import of a million: {:.1} s", begun.elapsed().as_secs_f64());
    for number in 0..20 {
        ledger.begin(&running(&format!("open-{number}"))).unwrap();
    }
    drop(ledger);

    let newest = |filter: Filter| Filter { limit: Some(50), ..filter };
    for (closed, round) in ["first", "again"].into_iter().enumerate() {
        let begun = Instant::now();
        let ledger = Ledger::open_existing(&place.path).unwrap();
        let time = |what: &str, begun: Instant| {
            println!("{round}: {what}: {:.2} ms", begun.elapsed().as_secs_f64() * 1e3);
        };
        time("open", begun);
        let listed = |what: &str, filter: Filter, expected: usize| {
            let begun = Instant::now();
            assert_eq!(ids(&ledger, &newest(filter)).len(), expected);
            time(what, begun);
        };
        listed("list 50", Filter::default(), 50);
        listed("list 50 of a tag", with_tags(&[("project", "project-3")]), 50);
        listed("list 50 of a rare tag", with_tags(&[("rare", "yes")]), 10);
        listed("list 50 of two tags, rare second", with_tags(&[("all", "yes"), ("rare", "yes")]), 10);
        listed("list 50 without energy", Filter { without_energy: true, ..Filter::default() }, 50);
        let begun = Instant::now();
        assert_eq!(ledger.total(None).unwrap()[0].runs, u64::from(RUNS) + 20 + closed as u64);
        time("total", begun);
        let begun = Instant::now();
        assert_eq!(ledger.total(Some("project")).unwrap().len(), 21);
        time("total --by project", begun);
        let begun = Instant::now();
        ledger.show("000f423f").unwrap();
        time("show", begun);
        let begun = Instant::now();
        ledger.close(&receipt(round)).unwrap();
        time("close", begun);
    }
    let begun = Instant::now();
    let found = Ledger::open_existing(&place.path).unwrap().verify().unwrap();
    println!("verify: {:.1} s", begun.elapsed().as_secs_f64());
    assert!(found.is_sound(), "{:?}", found.problems);
    let bytes = std::fs::metadata(&place.path).unwrap().len();
    println!("file: {:.2} GB", bytes as f64 / 1e9);
}
