//! `.editorconfig` files: what they say, which of them apply to a path, and what is wrong with them. Pure: bytes and
//! paths in, properties and mistakes out.
//!
//! The matcher is our own, since it has to work on paths that are not UTF-8, in linear time on globs that anyone can
//! commit, and with the place of every mistake.

mod cascade;
mod glob;
mod integers;
mod parse;
mod property;
#[cfg(test)]
mod tests;

pub use cascade::Cascade;
pub use parse::{File, Mistake, parse};
pub use property::{Charset, EndOfLine, IndentStyle, LineLimit, Properties};

/// The name of the files.
pub const FILE_NAME: &[u8] = b".editorconfig";
