//! Edits behind the ledger's back: refused by the file, or noticed by `verify`.

use super::*;

#[test]
fn events_cannot_be_changed_or_deleted() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    ledger.close(&receipt("a")).unwrap();
    for edit in [
        "UPDATE events SET receipt = ''",
        "DELETE FROM events",
        "DELETE FROM runs",
        "UPDATE events SET run = 2",
    ] {
        let error = ledger.connection.execute_batch(edit).unwrap_err().to_string();
        assert_eq!(error, "the ledger is append-only", "{edit}");
    }
}

#[test]
fn every_edit_is_noticed() {
    const EDITS: [(&str, &str); 13] = [
        (
            "UPDATE events SET receipt = replace(receipt, '\"id\":\"b\"', '\"id\":\"x\"') WHERE number = 2",
            "event 2: run `b`: it, or the one before, was changed after it was written",
        ),
        ("UPDATE events SET written_us = 0 WHERE number = 3", "event 3: run `c`: it, or the one before"),
        ("UPDATE events SET digest = x'00' WHERE number = 1", "event 1: run `a`: it, or the one before"),
        ("UPDATE events SET receipt = '{' WHERE number = 2", "event 2: run `b`: not a `lessen.receipt`"),
        ("DELETE FROM events WHERE number = 2", "event 3: run `c`: expected number 2"),
        ("DELETE FROM events WHERE number = 4", "run `d`: its first or last event is missing"),
        (
            "UPDATE events SET kind = 'start' WHERE number = 5",
            "event 5: run `d`: a start that is not the first",
        ),
        (
            "UPDATE events SET kind = 'checkpoint' WHERE number = 1",
            "event 1: run `a`: a checkpoint before the start",
        ),
        ("UPDATE runs SET joules = 1 WHERE id = 'b'", "event 2: run `b`: the row of its run differs"),
        ("UPDATE runs SET started_us = 1 WHERE id = 'b'", "event 2: run `b`: the row of its run differs"),
        ("DELETE FROM runs WHERE id = 'b'", "event 2: the row of its run is missing"),
        ("DELETE FROM tags WHERE run = 2", "run `b`: one of its tags is missing"),
        (
            "UPDATE totals SET sums = replace(sums, '100', '99') WHERE key IS NULL",
            "the stored sums of all runs",
        ),
    ];
    for (edit, expected) in EDITS {
        let place = place();
        let ledger = Ledger::open(&place.path).unwrap();
        for id in ["a", "b", "c"] {
            let mut receipt = receipt(id);
            receipt.energy.joules = estimated(1000.0);
            ledger.close(&receipt).unwrap();
        }
        ledger.begin(&running("d")).unwrap();
        ledger.close(&receipt("d")).unwrap();
        assert!(ledger.verify().unwrap().is_sound());
        let guards = "DROP TRIGGER events_are_not_changed; DROP TRIGGER events_are_not_deleted; \
                      DROP TRIGGER runs_are_not_deleted;";
        ledger.connection.execute_batch(&format!("{guards} {edit}")).unwrap();
        let problems = ledger.verify().unwrap().problems;
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|line| line.starts_with(expected)), "{edit}: {lines:?}");
    }
}

#[test]
fn the_words_of_many_problems_are_bounded() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    ledger.import((0..150).map(|number| receipt(&number.to_string()))).unwrap();
    ledger.connection.execute_batch("UPDATE runs SET seconds = 11").unwrap();
    let found = ledger.verify().unwrap();
    assert_eq!((found.problems.len(), found.more), (Verification::MOST, 50));
}

#[test]
fn a_receipt_that_cannot_be_read_is_named_and_the_others_are_read() {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    ledger.import(["a", "b", "c"].map(receipt)).unwrap();
    let edit = "DROP TRIGGER events_are_not_changed; UPDATE events SET receipt = '{}' WHERE run = 2";
    ledger.connection.execute_batch(edit).unwrap();
    let outcomes: Vec<_> = ledger.receipts().collect();
    assert_eq!(outcomes.len(), 3);
    assert!(matches!(&outcomes[1], Err(LedgerError::Receipt { id, .. }) if id == "b"));
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert_eq!(ids(&ledger, &Filter::default()).len(), 3, "the list reads no receipts");
}
