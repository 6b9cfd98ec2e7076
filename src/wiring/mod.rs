//! Whether what is around the gate makes it a gate: the triggers, permissions, pins and conditions of the CI
//! configuration that runs it. Looks at files only; asks no server.

mod azure;
mod buildkite;
mod change;
mod codeowners;
mod github;
mod gitlab;
mod jenkins;
mod shell;
#[cfg(test)]
mod tests;

pub use change::{Turn, turns};

use crate::policy::{Node, read_document};

/// How much a piece of advice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// As it is, a change can be merged past the gate, or never merged at all.
    Wrong,
    /// It holds, and something beside it can be better.
    Weak,
}

impl Weight {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Weak => "weak",
        }
    }
}

/// One thing to change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Advice {
    /// Relative to the repository, with `/`. May hold anything that a file's name can.
    pub file: String,
    /// From 1; 0 if the file as a whole is meant, or is missing.
    pub line: u32,
    /// How much it matters.
    pub weight: Weight,
    /// The name of the check: stable, for looking it up.
    pub check: &'static str,
    /// What is so. May hold untrusted text.
    pub message: String,
    /// What to change. May hold untrusted text.
    pub change: String,
}

/// A job that runs the gate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gate {
    /// The file of the job.
    pub file: String,
    /// The line of the step or script that runs the gate, from 1.
    pub line: u32,
    /// The CI system, as in the record.
    pub system: &'static str,
    /// The job's key in its file.
    pub job: String,
    /// What stands behind `uses:` or `component:`, if the gate is run by the action or a component.
    pub uses: Option<String>,
    /// Whether changes that want to be merged start it.
    pub sees_changes: bool,
    /// The name of the check that the job reports, as the system shows it: what to require.
    pub check_name: String,
    /// Whether a name is computed when the job runs (a matrix, an expression), so that it cannot be required as it is.
    pub is_computed: bool,
}

/// A file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to the repository, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What an examination found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// The jobs that run the gate.
    pub gates: Vec<Gate>,
    /// What to change: by file and line.
    pub advice: Vec<Advice>,
    /// Files that could not be understood, each with why: nothing is said about them.
    pub unread: Vec<String>,
}

/// Where CI configuration lies: files, and directories (with a `/` at the end) whose `.yml` and `.yaml` files count.
pub const PLACES: &[&str] = &[
    ".github/workflows/",
    ".gitea/workflows/",
    ".forgejo/workflows/",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    ".azure-pipelines.yml",
    ".azure-pipelines/",
    ".buildkite/",
    "Jenkinsfile",
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
    ".gitea/CODEOWNERS",
    ".forgejo/CODEOWNERS",
    "action.yml",
    ".factory-gate.yml",
    ".factory-gate.yaml",
];

/// Examines the files that were found at [`PLACES`].
pub fn examine(files: &[File]) -> Examination {
    let mut examination = Examination::default();
    for file in files {
        let path = file.path.as_str();
        if ends_with_any(path, &["CODEOWNERS"]) || is_policy(path) || path == "action.yml" {
            continue;
        }
        if path == "Jenkinsfile" {
            jenkins::examine(file, &mut examination);
            continue;
        }
        let Some(root) = read(file, &mut examination) else {
            continue;
        };
        match path.split('/').next() {
            Some(".github") => github::examine(
                &github::Workflow::new(file, &root, "github"),
                files,
                &mut examination,
            ),
            Some(".gitea") => github::examine(
                &github::Workflow::new(file, &root, "gitea"),
                files,
                &mut examination,
            ),
            Some(".forgejo") => github::examine(
                &github::Workflow::new(file, &root, "forgejo"),
                files,
                &mut examination,
            ),
            Some(".buildkite") => buildkite::examine(file, &root, &mut examination),
            Some(".gitlab-ci.yml" | ".gitlab-ci.yaml") => {
                gitlab::examine(file, &root, &mut examination);
            }
            _ => azure::examine(file, &root, &mut examination),
        }
    }
    whole(files, &mut examination);
    codeowners::examine(files, &mut examination);
    examination.advice.sort();
    examination.advice.dedup();
    examination.gates.sort();
    examination
}

fn is_policy(path: &str) -> bool {
    matches!(path, ".factory-gate.yml" | ".factory-gate.yaml")
}

fn ends_with_any(path: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| path.ends_with(end))
}

