//! Looks for many patterns at once in the bytes of a file: one pass for all of them, then a closer look only where one
//! can be. Knows nothing of rules, files or policies.

mod confirm;
mod filter;
mod grams;
mod keywords;
mod literals;
mod pattern;
mod rarity;
mod searcher;
mod segment;
mod shape;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod torture;

pub use keywords::keywords_hold;
pub use pattern::{Pattern, PatternError, Syntax};
pub use searcher::{Desk, Matches, Searcher};
pub use segment::{Resume, Segment};
