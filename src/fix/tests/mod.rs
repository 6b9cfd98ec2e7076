//! Tests of the room as a whole: faults of the disk, and someone who changes files meanwhile.

mod faults;
mod patches;
mod races;
mod settling;

use super::disk::{Disk, Place, System};
use super::{Act, ApplyToken, Fixer, Original, Outcome, State, read};
use crate::beneath::{Root, RootRules};
use crate::walk::{Kind, Meta};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

const OLD: &[u8] = b"old  \n";
const NEW: &[u8] = b"the new content\n";

/// A workspace with one file.
struct Place1 {
    directory: tempfile::TempDir,
}

impl Place1 {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("work/sub")).unwrap();
        let place = Self { directory };
        write(&place.file(), OLD);
        std::fs::set_permissions(place.file(), std::fs::Permissions::from_mode(0o640)).unwrap();
        place
    }

    fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    fn file(&self) -> PathBuf {
        self.work().join("sub/file")
    }

    fn root(&self) -> Root {
        Root::open(&self.work(), &RootRules::default()).unwrap()
    }

    fn original(&self, root: &Root) -> Result<Original, Outcome> {
        let facts = std::fs::symlink_metadata(self.file()).unwrap();
        let seen = Meta {
            kind: Kind::File,
            permissions: u16::try_from(facts.mode() & 0o7777).unwrap(),
            size: facts.len(),
            modified_ns: facts.mtime() * 1_000_000_000 + facts.mtime_nsec(),
            tracked: None,
            ignored: false,
        };
        read(root, b"sub/file", seen, 1 << 20)
    }

    /// Fixes the file with this disk, and closes.
    fn fix(&self, disk: impl Disk + 'static) -> Outcome {
        self.fix_to(disk, NEW, 0o640)
    }

    fn fix_to(&self, disk: impl Disk + 'static, content: &[u8], permissions: u16) -> Outcome {
        let root = self.root();
        let original = self.original(&root).unwrap();
        let token = ApplyToken::because_apply_was_asked_for();
        let fixer = Fixer::with_disk((&root, token), "RUN", Box::new(disk)).unwrap();
        let after = State {
            content: content.to_vec(),
            permissions,
        };
        let outcome = fixer.apply(&Act {
            number: 1,
            path: b"sub/file",
            before: Some((&original.identity, &original.state)),
            after: &after,
        });
        fixer.close();
        outcome
    }

    /// What the workspace holds besides the file.
    fn leftovers(&self) -> bool {
        self.work().join(".factory-gate").exists()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test makes its own files")]
fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap();
}

fn content(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    Write,
    Sync,
    Exchange,
    Replace,
    RenameNew,
    Unlink,
}

type Hook = Box<dyn Fn() + Send + Sync>;

/// The system, but for one call that fails, and for someone who acts right before or after an exchange.
#[derive(Default)]
struct Faulty {
    /// The `n`-th such call from 1 fails; with 0 each of them.
    fails: Option<(Call, usize, Errno)>,
    seen: AtomicUsize,
    before_exchange: Option<Hook>,
    exchanges: AtomicUsize,
}

impl Faulty {
    fn failing(call: Call, number: usize, error: Errno) -> Self {
        Self {
            fails: Some((call, number, error)),
            ..Self::default()
        }
    }

    fn meddled(hook: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            before_exchange: Some(Box::new(hook)),
            ..Self::default()
        }
    }

    fn check(&self, call: Call) -> Result<(), Errno> {
        match self.fails {
            Some((failing, number, error)) if failing == call => {
                let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
                if number == 0 || number == seen {
                    Err(error)
                } else {
                    Ok(())
                }
            }
            _ => Ok(()),
        }
    }
}

impl Disk for Faulty {
    fn write(&self, file: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
        self.check(Call::Write)?;
        // Little by little, so that a full disk leaves half a file.
        System.write(file, &bytes[..bytes.len().min(5)])
    }

    fn sync(&self, file: BorrowedFd<'_>) -> Result<(), Errno> {
        self.check(Call::Sync)?;
        System.sync(file)
    }

    fn exchange(&self, one: Place<'_>, other: Place<'_>) -> Result<(), Errno> {
        self.check(Call::Exchange)?;
        if self.exchanges.fetch_add(1, Ordering::Relaxed) == 0
            && let Some(hook) = &self.before_exchange
        {
            hook();
        }
        System.exchange(one, other)
    }

    fn replace(&self, from: Place<'_>, to: Place<'_>) -> Result<(), Errno> {
        self.check(Call::Replace)?;
        System.replace(from, to)
    }

    fn rename_new(&self, from: Place<'_>, to: Place<'_>) -> Result<(), Errno> {
        self.check(Call::RenameNew)?;
        System.rename_new(from, to)
    }

    fn unlink(&self, place: Place<'_>) -> Result<(), Errno> {
        self.check(Call::Unlink)?;
        System.unlink(place)
    }
}
