//! Which commit a change is compared with. Each decision is told; where it cannot be made for certain there is no base,
//! and the telling says what to do. A clone that is cut off must never make the answer a wrong one.

use super::ancestry::{MergeBase, merge_base};
use super::objects::{BaseError, CommitId, Reader};
use crate::ci::{BaseHint, Change, ChangeKind, Lookup};
use serde_json::Value;

/// The base of a change, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// What is judged.
    pub kind: ChangeKind,
    /// The commit to compare with, if it is known for certain and there.
    pub base: Option<CommitId>,
    /// What was decided, and why, in the order of deciding: sentences without a full stop, that may hold untrusted text.
    pub steps: Vec<String>,
}

impl Resolution {
    /// There is nothing to compare with, and nobody asked.
    pub fn not_asked() -> Self {
        Self {
            kind: ChangeKind::None,
            base: None,
            steps: Vec::new(),
        }
    }

    /// Everything that was decided, in one line.
    pub fn told(&self) -> String {
        self.steps.join("; ")
    }
}

/// What is known where a base is looked for.
pub struct Known<'k> {
    /// The objects.
    pub reader: &'k Reader<'k>,
    /// The event's payload, if there is one and it is JSON.
    pub payload: Option<&'k Value>,
}

/// Finds the base that was asked for: the commit with this id, or where the history left the branch or tag of this name.
pub fn resolve_explicit(wanted: &str, kind: ChangeKind, reader: &Reader<'_>) -> Resolution {
    let mut steps = Vec::new();
    let base = explicit(wanted, reader, &mut steps);
    Resolution { kind, base, steps }
}

/// Finds the base of the change that a CI system says it runs for.
pub fn resolve(change: &Change, known: &Known<'_>) -> Resolution {
    let mut steps = Vec::new();
    let mut base = None;
    let Some(head) = known.reader.head() else {
        steps.push("there is no commit yet".into());
        return Resolution {
            kind: change.kind,
            base,
            steps,
        };
    };
    for hint in &change.hints {
        base = follow(hint, (head, known), &mut steps);
        // What is compared with itself has not changed: that is no answer, but the lack of one.
        if base == Some(head) {
            steps.push(format!(
                "that is the commit checked out, {head}, itself: nothing to compare with"
            ));
            base = None;
        }
        if base.is_some() {
            break;
        }
    }
    if change.hints.is_empty() {
        steps.push("nothing says what to compare with".into());
    }
    Resolution {
        kind: change.kind,
        base,
        steps,
    }
}

