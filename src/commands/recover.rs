//! `recover`: closes what killed runs left behind.

use super::{Answer, stdout};
use crate::beneath::{Root, RootRules};
use crate::cleanup::{self, ApplyToken, Interrupted, Leftovers};
use crate::fix;
use crate::phases::Exit;
use crate::report::encode::log_line;
use crate::store::{self, Intent, Recovered};
use anyhow::Context as _;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

pub(super) fn recover(database: &Path) -> Answer {
    let path = std::path::absolute(database)?;
    let now = crate::phases::stamp(jiff::Timestamp::now());
    let staged = RefCell::new(Staged::new());
    let look = |intent: Intent<'_>| {
        remember(&intent, &mut staged.borrow_mut());
        look(intent)
    };
    let recovered =
        store::recover(&path, &now, &look).context("a dead run could not be recovered")?;
    clear_staging(&recovered, &staged.borrow())?;
    let mut out = stdout();
    if recovered.is_empty() {
        writeln!(
            out,
            "nothing to recover beside `{}`",
            log_line(&database.display().to_string())
        )?;
    }
    for one in &recovered {
        show_recovered(one, &mut out)?;
    }
    Ok(Exit::Pass)
}

fn show_recovered(one: &Recovered, out: &mut dyn Write) -> io::Result<()> {
    // First, so that a closed output keeps nothing from being done.
    let left = match (&one.workspace, &one.deployment_id) {
        (Some(workspace), Some(run)) => leftovers(workspace, run).and_then(|left| left.clear()),
        _ => Ok(None),
    };
    let id = one
        .deployment_id
        .as_deref()
        .unwrap_or("a run that had recorded nothing");
    let how = if one.was_sealed {
        "its record was whole"
    } else {
        "sealed as incomplete"
    };
    let (id, count) = (log_line(id), one.looked_at);
    writeln!(out, "recovered {id}: {how}, {count} actions looked at")?;
    if let Some(published) = &one.published {
        let path = log_line(&published.path.display().to_string());
        writeln!(out, "          published `{path}`")?;
        writeln!(out, "          session digest {}", published.session_digest)?;
    }
    match left {
        Ok(None) => Ok(()),
        Ok(Some(place)) => {
            let place = log_line(&place);
            writeln!(
                out,
                "          something could not be put back and is in `{place}`"
            )
        }
        Err(why) => {
            let why = log_line(&why);
            writeln!(
                out,
                "          what the run may have moved aside was not looked for: {why}"
            )
        }
    }
}

fn leftovers(workspace: &str, deployment_id: &str) -> Result<Leftovers, String> {
    let token = ApplyToken::because_recover_was_asked_for();
    Leftovers::open(Path::new(workspace), deployment_id, token).map_err(|error| error.to_string())
}

/// Digests of what dead runs put in the place of files, and of what these held before.
type Staged = BTreeSet<String>;

fn remember(intent: &Intent<'_>, staged: &mut Staged) {
    if intent.identity.get("after_sha256").is_some() {
        let digests = ["before_sha256", "after_sha256"].map(|key| intent.identity[key].as_str());
        staged.extend(digests.into_iter().flatten().map(str::to_owned));
    }
}

/// Takes away what dead runs had staged and did not come to use.
fn clear_staging(recovered: &[Recovered], staged: &Staged) -> anyhow::Result<()> {
    // What is removed was made by the dead run, which had the permission.
    let token = fix::ApplyToken::because_apply_was_asked_for();
    for one in recovered {
        let (Some(id), Some(workspace)) = (&one.deployment_id, &one.workspace) else {
            continue;
        };
        // A workspace that is gone took its staging directory with it.
        let Ok(root) = Root::open(Path::new(workspace), &RootRules::default()) else {
            continue;
        };
        fix::clear_staging(&root, id, staged, &token)
            .with_context(|| format!("what `{id}` had staged cannot be removed"))?;
    }
    Ok(())
}

/// Looks, in the dead run's workspace, at what it had meant to remove, and puts back what it had moved aside.
fn look(intent: Intent<'_>) -> store::Sight {
    let Ok(leftovers) = leftovers(intent.workspace, intent.deployment_id) else {
        return store::Sight::Different;
    };
    if let Some(after) = intent.identity.get("after_sha256") {
        let before = &intent.identity["before_sha256"];
        return match fix::digest_at(leftovers.root(), intent.path) {
            Ok(found) if found.as_deref() == after.as_str() => store::Sight::Done,
            Ok(found) if found.as_deref() == before.as_str() => store::Sight::Same,
            Ok(_) | Err(_) => store::Sight::Different,
        };
    }
    let interrupted = Interrupted {
        path: intent.path,
        identity: intent.identity,
        number: intent.number as usize,
        is_quarantine: intent.action_type == cleanup::Action::FileQuarantine.as_str(),
    };
    let is_restore = intent.action_type == "file_restore";
    let sight = match (is_restore, intent.kept_at) {
        (false, _) => leftovers.settle(&interrupted),
        (true, Some(kept_at)) => Root::open(Path::new(intent.workspace), &RootRules::default())
            .map_or(cleanup::Sight::Different, |root| {
                root.sight_of_restore(intent.path, kept_at.as_bytes(), intent.identity)
            }),
        (true, None) => cleanup::Sight::Different,
    };
    match sight {
        cleanup::Sight::Restored => store::Sight::Restored,
        cleanup::Sight::Same => store::Sight::Same,
        cleanup::Sight::Absent => store::Sight::Absent,
        cleanup::Sight::Kept => store::Sight::Kept,
        cleanup::Sight::PutBack => store::Sight::PutBack,
        cleanup::Sight::PutBackOther => store::Sight::PutBackOther,
        cleanup::Sight::Aside(place) => store::Sight::Aside(place),
        cleanup::Sight::Different | cleanup::Sight::Unknown(_) => store::Sight::Different,
    }
}
