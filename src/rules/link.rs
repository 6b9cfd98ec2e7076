//! Where a symbolic link leads, found name by name, so that no step ever follows a link outside of the workspace.
//!
//! Every name is looked up in the tree. What the tree does not list (what git ignores, `.git`) is asked of the
//! file system with `lstat`, below directories that are already known to be real.

use crate::walk::{Entry, IndexMode, Kind, Tree, bytes_of, path_of};
use bstr::BString;
use std::io;
use std::path::PathBuf;

/// Most links that are followed for one link; Linux stops at the same number.
pub(super) const MAX_LINKS: usize = 40;

/// Most names that are looked up for one link: the work for a hostile one stays bounded.
const MAX_NAMES: usize = 4096;

/// Where a link leads.
#[derive(Debug)]
pub(super) enum Target {
    /// To this path of the workspace (empty: the workspace itself). What lies in a repository of its own
    /// counts as there, for it may not have been fetched.
    Inside(BString),
    /// Nowhere: there is nothing at this path.
    Missing(BString),
    /// Nowhere: the path goes on below this one, which is no directory.
    NoDirectory(BString),
    /// Nowhere: it leads in a circle, or through more names than an operating system would follow.
    Endless,
    /// Out of the workspace.
    Outside(Exit),
    /// The operating system did not let us look at this path.
    Unreadable(BString, io::Error),
}

/// How a link leaves the workspace.
#[derive(Debug)]
pub(super) struct Exit {
    /// The link whose text leads out: the link itself, or another on the way.
    pub(super) link: BString,
    /// That link's text.
    pub(super) text: BString,
}

impl Exit {
    /// Whether the text names a place from the root of the file system.
    pub(super) fn is_absolute(&self) -> bool {
        is_absolute(&self.text)
    }
}

/// Whether a link's text names a place from the root of a file system; on Windows also that of a drive.
fn is_absolute(text: &[u8]) -> bool {
    let is_drive = cfg!(windows) && matches!(text, [b'a'..=b'z' | b'A'..=b'Z', b':', ..]);
    is_drive || text.starts_with(b"/")
}

/// The text of a link.
///
/// # Errors
/// The operating system's, for example when the link is gone by now.
pub(super) fn text(entry: Entry<'_>) -> io::Result<BString> {
    read(entry.tree(), entry.path())
}

/// Where the link at `link` leads if it has this text.
pub(super) fn resolve(tree: &Tree, link: &[u8], text: &[u8]) -> Target {
    let parent = link.rsplitn(2, |byte| *byte == b'/').nth(1);
    let mut walk = Walk {
        tree,
        at: parent.unwrap_or_default().into(),
        rest: Vec::new(),
        link: link.into(),
        text: BString::default(),
        links: 0,
    };
    if let Some(end) = walk.follow(link.into(), text.into()) {
        return end;
    }
    for _ in 0..MAX_NAMES {
        if let Some(end) = walk.step() {
            return end;
        }
    }
    Target::Endless
}

fn on_disk(tree: &Tree, path: &[u8]) -> PathBuf {
    tree.root().join(path_of(path))
}

fn read(tree: &Tree, path: &[u8]) -> io::Result<BString> {
    // In a commit's tree a link that is not listed is one that only the disk has: what git ignores.
    if let Some(text) = tree.links().and_then(|links| links.get(path)) {
        return Ok(text.to_vec().into());
    }
    let target = std::fs::read_link(on_disk(tree, path))?;
    Ok(bytes_of(target.as_os_str()).into_owned().into())
}

/// One resolution on its way.
struct Walk<'t> {
    tree: &'t Tree,
    /// A directory that is known to be real; empty for the workspace.
    at: BString,
    /// The names that are left, the next one last. What stands before another (if only before a final `/`) has
    /// to be a directory.
    rest: Vec<BString>,
    /// The link whose text is being followed.
    link: BString,
    text: BString,
    links: usize,
}

/// What there is at a path.
enum There {
    Is(Kind),
    InOtherRepository,
    Nothing,
    Unreadable(io::Error),
}

