//! Hostile workspaces: whatever is planned, raced, mounted or linked, nothing outside the plan may be touched.
#![expect(
    clippy::disallowed_methods,
    reason = "tests build, disturb and clear temporary workspaces"
)]

mod disk;
mod guards;
mod journal;
mod kit;
mod links;
#[cfg(target_os = "linux")]
mod mounts;
mod names;
mod planning;
#[cfg(target_os = "linux")]
mod races;
mod random;
mod restoring;
