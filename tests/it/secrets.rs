//! Credentials through the binary: a corpus with its manifest, what hides them from other tools, and that they are told to
//! nobody.

use crate::world::World;
use factory_gate::secrets::synthetic::Generator;
use factory_gate::secrets::{Confidence, Detector, Shape, detectors};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const POLICY: &str = "version: 1\nextends: [secrets]\n";
const FOUND: &str = "SELECT v.path, v.line, d.detector FROM violations v JOIN detections d \
                     ON d.violation_fingerprint = v.fingerprint WHERE v.rule_id = 'secret' ORDER BY v.id, d.id";

/// Where a credential stands in a line.
const CONTEXTS: [&str; 25] = [
    "TOKEN={}",
    "export API_KEY='{}'",
    "  api_key: {}",
    "  \"value\": \"{}\",",
    "key = \"{}\"",
    "service.credential={}",
    "<entry value=\"{}\"/>",
    "<entry>{}</entry>",
    "client = connect(\"{}\")",
    "const KEY = '{}';",
    "let key: string = `{}`;",
    "\tkey := \"{}\"",
    "let key = \"{}\".to_owned();",
    "String key = \"{}\";",
    "var key = @\"{}\";",
    "key: '{}',",
    "$key = '{}';",
    "  default = \"{}\"",
    "ENV API_KEY={}",
    "curl -H 'Authorization: {}' https://api.internal/",
    "GET /v1/items?key={}&page=1 HTTP/1.1",
    "Use `{}` to log in.",
    "2026-11-22T10:00:00Z WARN refused {} from 10.0.0.1",
    "7,\"{}\",done",
    "# was {} before",
];

/// The credential of a detector's example, if the credential alone is what the detector looks for.
fn credential(detector: &Detector, generator: &mut Generator) -> Option<String> {
    if detector.data.confidence != Confidence::High || detector.data.shape != Shape::Token {
        return None;
    }
    let example = generator.fill(&detector.data.examples[0]);
    let regex = detector.pattern.regex().unwrap();
    let groups = regex.captures(example.as_bytes())?;
    let secret = groups.get(1).or(groups.get(0))?;
    let alone = [b"\"", secret.as_bytes(), b"\""].concat();
    let is_self_contained = regex.is_match(&alone) && !secret.as_bytes().contains(&b'\n');
    let text = std::str::from_utf8(secret.as_bytes()).unwrap().to_owned();
    is_self_contained.then_some(text)
}

fn encoded(text: &str, number: usize) -> Vec<u8> {
    let units = |mark: Option<u16>, order: fn(u16) -> [u8; 2]| {
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(order)
            .collect()
    };
    match number % 7 {
        0 => text.as_bytes().to_vec(),
        1 => ["\u{feff}", text].concat().into_bytes(),
        2 => units(Some(0xfeff), u16::to_le_bytes),
        3 => units(Some(0xfeff), u16::to_be_bytes),
        4 => units(None, u16::to_le_bytes),
        5 => units(None, u16::to_be_bytes),
        _ => [b"# caf\xe9 \xfc\xff", text.as_bytes()].concat(),
    }
}

struct Corpus {
    world: World,
    /// By path and line the detector that has to see something there.
    manifest: BTreeMap<(String, u32), String>,
    secrets: Vec<String>,
}

/// Each self-contained detector in so many contexts, the encodings and positions by turns.
fn corpus(contexts: usize) -> Corpus {
    let mut generator = Generator::new(22);
    let mut corpus = Corpus {
        world: World::new().policy(POLICY),
        manifest: BTreeMap::new(),
        secrets: Vec::new(),
    };
    let mut placed = 0;
    let mut lines: Vec<(String, String)> = Vec::new();
    for detector in detectors() {
        for _ in 0..contexts {
            let Some(secret) = credential(detector, &mut generator) else {
                break;
            };
            let line = CONTEXTS[placed % CONTEXTS.len()].replace("{}", &secret);
            lines.push((line, detector.id.to_string()));
            corpus.secrets.push(secret);
            placed += 1;
        }
    }
    for (number, chunk) in lines.chunks(20).enumerate() {
        let path = format!("f{number}.txt");
        let (ending, wide) = (["\n", "\r\n"][number % 2], number % 10 == 3);
        let mut text = if number % 3 == 0 {
            String::new()
        } else {
            format!("first line{ending}")
        };
        for (line, detector) in chunk {
            let at = u32::try_from(text.matches('\n').count()).unwrap() + 1;
            corpus.manifest.insert((path.clone(), at), detector.clone());
            // A long way into a long line, and right at its start.
            let before = if wide {
                "word ".repeat(2000)
            } else {
                String::new()
            };
            let _infallible = write!(text, "{before}{line}{ending}plain text in between{ending}");
        }
        if number % 4 == 0 {
            text.truncate(text.len() - ending.len());
        }
        let world = std::mem::replace(&mut corpus.world, World::new());
        corpus.world = world.file(path, encoded(&text, number));
    }
    corpus
}

