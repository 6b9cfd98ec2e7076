//! Removes what the policy says must not be deployed: a pure plan first, then a sweep that holds the only code
//! in the project that removes. No recursive removal, no path strings, no link followed, no guess recorded.
//!
//! ```text
//! plan(tree, policy, protection)      what would go, in which order, and why the rest stays; touches nothing
//! Root::open                          the workspace as a directory handle; can look, cannot remove
//! Root::identify(plan)                what exactly lies at each target: the facts that are checked again before the act
//! Sweeper::open(.., ApplyToken)       the capability to remove; a read-only run never gets an ApplyToken
//! Sweeper::sweep(identified, journal) intents durable, then act, then look, then results durable
//! Leftovers::settle(intent)           for `recover`: what became of it; puts back what was moved aside
//! Sweeper::manifests(identified)      what a restore will need: digests, modes, attributes of what is quarantined
//! Root::examine_kept(kept)            is a quarantined file what the record says, and is its place free?
//! Restorer::open(.., RestoreToken)    the capability to put files back: one rename that replaces nothing
//! pack, unpack                        a quarantine as one archive, of which nothing but content is believed
//! ```
//!
//! A file is first moved under a private name (`staging.rs`), looked at there, and removed only if it is the very thing
//! that was planned (`act.rs`); what another process put at its path in between is moved back, and nothing is replaced
//! by that. The private name follows from what is durable before the act, so that `recover` finds it. A directory is
//! removed in place, since the system takes an empty one only. Threads act on one batch while the intents of the next
//! become durable (`sweep.rs`); the results are in the plan's order.
//!
//! A file with several names (hard links) loses the one that was planned; its content lives on under the others. A
//! workspace may be a mount of its own, as volumes of containers are; a mount below it is never touched.
//!
//! What it cannot promise: a process of the same user can write into a file that is about to be removed, or go into the
//! private directory. After a power cut a name that was removed may be there again on some file systems; what went
//! into the quarantine is where the record says.

// What acts, and what looks right before it, needs `beneath::Root`: elsewhere there are only plans.
#[cfg(unix)]
mod act;
#[cfg(unix)]
mod archive;
mod budget;
mod cachedir;
#[cfg(unix)]
mod identify;
mod layout;
#[cfg(unix)]
mod leaf;
#[cfg(unix)]
mod leftover;
#[cfg(unix)]
mod manifest;
mod matcher;
#[cfg(unix)]
mod metadata;
#[cfg(unix)]
mod outcome;
#[cfg(unix)]
mod own_directories;
mod plan;
#[cfg_attr(
    not(unix),
    expect(dead_code, reason = "what asks about identities is not there")
)]
mod protection;
#[cfg(unix)]
mod repository;
#[cfg(unix)]
mod restore;
mod selection;
#[cfg(unix)]
mod sight;
#[cfg(unix)]
mod staging;
#[cfg(unix)]
mod sweep;
mod target;
#[cfg(test)]
#[cfg(unix)]
mod tests;

pub use cachedir::{CACHEDIR_SIGNATURE, cache_directories};
pub use plan::{Facts, plan};
pub use protection::{GitIndex, Protected, Protection, Reach};
pub use target::{Action, Denial, Denied, Plan, RuleTally, Target};
#[cfg(unix)]
pub use {
    archive::{Packed, Unpacked, pack, unpack},
    identify::{Identified, Look},
    leftover::{Interrupted, Leftovers},
    manifest::{Attribute, DirectoryManifest, Manifest, facts},
    metadata::Shortfall,
    outcome::{Intent, Outcome, Settled, Stop, Swept},
    own_directories::{Staging, quarantine_of, quarantined_at},
    repository::{RepositoryError, repository_places},
    restore::{Directories, Kept, PutBack, RestoreToken, Restorer},
    sight::Sight,
    sweep::{ApplyToken, Journal, Orders, SweepError, Sweeper, quarantine_path},
};
