//! Examinations of whole repositories: each flaw by itself is seen, and a repository without one is left alone.

use super::*;

const GOOD: &str = "\
name: gate
on:
  pull_request:
  merge_group:
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with:
          persist-credentials: false
          fetch-depth: 2
      - uses: factory-gate/factory-gate@3d3c42e5aac5ba805825da76410c181273ba90b1
";

fn file(path: &str, text: &str) -> File {
    File {
        path: path.into(),
        bytes: text.into(),
    }
}

/// The repository with this file and everything else right.
fn beside(path: &str, text: &str) -> Examination {
    examine(&[
        file(path, text),
        file("CODEOWNERS", "* @platform\n"),
        file(".factory-gate.yml", "version: 1\n"),
    ])
}

fn checks(examination: &Examination) -> Vec<String> {
    let advice = examination.advice.iter();
    advice
        .map(|one| format!("{} {} {}", one.line, one.weight.as_str(), one.check))
        .collect()
}

#[test]
fn a_workflow_that_is_right_is_left_alone() {
    let examination = beside(".github/workflows/gate.yml", GOOD);
    assert_eq!(checks(&examination), [""; 0]);
    assert_eq!(examination.unread, [""; 0]);
    let [gate] = &examination.gates[..] else {
        panic!("{:?}", examination.gates);
    };
    assert_eq!(
        (gate.line, gate.check_name.as_str(), gate.is_computed),
        (17, "gate", false)
    );
}

const WORKFLOW_FLAWS: &[(&str, &str, &str)] = &[
    ("  pull_request:\n", "  push:\n", ""),
    (
        "  pull_request:\n  merge_group:\n",
        "  push:\n",
        "16 wrong trigger-pull-request",
    ),
    (
        "  pull_request:\n",
        "  pull_request: { paths: [src] }\n",
        "3 wrong trigger-filter",
    ),
    (
        "  pull_request:\n",
        "  pull_request: { branches: [main] }\n",
        "3 weak trigger-filter",
    ),
    (
        "  pull_request:\n",
        "  pull_request: { types: [opened] }\n",
        "3 wrong trigger-filter",
    ),
    (
        "  pull_request:\n",
        "  pull_request: { types: [opened, synchronize, labeled] }\n",
        "",
    ),
    (
        "  pull_request:\n",
        "  pull_request_target:\n",
        "3 wrong pull-request-target",
    ),
    ("  merge_group:\n", "", "3 weak trigger-merge-group"),
    (
        "on:\n  pull_request:\n  merge_group:\n",
        "on: [pull_request, merge_group]\n",
        "",
    ),
    ("    timeout-minutes: 20\n", "", "8 weak timeout"),
    (
        "    timeout-minutes: 20\n",
        "    timeout-minutes: 20\n    if: github.actor != 'x'\n",
        "10 wrong skipped",
    ),
    (
        "    timeout-minutes: 20\n",
        "    timeout-minutes: 20\n    if: ${{ always() }}\n    needs: [a]\n",
        "",
    ),
    (
        "    timeout-minutes: 20\n",
        "    timeout-minutes: 20\n    needs: [a]\n",
        "10 wrong skipped",
    ),
    (
        "    timeout-minutes: 20\n",
        "    timeout-minutes: 20\n    continue-on-error: true\n",
        "10 wrong exit-code",
    ),
    (
        "    timeout-minutes: 20\n",
        "    timeout-minutes: 20\n    continue-on-error: ${{ x }}\n",
        "10 wrong exit-code",
    ),
    (
        "    timeout-minutes: 20\n",
        "    timeout-minutes: 20\n    continue-on-error: false\n",
        "",
    ),
    (
        "    timeout-minutes: 20\n",
        "    timeout-minutes: 20\n    strategy: { matrix: { a: [1] } }\n",
        "10 weak check-name",
    ),
    ("ubuntu-24.04", "[self-hosted, linux]", "8 weak self-hosted"),
    ("permissions: {}\n", "", ""),
    (
        "    permissions:\n      contents: read\n",
        "    permissions: write-all\n",
        "10 weak permissions",
    ),
    (
        "contents: read\n",
        "contents: write\n",
        "11 weak permissions",
    ),
    ("          fetch-depth: 2\n", "", "13 wrong checkout-depth"),
    (
        "fetch-depth: 2\n",
        "fetch-depth: 1\n",
        "13 wrong checkout-depth",
    ),
    ("fetch-depth: 2\n", "fetch-depth: 0\n", ""),
    (
        "fetch-depth: 2\n",
        "fetch-depth: 2\n          ref: ${{ github.head_ref }}\n",
        "13 wrong checkout-depth",
    ),
    (
        "          persist-credentials: false\n",
        "",
        "13 weak credentials",
    ),
    (
        "checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "checkout@v7",
        "13 weak pin",
    ),
    (
        "gate@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "gate@v1",
        "17 wrong pin",
    ),
    (
        "gate@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "gate@0000000000000000000000000000000000000000",
        "17 wrong pin",
    ),
];

