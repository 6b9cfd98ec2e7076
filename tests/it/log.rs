//! Nothing that a workspace, a policy, an event or the environment says becomes a command in a log.

use crate::runner::{self, Command};
use crate::world::World;

/// The systems, the variable that marks a job of each, and the form in which the log is read.
const SYSTEMS: [(&str, &str); 10] = [
    ("github", "GITHUB_ACTIONS"),
    ("gitea", "GITEA_ACTIONS"),
    ("forgejo", "FORGEJO_ACTIONS"),
    ("gitlab", "GITLAB_CI"),
    ("azure", "TF_BUILD"),
    ("buildkite", "BUILDKITE"),
    ("teamcity", "TEAMCITY_VERSION"),
    ("jenkins", "JENKINS_URL"),
    ("auto", "CI"),
    ("none", "GITHUB_ACTIONS"),
];

/// Names that are commands, or look like them.
const NAMES: [&[u8]; 18] = [
    b"\n::error::owned",
    b"::error::owned",
    b"\xc2\xa0::set-output name=verdict::pass",
    b"##[add-mask]a",
    b"##[error]owned",
    b"x ##vso[task.complete result=Succeeded;]done",
    b"##teamcity[buildProblem description='x']",
    b"a\r::stop-commands::x",
    b"a\xc2\x85::warning::b",
    b"a\xe2\x80\xa8::warning::b",
    b"\xe2\x80\xaegnp.exe",
    b"--- group",
    b"+++ group",
    b"^^^ +++",
    b"\x1b[31m::error::x\x1b[0m",
    b"\x1b]0;title\x07",
    b"section_start:1:x\r\x1b[0K",
    b"bad\xff\xfe::error::x",
];

fn policy() -> String {
    let hostile =
        r#""\n::error::owned ##[add-mask]a ##vso[task.complete]b ##teamcity[x]\r--- g\u202e\e[0K""#;
    format!(
        "version: 1\nrules:\n  trailing-whitespace: error\n  final-newline: warning\n  todo-format: note\n  \
         no-owned:\n    use: forbidden-path\n    severity: error\n    paths: ['::error*']\n    message: {hostile}\n"
    )
}

/// A workspace that is as hostile as it can be, with file contents that are commands.
fn hostile_world() -> World {
    let mut world = World::new();
    for (number, name) in NAMES.iter().enumerate() {
        let line = NAMES[(number + 7) % NAMES.len()];
        let contents = [
            line,
            b" \n::error::content \n##[add-mask]a TODO x \n--- x \n",
            line,
        ]
        .concat();
        world = world.file(name, contents);
    }
    world
}

/// Commands that no one but this program may give.
fn check(answer: &std::process::Output, system: &str, what: &str) {
    for stream in [&answer.stdout, &answer.stderr] {
        // Only a patch between `::stop-commands::` and its end holds what the files hold.
        let log = String::from_utf8_lossy(stream);
        let is_text = std::str::from_utf8(stream).is_ok();
        assert!(is_text || runner::is_fenced(&log), "{system} {what}: {log}");
        for plain in [
            log.to_string(),
            anstream::adapter::strip_str(&log).to_string(),
        ] {
            check_log(&plain, system, what);
        }
    }
}

fn check_log(log: &str, system: &str, what: &str) {
    let say = || format!("{system} {what}:\n{log}");
    let github = runner::github(log);
    if runner::is_fenced(log) {
        // A patch as it is, for `git apply`: there the runner is told not to read, and no other one is there.
        let reads = ["github", "gitea", "forgejo", "none"];
        assert!(github.is_empty() && reads.contains(&system), "{}", say());
        return;
    }
    let azure = runner::azure(log);
    let teamcity = runner::teamcity(log).unwrap_or_else(|| panic!("{}", say()));
    assert!(github.is_empty() || system == "github", "{}", say());
    assert!(azure.is_empty() || system == "azure", "{}", say());
    assert!(teamcity.is_empty() || system == "teamcity", "{}", say());
    for command in &github {
        assert!(is_annotation(command), "{command:?} in {}", say());
    }
    for command in &azure {
        let is_ours = ["task.logissue", "task.setvariable", "task.uploadsummary"];
        assert!(
            is_ours.contains(&command.name.as_str()),
            "{command:?} in {}",
            say()
        );
    }
    for message in &teamcity {
        let is_ours = [
            "inspectionType",
            "inspection",
            "buildStatisticValue",
            "buildProblem",
        ];
        assert!(
            is_ours.contains(&message.name.as_str()),
            "{message:?} in {}",
            say()
        );
    }
    // But for our own commands no line even looks like one.
    for line in runner::lines(log) {
        let rest = if line.starts_with("::error ")
            || line.starts_with("::warning ")
            || line.starts_with("::notice ")
        {
            &line[2..]
        } else if system == "azure" {
            line.strip_prefix("##vso[task.").unwrap_or(line)
        } else if system == "teamcity" {
            line.strip_prefix("##teamcity[").unwrap_or(line)
        } else {
            line
        };
        let is_clean = !runner::is_command(rest) && !runner::is_other_command(rest);
        assert!(is_clean, "{line:?} in {}", say());
    }
}

