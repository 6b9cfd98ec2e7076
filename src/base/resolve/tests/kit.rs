//! Repositories made by git itself, and their clones.

use std::path::{Path, PathBuf};
use std::process::Command;

pub(in crate::base) fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(at)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(["-c", "user.name=a", "-c", "user.email=a@b"])
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A commit with these parents, made `minute` minutes after some time.
fn commit(at: &Path, parents: &[&str], minute: i64) -> String {
    let tree = git(at, &["mktree"]);
    let mut arguments = vec!["commit-tree".to_owned(), tree];
    for parent in parents {
        arguments.extend(["-p".to_owned(), (*parent).to_owned()]);
    }
    let when = format!("{} +0000", 1_700_000_000 + minute * 60);
    let output = Command::new("git")
        .current_dir(at)
        .args(["-c", "user.name=a", "-c", "user.email=a@b"])
        .args(&arguments)
        .args(["-m", &format!("{minute}")])
        .env("GIT_AUTHOR_DATE", &when)
        .env("GIT_COMMITTER_DATE", &when)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository whose commits are named by their place in `history`: each one's parents, and its minute.
pub(super) struct World {
    pub(super) place: tempfile::TempDir,
    pub(super) ids: Vec<String>,
}

impl World {
    pub(super) fn new(history: &[(&[usize], i64)]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let full = place.path().join("full");
        std::fs::create_dir(&full).unwrap();
        git(&full, &["init", "-q"]);
        git(&full, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        let mut ids: Vec<String> = Vec::new();
        for (parents, minute) in history {
            let parents: Vec<&str> = parents.iter().map(|parent| &*ids[*parent]).collect();
            ids.push(commit(&full, &parents, *minute));
        }
        Self { place, ids }
    }

    pub(super) fn full(&self) -> PathBuf {
        self.place.path().join("full")
    }

    /// Points a branch to a commit.
    pub(super) fn branch(&self, name: &str, at: usize) {
        git(
            &self.full(),
            &["update-ref", &format!("refs/heads/{name}"), &self.ids[at]],
        );
    }

    /// A clone with these branches to a depth (0: all), with HEAD detached at a commit that is one of their tips.
    pub(super) fn clone(&self, branches: &[&str], depth: usize, head: usize) -> PathBuf {
        let to = tempfile::tempdir_in(self.place.path()).unwrap().keep();
        git(&to, &["init", "-q"]);
        let url = format!("file://{}", self.full().display());
        git(&to, &["remote", "add", "origin", &url]);
        let depth = format!("--depth={depth}");
        let mut arguments = vec!["fetch", "-q", "--no-tags"];
        if depth != "--depth=0" {
            arguments.push(&depth);
        }
        arguments.push("origin");
        let specs: Vec<String> = branches
            .iter()
            .map(|name| format!("+refs/heads/{name}:refs/remotes/origin/{name}"))
            .collect();
        arguments.extend(specs.iter().map(String::as_str));
        git(&to, &arguments);
        git(&to, &["update-ref", "--no-deref", "HEAD", &self.ids[head]]);
        to
    }

    /// All best common ancestors as git finds them in the whole history.
    pub(super) fn truth(&self, one: usize, other: usize) -> Vec<String> {
        let output = Command::new("git")
            .current_dir(self.full())
            .args(["merge-base", "--all", &self.ids[one], &self.ids[other]])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}
