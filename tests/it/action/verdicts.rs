//! What the action answers, and what reaches the program.

use super::stage::Stage;
use crate::world::{binary, query};

#[test]
fn exit_codes_pass_through() {
    for code in [0, 1, 2, 3, 101, 130] {
        let stage = Stage::new().environment("FAKE_CODE", &code.to_string());
        let ended = stage.run();
        assert_eq!(ended.code, code, "{}", ended.log);
        assert_eq!(ended.failed, code != 0);
        assert_eq!(ended.outputs["exit-code"], code.to_string());
        assert_eq!(ended.outputs["verdict"], "said-by-program");
        assert_eq!(ended.outputs["database"], "factory_deployment.db");
        assert_eq!(ended.outputs["version"], "0.0.1");
        assert_eq!(ended.outputs["program-source"], "binary");
        assert_eq!(
            ended.steps["gate"].outcome, "success",
            "so that the uploads come next"
        );
    }
}

#[test]
fn only_inputs_that_say_something_become_flags() {
    let stage = Stage::new();
    stage.run();
    assert_eq!(
        stage.arguments(),
        ["run", "--database=factory_deployment.db", "--", "."]
    );

    let inputs = [
        ("path", "sub"),
        ("policy", "p.yml"),
        ("policy-ref", "base"),
        ("apply", "cleanup"),
        ("scope", "changed"),
        ("base", "main~1"),
        ("fail-on", "warning"),
        ("new-only", "true"),
        ("baseline", "accepted.json"),
        ("sarif-file", "out.sarif"),
        ("sarif-category", "gate/api"),
        ("reports", "junit=j.xml\n\ngitlab=code quality.json\r\n"),
        ("summary", "false"),
        ("annotations", "changed"),
        ("max-annotations", "5"),
        ("args", "--quiet"),
    ];
    let stage = inputs.iter().fold(Stage::new(), |stage, (name, value)| {
        stage.input(name, value)
    });
    stage.run();
    insta::assert_snapshot!(stage.arguments().join("\n"), @r"
    run
    --database=factory_deployment.db
    --policy=p.yml
    --policy-ref=base
    --scope=changed
    --base=main~1
    --fail-on=warning
    --new-only
    --baseline=accepted.json
    --annotations=changed
    --max-annotations=5
    --no-summary
    --report=sarif=out.sarif
    --sarif-category=gate/api
    --apply=cleanup
    --report=junit=j.xml
    --report=gitlab=code quality.json
    --quiet
    --
    sub
    ");
}

#[test]
fn what_apply_can_be() {
    for (value, expected) in [
        ("", None),
        ("false", None),
        ("true", Some("--apply")),
        ("all", Some("--apply")),
        ("fix", Some("--apply=fix")),
    ] {
        let stage = Stage::new().input("apply", value);
        stage.run();
        let arguments = stage.arguments();
        let found = arguments
            .iter()
            .find(|argument| argument.starts_with("--apply"));
        assert_eq!(found.map(String::as_str), expected);
    }
}

#[test]
fn a_pass_without_a_record_is_none() {
    let stage = Stage::new().environment("FAKE_NO_RECORD", "1");
    let ended = stage.run();
    assert_eq!((ended.code, &*ended.outputs["verdict"]), (3, "undecided"));
    assert_eq!(ended.outputs["database"], "");
}

#[test]
fn every_output_is_set_where_nothing_ran() {
    let stage = Stage::new().input("binary", "./no-such-program");
    let ended = stage.run();
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert_eq!(
        (&*ended.outputs["verdict"], &*ended.outputs["exit-code"]),
        ("undecided", "2")
    );
    let gate = &ended.steps["gate"].outputs;
    for name in ended.outputs.keys() {
        let of_an_upload = name.starts_with("artifact-") || name == "sarif-id";
        assert!(of_an_upload || gate.contains_key(name), "{name} is not set");
    }
    assert!(ended.uses.is_empty(), "nothing to upload: {:?}", ended.uses);
}

#[test]
fn a_first_step_that_died_is_undecided() {
    let stage = Stage::new().environment("GITHUB_ACTION_PATH", "/no/such/directory");
    let ended = stage.run();
    assert!(ended.failed);
    assert_eq!(ended.outputs["exit-code"], "");
    // The last step's script is not there either, so that it fails, too; with it, it ends with 3.
    let stage = Stage::new().environment("RUNNER_TEMP", "");
    let ended = stage.run();
    assert_eq!((ended.failed, ended.code), (true, 3), "{}", ended.log);
}

#[test]
fn the_working_directory_is_where_the_program_runs_and_paths_come_back_from_the_workspace() {
    let stage = Stage::new()
        .input("working-directory", "packages/api/")
        .input("sarif-file", "api.sarif");
    std::fs::create_dir_all(stage.at("workspace/packages/api")).unwrap();
    let ended = stage.run();
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(
        stage
            .logged("directory")
            .trim_end()
            .ends_with("workspace/packages/api")
    );
    assert_eq!(
        ended.outputs["database"],
        "packages/api/factory_deployment.db"
    );
    assert_eq!(ended.outputs["sarif"], "packages/api/api.sarif");

    let ended = Stage::new().input("working-directory", "nowhere").run();
    assert_eq!(ended.code, 2, "{}", ended.log);
}

#[test]
fn all_wrong_inputs_are_named_at_once_and_nothing_runs() {
    let wrong = [
        ("path", ""),
        ("database", "*.db"),
        ("new-only", "yes"),
        ("summary", "no"),
        ("upload-artifact", ""),
        ("upload-sarif", "maybe"),
        ("retention-days", "-1"),
        ("max-annotations", "ten"),
        ("artifact-name", "a/b"),
        ("version", "v1 ; ls"),
        ("checksum", "abc"),
        ("mirror-url", "http://mirror.example"),
        ("reports", "junit"),
    ];
    let stage = wrong.iter().fold(Stage::new(), |stage, (name, value)| {
        stage.input(name, value)
    });
    let ended = stage.run();
    assert_eq!(ended.code, 2);
    for (name, _) in wrong {
        assert!(
            ended.log.contains(&format!("input {name} ")),
            "{name}: {}",
            ended.log
        );
    }
    assert_eq!(super::protocol::commands(&ended.log).len(), 1);
    assert!(stage.arguments().is_empty());
}

/// The real program, over a workspace with this file and policy.
fn real(policy: &str, name: &str, contents: &str) -> Stage {
    let stage = Stage::new().input("binary", binary().to_str().unwrap());
    std::fs::write(stage.at("workspace/.factory-gate.yml"), policy).unwrap();
    std::fs::write(stage.at("workspace").join(name), contents).unwrap();
    stage
}

const POLICY: &str = "version: 1\nrules: { trailing-whitespace: error }\n";

#[test]
fn the_real_program_passes_fails_and_refuses() {
    let cases = [
        (POLICY, "a\n", 0, "pass"),
        (POLICY, "a \n", 1, "fail"),
        ("version: 1\nrulez: {}\n", "a\n", 2, "undecided"),
    ];
    for (policy, contents, code, verdict) in cases {
        let stage = real(policy, "a.txt", contents);
        let ended = stage.run();
        assert_eq!(
            (ended.code, &*ended.outputs["verdict"]),
            (code, verdict),
            "{}",
            ended.log
        );
        assert_eq!(ended.outputs["exit-code"], code.to_string());
        assert_eq!(ended.outputs["version"], env!("CARGO_PKG_VERSION"));
        let recorded = ended.outputs["database"] == "factory_deployment.db";
        assert_eq!(
            (recorded, ended.uses.len()),
            (code != 2, usize::from(code != 2))
        );
        if code == 2 {
            continue;
        }
        assert!(ended.summary.contains("Factory Gate"), "{}", ended.summary);
        let said = query(
            &stage.at("workspace/factory_deployment.db"),
            "SELECT verdict FROM session_details",
        );
        assert_eq!(said, [verdict]);
        for (name, value) in &ended.outputs {
            let optional = name.starts_with("sarif")
                || [
                    "new",
                    "existing",
                    "base-sha",
                    "head-sha",
                    "junit",
                    "codequality",
                    "report-json",
                ]
                .contains(&&**name);
            assert!(optional || !value.is_empty(), "{name} is empty");
        }
    }
}

#[test]
fn the_real_program_is_undecided_about_an_event_without_a_base() {
    // A record that cannot be written: nothing that was looked at can be proved.
    let stage = real(POLICY, "a.txt", "a\n").input("database", "a.txt");
    let ended = stage.run();
    assert!(ended.code >= 2, "{}", ended.log);
    assert_eq!(ended.outputs["verdict"], "undecided");
    assert_eq!(std::fs::read(stage.at("workspace/a.txt")).unwrap(), b"a\n");
}

/// In a directory that is no repository nobody can say what the change is compared with: it never passes.
#[test]
fn a_merge_group_without_its_base_is_undecided() {
    let stage = real(POLICY, "a.txt", "a \n").context("github.event_name", "merge_group");
    let ended = stage.environment("GITHUB_EVENT_NAME", "merge_group").run();
    assert_eq!(
        (ended.code, &*ended.outputs["errors"]),
        (3, "1"),
        "{}",
        ended.log
    );
}

#[test]
fn a_merge_group_is_judged_by_the_policy_of_its_base() {
    let stage = real(POLICY, "a.txt", "a\n").context("github.event_name", "merge_group");
    let workspace = stage.at("workspace");
    let base = commit_all(&workspace);
    std::fs::write(workspace.join("a.txt"), "a \n").unwrap();
    std::fs::write(
        workspace.join(".factory-gate.yml"),
        "version: 1\nextends: [recommended]\n",
    )
    .unwrap();
    commit_all(&workspace);
    let event = stage.at("event.json");
    std::fs::write(
        &event,
        format!("{{\"merge_group\":{{\"base_sha\":\"{base}\"}}}}"),
    )
    .unwrap();
    let ended = stage
        .environment("GITHUB_EVENT_NAME", "merge_group")
        .environment("GITHUB_EVENT_PATH", event.to_str().unwrap())
        .run();
    assert_eq!(
        (ended.code, &*ended.outputs["base-sha"]),
        (1, &*base),
        "{}",
        ended.log
    );
    assert_eq!(ended.outputs["scope-used"], "all");
}

/// Commits everything; answers the commit.
fn commit_all(workspace: &std::path::Path) -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git")
            .current_dir(workspace)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q", "."]);
    git(&["add", "."]);
    git(&["commit", "-qm", "x"]);
    git(&["rev-parse", "HEAD"])
}
