//! How a tree hangs together: which directory each entry is in, and which directories are repositories.

use super::protection::is_below;
use crate::walk::{EntryId, Kind, Tree};

/// Found in one pass over a tree, without a look-up by path.
pub(super) struct Layout {
    /// By entry: the entry of the directory that it is in.
    pub(super) parents: Vec<Option<EntryId>>,
    /// By entry: what it holds of the things that make a repository.
    marks: Vec<u8>,
    /// The same of the workspace itself.
    root_marks: u8,
}

const GIT: u8 = 1;
const HEAD: u8 = 2;
const OBJECTS: u8 = 4;
const REFS: u8 = 8;
/// What git itself takes for a repository without a working tree.
const BARE: u8 = HEAD | OBJECTS | REFS;

impl Layout {
    pub(super) fn of(tree: &Tree) -> Self {
        let mut layout = Self {
            parents: Vec::with_capacity(tree.len()),
            marks: vec![0; tree.len()],
            root_marks: 0,
        };
        let mut above: Vec<(&[u8], EntryId)> = Vec::new();
        for entry in tree.entries() {
            let path: &[u8] = entry.path();
            while above.pop_if(|(one, _)| !is_below(path, one)).is_some() {}
            let parent = above.last();
            let name = parent.map_or(path, |(one, _)| &path[one.len() + 1..]);
            let mark = match name {
                b".git" => GIT,
                b"HEAD" => HEAD,
                b"objects" => OBJECTS,
                b"refs" => REFS,
                _ => 0,
            };
            match parent {
                Some((_, id)) => layout.marks[id.0 as usize] |= mark,
                None => layout.root_marks |= mark,
            }
            layout.parents.push(parent.map(|(_, id)| *id));
            if is_directory(entry.kind()) {
                above.push((path, entry.id()));
            }
        }
        layout
    }

    /// Whether the workspace itself is a repository without a working tree.
    pub(super) fn root_is_bare_repository(&self) -> bool {
        self.root_marks & BARE == BARE
    }

    /// Whether an entry is the top of a repository, by what the walk says or by what lies in it.
    pub(super) fn is_repository(&self, entry: EntryId, kind: Kind) -> bool {
        let marks = self.marks[entry.0 as usize];
        match kind {
            Kind::NestedRepository => true,
            Kind::Directory => marks & GIT != 0 || marks & BARE == BARE,
            Kind::File | Kind::Symlink | Kind::Special => false,
        }
    }
}

/// Whether it holds other entries.
pub(super) fn is_directory(kind: Kind) -> bool {
    matches!(kind, Kind::Directory | Kind::NestedRepository)
}
