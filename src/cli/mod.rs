//! The command line: what can be asked for, and nothing of how it is done.

mod values;

pub use values::PolicyRef;
use values::{category, plan_digest, policy_ref, revision};

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
    /// Explain a rule, a detector, or a key of the policy and who sets it
    Explain(ExplainArgs),
    /// Accept the violations of a run as they are, so that only new ones count
    Baseline(BaselineArgs),
    /// List all rules
    Rules,
    /// Check a database: integrity, seal, completeness
    Verify(VerifyArgs),
    /// Render a database as a report
    Report(ReportArgs),
    /// Put quarantined files back, never over something that exists
    Restore(RestoreArgs),
    /// Seal honestly what a killed run left behind
    Recover {
        /// The database that the killed run was to write
        #[arg(long, value_name = "FILE", default_value = DATABASE)]
        database: PathBuf,
    },
    /// Print a job that runs the gate, or write it where the CI system looks for it
    Init(InitArgs),
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

/// Name of the baseline where none is given.
pub const BASELINE: &str = ".factory-gate-baseline";

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

    /// Whose policy and baseline hold: `auto` (those of the target branch in a pull request and in a merge queue, else the
    /// workspace's), `base`, `head` (the workspace's in any case) or a commit
    #[arg(long, value_name = "REV", default_value = "auto", value_parser = policy_ref)]
    pub policy_ref: PolicyRef,

    /// The baseline of accepted violations, instead of the policy's
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

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

    /// Write the report in another form, too; may be given several times. FILE `-` is standard output, in place of the
    /// text. Forms: json, sarif, junit, gitlab, markdown, csv, github, azure, buildkite, teamcity
    #[arg(long, value_name = "FORMAT=FILE", value_parser = report_to)]
    pub report: Vec<ReportTo>,

    /// What tells this analysis from others of the same commit, in SARIF
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, value_parser = category)]
    pub sarif_category: String,

    /// Pack the quarantined files into an archive (tar, compressed with Zstandard)
    #[arg(long, value_name = "FILE")]
    pub export_quarantine: Option<PathBuf>,

    /// The commit to compare with, instead of what the CI system says: an id, branch, tag or `HEAD^1`, as it is
    #[arg(long, value_name = "REV", value_parser = revision)]
    pub base: Option<String>,

    /// The CI system, instead of the one recognised by its variables; `none` for plain output
    #[arg(long, value_enum, value_name = "SYSTEM", default_value = "auto")]
    pub ci: CiSystem,

    /// Which violations the CI system shows one by one in its log
    #[arg(long, value_enum, value_name = "WHICH", default_value = "auto")]
    pub annotations: AnnotationsOf,

    /// Most annotations of one level; the last says what is left out [default: 10, as many as GitHub and Azure show]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub max_annotations: Option<u16>,

    /// No summary of the job
    #[arg(long)]
    pub no_summary: bool,

    /// Least severity that fails, instead of the policy's
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,

    /// Fail only on violations that the base does not have
    #[arg(long)]
    pub new_only: bool,

    /// What file rules look at
    #[arg(long, value_enum, default_value = "all")]
    pub scope: Scope,

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

/// A report beside the main one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTo {
    /// Its form.
    pub kind: ReportKind,
    /// Where it goes; `-` is standard output.
    pub file: PathBuf,
}

fn report_to(text: &str) -> Result<ReportTo, String> {
    let (kind, file) = text
        .split_once('=')
        .filter(|(_, file)| !file.is_empty())
        .ok_or("expected FORMAT=FILE, such as sarif=results.sarif")?;
    let kind = ReportKind::from_str(kind, false).map_err(|_| {
        let known = ReportKind::value_variants().iter();
        let known = known.filter_map(|kind| Some(kind.to_possible_value()?.get_name().to_owned()));
        let known: Vec<String> = known.collect();
        format!(
            "`{kind}` is no form of a report: expected {}",
            known.join(", ")
        )
    })?;
    Ok(ReportTo {
        kind,
        file: file.into(),
    })
}