#[test]
fn each_flaw_of_a_workflow_is_seen() {
    for (from, to, expected) in WORKFLOW_FLAWS.iter().copied() {
        assert!(GOOD.contains(from), "{from}");
        let examination = beside(".github/workflows/gate.yml", &GOOD.replacen(from, to, 1));
        let expected: Vec<&str> = (!expected.is_empty())
            .then_some(expected)
            .into_iter()
            .collect();
        assert_eq!(checks(&examination), expected, "{to}");
    }
}

#[test]
fn each_flaw_of_the_step_is_seen() {
    for (added, expected) in [
        ("        if: github.ref == 'x'\n", "18 wrong skipped"),
        ("        continue-on-error: true\n", "18 wrong exit-code"),
        ("        with: { fail-on: never }\n", "17 wrong exit-code"),
        ("        with: { fail-on: error }\n", ""),
        (
            "        with: { upload-artifact: false }\n",
            "17 weak artifact",
        ),
        ("        with: { retention-days: 3 }\n", "17 weak artifact"),
        ("        with: { retention-days: 0 }\n", ""),
        (
            "        with: { upload-sarif: true }\n",
            "11 wrong permissions",
        ),
        (
            "        with: { policy-ref: head }\n",
            "17 wrong policy-ref",
        ),
    ] {
        let examination = beside(".github/workflows/gate.yml", &format!("{GOOD}{added}"));
        let expected: Vec<&str> = (!expected.is_empty())
            .then_some(expected)
            .into_iter()
            .collect();
        assert_eq!(checks(&examination), expected, "{added}");
    }
}

#[test]
fn a_script_counts_like_the_action_and_has_to_keep_its_record_itself() {
    let uses = "uses: factory-gate/factory-gate@3d3c42e5aac5ba805825da76410c181273ba90b1\n";
    let kept = "factory-gate run .\n      - uses: actions/upload-artifact@3d3c42e5aac5ba805825da76410c181273ba90b1\n        if: ${{ always() }}\n";
    for (run, expected) in [
        (kept, ""),
        ("factory-gate run .\n", "17 weak artifact"),
        (&*kept.replace("always()", "success()"), "18 weak artifact"),
        (
            &*kept.replace("run .", "run . || true"),
            "17 wrong exit-code",
        ),
    ] {
        let text = GOOD.replace(uses, &format!("run: {run}"));
        let examination = beside(".github/workflows/gate.yml", &text);
        let expected: Vec<&str> = (!expected.is_empty())
            .then_some(expected)
            .into_iter()
            .collect();
        assert_eq!(checks(&examination), expected, "{run}");
    }
}