/// A run's reports in every other form. In SARIF nothing of a credential enters a hash.
fn reports(world: &World) -> Vec<(&'static str, Vec<u8>)> {
    let forms = [
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
    let arguments = forms.map(|form| format!("--report={form}={form}.out"));
    world.run(&arguments.each_ref().map(String::as_str));
    let read = |form| {
        (
            form,
            std::fs::read(world.beside(&format!("{form}.out"))).unwrap(),
        )
    };
    let reports = forms.map(read);
    let sarif: serde_json::Value = serde_json::from_slice(&reports[0].1).unwrap();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        // A hash of a line with a credential would help whoever wants to guess it.
        let prints = &result["partialFingerprints"];
        assert!(prints.get("primaryLocationLineHash").is_none(), "{result}");
    }
    reports.into()
}

fn nothing_is_told(secrets: &[String], outputs: &[(&str, &[u8])]) {
    for secret in secrets {
        for (name, output) in outputs {
            let told = memchr::memmem::find(output, secret.as_bytes());
            assert!(told.is_none(), "the {name} tells {secret}");
        }
    }
}

#[test]
fn nearly_all_of_a_corpus_is_found_nothing_else_is_and_no_credential_is_told() {
    let corpus = corpus(5);
    let text = corpus.world.run(&[]);
    assert_eq!(text.status, 1, "{}", text.stderr);
    let mut seen: BTreeMap<(String, u32), BTreeSet<String>> = BTreeMap::new();
    for row in corpus.world.query(FOUND) {
        let [path, line, detector] = row.split('|').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let place = (path.to_owned(), line.parse().unwrap());
        seen.entry(place).or_default().insert(detector.to_owned());
    }
    let missed: Vec<_> = corpus
        .manifest
        .iter()
        .filter(|(place, detector)| !seen.get(*place).is_some_and(|all| all.contains(*detector)))
        .collect();
    let false_ones: Vec<_> = seen
        .keys()
        .filter(|place| !corpus.manifest.contains_key(*place))
        .collect();
    let count = corpus.manifest.len();
    println!(
        "{count} credentials, missed {}, false {}",
        missed.len(),
        false_ones.len()
    );
    assert!(count > 1_000, "{count}");
    assert!(
        missed.len() * 100 <= count,
        "recall below 99 %: {missed:#?}"
    );
    assert_eq!(false_ones.len(), 0, "{false_ones:#?}");
    let json = corpus.world.run(&["--format", "json"]);
    let summary = corpus.world.beside("summary");
    let github = corpus.world.gate_with(
        ["run", "work"],
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ],
    );
    let summary = std::fs::read(summary).unwrap();
    let record = std::fs::read(corpus.world.database()).unwrap();
    let reports = reports(&corpus.world);
    let outputs = [
        ("record", record.as_slice()),
        ("text", text.stdout.as_bytes()),
        ("progress", text.stderr.as_bytes()),
        ("JSON", json.stdout.as_bytes()),
        ("annotations", github.stdout.as_bytes()),
        ("summary", summary.as_slice()),
    ];
    let reports = reports
        .iter()
        .map(|(form, report)| (*form, report.as_slice()));
    let outputs: Vec<_> = outputs.into_iter().chain(reports).collect();
    nothing_is_told(&corpus.secrets, &outputs);
}

fn token(generator: &mut Generator) -> String {
    generator.fill("<checked:github:ghp_:30>")
}

fn lines_found(world: &World) -> Vec<String> {
    world.run(&["--quiet"]);
    let rows = "SELECT path || ':' || line FROM violations WHERE rule_id = 'secret' ORDER BY path, line, \"column\"";
    world.query(rows)
}

#[test]
fn dense_and_wide_files_lose_nothing() {
    let mut generator = Generator::new(5);
    let mut wide = String::new();
    for _ in 0..1058 {
        let _infallible = write!(
            wide,
            "token = \"{}\"; {}",
            token(&mut generator),
            "x ".repeat(460)
        );
    }
    let mut unbroken = String::new();
    for _ in 0..1070 {
        let _infallible = writeln!(
            unbroken,
            "{} = \"{}\"",
            "word ".repeat(180),
            token(&mut generator)
        );
    }
    let dense: String = (0..5600).map(|_| token(&mut generator) + "\n").collect();
    let twice: String = (0..11_200).map(|_| token(&mut generator) + "\n").collect();
    let world = World::new()
        .policy("version: 1\nrules: { secret: { severity: error, max_findings: 1000000 } }\n")
        .file("wide.js", wide)
        .file("unbroken.txt", unbroken)
        .file("dense.txt", dense)
        .file("twice.txt", twice);
    world.run(&["--quiet"]);
    assert_eq!(
        world.query("SELECT path, count(*) FROM violations GROUP BY path ORDER BY path"),
        [
            "dense.txt|5600",
            "twice.txt|11200",
            "unbroken.txt|1070",
            "wide.js|1058"
        ]
    );
}

