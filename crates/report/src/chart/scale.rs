//! From values to places along an axis, and the values that an axis is labelled with.

use crate::readable::{number, with_unit};

/// Values that an axis spans.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    spacing: Spacing,
    low: f64,
    high: f64,
    /// Whether values fall along the axis.
    falling: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spacing {
    Linear,
    Log,
}

/// How the values along an axis are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Labels {
    /// As decimal numbers, the unit right behind: `97.5%`.
    Plain(&'static str),
    /// With a prefix of the SI: `10 kJ`.
    Prefixed(&'static str),
}

/// A labelled value.
#[derive(Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// What lies beyond is left out of a picture: differences of such numbers could overflow.
const LARGEST: f64 = 1e100;
/// Free space at both ends, as a share of what the values span.
const MARGIN: f64 = 0.06;

impl Scale {
    /// All values that can be drawn, with some space around them; `None` where there are none.
    pub(crate) fn linear(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (low, high) = bounds(values.into_iter().filter(|value| value.abs() <= LARGEST))?;
        let (low, high) = if high - low <= high.abs().max(low.abs()) * 1e-9 {
            let around = if high == 0.0 { 1.0 } else { high.abs() * 0.05 };
            (low - around, high + around)
        } else {
            let margin = (high - low) * MARGIN;
            (low - margin, high + margin)
        };
        Some(Self { spacing: Spacing::Linear, low, high, falling: false })
    }

    /// From 0 to the largest value that can be drawn.
    pub(crate) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let drawable = values.into_iter().filter(|value| (0.0..=LARGEST).contains(value));
        let high = drawable.fold(0.0, f64::max);
        let high = if high > 1.0 / LARGEST { high } else { 1.0 };
        Self { spacing: Spacing::Linear, low: 0.0, high, falling: false }
    }

    /// Equal ratios at equal distances; all values that can be drawn, with some space around them.
    pub(crate) fn log(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let drawable = values.into_iter().filter(|value| (1.0 / LARGEST..=LARGEST).contains(value));
        let (low, high) = bounds(drawable)?;
        let margin = if high / low < 1.0 + 1e-9 { 2.0 } else { (high / low).powf(MARGIN) };
        Some(Self { spacing: Spacing::Log, low: low / margin, high: high * margin, falling: false })
    }

    /// The same values, the largest first.
    pub(crate) fn falling(self) -> Self {
        Self { falling: true, ..self }
    }

    /// The place of a value: 0 at the beginning of the axis, 1 at its end. `None` for what cannot be drawn on it.
    pub(crate) fn place(&self, value: f64) -> Option<f64> {
        let along = match self.spacing {
            Spacing::Linear => (value - self.low) / (self.high - self.low),
            Spacing::Log if value > 0.0 => (value / self.low).ln() / (self.high / self.low).ln(),
            Spacing::Log => return None,
        };
        let inside = (-1e-9..=1.0 + 1e-9).contains(&along);
        inside.then(|| if self.falling { 1.0 - along } else { along }.clamp(0.0, 1.0))
    }

    /// Round values along the axis, about as many as said, rising.
    pub(crate) fn ticks(&self, about: usize, labels: Labels) -> Vec<Tick> {
        let about = about.max(2);
        let values = match self.spacing {
            Spacing::Linear => self.round_values(about),
            Spacing::Log => self.decades(about).unwrap_or_else(|| self.round_values(about)),
        };
        let step = match values.as_slice() {
            [first, second, ..] if self.spacing == Spacing::Linear => second - first,
            _ => 0.0,
        };
        values.into_iter().map(|value| Tick { value, label: labels.write(value, step) }).collect()
    }

    /// Multiples of 1, 2 or 5 times a power of ten; more than said where there would be one or none.
    fn round_values(&self, about: usize) -> Vec<f64> {
        let values = self.multiples(about);
        if values.len() < 2 { self.multiples(2 * about) } else { values }
    }

    fn multiples(&self, about: usize) -> Vec<f64> {
        let raw = (self.high - self.low) / about as f64;
        let power = 10f64.powf(raw.log10().floor());
        let step = power * [1.0, 2.0, 5.0].into_iter().find(|&step| raw <= step * power).unwrap_or(10.0);
        let first = (self.low / step).ceil();
        let values = (0..=2 * about).map(|index| (first + index as f64) * step);
        // Adding 0 makes -0 a 0.
        values.take_while(|&value| value <= self.high + step * 1e-9).map(|value| value + 0.0).collect()
    }

    /// Powers of ten, with their double and fivefold where there is room; `None` where there would be fewer than three
    /// of them all.
    fn decades(&self, about: usize) -> Option<Vec<f64>> {
        let powers = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let inside = |value: &f64| self.place(*value).is_some();
        let fine: Vec<f64> = powers
            .clone()
            .flat_map(|power| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(power)))
            .filter(inside)
            .collect();
        let whole: Vec<f64> = powers.map(|power| 10f64.powi(power)).filter(inside).collect();
        if fine.len() < 3 {
            None
        } else if fine.len() <= about + 1 || whole.len() < 3 {
            Some(fine)
        } else {
            let every = whole.len().div_ceil(about);
            Some(whole.into_iter().step_by(every).collect())
        }
    }
}

