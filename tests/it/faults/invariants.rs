//! A workspace to be cleaned under faults, and what must hold when the run has ended, however it ended.

use super::strace::End;
use crate::cleanup::kit::{ROWS, Scene, TRASH, cleaning};
use crate::world::query;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How much there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// 12 files in three directories.
    Small,
    /// 600 files, so that writing the record takes many calls.
    Wide,
    /// 2,500 files: several batches of intents.
    Vast,
}

/// How SQLite keeps what is not yet committed apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// By a write-ahead log, as on every local file system.
    Log,
    /// By a rollback journal, as on file systems over a network: the kernel's answer about the file system is forged.
    Rollback,
}

/// Intents that may be in doubt after a death: those of the batch that is acted on, and of the one before it, whose results
/// are on their way to the disk.
const DOUBTS: usize = 2 * 1024;

/// A workspace with things to remove and things to keep.
pub(super) struct Stage {
    pub(super) scene: Scene,
    pub(super) mode: Mode,
    targets: BTreeSet<String>,
    kept: BTreeSet<String>,
}

/// What one row says of a target.
#[derive(Debug)]
struct Row {
    state: String,
    #[expect(dead_code, reason = "read by whoever reads the message")]
    result: String,
    affected: i64,
}

impl Stage {
    /// Makes the workspace anew.
    pub(super) fn set(size: Size, mode: Mode) -> Self {
        let count = match size {
            Size::Small => 12,
            Size::Wide => 600,
            Size::Vast => 2500,
        };
        let mut world = cleaning(TRASH)
            .file("keep.txt", "x\n")
            .file("b/keep.txt", "x\n");
        for number in 0..count {
            let path = match number % 3 {
                0 => format!("a/{number}.tmp"),
                1 => format!("b/{number}.tmp"),
                _ => format!("trash/{number}"),
            };
            world = world.file(path, format!("content {number}\n"));
        }
        std::fs::create_dir(world.beside("scratch")).unwrap();
        let all = names(&world.root());
        let is_target = |path: &&String| {
            Path::new(path).extension().is_some_and(|end| end == "tmp") || path.starts_with("trash")
        };
        let targets: BTreeSet<String> = all.iter().filter(is_target).cloned().collect();
        assert_eq!(targets.len(), count + 1);
        Self {
            kept: all.difference(&targets).cloned().collect(),
            scene: Scene::of(world),
            mode,
            targets,
        }
    }

    /// Where the run may put what is temporary.
    pub(super) fn scratch(&self) -> PathBuf {
        self.scene.beside("scratch")
    }

    fn missing(&self) -> BTreeSet<String> {
        self.targets
            .difference(&names(&self.scene.root()))
            .cloned()
            .collect()
    }

    /// Everything that does not hold, in words; nothing if all does.
    pub(super) fn broken_promises(&self, end: &End) -> Vec<String> {
        let mut flags = Vec::new();
        self.judge_end(end, &mut flags);
        let missing = self.missing();
        self.judge_durable(&missing, &mut flags);
        self.judge_recovery(&missing, &mut flags);
        self.judge_rerun(&mut flags);
        self.judge_leftovers(&mut flags);
        if !flags.is_empty() {
            flags.push(format!("{end:?}"));
        }
        flags
    }

    /// The exit code says no more than what is there.
    fn judge_end(&self, end: &End, flags: &mut Vec<String>) {
        match end.code {
            None | Some(3) => {}
            Some(0) => {
                if !self.missing().is_superset(&self.targets) {
                    flags.push("exit code 0, and not everything is done".into());
                }
                if self.scene.gate(["verify", "factory_deployment.db"]).status != 0 {
                    flags.push("exit code 0, and the record does not verify".into());
                }
            }
            // 127: the loader of the program failed, before its first line.
            Some(2 | 127) if self.missing().is_empty() => {}
            Some(code) => flags.push(format!("exit code {code}")),
        }
    }

