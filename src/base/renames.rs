//! Files that have another path than before: the same content, or at least half of it, line by line.

use super::blobs::Blobs;
use super::objects::BaseError;
use super::tree::{Mode, TreeEntry};
use crate::walk::{Entry, Kind, PathMap, Root};
use gix::ObjectId;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet, VecDeque};
use xxhash_rust::xxh3::xxh3_64;

/// A path that the commit does not have.
#[derive(Clone, Copy)]
pub(super) struct Added<'t> {
    pub(super) entry: Entry<'t>,
    /// The id of its content, if it is known.
    pub(super) id: Option<ObjectId>,
}

/// Most bytes of a file that is compared line by line.
const MOST_BYTES: usize = 1 << 20;
/// Most files on each side that are compared line by line; what is beyond counts as new.
const MOST_FILES: usize = 1_000;
/// Most pairs that are compared; with more only files of the same name are.
const MOST_PAIRS: usize = 40_000;

/// Pairs removed and added paths; each is in one pair at most.
///
/// # Errors
/// A blob of the commit cannot be read.
pub(super) fn find(
    removed: &[&TreeEntry],
    added: &[Added<'_>],
    (blobs, root): (&Blobs, &Root),
) -> Result<PathMap, BaseError> {
    if removed.is_empty() || added.is_empty() {
        return Ok(PathMap::new());
    }
    let mut pairs = equal(removed, added);
    let gone: HashSet<&[u8]> = pairs.iter().map(|(from, _)| *from).collect();
    let come: HashSet<&[u8]> = pairs.iter().map(|(_, to)| *to).collect();
    let removed = removed
        .iter()
        .filter(|one| is_file(one.mode) && !gone.contains(&*one.path));
    let added = added.iter().filter(|one| {
        one.entry.kind() == Kind::File && !come.contains::<[u8]>(one.entry.path().as_ref())
    });
    let old = removed.take(MOST_FILES).map(|one| {
        let small = blobs.size(one)? <= MOST_BYTES as u64;
        let text = if small {
            blobs.read(&one.path, MOST_BYTES as u64)?
        } else {
            None
        };
        Ok((&*one.path, text.map(|text| Lines::new(&text))))
    });
    let old: Vec<Side<'_>> = with_lines(old.collect::<Result<Vec<_>, BaseError>>()?);
    let new = added
        .take(if old.is_empty() { 0 } else { MOST_FILES })
        .map(|one| {
            let path: &[u8] = one.entry.path();
            let text = root.read_file(path, MOST_BYTES).ok();
            (path, text.map(|text| Lines::new(&text)))
        });
    let new = with_lines(new.collect());
    pairs.extend(similar(&old, &new));
    let pairs = pairs.into_iter();
    Ok(pairs
        .map(|(from, to)| (Box::from(from), Box::from(to)))
        .collect())
}

fn is_file(mode: Mode) -> bool {
    matches!(mode, Mode::Regular | Mode::Executable)
}

fn name(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).map_or(path, |slash| &path[slash + 1..])
}

/// Pairs of equal contents: first those of the same name, then in the order of their paths.
fn equal<'p>(removed: &[&'p TreeEntry], added: &[Added<'p>]) -> Vec<Pair<'p>> {
    let mut pairs = Vec::new();
    let mut removed: Vec<&TreeEntry> = removed.to_vec();
    removed.retain(|one| one.mode != Mode::Gitlink);
    let mut free: Vec<Key<'_>> = added.iter().filter_map(content).collect();
    for by_name in [true, false] {
        let named = |path: &'p [u8]| if by_name { name(path) } else { b"" };
        let mut by_content: HashMap<Key<'_>, VecDeque<&[u8]>> = HashMap::new();
        for (id, is_link, path) in &free {
            by_content
                .entry((*id, *is_link, named(path)))
                .or_default()
                .push_back(path);
        }
        removed.retain(|one| {
            let key = (one.id(), one.mode == Mode::Symlink, named(&one.path));
            let to = by_content.get_mut(&key).and_then(VecDeque::pop_front);
            pairs.extend(to.map(|to| (&*one.path, to)));
            to.is_none()
        });
        let taken: HashSet<&[u8]> = pairs.iter().map(|(_, to)| *to).collect();
        free.retain(|(_, _, path)| !taken.contains(path));
    }
    pairs
}

/// A blob, whether it is a symlink's, and the name if that matters.
type Key<'p> = (ObjectId, bool, &'p [u8]);

