//! Exit codes, and errors that say what, where, and what to do.

use crate::world::{World, make_fifo};

#[test]
fn the_gate_decides_by_severity() {
    let world = World::new()
        .policy("version: 1\nrules: { final-newline: warning }\n")
        .file("a.txt", "no newline");
    assert_eq!(world.run(&[]).status, 0);
    assert_eq!(world.run(&["--fail-on", "warning"]).status, 1);
    assert_eq!(world.run(&["--fail-on", "never"]).status, 0);
    let world =
        world.policy("version: 1\nrules: { final-newline: warning }\ngate: { min_score: 100 }\n");
    let answer = world.run(&[]);
    assert_eq!(answer.status, 1, "{answer:?}");
}

#[test]
fn a_policy_with_mistakes_scans_nothing_and_names_them_all() {
    let world = World::new().policy(
        "version: 1\nrules:\n  trailing-whitespce: error\n  file-size: { max: tiny, sevrity: error }\ngate: { fail_on: sometimes }\n",
    );
    let answer = world.run(&[]);
    assert_eq!(answer.status, 2);
    insta::assert_snapshot!(answer.stderr, @"
    error: .factory-gate.yml:3:3: rules.trailing-whitespce: unknown rule `trailing-whitespce`; did you mean `trailing-whitespace`?
    .factory-gate.yml:4:21: rules.file-size.max: `tiny` is no size: expected for example 500 kB, 1 MiB or 2 GiB
    .factory-gate.yml:4:27: rules.file-size.sevrity: unknown option of `file-size`: `sevrity`; did you mean `severity`?
    .factory-gate.yml:5:18: gate.fail_on: expected `error`, `warning`, `note` or `never`, found the text `sometimes`
    4 mistakes in the policy; nothing was scanned
    ");
    assert!(
        !world.database().exists(),
        "nothing was scanned, nothing is recorded"
    );
}

#[test]
fn usage_errors_are_two() {
    let world = World::new();
    assert_eq!(world.gate(["run", "no-such-place"]).status, 2);
    assert_eq!(
        world.gate(["run", "work", "--policy", "absent.yml"]).status,
        2
    );
    assert_eq!(world.gate(["frobnicate"]).status, 2);
    assert_eq!(world.gate(["explain", "trailing-whitespce"]).status, 2);
    assert_eq!(world.gate(["--help"]).status, 0);
    assert_eq!(world.gate(["--version"]).status, 0);
}

#[test]
fn a_foreign_database_is_refused_before_anything_is_scanned() {
    let world = World::new();
    std::fs::write(world.database(), "these are my notes").unwrap();
    let answer = world.run(&[]);
    assert_eq!(answer.status, 2, "{answer:?}");
    assert_eq!(
        std::fs::read_to_string(world.database()).unwrap(),
        "these are my notes"
    );
}

#[test]
fn a_database_that_cannot_be_written_is_undecided() {
    let world = World::new();
    let answer = world.run(&["--database", "/proc/nowhere/x.db"]);
    assert_eq!(answer.status, 3, "{answer:?}");
}

#[test]
fn an_unreadable_file_is_undecided_unless_the_policy_allows_it() {
    if rustix::process::geteuid().is_root() {
        // Root reads everything; what root cannot do is open a file through a loop of names that is too long.
        let world = World::new().policy("version: 1\nrules: { final-newline: warning }\n");
        let mut place = world.root();
        let name = "n".repeat(250);
        let mut handle = rustix::fs::open(
            &place,
            rustix::fs::OFlags::DIRECTORY,
            rustix::fs::Mode::empty(),
        )
        .unwrap();
        for _ in 0..18 {
            rustix::fs::mkdirat(&handle, name.as_str(), rustix::fs::Mode::RWXU).unwrap();
            handle = rustix::fs::openat(
                &handle,
                name.as_str(),
                rustix::fs::OFlags::DIRECTORY,
                rustix::fs::Mode::empty(),
            )
            .unwrap();
            place.push(&name);
        }
        let answer = world.run(&["--quiet"]);
        assert_eq!(answer.status, 3, "{answer:?}");
        assert_eq!(
            world.query("SELECT count(*) FROM skipped_files WHERE reason LIKE 'unreadable: %'"),
            ["1"]
        );
        let allow = "version: 1\nrules: { final-newline: warning }\nworkspace: { allow_unreadable: [\"**\"] }\n";
        assert_eq!(world.policy(allow).run(&[]).status, 0);
        return;
    }
    let world = World::new()
        .policy("version: 1\nrules: { final-newline: warning }\n")
        .file("a", "x\n");
    let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o0);
    std::fs::set_permissions(world.root().join("a"), mode).unwrap();
    assert_eq!(world.run(&[]).status, 3);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the text of the help")]
fn help_of_every_command() {
    let world = World::new();
    insta::assert_snapshot!(world.gate(["--help"]).stdout, @"
    Scans a workspace for violations of a policy, cleans up, verifies, and leaves a record that an
    auditor can trust

    Usage: factory-gate [OPTIONS] <COMMAND>

    Commands:
      run          Run the five phases over a workspace. Changes nothing without --apply
      explain      Explain a rule, a detector, or a key of the policy and who sets it
      baseline     Accept the violations of a run as they are, so that only new ones count
      rules        List all rules
      verify       Check a database: integrity, seal, completeness
      report       Render a database as a report
      restore      Put quarantined files back, never over something that exists
      recover      Seal honestly what a killed run left behind
      init         Print a job that runs the gate, or write it where the CI system looks for it
      doctor       Check that the CI configuration makes the gate a gate. Looks at files only
      schema       Print the JSON Schema of the policy, for editors and validators
      completions  Print a completion script
      help         Print this message or the help of the given subcommand(s)

    Options:
          --color <WHEN>  When to use colours [default: auto] [possible values: auto, always, never]
      -h, --help          Print help
      -V, --version       Print version

    Exit codes:
      0    pass
      1    violations at or above the gate
      2    usage or policy error; nothing was scanned
      3    undecided: something could not be read, recorded or finished
      130  interrupted
    ");
    insta::assert_snapshot!(world.gate(["run", "--help"]).stdout, @"
    Run the five phases over a workspace. Changes nothing without --apply

    Usage: factory-gate run [OPTIONS] [PATH]

    Arguments:
      [PATH]
              The workspace
              
              [default: .]

    Options:
          --apply[=<WHAT>]
              Change the workspace: apply fixes and cleanup, or only one of them

              Possible values:
              - all:     Fixes and cleanup
              - fix:     Only fixes
              - cleanup: Only cleanup

          --expect-plan <DIGEST>
              Refuse any cleanup but the one whose plan has this digest, which an earlier run printed

          --policy <FILE>
              The policy [default: .factory-gate.yml in the workspace, else the preset `recommended`]

          --policy-ref <REV>
              Whose policy and baseline hold: `auto` (those of the target branch in a pull request and
              in a merge queue, else the workspace's), `base`, `head` (the workspace's in any case) or a
              commit
              
              [default: auto]

          --baseline <FILE>
              The baseline of accepted violations, instead of the policy's

          --database <FILE>
              The database to write, or to append this run to
              
              [default: factory_deployment.db]

          --format <FORMAT>
              Form of the report

              Possible values:
              - text: For people
              - json: One stable, versioned document
              - diff: What is fixed, or would be, as a patch that `git apply` takes
              
              [default: text]

          --patch <FILE>
              Write what is fixed, or would be, to a file that `git apply` takes

          --output <FILE>
              Write the report to a file instead of standard output

          --report <FORMAT=FILE>
              Write the report in another form, too; may be given several times. FILE `-` is standard
              output, in place of the text. Forms: json, sarif, junit, gitlab, markdown, csv, github,
              azure, buildkite, teamcity

          --sarif-category <NAME>
              What tells this analysis from others of the same commit, in SARIF

          --export-quarantine <FILE>
              Pack the quarantined files into an archive (tar, compressed with Zstandard)

          --base <REV>
              The commit to compare with, instead of what the CI system says: an id, branch, tag or
              `HEAD^1`, as it is

          --color <WHEN>
              When to use colours
              
              [default: auto]
              [possible values: auto, always, never]

          --ci <SYSTEM>
              The CI system, instead of the one recognised by its variables; `none` for plain output

              Possible values:
              - auto:      The one whose variables are set
              - github:    GitHub Actions
              - gitlab:    GitLab CI
              - azure:     Azure Pipelines
              - buildkite: Buildkite
              - teamcity:  `TeamCity`
              - jenkins:   Jenkins
              - gitea:     Gitea Actions
              - forgejo:   Forgejo Actions
              - none:      None: nothing but the report
              
              [default: auto]

          --annotations <WHICH>
              Which violations the CI system shows one by one in its log

              Possible values:
              - auto:    The worst, what changed first; what the base has, too, is only counted
              - all:     That, too: last, and as notices
              - changed: Only what is new, or lies in what changed
              - none:    None
              
              [default: auto]

          --max-annotations <N>
              Most annotations of one level; the last says what is left out [default: 10, as many as
              GitHub and Azure show]

          --no-summary
              No summary of the job

          --fail-on <SEVERITY>
              Least severity that fails, instead of the policy's

              Possible values:
              - error:   Errors
              - warning: Errors and warnings
              - note:    Any finding
              - never:   Nothing

          --new-only
              Fail only on violations that the base does not have

          --scope <SCOPE>
              What file rules look at

              Possible values:
              - all:     Every file
              - changed: What differs from the base
              
              [default: all]

          --limit <N>
              Most findings that the text report shows; the record always holds all
              
              [default: 100]

          --threads <N>
              Number of threads [default: one a processor]

      -q, --quiet
              No progress on standard error

      -h, --help
              Print help (see a summary with '-h')
    ");
}

#[test]
fn the_report_goes_to_a_file_that_keeps_its_content_until_there_is_a_report() {
    let world = World::new()
        .policy("version: 1\nrules: { final-newline: warning }\n")
        .file("a.txt", "x");
    let report = world.beside("report.json");
    std::fs::write(
        &report,
        "what was there before, and longer than any report could be".repeat(1000),
    )
    .unwrap();
    let arguments = |output: &'static str| ["--format", "json", "--output", output];
    assert_eq!(world.run(&arguments("report.json")).status, 0);
    let text = std::fs::read_to_string(&report).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    assert_eq!(
        world.run(&arguments("factory_deployment.db")).status,
        2,
        "not over the record"
    );
    std::os::unix::fs::symlink("elsewhere", world.beside("link")).unwrap();
    assert_eq!(
        world.run(&arguments("link")).status,
        2,
        "not through a link"
    );
}

#[test]
fn a_policy_that_is_no_regular_file_is_an_error_and_never_a_missing_one() {
    let world = World::new().link(".factory-gate.yml", "nowhere");
    assert_eq!(world.run(&[]).status, 2);
    let world = World::new().link(".factory-gate.yml", "/etc/passwd");
    let answer = world.run(&[]);
    assert_eq!(answer.status, 2);
    assert!(!answer.stderr.contains("root:"), "{answer:?}");
    let world = World::new();
    let fifo = world.root().join(".factory-gate.yml");
    make_fifo(&fifo);
    assert_eq!(world.run(&[]).status, 2);
}

#[test]
fn a_policy_without_a_rule_checks_nothing_and_says_so() {
    let answer = World::new()
        .policy("version: 1\n")
        .file("a.txt", "x")
        .run(&[]);
    assert_eq!(answer.status, 3, "{answer:?}");
}