impl Walk<'_> {
    /// Takes the next name; an end if this was the last, or there is nowhere to go on.
    fn step(&mut self) -> Option<Target> {
        let Some(name) = self.rest.pop() else {
            return Some(Target::Inside(self.at.clone()));
        };
        if name == ".." {
            return self.climb();
        }
        if name.is_empty() || name == "." {
            return None;
        }
        let mut path = self.at.clone();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&name);
        match self.look(&path) {
            There::Is(Kind::Directory | Kind::NestedRepository) => {
                self.at = path;
                None
            }
            There::Is(Kind::Symlink) => match read(self.tree, &path) {
                Ok(text) => self.follow(path, text),
                Err(error) => Some(Target::Unreadable(path, error)),
            },
            There::Is(Kind::File | Kind::Special) if !self.rest.is_empty() => {
                Some(Target::NoDirectory(path))
            }
            There::Is(Kind::File | Kind::Special) | There::InOtherRepository => {
                Some(Target::Inside(path))
            }
            There::Nothing => Some(Target::Missing(path)),
            There::Unreadable(error) => Some(Target::Unreadable(path, error)),
        }
    }

    fn climb(&mut self) -> Option<Target> {
        if self.at.is_empty() {
            return Some(self.exit());
        }
        let parent = self
            .at
            .iter()
            .rposition(|byte| *byte == b'/')
            .unwrap_or_default();
        self.at.truncate(parent);
        None
    }

    /// Puts the names of a link's text before those that are left.
    fn follow(&mut self, link: BString, text: BString) -> Option<Target> {
        self.links += 1;
        if self.links > MAX_LINKS || self.rest.len() > MAX_NAMES {
            return Some(Target::Endless);
        }
        let names = text.rsplit(|byte| *byte == b'/');
        self.rest.extend(names.map(BString::from));
        self.link = link;
        self.text = text;
        is_absolute(&self.text).then(|| self.exit())
    }

    fn exit(&self) -> Target {
        Target::Outside(Exit {
            link: self.link.clone(),
            text: self.text.clone(),
        })
    }

    fn look(&self, path: &BString) -> There {
        if let Some(entry) = self.tree.find(path) {
            return There::Is(kind(entry));
        }
        if let Some(parent) = self.tree.find(&self.at)
            && kind(parent) == Kind::NestedRepository
        {
            return There::InOtherRepository;
        }
        match std::fs::symlink_metadata(on_disk(self.tree, path)) {
            Ok(facts) if facts.is_dir() => There::Is(Kind::Directory),
            Ok(facts) if facts.is_symlink() => There::Is(Kind::Symlink),
            Ok(facts) if facts.is_file() => There::Is(Kind::File),
            Ok(_) => There::Is(Kind::Special),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename => There::Nothing,
                _ => There::Unreadable(error),
            },
        }
    }
}

