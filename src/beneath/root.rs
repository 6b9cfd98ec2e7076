//! The workspace as an open directory: every path is resolved beneath it, component by component in the kernel or
//! here, through no link and into no other mount. It can look; it cannot remove.

use super::identity::{FileId, Identity, ObjectKind};
use super::look::{look, look_at_open};
use super::names;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::path::Path;

/// How paths are kept beneath the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Containment {
    /// The kernel resolves beneath the root (`openat2`); paths over its length limit are walked.
    Openat2,
    /// Each component is opened without following links and its mount compared, where the kernel has no `openat2`.
    Walk,
}

impl Containment {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openat2 => "openat2",
            Self::Walk => "walk",
        }
    }
}

/// Which directory the root has to be, and which it must not be.
#[derive(Clone, Debug, Default)]
pub struct RootRules {
    /// What the walk saw; another directory under the same name is refused.
    pub expected: Option<FileId>,
    /// The home directory, those above it and the like, with their names for the message. The directories of the
    /// operating system itself are always forbidden, and what lies directly in the directory of all homes.
    pub forbidden: Vec<(FileId, String)>,
    /// What a directory must have to be taken for a workspace; nothing if it is only looked at.
    pub marks: Option<WorkspaceMarks>,
}

/// What shows that a directory is a workspace and not just any place: one of these is enough.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceMarks {
    /// Paths relative to it (the policy's) of which one must be there. `.git` always counts.
    pub paths: Vec<Vec<u8>>,
    /// The directory that the CI system has checked the repository out to.
    pub checkout: Option<FileId>,
}

/// Why a directory is no root for cleanup.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// A guard says no.
    #[error("refused: {0}")]
    Refused(String),
    /// It could not be opened.
    #[error("the workspace cannot be opened")]
    Open(#[source] std::io::Error),
}

/// An open workspace, for looking.
pub struct Root {
    directory: OwnedFd,
    identity: Identity,
    containment: Containment,
}

/// What resolving the directory that holds a path came to, if not that directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// A directory on the way does not exist.
    Absent,
    /// A component on the way is a file.
    NotADirectory,
    /// A guard says no.
    Refused(&'static str),
    /// The operating system said no.
    Failed(Errno),
}

/// What a refusal says about a mount, for directories on the way and for the target itself.
pub const MOUNT_POINT: &str = "mount point";

impl Root {
    /// Opens a workspace. A workspace that is a mount of its own (a container's volume) is fine; mounts below it are not.
    ///
    /// # Errors
    /// It is a symbolic link, not a directory, forbidden, not the expected one, or cannot be opened.
    pub fn open(path: &Path, rules: &RootRules) -> Result<Self, RootError> {
        if path.as_os_str().is_empty() {
            return Err(RootError::Refused("the workspace's path is empty".into()));
        }
        let directory =
            open_directory(rustix::fs::CWD, path).map_err(|error| RootError::Open(error.into()))?;
        let identity = look_at_open(&directory).map_err(|error| RootError::Open(error.into()))?;
        check_root(identity.id(), rules)?;
        check_parent(&directory)?;
        let containment = probe(&directory);
        let root = Self {
            directory,
            identity,
            containment,
        };
        match &rules.marks {
            Some(marks) if !root.has_one_of(marks) => Err(RootError::Refused(UNMARKED.into())),
            _ => Ok(root),
        }
    }

    fn has_one_of(&self, marks: &WorkspaceMarks) -> bool {
        let is_there = |path: &[u8]| {
            self.holder(path)
                .is_ok_and(|(holder, name)| look(&holder, name).is_ok())
        };
        marks.checkout == Some(self.id())
            || is_there(b".git")
            || marks.paths.iter().any(|path| is_there(path))
    }

    /// Whether `path` still leads to this very directory. To be asked before each part of a run that changes something,
    /// since a directory can be renamed, and another put in its place, while it is open.
    ///
    /// # Errors
    /// It leads elsewhere, or cannot be looked at.
    pub fn check_still_at(&self, path: &Path) -> Result<(), RootError> {
        let now = open_directory(rustix::fs::CWD, path)
            .and_then(look_at_open)
            .map_err(|error| RootError::Open(error.into()))?;
        if now.id() == self.id() && !self.is_other_mount(&now) {
            Ok(())
        } else {
            Err(RootError::Refused(MOVED.into()))
        }
    }

