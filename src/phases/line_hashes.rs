//! GitHub's hashes of lines, read from the workspace when a report wants them: only files in which something was found,
//! each once, and only those that are still what the rules saw.

use crate::report::{LineHashes, line_hashes};
use crate::scan::holds_credential;
use crate::walk::{Kind, Root, Tree, facts_of};
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
        let file = self.root.open_file(path).ok()?;
        let is_as_seen = |file: &File| {
            facts_of(file)
                .is_ok_and(|now| now.size == seen.size && now.modified_ns == seen.modified_ns)
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
        let Some(file) = self.read(path) else {
            return BTreeMap::new();
        };
        let mut hashes = line_hashes(&file, lines);
        let telling = telling_lines(&file, lines);
        hashes.retain(|line, _| !telling.contains(line));
        hashes
    }
}

/// How many characters, blanks not counted, enter a hash.
const HASHED: usize = 100;
/// So many bytes without that many characters are nothing that anyone wrote.
const LONGEST: usize = 64 << 10;

/// Those of the lines whose hash is made of something that looks like a credential: whoever can guess that could prove it.
fn telling_lines(file: &[u8], lines: &BTreeSet<u32>) -> BTreeSet<u32> {
    let mut starts = LineStarts::new(file);
    let is_telling = |line: &u32| starts.at(*line).is_some_and(|start| tells(&file[start..]));
    lines.iter().copied().filter(is_telling).collect()
}

/// Where lines begin, asked for in ascending order.
struct LineStarts<'f> {
    file: &'f [u8],
    line: u32,
    start: usize,
}

impl<'f> LineStarts<'f> {
    fn new(file: &'f [u8]) -> Self {
        Self {
            file,
            line: 1,
            start: 0,
        }
    }

    fn at(&mut self, line: u32) -> Option<usize> {
        while self.line < line {
            let rest = &self.file[self.start..];
            let end = memchr::memchr2(b'\n', b'\r', rest)?;
            self.start += end
                + if rest[end..].starts_with(b"\r\n") {
                    2
                } else {
                    1
                };
            self.line += 1;
        }
        Some(self.start)
    }
}

/// Whether a line that enters a hash, from the beginning of `text` on, looks like one that holds a credential.
fn tells(text: &[u8]) -> bool {
    let mut left = HASHED;
    let (text, is_whole) = match text.get(..LONGEST) {
        Some(text) => (text, false),
        None => (text, true),
    };
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        if holds_credential(&String::from_utf8_lossy(line)) {
            return true;
        }
        let is_kept = |byte: &&u8| !matches!(byte, b' ' | b'\t' | 0x80..=0xbf);
        let kept = line.iter().filter(is_kept).count() + 1;
        match left.checked_sub(kept) {
            None | Some(0) => return false,
            Some(rest) => left = rest,
        }
    }
    !is_whole
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make and change a file")]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_a_file_that_is_what_was_seen_has_hashes() {
        use crate::walk::{Meta, TreeBuilder};
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

    #[test]
    fn a_hash_that_a_credential_is_part_of_is_not_told() {
        let secret = "password = \"hunter2-hunter2\"";
        let long = "x".repeat(120);
        let file = format!("a\r\nb\n{secret}\n{long}\nc\n");
        let all = BTreeSet::from([1, 2, 3, 4, 5, 6, 9]);
        assert_eq!(
            telling_lines(file.as_bytes(), &all),
            BTreeSet::from([1, 2, 3])
        );
        let far = format!("{long}\n{secret}\n");
        assert_eq!(telling_lines(far.as_bytes(), &all), BTreeSet::from([2]));
        let blank = " ".repeat(LONGEST + 1);
        assert_eq!(telling_lines(blank.as_bytes(), &all), BTreeSet::from([1]));
    }
}
