//! The policy: YAML documents and presets in, one valid [`Policy`] or every mistake out.

mod globs;
mod model;

pub use globs::{GlobId, Globs, GlobsBuilder};
pub use model::{
    CleanupLimits, CleanupPolicy, CleanupRule, Gate, Policy, PolicySuppression, Position,
    RuleInstance, Source, Variant, WorkspacePolicy,
};
