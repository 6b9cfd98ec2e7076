//! Credentials: what they look like (detectors, as data), which of the matches are real, and how to speak of one
//! without telling it.

mod checksum;
mod data;
mod detector;
mod judge;
mod mask;
mod notation;
mod overlap;
mod placeholder;
mod plausible;
mod site;
pub mod synthetic;
#[cfg(test)]
mod tests;

pub use checksum::Checksum;
pub use data::detectors;
pub use detector::{Confidence, Detector, DetectorData, DetectorError, Shape};
pub use judge::Judge;
pub use mask::{Key, fingerprint, preview};
pub use overlap::{Seen, resolve};
