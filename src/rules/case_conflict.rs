//! `case-conflict`: names in one directory that are the same name on Windows and macOS.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule, Scope};
use super::folders::Folders;
use super::options::build;
use crate::finding::{Found, Severity, Subject};
use crate::walk::{Kind, Tree};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use unicode_normalization::UnicodeNormalization as _;
use xxhash_rust::xxh3::Xxh3;

pub(super) static RULE: Rule = Rule {
    id: "case-conflict",
    summary: "two paths differ only in upper and lower case",
    why: "Windows and macOS take `Readme.md` and `README.md` for one file: a checkout there has only one of them, \
          and git shows changes that nobody made.",
    fix: "Keep one of the two, or give one another name: `git mv OLD NEW`. No fix does so: nobody but you knows which one is meant.",
    severity: Severity::Error,
    levels: &[Level::Tree],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<CaseConflict>(),
    build: build::<CaseConflict>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "The same name in two directories",
        options: "",
        files: &[text("a/Readme.md"), text("b/README.md")],
        violations: &[],
    },
    Example {
        title: "Two files",
        options: "",
        files: &[text("README.md"), text("Readme.md"), text("readme.md")],
        violations: &["Readme.md", "readme.md"],
    },
    Example {
        title: "Two directories are reported, not each file in them",
        options: "",
        files: &[text("Foo/a.txt"), text("foo/a.txt"), text("foo/b.txt")],
        violations: &["foo"],
    },
    Example {
        title: "A file and a directory",
        options: "",
        files: &[text("Build/a.txt"), text("build")],
        violations: &["build"],
    },
    Example {
        title: "Letters of other languages, composed and decomposed",
        options: "",
        files: &[
            text("STRASSE"),
            text("Straße"),
            text("\u{e9}"),
            text("e\u{301}"),
        ],
        violations: &["Straße", "\u{e9}"],
    },
    Example {
        title: "Only the letters A to Z",
        options: "unicode: false",
        files: &[text("\u{c9}"), text("\u{e9}"), text("e\u{301}")],
        violations: &[],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

/// Options of `case-conflict`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct CaseConflict {
    /// Whether letters beyond A to Z count (`É` and `é`, `ß` and `ss`), and so do the two ways in which
    /// Unicode writes letters with accents.
    unicode: bool,
}

impl Default for CaseConflict {
    fn default() -> Self {
        Self { unicode: true }
    }
}

/// The first path with a name, by the number of its directory and the folded name.
type Names<'t> = HashMap<u128, &'t [u8]>;

impl Check for CaseConflict {
    fn tree(&self, scope: &Scope<'_>, found: &mut Found) {
        let mut folders = Folders::new();
        let mut names = Names::with_capacity(scope.entries().len());
        for entry in scope.entries() {
            let path: &[u8] = entry.path();
            let known = folders.all().len();
            let is_directory = entry.kind() == Kind::Directory;
            let parent = folders.number(if is_directory { path } else { entry.parent() });
            // Directories above the entry may be outside of the scope: they conflict all the same.
            for folder in &folders.all()[known..] {
                self.compare(
                    (folder.parent, folder.path),
                    &mut names,
                    scope.tree(),
                    found,
                );
            }
            if !is_directory {
                self.compare((parent, path), &mut names, scope.tree(), found);
            }
        }
    }
}

impl CaseConflict {
    /// Takes a path in its parent directory in, or reports that its name is taken.
    fn compare<'t>(
        &self,
        (parent, path): (u32, &'t [u8]),
        names: &mut Names<'t>,
        tree: &Tree,
        found: &mut Found,
    ) {
        let folded = self.fold(last(path));
        let mut hash = Xxh3::new();
        hash.update(&parent.to_le_bytes());
        hash.update(&folded);
        let first = match names.entry(hash.digest128()) {
            Slot::Vacant(slot) => {
                slot.insert(path);
                return;
            }
            Slot::Occupied(first) => *first.get(),
        };
        // Names are kept by their hashes; that the names are the same is not left to a hash.
        if self.fold(last(first)) != folded {
            return;
        }
        let is_directory = tree
            .find(path)
            .is_some_and(|entry| matches!(entry.kind(), Kind::Directory | Kind::NestedRepository));
        let subject = if is_directory {
            Subject::Directory
        } else {
            Subject::File
        };
        found.on(path, subject, message(last(path), last(first)));
    }

