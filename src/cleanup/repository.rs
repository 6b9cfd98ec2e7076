//! Git's own directories, wherever they are: a `.git` file can name any directory as the repository, and a repository can
//! have its objects, its submodules and its further working trees anywhere, this workspace included.

use crate::beneath::FileId;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// More than any of git's small files has.
const MOST_BYTES: u64 = 1 << 20;

/// One of git's directories could not be found out.
#[derive(Debug, thiserror::Error)]
#[error("git's file {path} cannot be read")]
pub struct RepositoryError {
    path: String,
    #[source]
    source: std::io::Error,
}

/// The directories of the repository that `root` (absolute) lies in, each with a name for the record: the git directory,
/// the one it shares with other working trees, the object directories it borrows from, and its other working trees.
/// Nothing if there is no repository. What is named and not there is left out.
///
/// # Errors
/// Something is there and cannot be read.
pub fn repository_places(root: &Path) -> Result<Vec<(FileId, String)>, RepositoryError> {
    let mut places = Places::default();
    // A repository further up may well track nothing here; what is its own is protected all the same.
    for above in root.ancestors() {
        let Some(git_directory) = git_directory(&above.join(".git"))? else {
            continue;
        };
        places.add(&git_directory, "git's directory")?;
        let common = match small_file(&git_directory.join("commondir"))? {
            Some(line) => git_directory.join(as_path(&line)),
            None => git_directory,
        };
        places.add(&common, "git's common directory")?;
        places.alternates(common.join("objects"))?;
        places.working_trees(&common, root)?;
        break;
    }
    Ok(places.found)
}

#[derive(Default)]
struct Places {
    found: Vec<(FileId, String)>,
}

impl Places {
    /// Whether it was there and is new.
    fn add(&mut self, place: &Path, name: &str) -> Result<bool, RepositoryError> {
        match FileId::of(place) {
            Ok(id) if self.found.iter().any(|(known, _)| *known == id) => Ok(false),
            Ok(id) => {
                self.found.push((id, name.to_owned()));
                Ok(true)
            }
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(unreadable(place, error)),
        }
    }

    /// Object directories that lend, and those that lend to them.
    fn alternates(&mut self, objects: PathBuf) -> Result<(), RepositoryError> {
        let mut open = vec![objects];
        while let Some(objects) = open.pop() {
            let Some(list) = small_file(&objects.join("info/alternates"))? else {
                continue;
            };
            for line in list.split(|byte| *byte == b'\n') {
                if line.is_empty() || line.starts_with(b"#") {
                    continue;
                }
                let lender = objects.join(as_path(&unquoted(line)));
                if self.add(&lender, "objects that git borrows")? {
                    open.push(lender);
                }
            }
        }
        Ok(())
    }

    /// The repository's other working trees, and where each keeps its own part of the repository.
    fn working_trees(&mut self, common: &Path, root: &Path) -> Result<(), RepositoryError> {
        let administration = common.join("worktrees");
        let entries = match std::fs::read_dir(&administration) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(unreadable(&administration, error)),
        };
        let mut names = BTreeSet::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&administration, error))?;
            names.insert(entry.path());
        }
        for own in names {
            let Some(line) = small_file(&own.join("gitdir"))? else {
                continue;
            };
            let git_file = own.join(as_path(&line));
            let Some(tree) = git_file.parent() else {
                continue;
            };
            // The workspace itself, and what holds it, is what cleanup is about.
            let real = tree.canonicalize().unwrap_or_else(|_| tree.to_owned());
            if !root.starts_with(&real) {
                self.add(tree, "a working tree of this repository")?;
            }
        }
        Ok(())
    }
}

/// The git directory that `.git` at this path is or names.
fn git_directory(dot_git: &Path) -> Result<Option<PathBuf>, RepositoryError> {
    match std::fs::metadata(dot_git) {
        Ok(seen) if seen.is_dir() => return Ok(Some(dot_git.to_owned())),
        Ok(_) => {}
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(unreadable(dot_git, error)),
    }
    let Some(line) = small_file(dot_git)? else {
        return Ok(None);
    };
    let Some(named) = line.strip_prefix(b"gitdir:") else {
        let error = std::io::Error::new(ErrorKind::InvalidData, "it names no git directory");
        return Err(unreadable(dot_git, error));
    };
    let above = dot_git.parent().unwrap_or(Path::new("/"));
    Ok(Some(above.join(as_path(named.trim_ascii_start()))))
}

