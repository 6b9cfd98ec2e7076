//! A temporary workspace, and the binary run in it with a clean environment.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A workspace with room beside it (for the database), both gone when it is dropped.
pub(crate) struct World {
    directory: tempfile::TempDir,
}

impl World {
    /// An empty workspace.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("work")).unwrap();
        Self { directory }
    }

    /// The workspace.
    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join("work")
    }

    /// A path beside the workspace.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    /// Where `run` writes its database.
    pub(crate) fn database(&self) -> PathBuf {
        self.beside("factory_deployment.db")
    }

    /// Adds a file.
    pub(crate) fn file(self, path: impl AsRef<[u8]>, contents: impl AsRef<[u8]>) -> Self {
        let place = self.root().join(OsStr::from_bytes(path.as_ref()));
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, contents).unwrap();
        self
    }

    /// Adds the policy.
    pub(crate) fn policy(self, text: &str) -> Self {
        self.file(".factory-gate.yml", text)
    }

    /// Adds an executable file.
    pub(crate) fn executable(self, path: &str, contents: &str) -> Self {
        let world = self.file(path, contents);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(world.root().join(path), mode).unwrap();
        world
    }

    /// Adds a symlink.
    pub(crate) fn link(self, path: &str, target: impl AsRef<Path>) -> Self {
        let place = self.root().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, place).unwrap();
        self
    }

    /// Adds an empty directory.
    pub(crate) fn directory(self, path: &str) -> Self {
        std::fs::create_dir_all(self.root().join(path)).unwrap();
        self
    }

    /// Makes the workspace a git repository and tracks what is in it now, ignored files too.
    pub(crate) fn git(self) -> Self {
        self.git_command(&["init", "--quiet", "."]);
        self.git_command(&["add", "--force", "--all", "."]);
        self
    }

    /// Runs git in the workspace, with no configuration but its own; answers what it prints.
    pub(crate) fn git_command(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "init.defaultBranch=main", "-c", "core.autocrlf=false"])
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments)
            .current_dir(self.root())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs the binary in the workspace's parent directory with a scrubbed environment.
    pub(crate) fn gate<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Answer {
        self.gate_with(arguments, &[])
    }

    /// As [`Self::gate`], with these environment variables.
    pub(crate) fn gate_with<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
        environment: &[(&str, &str)],
    ) -> Answer {
        let output = self
            .command(arguments)
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        Answer {
            status: output.status.code().unwrap_or(-1),
            stdout: self.filtered(&output.stdout),
            stderr: self.filtered(&output.stderr),
        }
    }

    /// The binary, ready to run.
    pub(crate) fn command<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
    ) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.directory.path());
        command.stdin(std::process::Stdio::null());
        command
    }

    /// `run` over the workspace with the database beside it, and these further arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.gate(["run", "work"].iter().chain(arguments))
    }

    /// `run --format json`, parsed.
    pub(crate) fn run_json(&self, arguments: &[&str]) -> serde_json::Value {
        let answer = self.run(&[&["--format", "json"], arguments].concat());
        serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }

    /// The violations of a run: `severity rule path[:line:column]`, in order.
    pub(crate) fn violations(&self, arguments: &[&str]) -> Vec<String> {
        let report = self.run_json(arguments);
        let rows = report["violations"].as_array().unwrap().iter();
        rows.map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let mut place = text("path");
            if let (Some(line), Some(column)) = (row["line"].as_u64(), row["column"].as_u64()) {
                write!(place, ":{line}:{column}").unwrap();
            }
            let suppressed = if row["state"] == "suppressed" {
                " (suppressed)"
            } else {
                ""
            };
            format!(
                "{} {} {place}{suppressed}",
                text("severity"),
                text("rule_id")
            )
        })
        .collect()
    }

    /// Asks the database one question; each row's columns joined by `|`.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        query(&self.database(), sql)
    }

    fn filtered(&self, bytes: &[u8]) -> String {
        let directory = self.directory.path().canonicalize().unwrap();
        let text = String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        text.replace(directory.to_str().unwrap(), "[TEMP]")
    }
}

/// The binary under test: the one that cargo built, or the one that `FG_BINARY` names.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("FG_BINARY")
        .map_or_else(|| env!("CARGO_BIN_EXE_factory-gate").into(), PathBuf::from)
}

/// What one thing in a tree is: kind and mode, modification time in nanoseconds, content or the link's target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    mode: u32,
    modified_ns: i64,
    content: Vec<u8>,
}

/// Everything below a directory, and the directory itself, by path.
pub(crate) fn snapshot(directory: &Path) -> BTreeMap<PathBuf, Fact> {
    let mut all = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(path) = open.pop() {
        let seen = std::fs::symlink_metadata(&path).unwrap();
        let kind = seen.file_type();
        let content = if kind.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
            Vec::new()
        } else if kind.is_symlink() {
            let target = std::fs::read_link(&path).unwrap();
            target.as_os_str().as_bytes().to_vec()
        } else if kind.is_file() {
            std::fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        let fact = Fact {
            mode: seen.mode(),
            modified_ns: seen.mtime() * 1_000_000_000 + seen.mtime_nsec(),
            content,
        };
        all.insert(path, fact);
    }
    all
}

/// Asks a database one question; each row's columns joined by `|`.
pub(crate) fn query(database: &Path, sql: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..columns).map(|column| {
            Ok(match row.get_ref(column)? {
                rusqlite::types::ValueRef::Null => "NULL".to_owned(),
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                rusqlite::types::ValueRef::Real(number) => number.to_string(),
                rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                rusqlite::types::ValueRef::Blob(blob) => format!("{blob:?}"),
            })
        });
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// What the binary answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Exit code; -1 if a signal ended it.
    pub(crate) status: i32,
    /// Standard output, with the temporary directory replaced.
    pub(crate) stdout: String,
    /// Standard error, with the temporary directory replaced.
    pub(crate) stderr: String,
}

/// Makes a FIFO, with the program that every Unix has: the system call is not there for macOS.
pub(crate) fn make_fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success(), "{}", path.display());
}
