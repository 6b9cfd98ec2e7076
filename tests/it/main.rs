//! The one integration binary: Factory Gate through the doors that its users use.
//! These tests are about Unix: links, modes, FIFOs, signals, and changes of a workspace, which Windows refuses.

#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests make workspaces, change them and look at the files"
)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod action; // the steps of action.yml
mod base; // the commit to compare with
mod baseline; // violations that are accepted as they are
mod cleanup; // what must survive any cleanup
mod cleanup_plan; // plans of cleanup and the one that is expected
mod compare; // new and existing, only what changed
mod containment; // what keeps a run from harm, and its record
mod coverage; // what belongs to the workspace, and what is said of the rest
mod docs; // generated documents are fresh
mod doctor; // the wiring of the gate
mod encodings; // what is text, in which encoding, and how large
mod examples; // each rule's examples, through the binary
mod exits; // exit codes and errors
mod faults; // killed or refused at the k-th system call
mod fixes; // what --apply=fix writes, and its patch
mod github; // GitHub Actions
mod init; // jobs that run the gate
mod interrupt; // runs that are stopped or killed
mod layers; // policies over policies, and who says what
mod log; // what reaches a log is no command
mod oracle; // the engine against each pattern alone
mod owners; // runs by root in somebody else's workspace
mod quarantine; // set aside, exported, put back
mod record; // the database
mod reports; // reports in many forms, of a run and of a database
mod restore; // quarantined files come back
#[path = "../../src/report/encode/runner.rs"]
#[expect(dead_code, reason = "the unit tests of the writers use it, too")]
mod runner; // the runners' own readers of logs
mod schema; // files against JSON Schema
mod secrets; // credentials
mod suites; // the public suites for parsers
mod suppressions; // inline and in the policy
mod tidy; // the shape of the source
mod tree; // determinism, hostile names, big files
mod trust; // what a change can do to its own gate
mod world; // a temporary workspace
