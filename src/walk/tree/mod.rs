//! The list of everything in the workspace, compact enough for ten million paths.

use bstr::{BStr, ByteSlice};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::PathBuf;

/// What a path is, without following it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory that belongs to the workspace.
    Directory,
    /// A symbolic link, to whatever or nothing.
    Symlink,
    /// A directory that is a git repository of its own (or a submodule); not entered unless asked.
    NestedRepository,
    /// A FIFO, socket or device: never opened.
    Special,
}

/// The mode that git's index has for a tracked path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum IndexMode {
    /// 100644
    Regular,
    /// 100755
    Executable,
    /// 120000
    Symlink,
    /// 160000, a submodule
    Gitlink,
}

/// Facts about one path, from `lstat` and the git index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// What it is.
    pub kind: Kind,
    /// `st_mode`'s permission bits (`0o7777`).
    pub permissions: u16,
    /// Size in bytes; of a symlink the length of its target.
    pub size: u64,
    /// Modification time in nanoseconds since 1970-01-01 UTC.
    pub modified_ns: i64,
    /// The index mode, if git tracks the path.
    pub tracked: Option<IndexMode>,
    /// `.gitignore` covers it and git does not track it: no rule sees it, cleanup does.
    pub ignored: bool,
}

/// Index of an entry in its [`Tree`]; ascending in tree order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

/// Why a path that was seen was not fully checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The content is not text; rules about paths did look at it.
    Binary,
    /// The content is not text; beside the rules about paths only those looked at it that search bytes.
    BinarySearched,
    /// Larger than the content limit (bytes); rules about paths did look at it.
    TooLarge(u64),
    /// Larger than the search limit (bytes); rules about paths did look at it.
    TooLargeToSearch(u64),
    /// Larger than the content limit (bytes); beside the rules about paths only those looked at it that search in segments.
    TooLargeSearched(u64),
    /// Searched in segments, and a match of this pattern may go on beyond what a segment holds; makes the verdict undecided.
    CutOff(String),
    /// The operating system refused; makes the verdict undecided.
    Unreadable(String),
    /// FIFO, socket or device.
    Special,
    /// The policy's `exclude` pattern that matched.
    Excluded(String),
    /// `.gitignore` (or `.git/info/exclude`) covers it, and git does not track it.
    GitIgnored,
    /// It changed between the first and the last byte read; makes the verdict undecided.
    ChangedWhileRead,
    /// A repository of its own that was not entered.
    NestedRepository,
    /// Tracked by git but not in the working tree (sparse checkout, or deleted).
    Absent,
    /// Written by this program itself: its database and what belongs to it.
    OwnOutput,
}

impl SkipReason {
    /// The text in the record.
    pub fn text(&self) -> String {
        match self {
            Self::Binary => "binary".into(),
            Self::BinarySearched => "binary: searched as bytes".into(),
            Self::TooLarge(limit) => format!("too large: over the content limit of {limit} bytes"),
            Self::TooLargeToSearch(limit) => {
                format!("too large: over the search limit of {limit} bytes")
            }
            Self::TooLargeSearched(limit) => {
                format!("too large: over the content limit of {limit} bytes, searched in segments")
            }
            Self::CutOff(pattern) => format!(
                "too large: searched in segments, and a match of `{pattern}` may be longer than they reach"
            ),
            Self::Unreadable(why) => format!("unreadable: {why}"),
            Self::Special => "special file".into(),
            Self::Excluded(pattern) => format!("excluded by `{pattern}`"),
            Self::GitIgnored => "ignored by git".into(),
            Self::ChangedWhileRead => "changed while read".into(),
            Self::NestedRepository => "nested repository".into(),
            Self::Absent => "absent: tracked but not in the working tree".into(),
            Self::OwnOutput => "own output".into(),
        }
    }

    /// Whether the run cannot vouch for a verdict because of this.
    pub fn is_undecided(&self) -> bool {
        matches!(
            self,
            Self::Unreadable(_) | Self::ChangedWhileRead | Self::CutOff(_)
        )
    }
}

/// A path that was seen and not fully checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Skipped {
    /// Relative to the workspace, with `/`.
    pub path: Box<[u8]>,
    /// Why.
    pub reason: SkipReason,
    /// Size in bytes, if it is known.
    pub size: Option<u64>,
}

