//! The policy and the baseline of a run: the workspace's, or those of the branch that a change wants to go into.

use super::Problem;
use super::baseline::{self, RunBaseline};
use super::commit::{Commit, WorkTree};
use super::integrity::{self, HeadSide};
use super::run::{MOST_POLICY_BYTES, POLICY_NAMES, annotate, policy_file, read_policy};
use crate::base::{BaseError, Change, CommitId, Reader, Repository, Resolution};
use crate::ci::Environment;
use crate::cli::{FailOn, PolicyRef, RunArgs, Scope};
use crate::finding::Severity;
use crate::phases::{Judged, Trust};
use crate::policy::{Loader, Policy, PolicyFile, Problems};
use crate::walk::Root;
use anyhow::{Context as _, anyhow};
use std::path::Path;

/// The policy and the baseline that hold, and what is to be said of where they come from.
pub(super) struct RunPolicy {
    pub(super) policy: Policy,
    pub(super) baseline: Option<RunBaseline>,
    /// Where the policy comes from, for the record.
    pub(super) source: String,
    policy_ref: &'static str,
    commit: Option<CommitId>,
    reasons: Vec<String>,
    notices: Vec<String>,
    /// What the change has of its own, where a change is judged.
    head: Option<HeadSide>,
}

impl RunPolicy {
    /// For the phases.
    pub(super) fn trust(&self) -> Trust<'_> {
        let judged =
            self.head
                .as_ref()
                .zip(self.commit)
                .map(|(head, commit)| Judged {
                    commit,
                    meddling: head.meddling.clone(),
                    own: head.own.as_ref().map(|(policy, baseline)| {
                        (policy, baseline.as_ref().map(RunBaseline::named))
                    }),
                    phrase: head.phrase.clone(),
                    policy_path: head.policy_path.clone(),
                });
        Trust {
            policy_ref: self.policy_ref,
            commit: self.commit,
            reasons: self.reasons.clone(),
            notices: self.notices.clone(),
            judged,
        }
    }
}

/// Whose policy is to hold.
enum Wanted<'a> {
    Workspace,
    Head,
    Base,
    Commit(&'a str),
}

impl Wanted<'_> {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Head => "head",
            Self::Base => "base",
            Self::Commit(_) => "commit",
        }
    }
}

/// Loads what holds in this run; and the commit to compare with, if somebody wants one.
pub(super) fn of_run(
    arguments: &RunArgs,
    root: &Root,
    environment: &Environment,
) -> Result<(RunPolicy, Option<Resolution>), Problem> {
    let mut base = super::base::find(arguments, environment, root.path());
    if base.is_none() && arguments.policy_ref == PolicyRef::Base {
        base = Some(super::base::look(arguments, environment, root.path()));
    }
    let chosen = choose(arguments, (root, environment), base.as_ref())?;
    let compares = chosen.policy.gate.new_only || arguments.scope == Scope::Changed;
    if base.is_none() && compares {
        base = Some(super::base::look(arguments, environment, root.path()));
    }
    Ok((chosen, base))
}

fn choose(
    arguments: &RunArgs,
    (root, environment): (&Root, &Environment),
    base: Option<&Resolution>,
) -> Result<RunPolicy, Problem> {
    let is_change =
        base.is_some_and(|base| matches!(base.change, Change::PullRequest | Change::MergeQueue));
    let wanted = match (&arguments.policy_ref, is_change) {
        (PolicyRef::Auto, false) => Wanted::Workspace,
        (PolicyRef::Head, _) => Wanted::Head,
        (PolicyRef::Auto, true) | (PolicyRef::Base, _) => Wanted::Base,
        (PolicyRef::Commit(name), _) => Wanted::Commit(name),
    };
    // What kept git's repository from being read is among the steps of the resolution.
    let repository = Repository::open(root.path()).ok().flatten();
    let reader = repository.as_ref().map(Repository::reader);
    let tree = repository.as_ref().map(|one| WorkTree::of(root, one));
    let known = reader.as_ref().zip(tree.as_ref());
    let (commit, why) = match commit_of(&wanted, known, base) {
        Ok(commit) => (commit, None),
        Err(why) => (None, Some(why)),
    };
    let session = Session {
        arguments,
        root,
        environment,
    };
    let mut run = match &commit {
        Some(commit) if !matches!(wanted, Wanted::Head) => session.of_commit(commit, &wanted)?,
        _ => session.of_workspace(&wanted)?,
    };
    run.reasons.extend(why);
    let is_judged = is_change || matches!(wanted, Wanted::Base);
    if let Some(commit) = commit.filter(|_| is_judged) {
        session.judge(&commit, &wanted, &mut run);
    }
    Ok(run)
}

