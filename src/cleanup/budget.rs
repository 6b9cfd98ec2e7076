//! Whether a plan as a whole is more than the policy allows.

use super::target::{Action, Target};
use crate::policy::CleanupLimits;
use crate::walk::Tree;

/// Why a plan is over the policy's budgets: each that is exceeded, with its number, and what to do. Each name counts with
/// its apparent size, so that sparse files and hard links are never counted too low.
pub(super) fn refusal(targets: &[Target], limits: &CleanupLimits, tree: &Tree) -> Option<String> {
    let mut over = Vec::new();
    let is_directory = |target: &&Target| target.action == Action::DirectoryRemoval;
    let directories = targets.iter().filter(is_directory).count() as u64;
    let files = targets.len() as u64 - directories;
    let bytes = targets
        .iter()
        .fold(0_u64, |sum, target| sum.saturating_add(target.bytes));
    for (count, what, name, most) in [
        (files, "files", "max_files", limits.max_files),
        (
            directories,
            "directories",
            "max_directories",
            limits.max_directories,
        ),
        (bytes, "bytes", "max_bytes", limits.max_bytes),
    ] {
        if count > most {
            over.push(format!("{count} {what}, and `{name}` is {most}"));
        }
    }
    if let Some(most) = limits.max_depth {
        over.extend(too_deep(targets, most));
    }
    if let Some(most) = limits.max_share {
        over.extend(too_large_a_share(files, most, tree));
    }
    (!over.is_empty()).then(|| {
        format!(
            "over the budget: it would take {}; narrow the cleanup rules, or raise the budget in `cleanup.limits`",
            over.join("; ")
        )
    })
}

fn too_deep(targets: &[Target], most: u32) -> Option<String> {
    let depth = |target: &Target| target.path.split(|byte| *byte == b'/').count() as u64;
    let deepest = targets.iter().map(depth).max()?;
    (deepest > u64::from(most))
        .then(|| format!("a path of {deepest} components, and `max_depth` is {most}"))
}

/// Of all files of the workspace, those that git ignores included; directories count on neither side.
fn too_large_a_share(files: u64, most: f64, tree: &Tree) -> Option<String> {
    let is_file = |kind| !super::layout::is_directory(kind);
    let all = tree.entries().filter(|entry| is_file(entry.kind())).count() as u64;
    // A millionth of a percent as the unit, so that the edge is exact.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share is from 0 to 100, which the policy's reader checks"
    )]
    let limit = (most * 1e6).round() as u128;
    if u128::from(files) * 100_000_000 <= limit * u128::from(all) {
        return None;
    }
    let hundredths = u128::from(files) * 10_000 / u128::from(all.max(1));
    Some(format!(
        "{files} of {all} files, {}.{:02} percent, and `max_share` is {most}",
        hundredths / 100,
        hundredths % 100
    ))
}
