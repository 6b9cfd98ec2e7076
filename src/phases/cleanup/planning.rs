//! What cleanup would do: gathers what the plan depends on, plans, and says what came of it.

use super::super::{Run, Seen};
use crate::cleanup::{
    CACHEDIR_SIGNATURE, Facts, GitIndex, Plan, Protection, Reach, RuleTally, Target,
    cache_directories,
};
use crate::policy::CleanupRule;
use crate::store::rows::PlannedRow;
use crate::walk::Root;
use serde_json::json;
use std::io::Read as _;

/// Plans the cleanup of what was seen. With `--expect-plan` any other plan is refused.
pub(super) fn plan(run: &Run<'_>, seen: &Seen<'_>, protection: &Protection) -> Plan {
    let policy = &run.job.policy.cleanup;
    let tree = &seen.walked.tree;
    let facts = Facts {
        now_ns: i64::try_from(run.job.clock.now().as_nanosecond()).unwrap_or(i64::MAX),
        cache_directories: cache_directories(tree, policy, &mut |path| {
            has_signature(&run.job.root, path)
        }),
    };
    let plan = crate::cleanup::plan(tree, policy, protection, facts);
    match &run.job.expected_plan {
        Some(expected) => plan.expecting(expected),
        None => plan,
    }
}

/// Whether the file is a tag of a cache. One that cannot be read is none, and its directory stays.
fn has_signature(root: &Root, path: &[u8]) -> bool {
    let Ok(mut file) = root.open_file(path) else {
        return false;
    };
    let mut start = [0; CACHEDIR_SIGNATURE.len()];
    file.metadata().is_ok_and(|facts| facts.is_file())
        && file.read_exact(&mut start).is_ok()
        && &start == CACHEDIR_SIGNATURE
}

/// What must stay, whatever the policy says.
pub(super) fn protection(run: &Run<'_>, seen: &Seen<'_>) -> Protection {
    let index = match (&seen.walked.git, &seen.walked.git_error) {
        (_, Some(error)) => GitIndex::Unknown(error.to_string()),
        (Some(_), None) => GitIndex::Read,
        (None, None) => GitIndex::NoRepository,
    };
    let places = &run.job.places;
    let walked_at = i64::try_from(seen.walked_at.as_nanosecond()).unwrap_or(i64::MAX);
    let mut protection = Protection::new(index).since(walked_at);
    for path in places.own_outputs.paths() {
        protection = protection.path(path, Reach::Subtree, "the record");
    }
    for path in &places.policy_paths {
        protection = protection.path(path, Reach::Itself, "the policy");
    }
    for (file, reach, name) in &places.protected {
        protection = protection.file(*file, *reach, name);
    }
    protection
}

/// What the record says of the plan. Every rule of the policy is there, so that one that matches nothing is seen.
pub(super) fn detail(run: &Run<'_>, seen: &Seen<'_>, plan: &Plan) -> serde_json::Value {
    let rules = &run.job.policy.cleanup.rules;
    let tallies = plan.by_rule();
    let has_git = seen.walked.git.is_some();
    let by_rule: serde_json::Map<String, serde_json::Value> = rules
        .iter()
        .map(|rule| {
            let tally = tallies.get(rule.name.as_str()).copied().unwrap_or_default();
            (rule.name.clone(), rule_detail(rule, tally, has_git))
        })
        .collect();
    json!({
        "rules": rules.len(),
        "targets": plan.targets().len(),
        "bytes": plan.bytes(),
        "kept": plan.denied().len(),
        "plan_sha256": plan.digest(),
        "expected_plan": run.job.expected_plan,
        "refused": plan.refused(),
        "by_rule": by_rule,
        "applied": run.job.may_clean_up,
    })
}

fn rule_detail(rule: &CleanupRule, tally: RuleTally, has_git: bool) -> serde_json::Value {
    let mut detail = json!({
        "files": tally.files,
        "directories": tally.directories,
        "bytes": tally.bytes,
        "kept": tally.kept,
    });
    if rule.ignored_only && !has_git {
        detail["note"] =
            "no git repository tracks a file of the workspace, so git ignores nothing in it".into();
    }
    detail
}

/// One row of the plan in the record; `identity` is JSON.
pub(super) fn row(
    target: &Target,
    result: String,
    (timestamp, identity): (&str, String),
) -> PlannedRow {
    PlannedRow {
        action_type: target.action.as_str(),
        target: target.path.clone(),
        result,
        timestamp: timestamp.to_owned(),
        cleanup_rule: target.rule.to_string(),
        bytes: target.bytes,
        identity,
        kept_at: None,
    }
}
