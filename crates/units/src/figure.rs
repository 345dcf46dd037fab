//! A number with its doubt.

use std::borrow::Cow;
use std::ops::{Add, Div, Mul, Sub};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::quantity::Quantity;

/// How a number was obtained, from the most to the least trustworthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Counted from what is there; exact.
    Counted,
    /// Read from an instrument.
    Measured,
    /// Worked out by a model from something that was measured or counted.
    Estimated,
    /// Said by somebody and not checked.
    Declared,
}

/// A quantity with its doubt: what every record stores and every page shows.
///
/// In JSON a figure is `{value, low, high, kind, how}`; an unavailable one has null numbers, the kind
/// `unavailable` and the reason as `how`.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure<Q> {
    /// A number, between bounds that hold it. All three are equal where the number is exact.
    Known {
        /// The best single number.
        value: Q,
        /// Not above `value`.
        low: Q,
        /// Not below `value`.
        high: Q,
        /// How it was obtained.
        kind: Kind,
        /// Source, model, year.
        how: Cow<'static, str>,
    },
    /// Not known. Never written as 0.
    Unavailable {
        /// The reason, for a person.
        why: Cow<'static, str>,
    },
}

impl<Q: Quantity> Figure<Q> {
    /// A figure without a band.
    pub fn exact(value: Q, kind: Kind, how: impl Into<Cow<'static, str>>) -> Self {
        Self::band(value, value, value, kind, how)
    }

    /// A figure between bounds. A number that is not finite, or bounds that do not hold the value, make it
    /// unavailable: a doubtful number must not pass as one with a band.
    pub fn band(value: Q, low: Q, high: Q, kind: Kind, how: impl Into<Cow<'static, str>>) -> Self {
        let how = how.into();
        let finite = [value, low, high].iter().all(|number| number.raw().is_finite());
        if !finite || low > value || value > high {
            return Self::unavailable(format!("{how}: no finite value between its bounds"));
        }
        Self::Known { value, low, high, kind, how }
    }

    /// What could not be known, and why.
    pub fn unavailable(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Unavailable { why: why.into() }
    }

    /// The best single number, if there is one.
    pub fn value(&self) -> Option<Q> {
        match self {
            Self::Known { value, .. } => Some(*value),
            Self::Unavailable { .. } => None,
        }
    }

    /// The lower bound, if there is one.
    pub fn low(&self) -> Option<Q> {
        match self {
            Self::Known { low, .. } => Some(*low),
            Self::Unavailable { .. } => None,
        }
    }

    /// The upper bound, if there is one.
    pub fn high(&self) -> Option<Q> {
        match self {
            Self::Known { high, .. } => Some(*high),
            Self::Unavailable { .. } => None,
        }
    }

    /// How it was obtained; `None` where it is unavailable.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Known { kind, .. } => Some(*kind),
            Self::Unavailable { .. } => None,
        }
    }

    /// Source and model, or the reason why there is no number.
    pub fn how(&self) -> &str {
        match self {
            Self::Known { how, .. } => how,
            Self::Unavailable { why } => why,
        }
    }

    /// The same figure in another unit: `convert` must be increasing (a conversion, a factor above zero).
    pub fn map<R: Quantity>(&self, convert: impl Fn(Q) -> R) -> Figure<R> {
        match self {
            Self::Known { value, low, high, kind, how } => {
                Figure::band(convert(*value), convert(*low), convert(*high), *kind, how.clone())
            }
            Self::Unavailable { why } => Figure::Unavailable { why: why.clone() },
        }
    }

    /// Two figures combined corner by corner: the band of the result spans the results of all four pairs of
    /// bounds. Holds for sums, differences, products and (where the divisor's band excludes 0) quotients.
    pub fn combine<R: Quantity, S: Quantity>(
        &self,
        other: &Figure<R>,
        combine: impl Fn(f64, f64) -> f64,
    ) -> Figure<S> {
        self.combine_corners(other, combine, &[(LOW, LOW), (LOW, HIGH), (HIGH, LOW), (HIGH, HIGH)])
    }

    /// Two figures whose doubt has one cause, such as the same meter or the same row of a model, combined: low
    /// with low and high with high. A ratio of two energies that may both be twice too large is not in doubt
    /// by a factor of four, as [`Figure::combine`] has to say. Wrong for doubts that have nothing in common.
    pub fn combine_alike<R: Quantity, S: Quantity>(
        &self,
        other: &Figure<R>,
        combine: impl Fn(f64, f64) -> f64,
    ) -> Figure<S> {
        self.combine_corners(other, combine, &[(LOW, LOW), (HIGH, HIGH)])
    }

    /// The band that spans the results of the given pairs of bounds and of the two values.
    fn combine_corners<R: Quantity, S: Quantity>(
        &self,
        other: &Figure<R>,
        combine: impl Fn(f64, f64) -> f64,
        pairs: &[(usize, usize)],
    ) -> Figure<S> {
        let (a, b) = match (self, other) {
            (Self::Unavailable { why }, _) => return Figure::Unavailable { why: why.clone() },
            (_, Figure::Unavailable { why }) => return Figure::Unavailable { why: why.clone() },
            (a, b) => (a, b),
        };
        let (Some((value, low, high, kind)), Some((other_value, other_low, other_high, other_kind))) =
            (a.numbers(), b.numbers())
        else {
            return Figure::unavailable("one of the two numbers is unavailable");
        };
        let middle = combine(value, other_value);
        let (bounds, other_bounds) = ([low, high], [other_low, other_high]);
        let corners: Vec<f64> =
            pairs.iter().map(|&(mine, theirs)| combine(bounds[mine], other_bounds[theirs])).collect();
        if corners.iter().any(|corner| corner.is_nan()) {
            return Figure::unavailable("the band of the result is not defined");
        }
        let low = corners.iter().copied().fold(middle, f64::min);
        let high = corners.iter().copied().fold(middle, f64::max);
        let how = joined(a.how(), b.how());
        Figure::band(S::from_raw(middle), S::from_raw(low), S::from_raw(high), kind.max(other_kind), how)
    }

    /// `self / other`; unavailable where the divisor's band touches zero.
    pub fn ratio<R: Quantity, S: Quantity>(&self, other: &Figure<R>) -> Figure<S> {
        self.unless_zero(other, |a, b| a / b)
    }

    /// A quotient; unavailable where the divisor's band touches zero.
    fn unless_zero<R: Quantity, S: Quantity>(
        &self,
        other: &Figure<R>,
        quotient: impl Fn(f64, f64) -> f64,
    ) -> Figure<S> {
        let touches_zero = matches!((other.low(), other.high()), (Some(low), Some(high)) if low.raw() <= 0.0 && high.raw() >= 0.0);
        if touches_zero {
            return Figure::unavailable("the divisor may be zero");
        }
        self.combine(other, quotient)
    }

    /// The same numbers with another account of how they came about.
    pub fn described(self, text: impl Into<Cow<'static, str>>) -> Self {
        match self {
            Self::Known { value, low, high, kind, .. } => {
                Self::Known { value, low, high, kind, how: text.into() }
            }
            unavailable => unavailable,
        }
    }

    fn numbers(&self) -> Option<(f64, f64, f64, Kind)> {
        match self {
            Self::Known { value, low, high, kind, .. } => Some((value.raw(), low.raw(), high.raw(), *kind)),
            Self::Unavailable { .. } => None,
        }
    }
}

