//! Parts of the policy's JSON Schema that have nothing to do with rules.

use super::locks;
use super::model::{CleanupLimits, WorkspacePolicy};
use super::schema::{OWN_NAME, described, patterns};
use serde_json::{Value, json};

pub(super) fn pinned_file() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["path", "sha256"],
        "properties": {
            "path": {
                "description": "A file, absolute or relative to this one; it may lie outside the workspace.",
                "type": "string",
                "pattern": "^[^\\\\]*\\S[^\\\\]*$",
            },
            "sha256": {
                "description": "The SHA-256 of the file: another content is refused.",
                "type": "string",
                "pattern": "^[0-9a-fA-F]{64}$",
            },
        },
    })
}

pub(super) fn locked() -> Value {
    json!({
        "description": "Keys of this document that no other document of the policy may weaken: it can only tighten them.",
        "type": "array",
        "items": { "anyOf": [
            { "enum": locks::words().collect::<Vec<_>>() },
            { "type": "string", "pattern": format!("^(rules|suppressions)\\.{}", OWN_NAME.trim_start_matches('^')) },
        ] },
    })
}

pub(super) fn gate() -> Value {
    json!({
        "description": "When the merge is refused.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "fail_on": {
                "description": "Violations of at least this severity fail.",
                "enum": ["error", "warning", "note", "never"],
                "default": "error",
            },
            "min_score": { "description": "The least compliance score.", "type": "number", "minimum": 0, "maximum": 100 },
            "new_only": {
                "description": "Only violations that the base does not have fail. Without a base all do.",
                "type": "boolean", "default": false,
            },
        },
    })
}

pub(super) fn workspace(size: &Value) -> Value {
    let bounds = |default: u64, most: u64| {
        json!({
            "default": default,
            "allOf": [size],
            "if": { "type": "number" },
            "then": { "minimum": 1, "maximum": most },
        })
    };
    let content = bounds(
        WorkspacePolicy::DEFAULT_MAX_CONTENT,
        WorkspacePolicy::MOST_MAX_CONTENT,
    );
    let searched = bounds(
        WorkspacePolicy::DEFAULT_MAX_SEARCHED,
        WorkspacePolicy::MOST_MAX_SEARCHED,
    );
    json!({
        "description": "What belongs to the workspace.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "enter_nested": { "description": "Whether nested repositories and submodules are entered.", "type": "boolean", "default": false },
            "allow_unreadable": described("Unreadable paths that do not make the verdict undecided.", &patterns(0)),
            "max_content": described("Files of more bytes get no content rules but those that search in segments (`forbidden-content`, `required-content`, `secret`); at most 64 MiB.", &content),
            "max_searched": described("Files of more bytes are not searched in segments either.", &searched),
        },
    })
}

pub(super) fn cleanup_limits(size: &Value, age: &Value) -> Value {
    let limits = CleanupLimits::default();
    let count = |description: &str, least: u8| json!({ "description": description, "type": "integer", "minimum": least });
    let with_default = |mut schema: Value, default: u64| {
        schema["default"] = default.into();
        schema
    };
    json!({
        "description": "Budgets. A plan over one of the first five is refused as a whole, before anything is removed.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "max_files": with_default(count("Most files and symbolic links.", 0), limits.max_files),
            "max_directories": with_default(count("Most directories.", 0), limits.max_directories),
            "max_bytes": with_default(described("Most bytes. Each name counts with its apparent size.", size), limits.max_bytes),
            "max_depth": count("Most components of a path that goes.", 1),
            "max_share": {
                "description": "Most of the workspace's files, those that git ignores included, in percent.",
                "type": "number",
                "minimum": 0,
                "maximum": 100,
            },
            "max_failures": count("So many removals may fail; with one more the cleanup stops.", 0),
            "max_time": described("After this long the cleanup stops.", age),
        },
    })
}

pub(super) fn cleanup_rule(size: &Value, age: &Value) -> Value {
    let switch = |description: &str| json!({ "description": description, "type": "boolean", "default": false });
    json!({
        "type": "object",
        "additionalProperties": false,
        "not": { "anyOf": [
            {
                "required": ["tracked", "ignored_only"],
                "properties": { "tracked": { "const": true }, "ignored_only": { "const": true } },
            },
            {
                "required": ["empty_directories", "larger_than"],
                "properties": { "empty_directories": { "const": true } },
            },
        ] },
        "properties": {
            "paths": described("What may be removed. A pattern without a trailing / means files and symbolic links, one with it directories and everything below them.", &patterns(1)),
            "older_than": described("Only files that were last changed longer ago.", age),
            "larger_than": described("Only files of more bytes.", size),
            "keep_newest": {
                "description": "So many of the things that the patterns match (a file, or a directory with everything in it) stay: those that changed last. A directory's time is that of the newest file in it.",
                "type": "integer",
                "minimum": 1,
            },
            "empty_directories": switch("Only directories that hold nothing, or nothing but such directories and what goes anyway; never files."),
            "tracked": switch("Whether files that git tracks may go, too."),
            "ignored_only": switch("Only what git ignores. Without a git repository that is nothing."),
            "require_cachedir_tag": switch("Only directories that say by a file CACHEDIR.TAG with the standard signature that they are caches."),
            "hard_links": {
                "description": "What becomes of a file that has more names than the matched one: remove takes that name away, keep leaves it.",
                "enum": ["remove", "keep"],
                "default": "remove",
            },
            "action": {
                "description": "What happens to a file that matches: remove, or quarantine, which moves it away so that `restore` can put it back. Directories that become empty are removed in both cases.",
                "enum": ["remove", "quarantine"],
                "default": "remove",
            },
        },
    })
}
