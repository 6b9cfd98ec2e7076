//! The job that runs the gate: whether its check can be trusted, and what its token may do.

use super::super::Adviser;
use super::triggers::sees_changes;
use super::{GateStep, How, Workflow, input, scalar};
use crate::policy::{Node, Value};

/// Days below which a record is gone before anyone asks for it.
const FEW_DAYS: u32 = 30;

pub(super) fn examine(workflow: &Workflow<'_>, step: &GateStep<'_>, adviser: &mut Adviser<'_>) {
    conditions(step.job, adviser);
    this_step(step, adviser);
    permissions(workflow, step, adviser);
    checkout(workflow, step, adviser);
    match &step.how {
        How::Action(with) => action(step, *with, adviser),
        How::Script(call) => {
            adviser.lost_exit_code(step.at, call, ("step", "step"));
            artifact(step, adviser);
        }
    }
    if sees_changes(workflow) {
        runner(step, adviser);
    }
}

/// What can keep a job from running, or its failure from counting.
pub(super) fn conditions(job: &Node, adviser: &mut Adviser<'_>) {
    let runs_always = job.get("if").and_then(scalar).is_some_and(|text| {
        let inner = text.trim_start_matches("${{").trim_end_matches("}}").trim();
        matches!(inner, "always()" | "!cancelled()" | "true")
    });
    if let Some(condition) = job.get("if").filter(|_| !runs_always) {
        adviser.wrong(
            condition,
            "skipped",
            (
                "the job has an `if`: a job that is skipped counts as passed for a required check",
                "take the `if` away, or make it `${{ always() }}`",
            ),
        );
    }
    if let Some(needs) = job.get("needs").filter(|_| !runs_always) {
        adviser.wrong(
            needs,
            "skipped",
            (
                "the job needs others: if one of them fails, this one is skipped, and that counts as passed for a required check",
                "take `needs` away, or require those jobs, too",
            ),
        );
    }
    not_counted(job, "job", adviser);
    let matrix = job
        .get("strategy")
        .and_then(|strategy| strategy.get("matrix"));
    let computed = job
        .get("name")
        .filter(|name| name.text().is_some_and(|text| text.contains("${{")));
    if let Some(at) = computed.or(matrix) {
        adviser.weak(
            at,
            "check-name",
            (
                "the name of this check is computed, so that it cannot be required as it is, and a matrix that comes out empty reports nothing",
                "require one job that needs this one, runs `if: ${{ always() }}` and tests its result",
            ),
        );
    }
    if job.get("timeout-minutes").is_none() && job.get("uses").is_none() {
        adviser.weak(
            job,
            "timeout",
            (
                "nothing ends this job before the system's limit of six hours",
                "add `timeout-minutes: 20`",
            ),
        );
    }
}

/// `continue-on-error`, unless it is certainly off.
fn not_counted(node: &Node, what: &str, adviser: &mut Adviser<'_>) {
    if let Some(value) = node.get("continue-on-error")
        && value.value != Value::Bool(false)
    {
        adviser.wrong(
            value,
            "exit-code",
            (
                format!("`continue-on-error`: the {what} counts as passed whatever the gate says"),
                "take it away; `gate: { fail_on: never }` in the policy makes a gate that only reports".to_owned(),
            ),
        );
    }
}

fn this_step(step: &GateStep<'_>, adviser: &mut Adviser<'_>) {
    let node = &step.steps[step.index];
    not_counted(node, "step", adviser);
    if let Some(condition) = node.get("if") {
        adviser.wrong(
            condition,
            "skipped",
            (
                "the step has an `if`: where it does not hold, the job passes without the gate",
                "take the `if` away",
            ),
        );
    }
}