/// Places of the two bounds in an array of both.
const LOW: usize = 0;
const HIGH: usize = 1;

/// Both accounts, each said once.
fn joined(a: &str, b: &str) -> String {
    if a.contains(b) {
        a.to_owned()
    } else if b.contains(a) {
        b.to_owned()
    } else {
        format!("{a}; {b}")
    }
}

impl<Q: Quantity> Add for &Figure<Q> {
    type Output = Figure<Q>;
    fn add(self, other: Self) -> Figure<Q> {
        self.combine(other, |a, b| a + b)
    }
}

impl<Q: Quantity> Sub for &Figure<Q> {
    type Output = Figure<Q>;
    fn sub(self, other: Self) -> Figure<Q> {
        self.combine(other, |a, b| a - b)
    }
}

impl<Q: Quantity> Mul<f64> for &Figure<Q> {
    type Output = Figure<Q>;
    fn mul(self, factor: f64) -> Figure<Q> {
        self.combine(&Figure::exact(factor, Kind::Counted, ""), |a, b| a * b)
    }
}

/// Where physics has the product of two quantities, their figures have it too, with a band of all pairs of bounds.
impl<Q, R, S> Mul<&Figure<R>> for &Figure<Q>
where
    Q: Quantity + Mul<R, Output = S>,
    R: Quantity,
    S: Quantity,
{
    type Output = Figure<S>;
    fn mul(self, other: &Figure<R>) -> Figure<S> {
        self.combine(other, |a, b| (Q::from_raw(a) * R::from_raw(b)).raw())
    }
}

/// Where physics has the quotient of two quantities, their figures have it too; unavailable where the divisor's
/// band touches zero.
impl<Q, R, S> Div<&Figure<R>> for &Figure<Q>
where
    Q: Quantity + Div<R, Output = S>,
    R: Quantity,
    S: Quantity,
{
    type Output = Figure<S>;
    fn div(self, other: &Figure<R>) -> Figure<S> {
        self.unless_zero(other, |a, b| (Q::from_raw(a) / R::from_raw(b)).raw())
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    kind: WireKind,
    how: String,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum WireKind {
    Measured,
    Counted,
    Estimated,
    Declared,
    Unavailable,
}

impl<Q: Quantity> Serialize for Figure<Q> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self.kind() {
            Some(Kind::Measured) => WireKind::Measured,
            Some(Kind::Counted) => WireKind::Counted,
            Some(Kind::Estimated) => WireKind::Estimated,
            Some(Kind::Declared) => WireKind::Declared,
            None => WireKind::Unavailable,
        };
        let raw = |number: Option<Q>| number.map(Quantity::raw);
        let wire = Wire {
            value: raw(self.value()),
            low: raw(self.low()),
            high: raw(self.high()),
            kind,
            how: self.how().to_owned(),
        };
        wire.serialize(serializer)
    }
}

impl<'de, Q: Quantity> Deserialize<'de> for Figure<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let kind = match wire.kind {
            WireKind::Measured => Kind::Measured,
            WireKind::Counted => Kind::Counted,
            WireKind::Estimated => Kind::Estimated,
            WireKind::Declared => Kind::Declared,
            WireKind::Unavailable => return Ok(Self::unavailable(wire.how)),
        };
        let (Some(value), Some(low), Some(high)) = (wire.value, wire.low, wire.high) else {
            return Err(D::Error::custom("a figure with a kind needs `value`, `low` and `high`"));
        };
        if !(low <= value && value <= high) {
            return Err(D::Error::custom(format!(
                "a figure's `value` {value} lies outside of its band {low}..{high}"
            )));
        }
        Ok(Self::band(Q::from_raw(value), Q::from_raw(low), Q::from_raw(high), kind, wire.how))
    }
}
