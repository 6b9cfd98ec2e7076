//! The record: one SQLite file that is true at any moment.

pub mod rows;