fn is_annotation(command: &Command) -> bool {
    let known = ["file", "line", "endLine", "col", "endColumn", "title"];
    ["error", "warning", "notice"].contains(&command.name.as_str())
        && command.properties.contains_key("title")
        && command
            .properties
            .keys()
            .all(|key| known.contains(&key.as_str()))
}

fn hostile_environment(world: &World, mark: &str) -> Vec<(String, String)> {
    let event = world.beside("event\n::error::x.json");
    std::fs::write(
        &event,
        "{\"pull_request\": {\"base\": {\"sha\": \"\\n::error::x ##[add-mask]a\"}}}",
    )
    .unwrap();
    let hostile =
        "\n::error::owned ##[add-mask]a ##vso[task.complete]b ##teamcity[x]\r--- g\u{202e}";
    let mut all: Vec<(String, String)> = [
        "GITHUB_REF",
        "GITHUB_HEAD_REF",
        "GITHUB_BASE_REF",
        "GITHUB_SERVER_URL",
        "GITHUB_REPOSITORY",
        "GITHUB_RUN_ID",
        "CI_JOB_URL",
        "CI_COMMIT_SHA",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        "SYSTEM_PULLREQUEST_TARGETBRANCH",
        "SYSTEM_COLLECTIONURI",
        "SYSTEM_TEAMPROJECT",
        "BUILD_BUILDID",
        "BUILD_REASON",
        "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        "BUILDKITE_BUILD_URL",
        "BUILDKITE_PULL_REQUEST",
        "CHANGE_TARGET",
        "BUILD_URL",
        "GIT_COMMIT",
    ]
    .map(|name| (name.to_owned(), hostile.to_owned()))
    .into();
    all.push((mark.to_owned(), "true".to_owned()));
    all.push((
        "GITHUB_EVENT_PATH".into(),
        event.to_str().unwrap().to_owned(),
    ));
    all.push(("GITHUB_EVENT_NAME".into(), "pull_request".into()));
    all.push((
        "GITHUB_WORKSPACE".into(),
        world.root().to_str().unwrap().to_owned(),
    ));
    all.push((
        "AGENT_TEMPDIRECTORY".into(),
        world.beside(".").to_str().unwrap().to_owned(),
    ));
    all
}

#[test]
fn a_hostile_workspace_gives_no_command_in_any_system() {
    let world = hostile_world().policy(&policy());
    for (system, mark) in SYSTEMS {
        let environment = hostile_environment(&world, mark);
        let forms: [&[&str]; 6] = [
            &["--color", "always"],
            &["--format", "json"],
            &["--format", "diff", "--color", "always"],
            &[
                "--annotations",
                "all",
                "--max-annotations",
                "3",
                "--new-only",
                "--scope",
                "changed",
            ],
            &["--report", "csv=-"],
            &[
                "--report",
                "sarif=\n::error::x.sarif",
                "--report",
                "buildkite=--- x",
                "--base",
                "HEAD^1",
            ],
        ];
        for form in forms {
            let output = world
                .command(["run", "work", "--ci", system].iter().chain(form))
                .envs(environment.iter().map(|(name, value)| (name, value)))
                .output()
                .unwrap();
            let code = output.status.code();
            assert!(matches!(code, Some(1 | 3)), "{system} {form:?}: {output:?}");
            check(&output, system, &format!("{form:?}"));
        }
    }
}

#[test]
fn hostile_arguments_and_policies_give_no_command_either() {
    let hostile =
        "\n::error::owned ##[add-mask]a\r##vso[task.complete]b ##teamcity[x]\u{2028}--- g\u{1b}[0K";
    let world = World::new().file("a.txt", "x");
    let bad = world.beside("bad.yml");
    std::fs::write(
        &bad,
        format!(
            "version: 1\nrules:\n  {hostile:?}: error\n  'a\u{85}::error::b': warning\n\n::error::x: 1\n"
        ),
    )
    .unwrap();
    let beside = bad.to_str().unwrap().to_owned();
    let named = format!("--{hostile}");
    let report = format!("{hostile}=x");
    let arguments: [&[&str]; 16] = [
        &[hostile],
        &[&named],
        &["run", "work", &named],
        &["run", hostile],
        &["run", "work", "--ci", hostile],
        &["run", "work", "--report", &report],
        &["run", "work", "--policy", hostile],
        &["run", "work", "--policy", &beside],
        &["run", "work", "--base", hostile],
        &["run", "work", "--database", hostile],
        &["explain", hostile],
        &["verify", hostile],
        &["report", hostile],
        &["restore", hostile],
        &["baseline", hostile],
        &["doctor", hostile],
    ];
    for (system, mark) in SYSTEMS {
        // Without `--ci` the marks of a job say what it is.
        let system = if system == "none" { "github" } else { system };
        for arguments in arguments {
            let output = world.command(arguments).env(mark, "true").output().unwrap();
            check(&output, system, &format!("{arguments:?}"));
        }
    }
    let shown = world.gate(["run", "work", &named]).stderr;
    assert!(shown.contains("unexpected argument"), "{shown}");
}