/// 32 bytes a path, beside the path's own bytes in the arena.
#[derive(Clone, Copy)]
struct Record {
    path_start: u64,
    size: u64,
    modified_ns: i64,
    path_len: u16,
    permissions: u16,
    kind: Kind,
    tracked: Option<IndexMode>,
    ignored: bool,
    staged: bool,
}

/// Something by paths: raw bytes, relative to the workspace, with `/`.
pub type PathMap = HashMap<Box<[u8]>, Box<[u8]>>;

/// Everything in the workspace, in tree order: components compared as bytes, a directory right before
/// what is in it. The order depends on the names alone.
pub struct Tree {
    root: PathBuf,
    arena: Vec<u8>,
    records: Vec<Record>,
    /// The texts of symlinks by path, where this is not what is on disk.
    links: Option<PathMap>,
}

impl Tree {
    /// The workspace's absolute path.
    pub fn root(&self) -> &std::path::Path {
        &self.root
    }

    /// The number of entries, directories and ignored ones included.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is nothing in the workspace.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The entry with this id.
    ///
    /// # Panics
    /// If the id is not from this tree.
    pub fn entry(&self, id: EntryId) -> Entry<'_> {
        Entry { tree: self, id }
    }

    /// All entries in tree order, ignored ones included.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> + DoubleEndedIterator {
        (0..u32::try_from(self.records.len()).unwrap_or(u32::MAX)).map(|index| Entry {
            tree: self,
            id: EntryId(index),
        })
    }

    /// At most `count` entries from the one at index `first` on.
    pub fn slice(&self, first: usize, count: usize) -> impl ExactSizeIterator<Item = Entry<'_>> {
        let end = first.saturating_add(count).min(self.records.len());
        let index = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        (index(first)..index(end)).map(|index| Entry {
            tree: self,
            id: EntryId(index),
        })
    }

    /// The entry at `path` (relative, with `/`), if there is one.
    pub fn find(&self, path: &[u8]) -> Option<Entry<'_>> {
        self.records
            .binary_search_by(|record| compare_paths(self.path_of(record), path))
            .ok()
            .and_then(|index| u32::try_from(index).ok())
            .map(|index| self.entry(EntryId(index)))
    }

    /// For each entry the entry of `earlier` at the same path whose facts are the same. Of a directory only what it
    /// is counts: its time and size change with what is in it.
    pub fn unchanged_since(&self, earlier: &Self) -> Vec<Option<EntryId>> {
        let mut before = earlier.entries().peekable();
        self.entries()
            .map(|now| {
                let path = now.path();
                while before
                    .next_if(|one| compare_paths(one.path(), path) == Ordering::Less)
                    .is_some()
                {}
                let same = before.next_if(|one| one.path() == path)?;
                let is_directory = now.kind() == Kind::Directory && same.kind() == Kind::Directory;
                (is_directory || same.meta() == now.meta()).then(|| same.id())
            })
            .collect()
    }

    /// The entries whose paths the other tree does not have.
    pub fn missing_in<'t>(&'t self, other: &'t Self) -> impl Iterator<Item = Entry<'t>> {
        let mut there = other.entries().peekable();
        self.entries().filter(move |entry| {
            let path = entry.path();
            while there
                .next_if(|one| compare_paths(one.path(), path) == Ordering::Less)
                .is_some()
            {}
            there.peek().is_none_or(|one| one.path() != path)
        })
    }

    /// The same tree as that of a commit: the texts of its symlinks are these, by path, and not what is on disk.
    #[must_use]
    pub fn with_links(self, links: PathMap) -> Self {
        Self {
            links: Some(links),
            ..self
        }
    }

    /// The texts of all symlinks by path, if this tree is not what is on disk.
    pub fn links(&self) -> Option<&PathMap> {
        self.links.as_ref()
    }

    fn path_of(&self, record: &Record) -> &[u8] {
        let start = usize::try_from(record.path_start).unwrap_or(usize::MAX);
        &self.arena[start..start + usize::from(record.path_len)]
    }
}

/// One path of the workspace.
#[derive(Clone, Copy)]
pub struct Entry<'t> {
    tree: &'t Tree,
    id: EntryId,
}

