//! A system between whose calls anything may happen: what it does is what the real one does, unless a test says otherwise.

use super::kit::*;
use crate::beneath::Identity;
use crate::cleanup::leaf::{At, Leaf, System};
use crate::cleanup::{Orders, Plan, Sweeper};
use rustix::fs::AtFlags;
use rustix::io::Errno;
use std::collections::BTreeMap;

/// The calls of the trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Look,
    RenameToFree,
    Rename,
    Link,
    Unlink,
}

type Hook = dyn Fn(Call, &[u8]) -> Result<(), Errno> + Send + Sync;

/// Asks its hook before each call, with the name that the call is about (of a rename the new one).
pub(super) struct Meddler(pub(super) Box<Hook>);

impl Leaf for Meddler {
    fn look(&self, at: At<'_>) -> Result<Identity, Errno> {
        (self.0)(Call::Look, at.name).and_then(|()| System.look(at))
    }

    fn rename_to_free(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
        (self.0)(Call::RenameToFree, to.name).and_then(|()| System.rename_to_free(from, to))
    }

    fn rename(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
        (self.0)(Call::Rename, to.name).and_then(|()| System.rename(from, to))
    }

    fn link(&self, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
        (self.0)(Call::Link, to.name).and_then(|()| System.link(from, to))
    }

    fn unlink(&self, at: At<'_>, flags: AtFlags) -> Result<(), Errno> {
        (self.0)(Call::Unlink, at.name).and_then(|()| System.unlink(at, flags))
    }
}

/// The plan with its files going into the quarantine.
pub(super) fn to_quarantine(mut plan: Plan) -> Plan {
    use crate::cleanup::Action;
    for target in &mut plan.targets {
        if target.action == Action::FileRemoval {
            target.action = Action::FileQuarantine;
        }
    }
    plan
}

/// Carries out a plan with this hook: each target with its result and the names that went.
pub(super) fn meddled(
    world: &World,
    plan: &Plan,
    hook: impl Fn(Call, &[u8]) -> Result<(), Errno> + Send + Sync + 'static,
) -> BTreeMap<String, (String, u64)> {
    let orders = Orders {
        hands: 2,
        ..Orders::new("run")
    };
    let mut sweeper: Sweeper = world.sweeper_with(orders);
    sweeper.leaf = Box::new(Meddler(Box::new(hook)));
    let identified = sweeper.identify(plan, &unprotected());
    let mut journal = Memory::new(world, plan);
    sweeper.sweep(&identified, &mut journal).unwrap();
    journal.assert_no_unrecorded_removal();
    let settled = journal.settled.iter();
    settled
        .map(|one| {
            let path = show(&plan.targets()[one.target].path);
            (path, (one.outcome.to_string(), one.files_affected))
        })
        .collect()
}

/// A hook that does `work` before the first call of this kind with this name.
pub(super) fn once_before(
    call: Call,
    name: &'static [u8],
    work: impl Fn() + Send + Sync + 'static,
) -> impl Fn(Call, &[u8]) -> Result<(), Errno> + Send + Sync {
    let done = std::sync::Once::new();
    move |now, at| {
        if now == call && at == name {
            done.call_once(&work);
        }
        Ok(())
    }
}
