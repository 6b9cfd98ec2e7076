//! What a change does to its own gate, as far as the policies, the baselines and the CI configuration show it.

use super::baseline::RunBaseline;
use super::commit::Commit;
use super::doctor;
use crate::policy::{Direction, Policy, changes, weakening_phrase};
use crate::scan::{Effect, Meddling};
use crate::walk::Root;
use crate::wiring::{File, turns};
use anyhow::Context as _;

/// What a change has in the place of what it is judged by.
#[derive(Default)]
pub(super) struct HeadSide {
    /// What it does to the gate.
    pub(super) meddling: Vec<Meddling>,
    /// Its own policy and baseline, if they differ and can be used.
    pub(super) own: Option<(Policy, Option<RunBaseline>)>,
    /// What it weakens, in one phrase.
    pub(super) phrase: String,
    /// Where findings about the policy are.
    pub(super) policy_path: String,
}

impl HeadSide {
    fn add(&mut self, path: &str, effect: Effect, message: String) {
        self.meddling.push(Meddling {
            path: path.as_bytes().into(),
            line: None,
            effect,
            message,
        });
    }

    /// The change's own policy or baseline cannot be used.
    pub(super) fn broken(&mut self, path: &str, what: &str, why: &str) {
        let why = why.replace('\n', "; ");
        let message = format!("the {what} of this change cannot be used: {why}");
        self.add(path, Effect::Weaker, message);
    }

    /// The policy came, went or has another name.
    pub(super) fn moved(&mut self, was: Option<&str>, is: Option<&str>, commit: &Commit<'_>) {
        let path = self.policy_path.clone();
        match (was, is) {
            (Some(was), None) => {
                let message = format!(
                    "the policy `{was}` of {} is removed: the preset `recommended` would apply",
                    commit.short()
                );
                self.add(&path, Effect::Weaker, message);
            }
            (Some(was), Some(is)) if was != is => {
                let message = format!("the policy is `{is}` instead of `{was}`");
                self.add(&path, Effect::Changed, message);
            }
            _ => {}
        }
    }

    /// Entries that the change adds to the baseline.
    pub(super) fn grown(&mut self, held: Option<&RunBaseline>, own: Option<&RunBaseline>) {
        let Some(own) = own else {
            return;
        };
        let added = match held {
            Some(held) => own.list().added_since(held.list()),
            None => own.list().clone(),
        };
        let total = added.entries().len();
        if total == 0 {
            return;
        }
        let rules = added.by_rule();
        let rules: Vec<String> = rules
            .iter()
            .map(|(rule, count)| format!("{rule} {count}"))
            .collect();
        let entries = if total == 1 { "entry" } else { "entries" };
        let message = format!(
            "the baseline grows by {total} {entries} ({})",
            rules.join(", ")
        );
        self.add(own.name(), Effect::Weaker, message);
    }

    /// Each difference of the policies; remembers the change's own for a second look if anything differs.
    pub(super) fn compare(
        &mut self,
        before: &Policy,
        after: Policy,
        (held, own): (&Option<RunBaseline>, Option<RunBaseline>),
    ) {
        let texts = |policy: &Policy| -> Vec<String> {
            policy
                .sources
                .iter()
                .map(|source| source.sha256.clone())
                .collect()
        };
        let lists = |one: Option<&RunBaseline>| one.map(|one| one.list().clone());
        if texts(before) == texts(&after) && lists(held.as_ref()) == lists(own.as_ref()) {
            return;
        }
        let changes = changes(before, &after);
        let path = self.policy_path.clone();
        for change in &changes {
            let effect = match change.direction {
                Direction::Weaker => Effect::Weaker,
                Direction::Stricter | Direction::Other => Effect::Changed,
            };
            self.add(&path, effect, change.to_string());
        }
        self.phrase = weakening_phrase(&changes);
        self.own = Some((after, own));
    }
}

/// What the change does to the jobs that run the gate, and to `CODEOWNERS`.
pub(super) fn wiring(commit: &Commit<'_>, policy_path: &str) -> anyhow::Result<Vec<Meddling>> {
    let top = &commit.tree.path;
    let root = Root::open(top).with_context(|| format!("`{}` cannot be opened", top.display()))?;
    let before = commit.wiring(doctor::MOST_BYTES)?;
    let (after, unread) = doctor::gather(&root);
    if before == after && unread.is_empty() {
        return Ok(Vec::new());
    }
    let place = |file: &str, line: u32, message: String| match commit.tree.in_workspace(file) {
        Some(path) => (path.as_bytes().into(), (line > 0).then_some(line), message),
        // Findings are in the workspace; this file is above it.
        None => (
            policy_path.as_bytes().into(),
            None,
            format!("`{file}`: {message}"),
        ),
    };
    let turned = turns(&before, &after).into_iter().map(|turn| {
        let (path, line, message) = place(&turn.file, turn.line, turn.message);
        let effect = if turn.is_weaker {
            Effect::Weaker
        } else {
            Effect::Changed
        };
        Meddling {
            path,
            line,
            effect,
            message,
        }
    });
    let was_there = |path: &str| {
        before
            .iter()
            .any(|file: &File| path.starts_with(&*file.path))
    };
    let lost = unread.iter().filter(|one| was_there(one)).map(|one| {
        let file = one.split(':').next().unwrap_or_default();
        let (path, line, message) = place(file, 0, format!("cannot be read any more: {one}"));
        Meddling {
            path,
            line,
            effect: Effect::Weaker,
            message,
        }
    });
    Ok(turned.chain(lost).collect())
}
