//! `run`: gathers everything the phases need from the machine, and runs them.

use super::baseline::RunBaseline;
use super::export::export;
use super::places::{absolute, places};
use super::policy::RunPolicy;
use super::report_file::stdout_is_a_file;
use super::reports::{self, own_file};
use super::{Answer, Problem, stdout};
use crate::base::Resolution;
use crate::beneath::sandbox::{Enforced, Rights, restrict_this_thread};
use crate::beneath::{ContainmentRecord, ThreadLimits};
use crate::ci::{Environment, System};
use crate::cli::{self, AnnotationsOf, Apply, CiSystem, Format, RunArgs};
use crate::phases::{self, CiOptions, Clock, DiffForm, Exit, Form, Job, Outputs, Scope, Watch};
use crate::policy::{Policy, PolicyFile, Problems};
use crate::report::encode::{command_data, command_property, log_line};
use crate::report::github;
use crate::report::progress::{Mode, Progress};
use crate::report::{Kind, Shown};
use crate::secrets::Key;
use crate::store::rows::{PolicyRow, SessionDetails, SessionStart};
use crate::store::{Recorder, StoreError};
use crate::walk::{Root, bytes_of, read_named};
use anyhow::{Context as _, anyhow};
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Names of the policy in a workspace.
pub(super) const POLICY_NAMES: [&str; 2] = [".factory-gate.yml", ".factory-gate.yaml"];

/// More than any document may have: the policy room says so with a better message.
pub(super) const MOST_POLICY_BYTES: usize = 2 << 20;

pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

pub(super) fn run(arguments: &RunArgs) -> Answer {
    let root = workspace(&arguments.path).map_err(Problem::usage)?;
    let path = root.path().to_owned();
    let environment = environment(arguments);
    let (chosen, base) = super::policy::of_run(arguments, &root, &environment)?;
    let (policy, baseline) = (&chosen.policy, chosen.baseline.as_ref());
    let database = absolute(&arguments.database).map_err(Problem::usage)?;
    let containment = set_threads(arguments)?;
    let random = random()?;
    let secret_key = secret_key(random.secret_key.clone()).map_err(Problem::usage)?;
    let start = session_start(&chosen, &path, (&environment, random.id), base.as_ref());
    let policies = policy_rows(policy);
    let watch = watch(arguments, &environment)?;
    let export = export(arguments, (&database, &start.deployment_id)).map_err(Problem::usage)?;
    let recorder =
        Recorder::start(&database, &random.suffix, &start, &policies).map_err(refused)?;
    let job = Job {
        places: places(
            (policy, baseline.map(|one| one.path.clone())),
            arguments,
            (&path, &database),
            (&environment, export.as_ref()),
        ),
        base,
        needs_base: arguments.base.is_some(),
        containment,
        export,
        root,
        policy,
        baseline: baseline.map(RunBaseline::named),
        trust: chosen.trust(),
        scope: scope(arguments),
        may_clean_up: arguments.apply.is_some_and(Apply::includes_cleanup),
        expected_plan: arguments.expect_plan.clone(),
        may_fix: arguments.apply.is_some_and(Apply::includes_fixes),
        secret_key,
        clock: &SystemClock,
        watch: &watch,
    };
    let form = form(arguments, &environment);
    let others = reports::open(arguments, &database).map_err(Problem::usage)?;
    let mut report = report(arguments, form, &database).map_err(Problem::usage)?;
    let mut fixes = reports::patch(arguments, &database).map_err(Problem::usage)?;
    let mut outputs = Outputs {
        report: &mut *report,
        ci: ci_options(arguments, form),
        // Commands have a writer of their own: the one for people would make them harmless.
        commands: &mut std::io::stdout(),
        form,
        patch: fixes.as_mut().map(|file| file as &mut dyn Write),
        patch_error: None,
        source: source(&environment, &path),
        environment: &environment,
        delimiter: format!("factory_gate_{}", random.delimiter),
        database_name: arguments.database.display().to_string(),
        files: others,
        category: arguments.sarif_category.clone(),
        told: Vec::new(),
    };
    let ended = phases::run(&job, recorder, &mut outputs);
    reports::tell(&outputs.told)?;
    Ok(ended?.exit)
}

