//! Factory Gate: a CI gate that scans a workspace for violations of a policy, cleans up, verifies, and
//! leaves one SQLite file that an auditor can trust. The rooms, in the order in which data flows:

pub mod finding;

pub mod walk;

pub mod text;

pub mod search;

pub mod syntax;

pub mod editorconfig;

pub mod schemas;

pub mod secrets;

pub mod rules;

pub mod policy;

pub mod baseline;

pub mod base;

pub mod scan;

pub mod beneath;

pub mod cleanup;

#[cfg(unix)]
pub mod fix;

pub mod store;

pub mod ci;

pub mod wiring;

pub mod report;

pub mod phases;

pub mod cli;
pub mod commands;
