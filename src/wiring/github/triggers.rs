//! What starts a workflow.

use super::super::Adviser;
use super::Workflow;
use crate::policy::{Node, Value};

/// Types of `pull_request` without which a change is not looked at when it comes, and when it grows.
const NEEDED_TYPES: [&str; 2] = ["opened", "synchronize"];

pub(super) fn examine(workflow: &Workflow<'_>, adviser: &mut Adviser<'_>) {
    let Some(on) = workflow.root.entry("on") else {
        return adviser.wrong(
            workflow.root,
            "trigger",
            (
                "nothing starts this workflow: it has no `on`",
                "add `on: { pull_request: , merge_group: }`",
            ),
        );
    };
    let on = &on.value;
    if let Some(target) = event(on, "pull_request_target") {
        adviser.wrong(
            target,
            "pull-request-target",
            (
                "`pull_request_target` runs with a token that can write, on the code of the base: it either judges the wrong commit, or runs a stranger's code with that token",
                "use `pull_request`; the gate needs no token and works for forks",
            ),
        );
    }
    // A workflow that others call is started by theirs.
    if event(on, "workflow_call").is_some() {
        return;
    }
    match event(on, "pull_request") {
        // Another workflow may be the one for pull requests; the whole is judged where all are known.
        None => return,
        Some(trigger) => pull_request(trigger, adviser),
    }
    if event(on, "merge_group").is_none() && workflow.system == "github" {
        adviser.weak(
            on,
            "trigger-merge-group",
            ("a merge queue does not start this workflow: with the check required, each merge would wait for ever", "add `merge_group:` to `on`"),
        );
    }
}

fn pull_request(trigger: &Node, adviser: &mut Adviser<'_>) {
    for key in ["paths", "paths-ignore"] {
        if let Some(filter) = trigger.entry(key) {
            adviser.wrong(
                &filter.value,
                "trigger-filter",
                (
                    format!("`{key}`: for a pull request that touches none of these, a required check stays pending for ever"),
                    "take the filter away; what is to be looked at is the policy's `exclude` to say".to_owned(),
                ),
            );
        }
    }
    for key in ["branches", "branches-ignore"] {
        if let Some(filter) = trigger.entry(key) {
            adviser.weak(
                &filter.value,
                "trigger-filter",
                (
                    format!("`{key}`: pull requests into other branches are merged unseen"),
                    "take the filter away, unless every other branch is merged into one of these later".to_owned(),
                ),
            );
        }
    }
    if let Some(types) = trigger.get("types") {
        let named = names(types);
        let missing: Vec<&str> = NEEDED_TYPES
            .into_iter()
            .filter(|one| !named.iter().any(|name| name == one))
            .collect();
        if !missing.is_empty() {
            adviser.wrong(
                types,
                "trigger-filter",
                (
                    format!(
                        "`types` lacks {}: a pull request can change after it was looked at",
                        missing.join(" and ")
                    ),
                    "take `types` away: the default is right".to_owned(),
                ),
            );
        }
    }
}

/// Whether a change that wants to be merged starts the workflow, or another workflow may call it.
pub(super) fn sees_changes(workflow: &Workflow<'_>) -> bool {
    let on = workflow.root.get("on");
    let events = [
        "pull_request",
        "pull_request_target",
        "merge_group",
        "workflow_call",
    ];
    on.is_some_and(|on| events.iter().any(|name| event(on, name).is_some()))
}

/// The node at which an event is named, if it starts the workflow.
fn event<'n>(on: &'n Node, name: &str) -> Option<&'n Node> {
    match &on.value {
        Value::Text(one) => (one == name).then_some(on),
        Value::List(items) => items.iter().find(|item| item.text() == Some(name)),
        _ => on.get(name),
    }
}

fn names(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Text(one) => vec![one.clone()],
        _ => node
            .items()
            .iter()
            .filter_map(|item| item.text().map(str::to_owned))
            .collect(),
    }
}
