//! Ledgers in temporary folders.

mod failures;
mod million;
mod processes;
mod soundness;

use std::collections::BTreeMap;
use std::path::PathBuf;

use lessen_units::{Figure, Joules, Kind, Seconds};
use proptest::prelude::*;

use super::*;
use crate::example::{estimated, receipt, running};

/// A path in a folder that goes away, with folders on the way that are not there yet.
struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/lessen/ledger.sqlite");
    Place { _folder: folder, path }
}

fn tagged(id: &str, tags: &[(&str, &str)]) -> Receipt {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Receipt { tags, ..receipt(id) }
}

fn ids(ledger: &Ledger, filter: &Filter) -> Vec<String> {
    ledger.list(filter).map(|run| run.unwrap().id).collect()
}

fn with_tags(tags: &[(&str, &str)]) -> Filter {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Filter { tags, ..Filter::default() }
}

#[test]
fn a_run_is_running_until_it_is_closed_and_its_last_receipt_is_shown() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    let state = |id| ledger.show(id).unwrap().state;
    ledger.begin(&running("abc")).unwrap();
    assert_eq!(state("abc"), State::Running);
    let mut later = running("abc");
    later.energy.joules = estimated(300.0);
    later.seconds = Seconds(30.0);
    ledger.checkpoint(&later).unwrap();
    assert_eq!(ledger.show("abc").unwrap(), later);
    let total = &ledger.total(None).unwrap()[0];
    assert_eq!((total.runs, total.running, total.joules.figure.value()), (1, 1, Some(Joules(300.0))));
    let done = receipt("abc");
    ledger.close(&done).unwrap();
    assert_eq!(ledger.show("abc").unwrap(), done);
    let total = &ledger.total(None).unwrap()[0];
    assert_eq!((total.runs, total.running, total.joules.figure.value()), (1, 0, Some(Joules(100.0))));
    assert!(ledger.verify().unwrap().is_sound());
    // Another connection sees the same.
    let other = Ledger::open_existing(&place.path).unwrap();
    assert_eq!(other.receipts().map(Result::unwrap).collect::<Vec<_>>(), [done]);
}

#[test]
fn a_run_that_could_not_be_entered_at_its_start_is_entered_later() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    ledger.checkpoint(&running("a")).unwrap();
    assert_eq!(ledger.show("a").unwrap().state, State::Running);
    ledger.close(&receipt("b")).unwrap();
    assert_eq!(ledger.show("b").unwrap().state, State::Done);
    let found = ledger.verify().unwrap();
    assert!(found.is_sound(), "{:?}", found.problems);
    assert_eq!((found.events, found.runs), (2, 2));
}

#[test]
fn events_that_cannot_follow_are_refused_and_change_nothing() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    ledger.begin(&running("a")).unwrap();
    ledger.close(&receipt("b")).unwrap();
    let strange = |change: fn(&mut Receipt)| {
        let mut receipt = receipt("c");
        change(&mut receipt);
        receipt
    };
    let cases = [
        (ledger.begin(&running("a")), "run `a` cannot be begun: a run of that id is in the ledger"),
        (ledger.begin(&running("b")), "run `b` cannot be begun: a run of that id is in the ledger"),
        (ledger.checkpoint(&running("b")), "run `b` cannot be brought up to date: it is closed"),
        (ledger.close(&receipt("b")), "run `b` cannot be closed: it is closed"),
        (ledger.close(&running("a")), "receipt `a`: state is `running` in a run that is closed"),
        (ledger.begin(&receipt("c")), "receipt `c`: state is `done` in a run that is begun"),
        (ledger.close(&strange(|receipt| receipt.id.clear())), "receipt ``: the id is empty"),
        (
            ledger.close(&strange(|receipt| receipt.started = "noon".to_owned())),
            "receipt `c`: `started` is `noon`, expected RFC 3339",
        ),
        (ledger.close(&strange(|receipt| receipt.pue = f64::NAN)), "receipt `c`: NaN is not a finite number"),
    ];
    for (outcome, expected) in cases {
        assert_eq!(outcome.unwrap_err().to_string(), expected);
    }
    assert_eq!(ledger.verify().unwrap().events, 2);
}

