//! A pull request as GitHub checks it out: main, a topic, and their merge; the gate is run on the merge.

use crate::world::{Answer, World};
use serde_json::Value;

/// A repository with one commit on main, of which a change goes on.
pub(super) struct Request {
    pub(super) world: World,
    pub(super) base: String,
}

/// The policy of most tests: one rule that finds a space at the end of `bad.txt`, and the one about the gate.
pub(super) const POLICY: &str =
    "version: 1\nrules:\n  trailing-whitespace: error\n  gate-integrity: error\n";

pub(super) fn git(world: &World, arguments: &[&str]) -> String {
    world.git_command(arguments)
}

impl Request {
    /// What the workspace holds becomes main.
    pub(super) fn of(world: World) -> Self {
        git(&world, &["init", "--quiet", "."]);
        git(&world, &["add", "--force", "--all", "."]);
        git(
            &world,
            &["commit", "--quiet", "--allow-empty", "-m", "base"],
        );
        git(&world, &["branch", "-M", "main"]);
        let base = git(&world, &["rev-parse", "HEAD"]);
        git(&world, &["checkout", "--quiet", "-b", "topic"]);
        Self { world, base }
    }

    pub(super) fn write(&self, path: &str, text: &str) -> &Self {
        let place = self.world.root().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, text).unwrap();
        self
    }

    pub(super) fn remove(&self, path: &str) -> &Self {
        std::fs::remove_file(self.world.root().join(path)).unwrap();
        self
    }

    pub(super) fn link(&self, path: &str, target: &str) -> &Self {
        std::os::unix::fs::symlink(target, self.world.root().join(path)).unwrap();
        self
    }

    /// Commits the change and checks its merge out; answers the topic.
    pub(super) fn merge(&self) -> String {
        let world = &self.world;
        git(world, &["add", "--force", "--all", "."]);
        git(
            world,
            &["commit", "--quiet", "--allow-empty", "-m", "change"],
        );
        let topic = git(world, &["rev-parse", "HEAD"]);
        git(world, &["checkout", "--quiet", "--detach", "main"]);
        git(
            world,
            &["merge", "--quiet", "--no-ff", "-m", "merge", "topic"],
        );
        topic
    }

    /// Merges, and runs the gate as a pull request's check.
    pub(super) fn judge(&self, arguments: &[&str]) -> Judgement {
        let topic = self.merge();
        self.run(&topic, arguments)
    }

    pub(super) fn run(&self, topic: &str, arguments: &[&str]) -> Judgement {
        let event = self.world.beside("event.json");
        let text = format!(r#"{{"pull_request":{{"head":{{"sha":"{topic}"}}}}}}"#);
        std::fs::write(&event, text).unwrap();
        let environment = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
        ];
        let all = ["run", "work", "--format", "json"];
        let all = all.iter().chain(arguments);
        Judgement::of(self.world.gate_with(all, &environment))
    }
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) status: i32,
    pub(super) report: Value,
    pub(super) stderr: String,
}

impl Judgement {
    pub(super) fn of(answer: Answer) -> Self {
        Self {
            status: answer.status,
            report: serde_json::from_str(&answer.stdout).unwrap_or(Value::Null),
            stderr: answer.stderr,
        }
    }

    fn texts(&self, pointer: &str) -> Vec<String> {
        let list = self.report.pointer(pointer).and_then(Value::as_array);
        let list = list.into_iter().flatten().filter_map(Value::as_str);
        list.map(str::to_owned).collect()
    }

    pub(super) fn notices(&self) -> String {
        self.texts("/notices").join("\n")
    }

    pub(super) fn reasons(&self) -> String {
        self.texts("/verdict/reasons").join("\n")
    }

    /// `severity path message` of each finding of the rule that is not suppressed.
    pub(super) fn of_rule(&self, rule: &str) -> Vec<String> {
        let rows = self.report["violations"].as_array().into_iter().flatten();
        let rows = rows.filter(|row| row["rule_id"] == rule && row["state"] != "suppressed");
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        rows.map(|row| {
            format!(
                "{} {} {}",
                text(row, "severity"),
                text(row, "path"),
                text(row, "message")
            )
        })
        .collect()
    }

    pub(super) fn integrity(&self) -> String {
        self.of_rule("gate-integrity").join("\n")
    }

    /// The change failed for an error of `gate-integrity` that says this, and what it wanted to hide is still there.
    #[track_caller]
    pub(super) fn refuses(&self, text: &str) {
        assert_eq!(self.status, 1, "{self:#?}");
        let integrity = self.of_rule("gate-integrity");
        let is_said = |one: &String| one.starts_with("error ") && one.contains(text);
        assert!(integrity.iter().any(is_said), "{text}: {integrity:#?}");
    }

    /// The space at the end of `bad.txt` is reported.
    #[track_caller]
    pub(super) fn still_finds(&self, path: &str) {
        let found = self.of_rule("trailing-whitespace");
        assert!(found.iter().any(|one| one.contains(path)), "{found:?}");
    }
}
