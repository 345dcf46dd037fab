//! What is said of a result: table, sentences, and the study's table.

use lessen_records::*;
use lessen_report::{sentences, table};
use lessen_units::{Figure, Kind};

use crate::samples::*;

#[test]
fn the_table_of_models() {
    insta::assert_snapshot!(table::models(&result()), @r"
                           accuracy                                        latency            row, all  energy per  repaid
      model                  valid.     test  params  operations     file    1 row  256 rows   threads  prediction   after
      ensemble selection…    97.50%   97.78%  1.23 M      1.00 M  9.88 MB   812 µs   98.8 ms   60.5 µs     ~900 µJ       –
    * student-64             97.50%   97.22%  4.81 k      4.74 k  20.5 kB  1.25 µs   96.5 µs    250 ns    ~9.00 µJ  ~100 k
      from elsewhere         97.50%  100.00%       –           –        –        –         –         –           –       –
    * chosen on validation rows
    operations: multiply-accumulates and comparisons
    latency: of one call with 1 and with 256 rows, on one thread, median
    row, all threads: time for one of many rows, in blocks of 256 on all threads
    ~ modelled: CPU time at 2.282 W a vCPU, AMD EPYC 4th gen, Cloud Carbon Footprint 2026
    ");
}

#[test]
fn the_legend_says_that_the_chosen_one_is_only_the_nearest() {
    let mut record = result();
    record.chosen_within_drop = Some(false);
    let table = table::models(&record);
    assert!(table.contains("\n* nearest; none stays within the allowed drop\n"), "{table}");
    assert!(!table.contains("chosen on validation rows"), "{table}");
}

#[test]
fn the_table_of_models_as_markdown() {
    insta::assert_snapshot!(table::models_markdown(&result()), @r"
    | model | validation accuracy | test accuracy | parameters | operations | file | latency, 1 row | latency, 256 rows | row, all threads | energy per prediction | repaid after |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | ensemble selection of 12 members | 97.50% | 97.78% | 1.23 M | 1.00 M | 9.88 MB | 812 µs | 98.8 ms | 60.5 µs | \~900 µJ | – |
    | chosen: student-64 | 97.50% | 97.22% | 4.81 k | 4.74 k | 20.5 kB | 1.25 µs | 96.5 µs | 250 ns | \~9.00 µJ | \~100 k |
    | from elsewhere | 97.50% | 100.00% | – | – | – | – | – | – | – | – |
    ");
}

#[test]
fn what_was_saved_and_when_it_is_repaid() {
    insta::assert_snapshot!(sentences(&result()).join("\n"), @r"
    `student-64` against the teacher `ensemble selection of 12 members`: 0.6 points fewer test rows right (2 of 360), 212 times fewer operations, 242 times faster per row on all threads, 482 times fewer bytes (20.5 kB instead of 9.88 MB), ~100 times less energy per prediction.
    Compressing took ~89.1 J (44.5 J to 178 J), repaid after ~100 k predictions; the teacher itself took ~1.23 kJ to make.
    ");
}

/// One change to the result and what must be said then.
type Case = (fn(&mut ResultRecord), &'static str);

#[test]
fn every_outcome_is_worded_as_it_is() {
    let savings: [Case; 14] = [
        (|result| result.models[1].test_errors = Some(8), "as many test rows right (352 of 360), "),
        (|result| result.models[1].test_errors = Some(5), "0.8 points more test rows right (3 of 360), "),
        (|result| result.dataset.test = 0, "no test rows to compare on, "),
        (|result| result.models[1].macs_nonzero = Some(2_006_000), "2.0 times more operations, "),
        (|result| result.models[1].macs_nonzero = Some(1_003_000), "as many operations, "),
        (
            |result| result.models[1].latency_us.row_on_all_threads = timed(121.0),
            ", 2.0 times slower per row on all threads, ",
        ),
        (
            |result| result.models[0].latency_us.row_on_all_threads = none(),
            ", speed on all threads not known (not applicable), ",
        ),
        (|result| result.models[1].file_bytes = None, "bytes not known, "),
        (
            |result| result.models[1].joules_per_prediction = modelled(0.0018),
            ", ~2.0 times more energy per prediction.",
        ),
        (
            |result| result.models[1].joules_per_prediction = none(),
            "energy per prediction not known (not applicable).",
        ),
        (
            |result| result.chosen = Some("ensemble selection of 12 members".to_owned()),
            "The teacher `ensemble selection of 12 members` itself was chosen",
        ),
        (
            |result| result.chosen_within_drop = Some(false),
            "No student stays within the allowed drop; the nearest is `student-64`, against the teacher `ensemble",
        ),
        (
            |result| result.models[0].name = "teacher".to_owned(),
            "`student-64` against the teacher: 0.6 points",
        ),
        (|result| result.chosen = None, "No model was chosen: there was none to choose from."),
    ];
    let repayments: [Case; 8] = [
        (
            |result| result.models[1].break_even_predictions = none(),
            "is repaid is not known (not applicable); the",
        ),
        (
            |result| result.models[1].break_even_predictions = Figure::unavailable(result::NOTHING_SAVED),
            "Compressing took ~89.1 J (44.5 J to 178 J); it is never repaid: a prediction saves no energy; the",
        ),
        (
            |result| {
                let after = Figure::band(2.5, 0.5, 12_345.0, Kind::Estimated, MODEL);
                result.models[1].break_even_predictions = after;
            },
            "repaid after ~3 predictions (1 to 12.3 k); the",
        ),
        (
            |result| result.models[1].to_repay_joules = none(),
            "What compressing took is not known (not applicable), ",
        ),
        (
            |result| result.models[2].role = Role::Student,
            "Compressing took ~89.1 J (44.5 J to 178 J), all 2 networks tried included, repaid after ~100 k predictions;",
        ),
        (|result| result.models[0].made_with_joules = none(), "J), repaid after ~100 k predictions."),
        (|result| result.chosen = Some("ensemble selection of 12 members".to_owned()), "Nothing was saved"),
        (|result| result.chosen = None, "Nothing was saved"),
    ];
    for (sentence, cases) in [(0, &savings[..]), (1, &repayments[..])] {
        for (change, expected) in cases {
            let mut record = result();
            change(&mut record);
            let said = &sentences(&record)[sentence];
            assert!(said.contains(expected), "`{said}` does not say `{expected}`");
        }
    }
}

#[test]
fn no_line_of_the_table_is_too_wide_and_no_control_character_gets_through() {
    let mut record = result();
    record.models[0].name = "é".repeat(500);
    record.models[1].name = "red \u{1b}[31m and\nmore".to_owned();
    record.chosen = Some(record.models[1].name.clone());
    let lines = table::models(&record) + &sentences(&record).join("\n");
    assert!(lines.chars().all(|letter| letter == '\n' || !letter.is_control()), "{lines}");
    for line in lines.lines().take(5) {
        assert!(line.chars().count() <= table::WIDTH, "{line}");
    }
    record.models.clear();
    assert_eq!(table::models(&record).lines().count(), 6, "a header and a legend for no models");
}