#[test]
fn runs_are_listed_newest_first_through_pages_and_by_tags() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    // More than two pages, begun in an order that is not that of their entries, several at once.
    let receipts = (0..600_u32).map(|number| {
        let parity = if number % 2 == 0 { "even" } else { "odd" };
        let third = if number % 3 == 0 { "yes" } else { "no" };
        let mut receipt = tagged(&format!("run-{number:03}"), &[("parity", parity), ("third", third)]);
        let minute = (number * 7 % 600) / 10;
        receipt.started = format!("2026-11-24T14:{minute:02}:00.5+00:00");
        receipt
    });
    let receipts: Vec<Receipt> = receipts.collect();
    let mut expected: Vec<(String, usize)> =
        receipts.iter().enumerate().map(|(entered, receipt)| (receipt.started.clone(), entered)).collect();
    expected.sort();
    let expected: Vec<&Receipt> = expected.iter().rev().map(|(_, entered)| &receipts[*entered]).collect();
    assert_eq!(ledger.import(receipts.clone()).unwrap(), Imported { added: 600, already_there: 0 });

    let all: Vec<&str> = expected.iter().map(|receipt| receipt.id.as_str()).collect();
    assert_eq!(ids(&ledger, &Filter::default()), all);
    for limit in [0, 1, 50, 256, 257, 600, 601] {
        let some = ids(&ledger, &Filter { limit: Some(limit), ..Filter::default() });
        assert_eq!(some, all[..(limit as usize).min(600)]);
    }
    for tags in [&[("parity", "odd")][..], &[("parity", "odd"), ("third", "yes")], &[("parity", "none")]] {
        let fits = |receipt: &&&Receipt| tags.iter().all(|(key, value)| receipt.tags[*key] == *value);
        let fitting: Vec<&str> = expected.iter().filter(fits).map(|receipt| receipt.id.as_str()).collect();
        assert_eq!(ids(&ledger, &with_tags(tags)), fitting, "{tags:?}");
    }
    assert_eq!(ledger.import(receipts).unwrap(), Imported { added: 0, already_there: 600 });
    assert_eq!(ledger.receipts().count(), 600);
}

#[test]
fn a_row_of_the_list_is_the_receipt_in_short() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    let mut full = receipt("a");
    full.cpu_seconds = None;
    full.exit_code = Some(-7);
    ledger.close(&full).unwrap();
    let run = ledger.list(&Filter::default()).next().unwrap().unwrap();
    assert_eq!(
        (&run.id, &run.name, &run.tags, &run.started),
        (&full.id, &full.name, &full.tags, &full.started)
    );
    assert_eq!((run.seconds, run.cpu_seconds, run.exit_code), (Seconds(10.0), None, Some(-7)));
    let joules = &run.joules;
    assert_eq!(
        (joules.value(), joules.low(), joules.high(), joules.kind()),
        (Some(Joules(100.0)), Some(Joules(50.0)), Some(Joules(200.0)), Some(Kind::Estimated))
    );
    assert_eq!(run.measured_joules, Joules(60.0));
    assert_eq!(run.cloud_usd.value(), None);
    assert_eq!(run.electricity_usd.value(), full.cost.electricity_usd.value());
    assert_eq!(run.kwh_with_pue.high(), full.energy.kwh_with_pue.high());
    assert_eq!(run.kg_co2e.low(), full.carbon.kg_co2e.low());
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_id() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    for id in ["ab", "abc", "abd", "b%", "b_", "ç", "q1", "q2", "q3", "q4", "q5", "q6", "q7"] {
        ledger.close(&receipt(id)).unwrap();
    }
    let cases = [
        ("ab", Ok("ab")),
        ("abc", Ok("abc")),
        ("b%", Ok("b%")),
        ("ç", Ok("ç")),
        ("a", Err("`a` begins the ids of several runs: ab, abc, abd")),
        ("b", Err("`b` begins the ids of several runs: b%, b_")),
        ("q", Err("`q` begins the ids of several runs: q1, q2, q3, q4, q5, …")),
        ("x", Err("no run in the ledger has an id that begins with `x`")),
        ("%", Err("no run in the ledger has an id that begins with `%`")),
        ("abcd", Err("no run in the ledger has an id that begins with `abcd`")),
    ];
    for (asked, expected) in cases {
        let found = ledger.show(asked).map(|receipt| receipt.id).map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{asked}");
    }
}

