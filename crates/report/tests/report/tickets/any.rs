//! Pages of records that are as odd as the types allow.

use lessen_records::Study;
use lessen_records::study::{Effort, Holds, Series, StudyRow, TicketCost};
use lessen_report::tickets_page;
use lessen_units::{Joules, Seconds};
use proptest::prelude::*;
use serde_json::json;

use super::{EARLY, LAST, STEP, cost, result, row, series, study};
use crate::markup::check;
use crate::page::{extreme, figures, hostile_name};

prop_compose! {
    fn curves()(
        name in prop_oneof![
            Just("ticket".to_owned()), Just("random reinit".to_owned()), Just("one-shot".to_owned()),
            Just("learning, level 0".to_owned()), Just("learning, level 3".to_owned()),
            Just("between copies, level 1".to_owned()), hostile_name()
        ],
        y in prop_oneof![
            Just(EARLY.to_owned()), Just(LAST.to_owned()), Just(STEP.to_owned()), hostile_name()
        ],
        unit in prop_oneof![Just("%".to_owned()), hostile_name()],
        points in prop::collection::vec((prop_oneof![extreme(), Just(f64::NAN)], extreme()), 0..5),
    ) -> Series {
        series(&name, None, (&y, &unit), &points)
    }
}

prop_compose! {
    fn rows()(
        id in prop_oneof![
            Just("best-ticket".to_owned()), Just("random-reinit-50.00".to_owned()), Just("random-reinit-inf".to_owned()),
            hostile_name()
        ],
        what in hostile_name(),
        numbers in prop::array::uniform3(prop::option::of(extreme())),
        holds in prop_oneof![Just(Holds::Yes), Just(Holds::No), Just(Holds::NotShown)],
        note in prop::option::of(hostile_name()),
    ) -> StudyRow {
        StudyRow { note, ..row(&id, &what, numbers, holds) }
    }
}

prop_compose! {
    fn costs()(
        level in 0u64..4,
        density in prop_oneof![extreme(), Just(f64::NAN)],
        joules in prop::array::uniform3(figures::<Joules>()),
        seconds in extreme(),
        break_even_trainings in figures(),
    ) -> TicketCost {
        let [finding, training, dense] = joules
            .map(|joules| Effort { cpu_seconds: Seconds(seconds), joules });
        TicketCost { density, finding, training, dense, ..cost(level, [1.0, 1.0], break_even_trainings) }
    }
}

prop_compose! {
    fn studies()(
        name in hostile_name(),
        series in prop::collection::vec(curves(), 0..8),
        rows in prop::collection::vec(rows(), 0..4),
        tickets in prop::collection::vec(costs(), 0..4),
        decided in prop::option::of(0u64..4),
        number in extreme(),
    ) -> Study {
        let mut study = Study { series, rows, tickets, ..study() };
        study.spec["pruning"]["rate"] = json!(number);
        study.spec["start"]["drawn"]["architecture"] = json!(name);
        study.extra = decided.map(|level| ("best_level".to_owned(), json!(level))).into_iter().collect();
        Study { name, ..study }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_records_make_a_sound_page(study in studies(), has_classes in any::<bool>()) {
        let mut result = result();
        result.dataset.name = study.name.clone();
        if !has_classes {
            result.dataset.classes = None;
        }
        prop_assert_eq!(check(&tickets_page(&study, &result)), Ok(()));
    }
}
