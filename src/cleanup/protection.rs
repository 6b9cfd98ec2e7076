//! What cleanup must never touch, whatever the policy says. The caller knows these things; this room obeys.

use crate::beneath::{FileId, Identity, ObjectKind};

/// Whether git's index could tell which files are tracked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitIndex {
    /// It was read: the tree knows every tracked file.
    Read,
    /// The workspace is no git repository: nothing is tracked.
    NoRepository,
    /// It could not be read, and why. "Not known to be tracked" is then no permission: everything is refused.
    Unknown(String),
}

/// How far a protection reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The thing itself (and so every directory above it), but not what lies in it: the current directory.
    Itself,
    /// The thing and everything below it: a git directory, the private directory of the record.
    Subtree,
}

/// One protected thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected<T> {
    /// The thing: a path, or a device and inode.
    pub what: T,
    /// How far it reaches.
    pub reach: Reach,
    /// What it is, for the record: `the policy file`.
    pub name: String,
}

/// Everything that is protected in one run.
#[derive(Clone, Debug)]
pub struct Protection {
    pub(super) git_index: GitIndex,
    pub(super) paths: Vec<Protected<Box<[u8]>>>,
    pub(super) files: Vec<Protected<FileId>>,
    pub(super) since_ns: Option<i64>,
}

impl Protection {
    /// Protects nothing yet but what is always protected (`.git`, nested repositories, special files).
    pub fn new(git_index: GitIndex) -> Self {
        Self {
            git_index,
            paths: Vec::new(),
            files: Vec::new(),
            since_ns: None,
        }
    }

    /// Protects every file that changed in any way, or came to its place, at this moment or later (nanoseconds since
    /// 1970-01-01 UTC): the moment at which the walk began, since another file can have the size and the time of the one
    /// that the walk saw.
    #[must_use]
    pub fn since(mut self, moment_ns: i64) -> Self {
        self.since_ns = Some(moment_ns);
        self
    }

    /// Whether a thing changed after the walk began. Of a directory that says nothing: it changes with what is in it.
    pub(super) fn is_too_new(&self, seen: &Identity) -> bool {
        seen.kind != ObjectKind::Directory
            && self
                .since_ns
                .is_some_and(|moment| seen.changed_ns >= moment)
    }

    /// Protects a path (relative to the workspace, with `/`), whether or not something is there now.
    #[must_use]
    pub fn path(mut self, path: &[u8], reach: Reach, name: &str) -> Self {
        self.paths.push(Protected {
            what: path.into(),
            reach,
            name: name.to_owned(),
        });
        self
    }

    /// Protects a file or directory by what it is, under whatever name it is found: a hard link, another
    /// spelling on a file system that ignores case, a path through a link.
    #[must_use]
    pub fn file(mut self, file: FileId, reach: Reach, name: &str) -> Self {
        self.files.push(Protected {
            what: file,
            reach,
            name: name.to_owned(),
        });
        self
    }

    /// Why the entry at `path` must stay, by its name alone.
    pub(super) fn denies_path(&self, path: &[u8]) -> Option<String> {
        self.paths.iter().find_map(|protected| {
            let own: &[u8] = &protected.what;
            if own == path || (protected.reach == Reach::Subtree && is_below(path, own)) {
                Some(protected.name.clone())
            } else if is_below(own, path) {
                Some(format!("it holds {}", protected.name))
            } else {
                None
            }
        })
    }

    /// Why the thing with this identity must stay.
    pub(super) fn denies_file(&self, file: FileId) -> Option<&str> {
        self.files
            .iter()
            .find(|protected| protected.what == file)
            .map(|protected| protected.name.as_str())
    }

    /// Why everything in the directory with this identity must stay.
    pub(super) fn denies_below(&self, directory: FileId) -> Option<&str> {
        self.files
            .iter()
            .find(|protected| protected.what == directory && protected.reach == Reach::Subtree)
            .map(|protected| protected.name.as_str())
    }
}

/// Whether `path` lies somewhere below the directory `ancestor`.
pub(super) fn is_below(path: &[u8], ancestor: &[u8]) -> bool {
    path.strip_prefix(ancestor)
        .is_some_and(|rest| rest.first() == Some(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protected_path_also_protects_the_directories_above_it() {
        let protection = Protection::new(GitIndex::Read)
            .path(b"ci/policy.yml", Reach::Itself, "the policy file")
            .path(b"out", Reach::Subtree, "the record");
        let denied = |path: &str| protection.denies_path(path.as_bytes());
        assert_eq!(denied("ci/policy.yml").as_deref(), Some("the policy file"));
        assert_eq!(denied("ci").as_deref(), Some("it holds the policy file"));
        assert_eq!(denied("out/a/b").as_deref(), Some("the record"));
        for free in ["ci/policy.yml.bak", "ci/policy.yml/x", "c", "outer", "ou"] {
            assert_eq!(denied(free), None, "{free}");
        }
    }
}
