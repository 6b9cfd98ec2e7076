//! Files of a commit, read as those of the workspace are.

use crate::base::{BaseError, CommitId, Mode, Reader, Repository, TreeEntry};
use crate::walk::Root;
use crate::wiring::{File, PLACES};
use std::io::{Error, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// A commit whose files are read.
pub(super) struct Commit<'r> {
    pub(super) reader: &'r Reader<'r>,
    pub(super) id: CommitId,
    pub(super) tree: &'r WorkTree,
}

/// Where the workspace lies in its repository.
pub(super) struct WorkTree {
    /// The top of the repository's working tree.
    pub(super) path: PathBuf,
    /// The workspace from there, with a `/` at the end; empty if it is the same.
    pub(super) prefix: String,
}

impl WorkTree {
    /// Where this workspace lies in its repository.
    ///
    /// # Errors
    /// Its path there is no UTF-8, which paths in policies are.
    pub(super) fn of(root: &Root, repository: &Repository) -> Result<Self, String> {
        let prefix = std::str::from_utf8(repository.prefix());
        let prefix = prefix.map_err(|_| "the workspace's path in its repository is no UTF-8")?;
        let depth = prefix.split('/').filter(|part| !part.is_empty()).count();
        let path = root.path().ancestors().nth(depth);
        Ok(Self {
            path: path.unwrap_or(root.path()).to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// Where a file that the user named lies in the working tree, by its name alone: what is in the working tree may be
    /// the change's own, so none of its links is followed on the way. `None`: it lies outside.
    pub(super) fn inside(&self, named: &Path) -> Option<String> {
        let absolute = normal(&std::path::absolute(named).ok()?);
        let top = absolute.ancestors().skip(1).filter(|above| {
            let real = dunce::canonicalize(above);
            real.is_ok_and(|real| real == self.path)
        });
        // The shortest: one of the tree's own links may lead to its top again.
        let by_name = top.last().and_then(|top| absolute.strip_prefix(top).ok());
        if let Some(path) = by_name {
            return slashed(path);
        }
        let real = dunce::canonicalize(named).ok()?;
        let inside = real.strip_prefix(&self.path).ok()?;
        slashed(inside)
    }

    /// A path in the working tree as seen from the workspace, if it lies in that.
    pub(super) fn in_workspace<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(&*self.prefix)
    }
}

/// A relative path as git has it, with `/`.
fn slashed(path: &Path) -> Option<String> {
    let parts = path.components().map(|part| part.as_os_str().to_str());
    Some(parts.collect::<Option<Vec<&str>>>()?.join("/"))
}

/// Without `.`, and without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

impl Commit<'_> {
    /// The first digits of its id.
    pub(super) fn short(&self) -> String {
        self.id.to_string().chars().take(12).collect()
    }

    /// Reads a regular file; the path is relative to the working tree.
    ///
    /// # Errors
    /// There is none (`NotFound`), it is something else, larger, or git's objects cannot be read.
    pub(super) fn read(&self, path: &str, most: usize) -> std::io::Result<Vec<u8>> {
        let entry = self.reader.find(self.id, path.as_bytes());
        match entry.map_err(Error::other)? {
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("{} has no such file", self.short()),
            )),
            Some(entry) => self.content(&entry, most),
        }
    }

    fn content(&self, entry: &TreeEntry, most: usize) -> std::io::Result<Vec<u8>> {
        if !matches!(entry.mode, Mode::Regular | Mode::Executable) {
            return Err(Error::other("it is no regular file"));
        }
        self.reader.blob(entry, most as u64).map_err(Error::other)
    }

    /// Whether the commit has anything at the path, but a directory.
    pub(super) fn has(&self, path: &str) -> Result<bool, BaseError> {
        Ok(self.reader.find(self.id, path.as_bytes())?.is_some())
    }

    /// Reads what a policy of this commit extends: files of the repository as the commit has them, pinned ones outside
    /// of it as they are.
    pub(super) fn extended(
        &self,
        root: &Root,
        path: &Path,
        most: usize,
    ) -> std::io::Result<Vec<u8>> {
        let absolute = normal(&root.path().join(path));
        let inside = absolute.strip_prefix(&self.tree.path).ok();
        match inside.and_then(slashed) {
            Some(inside) => self.read(&inside, most),
            None => super::run::read_policy(root, path),
        }
    }

    /// The CI configuration that it has at [`PLACES`].
    pub(super) fn wiring(&self, most: usize) -> Result<Vec<File>, BaseError> {
        let mut files = Vec::new();
        for place in PLACES {
            let entries = match place.strip_suffix('/') {
                None => self
                    .reader
                    .find(self.id, place.as_bytes())?
                    .into_iter()
                    .collect(),
                Some(directory) => self.reader.list(self.id, directory.as_bytes())?,
            };
            for entry in entries {
                let is_yaml = entry.path.ends_with(b".yml") || entry.path.ends_with(b".yaml");
                let Ok(path) = String::from_utf8(entry.path.to_vec()) else {
                    continue;
                };
                let is_plain = matches!(entry.mode, Mode::Regular | Mode::Executable);
                if is_plain && (is_yaml || !place.ends_with('/')) {
                    let bytes = self.reader.blob(&entry, most as u64)?;
                    files.push(File { path, bytes });
                }
            }
        }
        Ok(files)
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "tests make workspaces")]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_working_tree_is_told_by_names() {
        let place = tempfile::tempdir().unwrap();
        let top = place.path().canonicalize().unwrap();
        let path = top.join("tree");
        std::fs::create_dir_all(path.join("easy")).unwrap();
        std::os::unix::fs::symlink("easy", path.join("ci")).unwrap();
        std::os::unix::fs::symlink(&top, path.join("out")).unwrap();
        std::os::unix::fs::symlink(&path, path.join("again")).unwrap();
        std::os::unix::fs::symlink(&path, top.join("link")).unwrap();
        std::fs::write(top.join("org.yml"), "").unwrap();
        std::fs::write(path.join("in.yml"), "").unwrap();
        std::os::unix::fs::symlink(path.join("in.yml"), top.join("alias.yml")).unwrap();
        let tree = WorkTree {
            path: path.clone(),
            prefix: String::new(),
        };
        for (named, inside) in [
            ("tree/ci/gate.yml", Some("ci/gate.yml")),
            ("tree/out/org.yml", Some("out/org.yml")),
            ("tree/again/in.yml", Some("again/in.yml")),
            ("tree/x/../in.yml", Some("in.yml")),
            ("link/gone/gate.yml", Some("gone/gate.yml")),
            ("alias.yml", Some("in.yml")),
            ("org.yml", None),
            ("none.yml", None),
        ] {
            let found = tree.inside(&top.join(named));
            assert_eq!(found.as_deref(), inside, "{named}");
        }
    }
}
