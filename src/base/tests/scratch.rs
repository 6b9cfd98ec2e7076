//! Repositories for tests, made by git itself.

use std::path::Path;
use std::process::Command;

/// Runs git with nobody's configuration; answers what it says.
pub(super) fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(at)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Adds a file with this text and commits it; answers the commit.
pub(super) fn commit(at: &Path, file: &str, text: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test makes its own files")]
    std::fs::write(at.join(file), text).unwrap();
    git(at, &["add", "."]);
    git(at, &["commit", "-qm", file]);
    git(at, &["rev-parse", "HEAD"])
}
