//! A runner's machine for the action: directories, an event, stand-ins for the program, cargo and curl.

use super::runner::{self, Answers, Ended, Job, Use};
use serde_yaml::Value as Yaml;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The source tree.
pub(super) fn source() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `action.yml`.
pub(super) fn action() -> Yaml {
    let text = std::fs::read_to_string(source().join("action.yml")).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// The machine, gone when it is dropped.
pub(super) struct Stage {
    directory: tempfile::TempDir,
    contexts: BTreeMap<String, String>,
    inputs: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    answers: Answers,
    action: Yaml,
}

impl Stage {
    /// A push on Linux; the input `binary` is the stand-in for the program.
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        for name in ["workspace", "temp", "log", "mirror", "tools"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        let stand_ins = source().join("tests/it/action/stand-in");
        let path = std::env::var("PATH").unwrap();
        let environment = [
            ("PATH", format!("{}:{path}", stand_ins.display())),
            ("HOME", at("home")),
            ("GITHUB_ACTIONS", "true".into()),
            ("GITHUB_WORKSPACE", at("workspace")),
            ("GITHUB_REPOSITORY", "shop/api".into()),
            ("GITHUB_ACTION_PATH", source().to_str().unwrap().into()),
            ("RUNNER_TEMP", at("temp")),
            ("RUNNER_TOOL_CACHE", at("tools")),
            ("RUNNER_OS", "Linux".into()),
            ("RUNNER_ARCH", "X64".into()),
            ("FAKE_LOG", at("log")),
            ("FAKE_MIRROR", at("mirror")),
        ];
        let contexts = [
            ("github.job", "gate"),
            ("github.event_name", "push"),
            ("github.repository", "shop/api"),
            ("runner.os", "Linux"),
            ("strategy.job-index", "0"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            environment: environment
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            contexts: contexts.map(owned).into(),
            inputs: [owned(("binary", "factory-gate"))].into(),
            answers: obliging,
            action: action(),
            directory,
        }
    }

    /// Without the input `binary`, so that the action has to find a program; on such a runner.
    pub(super) fn finding(os: &str, arch: &str) -> Self {
        let mut stage = Self::new()
            .environment("RUNNER_OS", os)
            .environment("RUNNER_ARCH", arch)
            .environment("FAKE_VERSION", env!("CARGO_PKG_VERSION"))
            .context("runner.os", os);
        stage.inputs.remove("binary");
        stage
    }

    pub(super) fn input(mut self, name: &str, value: &str) -> Self {
        self.inputs.insert(name.into(), value.into());
        self
    }

    pub(super) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    pub(super) fn context(mut self, name: &str, value: &str) -> Self {
        self.contexts.insert(name.into(), value.into());
        self
    }

    /// A pull request, from this repository.
    pub(super) fn pull_request(self, head: &str) -> Self {
        self.context("github.event_name", "pull_request")
            .context("github.event.pull_request.head.repo.full_name", head)
    }

    pub(super) fn answers(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }

    /// Lets `/bin/sh` be bash, as on some systems.
    pub(super) fn with_bash_as_sh(mut self) -> Self {
        for step in self.action["runs"]["steps"].as_sequence_mut().unwrap() {
            for key in ["shell", "run"] {
                if let Some(text) = step.get(key).and_then(Yaml::as_str) {
                    step[key] = text.replace("/bin/sh", "/bin/bash --posix").into();
                }
            }
        }
        self
    }

    /// A copy of the action whose table has these lines.
    pub(super) fn table(self, lines: &str) -> Self {
        let copy = self.at("action");
        std::fs::create_dir_all(copy.join(".github/action")).unwrap();
        for name in ["run.sh", "inputs.sh", "program.sh", "end.sh"] {
            let name = format!(".github/action/{name}");
            std::fs::copy(source().join(&name), copy.join(&name)).unwrap();
        }
        std::fs::copy(source().join("Cargo.toml"), copy.join("Cargo.toml")).unwrap();
        std::fs::write(copy.join(".github/action/checksums.txt"), lines).unwrap();
        let copy = copy.to_str().unwrap().to_owned();
        self.environment("GITHUB_ACTION_PATH", &copy)
    }

    /// A place on the machine.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    /// What a stand-in wrote down; empty if it was not called.
    pub(super) fn logged(&self, name: &str) -> String {
        std::fs::read_to_string(self.at("log").join(name)).unwrap_or_default()
    }

    /// What reached the program.
    pub(super) fn arguments(&self) -> Vec<String> {
        let logged = self.logged("arguments");
        logged
            .split_terminator('\0')
            .map(ToOwned::to_owned)
            .collect()
    }

    /// Everything that lies in the workspace.
    pub(super) fn in_workspace(&self) -> Vec<String> {
        let found = crate::world::snapshot(&self.at("workspace")).into_keys();
        let name = |path: PathBuf| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        found
            .filter_map(name)
            .filter(|name| name != "workspace")
            .collect()
    }

    pub(super) fn run(&self) -> Ended {
        runner::run(&Job {
            action: &self.action,
            contexts: self.contexts.clone(),
            inputs: self.inputs.clone(),
            environment: self.environment.clone(),
            workspace: &self.at("workspace"),
            temp: &self.at("temp"),
            answers: self.answers,
        })
    }
}

/// A release for one target, as `.ci/release/pack` packs it, at the place where a mirror has it; and its table.
pub(super) fn release(mirror: &Path, version: &str, target: &str, program: &Path) -> String {
    let assets = mirror.join("releases/download").join(format!("v{version}"));
    std::fs::create_dir_all(&assets).unwrap();
    let said = Command::new(source().join(".ci/release/pack"))
        .args([version, target])
        .arg(program)
        .arg(&assets)
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout).unwrap()
}

/// The actions that are used do what they are there for.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one of the `Answers`, of which others fail"
)]
pub(super) fn obliging(used: &Use) -> Option<BTreeMap<String, String>> {
    let outputs: &[(&str, &str)] = if used.action.starts_with("actions/upload-artifact@") {
        &[
            ("artifact-id", "7"),
            ("artifact-url", "https://github.example/7"),
            ("artifact-digest", "abc"),
        ]
    } else if used
        .action
        .starts_with("github/codeql-action/upload-sarif@")
    {
        &[("sarif-id", "s-1")]
    } else {
        panic!("an action that nobody expects: {used:?}");
    };
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Some(outputs.iter().map(owned).collect())
}
