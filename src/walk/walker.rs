//! The walk: one task a directory on rayon's threads, each opening its directory relative to the workspace.

use super::facts::Facts;
use super::git::{GitError, GitView};
use super::ignored::{IgnoreChain, MOST_BYTES};
use super::is_gone;
use super::own::{OWN_HOME, OwnOutputs};
use super::root::{Listing, Root};
use super::tree::{IndexMode, Kind, Meta, SkipReason, Skipped, Tree, TreeBuilder};
use std::collections::HashSet;
use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};

/// What to walk.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Enter nested repositories and submodules.
    pub enter_nested: bool,
    /// List what git ignores too (marked as ignored), for cleanup.
    pub list_ignored: bool,
    /// What this program itself writes.
    pub own_outputs: OwnOutputs,
}

/// What the walk found.
pub struct Walked {
    /// Everything in the workspace.
    pub tree: Tree,
    /// What was seen and is not checked, in tree order.
    pub skipped: Vec<Skipped>,
    /// What git knows; `None` without git.
    pub git: Option<GitView>,
    /// Set if git is there but unreadable: every path then counts as untracked and nothing as ignored.
    pub git_error: Option<GitError>,
}

/// Walks the workspace. Uses the rayon pool it is called in.
pub fn walk(root: &Root, options: &WalkOptions) -> Walked {
    let (git, git_error) = match GitView::discover(root.path()) {
        Ok(git) => (git, None),
        Err(error) => (None, Some(error)),
    };
    let shards = (0..rayon::current_num_threads())
        .map(|_| Mutex::default())
        .collect();
    let walker = Walker {
        root,
        options,
        git: git.as_ref(),
        shards,
    };
    let chain = walker.chain_above();
    rayon::scope(|scope| {
        walker.directory(
            scope,
            &Directory {
                path: Vec::new(),
                chain,
                ignored: false,
                meta: None,
            },
        );
    });
    let mut builder = TreeBuilder::default();
    let mut skipped = Vec::new();
    for shard in walker.shards {
        let shard = shard.into_inner().unwrap_or_else(PoisonError::into_inner);
        builder.append(&shard.entries);
        skipped.extend(shard.skipped);
    }
    let tree = builder.finish(root.path().to_owned());
    if let Some(git) = &git {
        skipped.extend(absent(&tree, git, &skipped));
    }
    skipped.sort_by(|one, other| super::tree::compare_paths(&one.path, &other.path));
    Walked {
        tree,
        skipped,
        git,
        git_error,
    }
}

/// Tracked paths that the working tree lacks. What lies below a path that could not be entered has its row there.
fn absent(tree: &Tree, git: &GitView, skipped: &[Skipped]) -> Vec<Skipped> {
    let seen: HashSet<&[u8]> = skipped.iter().map(|skipped| &*skipped.path).collect();
    let accounted = |path: &[u8]| {
        seen.contains(path)
            || path
                .iter()
                .enumerate()
                .any(|(at, byte)| *byte == b'/' && seen.contains(&path[..at]))
    };
    git.tracked()
        .filter(|(path, _)| tree.find(path).is_none() && !accounted(path))
        .map(|(path, _)| Skipped {
            path: path.to_vec().into(),
            reason: SkipReason::Absent,
            size: None,
        })
        .collect()
}

#[derive(Default)]
struct Shard {
    entries: TreeBuilder,
    skipped: Vec<Skipped>,
}

struct Walker<'w> {
    root: &'w Root,
    options: &'w WalkOptions,
    git: Option<&'w GitView>,
    /// One for each thread: the locks are never contended.
    shards: Vec<Mutex<Shard>>,
}

struct Directory {
    /// Relative to the workspace; empty for the workspace itself.
    path: Vec<u8>,
    chain: IgnoreChain,
    /// Whether it lies in (or is) a directory that git ignores.
    ignored: bool,
    /// Its own facts; `None` for the workspace itself, which is no entry.
    meta: Option<Meta>,
}