#[test]
fn nothing_hides_a_credential() {
    let mut generator = Generator::new(6);
    let mut line = || format!("key = \"{}\"\n", token(&mut generator));
    let late_nul = [
        b"text\n".repeat(2000),
        b"\0\n".to_vec(),
        line().into_bytes(),
    ]
    .concat();
    let program = [b"\x7fELF\x02\x01\0\0".to_vec(), line().into_bytes()].concat();
    let both = format!(
        "{}{}# factory-gate: allow(secret) only the next line\n{}",
        line(),
        line(),
        line()
    );
    let world = World::new()
        .policy(POLICY)
        .file("late.txt", late_nul)
        .file("program", program)
        .file("allowed.sh", both)
        .file(b"name\xff\n.txt", line());
    assert_eq!(
        lines_found(&world),
        [
            "allowed.sh:1",
            "allowed.sh:2",
            "allowed.sh:4",
            "late.txt:2002",
            "name\\xff\n.txt:1"
        ]
    );
    let open =
        "SELECT line FROM violations WHERE path = 'allowed.sh' AND state = 'open' ORDER BY line";
    assert_eq!(world.query(open), ["1", "2"]);
    assert_eq!(
        world.query("SELECT reason FROM skipped_files WHERE path = 'program'"),
        ["binary"]
    );
    let world = world.policy("version: 1\nrules: { secret: { binaries: true } }\n");
    std::fs::remove_file(world.database()).unwrap();
    assert!(lines_found(&world).contains(&"program:1".to_owned()));
    assert_eq!(
        world.query("SELECT reason FROM skipped_files WHERE path = 'program'"),
        ["binary: searched as bytes"]
    );
}

#[test]
fn fingerprints_are_the_same_with_one_key_and_with_any_number_of_threads() {
    let corpus = corpus(1);
    let rows = |threads: &str| {
        let key = ("FACTORY_GATE_SECRET_KEY", "a key of 16 bytes or more");
        let answer = corpus
            .world
            .gate_with(["run", "work", "--quiet", "--threads", threads], &[key]);
        assert_eq!(answer.status, 1, "{}", answer.stderr);
        let rows = corpus.world.query(
            "SELECT violation_fingerprint, detector, superseded_by, path, line, \"column\", preview, secret_fingerprint \
             FROM detections ORDER BY id",
        );
        std::fs::remove_file(corpus.world.database()).unwrap();
        rows
    };
    let one = rows("1");
    assert!(one.len() > 300);
    for threads in ["2", "4", "16"] {
        assert!(rows(threads) == one, "{threads} threads differ");
    }
    let drawn = |()| {
        corpus.world.run(&["--quiet"]);
        let rows = corpus
            .world
            .query("SELECT secret_fingerprint FROM detections ORDER BY id");
        std::fs::remove_file(corpus.world.database()).unwrap();
        rows
    };
    let [first, second] = [(), ()].map(drawn);
    assert!(first != second, "each run draws its own key");
    let short = corpus
        .world
        .gate_with(["run", "work"], &[("FACTORY_GATE_SECRET_KEY", "short")]);
    assert_eq!((short.status, short.stdout.as_str()), (2, ""));
    assert!(short.stderr.contains("too short"), "{}", short.stderr);
}

#[test]
fn what_only_looks_like_a_credential_is_none() {
    let mut generator = Generator::new(7);
    let clean = [
        "id: <uuid>",
        "commit <hex:40>",
        "  \"integrity\": \"sha512-<base64:86>==\",",
        "checksum = \"<hex:64>\"",
        "password: ${DB_PASSWORD}",
        "password = os.environ[\"PASSWORD\"]",
        "token: {{ .Values.token }}",
        "api_key: YOUR_API_KEY",
        "secret: changeme",
        "password: xxxxxxxxxxxx",
        "<label for=\"password\">Password: </label>",
        "const token = await fetchToken(client);",
        "fn token(&self) -> Token {",
        "if (password === confirmation) {",
        "url(data:image/png;base64,<base64:200>)",
        "https://user@example.com/path",
        "postgres://user:password@localhost/test",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "# token=<your token here>",
        "  \"nextToken\": \"<alnum:60>\",",
        "page_token = \"<alnum:40>\"",
    ];
    let mut world = World::new().policy(POLICY);
    for (number, extension) in ["txt", "py", "js", "yml", "json", "md"].iter().enumerate() {
        let lines = clean.iter().cycle().skip(number).take(400);
        let text: Vec<String> = lines.map(|line| generator.fill(line)).collect();
        world = world.file(format!("clean.{extension}"), text.join("\n"));
    }
    let found = lines_found(&world);
    let messages = world.query("SELECT path, line, message FROM violations LIMIT 5");
    assert!(
        found.is_empty(),
        "{} of 2400 lines: {messages:#?}",
        found.len()
    );
}
