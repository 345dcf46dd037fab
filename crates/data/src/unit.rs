//! Mean and standard deviation: the unit that numbers are learned in.

/// A number `x` is `(x - centre) / scale` in this unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// The mean.
    pub centre: f32,
    /// The standard deviation (of the population); 1 where nothing varies.
    pub scale: f32,
}

/// Smallest deviation that counts: weights divided by it, when scaling is folded into a layer, stay finite.
const SMALLEST_SCALE: f32 = 1e-30;

impl Unit {
    /// Numbers as they are.
    pub const NONE: Self = Self { centre: 0.0, scale: 1.0 };

    /// The unit of some numbers; [`Unit::NONE`] of nothing.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let count = values.clone().count() as f64;
        if count == 0.0 {
            return Self::NONE;
        }
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        let deviation = variance.sqrt() as f32;
        // What is below the spacing of numbers at the mean is rounding, however small the unit of the numbers is.
        let rounding = f32::EPSILON * mean.abs() as f32;
        let scale = if deviation > rounding.max(SMALLEST_SCALE) { deviation } else { 1.0 };
        Self { centre: mean as f32, scale }
    }

    /// A number in this unit.
    pub fn scaled(self, value: f32) -> f32 {
        ((f64::from(value) - f64::from(self.centre)) / f64::from(self.scale)) as f32
    }

    /// A number of this unit as it was.
    pub fn unscaled(self, scaled: f32) -> f32 {
        scaled.mul_add(self.scale, self.centre)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_the_populations() {
        let unit = Unit::of([1.0, 3.0].into_iter());
        assert_eq!(unit, Unit { centre: 2.0, scale: 1.0 });
        assert_eq!((unit.scaled(5.0), unit.unscaled(3.0)), (3.0, 5.0));
        assert_eq!(Unit::of([7.0, 7.0].into_iter()), Unit { centre: 7.0, scale: 1.0 });
        assert_eq!(Unit::of(std::iter::empty()), Unit::NONE);
    }
}
