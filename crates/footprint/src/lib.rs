//! Energy to emissions and money, with the tables of facts behind it.
//!
//! [`Tables`] are the facts: grids, clouds' regions, hardware, prices, published trainings, each row with its year and
//! source; [`reference()`] writes all of them as a page for people. [`Place`] is where something runs and [`Intensity`] what
//! its electricity emits; [`carbon()`] turns energy into grams of CO2 equivalent. Where nobody says which grid, it is the
//! world's average with a band as wide as countries differ: where a machine stands is never guessed.
//!
//! [`Site`] is all that a place makes of an energy, and [`estimate()`] what a run would cost without running it. [`published`] has the methods of others, and recomputes what they printed.
//! [`hourly`] finds the hours in which a run would emit least, in a file of intensities. Nothing is looked up over the
//! network, but for `live`, a feature that is off by default: the intensity of now, from a service that the user has a
//! token of.
//!
//! # Example
//! ```
//! use lessen_footprint::{Intensity, Tables, carbon};
//! use lessen_units::{Figure, GramsCo2e, Joules, KilowattHours, Kind};
//!
//! let energy = Figure::exact(Joules::from(KilowattHours(1.0)), Kind::Measured, "a meter");
//! let emitted = carbon(&energy, 1.0, &Intensity::world_average(Tables::built_in()));
//! assert_eq!(emitted.value(), Some(GramsCo2e(471.08)));
//! ```

mod carbon;
mod chip;
pub mod device;
mod equivalents;
pub mod estimate;
pub mod hourly;
mod instant;
mod intensity;
#[cfg(feature = "live")]
pub mod live;
pub mod money;
mod percentile;
mod place;
pub mod published;
pub mod published_runs;
mod reference;
mod regions;
pub mod site;
pub mod tables;

pub use carbon::carbon;
pub use chip::ChipEnergy;
pub use device::Device;
pub use equivalents::nearest_equivalent;
pub use estimate::{EstimateError, EstimateSpec, estimate, own_tables};
pub use intensity::Intensity;
pub use place::{Place, PlaceError};
pub use reference::reference;
pub use regions::regions;
pub use site::{Site, SiteSpec};
pub use tables::{TableError, Tables};
