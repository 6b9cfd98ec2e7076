//! Whose policy holds, and what a change does to the gate that judges it: its own policy runs beside the one that holds,
//! and what it would hide is said.

use super::{Against, Run, look};
use crate::base::{CommitId, Repository};
use crate::finding::{Finding, Fingerprint, State, Subject};
use crate::policy::Policy;
use crate::scan::{
    Effect, Meddling, NamedBaseline, Origin, Outcome, Plan, Scan, Sink, Source, SuppressionSource,
    SuppressionUse, integrity, scan, suppressions_in,
};
use crate::store::rows::Stage;
use crate::walk::{Skipped, Walked};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Where the policy of a run comes from.
#[derive(Default)]
pub struct Trust<'t> {
    /// Whose it is: `workspace`, `base`, `head`, `commit` or `operator`.
    pub policy_ref: &'static str,
    /// The commit whose it is, or by which the change is judged.
    pub commit: Option<CommitId>,
    /// Why the policy that is to hold could not be read: each leaves the verdict open.
    pub reasons: Vec<String>,
    /// What has to be said of it.
    pub notices: Vec<String>,
    /// What the change has of its own, where one is judged.
    pub judged: Option<Judged<'t>>,
}

/// A change that is judged by what another commit has.
pub struct Judged<'t> {
    /// That commit.
    pub commit: CommitId,
    /// What the change does to its gate, as far as that is known without a look at the workspace.
    pub meddling: Vec<Meddling>,
    /// Its own policy and baseline, if they differ from those that hold.
    pub own: Option<(&'t Policy, Option<NamedBaseline<'t>>)>,
    /// What its policy weakens, in one phrase.
    pub phrase: String,
    /// Where findings about the policy are: a path in the workspace.
    pub policy_path: String,
}

/// Open violations with the rules that found them.
pub(super) type Open = HashMap<Fingerprint, Arc<str>>;

/// Most new suppressions that are listed.
const MOST_LISTED: usize = 10;

/// Whether the open violations of the first look are to be remembered.
pub(super) fn wants_open(run: &Run<'_>) -> bool {
    let judged = run.job.trust.judged.as_ref();
    judged.is_some_and(|judged| judged.own.is_some())
}

