//! Which paths of the workspace differ from a commit, told from git's index and from what `lstat` says; contents are read
//! only where those two leave it open.

use super::blobs::{BlobHash, Blobs};
use super::checkout;
use super::objects::BaseError;
use super::renames::{self, Added};
use super::tree::{CommitTree, Mode, TreeEntry};
use crate::walk::{Entry, EntryId, GitView, IndexMode, Kind, PathMap, Root, Staged, Tree, Walked};
use crate::walk::{bytes_of, path_of};
use bstr::ByteSlice as _;
use gix::ObjectId;
use rayon::prelude::*;

/// Most bytes of a file that is compared by its content; a larger one that may have changed counts as changed.
const MOST_COMPARED: usize = 64 << 20;

/// What differs between a commit and the workspace.
pub struct Changes {
    /// The commit's files, symlinks, submodules and their directories, as a workspace that holds nothing else.
    pub base: Tree,
    /// For each entry of the workspace whether the commit has the same at its path; of a directory, whether it has one.
    pub same: Vec<bool>,
    /// The same the other way round: for each entry of `base` whether the workspace has it.
    pub base_same: Vec<bool>,
    /// Files and symlinks of the commit that the workspace has under another path, and that path.
    pub renames: PathMap,
    /// All paths that differ, on either side, sorted as bytes; without directories.
    pub paths: Vec<Box<[u8]>>,
    /// Whether paths came, went, or became something else: what symlinks lead to may differ.
    pub came_or_went: bool,
    /// For each entry of the workspace the id of its blob, or of what would be one, as far as it is known.
    pub ids: Vec<Option<ObjectId>>,
    /// For each entry of `base` the id of its blob.
    pub base_ids: Vec<Option<ObjectId>>,
    /// An id like those of the repository.
    pub like: ObjectId,
}

/// How an entry of the workspace compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Not a thing of git's: a directory, or ignored.
    None,
    /// The commit has nothing at its path.
    New,
    /// The commit has the same: the index into its entries.
    Same(usize),
    /// The commit has something else.
    Differs(usize),
}

/// Compares the workspace with a commit.
///
/// # Errors
/// Objects are missing (a partial clone) or broken.
pub fn compare(blobs: &Blobs, root: &Root, walked: &Walked) -> Result<Changes, BaseError> {
    let commit = blobs.tree();
    let staged = staged_for(commit, walked);
    let comparer = Comparer {
        commit,
        root,
        staged: &staged,
    };
    let tree = &walked.tree;
    let entries: Vec<Entry<'_>> = tree.entries().collect();
    let verdicts: Vec<Verdict> = entries
        .par_iter()
        .with_min_len(512)
        .map(|entry| comparer.judge(*entry))
        .collect();
    let matches = Matches::new(commit, &verdicts);
    // What a sparse checkout leaves out is in neither workspace.
    let is_left_out =
        |at: usize| !matches.is_there[at] && staged[at].is_some_and(|one| one.is_left_out);
    let there: Vec<usize> = (0..commit.entries().len())
        .filter(|at| !is_left_out(*at))
        .collect();
    let removed: Vec<&TreeEntry> = there
        .iter()
        .filter(|at| !matches.is_there[**at])
        .map(|at| &commit.entries()[*at])
        .collect();
    let base = checkout::tree(blobs, &there, (tree, &matches.same))?;
    let (same, base_same) = sameness((tree, &verdicts), &base);
    let ids = comparer.ids(&entries, &verdicts, walked, !removed.is_empty());
    let added = added(&entries, &verdicts, &ids);
    let renames = renames::find(&removed, &added, (blobs, root))?;
    let came_or_went = came_or_went(&comparer, (&entries, &verdicts), &base, &same);
    let paths = paths(&entries, &verdicts, &removed);
    Ok(Changes {
        came_or_went: came_or_went || !removed.is_empty(),
        base_ids: base
            .entries()
            .map(|entry| commit.find(entry.path()).map(TreeEntry::id))
            .collect(),
        like: commit.commit().0,
        base,
        same,
        base_same,
        renames,
        paths,
        ids,
    })
}

