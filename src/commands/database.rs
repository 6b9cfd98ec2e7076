//! Commands about a database: verify it, and recover what a killed run left behind.

use super::{Answer, Problem, stdout};
#[cfg(unix)]
use crate::beneath::{Root, RootRules};
#[cfg(unix)]
use crate::cleanup;
use crate::cli::VerifyArgs;
use crate::phases::Exit;
use crate::report::encode::log_line;
use crate::store::{
    self, Intent, Outcome, ReadOptions, SessionCheck, SessionState, Verification, VerifyOptions,
};
use anyhow::Context as _;
use std::io::{self, Write};
use std::path::Path;

/// A database of more bytes is refused.
const MOST_BYTES: u64 = 64 << 30;

pub(super) fn verify(arguments: &VerifyArgs) -> Answer {
    let path = std::path::absolute(&arguments.database)?;
    if !path.exists() {
        let message = format!("there is no database at `{}`", arguments.database.display());
        return Err(Problem::usage(anyhow::anyhow!(message)));
    }
    let options = VerifyOptions {
        reading: ReadOptions {
            scratch: std::env::temp_dir(),
            max_bytes: MOST_BYTES,
        },
        expect_digest: arguments.expect_digest.clone(),
        expect_sha256: arguments.expect_sha256.clone(),
    };
    let verification = store::verify(&path, &options).map_err(|error| match error {
        store::StoreError::Foreign { .. } => Problem::usage(error),
        other => other.into(),
    })?;
    show(&verification, &mut stdout())?;
    Ok(match verification.outcome {
        Outcome::Ok => Exit::Pass,
        Outcome::Tampered => Exit::Fail,
        Outcome::Incomplete => Exit::Undecided,
    })
}

fn show(verification: &Verification, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "file    sha256 {} ({} bytes)",
        verification.sha256, verification.bytes
    )?;
    for session in &verification.sessions {
        show_session(session, out)?;
    }
    for problem in &verification.problems {
        writeln!(out, "PROBLEM {}", log_line(problem))?;
    }
    writeln!(
        out,
        "\n{}",
        match verification.outcome {
            Outcome::Ok => "OK: everything that was sealed is there, unchanged",
            Outcome::Incomplete => "INCOMPLETE: what is there is true, but it is not everything",
            Outcome::Tampered => "TAMPERED: this file is not what was sealed or expected",
        }
    )
}

fn show_session(session: &SessionCheck, out: &mut dyn Write) -> io::Result<()> {
    let id = log_line(&session.deployment_id);
    match &session.state {
        SessionState::Sealed => writeln!(out, "sealed  {id}")?,
        SessionState::Unsealed => writeln!(out, "no seal {id} (written before there were seals)")?,
        SessionState::Incomplete(why) => writeln!(out, "INCOMPLETE {id}: {}", log_line(why))?,
        SessionState::Tampered(what) => {
            writeln!(out, "TAMPERED {id}")?;
            for one in what {
                writeln!(out, "        {}", log_line(one))?;
            }
        }
    }
    if let Some(digest) = &session.digest {
        writeln!(out, "        session digest {}", log_line(digest))?;
    }
    if session.ambiguous > 0 {
        let count = session.ambiguous;
        writeln!(
            out,
            "        {count} cleanup actions of which nobody knows whether they happened"
        )?;
    }
    Ok(())
}

pub(super) fn recover(database: &Path) -> Answer {
    let path = std::path::absolute(database)?;
    let now = crate::phases::stamp(jiff::Timestamp::now());
    let recovered =
        store::recover(&path, &now, &look).context("a dead run could not be recovered")?;
    let mut out = stdout();
    if recovered.is_empty() {
        writeln!(
            out,
            "nothing to recover beside `{}`",
            log_line(&database.display().to_string())
        )?;
    }
    for one in &recovered {
        let id = one
            .deployment_id
            .as_deref()
            .unwrap_or("a run that had recorded nothing");
        let how = if one.was_sealed {
            "its record was whole"
        } else {
            "sealed as incomplete"
        };
        writeln!(
            out,
            "recovered {}: {how}, {} actions looked at",
            log_line(id),
            one.looked_at
        )?;
        if let Some(published) = &one.published {
            writeln!(
                out,
                "          published `{}`",
                log_line(&published.path.display().to_string())
            )?;
            writeln!(out, "          session digest {}", published.session_digest)?;
        }
    }
    Ok(Exit::Pass)
}

/// Looks, in the dead run's workspace, at what it had meant to remove.
#[cfg(unix)]
fn look(intent: Intent<'_>) -> store::Sight {
    let workspace = std::path::PathBuf::from(intent.workspace);
    let Ok(root) = Root::open(&workspace, &RootRules::default()) else {
        return store::Sight::Different;
    };
    match root.sight(intent.path, intent.identity) {
        cleanup::Sight::Same => store::Sight::Same,
        cleanup::Sight::Absent => store::Sight::Absent,
        cleanup::Sight::Different | cleanup::Sight::Unknown(_) => store::Sight::Different,
    }
}

/// Elsewhere than on Unix nobody can tell, and nothing was removed.
#[cfg(not(unix))]
fn look(_intent: Intent<'_>) -> store::Sight {
    store::Sight::Different
}