#[test]
fn a_repository_without_a_gate_is_told_so_and_one_that_cannot_be_read_is_not_judged() {
    assert_eq!(
        checks(&beside(".github/workflows/ci.yml", "on: push\n")),
        ["0 wrong no-gate"]
    );
    let broken = beside(".github/workflows/ci.yml", "on: [push\n");
    assert_eq!(checks(&broken), [""; 0]);
    assert_eq!(broken.unread.len(), 1);
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 0..20 {
        let before = if level == 0 {
            "*a".to_owned()
        } else {
            format!("*b{}", level - 1)
        };
        let items = vec![before; 9].join(",");
        let line = format!("b{level}: &b{level} [{items}]\n");
        bomb.push_str(&line);
    }
    let bombed = beside(".github/workflows/ci.yml", &bomb);
    assert!(bombed.gates.is_empty() && !bombed.unread.is_empty());
}

/// What `init` prints is right, but for the commit that only its user knows.
#[test]
fn the_examples_are_right() {
    for (path, text) in [
        (
            ".github/workflows/gate.yml",
            include_str!("../../examples/workflows/pull-request.yml"),
        ),
        (
            ".gitlab-ci.yml",
            include_str!("../../examples/other-ci/gitlab-ci.yml"),
        ),
        (
            "azure-pipelines.yml",
            include_str!("../../examples/other-ci/azure-pipelines.yml"),
        ),
        (
            ".buildkite/pipeline.yml",
            include_str!("../../examples/other-ci/buildkite.yml"),
        ),
        (
            ".gitea/workflows/gate.yml",
            include_str!("../../examples/other-ci/gitea.yml"),
        ),
        (
            "Jenkinsfile",
            include_str!("../../examples/other-ci/Jenkinsfile"),
        ),
    ] {
        let commit = "3d3c42e5aac5ba805825da76410c181273ba90b1";
        let examination = beside(path, &text.replace(&"0".repeat(40), commit));
        let wrong = examination
            .advice
            .iter()
            .filter(|one| one.weight == Weight::Wrong);
        assert_eq!(wrong.collect::<Vec<_>>(), Vec::<&Advice>::new(), "{path}");
        assert_eq!(
            (examination.gates.len(), examination.unread.len()),
            (1, 0),
            "{path}"
        );
    }
}

#[test]
fn two_jobs_of_one_name_and_missing_owners_are_seen() {
    let owners = file("CODEOWNERS", "/.github/ @platform\n");
    let files = [
        file(".github/workflows/a.yml", GOOD),
        file(".github/workflows/b.yml", GOOD),
        owners,
        file(".factory-gate.yml", "version: 1\n"),
    ];
    assert_eq!(
        checks(&examine(&files)),
        ["17 wrong check-name", "0 weak codeowners"]
    );
}

const GITLAB_FLAWS: &[(&str, &str, &str)] = &[
    ("gate:", "gate:", ""),
    (
        "factory-gate run .",
        "!reference [.gate, script]\n    - factory-gate run .",
        "",
    ),
    (
        "factory-gate run .",
        "factory-gate run . || true",
        "2 wrong exit-code",
    ),
    (
        "  script:",
        "  allow_failure: true\n  script:",
        "4 wrong exit-code",
    ),
    (
        "  script:",
        "  allow_failure: { exit_codes: [1] }\n  script:",
        "4 weak exit-code",
    ),
    (
        "  script:",
        "  allow_failure: { exit_codes: [1, 3] }\n  script:",
        "4 wrong exit-code",
    ),
    ("  script:", "  when: manual\n  script:", "2 wrong skipped"),
    (
        "merge_request_event",
        "push",
        "5 wrong trigger-pull-request",
    ),
    ("when: always, ", "", "6 weak artifact"),
    (
        "\"\n  script",
        "\"\n      changes: [src]\n  script",
        "4 wrong trigger-filter",
    ),
];