/// For each entry of a commit what the workspace has at its path.
struct Matches {
    /// Something.
    is_there: Vec<bool>,
    /// The same, and which entry that is.
    same: Vec<Option<EntryId>>,
}

impl Matches {
    /// From the verdicts on the entries of the workspace, in tree order.
    fn new(commit: &CommitTree, verdicts: &[Verdict]) -> Self {
        let count = commit.entries().len();
        let mut matches = Self {
            is_there: vec![false; count],
            same: vec![None; count],
        };
        for (id, verdict) in (0..).map(EntryId).zip(verdicts) {
            match verdict {
                Verdict::Same(at) => {
                    matches.is_there[*at] = true;
                    matches.same[*at] = Some(id);
                }
                Verdict::Differs(at) => matches.is_there[*at] = true,
                Verdict::None | Verdict::New => {}
            }
        }
        matches
    }
}

fn added<'t>(
    entries: &[Entry<'t>],
    verdicts: &[Verdict],
    ids: &[Option<ObjectId>],
) -> Vec<Added<'t>> {
    let all = entries.iter().zip(verdicts).zip(ids);
    let new = all.filter(|((_, verdict), _)| **verdict == Verdict::New);
    new.map(|((entry, _), id)| Added {
        entry: *entry,
        id: *id,
    })
    .collect()
}

/// For each entry of the commit what the index has at its path: both are sorted alike.
fn staged_for<'w>(commit: &CommitTree, walked: &'w Walked) -> Vec<Option<Staged<'w>>> {
    let mut staged = walked.git.iter().flat_map(GitView::staged).peekable();
    commit
        .entries()
        .iter()
        .map(|entry| {
            let path = &*entry.path;
            while staged.next_if(|one| one.path.as_bytes() < path).is_some() {}
            staged.next_if(|one| one.path.as_bytes() == path)
        })
        .collect()
}

struct Comparer<'c> {
    commit: &'c CommitTree,
    root: &'c Root,
    staged: &'c [Option<Staged<'c>>],
}

impl Comparer<'_> {
    fn judge(&self, entry: Entry<'_>) -> Verdict {
        let is_submodule = entry.tracked() == Some(IndexMode::Gitlink);
        if entry.is_ignored() || (entry.kind() == Kind::Directory && !is_submodule) {
            return Verdict::None;
        }
        let path: &[u8] = entry.path();
        let found = self
            .commit
            .entries()
            .binary_search_by(|one| (*one.path).cmp(path));
        let Ok(at) = found else {
            return Verdict::New;
        };
        if self.is_same(entry, at) {
            Verdict::Same(at)
        } else {
            Verdict::Differs(at)
        }
    }

    fn is_same(&self, entry: Entry<'_>, at: usize) -> bool {
        let base = &self.commit.entries()[at];
        let Some(staged) = &self.staged[at] else {
            return false;
        };
        // The mode of what git tracks is the index's, whatever the file system makes of it.
        if staged.id != base.id() || staged.mode != base.mode || entry.tracked() != Some(base.mode)
        {
            return false;
        }
        match (base.mode, entry.kind()) {
            (Mode::Gitlink, Kind::Directory | Kind::NestedRepository) => true,
            (Mode::Regular | Mode::Executable, Kind::File) | (Mode::Symlink, Kind::Symlink) => {
                entry.is_as_staged() || self.has_content(entry, staged)
            }
            _ => false,
        }
    }

    /// Compares by content. Git notes the size 0 for what it is not sure of.
    fn has_content(&self, entry: Entry<'_>, staged: &Staged<'_>) -> bool {
        let is_open = staged.noted_size == 0 || u64::from(staged.noted_size) == entry.size();
        is_open && self.id_of(entry, staged.id) == Some(staged.id)
    }

    /// The id that git would give to what is there now.
    fn id_of(&self, entry: Entry<'_>, like: ObjectId) -> Option<ObjectId> {
        let path: &[u8] = entry.path();
        let content = match entry.kind() {
            Kind::File => self.root.read_file(path, MOST_COMPARED).ok()?,
            Kind::Symlink => {
                let place = self.root.path().join(path_of(path));
                let target = std::fs::read_link(place).ok()?;
                bytes_of(target.as_os_str()).into_owned()
            }
            _ => return None,
        };
        BlobHash::of(&content, like)
    }

    /// The ids of all that is in the workspace, as far as they are known without reading; of new files in any case if
    /// `all_new`.
    fn ids(
        &self,
        entries: &[Entry<'_>],
        verdicts: &[Verdict],
        walked: &Walked,
        all_new: bool,
    ) -> Vec<Option<ObjectId>> {
        let like = self.commit.commit().0;
        let mut staged: Vec<Option<ObjectId>> = vec![None; entries.len()];
        for one in walked.git.iter().flat_map(GitView::staged) {
            if let Some(entry) = walked.tree.find(one.path).filter(Entry::is_as_staged) {
                staged[entry.id().0 as usize] = Some(one.id);
            }
        }
        let known = entries.par_iter().with_min_len(512).zip(verdicts);
        known
            .map(|(entry, verdict)| match verdict {
                Verdict::Same(at) => Some(self.commit.entries()[*at].id()),
                Verdict::None => None,
                Verdict::New | Verdict::Differs(_) => staged[entry.id().0 as usize].or_else(|| {
                    let wanted = all_new && *verdict == Verdict::New;
                    wanted.then(|| self.id_of(*entry, like)).flatten()
                }),
            })
            .collect()
    }
}

