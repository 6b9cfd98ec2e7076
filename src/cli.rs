//! The command line: what can be asked for, and nothing of how it is done.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Scans a workspace for violations of a policy, cleans up, verifies, and leaves a record that an auditor can trust.
#[derive(Debug, Parser)]
#[command(name = "factory-gate", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: clap::ColorChoice,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    pass
  1    violations at or above the gate
  2    usage or policy error; nothing was scanned
  3    undecided: something could not be read, recorded or finished
  130  interrupted";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the five phases over a workspace. Changes nothing without --apply
    Run(RunArgs),
    /// Explain a rule or a detector: what, why, how to fix, options, examples
    Explain {
        /// Name of a rule or a detector
        name: String,
    },
    /// List all rules
    Rules,
    /// Check a database: integrity, seal, completeness
    Verify(VerifyArgs),
    /// Put quarantined files back, never over something that exists
    Restore(RestoreArgs),
    /// Seal honestly what a killed run left behind
    Recover {
        /// The database that the killed run was to write
        #[arg(long, value_name = "FILE", default_value = DATABASE)]
        database: PathBuf,
    },
    /// Check that the CI configuration makes the gate a gate. Looks at files only
    Doctor(DoctorArgs),
    /// Print the JSON Schema of the policy, for editors and validators
    Schema {
        /// Which document
        #[arg(long, value_enum, default_value = "policy")]
        of: SchemaOf,
    },
    /// Print a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// Name of the database where none is given.
pub const DATABASE: &str = "factory_deployment.db";

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The workspace
    #[arg(default_value = ".")]
    pub path: PathBuf,

    /// Change the workspace: apply fixes and cleanup, or only one of them
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all"
    )]
    pub apply: Option<Apply>,

    /// Refuse any cleanup but the one whose plan has this digest, which an earlier run printed
    #[arg(long, value_name = "DIGEST", value_parser = plan_digest)]
    pub expect_plan: Option<String>,

    /// The policy [default: .factory-gate.yml in the workspace, else the preset `recommended`]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// The database to write, or to append this run to
    #[arg(long, value_name = "FILE", default_value = DATABASE)]
    pub database: PathBuf,

    /// Form of the report
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,

    /// Write what is fixed, or would be, to a file that `git apply` takes
    #[arg(long, value_name = "FILE")]
    pub patch: Option<PathBuf>,

    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Pack the quarantined files into an archive (tar, compressed with Zstandard)
    #[arg(long, value_name = "FILE")]
    pub export_quarantine: Option<PathBuf>,

    /// The commit to compare with: an id, or a branch or tag, which stands for where the history left it
    /// [default: what the CI system says]
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,

    /// The CI system to speak to, instead of the one that the environment tells of
    #[arg(long, value_enum, value_name = "SYSTEM", default_value = "auto")]
    pub ci: Ci,

    /// Least severity that fails, instead of the policy's
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,

    /// Most findings that the text report shows; the record always holds all
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,

    /// Number of threads [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

/// A SHA-256 in hex, in lower case.
fn plan_digest(text: &str) -> Result<String, String> {
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected the 64 hexadecimal digits that a run prints as the digest of its plan".into())
    }
}

/// Arguments of `verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The database
    pub database: PathBuf,

    /// The session digest that the run printed
    #[arg(long, value_name = "HEX")]
    pub expect_digest: Option<String>,

    /// The SHA-256 of the file that the run printed
    #[arg(long, value_name = "HEX")]
    pub expect_sha256: Option<String>,
}

/// Arguments of `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// The repository
    #[arg(default_value = ".")]
    pub path: PathBuf,

    /// Form of the report
    #[arg(long, value_enum, default_value = "text")]
    pub format: DoctorFormat,
}

/// Forms of the report of `doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people
    Text,
    /// One stable, versioned document
    Json,
}

/// Arguments of `restore`.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// The database of the run that quarantined the files; the restore is recorded in it, too
    pub database: PathBuf,

    /// The workspace [default: the one that the database names]
    #[arg(long, value_name = "PATH")]
    pub workspace: Option<PathBuf>,

    /// The session whose files are put back [default: the latest that quarantined any]
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,

    /// Only files that match, relative to the workspace; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,

    /// Take the files from an archive that `run --export-quarantine` wrote
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,

    /// Show what would be put back; change and record nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What `--apply` may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Apply {
    /// Fixes and cleanup
    All,
    /// Only fixes
    Fix,
    /// Only cleanup
    Cleanup,
}

impl Apply {
    /// Whether fixes are asked for.
    pub fn includes_fixes(self) -> bool {
        self != Self::Cleanup
    }

    /// Whether files may be removed.
    pub fn includes_cleanup(self) -> bool {
        self != Self::Fix
    }
}

/// The CI system to speak to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// The one that the environment tells of
    Auto,
    /// GitHub Actions
    Github,
    /// Gitea Actions
    Gitea,
    /// Forgejo Actions
    Forgejo,
    /// GitLab CI
    Gitlab,
    /// Azure Pipelines
    Azure,
    /// Buildkite
    Buildkite,
    /// TeamCity
    Teamcity,
    /// Jenkins
    Jenkins,
    /// None: a plain report, and nothing is read from the environment
    None,
}

/// Forms of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One stable, versioned document
    Json,
    /// What is fixed, or would be, as a patch that `git apply` takes
    Diff,
}

/// What fails the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// Any finding
    Note,
    /// Nothing
    Never,
}

/// Documents that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// `.factory-gate.yml`
    Policy,
    /// The report of `run --format json`
    Report,
}
