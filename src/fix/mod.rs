//! Applies what rules offer: file by file, all of a file's fixes at once, or none.
//!
//! ```text
//! Rules::look(file)               what the rules offer for a content; a trait, so that this room knows no rule
//! settle(file, rules)             rounds of edits that do not touch one another, until nothing is left to fix
//! patch(path, before, after)      what that changes, as `git apply` takes it
//! Fixer::open(.., ApplyToken)     the capability to write; a read-only run never gets an ApplyToken
//! Fixer::apply(path, act)         staged, synced, exchanged, verified; or as it was
//! ```
//!
//! A file is never written to: a new one beside it takes its name in one step, with its mode, owner and extended
//! attributes, and what came out of that step is compared with what was planned before it is let go.

mod attributes;
mod binary;
mod compose;
mod disk;
mod encode;
mod original;
mod patch;
mod quote;
mod settle;
mod staging;
#[cfg(test)]
mod tests;
mod write;

pub use compose::Offer;
pub use original::{Original, digest_at, read};
pub use patch::{Side, patch};
pub use settle::{Look, Rules, Settled, Share, State, settle};
pub use staging::{STAGING, clear_staging};
pub use write::{Act, Applied, ApplyToken, Fixer, Outcome, sha256};
