//! `restore`: puts quarantined files back, and records it in the same database.

mod archive;
mod session;

use super::places::{absolute, forbidden_roots};
use super::{Answer, Problem, sealed, stdout};
use crate::beneath::{Identity, Root, RootRules};
use crate::cleanup::{self, Kept, Outcome, Packed};
use crate::cli::RestoreArgs;
use crate::phases::Exit;
use crate::report::encode::log_line;
use crate::rules::PathPattern;
use crate::store::{self, Quarantine, Quarantined, Restored, SessionState};
use anyhow::{Context as _, anyhow};
use globset::{GlobSet, GlobSetBuilder};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// A quarantined file that was asked for.
struct Item {
    /// What the record says of it.
    file: Quarantined,
    /// The same, read; or why that cannot be used.
    kept: Result<Kept, Outcome>,
    /// What the look at it came to.
    examined: Result<Identity, Outcome>,
}

/// What to put back, and where.
struct Work {
    database: PathBuf,
    workspace: PathBuf,
    rules: RootRules,
    quarantine: Quarantine,
    items: Vec<Item>,
    /// The sessions that put files back which were asked for, and how many.
    earlier: BTreeMap<Restored, u64>,
}

pub(super) fn restore(arguments: &RestoreArgs) -> Answer {
    let database = absolute(&arguments.database).map_err(Problem::usage)?;
    if !database.exists() {
        let message = format!("there is no database at `{}`", arguments.database.display());
        return Err(Problem::usage(anyhow!(message)));
    }
    let only = patterns(&arguments.only).map_err(Problem::usage)?;
    let Some(mut quarantine) = quarantine(&database, arguments)? else {
        writeln!(
            stdout(),
            "nothing to restore: no session has quarantined files"
        )?;
        return Ok(Exit::Pass);
    };
    let workspace = workspace(arguments, &quarantine).map_err(Problem::usage)?;
    let rules = root_rules();
    let root = open(&workspace, &rules).map_err(Problem::usage)?;
    let files = std::mem::take(&mut quarantine.files);
    let mut items = items(&quarantine, files);
    let known = known(&items);
    items.retain(|item| {
        let path = Path::new(OsStr::from_bytes(&item.file.target));
        only.as_ref().is_none_or(|only| only.is_match(path))
    });
    let earlier = earlier(&items);
    let here = store::escape(workspace.as_os_str().as_encoded_bytes()).into_owned();
    let work = |items| Work {
        database,
        workspace,
        rules,
        quarantine,
        items,
        earlier,
    };
    if let Some(archive) = &arguments.from {
        let is_wanted = |item: &Item| is_wanted(item, &root, (&here, only.is_some()));
        items.retain(is_wanted);
        if items.is_empty() {
            return nothing(&work(items));
        }
        if arguments.dry_run {
            return archive::tell(work(items), &root, (archive, &known));
        }
        return session::restore(work(items), Some((archive, &known)));
    }
    examine(&root, &mut items);
    // What is gone because it was put back, or of which nobody saw that it came here, is nothing to restore.
    items.retain(|item| {
        let may_be_gone = item.file.restored.is_some() || !item.file.is_certain;
        !(may_be_gone && item.examined == Err(Outcome::AlreadyGone))
    });
    if items.is_empty() {
        return nothing(&work(items));
    }
    if arguments.dry_run {
        return Ok(dry_run(
            &items,
            &|item| item.examined.clone().map(drop),
            &mut stdout(),
        )?);
    }
    session::restore(work(items), None)
}

fn root_rules() -> RootRules {
    RootRules {
        expected: None,
        forbidden: forbidden_roots(&[]),
        // Whoever quarantined in it had looked for a sign of a workspace.
        marks: None,
    }
}

/// All files of the session of which the record can be used.
fn known(items: &[Item]) -> Packed {
    let with_number = |item: &Item| Some((item.file.number, item.kept.clone().ok()?));
    items.iter().filter_map(with_number).collect()
}

/// The sessions that put some of these files back, and how many.
fn earlier(items: &[Item]) -> BTreeMap<Restored, u64> {
    let mut earlier = BTreeMap::new();
    for by in items.iter().filter_map(|item| item.file.restored.as_ref()) {
        *earlier.entry(by.clone()).or_default() += 1;
    }
    earlier
}

/// Whether a file is to come out of an archive. What was put back here and is gone again was meant to go, unless it is
/// asked for by its name.
fn is_wanted(item: &Item, root: &Root, (here, is_named): (&str, bool)) -> bool {
    let Some(by) = &item.file.restored else {
        return true;
    };
    let is_occupied = || {
        let kept = item.kept.as_ref();
        kept.is_ok_and(|kept| root.examine_place(kept).is_err())
    };
    (by.workspace_path != here || is_named) && !is_occupied()
}

fn open(workspace: &Path, rules: &RootRules) -> anyhow::Result<Root> {
    Root::open(workspace, rules).with_context(|| {
        let name = workspace.display();
        format!("`{name}` cannot be opened as a workspace; `--workspace` names another")
    })
}

