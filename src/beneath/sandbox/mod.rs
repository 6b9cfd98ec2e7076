//! The kernel as a second guard (Landlock): a thread gives up, for good, every right to change a file system, or keeps
//! it beneath a few directories only. What it has open already, and what it may read, stays as it is.
//!
//! A thread passes its limits on to the threads that it starts, so they are set in threads made for one kind of work.

use super::names;
use super::root::{Root, Unresolved};
use rustix::fd::OwnedFd;

/// What a thread may still change.
#[derive(Debug, Default)]
pub struct Rights {
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "read where there is Landlock")
    )]
    grants: Vec<Grant>,
    granted: Vec<String>,
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "read where there is Landlock")
    )]
    changes: bool,
}

#[derive(Debug)]
struct Grant {
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "read where there is Landlock")
    )]
    directory: OwnedFd,
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "read where there is Landlock")
    )]
    reach: Touch,
}

/// What is to be done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It is removed, moved, made or written.
    Change,
    /// It is a directory that is removed once it is empty, and nothing else.
    RemoveEmptyDirectory,
}

/// Where this program keeps what it needs in a workspace: beneath it every thread that acts may write.
const OWN: &str = ".factory-gate";

impl Rights {
    /// No right to change anything anywhere: for threads that look.
    pub fn none() -> Self {
        Self::default()
    }

    /// The rights for touching these paths (relative to the root) and what is in this program's own directory, which
    /// has to be there already. Only the directories directly below the root that hold one of the paths are granted, so
    /// that `.git` gets no right at all. For an entry of the root itself the root has to be granted; if it is
    /// only directories that go when they are empty, with the right to remove empty directories and no other.
    ///
    /// What is absent, behind a link or on another mount gets no right: nothing may be touched there.
    ///
    /// # Errors
    /// A path leads out of the workspace, or the operating system refused to open a directory.
    pub fn beneath<'p>(
        root: &Root,
        touched: impl IntoIterator<Item = (&'p [u8], Touch)>,
    ) -> Result<Self, Unresolved> {
        let mut tops = std::collections::BTreeSet::from([OWN.as_bytes()]);
        let mut whole = None;
        for (path, touch) in touched {
            if names::escapes(path) {
                return Err(Unresolved::Refused("not a path beneath the workspace"));
            }
            match path.iter().position(|byte| *byte == b'/') {
                Some(slash) => {
                    tops.insert(&path[..slash]);
                }
                None if whole != Some(Touch::Change) => whole = Some(touch),
                None => {}
            }
        }
        let mut rights = Self {
            changes: true,
            ..Self::default()
        };
        if let Some(reach) = whole {
            rights.grant(root.reopen().map_err(Unresolved::Failed)?, reach, b".");
        }
        if whole == Some(Touch::Change) {
            return Ok(rights);
        }
        for top in tops {
            match root.directory(top) {
                Ok(directory) => rights.grant(directory, Touch::Change, top),
                Err(Unresolved::Failed(error)) => return Err(Unresolved::Failed(error)),
                Err(_) => {}
            }
        }
        Ok(rights)
    }

    /// Directories beneath which changes are allowed, `.` for the root, in the order of their names. What is only granted
    /// the removal of empty directories is marked so.
    pub fn granted(&self) -> &[String] {
        &self.granted
    }

    fn grant(&mut self, directory: OwnedFd, reach: Touch, name: &[u8]) {
        let name = name.escape_ascii();
        self.granted.push(match reach {
            Touch::Change => name.to_string(),
            Touch::RemoveEmptyDirectory => format!("{name} (empty directories only)"),
        });
        self.grants.push(Grant { directory, reach });
    }
}

/// What became of the wish to limit a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enforced {
    /// The kernel holds the thread to its rights; the version of Landlock's interface that is in use.
    Landlock(u32),
    /// Nothing does, and why.
    No(String),
}

/// The kernel has Landlock, and yet the thread could not be limited.
#[derive(Debug, thiserror::Error)]
#[error("the kernel's limits (Landlock) could not be set for a thread: {0}")]
pub struct SandboxError(String);