fn workspace(place: &Path) -> anyhow::Result<Root> {
    let path = dunce::canonicalize(place)
        .with_context(|| format!("there is no workspace at `{}`", place.display()))?;
    Root::open(&path)
        .with_context(|| format!("`{}` cannot be opened as a workspace", path.display()))
}

fn scope(arguments: &RunArgs) -> Scope {
    match arguments.scope {
        cli::Scope::All => Scope::All,
        cli::Scope::Changed => Scope::Changed,
    }
}

fn environment(arguments: &RunArgs) -> Environment {
    let mut environment = super::base::environment(arguments.ci);
    // The workspace's path is spelt without symlinks, so the checkout's has to be, too.
    environment.checkout = environment
        .checkout
        .and_then(|path| dunce::canonicalize(path).ok());
    environment
}

fn ci_options(arguments: &RunArgs, form: Form) -> CiOptions {
    let is_text = matches!(form, Form::Text(_)) || arguments.output.is_some();
    CiOptions {
        annotations: match arguments.annotations {
            AnnotationsOf::Auto => Some(Shown::Auto),
            AnnotationsOf::All => Some(Shown::All),
            AnnotationsOf::Changed => Some(Shown::Changed),
            AnnotationsOf::None => None,
        },
        most: arguments.max_annotations.map(usize::from),
        summary: !arguments.no_summary,
        is_log: is_text && !reports::has_standard_output(arguments),
    }
}

fn watch(arguments: &RunArgs, environment: &Environment) -> anyhow::Result<Watch> {
    let mode = Mode::choose(
        arguments.quiet,
        std::io::stderr().is_terminal(),
        environment.is_ci(),
    );
    let watch = Watch::new(Progress::new(mode));
    stop_on_signals(&watch.interruption())?;
    Ok(watch)
}

fn form(arguments: &RunArgs, environment: &Environment) -> Form {
    match arguments.format {
        Format::Text => match reports::alone(arguments) {
            Some(kind) => Form::Report(kind),
            None => Form::Text(arguments.limit),
        },
        Format::Json => Form::Report(Kind::Json),
        Format::Diff if arguments.output.is_some() => Form::Diff(DiffForm::Exact),
        Format::Diff if std::io::stdout().is_terminal() => Form::Diff(DiffForm::Shown),
        Format::Diff if stdout_is_a_file() => Form::Diff(DiffForm::Exact),
        Format::Diff => Form::Diff(diff_for_pipe(environment)),
    }
}

/// What a pipe gets may be a log. A job's runner reads it whatever the user calls the system.
fn diff_for_pipe(environment: &Environment) -> DiffForm {
    let systems = [
        environment.system,
        super::base::environment(CiSystem::Auto).system,
    ];
    let mut systems = systems.into_iter().flatten().peekable();
    if systems.peek().is_none() {
        DiffForm::Exact
    } else if systems.all(System::reads_github_commands) {
        DiffForm::Fenced
    } else {
        // Nothing keeps the others from reading; `--patch FILE` is the way to a patch that can be applied.
        DiffForm::Shown
    }
}

fn report(arguments: &RunArgs, form: Form, database: &Path) -> anyhow::Result<Box<dyn Write>> {
    // A patch holds what files hold, escape sequences too; what strips those would change it.
    let is_exact = matches!(form, Form::Diff(DiffForm::Exact | DiffForm::Fenced));
    Ok(match &arguments.output {
        None if is_exact || reports::alone(arguments).is_some() => {
            Box::new(std::io::BufWriter::new(std::io::stdout()))
        }
        None => Box::new(std::io::BufWriter::new(stdout())),
        Some(path) if is_exact => Box::new(own_file(path, database)?),
        Some(path) => Box::new(anstream::StripStream::new(
            Box::new(own_file(path, database)?) as Box<dyn Write + Send>,
        )),
    })
}

