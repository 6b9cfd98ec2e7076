//! Factory Gate: a CI gate that scans a workspace for violations of a policy, cleans up, verifies, and
//! leaves one SQLite file that an auditor can trust. The rooms, in the order in which data flows:

pub mod cleanup;
pub mod finding;
pub mod policy;
pub mod rules;
pub mod scan;
pub mod store;
pub mod walk;