/// Limits the calling thread, and every thread it starts from now on, to these rights. There is no way back.
///
/// # Errors
/// The kernel has Landlock but did not do it. A thread that is to act must then not act.
#[cfg(target_os = "linux")]
pub fn restrict_this_thread(rights: &Rights) -> Result<Enforced, SandboxError> {
    linux::restrict(rights)
}

/// Limits the calling thread; this system has nothing to do it with.
///
/// # Errors
/// None here.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub fn restrict_this_thread(_rights: &Rights) -> Result<Enforced, SandboxError> {
    Ok(Enforced::No("this system has no Landlock".into()))
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Enforced, Rights, SandboxError, Touch};
    use landlock::{
        AccessFs, BitFlags, CompatLevel, Compatible as _, LandlockStatus, PathBeneath,
        RestrictionStatus, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
        RulesetStatus, make_bitflags,
    };

    /// Everything that changes a file system; reading is not limited.
    const CHANGES: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
        WriteFile | Truncate | RemoveFile | RemoveDir | Refer | MakeReg | MakeDir | MakeSym | MakeChar | MakeBlock
            | MakeFifo | MakeSock
    });

    /// What cleanup and fixes need: no devices, pipes or sockets.
    const GRANTED: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
        WriteFile | Truncate | RemoveFile | RemoveDir | Refer | MakeReg | MakeDir | MakeSym
    });

    /// The first version that can allow a move from one directory to another; the one before forbids all of them.
    const WITH_MOVES: u32 = 2;

    pub(super) fn restrict(rights: &Rights) -> Result<Enforced, SandboxError> {
        if rights.changes
            && let Some(why) = too_old_to_act()?
        {
            return Ok(Enforced::No(why));
        }
        apply(rights)
            .map_err(failed)
            .and_then(|status| enforced(&status))
    }

    /// A thread under version 1 could not move anything to the quarantine. Found out in a thread of its own, since looking
    /// is the same as being limited.
    fn too_old_to_act() -> Result<Option<String>, SandboxError> {
        let trial = std::thread::Builder::new()
            .spawn(|| {
                apply(&Rights::none())
                    .map_err(failed)
                    .and_then(|status| enforced(&status))
            })
            .map_err(|error| SandboxError(error.to_string()))?;
        let found = trial
            .join()
            .map_err(|_| SandboxError("a thread ended early".into()))??;
        Ok(match found {
            Enforced::Landlock(abi) if abi < WITH_MOVES => Some(format!(
                "version {abi} of Landlock would forbid every move between directories"
            )),
            Enforced::Landlock(_) => None,
            Enforced::No(why) => Some(why),
        })
    }

    fn apply(rights: &Rights) -> Result<RestrictionStatus, RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(CHANGES)?
            .create()?;
        for grant in &rights.grants {
            let access = match grant.reach {
                Touch::Change => GRANTED,
                Touch::RemoveEmptyDirectory => AccessFs::RemoveDir.into(),
            };
            rules = rules.add_rule(PathBeneath::new(&grant.directory, access))?;
        }
        rules.restrict_self()
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is the argument of map_err"
    )]
    fn failed(error: RulesetError) -> SandboxError {
        SandboxError(error.to_string())
    }

    fn enforced(status: &RestrictionStatus) -> Result<Enforced, SandboxError> {
        match status.landlock {
            LandlockStatus::NotEnabled => Ok(Enforced::No(
                "Landlock is switched off in this kernel".into(),
            )),
            LandlockStatus::NotImplemented => {
                Ok(Enforced::No("this kernel has no Landlock".into()))
            }
            LandlockStatus::Available { effective_abi, .. }
                if status.ruleset != RulesetStatus::NotEnforced =>
            {
                Ok(Enforced::Landlock(effective_abi as u32))
            }
            LandlockStatus::Available { .. } => Err(SandboxError(
                "the kernel took the rules and does not enforce them".into(),
            )),
        }
    }
}

#[cfg(test)]
mod tests;
