//! A commit as the tree of a workspace that holds nothing else: what a checkout would leave, without one.

use super::blobs::Blobs;
use super::objects::BaseError;
use super::tree::{Mode, TreeEntry};
use crate::walk::{EntryId, Kind, Meta, PathMap, Tree, TreeBuilder};
use rayon::prelude::*;

/// Most bytes of a symlink's text.
const MOST_LINK: u64 = 1 << 16;

/// The tree of these entries of the commit (by their indices). What the workspace has the same is known from it.
///
/// # Errors
/// A blob is missing (a partial clone) or broken.
pub(super) fn tree(
    blobs: &Blobs,
    there: &[usize],
    (head, same): (&Tree, &[Option<EntryId>]),
) -> Result<Tree, BaseError> {
    let entries = blobs.tree().entries();
    let facts = |at: &usize| {
        let entry = &entries[*at];
        match same[*at] {
            Some(id) => Ok(head.entry(id).meta()),
            None => meta(blobs, entry, head),
        }
    };
    let metas: Vec<Meta> = there
        .par_iter()
        .with_min_len(64)
        .map(facts)
        .collect::<Result<_, _>>()?;
    let mut builder = TreeBuilder::default();
    let mut parent: &[u8] = b"";
    for (at, meta) in there.iter().zip(metas) {
        let path = &*entries[*at].path;
        let above = memchr::memrchr(b'/', path).map_or(0, |slash| slash);
        if path[..above] != *parent {
            directories(&path[..above], parent, head, &mut builder)?;
            parent = &path[..above];
        }
        push(&mut builder, path, meta)?;
    }
    let links = there.iter().map(|at| &entries[*at]);
    let links = links
        .filter(|entry| entry.mode == Mode::Symlink)
        .map(|entry| {
            let text = blobs.read(&entry.path, MOST_LINK)?.unwrap_or_default();
            Ok((entry.path.clone(), text.into_boxed_slice()))
        });
    let links: PathMap = links.collect::<Result<_, _>>()?;
    Ok(builder.finish(head.root().to_owned()).with_links(links))
}

fn push(builder: &mut TreeBuilder, path: &[u8], meta: Meta) -> Result<(), BaseError> {
    if builder.push(path, meta) {
        Ok(())
    } else {
        Err(BaseError::unreadable(
            "a path of the commit",
            "it has more than 65,535 bytes",
        ))
    }
}

/// Adds a directory and those above it, but not what is above `known` too.
fn directories(
    path: &[u8],
    known: &[u8],
    head: &Tree,
    builder: &mut TreeBuilder,
) -> Result<(), BaseError> {
    let ends = (1..=path.len()).filter(|end| path.get(*end).is_none_or(|byte| *byte == b'/'));
    for end in ends {
        let directory = &path[..end];
        let is_known = known
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
        if !is_known {
            let there = head.find(directory).map(|entry| entry.meta());
            let meta = there.filter(|meta| meta.kind == Kind::Directory && meta.tracked.is_none());
            let made = Meta {
                kind: Kind::Directory,
                permissions: 0o755,
                ..blank()
            };
            push(
                builder,
                directory,
                Meta {
                    ignored: false,
                    ..meta.unwrap_or(made)
                },
            )?;
        }
    }
    Ok(())
}

fn meta(blobs: &Blobs, entry: &TreeEntry, head: &Tree) -> Result<Meta, BaseError> {
    let (kind, permissions) = match entry.mode {
        Mode::Regular => (Kind::File, 0o644),
        Mode::Executable => (Kind::File, 0o755),
        Mode::Symlink => (Kind::Symlink, 0o777),
        Mode::Gitlink => (submodule(entry, head), 0o755),
    };
    let size = match entry.mode {
        Mode::Gitlink => 0,
        _ => blobs.size(entry)?,
    };
    Ok(Meta {
        kind,
        permissions,
        size,
        tracked: Some(entry.mode),
        ..blank()
    })
}

/// What a submodule is in a workspace: the one at hand tells whether submodules are fetched.
fn submodule(entry: &TreeEntry, head: &Tree) -> Kind {
    match head.find(&entry.path).map(|there| there.kind()) {
        Some(Kind::Directory) => Kind::Directory,
        _ => Kind::NestedRepository,
    }
}

fn blank() -> Meta {
    Meta {
        kind: Kind::File,
        permissions: 0,
        size: 0,
        modified_ns: 0,
        tracked: None,
        ignored: false,
    }
}
