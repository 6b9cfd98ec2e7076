//! Azure Pipelines.

use super::{Adviser, Examination, File, Gate, shell};
use crate::policy::{Node, Value};

/// Keys under which steps of an Azure pipeline have a script.
const SCRIPTS: [&str; 4] = ["script", "bash", "pwsh", "powershell"];

pub(super) fn examine(file: &File, root: &Node, examination: &mut Examination) {
    let mut places = Vec::new();
    collect(root, "pipeline", &mut places);
    let mut found = false;
    for (name, steps) in places {
        for (index, step) in steps.iter().enumerate() {
            let script = SCRIPTS.iter().find_map(|key| step.get(key));
            let Some((at, call)) = script.and_then(|node| Some((node, shell::call(node.text()?)?)))
            else {
                continue;
            };
            found = true;
            examination.gates.push(Gate {
                file: file.path.clone(),
                line: at.at.line + call.line,
                system: "azure",
                job: name.to_owned(),
                uses: None,
                sees_changes: true,
                check_name: name.to_owned(),
                is_computed: false,
            });
            let mut adviser = Adviser {
                file: &file.path,
                examination: &mut *examination,
            };
            step_advice((steps, index), &call, &mut adviser);
        }
    }
    if let Some(pr) = root.get("pr").filter(|_| found)
        && pr.text() == Some("none")
    {
        Adviser {
            file: &file.path,
            examination,
        }
        .weak(
            pr,
            "trigger-pull-request",
            ("`pr: none`: only a build validation policy of the branch starts this for pull requests", "check that the branch has one, and that it is required"),
        );
    }
}

/// All lists of steps, each with the name of its job.
fn collect<'n>(node: &'n Node, name: &'n str, places: &mut Vec<(&'n str, &'n [Node])>) {
    let name = node
        .get("displayName")
        .or_else(|| node.get("job"))
        .and_then(Node::text)
        .unwrap_or(name);
    if let Some(steps) = node.get("steps") {
        places.push((name, steps.items()));
    }
    for key in ["jobs", "stages"] {
        for child in node.get(key).map_or(&[][..], Node::items) {
            collect(child, name, places);
        }
    }
}

fn step_advice((steps, index): (&[Node], usize), call: &shell::Call, adviser: &mut Adviser<'_>) {
    let step = &steps[index];
    adviser.lost_exit_code(step, call, ("step", "step"));
    if let Some(value) = step
        .get("continueOnError")
        .filter(|value| value.value != Value::Bool(false))
    {
        adviser.wrong(
            value,
            "exit-code",
            (
                "`continueOnError`: the step counts as passed whatever the gate says",
                "take it away",
            ),
        );
    }
    if let Some(condition) = step.get("condition") {
        adviser.wrong(
            condition,
            "skipped",
            ("the step has a `condition`: where it does not hold, the job passes without the gate", "take it away"),
        );
    }
    depth((steps, index), adviser);
    artifact((steps, index), adviser);
}

/// Whether what a change is compared with is fetched.
fn depth((steps, index): (&[Node], usize), adviser: &mut Adviser<'_>) {
    let step = &steps[index];
    let checkout = steps[..index]
        .iter()
        .find(|step| step.get("checkout").is_some());
    let depth = checkout.and_then(|checkout| checkout.get("fetchDepth"));
    let is_deep = depth.is_some_and(|depth| match &depth.value {
        Value::Integer(depth) => *depth == 0 || *depth >= 2,
        Value::Text(text) => text
            .parse()
            .is_ok_and(|depth: u32| depth == 0 || depth >= 2),
        _ => false,
    });
    if !is_deep {
        adviser.wrong(
            checkout.unwrap_or(step),
            "checkout-depth",
            (
                "new pipelines fetch one commit: what a pull request is compared with is not there, and the gate ends undecided (exit code 3)",
                "write `- checkout: self` with `fetchDepth: 2`",
            ),
        );
    }
}

/// Whether the record is kept.
fn artifact((steps, index): (&[Node], usize), adviser: &mut Adviser<'_>) {
    let step = &steps[index];
    let publishes = |step: &&Node| {
        step.get("publish").is_some()
            || step.get("task").and_then(Node::text).is_some_and(|task| {
                task.starts_with("PublishPipelineArtifact")
                    || task.starts_with("PublishBuildArtifacts")
            })
    };
    match steps[index + 1..].iter().find(publishes) {
        None => adviser.weak(
            step,
            "artifact",
            ("the record is not kept", "publish it in a later step, with `condition: always()`"),
        ),
        Some(publish) if publish.get("condition").and_then(Node::text).is_none_or(|condition| !condition.contains("always()") && !condition.contains("succeededOrFailed()")) => adviser.weak(
            publish,
            "artifact",
            ("the record is kept only when the gate passes, and is wanted most when it does not", "add `condition: always()`"),
        ),
        Some(_) => {}
    }
}