#[test]
fn gitlab() {
    let good = "\
gate:
  rules:
    - if: $CI_PIPELINE_SOURCE == \"merge_request_event\"
  script:
    - factory-gate run .
  artifacts: { when: always, paths: [factory_deployment.db] }
";
    for (from, to, expected) in GITLAB_FLAWS.iter().copied() {
        assert!(good.contains(from), "{from}");
        let examination = beside(".gitlab-ci.yml", &good.replacen(from, to, 1));
        assert_eq!(examination.unread, [""; 0], "{to}");
        let first: Vec<String> = checks(&examination).into_iter().take(1).collect();
        let expected: Vec<&str> = (!expected.is_empty())
            .then_some(expected)
            .into_iter()
            .collect();
        assert_eq!(first, expected, "{to}");
        assert_eq!(examination.gates.len(), 1, "{to}");
    }
    let included = "include:\n  - component: gitlab.com/factory-gate/gate@~latest\n";
    assert_eq!(checks(&beside(".gitlab-ci.yml", included)), ["2 wrong pin"]);
}

const AZURE: &str = "steps:\n  - checkout: self\n    fetchDepth: 2\n  - script: factory-gate run .\n  - publish: x\n    condition: always()\n";

const BUILDKITE: &str =
    "steps:\n  - label: gate\n    command: factory-gate run .\n    artifact_paths: x\n";

const JENKINS: &str = "sh 'factory-gate run .'\narchiveArtifacts 'x'\n";

const OTHER_FLAWS: &[(&str, &str, &str, &str, &str)] = &[
    ("azure-pipelines.yml", AZURE, "self", "self", ""),
    (
        "azure-pipelines.yml",
        AZURE,
        "    fetchDepth: 2\n",
        "",
        "2 wrong checkout-depth",
    ),
    (
        "azure-pipelines.yml",
        AZURE,
        "    condition: always()\n",
        "",
        "5 weak artifact",
    ),
    (
        "azure-pipelines.yml",
        AZURE,
        "run .\n",
        "run .\n    continueOnError: true\n",
        "5 wrong exit-code",
    ),
    (
        "azure-pipelines.yml",
        AZURE,
        "run .\n",
        "run .\n    condition: eq(1, 1)\n",
        "5 wrong skipped",
    ),
    (".buildkite/pipeline.yml", BUILDKITE, "gate", "gate", ""),
    (
        ".buildkite/pipeline.yml",
        BUILDKITE,
        "    artifact_paths: x\n",
        "",
        "2 weak artifact",
    ),
    (
        ".buildkite/pipeline.yml",
        BUILDKITE,
        "label: gate\n",
        "label: gate\n    soft_fail: true\n",
        "3 wrong exit-code",
    ),
    (
        ".buildkite/pipeline.yml",
        BUILDKITE,
        "label: gate\n",
        "label: gate\n    soft_fail: [{ exit_status: 1 }]\n",
        "3 weak exit-code",
    ),
    (
        ".buildkite/pipeline.yml",
        BUILDKITE,
        "label: gate\n",
        "label: gate\n    if: build.branch == 'x'\n",
        "3 wrong skipped",
    ),
    ("Jenkinsfile", JENKINS, "sh", "sh", ""),
    (
        "Jenkinsfile",
        JENKINS,
        "run .",
        "run . || true",
        "1 wrong exit-code",
    ),
    (
        "Jenkinsfile",
        JENKINS,
        "archiveArtifacts 'x'\n",
        "",
        "1 weak artifact",
    ),
];

#[test]
fn azure_and_buildkite_and_jenkins() {
    for (path, good, from, to, expected) in OTHER_FLAWS.iter().copied() {
        assert!(good.contains(from), "{from}");
        let examination = beside(path, &good.replacen(from, to, 1));
        let expected: Vec<&str> = (!expected.is_empty())
            .then_some(expected)
            .into_iter()
            .collect();
        assert_eq!(checks(&examination), expected, "{path}: {to}");
        assert_eq!(examination.gates.len(), 1, "{path}: {to}");
    }
}
