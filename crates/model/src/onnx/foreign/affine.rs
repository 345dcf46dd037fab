//! Scaling and shifting that is not yet part of a layer.

use crate::Dense;

/// One number for all of a row, or one for each of its numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Per {
    /// For all.
    All(f64),
    /// For each.
    Each(Vec<f64>),
}

impl Per {
    /// That of the number at `place` of a row.
    pub(super) fn at(&self, place: usize) -> f64 {
        match self {
            Self::All(number) => *number,
            Self::Each(numbers) => numbers[place],
        }
    }

    /// Number by number.
    pub(super) fn map(self, change: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::All(number) => Self::All(change(number)),
            Self::Each(numbers) => Self::Each(numbers.into_iter().map(change).collect()),
        }
    }

    /// Numbers of two, place by place.
    fn zip(&self, other: &Self, with: impl Fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::All(a), Self::All(b)) => Self::All(with(*a, *b)),
            (Self::Each(a), b) => {
                Self::Each(a.iter().enumerate().map(|(place, &a)| with(a, b.at(place))).collect())
            }
            (Self::All(a), Self::Each(b)) => Self::Each(b.iter().map(|&b| with(*a, b)).collect()),
        }
    }
}

/// `y = scale x + shift`, number by number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Affine {
    pub(super) scale: Per,
    pub(super) shift: Per,
}

impl Affine {
    /// What changes nothing.
    pub(super) const NONE: Self = Self { scale: Per::All(1.0), shift: Per::All(0.0) };

    /// Numbers that are made where it is taken into a layer of so many weights, or joined with another.
    pub(super) fn work(&self, weights: usize) -> u64 {
        let each = |per: &Per| match per {
            Per::All(_) => 0,
            Per::Each(numbers) => numbers.len() as u64,
        };
        let scaled = if self.scale == Per::All(1.0) { 0 } else { weights as u64 };
        each(&self.scale) + each(&self.shift) + scaled
    }

    /// Whether it changes nothing.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// This one, then `next`.
    pub(super) fn then(&self, next: &Self) -> Self {
        let scaled = next.scale.zip(&self.shift, |scale, shift| scale * shift);
        Self {
            scale: next.scale.zip(&self.scale, |next, scale| next * scale),
            shift: scaled.zip(&next.shift, |shift, next| shift + next),
        }
    }

    /// Takes it into the layer before: `a (W x + b) + c = (a W) x + (a b + c)`.
    pub(super) fn into_results(self, dense: &mut Dense) {
        let inputs = dense.weights.shape().get(1).copied().unwrap_or_default().max(1);
        if self.scale != Per::All(1.0) {
            dense.weights.update(|index, weight| (f64::from(weight) * self.scale.at(index / inputs)) as f32);
        }
        for (place, bias) in dense.bias.iter_mut().enumerate() {
            *bias = (f64::from(*bias) * self.scale.at(place) + self.shift.at(place)) as f32;
        }
    }

    /// Takes it into the layer behind: `W (a x + c) + b = (W a) x + (W c + b)`.
    pub(super) fn into_inputs(self, dense: &mut Dense) {
        let inputs = dense.weights.shape().get(1).copied().unwrap_or_default().max(1);
        for (row, bias) in dense.weights.values().chunks_exact(inputs).zip(&mut dense.bias) {
            let shift = |(place, &weight): (usize, &f32)| f64::from(weight) * self.shift.at(place);
            let shift: f64 = row.iter().enumerate().map(shift).sum();
            *bias = (f64::from(*bias) + shift) as f32;
        }
        dense.weights.update(|index, weight| (f64::from(weight) * self.scale.at(index % inputs)) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Weights;

    #[test]
    fn scaling_is_taken_in_as_by_hand() {
        let dense = || Dense {
            weights: Weights::new(vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap(),
            bias: vec![10.0, 20.0],
        };
        let affine = Affine { scale: Per::Each(vec![2.0, -1.0]), shift: Per::Each(vec![0.5, 1.0]) };

        let mut before = dense();
        affine.clone().into_results(&mut before);
        assert_eq!(before.weights.values(), [2.0, 4.0, -3.0, -4.0]);
        assert_eq!(before.bias, [20.5, -19.0]);

        let mut behind = dense();
        affine.into_inputs(&mut behind);
        assert_eq!(behind.weights.values(), [2.0, -2.0, 6.0, -4.0]);
        // 10 + 1 * 0.5 + 2 * 1 and 20 + 3 * 0.5 + 4 * 1.
        assert_eq!(behind.bias, [12.5, 25.5]);
    }

    #[test]
    fn two_in_a_row_are_one() {
        // (x / 2 - 1) * 4 + 3 = 2 x - 1.
        let first = Affine { scale: Per::All(0.5), shift: Per::All(-1.0) };
        let second = Affine { scale: Per::Each(vec![4.0]), shift: Per::All(3.0) };
        let both = first.then(&second);
        assert_eq!((both.scale.at(0), both.shift.at(0)), (2.0, -1.0));
        assert!(Affine::NONE.then(&Affine::NONE).is_none());
    }
}