fn permissions(workflow: &Workflow<'_>, step: &GateStep<'_>, adviser: &mut Adviser<'_>) {
    if workflow.system != "github" {
        return;
    }
    let granted = step
        .job
        .get("permissions")
        .or_else(|| workflow.root.get("permissions"));
    let Some(granted) = granted else {
        return adviser.weak(
            step.job,
            "permissions",
            (
                "nothing says what the job's token may do, so that the repository's default decides, and that may be to write",
                "add `permissions: { contents: read }` to the job",
            ),
        );
    };
    let uploads_sarif = matches!(&step.how, How::Action(with) if input(*with, "upload-sarif").as_deref() == Some("true"));
    let of = |scope: &str| granted.get(scope).and_then(scalar);
    if uploads_sarif
        && of("security-events").as_deref() != Some("write")
        && granted.text() != Some("write-all")
    {
        adviser.wrong(
            granted,
            "permissions",
            (
                "the SARIF file cannot be uploaded without `security-events: write`",
                "add it to the job's `permissions`",
            ),
        );
    }
    if granted.text() == Some("write-all") {
        return adviser.weak(
            granted,
            "permissions",
            (
                "the job's token may write everything",
                "`permissions: { contents: read }` is all that the gate needs",
            ),
        );
    }
    for entry in granted.entries() {
        let is_known = entry.key == "security-events" && uploads_sarif;
        if scalar(&entry.value).as_deref() == Some("write") && !is_known {
            adviser.weak(
                &entry.value,
                "permissions",
                (
                    format!(
                        "the job's token may write `{}`, which the gate does not need",
                        entry.key
                    ),
                    "take it away, or do what needs it in another job".to_owned(),
                ),
            );
        }
    }
}

fn checkout(workflow: &Workflow<'_>, step: &GateStep<'_>, adviser: &mut Adviser<'_>) {
    let before = step.steps[..step.index].iter();
    let is_checkout = |node: &&Node| {
        let uses = node.get("uses").and_then(Node::text).unwrap_or_default();
        uses.split('@')
            .next()
            .is_some_and(|name| name.ends_with("actions/checkout"))
    };
    // A script may fetch as much as it likes.
    let by_script = before.clone().any(|node| {
        let script = node.get("run").and_then(Node::text).unwrap_or_default();
        script.contains("git") && (script.contains("checkout") || script.contains("clone"))
    });
    let Some(checkout) = before.rev().find(is_checkout) else {
        if by_script {
            return;
        }
        return adviser.wrong(
            step.at,
            "checkout",
            (
                "nothing is checked out before the gate runs",
                "add a step with `uses: actions/checkout@COMMIT` before it",
            ),
        );
    };
    let with = checkout.get("with");
    if sees_changes(workflow) {
        depth(checkout, with, adviser);
    }
    if input(with, "persist-credentials").as_deref() != Some("false") {
        adviser.weak(
            checkout,
            "credentials",
            (
                "the token stays in `.git/config`, where every later step can read it",
                "add `persist-credentials: false` to the checkout's `with`",
            ),
        );
    }
    for node in &step.steps[..step.index] {
        if let Some(uses) = node
            .get("uses")
            .filter(|uses| !is_pinned(uses) && !is_local(uses))
        {
            adviser.weak(
                uses,
                "pin",
                ("an action that runs before the gate is named by a tag or a branch, which its owner can move", "name it by the full id of a commit"),
            );
        }
    }
}

/// Whether what a change is compared with is fetched.
fn depth(checkout: &Node, with: Option<&Node>, adviser: &mut Adviser<'_>) {
    let depth = input(with, "fetch-depth");
    let is_deep = depth
        .as_deref()
        .is_some_and(|depth| depth == "0" || depth.parse::<u32>().is_ok_and(|depth| depth >= 2));
    let head = input(with, "ref").filter(|text| text.contains("head"));
    if let (Some(_), false) = (&head, depth.as_deref() == Some("0")) {
        adviser.wrong(
            checkout,
            "checkout-depth",
            (
                "the head of the branch is checked out instead of its merge with the base: what the change is compared with is only found with the whole history",
                "take `ref` away and set `fetch-depth: 2`, or set `fetch-depth: 0`",
            ),
        );
    } else if !is_deep {
        adviser.wrong(
            checkout,
            "checkout-depth",
            (
                "the commit that a pull request is compared with is not fetched: the policy cannot be read from it, and the gate ends undecided (exit code 3)",
                "add `fetch-depth: 2` to the checkout's `with`",
            ),
        );
    }
}

fn is_local(uses: &Node) -> bool {
    uses.text()
        .is_some_and(|text| text.starts_with("./") || text.starts_with('$'))
}

