//! The inner loops. Each is written so that it vectorises, and dispatched to what the processor has.

pub(crate) mod activate;
pub(crate) mod ahead;
pub(crate) mod aligned;
pub(crate) mod both;
pub(crate) mod columns;
pub(crate) mod dense;
pub(crate) mod dot;
pub(crate) mod function;
pub(crate) mod product;
pub(crate) mod share;
pub(crate) mod sparse;
