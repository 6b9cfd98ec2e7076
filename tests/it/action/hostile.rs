//! Inputs and an environment by someone who wants more than the gate.

use super::protocol::commands;
use super::stage::Stage;

const HOSTILE: &str = " -a \"b\"\n$(touch pwned) `touch pwned` '*\\\n::error::x\n##[warning]y";

#[test]
fn inputs_stay_whole_and_nothing_of_them_is_run() {
    let names = [
        "path",
        "policy",
        "policy-ref",
        "scope",
        "base",
        "fail-on",
        "baseline",
        "annotations",
        "apply",
    ];
    let stage = names
        .iter()
        .fold(Stage::new(), |stage, name| stage.input(name, HOSTILE));
    let ended = stage.run();
    assert_eq!(ended.code, 0, "{}", ended.log);
    let arguments = stage.arguments();
    assert_eq!(arguments.len(), names.len() + 3, "{arguments:?}");
    for argument in &arguments[2..arguments.len() - 2] {
        assert!(argument.ends_with(HOSTILE), "{argument:?}");
    }
    assert_eq!(arguments.last().unwrap(), HOSTILE);
    assert_eq!(stage.in_workspace(), ["factory_deployment.db"]);
    assert_eq!(commands(&ended.log), [""; 0], "{}", ended.log);
}

#[test]
fn arguments_are_split_at_line_breaks_only() {
    let lines = [
        "--format",
        "json",
        "",
        "  two  words ",
        "$(touch pwned) `touch pwned`",
        "\"a' *\\n",
        "--last",
    ];
    let stage = Stage::new().input("args", &lines.join("\n"));
    stage.run();
    let mut expected: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    expected.splice(0..0, ["run", "--database=factory_deployment.db"]);
    expected.extend(["--", "."]);
    assert_eq!(stage.arguments(), expected);
    assert_eq!(stage.in_workspace(), ["factory_deployment.db"]);
}

#[test]
fn what_steps_would_read_as_more_than_one_value_is_refused() {
    for name in ["database", "sarif-file", "working-directory"] {
        for value in [
            "a\nverdict=pass",
            "a\rb",
            "*.db",
            "!a",
            "~",
            "#a",
            "[a]",
            HOSTILE,
        ] {
            let stage = Stage::new().input(name, value);
            let ended = stage.run();
            assert_eq!(
                (ended.code, &*ended.outputs["verdict"]),
                (2, "undecided"),
                "{name} {value:?}"
            );
            assert!(stage.arguments().is_empty());
            assert_eq!(commands(&ended.log).len(), 1, "{}", ended.log);
        }
    }
    for name in [
        "artifact-name",
        "sarif-category",
        "version",
        "checksum",
        "mirror-url",
        "retention-days",
        "binary",
    ] {
        let ended = Stage::new().input(name, HOSTILE).run();
        assert_eq!(ended.code, 2, "{name}: {}", ended.log);
        assert_eq!(commands(&ended.log).len(), 1, "{}", ended.log);
    }
}

#[test]
fn spaces_and_unusual_letters_are_kept() {
    let stage = Stage::new()
        .input("database", "two words.db")
        .input("sarif-file", "ä ö.sarif")
        .input("sarif-category", "a b");
    let ended = stage.run();
    assert_eq!(ended.outputs["database"], "two words.db");
    assert_eq!(ended.uses[1].with["sarif_file"], "ä ö.sarif");
    assert_eq!(ended.uses[1].with["category"], "a b");
}

#[test]
fn what_earlier_steps_left_in_the_environment_decides_nothing() {
    let left_behind = |stage: Stage| {
        let file = stage.at("left-behind");
        std::fs::write(&file, "exit 0\n").unwrap();
        let file = file.to_str().unwrap();
        stage
            .environment("BASH_ENV", file)
            .environment("ENV", file)
            .environment("SHELLOPTS", "noexec")
            .environment("CDPATH", "/")
            .environment("BASH_FUNC_printf%%", "() { :; }")
            .environment("BASH_FUNC_command%%", "() { exit 0; }")
            .environment("BASH_FUNC_cd%%", "() { exit 0; }")
            .environment("BASH_FUNC_read%%", "() { exit 0; }")
            .environment("FAKE_CODE", "1")
    };
    let windows = Stage::new()
        .context("runner.os", "Windows")
        .environment("RUNNER_OS", "Windows");
    for stage in [Stage::new(), Stage::new().with_bash_as_sh(), windows] {
        let ended = left_behind(stage).run();
        assert_eq!(
            (ended.code, &*ended.outputs["verdict"]),
            (1, "said-by-program"),
            "{}",
            ended.log
        );
        assert!(ended.failed);
    }
}
