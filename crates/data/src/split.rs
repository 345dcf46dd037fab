//! Which rows train, validate and test.

use rand::seq::SliceRandom;

use crate::{DataError, random};

/// Row numbers of each part, ascending; no row is in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows that learners may fit.
    pub train: Vec<u32>,
    /// Rows that choose between models.
    pub validation: Vec<u32>,
    /// Rows that are looked at once, when everything has been chosen.
    pub test: Vec<u32>,
}

/// Fewest rows that a class must have, so that each part sees it.
const SMALLEST_CLASS: usize = 5;

/// Share of all rows that go to validation, and to test, where no test part is given.
const HELD_OUT: f64 = 0.2;

/// Share of the given training rows that go to validation where a test part is given: MNIST's 60,000 become
/// 55,000 and 5,000 (Frankle & Carbin 2019).
const HELD_OUT_OF_GIVEN: f64 = 1.0 / 12.0;

impl Split {
    /// 60/20/20, each class divided in that proportion, by `seed`. Where `given_test` names test rows, those
    /// are the test part, and one row in twelve of the others validates.
    ///
    /// # Errors
    /// [`DataError::Unusable`] where there is only one class or one with fewer than 5 rows to divide.
    pub fn stratified(
        dataset: &str,
        names: &[String],
        labels: &[u32],
        given_test: Option<&[u32]>,
        seed: u64,
    ) -> Result<Self, DataError> {
        let unusable = |problem: String| DataError::Unusable { name: dataset.to_owned(), problem };
        let mut is_test = vec![false; labels.len()];
        for &row in given_test.unwrap_or_default() {
            is_test[row as usize] = true;
        }
        let mut by_class = vec![Vec::new(); names.len()];
        for (row, &label) in labels.iter().enumerate().filter(|(row, _)| !is_test[*row]) {
            by_class[label as usize].push(row as u32);
        }
        if by_class.iter().filter(|rows| !rows.is_empty()).count() < 2 {
            return Err(unusable("there is one class, expected two or more".into()));
        }
        let mut random = random::stream(seed, "split");
        let mut split = Self { train: Vec::new(), validation: Vec::new(), test: given_test.unwrap_or_default().to_vec() };
        for (rows, name) in by_class.iter_mut().zip(names).filter(|(rows, _)| !rows.is_empty()) {
            if rows.len() < SMALLEST_CLASS {
                let problem = format!("class `{name}` has {} rows, expected at least {SMALLEST_CLASS}", rows.len());
                return Err(unusable(problem));
            }
            rows.shuffle(&mut random);
            let share = |share: f64| ((rows.len() as f64 * share).round() as usize).max(1);
            let (validation, test) =
                if given_test.is_some() { (share(HELD_OUT_OF_GIVEN), 0) } else { (share(HELD_OUT), share(HELD_OUT)) };
            split.validation.extend(&rows[..validation]);
            split.test.extend(&rows[validation..validation + test]);
            split.train.extend(&rows[validation + test..]);
        }
        for part in [&mut split.train, &mut split.validation, &mut split.test] {
            part.sort_unstable();
        }
        Ok(split)
    }
}