fn nothing(work: &Work) -> Answer {
    let id = log_line(&work.quarantine.deployment_id);
    let mut out = stdout();
    writeln!(
        out,
        "nothing to restore: no file of {id} that was asked for is left in the quarantine"
    )?;
    for (by, files) in &work.earlier {
        writeln!(
            out,
            "  {files} {} put back by {} at {} into `{}`",
            if *files == 1 { "file" } else { "files" },
            log_line(&by.deployment_id),
            log_line(&by.start_time),
            log_line(&by.workspace_path)
        )?;
    }
    if !work.earlier.is_empty() {
        writeln!(
            out,
            "  to bring one back again, where it is missing: --from ARCHIVE with --only GLOB, or with --workspace for \
             another copy of the workspace"
        )?;
    }
    Ok(Exit::Pass)
}

/// Verifies the database, and reads the quarantine from the very bytes that were verified.
fn quarantine(database: &Path, arguments: &RestoreArgs) -> Result<Option<Quarantine>, Problem> {
    let verification = sealed::verified(database)?;
    if verification.outcome == store::Outcome::Tampered {
        let name = arguments.database.display();
        return Err(anyhow!(
            "`{name}` is not what was sealed, so it cannot say what the quarantined files were; nothing was restored. \
             `factory-gate verify` shows more"
        )
        .into());
    }
    let wanted = arguments.session.as_deref();
    let quarantine = store::quarantine(database, wanted, &sealed::reading());
    let Some(quarantine) = quarantine.map_err(sealed::refused)? else {
        return Ok(None);
    };
    if quarantine.sha256 != verification.sha256 {
        return Err(anyhow!("the database changed while it was read; nothing was restored").into());
    }
    let checks = verification.sessions.into_iter();
    let mut own = checks.filter(|check| check.deployment_id == quarantine.deployment_id);
    let id = log_line(&quarantine.deployment_id);
    match own.next().map(|check| check.state) {
        Some(SessionState::Sealed) => Ok(Some(quarantine)),
        Some(SessionState::Incomplete(why)) => {
            let why = log_line(&why);
            writeln!(
                stdout(),
                "note: {id} is incomplete ({why}); what it is known to have quarantined is put back"
            )?;
            Ok(Some(quarantine))
        }
        _ => Err(anyhow!("{id} has no seal; nothing was restored").into()),
    }
}

fn patterns(texts: &[String]) -> anyhow::Result<Option<GlobSet>> {
    if texts.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for text in texts {
        let pattern = PathPattern::parse(text).map_err(|why| anyhow!("--only: {why}"))?;
        for glob in pattern.globs()? {
            set.add(glob);
        }
    }
    Ok(Some(set.build()?))
}

fn workspace(arguments: &RestoreArgs, quarantine: &Quarantine) -> anyhow::Result<PathBuf> {
    match &arguments.workspace {
        Some(path) => path
            .canonicalize()
            .with_context(|| format!("there is no workspace at `{}`", path.display())),
        None => Ok(PathBuf::from(&quarantine.workspace_path)),
    }
}

fn items(quarantine: &Quarantine, files: Vec<Quarantined>) -> Vec<Item> {
    let id = &quarantine.deployment_id;
    let is_plain = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let one = |file: Quarantined| {
        let place = cleanup::quarantined_at(id, file.number);
        let is_there = |kept_at: &String| kept_at.as_bytes() == place;
        let kept = if is_plain && file.kept_at.as_ref().is_none_or(is_there) {
            Kept::from_record(&file.target, place, &file.identity)
        } else {
            Err(Outcome::Refused(
                "the record names another place than its quarantine".into(),
            ))
        };
        Item {
            file,
            examined: Err(Outcome::AlreadyGone),
            kept,
        }
    };
    files.into_iter().map(one).collect()
}

/// Looks at every file; each is read to its end.
fn examine(root: &Root, items: &mut [Item]) {
    items.par_iter_mut().for_each(|item| {
        item.examined = item
            .kept
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|kept| root.examine_kept(kept));
    });
}

fn dry_run(
    items: &[Item],
    can_come_back: &dyn Fn(&Item) -> Result<(), Outcome>,
    out: &mut dyn Write,
) -> std::io::Result<Exit> {
    let mut missing = 0;
    for item in items {
        let path = shown(&item.file.target);
        match can_come_back(item) {
            Ok(()) => writeln!(out, "would restore {path}")?,
            Err(outcome) => {
                missing += 1;
                writeln!(out, "{} {path}", log_line(&outcome.to_string()))?;
            }
        }
    }
    let count = items.len() - missing;
    writeln!(
        out,
        "\n{count} of {} files would be restored; nothing was changed",
        items.len()
    )?;
    Ok(if missing == 0 {
        Exit::Pass
    } else {
        Exit::Undecided
    })
}

/// A path for the terminal and the log.
fn shown(path: &[u8]) -> String {
    log_line(&store::escape(path))
}
