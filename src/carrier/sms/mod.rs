//! SMS.
mod preamble;
pub use preamble::{Preamble, Segment};
