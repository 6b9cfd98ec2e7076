//! The policy: YAML documents and presets in, one valid [`Policy`] or every mistake out.

mod alternatives;
mod cleanup;
mod document;
mod extend;
mod globs;
mod load;
mod merge;
mod model;
mod node;
mod phrase;
mod presets;
mod problem;
mod reader;
mod schema;
mod sections;
mod setting;
#[cfg(test)]
mod tests;
mod tree;
#[cfg(test)]
mod trial;
mod variants;

pub use document::read_document;
pub use extend::Loader;
pub use globs::{GlobId, Globs, GlobsBuilder};
pub use load::{PolicyFile, load};
pub use model::{
    CleanupAction, CleanupLimits, CleanupPolicy, CleanupRule, FixPermission, Gate, HardLinks,
    Policy, PolicySuppression, Position, RuleInstance, Source, Variant, WorkspacePolicy,
};
pub use node::{Entry, Node, Value};
pub use presets::{PRESETS, Preset};
pub use problem::{Problem, Problems, nearest};
pub use schema::schema;
