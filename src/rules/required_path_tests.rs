//! What the rule `required-path` says, and the files that it makes.

use super::check::{Files, Scope};
use super::required_path::RULE;
use super::trial;
use crate::finding::{Change, Found, Safety, Subject};
use crate::walk::{Kind, Meta, TreeBuilder};
use bstr::ByteSlice as _;
use std::collections::HashMap;
use std::sync::Arc;

/// What the rule says about these paths (`/` at the end: a directory, `!` at the start: ignored by git), and how
/// much it looked for.
fn says(options: &str, paths: &[&str]) -> (Vec<String>, u64) {
    let Ok(check) = (RULE.build)(&serde_yaml::from_str(options).unwrap()) else {
        panic!("{options}");
    };
    let mut builder = TreeBuilder::default();
    for path in paths {
        let kind = if path.ends_with('/') {
            Kind::Directory
        } else {
            Kind::File
        };
        let meta = Meta {
            kind,
            permissions: 0o755,
            size: 0,
            modified_ns: 0,
            tracked: None,
            ignored: path.starts_with('!'),
        };
        let path = path.trim_start_matches('!').trim_end_matches('/');
        assert!(builder.push(path.as_bytes(), meta));
    }
    let tree = builder.finish("/w".into());
    let members = tree.entries().filter(|entry| !entry.is_ignored());
    let members = members.map(|entry| entry.id()).collect();
    let mut found = Found::default();
    check.tree(&Scope::new(&tree, members, &HashMap::new()), &mut found);
    let requirements = found.take_requirements();
    let messages = found.drain().map(|draft| {
        assert_eq!(draft.subject, Subject::Requirement);
        let path = draft.path.unwrap();
        format!("{}: {}", path.as_bstr(), draft.message)
    });
    (messages.collect(), requirements)
}

#[test]
fn messages_name_what_comes_near() {
    for (options, path, expected) in [
        (
            "all_of: [LICENSE.txt]",
            "license.txt",
            "LICENSE.txt: the path `LICENSE.txt` is required and missing; `license.txt` differs only in upper and lower case",
        ),
        (
            "all_of: [docs/]",
            "docs",
            "docs: the path `docs/` is required and missing; `docs` is a file",
        ),
        (
            "{all_of: [Makefile], kind: file}",
            "Makefile/",
            "Makefile: the file `Makefile` is required and missing; `Makefile` is a directory",
        ),
        (
            "all_of: [LICENSE]",
            "LICENCE",
            "LICENSE: the path `LICENSE` is required and missing; is `LICENCE` meant to be it?",
        ),
        (
            "all_of: [README.md]",
            "readme.rst",
            "README.md: the path `README.md` is required and missing; is `readme.rst` meant to be it?",
        ),
        (
            "all_of: [out.bin]",
            "!out.bin",
            "out.bin: the path `out.bin` is required and missing; it exists, but git ignores it",
        ),
        (
            "all_of: ['**/*.md']",
            "a.txt",
            "**/*.md: the path `**/*.md` is required and missing",
        ),
        (
            "any_of: [A, B]",
            "c",
            "A: none of `A`, `B` is there, one is required",
        ),
        (
            "count: {paths: ['*.x'], min: 2}",
            "a.x",
            "*.x: 1 match of `*.x`, at least 2 are required",
        ),
    ] {
        assert_eq!(says(options, &[path]), (vec![expected.to_owned()], 1));
    }
}

#[test]
fn each_requirement_in_each_directory_is_looked_for() {
    let options = "{ each_directory: 'p/**', all_of: [a], any_of: [b, c] }";
    let paths = [
        "p/", "p/x/", "p/x/a", "p/x/y/", "p/x/y/c", "p/x/z/", "q/", "q/a",
    ];
    let (said, looked_for) = says(options, &paths);
    assert_eq!(looked_for, 6);
    assert_eq!(
        said,
        [
            "p/x/b: none of `b`, `c` is there, one is required",
            "p/x/y/a: the path `a` is required and missing",
            "p/x/z/a: the path `a` is required and missing",
            "p/x/z/b: none of `b`, `c` is there, one is required",
        ]
    );
    assert_eq!(says(options, &["q/", "q/a"]), (vec![], 0));
}

#[test]
fn a_directory_pattern_counts_the_directory_not_what_is_in_it() {
    let options = "count: { paths: ['src/'], max: 1 }";
    assert_eq!(says(options, &["src/", "src/a", "src/b"]), (vec![], 1));
}

