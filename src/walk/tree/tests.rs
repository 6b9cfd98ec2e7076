//! The tree's order, and what is found and compared in it.

use super::*;
use proptest::prelude::*;

fn meta(kind: Kind, size: u64) -> Meta {
    Meta {
        kind,
        permissions: 0o644,
        size,
        modified_ns: 0,
        tracked: None,
        ignored: false,
    }
}

fn tree(entries: &[(&str, Kind, u64)]) -> Tree {
    let mut builder = TreeBuilder::default();
    for (path, kind, size) in entries {
        assert!(builder.push(path.as_bytes(), meta(*kind, *size)));
    }
    builder.finish("/w".into())
}

#[test]
fn a_directory_stands_right_before_what_is_in_it() {
    let tree = tree(&[
        ("a-b", Kind::File, 1),
        ("a/x", Kind::File, 1),
        ("a", Kind::Directory, 0),
        ("a b", Kind::File, 1),
    ]);
    let paths: Vec<_> = tree
        .entries()
        .map(|entry| entry.path().to_string())
        .collect();
    assert_eq!(paths, ["a", "a/x", "a b", "a-b"]);
    assert_eq!(tree.find(b"a/x").unwrap().name(), "x");
    assert!(tree.find(b"a/y").is_none());
}

#[test]
fn what_changed_is_seen_and_a_directory_changes_only_in_kind() {
    let before = tree(&[
        ("d", Kind::Directory, 1),
        ("d/a", Kind::File, 1),
        ("gone", Kind::File, 1),
    ]);
    let now = tree(&[
        ("d", Kind::Directory, 9),
        ("d/a", Kind::File, 2),
        ("new", Kind::File, 1),
    ]);
    assert_eq!(now.unchanged_since(&before), [Some(EntryId(0)), None, None]);
    let gone: Vec<_> = before.missing_in(&now).map(|entry| entry.path()).collect();
    assert_eq!(gone, ["gone"]);
}

proptest! {
    #[test]
    fn every_path_is_found_and_compared_as_by_look_up(
        one in proptest::collection::btree_map("[ab/ -]{1,6}", 0u64..3, 0..12),
        two in proptest::collection::btree_map("[ab/ -]{1,6}", 0u64..3, 0..12),
    ) {
        let build = |paths: &std::collections::BTreeMap<String, u64>| {
            let entries: Vec<_> = paths.iter().map(|(path, size)| (path.as_str(), Kind::File, *size)).collect();
            tree(&entries)
        };
        let (before, now) = (build(&one), build(&two));
        let looked_up: Vec<_> = now.entries().map(|entry| {
            before.find(entry.path()).filter(|same| same.meta() == entry.meta()).map(|same| same.id())
        }).collect();
        prop_assert_eq!(now.unchanged_since(&before), looked_up);
    }
}
