//! Judges values by JSON Schema (drafts 4 to 2020-12): all mistakes at once, each with its place in the text; and holds
//! the schemas that are built in. Loads nothing itself: what a schema refers to is read by whoever wants it compiled.

mod branch;
mod builtin;
mod convert;
mod effort;
mod expect;
mod judge;
mod resolve;
mod schema;

#[cfg(test)]
mod builtin_tests;
#[cfg(test)]
mod tests;

pub use builtin::Builtin;
pub use judge::Fault;
pub use resolve::{Library, NoLibrary};
pub use schema::{Schema, Unusable};

/// A node as plain JSON; `None` if it is nested more than 256 levels deep. Of equal keys the last one counts.
pub fn to_json(node: &crate::syntax::Node) -> Option<serde_json::Value> {
    convert::convert(node).map(|converted| converted.json)
}