#[test]
fn a_file_that_matches_two_patterns_counts_once() {
    let options = "count: { paths: ['*.c', 'a*'], max: 1 }";
    assert_eq!(says(options, &["a.c"]), (vec![], 1));
}

struct One(&'static str, &'static [u8]);
impl Files for One {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let it = (path == self.0).then(|| self.1.to_vec());
        it.ok_or_else(|| "there is no such file".into())
    }
}

/// What can be made where these paths are, and how surely.
fn creates(options: &str, paths: &[(&str, Kind)]) -> Vec<Option<(Safety, Change)>> {
    let check = trial::check(&RULE, options).unwrap();
    let files: Arc<dyn Files> = Arc::new(One("t/x", b"\x00text"));
    let mut found = Found::with_changes();
    check.prepare(&files, &mut found);
    found.drain().for_each(drop);
    let mut builder = TreeBuilder::default();
    for (path, kind) in paths {
        let meta = Meta {
            kind: *kind,
            ..trial::PLAIN
        };
        assert!(builder.push(path.as_bytes(), meta));
    }
    let tree = builder.finish("/w".into());
    let members = tree.entries().map(|entry| entry.id()).collect();
    check.tree(&Scope::new(&tree, members, &HashMap::new()), &mut found);
    let drafts = found.drain();
    drafts
        .map(|it| it.fixable.zip(it.change.map(|change| *change)))
        .collect()
}

#[test]
fn a_missing_file_is_made_from_its_template() {
    let made = |path: &[u8]| Change::Create {
        path: path.into(),
        content: (*b"\x00text").into(),
    };
    let options = "{ all_of: [d/LICENSE], template: t/x }";
    let made_it = [Some((Safety::Safe, made(b"d/LICENSE")))];
    assert_eq!(creates(options, &[]), made_it);
    assert_eq!(creates(options, &[("d", Kind::Directory)]), made_it);
    for in_the_way in [
        ("d", Kind::File),
        ("d", Kind::Symlink),
        ("d", Kind::NestedRepository),
        ("d/license", Kind::File),
    ] {
        assert_eq!(creates(options, &[in_the_way]), [None], "{in_the_way:?}");
    }
    assert_eq!(creates(options, &[("d/LICENSE", Kind::File)]), []);
    let similar = creates(options, &[("d/LICENCE", Kind::File)]);
    assert_eq!(similar, [Some((Safety::Unsafe, made(b"d/LICENSE")))]);
    let each = "{ each_directory: 'p/*', all_of: [a], template: t/x }";
    let paths = [("p", Kind::Directory), ("p/q", Kind::Directory)];
    assert_eq!(
        creates(each, &paths),
        [Some((Safety::Safe, made(b"p/q/a")))]
    );
    let unusable = "{ all_of: [a], template: t/y }";
    assert_eq!(creates(unusable, &[]), [None]);
}

#[test]
fn a_template_that_is_missing_is_a_violation() {
    let check = trial::check(&RULE, "{ all_of: [a], template: t/y }").unwrap();
    let files: Arc<dyn Files> = Arc::new(One("t/x", b""));
    let mut found = Found::default();
    check.prepare(&files, &mut found);
    let draft = found.drain().next().unwrap();
    assert_eq!(draft.path.as_deref(), Some(&b"t/y"[..]));
    assert!(draft.message.ends_with("there is no such file"));
}

#[test]
fn mistakes_are_refused_and_named() {
    for (options, key) in [
        ("{}", "all_of"),
        ("any_of: []", "any_of"),
        ("count: { paths: [a] }", "count"),
        ("count: { paths: [], min: 1 }", "count"),
        ("count: { paths: [a], min: 2, max: 1 }", "count"),
        ("all_of: [a, ../b]", "all_of"),
        ("{ all_of: [a, b], template: t }", "template"),
        ("{ all_of: [docs/], template: t }", "template"),
        ("{ all_of: ['*.md'], template: t }", "template"),
        ("{ all_of: [a], kind: directory, template: t }", "template"),
        ("{ all_of: [a], any_of: [b], template: t }", "template"),
        ("{ all_of: [a], template: ../t }", "template"),
        ("{ all_of: [a], template: /t }", "template"),
        ("{ all_of: [a], template: 't*' }", "template"),
    ] {
        let Err(mistakes) = (RULE.build)(&serde_yaml::from_str(options).unwrap()) else {
            panic!("accepted {options}");
        };
        assert_eq!((mistakes.len(), mistakes[0].path[0].as_str()), (1, key));
    }
}
