//! Several detectors may see one credential: each is recorded, the most specific is reported.

use super::detector::Detector;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

/// A credential that a detector saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The detector's number in the list that is given to [`resolve`].
    pub detector: usize,
    /// Where the credential is.
    pub secret: Range<usize>,
}

/// Puts together what overlaps: each group is one credential, the sighting that is reported first, those that it
/// supersedes after it; the groups by place. Sure detectors win over doubtful ones, then a checksum, then the longer
/// credential, then the smaller id.
pub fn resolve(mut seen: Vec<Seen>, detectors: &[&Detector]) -> Vec<Vec<Seen>> {
    seen.sort_by(|one, other| rank(one, detectors).cmp(&rank(other, detectors)));
    // Groups by the start of what is reported; these never overlap each other.
    let mut groups: BTreeMap<usize, Vec<Seen>> = BTreeMap::new();
    for one in seen {
        match overlapped(&groups, &one.secret) {
            Some(start) => groups.entry(start).or_default().push(one),
            None => {
                groups.insert(one.secret.start, vec![one]);
            }
        }
    }
    groups.into_values().collect()
}

type Rank<'d> = (
    Reverse<super::Confidence>,
    bool,
    Reverse<usize>,
    usize,
    &'d str,
);

fn rank<'d>(seen: &Seen, detectors: &[&'d Detector]) -> Option<Rank<'d>> {
    let detector = detectors.get(seen.detector)?;
    let has_no_checksum = detector.data.checksum.is_none();
    Some((
        Reverse(detector.confidence()),
        has_no_checksum,
        Reverse(seen.secret.len()),
        seen.secret.start,
        &detector.id,
    ))
}

/// The group that this place overlaps: the first of them.
fn overlapped(groups: &BTreeMap<usize, Vec<Seen>>, place: &Range<usize>) -> Option<usize> {
    let end_of = |group: &[Seen]| group.first().map_or(0, |one| one.secret.end);
    let before = groups.range(..=place.start).next_back();
    let after = groups
        .range(place.start + 1..place.end.max(place.start + 1))
        .next();
    before
        .filter(|(_, group)| end_of(group) > place.start)
        .or(after)
        .map(|(start, _)| *start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Confidence, DetectorData};

    fn detector(id: &'static str, confidence: Confidence) -> Detector {
        let data = DetectorData {
            id: id.into(),
            name: id.into(),
            pattern: "x".into(),
            remedy: "x".into(),
            confidence,
            ..DetectorData::default()
        };
        Detector::new(data).unwrap()
    }

    fn groups(seen: &[(usize, Range<usize>)]) -> Vec<Vec<usize>> {
        let (low, high, other) = (
            detector("low", Confidence::Low),
            detector("b", Confidence::High),
            detector("a", Confidence::High),
        );
        let seen = seen.iter().map(|(detector, secret)| Seen {
            detector: *detector,
            secret: secret.clone(),
        });
        let groups = resolve(seen.collect(), &[&low, &high, &other]);
        groups
            .iter()
            .map(|group| group.iter().map(|one| one.detector).collect())
            .collect()
    }

    #[test]
    fn the_surest_then_the_longest_then_the_first_by_id_is_reported() {
        assert_eq!(groups(&[(0, 0..20), (1, 5..9)]), [vec![1, 0]]);
        assert_eq!(groups(&[(1, 0..9), (2, 0..20)]), [vec![2, 1]]);
        assert_eq!(groups(&[(1, 0..9), (2, 0..9)]), [vec![2, 1]]);
        assert_eq!(
            groups(&[(0, 0..5), (1, 5..9), (2, 20..21)]),
            [vec![0], vec![1], vec![2]]
        );
    }

    #[test]
    fn what_only_hangs_together_by_a_superseded_one_stays_apart() {
        assert_eq!(
            groups(&[(1, 0..10), (0, 8..20), (2, 18..30)]),
            [vec![1, 0], vec![2]]
        );
    }

    #[test]
    fn many_at_one_place_are_grouped_quickly() {
        let many: Vec<(usize, Range<usize>)> =
            (0..50_000).map(|at| (at % 3, at..at + 100)).collect();
        assert_eq!(groups(&many).iter().map(Vec::len).sum::<usize>(), 50_000);
    }
}