/// Whether an action is named by a commit; an image by a digest.
fn is_pinned(uses: &Node) -> bool {
    let text = uses.text().unwrap_or_default();
    let reference = text.rsplit('@').next().unwrap_or_default();
    if let Some(digest) = reference.strip_prefix("sha256:") {
        return digest.len() == 64;
    }
    matches!(reference.len(), 40 | 64) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The gate is named by one commit, and by a real one.
pub(super) fn pin(uses: &Node, adviser: &mut Adviser<'_>) {
    if is_local(uses) {
        return;
    }
    if !is_pinned(uses) {
        adviser.wrong(
            uses,
            "pin",
            (
                format!("`{}` is a tag or a branch, which can be moved: what decides on merges can change unseen", uses.text().unwrap_or_default()),
                "name the action by the full id of a commit that you reviewed, with the version as a comment".to_owned(),
            ),
        );
    } else if uses.text().is_some_and(|text| {
        text.rsplit('@')
            .next()
            .is_some_and(|id| id.bytes().all(|byte| byte == b'0'))
    }) {
        adviser.wrong(
            uses,
            "pin",
            (
                "the zeros stand for the commit that you reviewed",
                "put that commit's full id in their place",
            ),
        );
    }
}

fn action(step: &GateStep<'_>, with: Option<&Node>, adviser: &mut Adviser<'_>) {
    pin(step.at, adviser);
    if input(with, "fail-on").as_deref() == Some("never") {
        adviser.wrong(
            step.at,
            "exit-code",
            (
                "`fail-on: never`: the gate only reports",
                "take it away where violations are to keep a change from being merged",
            ),
        );
    }
    if input(with, "upload-artifact").as_deref() == Some("false") {
        adviser.weak(
            step.at,
            "artifact",
            (
                "the record is not kept: nobody can look later at what was decided, and why",
                "take `upload-artifact: \"false\"` away",
            ),
        );
    }
    let days = input(with, "retention-days").and_then(|days| days.parse::<u32>().ok());
    if let Some(days) = days.filter(|days| (1..FEW_DAYS).contains(days)) {
        few_days(step.at, days, adviser);
    }
    if let Some(policy) = input(with, "policy-ref").filter(|text| text == "head") {
        adviser.wrong(
            step.at,
            "policy-ref",
            (
                format!(
                    "`policy-ref: {policy}`: a pull request brings the policy that it is judged by"
                ),
                "take it away: by default the policy comes from the base".to_owned(),
            ),
        );
    }
}

fn few_days(at: &Node, days: u32, adviser: &mut Adviser<'_>) {
    adviser.weak(
        at,
        "artifact",
        (
            format!("the record is deleted after {days} days: before an audit asks for it"),
            "keep it for at least 90 days".to_owned(),
        ),
    );
}

/// A script does not upload anything: a later step has to.
fn artifact(step: &GateStep<'_>, adviser: &mut Adviser<'_>) {
    let later = &step.steps[step.index + 1..];
    let upload = later.iter().find(|node| {
        node.get("uses")
            .and_then(Node::text)
            .is_some_and(|uses| uses.contains("upload-artifact"))
    });
    let Some(upload) = upload else {
        return adviser.weak(
            step.at,
            "artifact",
            (
                "the record `factory_deployment.db` is not kept",
                "upload it in a later step, with `if: ${{ always() }}`",
            ),
        );
    };
    let condition = upload.get("if").and_then(scalar).unwrap_or_default();
    if !["always()", "!cancelled()", "failure()"]
        .iter()
        .any(|one| condition.contains(one))
    {
        adviser.weak(
            upload,
            "artifact",
            (
                "the record is kept only when the gate passes, and is wanted most when it does not",
                "add `if: ${{ always() }}` to the upload",
            ),
        );
    }
    let days =
        input(upload.get("with"), "retention-days").and_then(|days| days.parse::<u32>().ok());
    if let Some(days) = days.filter(|days| (1..FEW_DAYS).contains(days)) {
        few_days(upload, days, adviser);
    }
}

fn runner(step: &GateStep<'_>, adviser: &mut Adviser<'_>) {
    let Some(runs_on) = step.job.get("runs-on") else {
        return;
    };
    let texts = runs_on.items().iter().chain([runs_on]);
    if texts
        .filter_map(Node::text)
        .any(|text| text == "self-hosted")
    {
        adviser.weak(
            runs_on,
            "self-hosted",
            (
                "a pull request from a fork runs on a machine of your own, and what it leaves there the next job finds",
                "use a hosted runner, or machines that are used once",
            ),
        );
    }
}