impl<'t> Entry<'t> {
    fn record(&self) -> &'t Record {
        &self.tree.records[self.id.0 as usize]
    }

    /// Its index in the tree.
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// The tree it is in.
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// Relative to the workspace, with `/`; raw bytes.
    pub fn path(&self) -> &'t BStr {
        self.tree.path_of(self.record()).as_bstr()
    }

    /// The last component.
    pub fn name(&self) -> &'t BStr {
        let path = self.path();
        path.rfind_byte(b'/')
            .map_or(path, |slash| path[slash + 1..].as_bstr())
    }

    /// The path of the directory it is in; empty for the workspace.
    pub fn parent(&self) -> &'t BStr {
        let path = self.path();
        path.rfind_byte(b'/')
            .map_or(b"".as_bstr(), |slash| path[..slash].as_bstr())
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.record().kind
    }

    /// Size in bytes; of a symlink the length of its target.
    pub fn size(&self) -> u64 {
        self.record().size
    }

    /// All facts at once.
    pub fn meta(&self) -> Meta {
        let Record {
            size,
            modified_ns,
            permissions,
            kind,
            tracked,
            ignored,
            ..
        } = *self.record();
        Meta {
            kind,
            permissions,
            size,
            modified_ns,
            tracked,
            ignored,
        }
    }

    /// Whether git's index has the path, and how.
    pub fn tracked(&self) -> Option<IndexMode> {
        self.record().tracked
    }

    /// Whether the walk is sure that this is what git's index has: the facts of `lstat` are those that git noted when it
    /// wrote or compared the content, and nothing can have changed it within the resolution of the clock.
    pub fn is_as_staged(&self) -> bool {
        self.record().staged
    }

    /// Whether only cleanup may look at it, because git ignores it.
    pub fn is_ignored(&self) -> bool {
        self.record().ignored
    }

    /// Whether [`Self::is_executable`] rests on anything: on Windows only the git index tells.
    pub fn tells_executable(&self) -> bool {
        cfg!(unix) || self.tracked().is_some()
    }

    /// Whether anyone may execute it: by the git index where git tracks it, by permission bits elsewhere.
    pub fn is_executable(&self) -> bool {
        match self.tracked() {
            Some(mode) => mode == IndexMode::Executable,
            None => self.record().permissions & 0o111 != 0,
        }
    }
}

/// Builds a [`Tree`] from paths in any order.
#[derive(Default)]
pub struct TreeBuilder {
    arena: Vec<u8>,
    records: Vec<Record>,
}

impl TreeBuilder {
    /// Adds a path (relative, with `/`). Answers whether it fits: a path over 65,535 bytes does not.
    #[must_use]
    pub fn push(&mut self, path: &[u8], meta: Meta) -> bool {
        self.push_compared(path, meta, false)
    }

    /// As [`Self::push`]; `staged` says whether it is surely what git's index has.
    #[must_use]
    pub fn push_compared(&mut self, path: &[u8], meta: Meta, staged: bool) -> bool {
        let Ok(path_len) = u16::try_from(path.len()) else {
            return false;
        };
        let Meta {
            kind,
            permissions,
            size,
            modified_ns,
            tracked,
            ignored,
        } = meta;
        let path_start = self.arena.len() as u64;
        self.arena.extend_from_slice(path);
        self.records.push(Record {
            path_start,
            size,
            modified_ns,
            path_len,
            permissions,
            kind,
            tracked,
            ignored,
            staged,
        });
        true
    }

    /// Takes over what another builder holds.
    pub fn append(&mut self, other: &Self) {
        let offset = self.arena.len() as u64;
        self.arena.extend_from_slice(&other.arena);
        self.records
            .extend(other.records.iter().map(|record| Record {
                path_start: record.path_start + offset,
                ..*record
            }));
    }

    /// Sorts and closes the tree. Of equal paths the first added stays.
    pub fn finish(self, root: PathBuf) -> Tree {
        use rayon::slice::ParallelSliceMut as _;
        let mut tree = Tree {
            root,
            arena: self.arena,
            records: Vec::new(),
            links: None,
        };
        let mut records = self.records;
        let path = |record: &Record| tree.path_of(record);
        records.par_sort_by(|one, other| compare_paths(path(one), path(other)));
        records.dedup_by(|later, earlier| path(later) == path(earlier));
        tree.records = records;
        tree
    }
}

/// Compares component by component, as bytes: `/` sorts before every other byte.
pub(crate) fn compare_paths(one: &[u8], other: &[u8]) -> Ordering {
    let common = one
        .iter()
        .zip(other)
        .position(|(left, right)| left != right);
    match common {
        None => one.len().cmp(&other.len()),
        Some(at) => match (one[at], other[at]) {
            (b'/', _) => Ordering::Less,
            (_, b'/') => Ordering::Greater,
            (left, right) => left.cmp(&right),
        },
    }
}

#[cfg(test)]
mod tests;
