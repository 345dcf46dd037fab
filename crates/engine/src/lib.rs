//! Running and training networks on the CPU.
//!
//! A [`Plan`] is a network compiled to predict, a [`Trainer`] one that is being trained, a step at a time, by a
//! [`Recipe`], from [`Targets`] of one loss or of a weighted sum of several. Inside, activations are feature-major,
//! `[width][lanes]`: one weight multiplies a register of rows. A step allocates nothing, and the same seed gives the
//! same bits however many threads there are. Layers that were pruned far enough are trained and predicted without what
//! is gone, so both cost what is left. Which kernel runs is decided here alone; other crates may borrow the plain dense
//! [`product()`] and [`exp_in_place`].
//!
//! # Example
//! ```
//! use lessen_engine::{Activation, Optimiser, Plan, Recipe, Schedule, Targets, Trainer, TrainingRows, initial};
//! use lessen_model::predict_rows;
//!
//! let digits = lessen_data::digits()?;
//! let split = digits.split(1)?;
//! let (_, labels) = digits.classes()?;
//! let encoding = lessen_data::Encoding::fit(&digits.features, &split.train);
//! let network = initial::mlp(encoding, &[16], Activation::Relu, digits.answer(), 1)?;
//! let schedule = Schedule::Cosine { steps: 300, warm_up: 10 };
//! let recipe = Recipe { schedule, ..Recipe::plain(64, Optimiser::adam(0.01)) };
//! let mut trainer = Trainer::new(network, recipe, 1)?;
//! let rows = TrainingRows { features: &digits.features, rows: &split.train, targets: Targets::Labels(labels) };
//! for _ in 0..300 {
//!     trainer.step(&rows)?;
//! }
//! let plan = Plan::new("small", trainer.into_network())?;
//! let answers = predict_rows(&plan, &digits.features, &split.test)?;
//! assert_eq!(answers.len(), split.test.len() * 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chain;
mod error;
mod forward;
pub mod initial;
mod kernels;
mod loss;
mod mapped;
mod optimiser;
mod plan;
mod recipe;
mod targets;
pub mod timing;
mod trainer;

pub use error::{EngineError, StepError};
pub use initial::{Activation, Initial, Start};
pub use kernels::function::exp_in_place;
pub use kernels::product::{Matrix, MatrixMut, product};
pub use mapped::{MapError, Mapped};
pub use plan::{Activity, Plan};
pub use recipe::{Optimiser, Penalty, Recipe, Schedule};
pub use targets::{Blend, NO_LABEL, Targets, Taught, soften};
pub use trainer::{CheckpointError, Trainer, TrainingRows};
