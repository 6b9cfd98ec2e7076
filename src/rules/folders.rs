//! Numbers the directories above the entries of a scope in one pass, so that whole-tree rules compare
//! small numbers instead of paths. A directory gets its number even where the scope has only files in it.

/// A directory. Number 0 is the workspace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folder<'t> {
    /// Relative path; empty for the workspace.
    pub path: &'t [u8],
    /// The directory it is in (the workspace is in itself).
    pub parent: u32,
    /// The number of names in its path.
    pub depth: usize,
}

impl<'t> Folder<'t> {
    /// The last component of its path.
    pub(super) fn name(&self) -> &'t [u8] {
        let slash = memchr::memrchr(b'/', self.path);
        &self.path[slash.map_or(0, |slash| slash + 1)..]
    }
}

/// The directories seen so far, in tree order. Paths must come in tree order.
pub(super) struct Folders<'t> {
    all: Vec<Folder<'t>>,
    /// From the workspace down to the directory that was asked for last.
    open: Vec<u32>,
}

impl<'t> Folders<'t> {
    /// Only the workspace.
    pub(super) fn new() -> Self {
        Self {
            all: vec![Folder {
                path: b"",
                parent: 0,
                depth: 0,
            }],
            open: vec![0],
        }
    }

    /// All directories seen so far, in tree order; the index is the number.
    pub(super) fn all(&self) -> &[Folder<'t>] {
        &self.all
    }

    /// The directory with this number.
    pub(super) fn get(&self, number: u32) -> &Folder<'t> {
        &self.all[number as usize]
    }

    /// The number of the directory with this path, and numbers for those above it that have none yet.
    pub(super) fn number(&mut self, path: &'t [u8]) -> u32 {
        while self.open.len() > 1 && !is_at_or_below(path, self.get(self.innermost()).path) {
            self.open.pop();
        }
        let mut end = self.get(self.innermost()).path.len();
        while end < path.len() {
            // Behind the directory and its slash; the workspace has none.
            let start = if end == 0 { 0 } else { end + 1 };
            end = memchr::memchr(b'/', &path[start..]).map_or(path.len(), |slash| start + slash);
            let parent = self.innermost();
            let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            self.all.push(Folder {
                path: &path[..end],
                parent,
                depth: self.open.len(),
            });
            self.open.push(number);
        }
        self.innermost()
    }

    fn innermost(&self) -> u32 {
        self.open.last().copied().unwrap_or(0)
    }
}

/// Whether `path` is `directory` or lies in it.
pub(super) fn is_at_or_below(path: &[u8], directory: &[u8]) -> bool {
    directory.is_empty()
        || path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directory_is_numbered_once_in_tree_order() {
        let mut folders = Folders::new();
        let numbers: Vec<u32> = ["", "a/b", "a/b/c", "a/bc", "a/bc", "d", ""]
            .iter()
            .map(|path| folders.number(path.as_bytes()))
            .collect();
        assert_eq!(numbers, [0, 2, 3, 4, 4, 5, 0]);
        let paths: Vec<&[u8]> = folders.all().iter().map(|folder| folder.path).collect();
        assert_eq!(paths, [&b""[..], b"a", b"a/b", b"a/b/c", b"a/bc", b"d"]);
        assert_eq!(folders.get(4).parent, 1);
        assert_eq!(folders.get(3).depth, 3);
        assert_eq!(folders.get(4).name(), b"bc");
    }

    #[test]
    fn a_common_prefix_is_no_directory() {
        assert!(is_at_or_below(b"a/b", b"a"));
        assert!(is_at_or_below(b"a", b"a"));
        assert!(is_at_or_below(b"a", b""));
        assert!(!is_at_or_below(b"ab", b"a"));
    }
}