impl Walker<'_> {
    fn directory<'s>(&'s self, scope: &rayon::Scope<'s>, directory: &Directory) {
        let (listing, names) = match self.root.list(&directory.path) {
            Ok(listed) => listed,
            Err(error) => return self.unreadable(directory, &error),
        };
        let is_repository = names.iter().any(|name| name == b".git");
        if let Some(mut meta) = directory.meta {
            let is_submodule = meta.tracked == Some(IndexMode::Gitlink);
            if is_repository || is_submodule {
                meta.kind = Kind::NestedRepository;
            }
            self.add(&directory.path, meta);
            if meta.kind == Kind::NestedRepository && !self.options.enter_nested {
                return self.skip(&directory.path, SkipReason::NestedRepository, None);
            }
        }
        let chain = self.chain_in(directory, &listing, &names);
        for name in names {
            self.name(scope, directory, &chain, (&listing, name));
        }
    }

    fn name<'s>(
        &'s self,
        scope: &rayon::Scope<'s>,
        directory: &Directory,
        chain: &IgnoreChain,
        (listing, name): (&Listing, Vec<u8>),
    ) {
        if name == b".git" {
            return;
        }
        let mut path = Vec::with_capacity(directory.path.len() + 1 + name.len());
        path.extend_from_slice(&directory.path);
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&name);
        let facts = match listing.facts(&name) {
            Ok(facts) => facts,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.skip(&path, SkipReason::ChangedWhileRead, None);
            }
            Err(error) => return self.skip(&path, SkipReason::Unreadable(error.to_string()), None),
        };
        let mut meta = meta_of(&facts);
        let compared = self.git.and_then(|git| git.compare(&path, &facts));
        meta.tracked = compared.map(|(mode, _)| mode);
        let is_staged = compared.is_some_and(|(_, is_staged)| is_staged);
        if self.options.own_outputs.contains(&path) && !self.is_tracked(&path, meta) {
            return self.skip(&path, SkipReason::OwnOutput, Some(meta.size));
        }
        let is_directory = meta.kind == Kind::Directory;
        meta.ignored = meta.tracked.is_none()
            && (directory.ignored || self.is_ignored(chain, &path, is_directory));
        if is_directory {
            self.subdirectory(scope, chain, (path, meta));
        } else {
            self.leaf(&path, meta, is_staged);
        }
    }

    fn subdirectory<'s>(
        &'s self,
        scope: &rayon::Scope<'s>,
        chain: &IgnoreChain,
        (path, mut meta): (Vec<u8>, Meta),
    ) {
        let ignored = meta.ignored;
        // An ignored directory that holds tracked files belongs to the workspace; what else is in it does not.
        if ignored && self.git.is_some_and(|git| git.has_below(&path)) {
            meta.ignored = false;
        } else if ignored {
            self.skip(&path, SkipReason::GitIgnored, None);
            if !self.options.list_ignored {
                return;
            }
        }
        let directory = Directory {
            path,
            chain: chain.clone(),
            ignored,
            meta: Some(meta),
        };
        scope.spawn(move |scope| self.directory(scope, &directory));
    }

    fn leaf(&self, path: &[u8], meta: Meta, is_staged: bool) {
        if meta.ignored {
            self.skip(path, SkipReason::GitIgnored, Some(meta.size));
        } else if meta.kind == Kind::Special {
            self.skip(path, SkipReason::Special, None);
        }
        if !meta.ignored || self.options.list_ignored {
            self.add_compared(path, meta, is_staged);
        }
    }

    fn unreadable(&self, directory: &Directory, error: &std::io::Error) {
        if let Some(meta) = directory.meta {
            self.add(&directory.path, meta);
        }
        let is_refused = error.kind() == ErrorKind::PermissionDenied;
        let reason = if is_gone(error) {
            SkipReason::ChangedWhileRead
        } else if is_refused && directory.path == OWN_HOME && !self.has_tracked_below(OWN_HOME) {
            // What another user's run keeps there for itself is no part of the workspace.
            SkipReason::OwnOutput
        } else {
            SkipReason::Unreadable(error.to_string())
        };
        self.skip(&directory.path, reason, None);
    }

    fn is_tracked(&self, path: &[u8], meta: Meta) -> bool {
        meta.tracked.is_some() || self.has_tracked_below(path)
    }

    fn has_tracked_below(&self, path: &[u8]) -> bool {
        self.git.is_some_and(|git| git.has_below(path))
    }

    fn is_ignored(&self, chain: &IgnoreChain, path: &[u8], is_directory: bool) -> bool {
        match self.git {
            None => false,
            Some(git) if git.prefix().is_empty() => chain.ignores(path, is_directory),
            Some(git) => chain.ignores(&[git.prefix(), path].concat(), is_directory),
        }
    }

    /// The ignore files from the top of the working tree down to above the workspace.
    fn chain_above(&self) -> IgnoreChain {
        let Some(git) = self.git else {
            return IgnoreChain::default();
        };
        let mut chain =
            IgnoreChain::default().with(git.exclude_file.as_deref().unwrap_or_default(), 0);
        let prefix = git.prefix();
        let ends = prefix
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'/')
            .map(|(at, _)| at + 1);
        for base in std::iter::once(0)
            .chain(ends)
            .filter(|base| *base < prefix.len())
        {
            let above = super::path_of(&prefix[..base]);
            if let Ok(text) = std::fs::read(git.work_tree.join(above).join(".gitignore")) {
                chain = chain.with(&text, base);
            }
        }
        chain
    }

    fn chain_in(&self, directory: &Directory, listing: &Listing, names: &[Vec<u8>]) -> IgnoreChain {
        let Some(git) = self.git else {
            return IgnoreChain::default();
        };
        if directory.ignored || !names.iter().any(|name| name == b".gitignore") {
            return directory.chain.clone();
        }
        match listing.read_file(b".gitignore", MOST_BYTES) {
            Ok(text) => {
                let own = if directory.path.is_empty() {
                    0
                } else {
                    directory.path.len() + 1
                };
                directory.chain.with(&text, git.prefix().len() + own)
            }
            // git does not follow a symlink here either; a file we may not read has its own row as unreadable.
            Err(_) => directory.chain.clone(),
        }
    }

    fn add(&self, path: &[u8], meta: Meta) {
        self.add_compared(path, meta, false);
    }

    fn add_compared(&self, path: &[u8], meta: Meta, is_staged: bool) {
        if !self.shard().entries.push_compared(path, meta, is_staged) {
            self.skip(
                path,
                SkipReason::Unreadable("path over 65,535 bytes".into()),
                Some(meta.size),
            );
        }
    }

    fn skip(&self, path: &[u8], reason: SkipReason, size: Option<u64>) {
        self.shard().skipped.push(Skipped {
            path: path.into(),
            reason,
            size,
        });
    }

    fn shard(&self) -> std::sync::MutexGuard<'_, Shard> {
        let thread = rayon::current_thread_index().unwrap_or(0) % self.shards.len();
        self.shards[thread]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn meta_of(facts: &Facts) -> Meta {
    Meta {
        kind: facts.kind,
        permissions: facts.permissions,
        size: facts.size,
        modified_ns: facts.modified_ns,
        tracked: None,
        ignored: false,
    }
}
