//! `.gitlab-ci.yml`.

use super::{Adviser, Examination, File, Gate, shell};
use crate::policy::{Node, Value};

/// Keys at the top that are no jobs.
const NO_JOBS: &[&str] = &[
    "stages",
    "variables",
    "include",
    "default",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "spec",
    "pages",
];

pub(super) fn examine(file: &File, root: &Node, examination: &mut Examination) {
    for entry in root.entries() {
        if NO_JOBS.contains(&entry.key.as_str()) {
            continue;
        }
        let Some((line, call)) = script_call(&entry.value) else {
            continue;
        };
        examination.gates.push(Gate {
            file: file.path.clone(),
            line,
            system: "gitlab",
            job: entry.key.clone(),
            uses: None,
            sees_changes: is_for_merge_requests(root, &entry.value),
            check_name: entry.key.clone(),
            is_computed: entry.value.get("parallel").is_some(),
        });
        let mut adviser = Adviser {
            file: &file.path,
            examination: &mut *examination,
        };
        job(root, &entry.value, &call, &mut adviser);
    }
    component(file, root, examination);
}

fn script_call(job: &Node) -> Option<(u32, shell::Call)> {
    let script = job.get("script")?;
    let lines: Vec<&Node> = match &script.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![script],
    };
    lines.into_iter().find_map(|node| {
        let call = shell::call(node.text()?)?;
        Some((node.at.line + call.line, call))
    })
}

/// The component that this project publishes, where it is included.
fn component(file: &File, root: &Node, examination: &mut Examination) {
    let Some(include) = root.get("include") else {
        return;
    };
    let items = include
        .items()
        .iter()
        .chain(include.get("component").is_some().then_some(include));
    for item in items {
        let Some(component) = item.get("component").filter(|node| {
            node.text()
                .is_some_and(|text| text.contains("factory-gate"))
        }) else {
            continue;
        };
        examination.gates.push(Gate {
            file: file.path.clone(),
            line: component.at.line,
            system: "gitlab",
            job: "factory-gate".into(),
            uses: component.text().map(str::to_owned),
            sees_changes: true,
            check_name: "factory-gate".into(),
            is_computed: false,
        });
        let reference = component
            .text()
            .and_then(|text| text.rsplit('@').next())
            .unwrap_or_default();
        if reference.len() != 40 || !reference.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Adviser {
                file: &file.path,
                examination: &mut *examination,
            }
            .wrong(
                component,
                "pin",
                (
                    "the component is named by a version that can be moved",
                    "name it by the full id of a commit that you reviewed",
                ),
            );
        }
    }
}

fn job(root: &Node, job: &Node, call: &shell::Call, adviser: &mut Adviser<'_>) {
    adviser.lost_exit_code(job, call, ("job", "script"));
    if let Some(allowed) = job.get("allow_failure") {
        allowed_failures(allowed, adviser);
    }
    if job.get("when").and_then(Node::text) == Some("manual") {
        adviser.wrong(
            job,
            "skipped",
            (
                "the job waits for someone to start it",
                "take `when: manual` away",
            ),
        );
    }
    merge_requests(root, job, adviser);
    let artifacts = job.get("artifacts");
    match artifacts {
        None => adviser.weak(
            job,
            "artifact",
            ("the record `factory_deployment.db` is not kept", "add `artifacts: { when: always, paths: [factory_deployment.db] }`"),
        ),
        Some(artifacts) if artifacts.get("when").and_then(Node::text) != Some("always") => adviser.weak(
            artifacts,
            "artifact",
            ("the record is kept only when the gate passes, and is wanted most when it does not", "add `when: always` to `artifacts`"),
        ),
        Some(_) => {}
    }
}

fn allowed_failures(allowed: &Node, adviser: &mut Adviser<'_>) {
    if allowed.value == Value::Bool(false) {
        return;
    }
    let Some(codes) = allowed.get("exit_codes") else {
        return adviser.wrong(
            allowed,
            "exit-code",
            (
                "`allow_failure`: the job counts as passed whatever the gate says",
                "take it away",
            ),
        );
    };
    let single = [codes];
    let codes_listed = codes
        .items()
        .iter()
        .chain(single.into_iter().filter(|node| node.items().is_empty()));
    for code in codes_listed {
        match code.value {
            Value::Integer(1) => adviser.weak(
                code,
                "exit-code",
                ("violations (exit code 1) do not keep a change from being merged", "take the 1 away where they are to"),
            ),
            _ => adviser.wrong(
                code,
                "exit-code",
                ("a run that could not look or decide (exit codes 2, 3 and others) counts as passed", "leave out all codes but 1"),
            ),
        }
    }
}

/// Whether merge requests start the job.
fn merge_requests(root: &Node, job: &Node, adviser: &mut Adviser<'_>) {
    if job.get("only").is_some() {
        return;
    }
    let Some(rules) = job.get("rules").or_else(|| {
        root.get("workflow")
            .and_then(|workflow| workflow.get("rules"))
    }) else {
        return adviser.weak(
            job,
            "trigger-pull-request",
            (
                "without `rules` the job runs for branches, and then does not know what a merge request is compared with",
                "add `rules: [{ if: '$CI_PIPELINE_SOURCE == \"merge_request_event\"' }, { if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' }]`",
            ),
        );
    };
    for rule in rules.items() {
        if let Some(filter) = rule.get("changes").or_else(|| rule.get("exists")) {
            adviser.wrong(
                filter,
                "trigger-filter",
                ("a merge request that touches none of these is merged without the gate", "take the filter away; what is to be looked at is the policy's `exclude` to say"),
            );
        }
        if let Some(allowed) = rule.get("allow_failure") {
            allowed_failures(allowed, adviser);
        }
    }
}

/// Whether some rule starts the job for merge requests; without rules it runs for each push of a branch.
fn is_for_merge_requests(root: &Node, job: &Node) -> bool {
    let rules = job.get("rules").or_else(|| {
        root.get("workflow")
            .and_then(|workflow| workflow.get("rules"))
    });
    match (job.get("only"), rules) {
        (Some(only), _) => names_merge_requests(only),
        (None, Some(rules)) => rules.items().iter().any(is_merge_request_rule),
        (None, None) => true,
    }
}

fn names_merge_requests(only: &Node) -> bool {
    let refs = only.get("refs").map_or(&[][..], Node::items);
    only.items()
        .iter()
        .chain(refs)
        .any(|one| one.text() == Some("merge_requests"))
}

fn is_merge_request_rule(rule: &Node) -> bool {
    let condition = rule.get("if").and_then(Node::text).unwrap_or_default();
    condition.contains("merge_request_event") || condition.contains("CI_MERGE_REQUEST")
}
