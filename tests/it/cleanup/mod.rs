//! Cleanup against everything that has destroyed data elsewhere: each scene has a canary beside the workspace that must
//! not change, an exit code, and rows that say exactly what happened.

mod budgets; // plans that are too large
mod changed; // things that are no longer what was planned
mod exact; // what takes the place of a planned thing in the last moment
mod fixing; // files that are fixed
mod git; // what git tracks, and what is its own
mod hidden_patterns; // patterns that leave the workspace in one alternative
pub(crate) mod kit; // scenes
mod links; // links, special files, what the run itself needs
mod machine; // no room, no handles, no rights, signals
mod missing_index; // commits without an index
mod mounts; // mounts inside the workspace
mod names; // hostile names
mod patterns; // patterns that mean too much
mod quarantine; // what is set aside, and comes back
mod races; // a workspace that changes meanwhile
mod roots; // which directory may be cleaned
mod selection; // what a rule means beside its patterns
mod swapped; // another directory in the place of the root