/// A file without the line end at its end; `None` if it is not there.
fn small_file(path: &Path) -> Result<Option<Vec<u8>>, RepositoryError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // A FIFO in its place must not make us wait.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path);
    let file = match file {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    };
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|error| unreadable(path, error))?;
    if text.len() as u64 > MOST_BYTES {
        let error = std::io::Error::new(ErrorKind::FileTooLarge, "it is too large");
        return Err(unreadable(path, error));
    }
    while matches!(text.last(), Some(b'\n' | b'\r')) {
        text.pop();
    }
    Ok(Some(text))
}

/// Git quotes a path that begins with a double quote, with C's escapes.
fn unquoted(line: &[u8]) -> Vec<u8> {
    let Some(inside) = line
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
    else {
        return line.to_vec();
    };
    let mut plain = Vec::new();
    let mut rest = inside.iter().copied();
    while let Some(byte) = rest.next() {
        plain.push(match (byte, byte == b'\\') {
            (_, true) => match rest.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(digit @ b'0'..=b'3') => {
                    let mut octal = || rest.next().unwrap_or(b'0').wrapping_sub(b'0') & 7;
                    ((digit - b'0') << 6) | (octal() << 3) | octal()
                }
                Some(other) => other,
                None => b'\\',
            },
            (plain, false) => plain,
        });
    }
    plain
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn unreadable(path: &Path, source: std::io::Error) -> RepositoryError {
    let path = path.display().to_string();
    RepositoryError { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    struct World {
        directory: tempfile::TempDir,
    }

    impl World {
        fn new(files: &[(&str, &str)]) -> Self {
            let world = Self {
                directory: tempfile::tempdir().unwrap(),
            };
            for (path, text) in files {
                let path = world.at(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(path)
                    .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
                    .unwrap();
            }
            world
        }

        fn at(&self, path: &str) -> PathBuf {
            self.directory.path().canonicalize().unwrap().join(path)
        }

        fn found(&self, workspace: &str, expected: &[&str]) {
            let found = repository_places(&self.at(workspace)).unwrap();
            let found: Vec<_> = found.into_iter().map(|(id, _)| id).collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|path| FileId::of(&self.at(path)).unwrap())
                .collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_workspace_without_a_repository_has_no_places() {
        World::new(&[("work/a", "")]).found("work", &[]);
    }

    #[test]
    fn a_repository_under_another_name_is_found() {
        let world = World::new(&[
            ("work/.git", "gitdir: store/it\n"),
            ("work/store/it/HEAD", "x"),
        ]);
        world.found("work", &["work/store/it"]);
    }

    #[test]
    fn a_workspace_deep_in_a_repository_has_its_places() {
        let world = World::new(&[("work/.git/HEAD", "x"), ("work/deep/down/a", "")]);
        world.found("work/deep/down", &["work/.git"]);
    }

    #[test]
    fn a_further_working_tree_knows_the_whole_repository_and_the_others() {
        let world = World::new(&[
            ("main/.git/worktrees/one/commondir", "../..\n"),
            ("main/.git/worktrees/two/commondir", "../..\n"),
            ("main/.git/worktrees/gone/gitdir", "/no/such/place/.git\n"),
            ("main/one/.git", "gitdir: ../.git/worktrees/one\n"),
            ("main/one/two/.git", "gitdir: ../../.git/worktrees/two\n"),
        ]);
        for name in ["one", "one/two"] {
            let own = name.rsplit('/').next().unwrap();
            let link = world.at(&format!("main/.git/worktrees/{own}/gitdir"));
            let target = format!("{}\n", world.at(&format!("main/{name}/.git")).display());
            std::io::Write::write_all(&mut fs::File::create(link).unwrap(), target.as_bytes())
                .unwrap();
        }
        world.found(
            "main/one",
            &["main/.git/worktrees/one", "main/.git", "main/one/two"],
        );
        world.found("main", &["main/.git", "main/one", "main/one/two"]);
    }

    #[test]
    fn lenders_of_lenders_are_found_once() {
        let world = World::new(&[
            (
                "work/.git/objects/info/alternates",
                "# of a friend\n../../lent/objects\n",
            ),
            (
                "work/lent/objects/info/alternates",
                "\"../../mo\\162e\"\n../../.git/objects\n",
            ),
            ("work/more/x", ""),
        ]);
        world.found(
            "work",
            &[
                "work/.git",
                "work/lent/objects",
                "work/more",
                "work/.git/objects",
            ],
        );
    }

    #[test]
    fn what_is_no_git_file_is_an_error() {
        let world = World::new(&[("work/.git", "nonsense\n")]);
        let error = repository_places(&world.at("work")).unwrap_err();
        assert!(
            error.to_string().ends_with("work/.git cannot be read"),
            "{error}"
        );
    }
}