/// Reads a document that a policy extends.
pub(super) fn read_policy(root: &Root, path: &Path) -> std::io::Result<Vec<u8>> {
    if path.is_absolute() || path.starts_with("..") {
        // Its content is pinned, so it does not matter by which links it is found.
        return read_named(&root.path().join(path), MOST_POLICY_BYTES);
    }
    root.read_file(&bytes_of(path.as_os_str()), MOST_POLICY_BYTES)
}

/// The main document: the one that is named, or the workspace's, if it has one.
pub(super) fn policy_file(named: Option<&Path>, root: &Root) -> anyhow::Result<Option<PolicyFile>> {
    let unreadable = |path: &Path| format!("the policy `{}` cannot be read", path.display());
    if let Some(path) = named {
        let text = read_named(path, MOST_POLICY_BYTES).with_context(|| unreadable(path))?;
        let real = dunce::canonicalize(path)?;
        let workspace_path = real
            .strip_prefix(root.path())
            .ok()
            .and_then(Path::to_str)
            .map(str::to_owned);
        let outside = real.to_str().filter(|_| workspace_path.is_none());
        let name = workspace_path
            .clone()
            .unwrap_or_else(|| path.display().to_string());
        return Ok(Some(PolicyFile {
            name,
            outside_path: outside.map(str::to_owned),
            workspace_path,
            text,
        }));
    }
    // A link that leads nowhere is a policy that is missing, not a workspace without one.
    let is_there = |name: &&str| root.path().join(name).symlink_metadata().is_ok();
    let name = match POLICY_NAMES
        .iter()
        .filter(|name| is_there(name))
        .collect::<Vec<_>>()[..]
    {
        [] => return Ok(None),
        [name] => *name,
        _ => anyhow::bail!(
            "there are both {} and {}: keep one",
            POLICY_NAMES[0],
            POLICY_NAMES[1]
        ),
    };
    let text = root
        .read_file(name.as_bytes(), MOST_POLICY_BYTES)
        .with_context(|| {
            format!(
                "{}; a policy in a workspace is a regular file",
                unreadable(Path::new(name))
            )
        })?;
    Ok(Some(PolicyFile {
        name: name.to_owned(),
        workspace_path: Some(name.to_owned()),
        outside_path: None,
        text,
    }))
}

/// Shows the mistakes of a policy where the CI system shows them to the author.
pub(super) fn annotate(problems: &Problems, environment: &Environment) {
    if !environment.system.is_some_and(System::shows_annotations) {
        return;
    }
    for problem in problems.0.iter().take(10) {
        let (file, line, column) = (
            command_property(&log_line(&problem.source)),
            problem.line,
            problem.column,
        );
        let message = command_data(&log_line(&problem.to_string()));
        // The mistakes go to standard error in any case.
        let _unwritable = writeln!(
            std::io::stdout(),
            "::error file={file},line={line},col={column},title=policy::{message}"
        );
    }
}

