//! The record: one SQLite file that is true at any moment.
//!
//! A run writes to a private database beside the destination ([`Recorder`]); what appears at the destination is one
//! self-contained file, sealed and verified, put there by one rename. [`recover`] does the same for killed runs,
//! [`verify`] proves a file, [`open_reader`] reads one; both take it for hostile.

mod chain;
mod containment;
mod describe;
#[cfg(unix)]
mod disk;
#[cfg(windows)]
#[path = "disk_windows.rs"]
mod disk;
mod error;
mod finished;
mod fixes;
mod journal;
mod open;
mod paths;
mod private;
mod publish;
mod quarantined;
mod read;
mod recorder;
mod recover;
pub mod resolution;
pub mod rows;
mod schema;
mod seal;
mod session;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod totals;
mod verify;
mod words;
mod writer;

pub use describe::{ColumnDoc, TableDoc, TableKind, describe};
pub use error::StoreError;
pub use paths::{escape, raw_if_needed, unescape};
pub use publish::Published;
pub use quarantined::{Quarantine, Quarantined, RESTORE_SCOPE, Restored, quarantine};
pub use read::{ReadOptions, Reader, RunReader, open_reader};
pub use recorder::{Compliance, Recorder};
pub use recover::{Intent, Recovered, Sight, recover};
pub use schema::{APPLICATION_ID, USER_VERSION};
pub use seal::FORMAT as SEAL_FORMAT;
pub use verify::{Outcome, SessionCheck, SessionState, Verification, VerifyOptions, verify};
