//! Factory Gate: a CI gate that scans a workspace for violations of a policy, cleans up, verifies, and
//! leaves one SQLite file that an auditor can trust. The rooms, in the order in which data flows:

pub mod ci;
pub mod finding;
pub mod policy;
pub mod report;
pub mod rules;
pub mod store;
pub mod walk;
