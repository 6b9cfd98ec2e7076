//! Runs the steps of `action.yml` as the runner runs those of a composite action.

use super::expression::{self, Names, Value};
use super::protocol;
use serde_yaml::Value as Yaml;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What a step came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Step {
    /// `success`, `failure` or `skipped`, before `continue-on-error`.
    pub(super) outcome: String,
    pub(super) outputs: BTreeMap<String, String>,
}

/// A step that uses another action: which, and with what.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) action: String,
    pub(super) with: BTreeMap<String, String>,
}

/// What another action would answer: its outputs, or that it fails.
pub(super) type Answers = fn(&Use) -> Option<BTreeMap<String, String>>;

/// What the job knows before the action starts.
pub(super) struct Job<'a> {
    pub(super) action: &'a Yaml,
    /// `github.event_name` and the like, with `runner.` and `strategy.` too. What is not there is null.
    pub(super) contexts: BTreeMap<String, String>,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) workspace: &'a Path,
    pub(super) temp: &'a Path,
    pub(super) answers: Answers,
}

/// What the action came to.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) failed: bool,
    /// The exit code of the last step that ran a script.
    pub(super) code: i32,
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) steps: BTreeMap<String, Step>,
    pub(super) uses: Vec<Use>,
    pub(super) log: String,
    pub(super) summary: String,
}

struct Running<'a> {
    job: &'a Job<'a>,
    inputs: BTreeMap<String, String>,
    steps: BTreeMap<String, Step>,
    failed: bool,
}

impl Names for Running<'_> {
    fn value(&self, path: &str) -> Value {
        let parts: Vec<&str> = path.split('.').collect();
        let text =
            |text: Option<&String>| text.map_or(Value::Null, |text| Value::Text(text.clone()));
        match parts[..] {
            ["inputs", name] => text(self.inputs.get(name)),
            ["steps", id, "outputs", name] => {
                text(self.steps.get(id).and_then(|step| step.outputs.get(name)))
            }
            ["steps", id, "outcome"] => text(self.steps.get(id).map(|step| &step.outcome)),
            ["github" | "runner" | "strategy", ..] => text(self.job.contexts.get(path)),
            _ => panic!("not understood: {path}"),
        }
    }

    fn failed(&self) -> bool {
        self.failed
    }
}

/// Runs the action.
pub(super) fn run(job: &Job<'_>) -> Ended {
    let mut running = Running {
        job,
        inputs: BTreeMap::new(),
        steps: BTreeMap::new(),
        failed: false,
    };
    for name in job.inputs.keys() {
        assert!(
            job.action["inputs"].get(name).is_some(),
            "no such input: {name}"
        );
    }
    for (name, declared) in mapping(&job.action["inputs"]) {
        let given = job.inputs.get(name).cloned();
        let default = || expression::fill(string(&declared["default"]), &running);
        let value = given.unwrap_or_else(default);
        running.inputs.insert(name.to_owned(), value);
    }
    let mut ended = Ended {
        failed: false,
        code: 0,
        outputs: BTreeMap::new(),
        steps: BTreeMap::new(),
        uses: Vec::new(),
        log: String::new(),
        summary: String::new(),
    };
    for (number, step) in job.action["runs"]["steps"]
        .as_sequence()
        .unwrap()
        .iter()
        .enumerate()
    {
        one(step, number, &mut running, &mut ended);
    }
    for (name, declared) in mapping(&job.action["outputs"]) {
        let value = expression::fill(string(&declared["value"]), &running);
        ended.outputs.insert(name.to_owned(), value);
    }
    ended.failed = running.failed;
    ended.steps = running.steps;
    ended
}

fn one(step: &Yaml, number: usize, running: &mut Running<'_>, ended: &mut Ended) {
    const KNOWN: [&str; 9] = [
        "name",
        "id",
        "if",
        "shell",
        "env",
        "run",
        "uses",
        "with",
        "continue-on-error",
    ];
    for (key, _) in mapping(step) {
        assert!(KNOWN.contains(&key), "not understood: {key} of a step");
    }
    let mut result = Step {
        outcome: "skipped".into(),
        ..Step::default()
    };
    if expression::condition(step["if"].as_str(), running) {
        let done = if step.get("run").is_some() {
            script(step, number, running, ended)
        } else {
            using(step, running, ended)
        };
        result.outcome = if done.is_some() { "success" } else { "failure" }.into();
        result.outputs = done.unwrap_or_default();
        if result.outcome == "failure" && step["continue-on-error"].as_bool() != Some(true) {
            running.failed = true;
        }
    }
    let id = step["id"]
        .as_str()
        .map_or_else(|| format!("#{number}"), ToOwned::to_owned);
    running.steps.insert(id, result);
}

/// The outputs of a script's step; none if it failed.
fn script(
    step: &Yaml,
    number: usize,
    running: &Running<'_>,
    ended: &mut Ended,
) -> Option<BTreeMap<String, String>> {
    let job = running.job;
    let file = |name: &str| job.temp.join(format!("_runner_{number}_{name}"));
    std::fs::write(file("script.sh"), string(&step["run"])).unwrap();
    for name in ["output", "summary", "env", "path", "state"] {
        std::fs::write(file(name), "").unwrap();
    }
    // The runner splits the shell's line at spaces and puts the script's name in.
    let mut words = string(&step["shell"]).split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words.map(|word| word.replace("{0}", file("script.sh").to_str().unwrap())));
    command
        .current_dir(job.workspace)
        .env_clear()
        .envs(&job.environment);
    for (name, value) in step.get("env").map(mapping).into_iter().flatten() {
        command.env(name, expression::fill(string(value), running));
    }
    command
        .env("GITHUB_OUTPUT", file("output"))
        .env("GITHUB_STEP_SUMMARY", file("summary"))
        .env("GITHUB_ENV", file("env"))
        .env("GITHUB_PATH", file("path"))
        .env("GITHUB_STATE", file("state"))
        .stdin(std::process::Stdio::null());
    let said = command.output().unwrap();
    ended.log.push_str(&String::from_utf8_lossy(&said.stdout));
    ended.log.push_str(&String::from_utf8_lossy(&said.stderr));
    ended.code = said.status.code().expect("not killed");
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    ended.summary.push_str(&read("summary"));
    for never in ["env", "path"] {
        assert_eq!(read(never), "", "a step writes to GITHUB_{never}");
    }
    match protocol::pairs(&read("output")) {
        Ok(outputs) if ended.code == 0 => Some(outputs),
        Ok(_) => None,
        Err(why) => panic!("the runner fails the step: {why}"),
    }
}

fn using(
    step: &Yaml,
    running: &Running<'_>,
    ended: &mut Ended,
) -> Option<BTreeMap<String, String>> {
    let with = step.get("with").map(mapping).into_iter().flatten();
    let used = Use {
        action: string(&step["uses"]).to_owned(),
        with: with
            .map(|(name, value)| (name.to_owned(), expression::fill(string(value), running)))
            .collect(),
    };
    ended.uses.push(used.clone());
    (running.job.answers)(&used)
}

/// The pairs of a mapping, in order.
pub(super) fn mapping(yaml: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    let pairs = yaml.as_mapping().expect("a mapping").iter();
    pairs.map(|(key, value)| (key.as_str().expect("a name"), value))
}

fn string(yaml: &Yaml) -> &str {
    yaml.as_str()
        .unwrap_or_else(|| panic!("a string: {yaml:?}"))
}