fn read(file: &File, examination: &mut Examination) -> Option<Node> {
    let (root, problems) = read_document(&file.bytes, &file.path);
    // GitLab's own tags are no mistakes: what they refer to is looked at where it stands.
    let others = problems.0.iter().filter(|one| {
        !(file.path.starts_with(".gitlab-ci") && one.message.starts_with("the tag `!"))
    });
    let others: Vec<String> = others.map(ToString::to_string).collect();
    examination.unread.extend(others.iter().cloned());
    root.filter(|_| others.is_empty())
}

/// What is to be said of the repository as a whole.
fn whole(files: &[File], examination: &mut Examination) {
    if examination.gates.is_empty() && examination.unread.is_empty() {
        examination.advice.push(Advice {
            file: String::new(),
            line: 0,
            weight: Weight::Wrong,
            check: "no-gate",
            message: "no CI configuration here runs factory-gate".into(),
            change: "`factory-gate init --ci github` (or gitlab, azure, buildkite, gitea, jenkins) prints a job to begin with".into(),
        });
        return;
    }
    if !files.iter().any(|file| is_policy(&file.path)) {
        examination.advice.push(Advice {
            file: ".factory-gate.yml".into(),
            line: 0,
            weight: Weight::Weak,
            check: "policy",
            message: "there is no policy at the root of the repository: unless the job names another, the preset `recommended` applies, and it changes with the version of factory-gate".into(),
            change: "write down what is wanted: `version: 1` and `extends: [recommended]` are a start".into(),
        });
    }
    if let Some(first) = examination
        .gates
        .first()
        .filter(|_| examination.unread.is_empty())
        && !examination.gates.iter().any(|gate| gate.sees_changes)
    {
        examination.advice.push(Advice {
            file: first.file.clone(),
            line: first.line,
            weight: Weight::Wrong,
            check: "trigger-pull-request",
            message: "no change that wants to be merged starts the gate: it is merged unseen".into(),
            change: "start it for pull requests (`pull_request:` and `merge_group:` in GitHub's `on`, `merge_request_event` in GitLab's `rules`)".into(),
        });
    }
    let mut names: Vec<&Gate> = examination.gates.iter().collect();
    names.sort_by(|one, other| one.check_name.cmp(&other.check_name));
    let twice: Vec<Advice> = names
        .windows(2)
        .filter(|pair| pair[0].check_name == pair[1].check_name
                && pair[0].system == pair[1].system
                && (&pair[0].file, &pair[0].job) != (&pair[1].file, &pair[1].job))
        .map(|pair| Advice {
            file: pair[1].file.clone(),
            line: pair[1].line,
            weight: Weight::Wrong,
            check: "check-name",
            message: format!(
                "two jobs report a check named `{}` ({}:{} is the other): whichever ends last decides",
                pair[1].check_name, pair[0].file, pair[0].line
            ),
            change: "give each job a name of its own".into(),
        })
        .collect();
    examination.advice.extend(twice);
}

/// Collects advice on one file.
struct Adviser<'a> {
    file: &'a str,
    examination: &'a mut Examination,
}

impl Adviser<'_> {
    fn wrong(
        &mut self,
        at: &Node,
        check: &'static str,
        (message, change): (impl Into<String>, impl Into<String>),
    ) {
        self.add(
            (Weight::Wrong, check),
            at.at.line,
            (message.into(), change.into()),
        );
    }

    fn weak(
        &mut self,
        at: &Node,
        check: &'static str,
        (message, change): (impl Into<String>, impl Into<String>),
    ) {
        self.add(
            (Weight::Weak, check),
            at.at.line,
            (message.into(), change.into()),
        );
    }

    /// A script that keeps the exit code of the gate from the system: `whole` is what succeeds, `own` whose code it should be.
    fn lost_exit_code(&mut self, at: &Node, call: &shell::Call, (whole, own): (&str, &str)) {
        if let Some(swallowed) = &call.swallowed {
            let message = format!("`{swallowed}`: the {whole} succeeds whatever the gate says");
            let change = format!("let the gate's exit code be the {own}'s");
            self.wrong(at, "exit-code", (message, change));
        }
    }

    fn add(
        &mut self,
        (weight, check): (Weight, &'static str),
        line: u32,
        (message, change): (String, String),
    ) {
        self.examination.advice.push(Advice {
            file: self.file.to_owned(),
            line,
            weight,
            check,
            message,
            change,
        });
    }
}
