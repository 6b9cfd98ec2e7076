//! The rules. Each is one file here, and one line in the list below; everything else about rules
//! (catalogue, `explain`, schema, docs, tests of the examples) derives from the list.

mod check;
mod extensions;
mod link;
mod listing;
mod needle;
mod options;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod trial;

pub use check::{
    Build, Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule, Scope,
};
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
    path_length,
    file_size,
    empty_file,
    broken_symlink,
    escaping_symlink,
    destroyed_symlink,
    shebang_executable,
    merge_conflict,
    trailing_whitespace,
    final_newline,
    line_endings,
    byte_order_mark,
    line_count,
    sorted_lines,
    forbidden_content,
    required_content,
}

/// All rules, in the order of the catalogue.
pub fn all() -> &'static [&'static Rule] {
    REGISTRY
}

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    REGISTRY.iter().copied().find(|rule| rule.id == id)
}