fn follow(
    hint: &BaseHint,
    (head, known): (CommitId, &Known<'_>),
    steps: &mut Vec<String>,
) -> Option<CommitId> {
    let reader = known.reader;
    match hint {
        BaseHint::MergedFrom(change) => {
            let change = look_up(change, known.payload, steps)?;
            first_parent(head, &change, (reader, steps))
        }
        BaseHint::Commit(what, lookup) => {
            let hex = look_up(lookup, known.payload, steps)?;
            if hex.bytes().all(|byte| byte == b'0') {
                steps.push(format!("{what}: none, the branch is new"));
                return None;
            }
            there(&hex, what, (reader, steps))
        }
        BaseHint::LeftFrom(what, lookup) => {
            let hex = look_up(lookup, known.payload, steps)?;
            let tip = there(&hex, what, (reader, steps))?;
            left_from((head, tip), what, (reader, steps))
        }
        BaseHint::Branch(lookup) => {
            let name = look_up(lookup, known.payload, steps)?;
            let tip = branch(&name, (reader, steps))?;
            left_from((head, tip), &format!("branch {name}"), (reader, steps))
        }
        BaseHint::DefaultBranch => default_branch(head, (reader, steps)),
    }
}

fn look_up(lookup: &Lookup, payload: Option<&Value>, steps: &mut Vec<String>) -> Option<String> {
    match lookup {
        Lookup::Known(text) => Some(text.clone()),
        Lookup::Payload(pointer) => {
            let text = payload.and_then(|payload| payload.pointer(pointer)?.as_str());
            if text.is_none() {
                steps.push(format!(
                    "the event's payload has no {}",
                    pointer[1..].replace('/', ".")
                ));
            }
            text.map(str::to_owned)
        }
    }
}

/// A commit that has to be there.
fn there(
    hex: &str,
    what: &str,
    (reader, steps): (&Reader<'_>, &mut Vec<String>),
) -> Option<CommitId> {
    match reader.commit(hex) {
        Ok(commit) => {
            steps.push(format!("{what} is {commit}"));
            Some(commit)
        }
        Err(BaseError::Missing(_)) => {
            steps.push(format!(
                "{what}, {hex}, is not in this clone: fetch it (`git fetch --depth=1 origin {hex}`), or more history (`fetch-depth: 0`)"
            ));
            None
        }
        Err(error) => {
            steps.push(format!("{what}: {error}"));
            None
        }
    }
}

/// HEAD is a merge that the CI system made of the base and the change: the base is its first parent.
fn first_parent(
    head: CommitId,
    second: &str,
    (reader, steps): (&Reader<'_>, &mut Vec<String>),
) -> Option<CommitId> {
    let parents = match reader.parents(head) {
        Ok(parents) => parents,
        Err(error) => {
            steps.push(format!("the parents of HEAD: {error}"));
            return None;
        }
    };
    match &parents[..] {
        [base, change] if change == second => there(
            base,
            "the first parent of the merge commit checked out",
            (reader, steps),
        ),
        [_, other] => {
            steps.push(format!(
                "HEAD is a merge of {other}, and not of the change's own commit: its first parent says nothing about the change"
            ));
            None
        }
        others => {
            steps.push(format!(
                "HEAD is no merge of the base and the change: it has {} parents",
                others.len()
            ));
            None
        }
    }
}

/// Where the history of HEAD left another one.
fn left_from(
    (head, tip): (CommitId, CommitId),
    what: &str,
    (reader, steps): (&Reader<'_>, &mut Vec<String>),
) -> Option<CommitId> {
    match merge_base(reader, head, tip) {
        Ok(MergeBase::One(commit)) => {
            steps.push(format!("the history left {what} at {commit}"));
            Some(commit)
        }
        Ok(MergeBase::Several(commit, count)) => {
            steps.push(format!(
                "the history left {what} at {count} commits, of which {commit} is taken"
            ));
            Some(commit)
        }
        Ok(MergeBase::None) => {
            steps.push(format!("HEAD and {what} have no commit in common"));
            None
        }
        Ok(MergeBase::CutOff) => {
            steps.push(format!(
                "where the history left {what} cannot be told: the clone is cut off before it; fetch more history (`fetch-depth: 0`)"
            ));
            None
        }
        Err(error) => {
            steps.push(format!("where the history left {what}: {error}"));
            None
        }
    }
}

fn branch(name: &str, (reader, steps): (&Reader<'_>, &mut Vec<String>)) -> Option<CommitId> {
    let short = name.strip_prefix("refs/heads/").unwrap_or(name);
    for full in [
        format!("refs/remotes/origin/{short}"),
        format!("refs/heads/{short}"),
    ] {
        if let Some(commit) = reader.reference(&full) {
            return Some(commit);
        }
    }
    steps.push(format!("this clone has no branch {short}, nor origin/{short}: fetch it (`git fetch origin {short}`)"));
    None
}

fn default_branch(
    head: CommitId,
    (reader, steps): (&Reader<'_>, &mut Vec<String>),
) -> Option<CommitId> {
    for name in [
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
        "refs/remotes/origin/master",
    ] {
        if let Some(tip) = reader.reference(name) {
            let short = name.trim_start_matches("refs/remotes/");
            return left_from((head, tip), short, (reader, steps));
        }
    }
    steps.push("this clone does not know the default branch of its origin".into());
    None
}

fn explicit(wanted: &str, reader: &Reader<'_>, steps: &mut Vec<String>) -> Option<CommitId> {
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "?*[\\:".contains(c);
    if wanted.is_empty()
        || wanted.starts_with('-')
        || wanted.contains("..")
        || wanted.contains(is_odd)
    {
        steps.push(format!(
            "`{wanted}` names no commit: expected an id, a branch, a tag, or for example HEAD^1"
        ));
        return None;
    }
    let found = match reader.revision(wanted) {
        Ok(found) => found,
        Err(error) => {
            let shallow = reader.is_shallow().unwrap_or(false);
            let hint = if shallow {
                "; the clone is cut off, it may be beyond: fetch more history"
            } else {
                ""
            };
            steps.push(format!("{error}{hint}"));
            return None;
        }
    };
    steps.push(format!("`{wanted}` is {found}, as asked for"));
    let is_id = wanted.len() >= 4 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_relative = wanted.contains(['^', '~', '@']) || wanted == "HEAD";
    match reader.head() {
        // A branch goes on after a change left it; what came to it since is not the change's.
        Some(head) if !is_id && !is_relative && head != found => {
            left_from((head, found), &format!("`{wanted}`"), (reader, steps))
        }
        _ => Some(found),
    }
}
