//! Weights, and which of them are left.

/// Which weights are left. [`Mask::shrink`] is the only thing that changes one, so it can only lose members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    words: Vec<u64>,
    length: usize,
}

impl Mask {
    /// All of `length` weights are left.
    pub fn full(length: usize) -> Self {
        let mut words = vec![u64::MAX; length.div_ceil(64)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), length % 64) {
            *last = (1 << rest) - 1;
        }
        Self { words, length }
    }

    /// Number of weights, left or not.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no weight at all.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether weight `index` is left.
    pub fn has(&self, index: usize) -> bool {
        index < self.length && self.words[index / 64] >> (index % 64) & 1 == 1
    }

    /// Number of weights that are left.
    pub fn left(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Drops every weight that is left now and that `keep` does not want; the others are not asked about.
    pub fn shrink(&mut self, keep: impl Fn(usize) -> bool) {
        for (place, word) in self.words.iter_mut().enumerate() {
            let mut asked = *word;
            while asked != 0 {
                let bit = asked.trailing_zeros() as usize;
                asked &= asked - 1;
                if !keep(place * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }
}

/// The prunable weights of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `[outputs, inputs]` for a dense layer.
    shape: Vec<usize>,
    /// Row-major; zero wherever the mask says that the weight is gone.
    values: Vec<f32>,
    mask: Option<Mask>,
}

impl Weights {
    /// Weights of which all are left. `values` must have as many entries as `shape` says; `None` otherwise.
    pub fn new(shape: Vec<usize>, values: Vec<f32>) -> Option<Self> {
        let count = shape.iter().try_fold(1usize, |count, &side| count.checked_mul(side))?;
        (count == values.len()).then_some(Self { shape, values, mask: None })
    }

    /// Extent by dimension, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Row-major values; zero where the weight is gone.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Which are left; `None` where nothing was ever pruned.
    pub fn mask(&self) -> Option<&Mask> {
        self.mask.as_ref()
    }

    /// Number of weights that are left.
    pub fn left(&self) -> usize {
        self.mask.as_ref().map_or(self.values.len(), Mask::left)
    }

    /// Number of weights that are not zero.
    pub fn nonzero(&self) -> usize {
        self.values.iter().filter(|&&value| value != 0.0).count()
    }

    /// Prunes: the mask shrinks to what `keep` wants of it, and what is gone becomes zero.
    pub fn shrink(&mut self, keep: impl Fn(usize) -> bool) {
        let mask = self.mask.get_or_insert_with(|| Mask::full(self.values.len()));
        mask.shrink(keep);
        for (index, value) in self.values.iter_mut().enumerate() {
            if !mask.has(index) {
                *value = 0.0;
            }
        }
    }

    /// Changes the values that are left by `change(index, value)`; what is gone stays zero.
    pub fn update(&mut self, change: impl Fn(usize, f32) -> f32) {
        for (index, value) in self.values.iter_mut().enumerate() {
            if self.mask.as_ref().is_none_or(|mask| mask.has(index)) {
                *value = change(index, *value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mask_only_shrinks() {
        let mut mask = Mask::full(70);
        assert_eq!(mask.left(), 70);
        mask.shrink(|index| index % 2 == 0);
        assert_eq!(mask.left(), 35);
        mask.shrink(|_| true);
        assert_eq!(mask.left(), 35, "what is gone does not come back");
        assert!(mask.has(68) && !mask.has(69) && !mask.has(1000));
    }

    proptest::proptest! {
        #[test]
        fn a_mask_is_the_set_that_every_shrink_kept(length in 0usize..200, keeps in vec(vec(any::<bool>(), 200), 0..4)) {
            let mut mask = Mask::full(length);
            let mut left = vec![true; length];
            for keep in &keeps {
                // Only what is left is asked about.
                mask.shrink(|index| {
                    assert!(left[index]);
                    keep[index]
                });
                left.iter_mut().zip(keep).for_each(|(left, keep)| *left &= keep);
            }
            let found: Vec<bool> = (0..length).map(|index| mask.has(index)).collect();
            prop_assert_eq!(mask.left(), left.iter().filter(|left| **left).count());
            prop_assert_eq!(found, left);
            prop_assert!(!mask.has(length));
            prop_assert_eq!((mask.len(), mask.is_empty()), (length, length == 0));
        }
    }

    #[test]
    fn pruned_weights_are_zero_and_stay_so() {
        let mut weights = Weights::new(vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        weights.shrink(|index| index != 1);
        assert_eq!(weights.values(), [1.0, 0.0, 3.0, 4.0]);
        weights.update(|_, value| value + 1.0);
        assert_eq!(weights.values(), [2.0, 0.0, 4.0, 5.0]);
        assert_eq!((weights.left(), weights.nonzero()), (3, 3));
    }

    #[test]
    fn a_shape_that_does_not_hold_the_values_is_refused() {
        assert!(Weights::new(vec![2, 3], vec![0.0; 5]).is_none());
        assert!(Weights::new(vec![usize::MAX, 2], vec![]).is_none());
    }
}
