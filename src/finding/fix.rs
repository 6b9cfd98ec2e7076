//! Fixes as data: what a rule would change so that its violation is gone. Rules say; only the room `fix` writes.

use std::ops::Range;

/// How sure a rule is that a fix changes nothing that anyone meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// Applied by `--apply=fix` without further questions.
    Safe,
    /// Applied only where the policy says so for the rule.
    Unsafe,
}

impl Safety {
    /// The word in policies and in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// A place in the content that the rule was given, and what is to stand there instead. An empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// Byte offsets into the content that was given to the rule.
    pub range: Range<usize>,
    /// The new bytes.
    pub text: Box<[u8]>,
}

impl Edit {
    /// Puts `text` in the place of `range`.
    pub fn new(range: Range<usize>, text: impl Into<Box<[u8]>>) -> Self {
        let text = text.into();
        Self { range, text }
    }

    /// Takes `range` out.
    pub fn delete(range: Range<usize>) -> Self {
        Self::new(range, Vec::new())
    }

    /// Puts `text` in at an offset.
    pub fn insert(at: usize, text: impl Into<Box<[u8]>>) -> Self {
        Self::new(at..at, text)
    }
}

/// What a fix changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Places in the content, ascending, none of which touches another. All of them or none.
    Edits(Vec<Edit>),
    /// The encoding: the same text is written as UTF-8 without a byte order mark.
    Utf8,
    /// The executable bits, for everyone who may read the file.
    Executable(bool),
    /// A file that is missing, at a path relative to the workspace.
    Create {
        /// Where, with `/`.
        path: Box<[u8]>,
        /// What it holds.
        content: Box<[u8]>,
    },
}