/// A workspace with two violations, looked at in jobs of the systems.
struct JobOf(World);

impl JobOf {
    fn new() -> Self {
        let world = World::new()
            .policy("version: 1\nrules: { trailing-whitespace: error, final-newline: warning }\n")
            .file("a;b].txt", "x \n")
            .file("b.txt", "y");
        std::fs::create_dir(world.beside("temporary")).unwrap();
        Self(world)
    }

    /// Standard output of a run in a job of this system.
    fn log(&self, system: &str, more: &[&str]) -> String {
        let arguments = ["run", "work", "--quiet", "--ci", system];
        let output = self
            .0
            .command(arguments.iter().chain(more))
            .env("AGENT_TEMPDIRECTORY", self.0.beside("temporary"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn each_system_gets_what_it_shows() {
    let run = JobOf::new();
    let github = runner::github(&run.log("github", &[]));
    let found: Vec<_> = github
        .iter()
        .map(|one| (one.name.as_str(), one.properties["title"].as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("error", "trailing-whitespace"),
            ("warning", "final-newline")
        ]
    );

    let azure = runner::azure(&run.log("azure", &[]));
    let issue = &azure[0];
    assert_eq!(
        (issue.name.as_str(), issue.properties["type"].as_str()),
        ("task.logissue", "error")
    );
    assert!(
        issue.properties["sourcepath"].ends_with("/work/a;b].txt"),
        "{issue:?}"
    );
    let summary = azure
        .iter()
        .find(|one| one.name == "task.uploadsummary")
        .unwrap();
    assert!(
        std::fs::read_to_string(&summary.data)
            .unwrap()
            .contains("trailing-whitespace")
    );
    let verdict = azure.iter().find(|one| {
        one.properties
            .get("variable")
            .is_some_and(|name| name == "verdict")
    });
    assert_eq!(verdict.unwrap().data, "fail");

    let teamcity = runner::teamcity(&run.log("teamcity", &[])).unwrap();
    let inspection = teamcity
        .iter()
        .find(|one| one.name == "inspection")
        .unwrap();
    assert_eq!(inspection.properties["file"], "a;b].txt");
    assert_eq!(teamcity.last().unwrap().name, "buildProblem");
}

#[test]
fn no_system_gets_what_it_does_not_read() {
    let run = JobOf::new();
    assert!(
        run.log("buildkite", &["--report", "buildkite=b.md"])
            .contains("buildkite-agent annotate --style error")
    );
    for (system, more) in [
        ("github", ["--annotations", "none"]),
        ("azure", ["--report", "csv=-"]),
        ("teamcity", ["--format", "json"]),
        ("gitea", ["--limit", "10"]),
        ("gitlab", ["--limit", "10"]),
        ("none", ["--limit", "10"]),
    ] {
        let log = run.log(system, &more);
        assert!(
            !runner::is_command(&log) && !runner::is_other_command(&log),
            "{system}: {log}"
        );
    }
}

#[test]
fn none_is_plain_even_on_github() {
    let world = World::new()
        .policy("version: 1\nrules: { trailing-whitespace: error }\n")
        .file("a.txt", "x \n");
    let (summary, output) = (world.beside("summary.md"), world.beside("output"));
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ("GITHUB_OUTPUT", output.to_str().unwrap()),
    ];
    let answer = world.gate_with(["run", "work", "--ci", "none"], &environment);
    assert!(!runner::is_command(&answer.stdout) && !summary.exists() && !output.exists());
    let answer = world.gate_with(["run", "work", "--no-summary"], &environment);
    assert!(runner::is_command(&answer.stdout) && !summary.exists() && output.exists());
}

#[test]
fn the_outputs_name_the_reports_that_were_written() {
    let world = World::new()
        .policy("version: 1\nrules: { trailing-whitespace: error }\n")
        .file("a.txt", "x \n");
    let output = world.beside("output");
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_OUTPUT", output.to_str().unwrap()),
    ];
    let reports = [
        "--report",
        "sarif=a b.sarif",
        "--report",
        "gitlab=q.json",
        "--report",
        "json=-",
    ];
    world.gate_with(["run", "work"].iter().chain(&reports), &environment);
    let pairs = runner::parse_file_command(&std::fs::read_to_string(output).unwrap()).unwrap();
    let value = |key: &str| {
        pairs
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(value("sarif"), Some("a b.sarif"));
    assert_eq!(value("codequality"), Some("q.json"));
    assert_eq!((value("report-json"), value("junit")), (Some(""), Some("")));
    assert_eq!(
        (value("scope-used"), value("version")),
        (Some("all"), Some(env!("CARGO_PKG_VERSION")))
    );
    // Standard output holds a document, so there are no annotations, and none has one.
    assert_eq!(value("annotations-dropped"), Some("1"));
}
