//! The rules. Each is one file here, and one line in the list below; everything else about rules
//! (catalogue, `explain`, schema, docs, tests of the examples) derives from the list.

mod backup_name;
mod check;
mod describe;
mod copy_votes;
mod folders;
mod letter_case;
mod name_pattern;
mod name_set;
mod options;
#[cfg(test)]
mod proof;
mod requirement;

pub use check::{
    Build, Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule, Scope,
    SuppressionTerms,
};
pub use describe::{OptionDoc, options};
pub use options::{Age, ByteSize, PathPattern, Pattern};

/// Declares each rule's module and puts its `RULE` into the registry.
macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        static REGISTRY: &[&Rule] = &[$(&$module::RULE),*];
    };
}

// One line a rule, in the order of the catalogue. `cargo fmt` does not see these files: `.ci/run` formats them by name.
rules! {
    forbidden_path,
    required_path,
    name_style,
    case_conflict,
    windows_name,
    unsafe_name,
    nested_repository,
    nested_copy,
    duplicate_file,
    file_count,
    empty_directory,
    path_length,
    unused_suppression,
    expired_suppression,
    malformed_suppression,
    dead_pattern,
}

/// All rules, in the order of the catalogue.
pub fn all() -> &'static [&'static Rule] {
    REGISTRY
}

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    REGISTRY.iter().copied().find(|rule| rule.id == id)
}
