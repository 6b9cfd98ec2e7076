//! The rules. Each is one file here, and one line in the list below; everything else about rules
//! (catalogue, `explain`, schema, docs, tests of the examples) derives from the list.

mod backup_name;
mod check;
mod comment_style;
mod comments;
mod confusable;
mod copy_votes;
mod describe;
mod edits;
mod extensions;
mod file_head;
#[cfg(test)]
#[cfg(unix)]
mod fix_proof;
mod folders;
mod header_flaw;
mod header_template;
#[cfg(test)]
mod indentation_tests;
mod indents;
mod invalid_utf8;
mod invisible;
mod invisible_context;
mod json_layout;
mod letter_case;
#[cfg(test)]
mod licence_header_tests;
mod link;
mod listing;
mod name_pattern;
mod name_set;
mod needle;
mod options;
#[cfg(test)]
#[cfg(unix)]
mod proof;
mod reindent;
#[cfg(test)]
mod required_path_tests;
mod requirement;
mod schema_source;
mod schema_store;
#[cfg(test)]
mod schema_tests;
mod source_files;
mod spdx;
mod syntax_check;
mod template_file;
mod text_rules;
#[cfg(test)]
mod trial;

pub use check::{
    Build, Check, Content, DefaultPaths, ElsewhereChange, Example, ExampleFile, ExampleKind, Files,
    IntegrityTerms, Level, OptionError, Part, Reads, Rule, Scope, SuppressionTerms,
};
pub use describe::{OptionDoc, options};
pub use options::{Age, ByteSize, PathPattern, Pattern};
pub use text_rules::TextRules;

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
    path_length,
    case_conflict,
    windows_name,
    unsafe_name,
    file_size,
    file_count,
    empty_file,
    empty_directory,
    broken_symlink,
    escaping_symlink,
    destroyed_symlink,
    shebang_executable,
    nested_repository,
    nested_copy,
    duplicate_file,
    merge_conflict,
    trailing_whitespace,
    final_newline,
    line_endings,
    byte_order_mark,
    encoding,
    bidi_control,
    line_count,
    sorted_lines,
    line_length,
    indentation,
    editorconfig,
    todo_format,
    licence_header,
    forbidden_content,
    required_content,
    secret,
    schema,
    json_syntax,
    json_format,
    yaml_syntax,
    toml_syntax,
    xml_syntax,
    unused_suppression,
    expired_suppression,
    malformed_suppression,
    dead_pattern,
    slow_pattern,
    stale_baseline,
    gate_integrity,
}

/// All rules, in the order of the catalogue.
pub fn all() -> &'static [&'static Rule] {
    REGISTRY
}

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    REGISTRY.iter().copied().find(|rule| rule.id == id)
}
