//! The edge: each command from its arguments to its exit code. Here time, randomness and the environment come in.

mod about;
mod base;
mod baseline;
mod commit;
mod database;
mod doctor;
mod explain;
mod export;
mod init;
mod integrity;
#[cfg(unix)]
mod new_file;
#[cfg(not(unix))]
#[path = "new_file_refused.rs"]
mod new_file;
mod parse;
mod places;
mod policy;
#[cfg(unix)]
mod recover;
#[cfg(not(unix))]
#[path = "recover_refused.rs"]
mod recover;
mod report_db;
mod report_file;
mod reports;
#[cfg(unix)]
mod restore;
#[cfg(not(unix))]
#[path = "restore_refused.rs"]
mod restore;
mod run;
mod sealed;

use crate::cli::{Cli, Command};
use crate::phases::Exit;
use crate::report::encode::{self, Guard};
use anstream::AutoStream;
use std::io::{self, Write};

pub use parse::{parse, show_panics_harmlessly};

/// Does what the command line asks for.
pub fn main(cli: Cli) -> Exit {
    set_colour(cli.color);
    let outcome = match cli.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Baseline(arguments) => baseline::baseline(&arguments),
        Command::Rules => about::rules(),
        Command::Verify(arguments) => database::verify(&arguments),
        Command::Report(arguments) => report_db::report(&arguments),
        Command::Restore(arguments) => restore::restore(&arguments),
        Command::Recover { database } => recover::recover(&database),
        Command::Init(arguments) => init::init(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Schema { of } => about::schema(of),
        Command::Completions { shell } => about::completions(shell),
    };
    match outcome {
        Ok(exit) => exit,
        Err(problem) => problem.show(),
    }
}

fn set_colour(when: clap::ColorChoice) {
    let choice = match when {
        clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
        clap::ColorChoice::Always => anstream::ColorChoice::Always,
        clap::ColorChoice::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// A command that could not do its work.
struct Problem {
    error: anyhow::Error,
    exit: Exit,
}

impl Problem {
    /// The user has to correct something before anything is done.
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self {
            error: error.into(),
            exit: Exit::Usage,
        }
    }

    fn show(self) -> Exit {
        if is_broken_pipe(&self.error) {
            // Whoever reads our output has had enough; that decides nothing.
            return Exit::Undecided;
        }
        let mut out = stderr();
        let mut causes = self.error.chain().map(|cause| {
            let lines: Vec<String> = cause.to_string().lines().map(encode::log_line).collect();
            lines.join("\n")
        });
        let first = causes.next().unwrap_or_default();
        let red = anstyle::AnsiColor::Red.on_default().bold();
        // Nothing is left to tell a failure here to.
        let _unreachable = writeln!(out, "{red}error{red:#}: {first}");
        for cause in causes {
            let _unreachable = writeln!(out, "  caused by: {cause}");
        }
        self.exit
    }
}

/// What is not the user's to correct leaves the verdict open.
impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            exit: Exit::Undecided,
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        kind == Some(io::ErrorKind::BrokenPipe)
    })
}

type Answer = Result<Exit, Problem>;

/// What is shown to people: no line of it is a command of a CI system.
fn stdout() -> Guard<AutoStream<io::Stdout>> {
    Guard::new(anstream::stdout())
}

/// As [`stdout`], on standard error.
fn stderr() -> Guard<AutoStream<io::Stderr>> {
    Guard::new(anstream::stderr())
}