/// The destination of the record is looked at before anything else: what is wrong with it is the user's to correct.
fn refused(error: StoreError) -> Problem {
    match error {
        StoreError::Foreign { .. } | StoreError::BadPath { .. } | StoreError::Newer { .. } => {
            Problem::usage(anyhow::Error::new(error).context(
                "nothing was scanned: name another database with `--database`, or move that file away",
            ))
        }
        other => anyhow::Error::new(other).context("the record cannot be made; nothing was scanned").into(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: the ci room gets its variables from here"
)]
pub(super) fn environment_variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// Makes the threads of the scan, and takes every right from them to change anything: nothing that they run, by mistake
/// or by the contents of a file, can write.
fn set_threads(arguments: &RunArgs) -> anyhow::Result<ContainmentRecord> {
    let threads = arguments.threads.map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()?;
    let nothing = Rights::none();
    let limits = rayon::broadcast(|_| restrict_this_thread(&nothing));
    // They only look, so they may do it without; the record says so.
    let limits = limits
        .into_iter()
        .map(|limit| limit.unwrap_or_else(|error| Enforced::No(error.to_string())));
    Ok(ContainmentRecord::new(ThreadLimits::of(&nothing, limits)))
}

struct Random {
    id: [u8; 3],
    suffix: String,
    delimiter: String,
    secret_key: Key,
}

/// Names a key of one's own for the fingerprints of credentials: with the same key equal credentials have equal
/// fingerprints in every run. Without it each run draws one and forgets it.
const SECRET_KEY: &str = "FACTORY_GATE_SECRET_KEY";

/// The least length in bytes of a key of one's own: shorter ones can be guessed.
const LEAST_KEY: usize = 16;

fn secret_key(drawn: Key) -> anyhow::Result<Key> {
    match environment_variable(SECRET_KEY) {
        None => Ok(drawn),
        Some(key) if key.len() >= LEAST_KEY => Ok(Key::new(key.as_encoded_bytes())),
        Some(_) => Err(anyhow!(
            "the key in {SECRET_KEY} is too short to be one: expected at least {LEAST_KEY} characters"
        )),
    }
}

fn random() -> anyhow::Result<Random> {
    let mut bytes = [0; 59];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
    let hex = |bytes: &[u8]| {
        let mut text = String::new();
        for byte in bytes {
            let _infallible = write!(text, "{byte:02x}");
        }
        text
    };
    let [first, second, third, ..] = bytes;
    Ok(Random {
        id: [first, second, third],
        suffix: hex(&bytes[3..11]),
        delimiter: hex(&bytes[11..27]),
        secret_key: Key::new(&bytes[27..]),
    })
}

fn session_start(
    chosen: &RunPolicy,
    root: &Path,
    (environment, id): (&Environment, [u8; 3]),
    base: Option<&Resolution>,
) -> SessionStart {
    let now = SystemClock.now();
    let main = chosen.policy.sources.first();
    SessionStart {
        deployment_id: phases::deployment_id(now, id),
        start_time: phases::stamp(now),
        workspace_path: crate::store::escape(&bytes_of(root.as_os_str())).into_owned(),
        details: SessionDetails {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            policy_sha256: main.map(|source| source.sha256.clone()).unwrap_or_default(),
            policy_source: chosen.source.clone(),
            head_sha: crate::walk::head_sha(root).or_else(|| environment.head_sha.clone()),
            base_sha: base
                .and_then(|found| found.base)
                .map(|commit| commit.to_string()),
            scope: "all".to_owned(),
            shard: None,
            ci_system: environment.system.map(|system| system.as_str().to_owned()),
            run_url: environment.run_url.clone(),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
        },
    }
}

fn policy_rows(policy: &Policy) -> Vec<PolicyRow> {
    let rows = policy.sources.iter().map(|source| PolicyRow {
        sha256: source.sha256.clone(),
        name: source.name.clone(),
        text: source.text.clone(),
    });
    rows.collect()
}

fn source(environment: &Environment, root: &Path) -> github::Source {
    github::Source {
        blob_url: environment.blob_url.clone(),
        prefix: environment.prefix_of(root).unwrap_or_default(),
    }
}

pub(super) fn stop_on_signals(interruption: &Arc<AtomicBool>) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM] {
        // The second signal ends the program at once; what is recorded by then stays for `recover`.
        signal_hook::flag::register_conditional_shutdown(
            signal,
            i32::from(Exit::Interrupted.code()),
            Arc::clone(interruption),
        )?;
        signal_hook::flag::register(signal, Arc::clone(interruption))?;
    }
    Ok(())
}