/// The commit whose policy is to hold, or by which the change is judged; why it is not known.
fn commit_of<'r>(
    wanted: &Wanted<'_>,
    known: Option<(&'r Reader<'r>, &'r Result<WorkTree, String>)>,
    base: Option<&Resolution>,
) -> Result<Option<Commit<'r>>, String> {
    let of_base = base.and_then(|base| base.target.or(base.base));
    let id = match wanted {
        Wanted::Workspace => return Ok(None),
        Wanted::Head => of_base,
        Wanted::Base => Some(of_base.ok_or_else(|| no_base(base))?),
        Wanted::Commit(name) => {
            let named = known.map(|(reader, _)| reader.named(name));
            let named = named.unwrap_or_else(|| Err(BaseError::Missing("a git repository".into())));
            Some(
                named
                    .map_err(|why| format!("`--policy-ref {name}` names no commit here: {why}"))?,
            )
        }
    };
    let Some((id, (reader, tree))) = id.zip(known) else {
        return Ok(None);
    };
    let tree = tree.as_ref().map_err(Clone::clone)?;
    Ok(Some(Commit { reader, id, tree }))
}

fn no_base(base: Option<&Resolution>) -> String {
    let steps = base.map(|base| base.steps.join("; ")).unwrap_or_default();
    format!(
        "a change is judged by the policy of the branch that it goes into, and that is not there: {steps}"
    )
}

struct Session<'a> {
    arguments: &'a RunArgs,
    root: &'a Root,
    environment: &'a Environment,
}

impl Session<'_> {
    /// The workspace's own, as it is.
    fn of_workspace(&self, wanted: &Wanted<'_>) -> Result<RunPolicy, Problem> {
        let file =
            policy_file(self.arguments.policy.as_deref(), self.root).map_err(Problem::usage)?;
        let loader = |path: &Path| read_policy(self.root, path);
        let policy = self.load(file, &loader).map_err(|problems| {
            annotate(&problems, self.environment);
            mistakes(&problems, "the policy")
        })?;
        let baseline =
            baseline::of_run(self.arguments, &policy, self.root, None).map_err(Problem::usage)?;
        let source = name_of(&policy);
        Ok(RunPolicy {
            policy,
            baseline,
            source,
            policy_ref: wanted.as_str(),
            commit: None,
            reasons: Vec::new(),
            notices: Vec::new(),
            head: None,
        })
    }

    /// What a commit has.
    fn of_commit(&self, commit: &Commit<'_>, wanted: &Wanted<'_>) -> Result<RunPolicy, Problem> {
        let place = self.place(commit);
        let mut notices = Vec::new();
        let (file, policy_ref) = match &place {
            // It is the operator's: what lies outside of the repository no change can touch.
            Place::Outside(path) => (
                policy_file(Some(path), self.root).map_err(Problem::usage)?,
                "operator",
            ),
            Place::Inside(_) | Place::Default => {
                let file = file_of(commit, &place).map_err(Problem::usage)?;
                if file.is_none() && self.has_own() {
                    notices.push(format!(
                        "the base ({}) has no policy yet, so the preset `recommended` applies; this change's own policy \
                         applies once merged; `--policy-ref head` for this one change",
                        commit.short()
                    ));
                }
                (file, wanted.as_str())
            }
        };
        let is_of_commit = file.is_some() && policy_ref != "operator";
        let loader = |path: &Path| commit.extended(self.root, path, MOST_POLICY_BYTES);
        let policy = self.load(file, &loader).map_err(|problems| {
            let whose = match policy_ref {
                "operator" => "the policy".to_owned(),
                _ => format!("the policy at {}, which is not this change's own but the one that it is judged by", commit.short()),
            };
            mistakes(&problems, &whose)
        })?;
        let baseline = baseline::of_run(self.arguments, &policy, self.root, Some(commit))
            .map_err(Problem::usage)?;
        let mut source = name_of(&policy);
        if is_of_commit && !source.ends_with(&commit.short()) {
            source = format!("{source} at {}", commit.short());
        }
        Ok(RunPolicy {
            policy,
            baseline,
            source,
            policy_ref,
            commit: Some(commit.id),
            reasons: Vec::new(),
            notices,
            head: None,
        })
    }

    /// What the change does to its own gate.
    fn judge(&self, commit: &Commit<'_>, wanted: &Wanted<'_>, run: &mut RunPolicy) {
        run.commit = Some(commit.id);
        let mut head = if matches!(wanted, Wanted::Head) {
            let main = run.policy.sources.first();
            HeadSide {
                policy_path: main
                    .map(|source| source.display_path().to_owned())
                    .unwrap_or_default(),
                ..HeadSide::default()
            }
        } else {
            self.compared(commit, run)
        };
        match integrity::wiring(commit, &head.policy_path) {
            Ok(turns) => head.meddling.extend(turns),
            Err(why) => run.reasons.push(format!(
                "what the change does to the jobs that run the gate is not known: {why:#}"
            )),
        }
        run.head = Some(head);
    }

    /// Whether the workspace has a policy, or something in its place.
    fn has_own(&self) -> bool {
        match &self.arguments.policy {
            Some(_) => true,
            None => policy_file(None, self.root).map_or(true, |file| file.is_some()),
        }
    }

    fn place(&self, commit: &Commit<'_>) -> Place {
        match &self.arguments.policy {
            None => Place::Default,
            Some(path) => match commit.tree.inside(path) {
                Some(inside) => Place::Inside(inside),
                None => Place::Outside(path.clone()),
            },
        }
    }

    fn load(&self, file: Option<PolicyFile>, loader: Loader<'_>) -> Result<Policy, Problems> {
        let mut policy = crate::policy::load(file, loader)?;
        if let Some(fail_on) = self.arguments.fail_on {
            policy.gate.fail_on = match fail_on {
                FailOn::Error => Some(Severity::Error),
                FailOn::Warning => Some(Severity::Warning),
                FailOn::Note => Some(Severity::Note),
                FailOn::Never => None,
            };
            if fail_on == FailOn::Never {
                policy.gate.min_score = None;
            }
        }
        policy.gate.new_only |= self.arguments.new_only;
        Ok(policy)
    }

    /// What the change would make of the policy and of the baseline. What it takes out of the baseline is out.
    fn compared(&self, commit: &Commit<'_>, run: &mut RunPolicy) -> HeadSide {
        let is_operators = run.policy_ref == "operator";
        let file = policy_file(self.arguments.policy.as_deref(), self.root);
        let path = match &file {
            Ok(Some(file)) => file.workspace_path.clone(),
            _ => None,
        };
        let was = run
            .policy
            .sources
            .first()
            .filter(|source| !source.is_preset());
        let was = was.and_then(|source| source.workspace_path.clone());
        let shown = path.clone().or_else(|| was.clone());
        let mut head = HeadSide {
            policy_path: shown.unwrap_or_else(|| POLICY_NAMES[0].to_owned()),
            ..HeadSide::default()
        };
        let read = |path: &Path| read_policy(self.root, path);
        let loaded = file.map_err(|error| format!("{error:#}")).and_then(|file| {
            self.load(file, &read)
                .map_err(|problems| several(&problems))
        });
        let policy = match loaded {
            Ok(policy) => policy,
            Err(why) => {
                head.broken(&head.policy_path.clone(), "policy", &why);
                return head;
            }
        };
        if !is_operators {
            head.moved(was.as_deref(), path.as_deref(), commit);
        }
        match baseline::of_run(self.arguments, &policy, self.root, None) {
            Err(error) => {
                head.broken(&head.policy_path.clone(), "baseline", &format!("{error:#}"));
                head.compare(&run.policy, policy, (&run.baseline, None));
            }
            Ok(baseline) => {
                let own = baseline.as_ref();
                let kept = run.baseline.take();
                head.grown(kept.as_ref(), own);
                head.compare(&run.policy, policy, (&kept, baseline.clone()));
                run.baseline = match (kept, baseline) {
                    (Some(kept), Some(own)) => Some(kept.shrunk_to(&own)),
                    (kept, _) => kept,
                };
            }
        }
        head
    }
}

