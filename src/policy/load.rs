//! The way from documents to a policy: read all, merge, check every name and option, compile.

use super::document::start;
use super::extend::{Documents, Loader, is_mapping, names};
use super::globs::GlobsBuilder;
use super::locked;
use super::merge::{Catalogue, Draft, find};
use super::model::{CleanupPolicy, Policy, PolicySuppression, WorkspacePolicy};
use super::presets;
use super::problem::{KeyPath, Problems, Report};
use super::target::preset_file;
use super::variants::Rules;

/// The main document of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    /// Its path as the user gave it; shown in mistakes.
    pub name: String,
    /// Its path relative to the workspace, with `/`, if it lies in it. What it extends is relative to it.
    pub workspace_path: Option<String>,
    /// Its absolute path, if it lies outside the workspace and that is known: pinned files are relative to it.
    pub outside_path: Option<String>,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// Reads a policy and everything it extends. Without one the preset `recommended` applies.
///
/// # Errors
/// Every mistake that the documents have, sorted by place.
pub fn load(main: Option<PolicyFile>, loader: Loader<'_>) -> Result<Policy, Problems> {
    load_with(main, loader, crate::rules::all())
}

/// [`load`] with the rules that a policy can name.
pub(super) fn load_with(
    main: Option<PolicyFile>,
    loader: Loader<'_>,
    known: &Catalogue,
) -> Result<Policy, Problems> {
    let default = || presets::find(presets::DEFAULT).unwrap_or(presets::PRESETS[0]);
    let main = main.unwrap_or_else(|| preset_file(default()));
    let mut report = Report::default();
    let documents = Documents::read(main, loader, &mut report);
    let draft = merge(&documents, &documents.layers, known, &mut report);
    locked::check(&draft, &documents, known, &mut report);
    let names = names(&documents.sources);
    finish(draft, documents, known, &mut report).ok_or_else(|| report.finish(&names))
}

/// Lays these documents over each other.
pub(super) fn merge(
    documents: &Documents<'_>,
    layers: &[usize],
    known: &Catalogue,
    report: &mut Report,
) -> Draft {
    let mut draft = Draft {
        incomplete: documents.incomplete,
        ..Draft::default()
    };
    for (place, index) in layers.iter().enumerate() {
        let again = layers[..place].contains(index);
        if let Some(root) = &documents.roots[*index]
            && is_mapping(root, report)
        {
            draft.lay(root, again, known, report);
        }
    }
    draft
}

/// Checks what can only be checked when everything is known. `None`: there are mistakes.
fn finish(
    mut draft: Draft,
    documents: Documents<'_>,
    known: &Catalogue,
    report: &mut Report,
) -> Option<Policy> {
    let mut globs = GlobsBuilder::default();
    let exclude = std::mem::take(&mut draft.exclude);
    let exclude = exclude
        .iter()
        .map(|(pattern, at)| globs.add(pattern, at))
        .collect();
    let rules = Rules::new(&draft, known, &mut globs, report).build();
    let suppressions = suppressions(&mut draft, known, &mut globs, report);
    let cleanup = CleanupPolicy {
        limits: draft.cleanup.limits,
        keep: std::mem::take(&mut draft.cleanup.keep),
        rules: draft.cleanup.finish(report),
    };
    let unreadable = &draft.workspace.allow_unreadable;
    let workspace = WorkspacePolicy {
        enter_nested: draft.workspace.enter_nested,
        allow_unreadable: unreadable
            .iter()
            .map(|(pattern, at)| globs.add(pattern, at))
            .collect(),
        max_content: draft
            .workspace
            .max_content
            .unwrap_or(WorkspacePolicy::DEFAULT_MAX_CONTENT),
        max_searched: draft
            .workspace
            .max_searched
            .unwrap_or(WorkspacePolicy::DEFAULT_MAX_SEARCHED),
    };
    let globs = match globs.build() {
        Ok(globs) => globs,
        Err(error) => {
            let message = format!("the path patterns cannot be compiled together: {error}");
            report.add(&start(0), &KeyPath::default(), message);
            return None;
        }
    };
    report.is_empty().then_some(Policy {
        sources: documents.sources,
        globs,
        exclude,
        rules,
        suppressions,
        cleanup,
        gate: draft.gate,
        workspace,
        baseline: draft.baseline,
        locks: draft.locks,
    })
}

fn suppressions(
    draft: &mut Draft,
    known: &Catalogue,
    globs: &mut GlobsBuilder,
    report: &mut Report,
) -> Vec<PolicySuppression> {
    let mut suppressions = Vec::new();
    for suppression in std::mem::take(&mut draft.suppressions) {
        let name = suppression.rule.as_str();
        if find(known, name).is_none() && !draft.rules.contains_key(name) {
            let place = (&suppression.rule_at, &suppression.rule_path);
            draft.unknown_rule(name, place, (known, ""), report);
        }
        let paths = suppression.paths.iter();
        suppressions.push(PolicySuppression {
            paths: paths.map(|(pattern, at)| globs.add(pattern, at)).collect(),
            rule: suppression.rule,
            reason: suppression.reason,
            owner: suppression.owner,
            expires: suppression.expires,
            position: suppression.position,
        });
    }
    suppressions
}
