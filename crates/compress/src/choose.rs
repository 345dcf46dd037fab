//! Which network to ship.

use serde::{Deserialize, Serialize};

use crate::judged::Judged;

/// A network that might be shipped, as validation sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Multiply-accumulates with weights that are not zero: what is to be least.
    pub macs_nonzero: u64,
    /// Size of its file: decides between equal arithmetic.
    pub file_bytes: u64,
    /// How each validation row was answered.
    pub judged: Judged,
}

/// The candidate that was chosen, and whether the rule could be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Its place among the candidates.
    pub place: usize,
    /// Whether its drop, doubt included, is within what was allowed; `false` marks the least bad candidate.
    pub within: bool,
}

/// How many standard errors of the drop are added to it before it is held against what is allowed.
///
/// One is the rule of Breiman et al. 1984 (section 3.4.3), turned to the safe side: validation rows are few, and
/// the smallest of several sizes that pass a noisy test tends to have passed by luck.
pub const STANDARD_ERRORS: f64 = 1.0;

/// The drop against the teacher ([`Judged::drop_points`]) plus [`STANDARD_ERRORS`].
pub fn doubtful_drop(teacher: &Judged, judged: &Judged) -> f64 {
    let (drop, error) = judged.drop_points(teacher);
    drop + STANDARD_ERRORS * error
}

/// The candidate with the fewest nonzero MACs (ties: bytes, then order) whose [`doubtful_drop`] against the teacher on the
/// validation rows is at most `max_drop_points`. Where none is, the one whose drop with its doubt is least, and
/// `within` is false. `None` without candidates.
pub fn choose(teacher: &Judged, candidates: &[Candidate], max_drop_points: f64) -> Option<Choice> {
    let doubtful_drop = |candidate: &Candidate| doubtful_drop(teacher, &candidate.judged);
    let within = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| doubtful_drop(candidate) <= max_drop_points)
        .min_by_key(|(place, candidate)| (candidate.macs_nonzero, candidate.file_bytes, *place));
    if let Some((place, _)) = within {
        return Some(Choice { place, within: true });
    }
    candidates
        .iter()
        .enumerate()
        .min_by(|(_, a), (_, b)| doubtful_drop(a).total_cmp(&doubtful_drop(b)))
        .map(|(place, _)| Choice { place, within: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 rows; the first `wrong` are wrong.
    fn right(wrong: usize) -> Judged {
        Judged::Right((0..100).map(|row| row >= wrong).collect())
    }

    fn candidate(macs_nonzero: u64, wrong: usize) -> Candidate {
        Candidate { macs_nonzero, file_bytes: 1, judged: right(wrong) }
    }

    #[test]
    fn the_cheapest_within_the_drop_is_chosen_doubt_included() {
        let candidates = [candidate(10, 9), candidate(20, 4), candidate(30, 2), candidate(40, 2)];
        // Drops 7, 2, 0, 0 with errors 2.7, 1.7, 1, 1.
        assert_eq!(choose(&right(2), &candidates, 1.0), Some(Choice { place: 2, within: true }));
        assert_eq!(choose(&right(2), &candidates, 3.0), Some(Choice { place: 2, within: true }));
        assert_eq!(choose(&right(2), &candidates, 3.8), Some(Choice { place: 1, within: true }));
        assert_eq!(choose(&right(2), &candidates, 10.0), Some(Choice { place: 0, within: true }));
    }

    #[test]
    fn bytes_decide_between_equal_arithmetic() {
        let mut candidates = [candidate(10, 2), candidate(10, 2)];
        candidates[0].file_bytes = 5;
        assert_eq!(choose(&right(2), &candidates, 1.0), Some(Choice { place: 1, within: true }));
    }

    #[test]
    fn the_least_bad_is_marked_where_none_is_good_enough() {
        let candidates = [candidate(10, 9), candidate(20, 6)];
        assert_eq!(choose(&right(2), &candidates, 1.0), Some(Choice { place: 1, within: false }));
        assert_eq!(choose(&right(2), &[], 1.0), None);
    }
}