    /// A second handle on the root.
    pub(super) fn reopen(&self) -> Result<OwnedFd, Errno> {
        open_directory(&self.directory, ".")
    }

    /// Opens a directory beneath the root.
    ///
    /// # Errors
    /// It is absent, no directory, behind a link or on another mount.
    pub fn directory(&self, path: &[u8]) -> Result<OwnedFd, Unresolved> {
        if names::escapes(path) {
            return Err(Unresolved::Refused("not a path beneath the workspace"));
        }
        self.resolve(path)
    }

    /// How paths are kept beneath this root.
    pub fn containment(&self) -> Containment {
        self.containment
    }

    /// The root's own device and inode.
    pub fn id(&self) -> FileId {
        self.identity.id()
    }

    /// The same root without help from the kernel.
    #[must_use]
    #[cfg(test)]
    pub fn walking(self) -> Self {
        Self {
            containment: Containment::Walk,
            ..self
        }
    }

    /// The same root on a kernel that does not tell mount ids.
    #[must_use]
    #[cfg(test)]
    pub fn without_mount_ids(mut self) -> Self {
        self.identity.mount = None;
        self
    }

    /// Opens the directory that holds `path`, and names the last component.
    ///
    /// # Errors
    /// A directory on the way is absent, none, behind a link or on another mount.
    pub fn holder<'p>(&self, path: &'p [u8]) -> Result<(Holder<'_>, &'p [u8]), Unresolved> {
        if names::escapes(path) {
            return Err(Unresolved::Refused("not a path beneath the workspace"));
        }
        match path.iter().rposition(|byte| *byte == b'/') {
            None => Ok((Holder::Root(&self.directory), path)),
            Some(slash) => {
                let directory = self.resolve(&path[..slash])?;
                Ok((Holder::Below(directory), &path[slash + 1..]))
            }
        }
    }

    /// Opens a directory beneath the root. `path` has been checked by [`names::escapes`].
    fn resolve(&self, path: &[u8]) -> Result<OwnedFd, Unresolved> {
        if self.containment == Containment::Walk {
            return self.walk(path);
        }
        match beneath(&self.directory, path) {
            Ok(directory) => Ok(directory),
            Err(Errno::NAMETOOLONG) => self.walk(path),
            Err(Errno::NOENT) => Err(Unresolved::Absent),
            Err(Errno::NOTDIR) => Err(Unresolved::NotADirectory),
            Err(Errno::LOOP) => Err(Unresolved::Refused(THROUGH_LINK)),
            Err(Errno::XDEV) => Err(Unresolved::Refused(MOUNT_POINT)),
            Err(Errno::AGAIN) => Err(Unresolved::Refused("the path changes all the time")),
            Err(error) => Err(Unresolved::Failed(error)),
        }
    }

    fn walk(&self, path: &[u8]) -> Result<OwnedFd, Unresolved> {
        let mut components = path.split(|byte| *byte == b'/');
        let first = components.next().unwrap_or_default();
        let mut here = self.step(&self.directory, first)?;
        for component in components {
            here = self.step(&here, component)?;
        }
        Ok(here)
    }

    /// Opens one component. What was opened is what is checked, so that nothing can change in between.
    fn step(&self, from: impl AsFd, component: &[u8]) -> Result<OwnedFd, Unresolved> {
        let directory = match open_directory(&from, component) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Err(Unresolved::Absent),
            Err(Errno::LOOP) => return Err(Unresolved::Refused(THROUGH_LINK)),
            // A link that must not be followed is also "not a directory" to some systems.
            Err(Errno::NOTDIR) => {
                return Err(match look(&from, component) {
                    Ok(seen) if seen.kind == ObjectKind::Symlink => {
                        Unresolved::Refused(THROUGH_LINK)
                    }
                    _ => Unresolved::NotADirectory,
                });
            }
            Err(error) => return Err(Unresolved::Failed(error)),
        };
        match look_at_open(&directory) {
            Ok(seen) if self.is_other_mount(&seen) => Err(Unresolved::Refused(MOUNT_POINT)),
            Ok(_) => Ok(directory),
            Err(error) => Err(Unresolved::Failed(error)),
        }
    }

    /// Whether a thing lies on another mount than the root. Without mount ids only directories can be told by their
    /// device: a file of an overlay may have the device of a lower layer.
    pub fn is_other_mount(&self, seen: &Identity) -> bool {
        match (self.identity.mount, seen.mount) {
            (Some(own), Some(other)) => own != other,
            _ => seen.kind == ObjectKind::Directory && seen.device != self.identity.device,
        }
    }
}