/// After the first look: records what the change does to its gate. Answers what phase 1 says of it.
pub(super) fn judge(
    run: &mut Run<'_>,
    (walked, plan): (&Walked, &Plan<'_>),
    against: &Against,
    (outcome, open): (&mut Outcome, &Open),
) -> anyhow::Result<Value> {
    let trust = &run.job.trust;
    run.reasons.extend(trust.reasons.iter().cloned());
    let mut notices = trust.notices.clone();
    let mut detail = json!({
        "ref": trust.policy_ref,
        "commit": trust.commit.map(|commit| commit.to_string()),
    });
    if let Some(judged) = &trust.judged {
        let mut meddling = judged.meddling.clone();
        if judged.own.is_some() {
            let compared = shadow_of(run, judged, walked, (against, open))?;
            let sentence = compared.sentence(judged);
            detail["shadow"] = json!({
                "hidden": compared.hidden.values().sum::<u64>(),
                "shown": compared.shown,
                "weakens": judged.phrase,
                "sentence": sentence,
            });
            notices.push(sentence);
            meddling.extend(compared.finding(judged));
        }
        match fresh(run, judged.commit, &outcome.suppressions) {
            Ok(fresh) => {
                detail["new_suppressions"] = listed(&fresh, &mut notices);
                meddling.extend(fresh.into_iter().map(suppresses));
            }
            Err(error) => run.reasons.push(format!(
                "which suppressions in comments are new is not known: {error:#}"
            )),
        }
        let mut findings = integrity(plan, &meddling, &mut outcome.tallies);
        against.judge((Stage::PreDeployment, Origin::Policy), &mut findings);
        for piece in findings.chunks(look::PIECE) {
            let piece = piece.to_vec();
            run.recorder.findings(Stage::PreDeployment, piece)?;
        }
    }
    if !notices.is_empty() {
        detail["notices"] = json!(notices);
    }
    Ok(detail)
}

/// What the change's own policy makes of the same workspace.
struct Compared {
    /// Open by the policy that holds and not by the change's own, by rule.
    hidden: BTreeMap<Arc<str>, u64>,
    /// The other way round.
    shown: u64,
}

fn shadow_of(
    run: &Run<'_>,
    judged: &Judged<'_>,
    walked: &Walked,
    (against, open): (&Against, &Open),
) -> anyhow::Result<Compared> {
    let mut sink = ShadowSink {
        run,
        open: Open::new(),
    };
    if let Some((policy, baseline)) = judged.own {
        let plan = Plan::new(policy, &walked.tree);
        let today = look::today(run);
        let prepared = Scan::new(
            (Source::Workspace(&run.job.root), &walked.tree),
            &plan,
            (today, &run.job.secret_key),
            None,
            &|_| {},
        );
        let prepared = prepared.with_baseline(baseline);
        let prepared = match against.focus(None) {
            Some(focus) => prepared.only(focus),
            None => prepared,
        };
        scan(&prepared, &[], &mut sink)?;
    }
    let mut hidden: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    for (_, rule) in open
        .iter()
        .filter(|(print, _)| !sink.open.contains_key(*print))
    {
        *hidden.entry(Arc::clone(rule)).or_default() += 1;
    }
    let shown = sink.open.keys().filter(|print| !open.contains_key(*print));
    Ok(Compared {
        hidden,
        shown: shown.count() as u64,
    })
}

impl Compared {
    fn sentence(&self, judged: &Judged<'_>) -> String {
        let findings = |count: u64| if count == 1 { "finding" } else { "findings" };
        let hidden: u64 = self.hidden.values().sum();
        let mut parts = Vec::new();
        if !judged.phrase.is_empty() {
            parts.push(judged.phrase.clone());
        }
        if hidden > 0 {
            parts.push(format!("hides {hidden} {}", findings(hidden)));
        }
        if self.shown > 0 {
            parts.push(format!(
                "shows {} more {}",
                self.shown,
                findings(self.shown)
            ));
        }
        if parts.is_empty() {
            return "this change alters its own policy or baseline, and no finding comes or goes by that".into();
        }
        format!("this change {}", parts.join(" and "))
    }

    fn finding(&self, judged: &Judged<'_>) -> Option<Meddling> {
        let hidden: u64 = self.hidden.values().sum();
        let rules = self
            .hidden
            .iter()
            .map(|(rule, count)| format!("{rule} {count}"));
        let rules: Vec<String> = rules.collect();
        let plural = if hidden == 1 { "" } else { "s" };
        (hidden > 0).then(|| Meddling {
            path: judged.policy_path.as_bytes().into(),
            line: None,
            effect: Effect::Weaker,
            message: format!(
                "by the policy and the baseline of this change {hidden} finding{plural} would not be reported ({})",
                rules.join(", ")
            ),
        })
    }
}

struct ShadowSink<'r, 'j> {
    run: &'r Run<'j>,
    open: Open,
}

impl Sink for ShadowSink<'_, '_> {
    fn findings(&mut self, _: Origin, findings: Vec<Finding>) -> anyhow::Result<()> {
        remember(&findings, &mut self.open);
        Ok(())
    }

    fn skipped(&mut self, _: Vec<Skipped>) -> anyhow::Result<()> {
        Ok(())
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        Ok(self.run.job.watch.check()?)
    }
}

/// Adds what nothing covers. What is said of the policy itself is another matter.
pub(super) fn remember(findings: &[Finding], open: &mut Open) {
    let counted = findings
        .iter()
        .filter(|one| one.state != State::Suppressed && one.subject != Subject::Policy);
    open.extend(counted.map(|one| (one.fingerprint, Arc::clone(&one.rule_id))));
}

/// The suppressions in comments that the commit's version of the same file does not have.
fn fresh<'o>(
    run: &Run<'_>,
    commit: CommitId,
    all: &'o [SuppressionUse],
) -> anyhow::Result<Vec<&'o SuppressionUse>> {
    let repository = Repository::open(run.job.root.path())?;
    let repository = repository.context("the workspace is in no git repository")?;
    let reader = repository.reader();
    let most = run.job.policy.workspace.max_searched;
    let mut by_path: BTreeMap<&[u8], Vec<&SuppressionUse>> = BTreeMap::new();
    for one in all
        .iter()
        .filter(|one| one.source == SuppressionSource::Inline)
    {
        by_path.entry(&one.path).or_default().push(one);
    }
    let mut fresh = Vec::new();
    for (path, here) in by_path {
        let full = [repository.prefix(), path].concat();
        let mut known: HashMap<(String, String), u64> = HashMap::new();
        if let Some(entry) = reader.find(commit, &full)? {
            let content = reader.blob(&entry, most)?;
            for one in suppressions_in(path, &content) {
                *known.entry(one).or_default() += 1;
            }
        }
        fresh.extend(here.into_iter().filter(|one| {
            let count = known.get_mut(&(one.rule_id.clone(), one.reason.clone()));
            count.is_none_or(|count| {
                let is_new = *count == 0;
                *count = count.saturating_sub(1);
                is_new
            })
        }));
    }
    Ok(fresh)
}

fn suppresses(one: &SuppressionUse) -> Meddling {
    Meddling {
        path: one.path.clone(),
        line: one.line,
        effect: Effect::Suppresses,
        message: format!(
            "a new suppression accepts `{}` here: {}",
            one.rule_id,
            reason(one)
        ),
    }
}

fn reason(one: &SuppressionUse) -> &str {
    if one.reason.is_empty() {
        "no reason given"
    } else {
        &one.reason
    }
}

/// The new suppressions in short, for the record; and as sentences.
fn listed(fresh: &[&SuppressionUse], notices: &mut Vec<String>) -> Value {
    let shown = || fresh.iter().take(MOST_LISTED);
    let path = |one: &SuppressionUse| crate::store::escape(&one.path).into_owned();
    if !fresh.is_empty() {
        let count = fresh.len();
        let plural = if count == 1 { "" } else { "s" };
        let first = if count > MOST_LISTED {
            format!("; the first {MOST_LISTED}:")
        } else {
            ":".into()
        };
        notices.push(format!(
            "this change adds {count} suppression{plural} in comments{first}"
        ));
        notices.extend(shown().map(|one| {
            let line = one.line.unwrap_or_default();
            format!(
                "{}:{line} accepts `{}`: {}",
                path(one),
                one.rule_id,
                reason(one)
            )
        }));
    }
    let first: Vec<Value> = shown()
        .map(|one| json!({ "path": path(one), "line": one.line, "rule": one.rule_id, "reason": one.reason }))
        .collect();
    json!({ "count": fresh.len(), "first": first })
}
