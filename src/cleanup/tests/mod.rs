//! Hostile workspaces: whatever is planned, raced, mounted or linked, nothing outside the plan may be touched.
#![expect(
    clippy::disallowed_methods,
    reason = "tests build, disturb and clear temporary workspaces"
)]

mod budgets;
mod disk;
mod guards;
mod journal;
mod kit;
mod leaf;
mod links;
mod meddler;
#[cfg(target_os = "linux")]
mod mounts;
mod names;
mod oracle;
mod planning;
mod quarantine;
#[cfg(target_os = "linux")]
mod races;
mod random;
mod restoring;
mod selection;
mod shards;
