//! What the built-in schemas say: everything that is documented is fine, each mistake has one clear message.

use super::Builtin;
use crate::syntax::{Notation, parse};

/// What the schema says about a document in YAML.
fn says(builtin: Builtin, yaml: &str) -> Vec<String> {
    let parsed = parse(yaml.as_bytes(), Notation::Yaml);
    assert_eq!(parsed.mistakes, [], "{yaml}");
    let faults = builtin.schema().unwrap().judge(&parsed.documents[0]);
    faults.into_iter().map(|fault| fault.message).collect()
}

/// What is said about a step of a job that is otherwise fine.
fn step(yaml: &str) -> Vec<String> {
    let job = format!("{{ runs-on: x, steps: [{yaml}] }}");
    says(
        Builtin::GithubWorkflow,
        &format!("{{ 'on': push, jobs: {{ j: {job} }} }}"),
    )
}

#[test]
fn patterns_and_paths_agree() {
    for (path, about) in [
        (".github/workflows/ci.yml", Some(Builtin::GithubWorkflow)),
        (".github/workflows/ci.yaml", Some(Builtin::GithubWorkflow)),
        (".github/workflows/sub/ci.yml", None),
        ("a/.github/workflows/ci.yml", None),
        ("action.yml", Some(Builtin::GithubAction)),
        (
            ".github/actions/a/b/action.yaml",
            Some(Builtin::GithubAction),
        ),
        ("src/action.yml", None),
        (".github/reaction.yml", None),
    ] {
        let found = Builtin::ALL
            .into_iter()
            .find(|one| one.is_about(path.as_bytes()));
        assert_eq!(found, about, "{path}");
        for one in Builtin::ALL {
            let matches = one.paths().iter().any(|pattern| {
                let mut glob = globset::GlobBuilder::new(pattern);
                let glob = glob.literal_separator(true).build().unwrap();
                glob.compile_matcher().is_match(path)
            });
            assert_eq!(matches, one.is_about(path.as_bytes()), "{path}");
        }
    }
}

#[test]
fn a_workflow_with_all_that_is_documented_is_fine() {
    let yaml = include_str!("builtin/everything.yaml");
    assert_eq!(says(Builtin::GithubWorkflow, yaml), [""; 0]);
}

const STEPS: &[(&str, &str)] = &[
    (
        "{ uses: a/b@v1, run: x }",
        "`jobs.j.steps[0].run`: a step has either `uses` or `run`, not both",
    ),
    (
        "{ name: x }",
        "`jobs.j.steps[0]`: a step needs `run` or `uses` (or `wait`, `wait-all`, `cancel` or `parallel`)",
    ),
    (
        "{ uses: a/b@v1, shell: sh }",
        "`jobs.j.steps[0].shell`: belongs to a step with `run`, not to one with `uses`",
    ),
    (
        "{ run: x, with: { a: b } }",
        "`jobs.j.steps[0].with`: belongs to a step with `uses`, not to one with `run`",
    ),
    (
        "{ run: x, timeout-minutes: soon }",
        "`jobs.j.steps[0].timeout-minutes`: expected a number of minutes or an expression `${{ … }}`, found the text `soon`",
    ),
    (
        "{ uses: a/b }",
        "`jobs.j.steps[0].uses`: expected an action: `OWNER/REPOSITORY@REF`, `./PATH`, `$/PATH` or `docker://IMAGE`, found the text `a/b`",
    ),
    (
        "{ run: x, working_directory: y }",
        "`jobs.j.steps[0].working_directory`: unknown key, is `working-directory` meant?",
    ),
    (
        "{ run: x, continue-on-error: 'yes' }",
        "`jobs.j.steps[0].continue-on-error`: expected `true`, `false` or an expression `${{ … }}`, found the text `yes`",
    ),
    (
        "{ run: x, id: 1a }",
        "`jobs.j.steps[0].id`: expected an id of letters, digits, `_` and `-` that begins with a letter or `_`, found the text `1a`",
    ),
    (
        "{ run: x, shell: fish }",
        "`jobs.j.steps[0].shell`: expected bash, sh, pwsh, powershell, cmd, python or a command with `{0}` for the script, found the text `fish`",
    ),
];

