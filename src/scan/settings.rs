//! The workspace's `.editorconfig` files, read before any other file: what they say holds for the files around them.

use super::source::Source;
use crate::editorconfig::{Cascade, parse};
use crate::walk::{Kind, Tree};

/// Most bytes of an `.editorconfig` that are read; no honest one is near.
const MOST: usize = 1 << 20;

/// Reads all `.editorconfig` files of the workspace. One that cannot be read says nothing here: the scan comes to it as
/// to every file, and has a row for it.
pub(super) fn cascade(source: Source<'_>, tree: &Tree) -> Cascade {
    let files = tree.entries().filter(|entry| {
        entry.name() == b".editorconfig" && entry.kind() == Kind::File && !entry.is_ignored()
    });
    Cascade::new(files.filter_map(|entry| {
        let path = entry.path();
        let bytes = source.read_file(path.as_ref(), MOST).ok()?;
        let folder = &path[..path.len() - entry.name().len()];
        Some((
            folder.strip_suffix(b"/").unwrap_or(folder).into(),
            parse(&bytes),
        ))
    }))
}
