//! The policy: YAML documents and presets in, one valid [`Policy`] or every mistake out.

mod document;
mod globs;
mod model;
mod node;
mod problem;

pub use globs::{GlobId, Globs, GlobsBuilder};
pub use model::{
    CleanupLimits, CleanupPolicy, CleanupRule, Gate, Policy, PolicySuppression, Position,
    RuleInstance, Source, Variant, WorkspacePolicy,
};
pub use problem::{Problem, Problems};