const THROUGH_LINK: &str = "the path leads through a symbolic link";

/// The open directory that holds a target.
pub enum Holder<'r> {
    /// The root itself.
    Root(&'r OwnedFd),
    /// A directory below it.
    Below(OwnedFd),
}

impl AsFd for Holder<'_> {
    fn as_fd(&self) -> rustix::fd::BorrowedFd<'_> {
        match self {
            Self::Root(directory) => directory.as_fd(),
            Self::Below(directory) => directory.as_fd(),
        }
    }
}

/// Directories of operating systems: no workspace is one of them, whether or not it is a mount of its own.
const SYSTEM: [&str; 32] = [
    "/",
    "/Applications",
    "/Library",
    "/System",
    "/Users",
    "/Volumes",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/private",
    "/private/tmp",
    "/private/var",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/local",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/tmp",
];

/// What lies directly in one of these is somebody's home.
const HOMES: [&str; 2] = ["/home", "/Users"];

const MOVED: &str = "the workspace is no longer the directory that was scanned";

const UNMARKED: &str = "nothing shows that this directory is a workspace: it holds no `.git` and no policy file, and is \
                        not the directory that the CI system checked out; put the policy into it as `.factory-gate.yml`";

fn check_root(id: FileId, rules: &RootRules) -> Result<(), RootError> {
    let refuse = |why: String| Err(RootError::Refused(why));
    for system in SYSTEM {
        if is_at(id, system) {
            return refuse(format!("cleanup never works in {system} itself"));
        }
    }
    if let Some((_, name)) = rules.forbidden.iter().find(|(other, _)| *other == id) {
        return refuse(format!("cleanup never works in {name} itself"));
    }
    if rules.expected.is_some_and(|expected| expected != id) {
        return refuse(MOVED.into());
    }
    Ok(())
}

fn check_parent(directory: &OwnedFd) -> Result<(), RootError> {
    let parent = look(directory, b"..").map_err(|error| RootError::Open(error.into()))?;
    match HOMES.iter().find(|homes| is_at(parent.id(), homes)) {
        Some(homes) => Err(RootError::Refused(format!(
            "cleanup never works in a home directory itself, as those directly in {homes} are"
        ))),
        None => Ok(()),
    }
}

fn is_at(id: FileId, place: &str) -> bool {
    FileId::of(Path::new(place)).is_ok_and(|other| other == id)
}

/// A handle that names a directory and gives no right to read it, where the system has such handles.
fn open_directory(from: impl AsFd, name: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let access = OFlags::PATH;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let access = OFlags::RDONLY;
    let flags = access | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(from, name, flags, Mode::empty())
}

/// Tries the kernel's own containment once, where nothing but its absence can make it fail.
fn probe(root: &OwnedFd) -> Containment {
    match beneath(root, b".") {
        Ok(_) => Containment::Openat2,
        Err(_) => Containment::Walk,
    }
}

#[cfg(target_os = "linux")]
fn beneath(root: &OwnedFd, path: &[u8]) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    const ATTEMPTS: usize = 16;
    let resolve = ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut last = Errno::AGAIN;
    for _ in 0..ATTEMPTS {
        match openat2(root, path, flags, Mode::empty(), resolve) {
            Err(again @ (Errno::AGAIN | Errno::INTR)) => last = again,
            other => return other,
        }
    }
    Err(last)
}

#[cfg(not(target_os = "linux"))]
fn beneath(_root: &OwnedFd, _path: &[u8]) -> Result<OwnedFd, Errno> {
    Err(Errno::NOSYS)
}
