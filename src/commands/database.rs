//! `verify`: whether a database is what its runs have recorded.

use super::{Answer, Problem, sealed, stdout};
use crate::cli::VerifyArgs;
use crate::phases::Exit;
use crate::report::encode::log_line;
use crate::store::{self, Outcome, SessionCheck, SessionState, Verification, VerifyOptions};
use std::io::{self, Write};

pub(super) fn verify(arguments: &VerifyArgs) -> Answer {
    let path = std::path::absolute(&arguments.database)?;
    if !path.exists() {
        let message = format!("there is no database at `{}`", arguments.database.display());
        return Err(Problem::usage(anyhow::anyhow!(message)));
    }
    let options = VerifyOptions {
        reading: sealed::reading(),
        expect_digest: arguments.expect_digest.clone(),
        expect_sha256: arguments.expect_sha256.clone(),
    };
    let verification = store::verify(&path, &options).map_err(sealed::refused)?;
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
            "        {count} cleanup actions and fixes of which nobody knows whether they happened"
        )?;
    }
    Ok(())
}
