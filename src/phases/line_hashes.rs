//! GitHub's hashes of lines, read from the workspace when a report wants them: only files in which something was found,
//! each once, and only those that are still what the rules saw.

use crate::report::{LineHashes, line_hashes};
use crate::walk::{Kind, Root, Tree, modified_ns};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;

/// A larger file has no hashes, in bytes.
const LARGEST: u64 = 16 << 20;
/// No more than this is read for hashes in a run, in bytes: a report must not take longer than the scan.
const MOST: u64 = 1 << 30;

/// The files of a workspace as the walk saw them.
pub(super) struct WalkedFiles<'w> {
    root: &'w Root,
    tree: &'w Tree,
    left: Cell<u64>,
}

impl<'w> WalkedFiles<'w> {
    pub(super) fn new(root: &'w Root, tree: &'w Tree) -> Self {
        Self {
            root,
            tree,
            left: Cell::new(MOST),
        }
    }

    /// The file, if it has the size and the time that the walk saw, before and after it is read.
    fn read(&self, path: &[u8]) -> Option<Vec<u8>> {
        let seen = self
            .tree
            .find(path)
            .filter(|entry| entry.kind() == Kind::File)?
            .meta();
        if seen.size > LARGEST.min(self.left.get()) {
            return None;
        }
        self.left.set(self.left.get() - seen.size);
        let file = File::from(self.root.open_file(path).ok()?);
        let is_as_seen = |file: &File| {
            rustix::fs::fstat(file).is_ok_and(|now| {
                u64::try_from(now.st_size) == Ok(seen.size) && modified_ns(&now) == seen.modified_ns
            })
        };
        if !is_as_seen(&file) {
            return None;
        }
        let mut bytes = Vec::new();
        (&file).take(LARGEST).read_to_end(&mut bytes).ok()?;
        (is_as_seen(&file) && bytes.len() as u64 == seen.size).then_some(bytes)
    }
}

impl LineHashes for WalkedFiles<'_> {
    fn line_hashes(&self, path: &[u8], lines: &BTreeSet<u32>) -> BTreeMap<u32, String> {
        // To say nothing is always true.
        let file = self.read(path);
        file.map(|file| line_hashes(&file, lines))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{Meta, TreeBuilder};

    #[test]
    fn only_a_file_that_is_what_was_seen_has_hashes() {
        use std::os::unix::fs::MetadataExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.txt");
        std::fs::write(&path, "a\nb\n").unwrap();
        std::os::unix::fs::symlink("a.txt", directory.path().join("link")).unwrap();
        let facts = path.metadata().unwrap();
        let meta = Meta {
            kind: Kind::File,
            permissions: 0o644,
            size: 4,
            modified_ns: facts.mtime() * 1_000_000_000 + facts.mtime_nsec(),
            tracked: None,
            ignored: false,
        };
        let mut builder = TreeBuilder::default();
        for name in ["a.txt", "link", "gone"] {
            assert!(builder.push(name.as_bytes(), meta));
        }
        let tree = builder.finish(directory.path().to_owned());
        let root = Root::open(directory.path()).unwrap();
        let files = WalkedFiles::new(&root, &tree);
        let lines = BTreeSet::from([1, 2, 7]);
        let of = |name: &str| files.line_hashes(name.as_bytes(), &lines);
        assert_eq!(of("a.txt"), line_hashes(b"a\nb\n", &lines));
        assert_eq!(of("a.txt").len(), 2);
        for name in ["link", "gone", "never"] {
            assert_eq!(of(name), BTreeMap::new(), "{name}");
        }
        std::fs::write(&path, "other\n").unwrap();
        assert_eq!(of("a.txt"), BTreeMap::new());
    }
}
