//! Runs the rules over the workspace: every file is opened and read once, on all threads, and the
//! findings come out in tree order whatever the number of threads.

mod accepted;
mod accounts;
mod again;
mod content;
mod engine;
mod file;
mod finish;
mod governance;
mod inline;
mod integrity;
mod locate;
mod needed;
mod order;
mod plan;
mod read;
mod redact;
mod segments;
mod settings;
mod source;
mod suppress;
mod touched;
mod twins;
mod whole;

pub use accepted::NamedBaseline;
pub use accounts::{Fixable, Fixes, Status, Tally, Totals};
pub use again::Again;
pub use engine::{Created, Focus, Origin, Outcome, Previous, Scan, Sink, scan, scan_whole_tree};
pub use integrity::{Effect, Meddling, integrity, suppressions_in};
pub use plan::{Plan, Slot, SlotId};
pub use redact::holds_credential;
pub use source::Source;
pub use suppress::{SuppressionSource, SuppressionUse};
pub use touched::{ChangedPaths, touched};
