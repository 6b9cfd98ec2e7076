//! The `.gitignore` language along the way down: each directory adds its file to those above it.

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::sync::Arc;

/// Most bytes of an ignore file that are believed; a larger one is no ignore file.
pub(super) const MOST_BYTES: usize = 4 << 20;

/// The ignore files that hold in one directory, the nearest first.
#[derive(Clone, Default)]
pub(super) struct IgnoreChain(Option<Arc<Link>>);

struct Link {
    rules: Gitignore,
    /// Length of the directory's path (from the top of the working tree), with its `/`.
    base: usize,
    above: IgnoreChain,
}

impl IgnoreChain {
    /// The chain in the directory whose path has `base` bytes (with its `/`), which has an ignore file with this text.
    pub(super) fn with(&self, text: &[u8], base: usize) -> Self {
        let mut builder = GitignoreBuilder::new("");
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for line in text
            .split(|byte| *byte == b'\n')
            .filter_map(|line| std::str::from_utf8(line).ok())
        {
            // git skips a line that it does not understand; so do we.
            let _skipped = builder.add_line(None, line.strip_suffix('\r').unwrap_or(line));
        }
        match builder.build() {
            Ok(rules) if !rules.is_empty() => Self(Some(Arc::new(Link {
                rules,
                base,
                above: self.clone(),
            }))),
            _ => self.clone(),
        }
    }

    /// Whether a path (from the top of the working tree) is ignored by a file in this chain. What lies below
    /// an ignored directory is not asked for here.
    pub(super) fn ignores(&self, path: &[u8], is_directory: bool) -> bool {
        let mut link = self.0.as_deref();
        while let Some(Link { rules, base, above }) = link {
            let below = path.get(*base..).unwrap_or(path);
            match rules.matched(super::path_of(below), is_directory) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => link = above.0.as_deref(),
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_that_says_anything_decides() {
        let top = IgnoreChain::default().with(b"*.log\n/build/\n", 0);
        let inner = top.with(b"!keep.log\n", "src/".len());
        assert!(top.ignores(b"src/keep.log", false));
        assert!(!inner.ignores(b"src/keep.log", false));
        assert!(inner.ignores(b"src/other.log", false));
        assert!(top.ignores(b"build", true));
        assert!(!top.ignores(b"build", false));
        assert!(!top.ignores(b"src/build", true));
        assert!(!top.ignores(b"src/\xff", false));
    }
}