impl Labels {
    /// A value among others that are `step` apart; 0 where they are not evenly spaced.
    fn write(self, value: f64, step: f64) -> String {
        match self {
            Self::Plain(unit) if step > 0.0 && value.abs() < 1e9 && step > 1e-9 => {
                let decimals = (-(step * 1.000_001).log10().floor()).max(0.0) as usize;
                format!("{value:.decimals$}{unit}")
            }
            Self::Plain(unit) if value.abs() >= 1e9 => format!("{value:.3e}{unit}"),
            Self::Plain(unit) => number(value) + unit,
            Self::Prefixed(unit) => without_zeros(&with_unit(value, unit)),
        }
    }
}

/// `1.00 k` as `1 k`, `2.50 k` as `2.5 k`.
fn without_zeros(text: &str) -> String {
    match text.split_once(' ') {
        Some((digits, unit)) if digits.contains('.') => {
            format!("{} {unit}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        None if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text.to_owned(),
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |bounds, value| match bounds {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale, about: usize, labels: Labels) -> Vec<String> {
        scale.ticks(about, labels).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn round_values_of_a_linear_axis() {
        // 0 to 10 with 6 % at both ends: -0.6 to 10.6.
        let scale = Scale::linear([10.0, 0.0, 4.0, f64::NAN, f64::INFINITY, 1e200]).unwrap();
        assert_eq!(labels(&scale, 5, Labels::Plain("%")), ["0%", "5%", "10%"]);
        assert_eq!(labels(&scale, 6, Labels::Plain("")), ["0", "2", "4", "6", "8", "10"]);
        let narrow = Scale::linear([97.0, 97.5]).unwrap();
        assert_eq!(labels(&narrow, 3, Labels::Plain("%")), ["97.0%", "97.2%", "97.4%"]);
        let bars = Scale::from_zero([12_000.0, 2.0]);
        assert_eq!(labels(&bars, 3, Labels::Prefixed("J")), ["0 J", "5 kJ", "10 kJ"]);
    }

    #[test]
    fn round_values_of_a_logarithmic_axis() {
        let wide = Scale::log([500.0, 1.5e6]).unwrap();
        assert_eq!(labels(&wide, 5, Labels::Prefixed("")), ["1 k", "10 k", "100 k", "1 M"]);
        assert_eq!(labels(&wide, 2, Labels::Prefixed("")), ["1 k", "100 k"]);
        let density = Scale::log([1.0, 0.05]).unwrap();
        assert_eq!(labels(&density, 6, Labels::Plain("")), ["0.05", "0.1", "0.2", "0.5", "1"]);
        assert_eq!(
            labels(&density, 2, Labels::Plain("")),
            ["0.05", "0.1", "0.2", "0.5", "1"],
            "two are too few"
        );
        let narrow = Scale::log([110.0, 190.0]).unwrap();
        assert_eq!(labels(&narrow, 4, Labels::Plain("")), ["120", "140", "160", "180"]);
    }

    #[test]
    fn places_run_from_0_to_1() {
        let linear = Scale::from_zero([8.0]);
        for (value, place) in [(0.0, Some(0.0)), (2.0, Some(0.25)), (8.0, Some(1.0)), (9.0, None)] {
            assert_eq!(linear.place(value), place, "{value}");
        }
        // One value of 10: from 5 to 20.
        let log = Scale::log([10.0, -1.0, 0.0, f64::NAN]).unwrap();
        for (value, place) in
            [(5.0, Some(0.0)), (10.0, Some(0.5)), (20.0, Some(1.0)), (0.0, None), (-1.0, None)]
        {
            assert_eq!(log.place(value), place, "{value}");
        }
        assert_eq!(log.clone().falling().place(20.0), Some(0.0));
        assert_eq!(log.place(f64::NAN), None);
    }

    #[test]
    fn nothing_to_draw_gives_no_scale_and_one_value_gets_room() {
        assert_eq!((Scale::linear([]), Scale::log([0.0, f64::NAN])), (None, None));
        let around_0 = Scale::linear([0.0]).unwrap();
        assert_eq!(
            (around_0.place(-1.0), around_0.place(0.0), around_0.place(1.0)),
            (Some(0.0), Some(0.5), Some(1.0))
        );
        assert_eq!(Scale::from_zero([]).place(1.0), Some(1.0));
    }

    #[test]
    fn extreme_values_have_ticks_too() {
        for values in [[-1e100, 1e100], [1e-99, 1e100], [1e15, 1e15 + 1.0], [1e-90, 2e-90]] {
            for scale in [Scale::linear(values), Scale::log(values)].into_iter().flatten() {
                let ticks = scale.ticks(6, Labels::Plain(""));
                assert!((1..=13).contains(&ticks.len()), "{values:?}: {ticks:?}");
                assert!(ticks.iter().all(|tick| tick.label.len() < 16), "{ticks:?}");
                assert!(ticks.iter().all(|tick| scale.place(tick.value).is_some()), "{ticks:?}");
            }
        }
    }
}
