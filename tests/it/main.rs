//! The one integration binary: Factory Gate through the doors that its users use.
//! These tests are about Unix: links, modes, FIFOs, signals, and changes of a workspace, which Windows refuses.

#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests make workspaces, change them and look at the files"
)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod coverage; // what belongs to the workspace, and what is said of the rest
mod docs; // generated documents are fresh
mod encodings; // what is text, in which encoding, and how large
mod examples; // each rule's examples, through the binary
mod exits; // exit codes and errors
mod github; // GitHub Actions
mod interrupt; // runs that are stopped or killed
mod oracle; // the engine against each pattern alone
mod record; // the database
mod schema; // files against JSON Schema
mod secrets; // credentials
mod suites; // the public suites for parsers
mod suppressions; // inline and in the policy
mod tidy; // the shape of the source
mod tree; // determinism, hostile names, big files
mod world; // a temporary workspace
