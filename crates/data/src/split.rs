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

/// Fewest rows that are divided where the target is a number: each part then has four.
const FEWEST_VALUES: usize = 20;

/// One row in so many goes to validation, and one to test, where no test part is given.
const HELD_OUT: usize = 5;

/// One in so many of the given training rows goes to validation where a test part is given: MNIST's 60,000
/// become 55,000 and 5,000 (Frankle & Carbin 2019).
const HELD_OUT_OF_GIVEN: usize = 12;

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
        let mut by_class = vec![Vec::new(); names.len()];
        for row in without(given_test, labels.len()) {
            by_class[labels[row as usize] as usize].push(row);
        }
        if by_class.iter().filter(|rows| !rows.is_empty()).count() < 2 {
            return Err(unusable("there is one class, expected two or more".into()));
        }
        for (rows, name) in by_class.iter().zip(names) {
            if (1..SMALLEST_CLASS).contains(&rows.len()) {
                let problem =
                    format!("class `{name}` has {} rows, expected at least {SMALLEST_CLASS}", rows.len());
                return Err(unusable(problem));
            }
        }
        let sizes: Vec<usize> = by_class.iter().map(Vec::len).collect();
        let held_out = one_in(if given_test.is_some() { HELD_OUT_OF_GIVEN } else { HELD_OUT }, &sizes);
        let mut random = random::stream(seed, "split");
        let mut split = Self::with_test(given_test);
        for (rows, held_out) in by_class.iter_mut().zip(held_out) {
            rows.shuffle(&mut random);
            let test = if given_test.is_some() { 0 } else { held_out };
            split.validation.extend(&rows[..held_out]);
            split.test.extend(&rows[held_out..held_out + test]);
            split.train.extend(&rows[held_out + test..]);
        }
        Ok(split.in_order())
    }

    /// 60/20/20 by `seed` where the target is a number: of any five neighbours in the order of their values one goes
    /// to validation and one to test, so that each part has small, middling and large ones alike. Where `given_test`
    /// names test rows, those are the test part, and one of any twelve neighbours among the others validates.
    ///
    /// # Errors
    /// [`DataError::Unusable`] where there are fewer than 20 rows to divide, or all have one value.
    pub fn by_value(
        dataset: &str,
        values: &[f32],
        given_test: Option<&[u32]>,
        seed: u64,
    ) -> Result<Self, DataError> {
        let unusable = |problem: String| DataError::Unusable { name: dataset.to_owned(), problem };
        let mut rows = without(given_test, values.len());
        if rows.len() < FEWEST_VALUES {
            return Err(unusable(format!(
                "{} rows to divide, expected at least {FEWEST_VALUES}",
                rows.len()
            )));
        }
        let value = |row: u32| values[row as usize];
        // The sort is stable: rows of one value stay in their order.
        rows.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        if value(rows[0]) == value(rows[rows.len() - 1]) {
            return Err(unusable(format!(
                "the target is {} in every row, expected several values",
                value(rows[0])
            )));
        }
        let group = if given_test.is_some() { HELD_OUT_OF_GIVEN } else { HELD_OUT };
        let mut random = random::stream(seed, "split");
        let mut split = Self::with_test(given_test);
        for neighbours in rows.chunks_mut(group) {
            neighbours.shuffle(&mut random);
            // A last group that is not whole gives up a row where it is more than half of one.
            let held_out = usize::from(2 * neighbours.len() > group);
            let test = if given_test.is_some() { 0 } else { held_out };
            split.validation.extend(&neighbours[..held_out]);
            split.test.extend(&neighbours[held_out..held_out + test]);
            split.train.extend(&neighbours[held_out + test..]);
        }
        Ok(split.in_order())
    }

    /// Nothing yet but the test part that is given.
    fn with_test(given: Option<&[u32]>) -> Self {
        Self { train: Vec::new(), validation: Vec::new(), test: given.unwrap_or_default().to_vec() }
    }

    fn in_order(mut self) -> Self {
        for part in [&mut self.train, &mut self.validation, &mut self.test] {
            part.sort_unstable();
        }
        self
    }
}

/// The rows of `count` that are not in the test part that is given, ascending.
fn without(given_test: Option<&[u32]>, count: usize) -> Vec<u32> {
    let mut is_test = vec![false; count];
    for &row in given_test.unwrap_or_default() {
        is_test[row as usize] = true;
    }
    (0..count as u32).filter(|&row| !is_test[row as usize]).collect()
}

/// How many rows of each class make up one in `divisor` of all, as near to the classes' own shares as whole rows
/// allow: the largest remainders are rounded up until the sum is right (Hamilton's method), earlier classes
/// first. At least one row of each class that has any.
fn one_in(divisor: usize, sizes: &[usize]) -> Vec<usize> {
    let mut parts: Vec<usize> = sizes.iter().map(|size| size / divisor).collect();
    let total = (sizes.iter().sum::<usize>() + divisor / 2) / divisor;
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&class| std::cmp::Reverse(sizes[class] % divisor));
    let left = total - parts.iter().sum::<usize>();
    for &class in by_remainder.iter().take(left) {
        parts[class] += 1;
    }
    for (part, &size) in parts.iter_mut().zip(sizes) {
        *part = (*part).max(size.min(1));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_worked_out_by_hand() {
        let mnist = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
        let cases: [(usize, &[usize], &[usize]); 6] = [
            (5, &[10, 5, 20], &[2, 1, 4]),
            // 1.4 + 1.4 + 1.4 = 4.2: each gets 1, and the fourth goes to the first of the equal remainders.
            (5, &[7, 7, 7], &[2, 1, 1]),
            // 1.6 + 1.2 + 2.2 = 5: the fifth goes to the remainder of 0.6.
            (5, &[8, 6, 11], &[2, 1, 2]),
            (12, &[120, 0, 60], &[10, 0, 5]),
            // 0.42 + 10 = 10.42: ten rows, but the small class is to be seen as well.
            (12, &[5, 120], &[1, 10]),
            // 4,994 whole twelfths; the other 6 rows go to the remainders 11, 10, 10, 9, 9 and the first 7.
            (12, &mnist, &[494, 562, 496, 511, 487, 452, 493, 522, 487, 496]),
        ];
        for (divisor, sizes, expected) in cases {
            assert_eq!(one_in(divisor, sizes), expected, "one in {divisor} of {sizes:?}");
        }
        assert_eq!(one_in(12, &mnist).iter().sum::<usize>(), 5000);
    }
}
