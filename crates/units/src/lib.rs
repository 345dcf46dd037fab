//! Quantities that carry their unit, and figures that carry their doubt.
//!
//! [`Joules`], [`Watts`], [`Seconds`] and their kin are newtypes: joules plus watts does not compile, and the
//! only roads from one quantity to another are the operators in [`quantity`], each written once.
//! A [`Figure`] is a quantity with a band and the way it was obtained ([`Kind`]); what could not be known is
//! [`Figure::Unavailable`] with the reason, never a zero. [`Operations`] counts the arithmetic of a prediction.
//!
//! # Example
//! ```
//! use lessen_units::{Figure, Joules, Kind, Seconds, Watts};
//!
//! let power = Watts(2.0);
//! let energy: Joules = power * Seconds(3.0);
//! assert_eq!(energy, Joules(6.0));
//!
//! let modelled = Figure::band(energy, Joules(3.0), Joules(12.0), Kind::Estimated, "a model");
//! let counted = Figure::exact(Joules(1.0), Kind::Counted, "by hand");
//! let sum = &modelled + &counted;
//! assert_eq!(sum.value(), Some(Joules(7.0)));
//! assert_eq!(sum.low(), Some(Joules(4.0)));
//! assert_eq!(sum.kind(), Some(Kind::Estimated), "a sum is as good as its worst part");
//! ```

mod figure;
mod operations;
pub mod quantity;

pub use figure::{Figure, Kind};
pub use operations::Operations;
pub use quantity::{
    Bytes, Flops, FlopsPerSecond, GramsCo2e, GramsPerKilowattHour, Hours, Joules, KilogramsCo2e,
    KilowattHours, Microseconds, PoundsCo2e, Quantity, Seconds, TonnesCo2e, Usd, UsdPerHour,
    UsdPerKilowattHour, WattHours, Watts,
};
