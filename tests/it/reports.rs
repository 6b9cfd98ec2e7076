//! `--report FORMAT=FILE`, and databases rendered as reports.

use crate::world::World;
use serde_json::Value;

const POLICY: &str = "version: 1\nrules: { trailing-whitespace: error, final-newline: warning }\n";
const FORMS: [&str; 10] = [
    "json",
    "sarif",
    "junit",
    "gitlab",
    "markdown",
    "csv",
    "github",
    "azure",
    "buildkite",
    "teamcity",
];

fn world() -> World {
    World::new()
        .policy(POLICY)
        .file("a b#.txt", "x \n")
        .file("b.txt", "y")
        .file(b"bad\xff.txt", "z \n")
}

fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.beside(name)).unwrap()
}

/// `--report FORM=FORM.out` for each.
fn all_forms() -> Vec<String> {
    FORMS
        .iter()
        .flat_map(|form| ["--report".to_owned(), format!("{form}={form}.out")])
        .collect()
}

#[test]
fn one_run_writes_every_form_and_the_exit_code_does_not_change() {
    let world = world();
    let plain = world.run(&[]);
    let forms = all_forms();
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    let answer = world.run(&forms);
    assert_eq!((answer.status, plain.status), (1, 1), "{answer:?}");
    // The report for people is there as ever.
    assert!(answer.stdout.contains("trailing-whitespace"), "{answer:?}");
    for form in FORMS {
        assert!(
            read(&world, &format!("{form}.out")).contains("trailing-whitespace"),
            "{form}"
        );
    }
    let clean = World::new().policy(POLICY);
    assert_eq!(clean.run(&forms).status, 0);
    assert_eq!(read(&clean, "gitlab.out"), "[]\n");
    assert_eq!(read(&clean, "github.out"), "");
    let sarif: Value = serde_json::from_str(&read(&clean, "sarif.out")).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn sarif_holds_githubs_hashes_and_paths_as_bytes() {
    let world = world();
    assert_eq!(
        world
            .run(&["--report", "sarif=-", "--sarif-category", "unit"])
            .status,
        1
    );
    let answer = world.run(&["--report", "sarif=-", "--sarif-category", "unit"]);
    let sarif: Value = serde_json::from_str(&answer.stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let uris: Vec<_> = results
        .iter()
        .map(|result| {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(uris, ["a%20b%23.txt", "bad%FF.txt", "b.txt"]);
    let hashes: Vec<_> = results
        .iter()
        .map(|result| {
            result["partialFingerprints"]["primaryLocationLineHash"]
                .as_str()
                .unwrap()
        })
        .collect();
    // Of `x\n`, `z\n` and `y`, from the definition, by another program.
    assert_eq!(
        hashes,
        [
            "828973aa50c68d6d:1",
            "95de0951c928fa27:1",
            "ed3261245082261c:1"
        ]
    );
    assert_eq!(
        sarif["runs"][0]["automationDetails"]["id"],
        "factory-gate/unit/"
    );
}

#[test]
fn what_a_fix_changed_has_no_hash() {
    let world = World::new()
        .policy("version: 1\nrules: { trailing-whitespace: error, forbidden-content: { pattern: x } }\n")
        .file("a.txt", "x \n");
    let answer = world.run(&["--report", "sarif=-", "--apply=fix"]);
    let sarif: Value =
        serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    // What is fixed is gone; what is left was seen in another file.
    let left: Vec<_> = results
        .iter()
        .filter(|result| {
            result["ruleId"] == "forbidden-content" && result.to_string().contains("a.txt")
        })
        .collect();
    assert_eq!(left.len(), 1);
    assert!(
        left[0]["partialFingerprints"]
            .get("primaryLocationLineHash")
            .is_none()
    );
}

#[test]
fn a_wrong_place_is_known_before_anything_is_scanned() {
    let world = world().file("dir/x", "x\n");
    std::os::unix::fs::symlink("b.txt", world.beside("link")).unwrap();
    for (arguments, why) in [
        (&["--report", "sarif"][..], "expected FORMAT=FILE"),
        (&["--report", "pdf=x"], "no form of a report"),
        (
            &["--report", "csv=x.out", "--report", "json=./x.out"],
            "another report goes there, too",
        ),
        (
            &["--report", "csv=x.out", "--output", "x.out"],
            "`--output` goes there, too",
        ),
        (&["--report", "csv=factory_deployment.db"], "the database"),
        (&["--report", "csv=none/x.out"], "no such directory"),
        (
            &["--report", "csv=x.out", "--report", "json=work/dir"],
            "no regular file",
        ),
        (&["--report", "csv=link"], "no regular file"),
        (
            &["--report", "csv=-", "--report", "json=-"],
            "only one report",
        ),
        (
            &["--report", "csv=-", "--format", "json"],
            "standard output, too",
        ),
        (
            &["--report", "sarif=-", "--sarif-category", "a b"],
            "letters, digits",
        ),
    ] {
        let answer = world.run(arguments);
        assert_eq!(answer.status, 2, "{arguments:?}: {answer:?}");
        assert!(answer.stderr.contains(why), "{arguments:?}: {answer:?}");
        assert!(!world.beside("x.out").exists(), "{arguments:?}");
        assert!(!world.database().exists(), "{arguments:?}");
    }
    std::fs::write(world.beside("one"), "").unwrap();
    std::fs::hard_link(world.beside("one"), world.beside("two")).unwrap();
    let answer = world.run(&["--report", "csv=one", "--report", "json=two"]);
    assert_eq!(answer.status, 2, "{answer:?}");
}

#[test]
fn a_report_that_cannot_be_written_leaves_it_undecided_and_the_others_are_written() {
    let mut world = world();
    for number in 0..40 {
        world = world.file(format!("many/{number}.txt"), "x \n".repeat(100));
    }
    let arguments =
        "run work --quiet --report json=large.out --report csv=small.out --output text.out";
    assert_eq!(world.gate(arguments.split(' ')).status, 1);
    let large = read(&world, "large.out").len();
    std::fs::remove_file(world.database()).unwrap();
    // No file may grow as large as that one has to, which differs by a few digits: the record and the others are smaller.
    let gate = world.command([""; 0]).get_program().to_owned();
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec prlimit --fsize=\"$1\" \"$0\" $2"])
        .arg(gate)
        .args([&(large * 9 / 10).to_string(), arguments])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(world.beside(""))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("the json report `large.out` could not be written"),
        "{said}"
    );
    assert_eq!(read(&world, "small.out").lines().count(), 1 + 3 + 4000);
    assert!(read(&world, "text.out").contains("trailing-whitespace"));
    assert_eq!(world.gate(["verify", "factory_deployment.db"]).status, 0);
}

#[test]
fn reports_inside_the_workspace_are_not_looked_at() {
    let world = world();
    let arguments = [
        "--report",
        "csv=work/out.csv",
        "--format",
        "json",
        "--output",
        "x.json",
    ];
    assert_eq!(world.run(&arguments).status, 1);
    assert_eq!(world.run(&arguments).status, 1);
    assert!(!read(&world, "x.json").contains("out.csv"));
}

#[test]
fn a_database_gives_the_same_reports() {
    let world = world();
    let forms = all_forms();
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    world.run(&forms);
    for form in ["csv", "gitlab", "junit"] {
        let answer = world.gate(["report", "factory_deployment.db", "--format", form]);
        assert_eq!(answer.status, 0, "{answer:?}");
        assert_eq!(
            answer.stdout,
            read(&world, &format!("{form}.out")),
            "{form}"
        );
    }
    let text = world.gate(["report", "factory_deployment.db"]);
    assert!(text.stdout.contains("trailing-whitespace"), "{text:?}");
    let json = world.gate([
        "report",
        "factory_deployment.db",
        "--format",
        "json",
        "--output",
        "again.json",
    ]);
    assert_eq!((json.status, json.stdout.as_str()), (0, ""));
    let (one, other) = (read(&world, "json.out"), read(&world, "again.json"));
    let one: Value = serde_json::from_str(&one).unwrap();
    let other: Value = serde_json::from_str(&other).unwrap();
    assert_eq!(one, other);
    assert_eq!(world.gate(["report", "none.db"]).status, 2);
    assert_eq!(
        world
            .gate(["report", "factory_deployment.db", "--session", "none"])
            .status,
        2
    );
    std::fs::write(world.beside("other.db"), "no database").unwrap();
    assert_eq!(world.gate(["report", "other.db"]).status, 2);
}

#[test]
fn a_database_that_was_changed_is_rendered_and_not_believed() {
    let world = world();
    world.run(&[]);
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database
        .execute(
            "UPDATE violations SET severity = 'note', message = '::error::x'",
            [],
        )
        .unwrap();
    drop(database);
    let answer = world.gate(["report", "factory_deployment.db", "--format", "csv"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.stderr.contains("not what was sealed"), "{answer:?}");
    assert!(answer.stdout.contains("note,"), "{answer:?}");
}