const TRIGGERS: &[(&str, &str)] = &[
    (
        "'on': pul_request",
        "`on`: unknown value: found the text `pul_request`, is `pull_request` meant?",
    ),
    (
        "'on': { push: { branches: [a], branches-ignore: [b] } }",
        "`on.push`: `branches` and `branches-ignore` exclude each other",
    ),
    (
        "'on': { pull_request: { types: [open] } }",
        "`on.pull_request.types[0]`: unknown value: found the text `open`, is `opened` meant?",
    ),
    (
        "'on': { schedule: [{ cron: '0 25 * * *' }] }",
        "`on.schedule[0].cron`: expected five fields: minute (0-59), hour (0-23), day (1-31), month (1-12), day of the week (0-6), found the text `0 25 * * *`",
    ),
    (
        "'on': { workflow_call: { inputs: { a: {} } } }",
        "`on.workflow_call.inputs.a`: missing key `type`",
    ),
    (
        "'on': { workflow_dispatch: { inputs: { a: { type: choice } } } }",
        "`on.workflow_dispatch.inputs.a`: missing key `options`",
    ),
    (
        "'on': push, permissions: { content: read }",
        "`permissions.content`: unknown key, is `contents` meant?",
    ),
    (
        "'on': push, permissions: { contents: admin }",
        "`permissions.contents`: expected `read`, `write` or `none`, found the text `admin`",
    ),
    (
        "'on': push, concurrency: { cancel-in-progress: true }",
        "`concurrency`: missing key `group`",
    ),
];

const JOBS: &[(&str, &[&str])] = &[
    (
        "{ steps: [] }",
        &[
            "`jobs.j`: missing key `runs-on`",
            "`jobs.j.steps`: expected at least 1 entry, found 0",
        ],
    ),
    (
        "{ uses: ./.github/workflows/a.yml, steps: [{ run: x }] }",
        &["`jobs.j.steps`: not allowed in a job that calls a workflow with `uses`"],
    ),
    (
        "{ runs-on: x, strategy: { matrix: { os: linux } } }",
        &[
            "`jobs.j.strategy.matrix.os`: expected a list with at least one value or an expression `${{ … }}`, found the text `linux`",
        ],
    ),
    (
        "{ runs-on: { label: x } }",
        &["`jobs.j.runs-on.label`: unknown key, is `labels` meant?"],
    ),
    (
        "{ runs-on: x, secrets: inherit }",
        &["`jobs.j.secrets`: belongs to a job that calls a workflow with `uses`"],
    ),
];

const ACTIONS: &[(&str, &str)] = &[
    (
        "runs: { using: composite, steps: [{ run: x }] }",
        "`runs.steps[0]`: missing key `shell`",
    ),
    (
        "runs: { using: node16, main: a }",
        "`runs.using`: expected `node20`, `node24`, `composite` or `docker`, found the text `node16`",
    ),
    (
        "runs: { using: docker, main: a, image: b }",
        "`runs.main`: unknown key: expected `using`, `image`, `env`, `entrypoint`, `pre-entrypoint`, `pre-if`, `post-entrypoint`, `post-if` or `args`",
    ),
    ("runs: { using: node24 }", "`runs`: missing key `main`"),
    (
        "outputs: { a: { description: b } }, runs: { using: composite, steps: [] }",
        "`outputs.a`: missing key `value`",
    ),
    (
        "outputs: { a: { value: b } }, runs: { using: node20, main: a }",
        "`outputs.a.value`: belongs to the outputs of a composite action",
    ),
    (
        "inputs: { a: { description: b, default: false } }, runs: { using: node20, main: a }",
        "`inputs.a.default`: expected a text (in quotes, since the value of an input is always a text), found `false`",
    ),
    (
        "branding: { icon: githb, color: pink }, runs: { using: node20, main: a }",
        "`branding.icon`: expected one of 257 values, found the text `githb`",
    ),
];

#[test]
fn each_mistake_in_a_workflow_has_one_clear_message() {
    for (yaml, said) in STEPS {
        assert_eq!(step(yaml), [*said], "{yaml}");
    }
    let jobs = "jobs: { j: { runs-on: x, steps: [{ run: x }] } }";
    for (rest, said) in TRIGGERS {
        let yaml = format!("{{ {rest}, {jobs} }}");
        assert_eq!(says(Builtin::GithubWorkflow, &yaml), [*said], "{rest}");
    }
    for (job, said) in JOBS {
        let yaml = format!("{{ 'on': push, jobs: {{ j: {job} }} }}");
        assert_eq!(says(Builtin::GithubWorkflow, &yaml), *said, "{job}");
    }
}

#[test]
fn actions_of_each_kind_are_judged_as_what_they_are() {
    let composite = "runs: { using: composite, steps: [{ run: x, shell: bash }, { uses: ./a }] }";
    let script = "runs: { using: node24, main: a.js, post: b.js, post-if: success() }";
    let docker = "runs: { using: docker, image: Dockerfile, args: [a, 1], env: { A: b } }";
    for fine in [composite, script, docker] {
        let yaml = format!(
            "{{ name: a, description: b, author: c, inputs: {{ a: {{ description: x, default: '1', required: true }} }}, \
             branding: {{ icon: award, color: gray-dark }}, {fine} }}"
        );
        assert_eq!(says(Builtin::GithubAction, &yaml), [""; 0], "{fine}");
    }
    for (rest, said) in ACTIONS {
        let yaml = format!("{{ name: a, description: b, {rest} }}");
        assert_eq!(says(Builtin::GithubAction, &yaml)[..1], [*said], "{rest}");
    }
}