    /// What survived of the record before anybody recovers it: whatever is missing was intended before.
    fn judge_durable(&self, missing: &BTreeSet<String>, flags: &mut Vec<String>) {
        let mut known: BTreeMap<String, Row> = BTreeMap::new();
        for directory in self.run_directories() {
            // A copy: opening it would fold its journal in.
            let copy = tempfile::tempdir().unwrap();
            for entry in std::fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
            }
            let database = copy.path().join("run.db");
            if database.exists() {
                known.extend(rows(&database, flags));
            }
        }
        if self.scene.database().exists() {
            for (path, row) in rows(&self.scene.database(), flags) {
                known.entry(path).or_insert(row);
            }
        }
        for path in missing {
            match known.get(path) {
                None => flags.push(format!("{path} is gone, and no row survived")),
                Some(row) if row.state == "planned" => {
                    flags.push(format!("{path} is gone, and its intent did not survive"));
                }
                Some(_) => {}
            }
        }
        self.judge_rows(&known, missing, flags);
    }

    /// No row says that something was removed which is there, or that it stayed when it is gone.
    fn judge_rows(
        &self,
        rows: &BTreeMap<String, Row>,
        missing: &BTreeSet<String>,
        flags: &mut Vec<String>,
    ) {
        for (path, row) in rows {
            if !self.targets.contains(path) {
                flags.push(format!("a row for {path}, which nobody wants: {row:?}"));
            }
            let is_gone = missing.contains(path);
            let is_true = match &*row.state {
                "removed" => is_gone && row.affected == 1,
                "already_gone" | "applied_unconfirmed" => is_gone && row.affected == 0,
                "planned" | "skipped" | "refused" => !is_gone && row.affected == 0,
                "intent" => true,
                "failed" => is_gone == (row.affected > 0),
                _ => false,
            };
            if !is_true {
                flags.push(format!("{path}, gone: {is_gone}: {row:?}"));
            }
        }
    }

    /// After `recover` there is a published record, as true as before, and as complete as it says.
    fn judge_recovery(&self, missing: &BTreeSet<String>, flags: &mut Vec<String>) {
        let answer = self.scene.gate(["recover"]);
        if answer.status != 0 {
            flags.push(format!("recover: {answer:?}"));
        }
        if !self.run_directories().is_empty() {
            flags.push("a private directory is left after recover".into());
        }
        // What lay in between, it puts back; nothing more goes.
        let missing = &self.missing().intersection(missing).cloned().collect();
        if self.missing() != *missing {
            flags.push("recover removed something".into());
        }
        if !self.scene.database().exists() {
            if !missing.is_empty() {
                flags.push("something is gone, and nothing is published".into());
            }
            return;
        }
        let answer = self.scene.gate(["verify", "factory_deployment.db"]);
        if ![0, 3].contains(&answer.status) {
            flags.push(format!("verify: {answer:?}"));
        }
        let rows = rows(&self.scene.database(), flags);
        let doubtful = |row: &&Row| matches!(&*row.state, "applied_unconfirmed" | "unknown");
        let doubts = rows.values().filter(doubtful).count();
        if doubts > DOUBTS {
            flags.push(format!("{doubts} actions are in doubt"));
        }
        let sealed = query(&self.scene.database(), "SELECT ambiguous FROM seal");
        if sealed != [doubts.to_string()] {
            flags.push(format!("the seal says {sealed:?} of {doubts} doubts"));
        }
        if rows.values().any(|row| row.state == "intent") {
            flags.push("an intent is left after recover".into());
        }
        self.judge_rows(&rows, missing, flags);
    }

    /// The next run ends the work, and the one after it has nothing to do.
    fn judge_rerun(&self, flags: &mut Vec<String>) {
        let again = self.scene.sweep();
        if again.status != 0 {
            flags.push(format!("the next run: {again:?}"));
            return;
        }
        if self.missing() != self.targets {
            flags.push("the next run did not end the work".into());
        }
        let done = self.scene.rows();
        if done.iter().any(|row| !row.ends_with("|removed")) {
            flags.push(format!("the next run: {done:?}"));
        }
        let last = self.scene.sweep();
        let rows = query(&self.scene.database(), ROWS);
        if last.status != 0 || !rows.is_empty() {
            flags.push(format!("the run after that: {last:?} {rows:?}"));
        }
        let verified = self.scene.gate(["verify", "factory_deployment.db"]).status;
        if ![0, 3].contains(&verified) {
            flags.push(format!("verify at the end: {verified}"));
        }
    }

    /// Nothing is left beside the record, and nothing in the workspace but what was to stay.
    fn judge_leftovers(&self, flags: &mut Vec<String>) {
        let mut left = names(&self.scene.root());
        // Directories of the program's own may stay, empty: nobody's data is in them.
        let own = self.scene.at(".factory-gate");
        if !names(&own).iter().any(|name| !own.join(name).is_dir()) {
            left.retain(|name| !name.starts_with(".factory-gate/") && name != ".factory-gate");
        }
        if left != self.kept {
            flags.push(format!("the workspace holds {left:?}"));
        }
        let beside: BTreeSet<String> = std::fs::read_dir(self.scene.beside(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let known = ["canary", "factory_deployment.db", "scratch", "work"];
        if !beside.iter().map(String::as_str).eq(known) {
            flags.push(format!("beside the workspace: {beside:?}"));
        }
        let scratch = names(&self.scratch());
        if !scratch.is_empty() {
            flags.push(format!("in the scratch directory: {scratch:?}"));
        }
        self.scene.assert_canary();
    }

    fn run_directories(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.scene.beside("")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| {
                path.to_str()
                    .unwrap()
                    .contains("/.factory_deployment.db.run-")
            })
            .collect()
    }
}

/// All paths below a directory, relative to it.
fn names(directory: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(path).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(directory).unwrap().to_str().unwrap();
            all.insert(name.to_owned());
            if std::fs::symlink_metadata(&path).unwrap().is_dir() {
                open.push(path);
            }
        }
    }
    all
}

/// The rows of all targets in a record that may be unfinished; its integrity is checked with its journal.
fn rows(database: &Path, flags: &mut Vec<String>) -> BTreeMap<String, Row> {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut read = || -> rusqlite::Result<BTreeMap<String, Row>> {
        let answer: String =
            connection.query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
        if answer != "ok" {
            flags.push(format!("integrity: {answer}"));
        }
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'cleanup_details'";
        if connection.query_row(tables, (), |row| row.get::<_, i64>(0))? == 0 {
            return Ok(BTreeMap::new());
        }
        let mut select = connection.prepare(
            "SELECT target_path, state, action_result, files_affected FROM cleanup_actions a \
             JOIN cleanup_details d ON d.action_id = a.id",
        )?;
        let rows = select.query_map((), |row| {
            let told = Row {
                state: row.get(1)?,
                result: row.get(2)?,
                affected: row.get(3)?,
            };
            Ok((row.get(0)?, told))
        })?;
        rows.collect()
    };
    match read() {
        Ok(rows) => rows,
        Err(error) => {
            flags.push(format!("{}: {error}", database.display()));
            BTreeMap::new()
        }
    }
}
