//! `junit`: XML for the test views of GitLab, Jenkins and Azure Pipelines. A rule is a suite, a rule in a file a case.

use super::encode::{clip, visible, xml};
use super::place::{Standing, shown_path};
use super::tally::first_results;
use super::{Context, Run, Told, text};
use crate::finding::Severity;
use crate::store::rows::{Order, RowSource, RuleResultRow, Verdict, ViolationRow};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;

/// How large the document may be.
#[derive(Clone, Copy)]
struct Limits {
    bytes: usize,
    /// Elements, attributes and texts together: GitLab gives up at 250,000 objects.
    objects: usize,
}

/// GitLab takes 30 MB; the rest is for the suites' own elements.
const LIMITS: Limits = Limits {
    bytes: 28_000_000,
    objects: 230_000,
};
/// What a case with a failure consists of: two elements and their ends, four attributes and two; its text on top.
const OBJECTS_OF_A_CASE: usize = 11;
/// What a suite consists of, its clean case included.
const OBJECTS_OF_A_SUITE: usize = 12;
/// The most places that a case names.
const PLACES: usize = 20;
/// The longest message, in characters.
const LONGEST: usize = 500;
/// The most rules that are suites of their own.
const SUITES: usize = 5_000;

/// Writes a suite for each rule: what counts fails, what is accepted, known or only a note is skipped, what is clean passes.
pub(super) fn write(
    run: &Run<'_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    within(run, context, LIMITS, out)
}

fn within(
    run: &Run<'_>,
    context: &Context<'_>,
    limits: Limits,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    let mut suites = Suites::new(limits, context);
    for result in first_results(run.record) {
        if suites.by_rule.len() < SUITES {
            suites.suite(&result.rule_id);
        }
    }
    // What counts first: where there is no room for all, the rest is left out before it.
    for failing in [true, false] {
        suites.take(run.rows, failing)?;
    }
    suites.write(run, out)
}

/// What is known of one rule in one file.
#[derive(Default)]
struct Case {
    lines: Vec<String>,
    count: u64,
}

/// What a case says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Failure(Severity),
    Skipped(&'static str),
}

impl Outcome {
    /// `None` for what this run has resolved.
    fn of(row: &ViolationRow) -> Option<Self> {
        match (Standing::of(row), row.severity) {
            (Standing::Resolved, _) => None,
            (Standing::Suppressed, _) => Some(Self::Skipped("suppressed")),
            (Standing::Existing, _) => Some(Self::Skipped("existing")),
            (Standing::Counts, Severity::Note) => Some(Self::Skipped("note")),
            (Standing::Counts, severity) => Some(Self::Failure(severity)),
        }
    }
}

/// The cases of one rule, written.
#[derive(Default)]
struct Suite {
    cases: Vec<u8>,
    tests: u64,
    failures: u64,
    skipped: u64,
    has_violations: bool,
}

/// All suites, of bounded size.
struct Suites<'c> {
    context: &'c Context<'c>,
    room: Limits,
    by_rule: BTreeMap<String, Suite>,
    is_full: bool,
    left_out: u64,
}

impl<'c> Suites<'c> {
    fn new(room: Limits, context: &'c Context<'c>) -> Self {
        Self {
            context,
            room,
            by_rule: BTreeMap::new(),
            is_full: false,
            left_out: 0,
        }
    }

    fn suite(&mut self, rule_id: &str) -> &mut Suite {
        if !self.by_rule.contains_key(rule_id) {
            self.room.objects = self.room.objects.saturating_sub(OBJECTS_OF_A_SUITE);
            self.by_rule.insert(rule_id.to_owned(), Suite::default());
        }
        self.by_rule.entry(rule_id.to_owned()).or_default()
    }

