//! What git knows: the index and HEAD, read with a library, never with a `git` process.

use super::facts::Facts;
use super::tree::{IndexMode, Kind};
use bstr::{BStr, BString, ByteSlice as _};
use gix::index::entry::{Flags, Mode};
use std::path::Path;

/// What git knows about the workspace.
pub struct GitView {
    index: gix::index::File,
    /// The workspace's path inside the repository's working tree, with a `/` at the end; empty if it is the same.
    prefix: BString,
    facts: GitFacts,
    /// The text of `.git/info/exclude`, if there is one.
    pub(super) exclude_file: Option<Vec<u8>>,
    /// The working tree's root.
    pub(super) work_tree: std::path::PathBuf,
    /// When the index was written: seconds and nanoseconds since 1970.
    written: (i64, i64),
}

/// A path in git's index.
#[derive(Clone, Copy, Debug)]
pub struct Staged<'g> {
    /// Relative to the workspace, with `/`.
    pub path: &'g BStr,
    /// The blob; of a submodule the commit.
    pub id: gix::ObjectId,
    /// What it is.
    pub mode: IndexMode,
    /// Bytes of the file when git compared it last; 0 also where git does not know.
    pub noted_size: u32,
    /// A sparse checkout does not have it.
    pub is_left_out: bool,
}

/// Facts for the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// The commit at HEAD (hex), if there is one.
    pub head_sha: Option<String>,
    /// Paths that the index has in the workspace.
    pub tracked: u64,
}

/// Git is there but could not be read: what is tracked is unknown, so no verdict can be trusted.
#[derive(Debug, thiserror::Error)]
#[error("the git repository at {place} could not be read: {why}")]
pub struct GitError {
    place: String,
    why: String,
}

impl GitView {
    /// Looks for a repository that has `root` in its working tree. A repository further up that tracks
    /// nothing below `root` is none of the workspace's.
    ///
    /// # Errors
    /// There is a repository, but its index or HEAD cannot be read.
    pub fn discover(root: &Path) -> Result<Option<Self>, GitError> {
        let Some(work_tree) = root.ancestors().find(|place| place.join(".git").exists()) else {
            return Ok(None);
        };
        let error = |why: &dyn std::fmt::Display| GitError {
            place: work_tree.display().to_string(),
            why: why.to_string(),
        };
        // Isolated: the same answer whatever the user's and the system's git configuration says.
        let options = gix::open::Options::isolated().bail_if_untrusted(false);
        let repository = gix::open_opts(work_tree, options).map_err(|why| error(&why))?;
        let index = open_index(&repository).map_err(|why| error(&why))?;
        let head_sha = repository.head_id().ok().map(|id| id.to_string());
        let inside = root.strip_prefix(work_tree).unwrap_or(Path::new(""));
        let mut prefix = BString::from(inside.as_os_str().as_encoded_bytes());
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let exclude_file = std::fs::read(repository.common_dir().join("info/exclude")).ok();
        let written = index.timestamp();
        let mut view = Self {
            index,
            written: (written.unix_seconds(), i64::from(written.nanoseconds())),
            prefix,
            facts: GitFacts {
                head_sha,
                tracked: 0,
            },
            exclude_file,
            work_tree: work_tree.to_owned(),
        };
        view.facts.tracked = view.tracked().count() as u64;
        Ok((view.prefix.is_empty() || view.facts.tracked > 0).then_some(view))
    }

    /// Facts for the record.
    pub fn facts(&self) -> &GitFacts {
        &self.facts
    }

    /// The workspace's path in the working tree, with a `/` at the end, or empty.
    pub(super) fn prefix(&self) -> &BStr {
        self.prefix.as_bstr()
    }

    /// The index mode of a path (relative to the workspace), and whether what `lstat` says of it is what git noted.
    pub(super) fn compare(&self, path: &[u8], facts: &Facts) -> Option<(IndexMode, bool)> {
        let entry = self.entry(path)?;
        let mode = mode(entry.mode)?;
        Some((mode, self.is_as_staged(entry, facts)))
    }