/// Forms of the reports that a run can write side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportKind {
    /// One stable, versioned document
    Json,
    /// SARIF 2.1.0, for GitHub code scanning and others
    Sarif,
    /// `JUnit` XML, for test views
    Junit,
    /// GitLab Code Quality
    Gitlab,
    /// Markdown that fits into a comment
    Markdown,
    /// Comma-separated values: every violation
    Csv,
    /// GitHub's workflow commands
    Github,
    /// Azure Pipelines' logging commands
    Azure,
    /// Body for `buildkite-agent annotate`
    Buildkite,
    /// `TeamCity`'s service messages
    Teamcity,
}

/// Forms in which `report` renders a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DatabaseForm {
    /// For people
    Text,
    /// One stable, versioned document
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// `JUnit` XML
    Junit,
    /// GitLab Code Quality
    Gitlab,
    /// Markdown that fits into a comment
    Markdown,
    /// Comma-separated values: every violation
    Csv,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// The database
    pub database: PathBuf,

    /// Form of the report
    #[arg(long, value_enum, default_value = "text")]
    pub format: DatabaseForm,

    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The session [default: the one that was added last]
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,

    /// Most findings that the text report shows
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,

    /// What tells this analysis from others of the same commit, in SARIF
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, value_parser = category)]
    pub sarif_category: String,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// Name of a rule or a detector, or a key of the policy, like `gate.fail_on` or `rules.file-size.max`
    pub name: String,

    /// The policy [default: .factory-gate.yml in the workspace]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// The workspace
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub workspace: PathBuf,
}

/// Arguments of `baseline`.
#[derive(Args, Debug)]
pub struct BaselineArgs {
    /// The database of the run
    pub database: PathBuf,

    /// The baseline; from one that exists, entries of violations that are gone are taken out
    #[arg(long, value_name = "FILE", default_value = BASELINE)]
    pub output: PathBuf,

    /// The session [default: the latest]
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,

    /// Add open violations to a baseline that exists, too
    #[arg(long)]
    pub grow: bool,
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

/// Arguments of `init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// The repository
    #[arg(default_value = ".")]
    pub path: PathBuf,

    /// For which CI system
    #[arg(long, value_enum, value_name = "SYSTEM")]
    pub ci: InitCi,

    /// Write the file, unless there is one already
    #[arg(long)]
    pub write: bool,

    /// The commit of factory-gate that you reviewed: its full id
    #[arg(long, value_name = "ID", value_parser = commit_id)]
    pub commit: Option<String>,
}

fn commit_id(text: &str) -> Result<String, String> {
    let is_id = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| "expected the 40 hexadecimal digits of a commit".into())
}

/// CI systems that there is a job for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InitCi {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// Azure Pipelines
    Azure,
    /// Buildkite
    Buildkite,
    /// Gitea and Forgejo Actions
    Gitea,
    /// Jenkins
    Jenkins,
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

/// CI systems that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CiSystem {
    /// The one whose variables are set
    Auto,
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// Azure Pipelines
    Azure,
    /// Buildkite
    Buildkite,
    /// `TeamCity`
    Teamcity,
    /// Jenkins
    Jenkins,
    /// Gitea Actions
    Gitea,
    /// Forgejo Actions
    Forgejo,
    /// None: nothing but the report
    None,
}

/// Violations that the CI system shows one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnnotationsOf {
    /// The worst, what changed first; what the base has, too, is only counted
    Auto,
    /// That, too: last, and as notices
    All,
    /// Only what is new, or lies in what changed
    Changed,
    /// None
    None,
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

/// What of the workspace file rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Every file
    All,
    /// What differs from the base
    Changed,
}

/// Documents that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// `.factory-gate.yml`
    Policy,
    /// The report of `run --format json`
    Report,
}