/// A submodule that was not fetched is an empty directory; only the index knows better.
fn kind(entry: Entry<'_>) -> Kind {
    match entry.tracked() {
        Some(IndexMode::Gitlink) => Kind::NestedRepository,
        _ => entry.kind(),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::walk::{Meta, TreeBuilder};
    use proptest::prelude::*;
    use std::path::Path;

    /// Makes the links (path, text), and lists the directory as the walker would, without `hidden/`.
    fn workspace(links: &[(String, String)]) -> (tempfile::TempDir, Tree) {
        let directory = tempfile::tempdir().unwrap();
        for real in ["d/e", "hidden/h"] {
            std::fs::create_dir_all(directory.path().join(real)).unwrap();
        }
        for file in ["f", "d/f", "d/e/f", "hidden/f"] {
            std::fs::File::create(directory.path().join(file)).unwrap();
        }
        for (path, text) in links {
            // Two links of one name: the first stays.
            let _ = std::os::unix::fs::symlink(text, directory.path().join(path));
        }
        let mut builder = TreeBuilder::default();
        list(directory.path(), "", &mut builder);
        let tree = builder.finish(directory.path().to_owned());
        (directory, tree)
    }

    fn list(directory: &Path, prefix: &str, builder: &mut TreeBuilder) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            let kind = match entry.file_type().unwrap() {
                kind if kind.is_dir() => Kind::Directory,
                kind if kind.is_symlink() => Kind::Symlink,
                _ => Kind::File,
            };
            if path == "hidden" {
                continue;
            }
            let meta = Meta {
                kind,
                ..super::super::trial::PLAIN
            };
            assert!(builder.push(path.as_bytes(), meta));
            if kind == Kind::Directory {
                list(&entry.path(), &format!("{path}/"), builder);
            }
        }
    }

    fn resolved(tree: &Tree, link: &str) -> Target {
        let entry = tree.find(link.as_bytes()).unwrap();
        resolve(tree, link.as_bytes(), &text(entry).unwrap())
    }

    fn one(path: &str, text: &str) -> Target {
        let (_directory, tree) = workspace(&[(path.into(), text.into())]);
        resolved(&tree, path)
    }

    #[test]
    fn the_end_is_named() {
        assert!(matches!(one("l", "d/e/../f"), Target::Inside(path) if path == "d/f"));
        assert!(matches!(one("d/l", ".."), Target::Inside(path) if path.is_empty()));
        assert!(matches!(one("l", "d/"), Target::Inside(path) if path == "d"));
        assert!(matches!(one("l", "hidden/f"), Target::Inside(path) if path == "hidden/f"));
        assert!(matches!(one("l", "hidden/no"), Target::Missing(path) if path == "hidden/no"));
        assert!(matches!(one("l", "d/no/../f"), Target::Missing(path) if path == "d/no"));
        assert!(matches!(one("l", "f/"), Target::NoDirectory(path) if path == "f"));
        assert!(matches!(one("l", "f/../f"), Target::NoDirectory(path) if path == "f"));
        assert!(matches!(one("l", "l"), Target::Endless));
        assert!(matches!(one("l", &"n".repeat(300)), Target::Missing(_)));
        assert!(matches!(one("d/l", "../../f"), Target::Outside(exit) if !exit.is_absolute()));
        assert!(matches!(one("l", "/dev/null"), Target::Outside(exit) if exit.is_absolute()));
    }

    #[test]
    fn the_link_that_leads_out_is_named() {
        let links = [
            ("a".into(), "d/b/x".into()),
            ("d/b".into(), "../../y".into()),
        ];
        let (_directory, tree) = workspace(&links);
        let Target::Outside(exit) = resolved(&tree, "a") else {
            panic!("inside");
        };
        assert_eq!((exit.link, exit.text), ("d/b".into(), "../../y".into()));
    }

    #[test]
    fn a_repository_of_its_own_is_not_looked_into() {
        let directory = tempfile::tempdir().unwrap();
        let mut builder = TreeBuilder::default();
        let meta = Meta {
            kind: Kind::Directory,
            tracked: Some(IndexMode::Gitlink),
            ..super::super::trial::PLAIN
        };
        assert!(builder.push(b"sub", meta));
        let tree = builder.finish(directory.path().to_owned());
        assert!(matches!(
            resolve(&tree, b"l", b"sub/not/fetched"),
            Target::Inside(_)
        ));
        assert!(matches!(
            resolve(&tree, b"l", b"sub/../.."),
            Target::Outside(_)
        ));
    }

    #[test]
    fn links_that_double_the_work_with_each_step_end() {
        let links: Vec<(String, String)> = (1..60)
            .map(|n| (format!("l{n}"), format!("l{0}/../l{0}", n - 1)))
            .chain([("l0".into(), "d".into())])
            .collect();
        let (_directory, tree) = workspace(&links);
        assert!(matches!(resolved(&tree, "l59"), Target::Endless));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// The operating system's own answer is the oracle, wherever the way stays in the workspace.
        #[test]
        fn agrees_with_the_operating_system(
            links in proptest::collection::vec(("(d/|d/e/|)[a-c]", "(([a-f]|[.][.]|[.]|hidden)/){0,4}([a-f]|[.][.])/?"), 1..7)
        ) {
            let (directory, tree) = workspace(&links);
            let root = directory.path().canonicalize().unwrap();
            for entry in tree.entries().filter(|entry| entry.kind() == Kind::Symlink) {
                let link = entry.path().to_string();
                let real = root.join(&link).canonicalize();
                match resolved(&tree, &link) {
                    Target::Inside(path) => {
                        prop_assert_eq!(real.unwrap(), root.join(path.to_string()).canonicalize().unwrap());
                    }
                    Target::Outside(_) => {}
                    other => prop_assert!(real.is_err(), "{} is there, but {:?}", link, other),
                }
            }
        }
    }
}