    /// In doubt it is not: other programs than git leave facts out, and a file that was written when the index was, or
    /// later, may have changed since without a trace.
    fn is_as_staged(&self, entry: &gix::index::Entry, facts: &Facts) -> bool {
        let noted = &entry.stat;
        let is_kind = match entry.mode {
            Mode::FILE | Mode::FILE_EXECUTABLE => facts.kind == Kind::File,
            Mode::SYMLINK => facts.kind == Kind::Symlink,
            _ => false,
        };
        let is_certain = entry.stage_raw() == 0
            && !entry.flags.contains(Flags::INTENT_TO_ADD)
            && (i64::from(noted.mtime.secs), i64::from(noted.mtime.nsecs)) < self.written;
        is_kind
            && is_certain
            && nanoseconds(noted.mtime) == facts.modified_ns
            && u64::from(noted.size) == facts.size
            && facts.changed.is_some_and(|changed| {
                nanoseconds(noted.ctime) == changed.time_ns
                    && u64::from(noted.ino) == changed.inode & u64::from(u32::MAX)
            })
    }

    fn entry(&self, path: &[u8]) -> Option<&gix::index::Entry> {
        let full;
        let path = if self.prefix.is_empty() {
            path.as_bstr()
        } else {
            full = [self.prefix.as_slice(), path].concat();
            full.as_bstr()
        };
        let entries = self.index.entries();
        let at = entries.partition_point(|entry| entry.path(&self.index) < path);
        entries
            .get(at)
            .filter(|entry| entry.path(&self.index) == path)
    }

    /// Every tracked path of the workspace (relative to it), sorted as bytes, with what the index has for it. One in
    /// conflict is left out.
    pub fn staged(&self) -> impl Iterator<Item = Staged<'_>> {
        self.index.entries().iter().filter_map(|entry| {
            let path = entry.path(&self.index);
            let path = path.strip_prefix(self.prefix.as_slice())?.as_bstr();
            let mode = mode(entry.mode).filter(|_| entry.stage_raw() == 0)?;
            Some(Staged {
                path,
                id: entry.id,
                mode,
                noted_size: entry.stat.size,
                is_left_out: entry.flags.contains(Flags::SKIP_WORKTREE),
            })
        })
    }

    /// Whether the index has anything below a directory (relative to the workspace).
    pub(super) fn has_below(&self, directory: &[u8]) -> bool {
        let start = [self.prefix.as_slice(), directory, b"/"].concat();
        let entries = self.index.entries();
        let at = entries.partition_point(|entry| entry.path(&self.index) < start.as_bstr());
        entries
            .get(at)
            .is_some_and(|entry| entry.path(&self.index).starts_with(&start))
    }

    /// Every tracked path of the workspace (relative to it), each once, with its mode.
    pub fn tracked(&self) -> impl Iterator<Item = (&BStr, IndexMode)> {
        let mut last: Option<&BStr> = None;
        self.index.entries().iter().filter_map(move |entry| {
            let path = entry
                .path(&self.index)
                .strip_prefix(self.prefix.as_slice())?
                .as_bstr();
            // A path in conflict has up to three entries.
            let again = last.replace(path) == Some(path);
            mode(entry.mode).filter(|_| !again).map(|mode| (path, mode))
        })
    }
}

/// The commit (hex) at HEAD of the repository that holds `root`, if it can be told.
pub fn head_sha(root: &Path) -> Option<String> {
    GitView::discover(root)
        .ok()?
        .and_then(|view| view.facts.head_sha)
}

fn open_index(repository: &gix::Repository) -> Result<gix::index::File, String> {
    let path = repository.index_path();
    // A link that leads nowhere is an index that is missing.
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        _ => return repository.open_index().map_err(|error| error.to_string()),
    }
    // Before the first `git add` there is none.
    if repository.head_id().is_ok() {
        return Err(
            "there are commits, and the index is missing: `git reset` makes it anew".into(),
        );
    }
    let empty = gix::index::State::new(repository.object_hash());
    Ok(gix::index::File::from_state(empty, path))
}

fn nanoseconds(noted: gix::index::entry::stat::Time) -> i64 {
    i64::from(noted.secs) * 1_000_000_000 + i64::from(noted.nsecs)
}

fn mode(mode: Mode) -> Option<IndexMode> {
    match mode {
        Mode::FILE => Some(IndexMode::Regular),
        Mode::FILE_EXECUTABLE => Some(IndexMode::Executable),
        Mode::SYMLINK => Some(IndexMode::Symlink),
        Mode::COMMIT => Some(IndexMode::Gitlink),
        // A directory of a sparse index: what is in it is not in the working tree.
        _ => None,
    }
}
