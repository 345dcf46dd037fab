//! The table of a study.

use lessen_records::Study;
use lessen_records::study::{Holds, StudyRow};
use lessen_report::table::{self, Notes};

fn row(what: &str, [paper, ours, low, high]: [Option<f64>; 4], seeds: u64, holds: Holds) -> StudyRow {
    StudyRow {
        id: String::new(),
        what: what.to_owned(),
        paper,
        ours,
        low,
        high,
        seeds,
        holds,
        note: None,
        extra: Default::default(),
    }
}

fn study(rows: Vec<StudyRow>) -> Study {
    Study {
        schema: Default::default(),
        name: "hinton2014".to_owned(),
        spec: Default::default(),
        rows,
        series: Vec::new(),
        results: Vec::new(),
        tickets: Vec::new(),
        extra: Default::default(),
    }
}

#[test]
fn the_table_of_a_study() {
    let study = study(vec![
        row("test errors, distilled", [Some(74.0), Some(80.4), Some(77.125), Some(83.9)], 5, Holds::Yes),
        row("a | in a claim", [None, Some(-0.00123), None, Some(1.0)], 5, Holds::NotShown),
        row("not run", [Some(0.988), None, None, None], 5, Holds::No),
    ]);
    insta::assert_snapshot!(table::study_markdown(&study), @r"
    | claim | paper | ours | interval | seeds | holds |
    | --- | ---: | ---: | ---: | ---: | ---: |
    | test errors, distilled | 74 | 80.4 | 77.12 to 83.9 | 5 | yes |
    | a \| in a claim | – | -0.00123 | – to 1 | 5 | not shown |
    | not run | 0.988 | – | – | 5 | no |
    ");
}

/// As the program makes of a paper's arithmetic: a number a row, each with its inputs.
fn arithmetic() -> Study {
    let row = |what: &str, paper, ours, holds, note: &str| StudyRow {
        note: (!note.is_empty()).then(|| note.to_owned()),
        ..row(what, [Some(paper), ours, None, None], 0, holds)
    };
    study(vec![
        row("BERT on V100x64: energy, kWh", 1507.0, Some(1506.826), Holds::Yes, "12041.51 W × 79.2 h"),
        row(
            "BERT on V100x64: energy in the hours that are printed, kWh",
            1507.0,
            Some(1503.021),
            Holds::No,
            "12041.51 W × 79 h; the table prints 79 h, the text 3.3 days (79.2 h): those give the printed *1507* kWh",
        ),
        row("one | hour, g CO2e", 28.54, None, Holds::NotShown, "nobody says"),
        row("an hour of all, g CO2e", 103_000.0, Some(103_175.06), Holds::No, ""),
    ])
}

#[test]
fn a_study_of_arithmetic_has_no_seeds_and_says_what_does_not_follow() {
    insta::assert_snapshot!(table::study_text(&arithmetic()), @r"
    claim                                                         paper        ours      holds
    BERT on V100x64: energy, kWh                                  1,507    1,506.83        yes
    BERT on V100x64: energy in the hours that are printed, kWh    1,507    1,503.02         no
    one | hour, g CO2e                                            28.54           –  not shown
    an hour of all, g CO2e                                      103,000  103,175.06         no

    BERT on V100x64: energy in the hours that are printed, kWh: 12041.51 W × 79 h; the table prints 79 h, the text
      3.3 days (79.2 h): those give the printed *1507* kWh
    ");
    insta::assert_snapshot!(table::study_markdown(&arithmetic()), @r"
    | claim | paper | ours | holds |
    | --- | ---: | ---: | ---: |
    | BERT on V100x64: energy, kWh | 1,507 | 1,506.83 | yes |
    | BERT on V100x64: energy in the hours that are printed, kWh | 1,507 | 1,503.02 | no |
    | one \| hour, g CO2e | 28.54 | – | not shown |
    | an hour of all, g CO2e | 103,000 | 103,175.06 | no |

    - BERT on V100x64: energy in the hours that are printed, kWh: 12041.51 W × 79 h; the table prints 79 h, the text 3.3 days (79.2 h): those give the printed \*1507\* kWh
    ");
}

#[test]
fn all_notes_are_shown_where_they_are_asked_for() {
    let notes = |text: String| text.split_once("\n\n").unwrap().1.to_owned();
    insta::assert_snapshot!(notes(table::study_text_with(&arithmetic(), Notes::All)), @r"
    BERT on V100x64: energy, kWh: 12041.51 W × 79.2 h
    BERT on V100x64: energy in the hours that are printed, kWh: 12041.51 W × 79 h; the table prints 79 h, the text
      3.3 days (79.2 h): those give the printed *1507* kWh
    one | hour, g CO2e: nobody says
    ");
    insta::assert_snapshot!(notes(table::study_markdown_with(&arithmetic(), Notes::All)), @r"
    - BERT on V100x64: energy, kWh: 12041.51 W × 79.2 h
    - BERT on V100x64: energy in the hours that are printed, kWh: 12041.51 W × 79 h; the table prints 79 h, the text 3.3 days (79.2 h): those give the printed \*1507\* kWh
    - one \| hour, g CO2e: nobody says
    ");
}

#[test]
fn a_control_character_of_a_note_does_not_reach_the_terminal() {
    let mut study = arithmetic();
    study.rows[1].note = Some("a\u{1b}[2J\nb".to_owned());
    for text in [table::study_text(&study), table::study_markdown(&study)] {
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.ends_with('\n') && text.contains("2J b\n"), "{text}");
    }
}