#[test]
fn totals_add_bands_up_and_count_what_is_missing() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    let empty = ledger.total(None).unwrap();
    assert_eq!((empty.len(), empty[0].runs), (1, 0));
    assert_eq!(empty[0].joules.figure.value(), None);
    assert_eq!(ledger.total(Some("project")).unwrap(), []);

    ledger.close(&tagged("untagged", &[])).unwrap();
    ledger.close(&receipt("a1")).unwrap();
    let mut unknown = receipt("a2");
    unknown.energy.joules = Figure::unavailable("no counter");
    unknown.energy.complete = false;
    unknown.energy.components.clear();
    unknown.state = State::Interrupted;
    unknown.cpu_seconds = None;
    ledger.close(&unknown).unwrap();
    let mut declared = tagged("b1", &[("project", "b"), ("team", "x")]);
    declared.energy.joules = Figure::exact(Joules(1000.0), Kind::Declared, "said");
    declared.energy.components.clear();
    ledger.close(&declared).unwrap();
    ledger.begin(&running("a3")).unwrap();

    let all = &ledger.total(None).unwrap()[0];
    assert_eq!((all.runs, all.running, all.interrupted, all.incomplete), (5, 1, 1, 1));
    assert_eq!(all.seconds, Seconds(50.0));
    assert_eq!((all.cpu_seconds.figure.value(), all.cpu_seconds.unknown), (Some(Seconds(80.0)), 1));
    // Three runs of 50..100..200 J and one of 1000 J, as somebody said.
    assert_eq!(
        all.joules.figure,
        Figure::band(
            Joules(1300.0),
            Joules(1150.0),
            Joules(1600.0),
            Kind::Declared,
            "sum of 4 runs; 1 more do not know it"
        )
    );
    assert_eq!(all.measured_share(), Some(180.0 / 1300.0));
    assert_eq!(all.cloud_usd.figure, Figure::unavailable("none of 5 runs knows it"));

    let by_project = ledger.total(Some("project")).unwrap();
    let short: Vec<_> = by_project
        .iter()
        .map(|total| (total.tag.as_deref(), total.runs, total.running, total.joules.figure.value()))
        .collect();
    assert_eq!(
        short,
        [
            (Some("b"), 1, 0, Some(Joules(1000.0))),
            (Some("a"), 3, 1, Some(Joules(200.0))),
            (None, 1, 0, Some(Joules(100.0))),
        ]
    );
    let by_team = ledger.total(Some("team")).unwrap();
    let short: Vec<_> = by_team.iter().map(|total| (total.tag.as_deref(), total.runs)).collect();
    assert_eq!(short, [(Some("x"), 1), (None, 4)]);
    let by_nothing = ledger.total(Some("nobody")).unwrap();
    assert_eq!(
        by_nothing.iter().map(|total| (total.tag.as_deref(), total.runs)).collect::<Vec<_>>(),
        [(None, 5)]
    );
    assert_eq!(ids(&ledger, &Filter { without_energy: true, ..Filter::default() }), ["a2"]);
    let found = ledger.verify().unwrap();
    assert!(found.is_sound(), "{:?}", found.problems);
}