/// Where the policy is looked for.
enum Place {
    /// Under its own names.
    Default,
    /// At this path of the working tree.
    Inside(String),
    /// Outside of the repository.
    Outside(std::path::PathBuf),
}

/// The main document as a commit has it.
fn file_of(commit: &Commit<'_>, place: &Place) -> anyhow::Result<Option<PolicyFile>> {
    let mut there = Vec::new();
    let names = match place {
        Place::Inside(path) => vec![path.clone()],
        _ => POLICY_NAMES
            .map(|name| format!("{}{name}", commit.tree.prefix))
            .to_vec(),
    };
    for name in names {
        if commit.has(&name)? {
            there.push(name);
        }
    }
    let path = match &there[..] {
        [] => return Ok(None),
        [path] => path,
        _ => anyhow::bail!(
            "the commit {} has both {} and {}: keep one",
            commit.short(),
            POLICY_NAMES[0],
            POLICY_NAMES[1]
        ),
    };
    let text = commit.read(path, MOST_POLICY_BYTES).with_context(|| {
        format!(
            "the policy `{path}` at {} cannot be read; a policy in a workspace is a regular file",
            commit.short()
        )
    })?;
    let workspace_path = commit.tree.in_workspace(path).map(str::to_owned);
    let outside = commit.tree.path.join(path);
    let outside_path = outside.to_str().filter(|_| workspace_path.is_none());
    Ok(Some(PolicyFile {
        name: format!(
            "{} at {}",
            workspace_path.as_deref().unwrap_or(path),
            commit.short()
        ),
        outside_path: outside_path.map(str::to_owned),
        workspace_path,
        text,
    }))
}

fn name_of(policy: &Policy) -> String {
    policy
        .sources
        .first()
        .map(|source| source.name.clone())
        .unwrap_or_default()
}

fn mistakes(problems: &Problems, whose: &str) -> Problem {
    let count = problems.0.len();
    let plural = if count == 1 { "mistake" } else { "mistakes" };
    Problem::usage(anyhow!(
        "{problems}\n{count} {plural} in {whose}; nothing was scanned"
    ))
}

/// The first mistakes, on one line.
fn several(problems: &Problems) -> String {
    const MOST: usize = 3;
    let shown: Vec<String> = problems
        .0
        .iter()
        .take(MOST)
        .map(ToString::to_string)
        .collect();
    match problems.0.len().saturating_sub(MOST) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more mistakes", shown.join("; ")),
    }
}
