//! Repositories made by git itself, read without it.

#![expect(
    clippy::disallowed_methods,
    reason = "workspaces of tests are written plainly"
)]

use super::resolve::tests::kit::git;
use super::*;

#[test]
fn a_commit_is_read_as_it_was_whatever_lies_in_the_working_tree_now() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    git(root, &["init", "-q"]);
    std::fs::create_dir_all(root.join("sub/deep")).unwrap();
    for (path, text) in [("a.txt", "one\n"), ("sub-x", "x"), ("sub/deep/b", "two\n")] {
        std::fs::write(root.join(path), text).unwrap();
    }
    std::os::unix::fs::symlink("a.txt", root.join("sub/link")).unwrap();
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "first"]);
    let first = git(root, &["rev-parse", "HEAD"]);
    std::fs::write(root.join("a.txt"), "changed\n").unwrap();
    git(root, &["commit", "-qam", "second"]);

    let repository = Repository::open(root).unwrap().unwrap();
    let reader = repository.reader();
    let commit = reader.commit(&first).unwrap();
    assert_eq!(commit.to_string(), first);
    assert_eq!(
        reader.parents(reader.head().unwrap()).unwrap(),
        std::slice::from_ref(&first)
    );
    let tree = reader.tree(commit).unwrap();
    let paths: Vec<_> = tree
        .entries()
        .iter()
        .map(|entry| {
            (
                String::from_utf8_lossy(&entry.path).into_owned(),
                entry.mode,
            )
        })
        .collect();
    assert_eq!(
        paths,
        [
            ("a.txt".to_owned(), Mode::Regular),
            ("sub-x".to_owned(), Mode::Regular),
            ("sub/deep/b".to_owned(), Mode::Regular),
            ("sub/link".to_owned(), Mode::Symlink),
        ]
    );
    let entry = tree.find(b"a.txt").unwrap();
    assert_eq!(reader.size(entry).unwrap(), 4);
    assert_eq!(reader.blob(entry, 4).unwrap(), b"one\n");
    assert!(matches!(
        reader.blob(entry, 3),
        Err(BaseError::Unreadable { .. })
    ));
    assert!(!reader.is_shallow().unwrap());
    let absent = "0123456789012345678901234567890123456789";
    assert!(matches!(reader.commit(absent), Err(BaseError::Missing(_))));

    let inner = Repository::open(&root.join("sub")).unwrap().unwrap();
    assert_eq!(inner.prefix(), b"sub/");
    let inner_tree = inner.reader().tree(commit).unwrap();
    assert_eq!(inner_tree.entries().len(), 2);
    assert!(inner_tree.find(b"deep/b").is_some());
}

#[test]
fn outside_of_a_repository_there_is_none() {
    let place = tempfile::tempdir().unwrap();
    assert!(Repository::open(place.path()).unwrap().is_none());
}
