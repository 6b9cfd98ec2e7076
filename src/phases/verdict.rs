//! The gate: from what is recorded to a verdict and an exit code.

use crate::finding::Severity;
use crate::policy::Gate;
use crate::store::rows::Verdict;
use std::collections::BTreeMap;

/// Exit codes, the same in every CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above the gate.
    Pass,
    /// Violations at or above the gate.
    Fail,
    /// Usage or policy error; nothing was scanned.
    Usage,
    /// Could not decide or could not finish.
    Undecided,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Usage => 2,
            Self::Undecided => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Undecided => Self::Undecided,
        }
    }
}

/// Violations by (severity, state, resolved).
pub(super) type Counts = BTreeMap<(Severity, String, bool), u64>;

/// Decides. `reasons` are what kept the run from looking or finishing; one is enough to leave it undecided.
pub(super) fn decide(
    gate: Gate,
    counts: &Counts,
    score: Option<f64>,
    reasons: &[String],
) -> (Verdict, Vec<String>) {
    let mut failing = Vec::new();
    for severity in Severity::WORST_FIRST {
        let (open, word) = counted(counts, severity, gate.new_only);
        if open > 0 && gate.fail_on.is_some_and(|least| severity >= least) {
            let plural = if open == 1 { "" } else { "s" };
            failing.push(format!("{open} {word} {severity}{plural}"));
        }
    }
    if let (Some(least), Some(score)) = (gate.min_score, score)
        && score < least
    {
        failing.push(format!("the score {score:.2} is below {least}"));
    }
    if !reasons.is_empty() {
        return (
            Verdict::Undecided,
            reasons.iter().cloned().chain(failing).collect(),
        );
    }
    let verdict = if failing.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    (verdict, failing)
}

/// How many violations of a severity the gate counts, and what they are called. What nothing was compared with counts.
fn counted(counts: &Counts, severity: Severity, new_only: bool) -> (u64, &'static str) {
    let counts = counts.iter().filter(|((of, state, resolved), _)| {
        let passes = state == "suppressed" || (new_only && state == "existing");
        *of == severity && !passes && !*resolved
    });
    let is_compared = counts.clone().all(|((_, state, _), _)| state == "new");
    let word = if new_only && is_compared {
        "new"
    } else {
        "open"
    };
    (counts.map(|(_, count)| *count).sum(), word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[(Severity, &str, bool, u64)]) -> Counts {
        rows.iter()
            .map(|(severity, state, resolved, n)| ((*severity, (*state).to_owned(), *resolved), *n))
            .collect()
    }

    #[test]
    fn only_what_is_open_at_or_above_the_gate_fails() {
        let gate = Gate::default();
        let harmless = counts(&[
            (Severity::Error, "suppressed", false, 3),
            (Severity::Error, "open", true, 3),
            (Severity::Warning, "open", false, 3),
        ]);
        assert_eq!(decide(gate, &harmless, Some(10.0), &[]).0, Verdict::Pass);
        let bad = counts(&[(Severity::Error, "open", false, 1)]);
        assert_eq!(
            decide(gate, &bad, None, &[]),
            (Verdict::Fail, vec!["1 open error".to_owned()])
        );
        let never = Gate {
            fail_on: None,
            ..gate
        };
        assert_eq!(decide(never, &bad, None, &[]).0, Verdict::Pass);
    }

    #[test]
    fn what_the_base_has_too_counts_only_where_everything_does() {
        let rows = counts(&[
            (Severity::Error, "existing", false, 3),
            (Severity::Error, "new", true, 1),
        ]);
        let new_only = Gate {
            new_only: true,
            ..Gate::default()
        };
        assert_eq!(decide(new_only, &rows, None, &[]).0, Verdict::Pass);
        assert_eq!(decide(Gate::default(), &rows, None, &[]).0, Verdict::Fail);
        let new = counts(&[
            (Severity::Error, "existing", false, 3),
            (Severity::Error, "new", false, 2),
        ]);
        assert_eq!(
            decide(new_only, &new, None, &[]),
            (Verdict::Fail, vec!["2 new errors".to_owned()])
        );
        // Nothing was compared: all of it may be new.
        let open = counts(&[(Severity::Error, "open", false, 1)]);
        assert_eq!(
            decide(new_only, &open, None, &[]),
            (Verdict::Fail, vec!["1 open error".to_owned()])
        );
    }

    #[test]
    fn what_could_not_be_looked_at_leaves_it_undecided_even_with_violations() {
        let bad = counts(&[(Severity::Error, "open", false, 2)]);
        let (verdict, reasons) =
            decide(Gate::default(), &bad, None, &["could not look".to_owned()]);
        assert_eq!(verdict, Verdict::Undecided);
        assert_eq!(reasons, ["could not look", "2 open errors"]);
    }

    #[test]
    fn a_score_below_the_least_fails() {
        let gate = Gate {
            min_score: Some(95.0),
            ..Gate::default()
        };
        assert_eq!(
            decide(gate, &Counts::new(), Some(94.99), &[]).0,
            Verdict::Fail
        );
        assert_eq!(
            decide(gate, &Counts::new(), Some(95.0), &[]).0,
            Verdict::Pass
        );
    }

    #[test]
    fn every_exit_has_its_number() {
        let all = [
            Exit::Pass,
            Exit::Fail,
            Exit::Usage,
            Exit::Undecided,
            Exit::Interrupted,
        ];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 130]);
    }
}
