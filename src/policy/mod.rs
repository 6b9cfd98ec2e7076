//! The policy: YAML documents and presets in, one valid [`Policy`] or every mistake out.

mod alternatives;
mod cleanup;
mod difference;
mod document;
mod explain;
mod extend;
mod globs;
mod load;
mod locked;
mod locks;
mod merge;
mod model;
mod node;
mod phrase;
mod presets;
mod problem;
mod reader;
mod said;
mod schema;
mod schema_parts;
mod sections;
mod setting;
mod target;
#[cfg(test)]
mod tests;
mod tree;
#[cfg(test)]
mod trial;
mod variants;

pub use difference::{ChangeKind, Direction, PolicyChange, changes, weakening_phrase, weakenings};
pub use document::read_document;
pub use explain::{ExplainError, Explanation, Saying, explain};
pub use extend::Loader;
pub use globs::{GlobId, Globs, GlobsBuilder};
pub use load::{PolicyFile, load};
pub use locks::{GateKey, Lock, LockedKey};
pub use model::{
    BaselineFile, CleanupAction, CleanupLimits, CleanupPolicy, CleanupRule, FixPermission, Gate,
    HardLinks, Policy, PolicySuppression, Position, RuleInstance, Source, Variant, WorkspacePolicy,
};
pub use node::{Entry, Node, Value};
pub use presets::{PRESETS, Preset};
pub use problem::{Problem, Problems, nearest};
pub use schema::schema;
