//! Buildkite pipelines.

use super::{Adviser, Examination, File, Gate, shell};
use crate::policy::{Node, Value};

pub(super) fn examine(file: &File, root: &Node, examination: &mut Examination) {
    let steps = root.get("steps").unwrap_or(root).items();
    let grouped = steps
        .iter()
        .flat_map(|step| step.get("steps").map_or(&[][..], Node::items));
    for step in steps.iter().chain(grouped) {
        let Some((at, call)) = ["command", "commands"]
            .iter()
            .filter_map(|key| step.get(key))
            .find_map(gate_call)
        else {
            continue;
        };
        let label = step
            .get("label")
            .or_else(|| step.get("key"))
            .and_then(Node::text);
        examination.gates.push(Gate {
            file: file.path.clone(),
            line: at + call.line,
            system: "buildkite",
            job: label.unwrap_or_default().to_owned(),
            uses: None,
            sees_changes: true,
            check_name: label.unwrap_or("(a step without a label)").to_owned(),
            is_computed: step.get("parallelism").is_some() || step.get("matrix").is_some(),
        });
        let mut adviser = Adviser {
            file: &file.path,
            examination: &mut *examination,
        };
        step_advice(step, &call, &mut adviser);
    }
}

fn gate_call(commands: &Node) -> Option<(u32, shell::Call)> {
    let lines = commands
        .items()
        .iter()
        .chain(commands.items().is_empty().then_some(commands));
    let mut calls = lines.filter_map(|node| Some((node.at.line, shell::call(node.text()?)?)));
    calls.next()
}

fn step_advice(step: &Node, call: &shell::Call, adviser: &mut Adviser<'_>) {
    adviser.lost_exit_code(step, call, ("step", "step"));
    soft_fail(step, adviser);
    for key in ["if", "if_changed", "skip", "branches"] {
        if let Some(condition) = step.get(key) {
            adviser.wrong(
                condition,
                "skipped",
                (
                    format!("`{key}`: where it does not hold, the build passes without the gate"),
                    "take it away".to_owned(),
                ),
            );
        }
    }
    if step.get("artifact_paths").is_none() {
        adviser.weak(
            step,
            "artifact",
            (
                "the record `factory_deployment.db` is not kept",
                "add `artifact_paths: factory_deployment.db`",
            ),
        );
    }
}

fn soft_fail(step: &Node, adviser: &mut Adviser<'_>) {
    if let Some(soft) = step
        .get("soft_fail")
        .filter(|soft| soft.value != Value::Bool(false))
    {
        let codes: Vec<&Value> = soft
            .items()
            .iter()
            .filter_map(|item| item.get("exit_status"))
            .map(|node| &node.value)
            .collect();
        if !codes.is_empty() && codes.iter().all(|code| **code == Value::Integer(1)) {
            adviser.weak(
                soft,
                "exit-code",
                (
                    "violations (exit code 1) do not keep a change from being merged",
                    "take the 1 away where they are to",
                ),
            );
        } else {
            adviser.wrong(
                soft,
                "exit-code",
                (
                    "`soft_fail`: a run that could not look or decide counts as passed",
                    "take it away, or leave only `exit_status: 1`",
                ),
            );
        }
    }
}
