use lessen_records::study::Holds;

use super::*;

fn row(id: &str) -> StudyRow {
    study().rows.into_iter().find(|row| row.id == id).unwrap_or_else(|| panic!("no row `{id}`"))
}

#[test]
fn all_printed_numbers_follow_but_the_two_that_are_explained() {
    let rows = study().rows;
    // Table 1: 4. Table 3: 5 trainings on GPUs of 4, 3 on TPUs of 2, 2 searches' hours, 1 with the printed hours.
    // Table 4: 3 of 3, and the hours of 24 jobs.
    assert_eq!(rows.len(), 4 + 5 * 4 + 3 * 2 + 2 + 1 + 3 * 3 + 1);
    let broken: Vec<_> =
        rows.iter().filter(|row| row.holds != Holds::Yes).map(|row| (row.id.as_str(), row.holds)).collect();
    assert_eq!(
        broken,
        [("table-3/bert-base-gpu/kwh-at-printed-hours", Holds::No), ("table-3/nas-tpu/hours", Holds::No)]
    );
}

#[test]
fn rows_are_those_of_the_arithmetic_by_hand() {
    for (id, printed, ours) in [
        // 1.58 * 1415.78 W * 12 h / 1000; times 0.954 lb
        ("table-3/transformer-base/kwh", 27.0, 26.843_19),
        ("table-3/transformer-base/lb-co2e", 26.0, 25.608_40),
        // 8 * 12 h * 0.43 and 1.46
        ("table-3/transformer-base/usd-low", 41.0, 41.28),
        ("table-3/transformer-base/usd-high", 140.0, 140.16),
        ("table-3/bert-base-gpu/kwh", 1507.0, 1506.8264),
        ("table-3/bert-base-gpu/kwh-at-printed-hours", 1507.0, 1503.0213),
        ("table-3/bert-base-gpu/usd-high", 12_571.0, 12_570.624),
        // 16 * 96 h * 1.35: a price of boards
        ("table-3/bert-base-tpu/usd-low", 2074.0, 2073.6),
        ("table-3/nas-gpu/hours", 274_120.0, 274_120.0),
        ("table-3/nas-gpu/lb-co2e", 626_155.0, 626_155.306_20),
        ("table-3/nas-tpu/hours", 32_623.0, 32_633.333_33),
        ("table-3/nas-tpu/usd-low", 44_055.0, 44_054.55),
        ("table-3/nas-tpu/usd-high", 146_848.0, 146_848.5),
        ("table-3/gpt-2/usd-high", 43_008.0, 43_008.0),
        // 216.96 W * 120 h * 1.58 / 1000 * 0.954; 239,942 h
        ("table-1/nlp-pipeline/lb-co2e", 39.0, 39.243_38),
        ("table-1/nlp-pipeline-tuned/lb-co2e", 78_468.0, 78_467.787_68),
        ("table-4/24-jobs/hours", 2880.0, 2880.0),
        ("table-4/4789-jobs/usd-low", 103_000.0, 103_175.06),
        ("table-4/4789-jobs/electricity-usd", 9870.0, 9870.162),
    ] {
        let row = row(id);
        assert_eq!(row.paper, Some(printed), "{id}");
        let found = row.ours.unwrap();
        assert!((found - ours).abs() < 1e-4, "{id}: {found}, expected {ours}");
    }
}

#[test]
fn no_other_power_of_two_decimals_gives_what_tables_1_and_4_print() {
    let paper = Paper::of(Tables::built_in());
    let all = tables::costed().iter().find(|row| row.key == "4789-jobs").unwrap();
    let printed =
        tables::compared().iter().find(|row| row.key == "nlp-pipeline-tuned").unwrap().printed_lb_co2e;
    let gives = |watts: f64| {
        let pounds = paper.pounds(paper.bought(Watts(watts), all.hours())).unwrap();
        printed.agrees(pounds.0)
    };
    assert!(gives(all.watts_per_device));
    assert!(!gives(all.watts_per_device - 0.01) && !gives(all.watts_per_device + 0.01));
}

#[test]
fn what_does_not_follow_says_why_and_what_was_corrected_says_so() {
    let note = |id: &str| row(id).note.unwrap();
    let bert = note("table-3/bert-base-gpu/kwh-at-printed-hours");
    assert!(
        bert.starts_with("12041.51 W × 79 h × PUE 1.58 / 1000; the table prints 79 h, the text 3.3 days"),
        "{bert}"
    );
    let search = note("table-3/nas-tpu/hours");
    assert!(
        search.starts_with("979000000 steps / 300000 steps × 10 h; the printed costs follow from 32633 h"),
        "{search}"
    );
    assert_eq!(note("table-3/nas-gpu/hours"), "979000000 steps / 300000 steps × 84 h");
    assert_eq!(note("table-3/bert-base-gpu/usd-low"), "64 × 79.2 h (printed: 79) × 0.74 USD/h");
    assert_eq!(note("table-3/bert-base-tpu/usd-high"), "16 × 96 h × 4.5 USD/h of a board of four chips");
    assert_eq!(
        note("table-3/bert-base-gpu/lb-co2e"),
        "12041.51 W × 79.2 h (printed: 79) × PUE 1.58 / 1000 × 0.954 lb/kWh"
    );
    assert_eq!(
        note("table-1/transformer-big/lb-co2e"),
        "201.1279 kWh of table-3/transformer-big × 0.954 lb/kWh"
    );
}
