//! Workflows of GitHub Actions, and of Gitea and Forgejo, which read the same language.

mod job;
mod triggers;

use super::{Adviser, Examination, File, Gate, shell};
use crate::policy::{Node, Value};

/// A workflow file.
pub(super) struct Workflow<'a> {
    file: &'a File,
    root: &'a Node,
    system: &'static str,
}

/// A step that runs the gate, in its job.
struct GateStep<'a> {
    /// The job's key.
    id: &'a str,
    job: &'a Node,
    steps: &'a [Node],
    /// Its index among the steps.
    index: usize,
    /// Where the program or the action is named.
    at: &'a Node,
    how: How<'a>,
}

/// How a step runs the gate.
enum How<'a> {
    /// By the action, with these inputs.
    Action(Option<&'a Node>),
    /// By a script.
    Script(shell::Call),
}

impl<'a> Workflow<'a> {
    pub(super) fn new(file: &'a File, root: &'a Node, system: &'static str) -> Self {
        Self { file, root, system }
    }

    fn gate_steps(&self, files: &[File]) -> Vec<GateStep<'a>> {
        let mut found = Vec::new();
        let jobs = self.root.get("jobs").map_or(&[][..], Node::entries);
        for entry in jobs {
            let steps = entry.value.get("steps").map_or(&[][..], Node::items);
            for (index, step) in steps.iter().enumerate() {
                let action = step
                    .get("uses")
                    .filter(|uses| uses.text().is_some_and(|uses| is_gate(uses, files)));
                let script = step
                    .get("run")
                    .and_then(|run| Some((run, shell::call(run.text()?)?)));
                let (at, how) = match (action, script) {
                    (Some(uses), _) => (uses, How::Action(step.get("with"))),
                    (None, Some((run, call))) => (run, How::Script(call)),
                    (None, None) => continue,
                };
                found.push(GateStep {
                    id: &entry.key,
                    job: &entry.value,
                    steps,
                    index,
                    at,
                    how,
                });
            }
        }
        found
    }

    /// Jobs that call a reusable workflow which is named after the gate.
    fn called_workflows(&self) -> impl Iterator<Item = (&'a str, &'a Node, &'a Node)> {
        let jobs = self.root.get("jobs").map_or(&[][..], Node::entries);
        jobs.iter().filter_map(|entry| {
            let uses = entry.value.get("uses")?;
            let names_it = uses.text()?.contains("factory-gate");
            names_it.then_some((entry.key.as_str(), &entry.value, uses))
        })
    }
}

/// Whether `uses` names the action: by its repository, or as the local one in a repository that is the action's own.
fn is_gate(uses: &str, files: &[File]) -> bool {
    let repository = uses.split('@').next().unwrap_or(uses);
    if repository == "./" || repository == "." {
        let own = files.iter().find(|file| file.path == "action.yml");
        return own.is_some_and(|own| own.bytes.starts_with(b"name: Factory Gate"));
    }
    let is_workflow = repository.contains("/.github/workflows/");
    !is_workflow
        && repository
            .split('/')
            .any(|part| matches!(part, "factory-gate" | "factory-gate-action"))
}

pub(super) fn examine(workflow: &Workflow<'_>, files: &[File], examination: &mut Examination) {
    let steps = workflow.gate_steps(files);
    let called: Vec<_> = workflow.called_workflows().collect();
    if steps.is_empty() && called.is_empty() {
        return;
    }
    for (id, job, uses) in called {
        let mut adviser = Adviser {
            file: &workflow.file.path,
            examination: &mut *examination,
        };
        job::pin(uses, &mut adviser);
        job::conditions(job, &mut adviser);
        examination.gates.push(gate(
            workflow,
            (id, job),
            (uses.at.line, uses.text().map(str::to_owned)),
        ));
    }
    for step in &steps {
        let line = step.at.at.line
            + match &step.how {
                How::Script(call) => call.line,
                How::Action(_) => 0,
            };
        let uses = matches!(step.how, How::Action(_))
            .then(|| step.at.text().map(str::to_owned))
            .flatten();
        examination
            .gates
            .push(gate(workflow, (step.id, step.job), (line, uses)));
        let mut adviser = Adviser {
            file: &workflow.file.path,
            examination: &mut *examination,
        };
        job::examine(workflow, step, &mut adviser);
    }
    let mut adviser = Adviser {
        file: &workflow.file.path,
        examination,
    };
    triggers::examine(workflow, &mut adviser);
}

fn gate(
    workflow: &Workflow<'_>,
    (id, job): (&str, &Node),
    (line, uses): (u32, Option<String>),
) -> Gate {
    let name = job.get("name").and_then(Node::text).unwrap_or(id);
    let has_matrix = job
        .get("strategy")
        .is_some_and(|strategy| strategy.get("matrix").is_some());
    Gate {
        file: workflow.file.path.clone(),
        line,
        system: workflow.system,
        job: id.to_owned(),
        uses,
        sees_changes: triggers::sees_changes(workflow),
        check_name: name.to_owned(),
        is_computed: name.contains("${{") || has_matrix,
    }
}

/// A value as a text, as the runner makes one of it.
fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.trim().to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The value of an input of a step.
fn input(with: Option<&Node>, name: &str) -> Option<String> {
    with?.get(name).and_then(scalar)
}