#[test]
fn absurd_energies_do_not_stop_the_ledger() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    for id in ["a", "b", "c"] {
        let mut receipt = receipt(id);
        receipt.energy.joules = Figure::exact(Joules(f64::MAX), Kind::Declared, "said");
        ledger.close(&receipt).unwrap();
    }
    assert_eq!(ledger.total(None).unwrap()[0].joules.figure.value(), Some(Joules(f64::MAX)));
    assert!(ledger.verify().unwrap().is_sound());
}

#[test]
fn tags_that_change_on_the_way_are_found_by_the_last() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    ledger.begin(&running("a")).unwrap();
    ledger.close(&tagged("a", &[("project", "other"), ("new", "1")])).unwrap();
    assert!(ids(&ledger, &with_tags(&[("project", "a")])).is_empty());
    assert_eq!(ids(&ledger, &with_tags(&[("project", "other"), ("new", "1")])), ["a"]);
    let found = ledger.verify().unwrap();
    assert!(found.is_sound(), "{:?}", found.problems);
}

#[test]
fn an_import_is_whole_or_nothing_and_running_receipts_come_in_as_interrupted() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    let mut bad = receipt("b");
    bad.started = "never".to_owned();
    assert!(matches!(ledger.import([receipt("a"), bad]), Err(LedgerError::Unfit { .. })));
    assert!(ids(&ledger, &Filter::default()).is_empty());
    assert_eq!(ledger.import([running("a"), receipt("a")]).unwrap(), Imported { added: 1, already_there: 1 });
    assert_eq!(ledger.show("a").unwrap().state, State::Interrupted);
    assert_eq!(ledger.total(None).unwrap()[0].interrupted, 1);
}

#[test]
fn checkpoints_of_long_runs_are_further_apart() {
    for (elapsed, expected) in
        [(0.0, 3.0), (3000.0, 3.0), (10_000.0, 10.0), (604_800.0, 300.0), (f64::NAN, 3.0)]
    {
        assert_eq!(checkpoint_spacing(Seconds(elapsed)), Seconds(expected), "{elapsed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever is done in whatever order: sums by tag are those of the receipts, and verify agrees.
    #[test]
    fn totals_are_the_sums_of_the_receipts(
        runs in prop::collection::vec((0..3_usize, 0..3_usize, 0.0..1e6_f64, 0..3_u8), 0..20),
    ) {
        let place = place();
        let ledger = Ledger::open(&place.path).unwrap();
        let mut expected: BTreeMap<Option<String>, (u64, f64)> = BTreeMap::new();
        for (number, (project, team, joules, how)) in runs.iter().enumerate() {
            let values = [("project", *project), ("team", *team)];
            let tags = values.iter().filter(|(_, value)| *value > 0);
            let tags = tags.map(|(key, value)| ((*key).to_owned(), value.to_string())).collect();
            let mut receipt = Receipt { tags, ..receipt(&number.to_string()) };
            receipt.energy.joules = Figure::exact(Joules(*joules), Kind::Measured, "x");
            let group = expected.entry(receipt.tags.get("project").cloned()).or_default();
            *group = (group.0 + 1, group.1 + joules);
            let begun = Receipt { state: State::Running, ..receipt.clone() };
            match how {
                0 => ledger.close(&receipt).unwrap(),
                1 => { ledger.begin(&begun).unwrap(); ledger.close(&receipt).unwrap() }
                _ => ledger.begin(&begun).unwrap(),
            }
        }
        let totals = ledger.total(Some("project")).unwrap();
        prop_assert_eq!(totals.len(), expected.len());
        for total in totals {
            let (runs, joules) = expected[&total.tag];
            prop_assert_eq!(total.runs, runs);
            let found = total.joules.figure.value().unwrap().0;
            prop_assert!((found - joules).abs() <= 1e-9 * joules, "{} {}", found, joules);
        }
        let found = ledger.verify().unwrap();
        prop_assert!(found.is_sound(), "{:?}", found.problems);
    }
}