    /// Equal for names that are the same to a file system without case. Bytes that are not UTF-8 stay as they are.
    fn fold<'n>(&self, name: &'n [u8]) -> Cow<'n, [u8]> {
        if !self.unicode || name.is_ascii() {
            let has_capitals = name.iter().any(u8::is_ascii_uppercase);
            return if has_capitals {
                name.to_ascii_lowercase().into()
            } else {
                name.into()
            };
        }
        let mut folded = Vec::with_capacity(name.len());
        for chunk in name.utf8_chunks() {
            // Unicode's canonical caseless matching.
            let once = caseless::default_case_fold_str(&chunk.valid().nfd().collect::<String>());
            folded.extend(once.nfd().collect::<String>().bytes());
            folded.extend(chunk.invalid());
        }
        folded.into()
    }
}

fn message(name: &[u8], first: &[u8]) -> String {
    let composed = |name: &[u8]| name.to_str_lossy().nfc().collect::<String>();
    if composed(name) == composed(first) {
        // They look the same, so only the code points tell them apart.
        return format!(
            "`{}` is the same name as `{}` beside it, in another Unicode form",
            escaped_beyond_ascii(name),
            escaped_beyond_ascii(first)
        );
    }
    format!(
        "`{}` is the same name as `{}` beside it where upper and lower case are one",
        name.as_bstr(),
        first.as_bstr()
    )
}

fn escaped_beyond_ascii(name: &[u8]) -> String {
    let mut shown = String::new();
    for character in name.chars() {
        if character.is_ascii() {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

fn last(path: &[u8]) -> &[u8] {
    &path[memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1)..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{Meta, TreeBuilder};
    use proptest::prelude::*;

    fn says(paths: &[&[u8]], in_scope: impl Fn(&[u8]) -> bool) -> Vec<(String, Subject, String)> {
        let mut builder = TreeBuilder::default();
        for path in paths {
            let is_directory = path.ends_with(b"/");
            let meta = Meta {
                kind: if is_directory {
                    Kind::Directory
                } else {
                    Kind::File
                },
                permissions: 0o755,
                size: 0,
                modified_ns: 0,
                tracked: None,
                ignored: false,
            };
            assert!(builder.push(path.strip_suffix(b"/").unwrap_or(path), meta));
        }
        let tree = builder.finish("/w".into());
        let members = tree.entries().filter(|entry| in_scope(entry.path()));
        let members = members.map(|entry| entry.id()).collect();
        let mut found = Found::default();
        CaseConflict::default().tree(&Scope::new(&tree, members, &HashMap::new()), &mut found);
        let path = |path: Box<[u8]>| path.to_str_lossy().into_owned();
        found
            .drain()
            .map(|draft| (path(draft.path.unwrap()), draft.subject, draft.message))
            .collect()
    }

    #[test]
    fn directories_conflict_even_where_only_files_are_in_scope() {
        let paths: [&[u8]; 4] = [b"Foo/", b"Foo/a.c", b"foo/", b"foo/b.c"];
        let said = says(&paths, |path| path.ends_with(b".c"));
        assert_eq!(said.len(), 1);
        assert_eq!((said[0].0.as_str(), said[0].1), ("foo", Subject::Directory));
        assert_eq!(
            said[0].2,
            "`foo` is the same name as `Foo` beside it where upper and lower case are one"
        );
    }

    #[test]
    fn names_that_look_the_same_are_shown_by_code_point() {
        let said = says(&["e\u{301}.c".as_bytes(), "\u{e9}.c".as_bytes()], |_| true);
        assert_eq!(
            said[0].2,
            "`\\u{e9}.c` is the same name as `e\\u{301}.c` beside it, in another Unicode form"
        );
    }

    #[test]
    fn names_that_are_not_utf_8_fold_around_the_bad_bytes() {
        assert_eq!(says(&[b"A\xff", b"a\xff", b"a\xfe"], |_| true).len(), 1);
    }

    proptest! {
        #[test]
        fn a_name_conflicts_with_its_own_upper_lower_and_normal_forms(name in "\\PC{1,8}") {
            let rule = CaseConflict::default();
            let lower: String = name.chars().flat_map(char::to_lowercase).collect();
            let forms = [name.nfc().collect::<String>(), name.nfd().collect()];
            for form in forms {
                prop_assert_eq!(rule.fold(name.as_bytes()), rule.fold(form.as_bytes()));
            }
            // Lower-casing is a part of case folding, except for letters that fold to upper case (Cherokee).
            if !name.chars().any(|c| ('\u{13a0}'..='\u{13ff}').contains(&c) || ('\u{ab70}'..='\u{abbf}').contains(&c) || c == '\u{130}') {
                prop_assert_eq!(rule.fold(name.as_bytes()), rule.fold(lower.as_bytes()));
            }
        }
    }
}