/// For each entry of both trees whether the other has the same.
fn sameness((tree, verdicts): (&Tree, &[Verdict]), base: &Tree) -> (Vec<bool>, Vec<bool>) {
    let mut same = vec![false; tree.len()];
    let mut base_same = vec![false; base.len()];
    let mut there = base.entries().peekable();
    for entry in tree.entries() {
        let path: &[u8] = entry.path();
        let is_before = |one: &Entry<'_>| crate::walk::compare_paths(one.path(), path).is_lt();
        while there.next_if(is_before).is_some() {}
        let Some(other) = there.next_if(|one| one.path() == entry.path()) else {
            continue;
        };
        let index = |id: EntryId| id.0 as usize;
        let is_directory = |one: Entry<'_>| one.kind() == Kind::Directory && !one.is_ignored();
        let is_same = match verdicts[index(entry.id())] {
            Verdict::Same(_) => true,
            Verdict::None => is_directory(entry) && is_directory(other),
            Verdict::New | Verdict::Differs(_) => false,
        };
        (same[index(entry.id())], base_same[index(other.id())]) = (is_same, is_same);
    }
    (same, base_same)
}

fn came_or_went(
    comparer: &Comparer<'_>,
    (entries, verdicts): (&[Entry<'_>], &[Verdict]),
    base: &Tree,
    same: &[bool],
) -> bool {
    let new_kind = entries
        .iter()
        .zip(verdicts)
        .any(|(entry, verdict)| match verdict {
            Verdict::New => true,
            Verdict::Differs(at) => {
                let was_file = matches!(
                    comparer.commit.entries()[*at].mode,
                    Mode::Regular | Mode::Executable
                );
                entry.kind() != Kind::File || !was_file
            }
            Verdict::None => !entry.is_ignored() && !same[entry.id().0 as usize],
            Verdict::Same(_) => false,
        });
    let listed = entries.iter().filter(|entry| !entry.is_ignored()).count();
    new_kind || listed != base.len()
}

fn paths(entries: &[Entry<'_>], verdicts: &[Verdict], removed: &[&TreeEntry]) -> Vec<Box<[u8]>> {
    let here = entries.iter().zip(verdicts).filter_map(|(entry, verdict)| {
        let differs = matches!(verdict, Verdict::New | Verdict::Differs(_));
        differs.then(|| entry.path().to_vec().into_boxed_slice())
    });
    let mut paths: Vec<Box<[u8]>> = here.collect();
    paths.extend(removed.iter().map(|entry| entry.path.clone()));
    paths.sort_unstable();
    paths
}