/// What a new path holds, if that is known and a file or symlink: its blob, whether it is a symlink, and the path.
fn content<'p>(one: &Added<'p>) -> Option<Key<'p>> {
    let is_link = one.entry.kind() == Kind::Symlink;
    let id = one
        .id
        .filter(|_| is_link || one.entry.kind() == Kind::File)?;
    Some((id, is_link, one.entry.path()))
}

/// A path and the one that it has now.
type Pair<'p> = (&'p [u8], &'p [u8]);
type Side<'p> = (&'p [u8], Lines);

fn with_lines(files: Vec<(&[u8], Option<Lines>)>) -> Vec<Side<'_>> {
    let files = files.into_iter();
    files
        .filter_map(|(path, lines)| Some((path, lines.filter(|lines| lines.bytes > 0)?)))
        .collect()
}

/// The lines of a text: hashes, sorted, each with its length.
struct Lines {
    bytes: u64,
    hashes: Vec<(u64, u64)>,
}

impl Lines {
    /// A line end in another form is the same one.
    fn new(text: &[u8]) -> Self {
        let lines = text.split_inclusive(|byte| *byte == b'\n').map(|line| {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            (xxh3_64(line), line.len() as u64 + 1)
        });
        let mut hashes: Vec<(u64, u64)> = lines.collect();
        hashes.sort_unstable();
        Self {
            bytes: hashes.iter().map(|(_, bytes)| bytes).sum(),
            hashes,
        }
    }

    /// How much of the longer one is in both: thousandths of its bytes.
    fn likeness(&self, other: &Self) -> u64 {
        let longer = self.bytes.max(other.bytes);
        if self.bytes.min(other.bytes) * 2 < longer {
            return 0;
        }
        let (mut here, mut there, mut shared) = (0, 0, 0);
        while let (Some(one), Some(two)) = (self.hashes.get(here), other.hashes.get(there)) {
            match one.cmp(two) {
                std::cmp::Ordering::Less => here += 1,
                std::cmp::Ordering::Greater => there += 1,
                std::cmp::Ordering::Equal => {
                    shared += one.1;
                    (here, there) = (here + 1, there + 1);
                }
            }
        }
        shared * 1000 / longer
    }
}

/// Pairs of which at least half is the same: the most alike first, then those of the same name, then by their paths.
fn similar<'p>(old: &[Side<'p>], new: &[Side<'p>]) -> Vec<Pair<'p>> {
    let is_few = old.len() * new.len() <= MOST_PAIRS;
    let candidates = old.par_iter().flat_map_iter(|(from, lines)| {
        new.iter().filter_map(move |(to, others)| {
            let same_name = name(from) == name(to);
            let likeness = if is_few || same_name {
                lines.likeness(others)
            } else {
                0
            };
            (likeness >= 500).then_some((1000 - likeness, !same_name, *from, *to))
        })
    });
    let mut candidates: Vec<_> = candidates.collect();
    candidates.sort_unstable();
    let (mut gone, mut come) = (HashSet::new(), HashSet::new());
    candidates.retain(|(_, _, from, to)| {
        let is_free = !gone.contains(from) && !come.contains(to);
        if is_free {
            gone.insert(*from);
            come.insert(*to);
        }
        is_free
    });
    candidates
        .into_iter()
        .map(|(_, _, from, to)| (from, to))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_lines_make_two_files_alike_whatever_their_order_and_line_ends() {
        let lines = |text: &str| Lines::new(text.as_bytes());
        assert_eq!(
            lines("a\nb\nc\nd\n").likeness(&lines("d\r\nc\r\nb\r\na\r\n")),
            1000
        );
        assert_eq!(lines("a\nb\nc\nd\n").likeness(&lines("a\nb\nx\ny\n")), 500);
        assert!(lines("a\nb\nc\nd\n").likeness(&lines("a\nw\nx\ny\n")) < 500);
        assert_eq!(lines("a\n").likeness(&lines("a\nb\nc\n")), 0);
    }

    #[test]
    fn each_file_is_in_one_pair_and_the_most_alike_are_paired_first() {
        let side = |path: &'static str, text: &str| (path.as_bytes(), Lines::new(text.as_bytes()));
        let old = [side("a", "1\n2\n3\n4\n"), side("b", "1\n2\n3\n5\n")];
        let new = [side("x", "1\n2\n3\n5\n"), side("y", "1\n2\n3\n6\n")];
        let pairs: Vec<_> = similar(&old, &new);
        assert_eq!(pairs, [(&b"b"[..], &b"x"[..]), (b"a", b"y")]);
    }
}