    /// Takes all violations that fail, or all that do not. Those of one file follow each other.
    fn take(&mut self, rows: &dyn RowSource, failing: bool) -> anyhow::Result<()> {
        let mut file: Option<(String, Severity)> = None;
        let mut cases: BTreeMap<(String, Outcome), Case> = BTreeMap::new();
        rows.violations(Order::WorstFirst, &mut |row| {
            let Some(outcome) = Outcome::of(&row) else {
                return Ok(ControlFlow::Continue(()));
            };
            if matches!(outcome, Outcome::Failure(_)) != failing {
                return Ok(ControlFlow::Continue(()));
            }
            let path = shown_path(&row, self.context.source);
            let is_next = file
                .as_ref()
                .is_none_or(|(last, severity)| *last != path || *severity != row.severity);
            if is_next && let Some((file, _)) = file.replace((path, row.severity)) {
                self.add(&file, &mut cases);
            }
            let case = cases.entry((row.rule_id.clone(), outcome)).or_default();
            case.count += 1;
            if case.lines.len() < PLACES {
                case.lines.push(line(&row));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if let Some((file, _)) = file {
            self.add(&file, &mut cases);
        }
        Ok(())
    }

    /// Adds the cases of one file, as long as there is room.
    fn add(&mut self, file: &str, cases: &mut BTreeMap<(String, Outcome), Case>) {
        for ((rule_id, outcome), case) in std::mem::take(cases) {
            let text = written(&rule_id, file, outcome, &case);
            let is_known = self.by_rule.contains_key(&rule_id);
            let objects = OBJECTS_OF_A_CASE + if is_known { 0 } else { OBJECTS_OF_A_SUITE };
            self.is_full = self.is_full
                || text.len() > self.room.bytes
                || objects > self.room.objects
                || !is_known && self.by_rule.len() >= SUITES;
            if self.is_full {
                self.left_out += case.count;
                if let Some(suite) = self.by_rule.get_mut(&rule_id) {
                    suite.has_violations = true;
                }
                continue;
            }
            self.room.bytes -= text.len();
            self.room.objects -= OBJECTS_OF_A_CASE;
            let suite = self.suite(&rule_id);
            suite.has_violations = true;
            suite.tests += 1;
            match outcome {
                Outcome::Failure(_) => suite.failures += 1,
                Outcome::Skipped(_) => suite.skipped += 1,
            }
            suite.cases.extend_from_slice(text.as_bytes());
        }
    }

    fn write(mut self, run: &Run<'_>, out: &mut dyn Write) -> anyhow::Result<Told> {
        let results = first_results(run.record);
        let results: BTreeMap<&str, &RuleResultRow> = results
            .map(|result| (result.rule_id.as_str(), result))
            .collect();
        for (rule_id, suite) in &mut self.by_rule {
            if !suite.has_violations {
                let files = results
                    .get(rule_id.as_str())
                    .map_or(0, |result| result.files_checked);
                let clean = clean(rule_id, files);
                suite.cases.extend_from_slice(clean.as_bytes());
                suite.tests += 1;
            }
        }
        let gate = Gate::of(run, self.left_out);
        let sum = |part: fn(&Suite) -> u64| self.by_rule.values().map(part).sum::<u64>();
        let (failures, skipped) = (sum(|suite| suite.failures), sum(|suite| suite.skipped));
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(
            out,
            "<testsuites name=\"factory-gate\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\">",
            sum(|suite| suite.tests) + 1,
            failures + gate.failures,
            gate.errors,
            skipped,
            seconds(
                run.record
                    .phases
                    .iter()
                    .map(|phase| phase.duration_ms * 1000)
                    .sum()
            ),
        )?;
        gate.write(out)?;
        for (rule_id, suite) in &self.by_rule {
            let result = results.get(rule_id.as_str());
            let time = seconds(result.map_or(0, |result| result.duration_us));
            writeln!(
                out,
                "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{time}\">",
                name(rule_id),
                suite.tests,
                suite.failures,
                suite.skipped,
            )?;
            out.write_all(&suite.cases)?;
            writeln!(out, "  </testsuite>")?;
        }
        writeln!(out, "</testsuites>")?;
        Ok(Told::without(
            self.left_out,
            "GitLab takes 30 MB and 250,000 objects; the worst are in the report, and its first suite says what is missing",
        ))
    }
}

/// The suite about the run itself, which is first.
struct Gate {
    failures: u64,
    errors: u64,
    reasons: Vec<String>,
    left_out: u64,
}

impl Gate {
    fn of(run: &Run<'_>, left_out: u64) -> Self {
        let end = run.record.end.as_ref();
        let verdict = end.map_or(Verdict::Undecided, |end| end.verdict);
        let reasons = end.iter().flat_map(|end| &end.verdict_reasons).take(PLACES);
        Self {
            failures: u64::from(verdict == Verdict::Fail),
            errors: u64::from(verdict == Verdict::Undecided),
            reasons: reasons.cloned().collect(),
            left_out,
        }
    }

    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "  <testsuite name=\"factory-gate\" tests=\"1\" failures=\"{}\" errors=\"{}\" skipped=\"0\" time=\"0.000\">",
            self.failures, self.errors
        )?;
        let head = "    <testcase classname=\"factory-gate\" name=\"verdict\" time=\"0.000\"";
        let reasons: Vec<_> = self
            .reasons
            .iter()
            .map(|reason| clip(reason, LONGEST))
            .collect();
        let reasons = xml(&visible(&reasons.join("; ")));
        let outcome = |element: &str, kind: &str| {
            format!(
                "{head}>\n      <{element} message=\"{kind}: {reasons}\" type=\"{kind}\"/>\n    </testcase>"
            )
        };
        match (self.failures, self.errors) {
            (0, 0) => writeln!(out, "{head}/>")?,
            (_, 0) => writeln!(out, "{}", outcome("failure", "fail"))?,
            _ => writeln!(out, "{}", outcome("error", "undecided"))?,
        }
        if self.left_out > 0 {
            let count = text::count(self.left_out, "violation");
            writeln!(
                out,
                "    <system-out>{count} not in this report, for want of room: the database has all of them</system-out>"
            )?;
        }
        writeln!(out, "  </testsuite>")
    }
}

/// A rule's name.
fn name(rule_id: &str) -> String {
    xml(&clip(rule_id, 255))
}

/// `1.234` of microseconds.
fn seconds(microseconds: u64) -> String {
    let milliseconds = microseconds / 1000;
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// A violation in one line: its place, what it is.
fn line(row: &ViolationRow) -> String {
    let message = clip(&row.message, LONGEST);
    let message = visible(&message);
    match row.region {
        Some(region) => format!("{}:{}: {message}", region.line, region.column),
        None => message.into_owned(),
    }
}

fn clean(rule_id: &str, files: u64) -> String {
    format!(
        "    <testcase classname=\"factory-gate.{}\" name=\"no violations\" time=\"0.000\">\n      \
         <system-out>{} looked at</system-out>\n    </testcase>\n",
        name(rule_id),
        text::count(files, "file"),
    )
}

/// A case. Names are unique, because GitLab ignores what has a name for the second time.
fn written(rule_id: &str, file: &str, outcome: Outcome, case: &Case) -> String {
    let (suffix, element, kind) = match outcome {
        Outcome::Failure(severity) => (String::new(), "failure", severity.as_str()),
        Outcome::Skipped(why) => (format!(" ({why})"), "skipped", why),
    };
    let first = case.lines.first().map_or("", String::as_str);
    let message = match case.count {
        1 => xml(first),
        count => format!(
            "{}, the first: {}",
            text::count(count, "violation"),
            xml(first)
        ),
    };
    let kind = match outcome {
        Outcome::Failure(_) => format!(" type=\"{kind}\""),
        // The format knows no type of what is skipped.
        Outcome::Skipped(_) => String::new(),
    };
    let head = format!(
        "    <testcase classname=\"factory-gate.{}\" name=\"{}{suffix}\" file=\"{}\" time=\"0.000\">\n      \
         <{element} message=\"{message}\"{kind}",
        name(rule_id),
        xml(file),
        xml(file),
    );
    let mut lines: Vec<String> = case.lines.iter().map(|line| xml(line)).collect();
    let more = case.count.saturating_sub(case.lines.len() as u64);
    if more > 0 {
        lines.push(format!("and {} in this file", text::grouped(more)));
    }
    format!("{head}>{}</{element}>\n    </testcase>\n", lines.join("\n"))
}
