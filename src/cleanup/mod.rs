//! Removes what the policy says must not be deployed: a pure plan first, then a sweep that holds the only code
//! in the project that removes. No recursive removal, no path strings, no link followed, no guess recorded.
//!
//! ```text
//! plan(tree, policy, protection)      what would go, in which order, and why the rest stays; touches nothing
//! Root::open                          the workspace as a directory handle; can look, cannot remove
//! Root::identify(plan)                what exactly lies at each target: the facts that are checked again before the act
//! Sweeper::open(.., ApplyToken)       the capability to remove; a read-only run never gets an ApplyToken
//! Sweeper::sweep(identified, journal) intents durable, then act, then look, then results durable
//! Root::sight(path, identity)         for `recover`: is the planned thing still there?
//! ```
//!
//! A file with several names (hard links) loses the one that was planned; its content lives on under the others. A
//! workspace may be a mount of its own, as volumes of containers are; a mount below it is never touched.
//!
//! What it cannot promise: between the last look at a name and its removal another process of the same user can put
//! another file at that very name in that very directory. What is then removed is still a name inside the workspace.

// What acts, and what looks right before it, needs `beneath::Root`: elsewhere there are only plans.
#[cfg(unix)]
mod identify;
mod matcher;
mod plan;
#[cfg_attr(
    not(unix),
    expect(dead_code, reason = "what asks about identities is not there")
)]
mod protection;
#[cfg(unix)]
mod sight;
#[cfg(unix)]
mod sweep;
mod target;
#[cfg(test)]
#[cfg(unix)]
mod tests;

#[cfg(unix)]
pub use identify::{Identified, Look};
pub use plan::plan;
pub use protection::{GitIndex, Protected, Protection, Reach};
#[cfg(unix)]
pub use sight::Sight;
#[cfg(unix)]
pub use sweep::{ApplyToken, Intent, Journal, Outcome, Settled, SweepError, Sweeper, Swept};
pub use target::{Action, Denial, Denied, Plan, Target};
