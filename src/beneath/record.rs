//! By what means a run was kept from changing what it must not change, as the record has it.

#[cfg(unix)]
use super::root::Containment;
use super::sandbox::{Enforced, Rights};
use serde::Serialize;

/// The column `session_details.containment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainmentRecord {
    /// How paths were kept beneath the workspace: `openat2` or `walk`; only where the run had the right to change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<&'static str>,
    /// Threads that look. They have no right to change anything.
    scan_threads: ThreadLimits,
    /// Threads that change the workspace; only where there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    acting_threads: Option<ThreadLimits>,
}

/// What the kernel holds some threads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThreadLimits {
    /// Version of Landlock's interface; null if nothing holds at least one of the threads.
    landlock_abi: Option<u32>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<String>,
    /// Directories beneath which the threads may change something, `.` for the workspace itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    granted: Vec<String>,
}

impl ThreadLimits {
    /// What came of limiting some threads to the same rights. The weakest counts.
    pub fn of(rights: &Rights, threads: impl IntoIterator<Item = Enforced>) -> Self {
        let nobody = Enforced::No("there was no thread".into());
        let weakest = threads.into_iter().reduce(|one, other| match (one, other) {
            (Enforced::Landlock(one), Enforced::Landlock(other)) => {
                Enforced::Landlock(one.min(other))
            }
            (no @ Enforced::No(_), _) | (_, no @ Enforced::No(_)) => no,
        });
        let (landlock_abi, none) = match weakest.unwrap_or(nobody) {
            Enforced::Landlock(abi) => (Some(abi), None),
            Enforced::No(why) => (None, Some(why)),
        };
        Self {
            granted: match landlock_abi {
                Some(_) => rights.granted().to_vec(),
                None => Vec::new(),
            },
            landlock_abi,
            none,
        }
    }

    /// Two groups of threads as one: the weaker version counts, grants add up.
    #[must_use]
    fn and(mut self, other: Self) -> Self {
        self.landlock_abi = self
            .landlock_abi
            .zip(other.landlock_abi)
            .map(|(one, two)| one.min(two));
        self.none = self.none.or(other.none);
        self.granted.extend(other.granted);
        self.granted.sort_unstable();
        self.granted.dedup();
        self
    }
}

impl ContainmentRecord {
    /// For a run whose threads that look are held to this.
    pub fn new(scan_threads: ThreadLimits) -> Self {
        Self {
            resolution: None,
            scan_threads,
            acting_threads: None,
        }
    }

    /// Adds how the workspace was opened for changing it.
    #[cfg(unix)]
    pub fn opened(&mut self, containment: Containment) {
        self.resolution = Some(match self.resolution {
            Some("walk") => "walk",
            _ => containment.as_str(),
        });
    }

    /// Adds threads that changed the workspace.
    pub fn acted(&mut self, threads: ThreadLimits) {
        self.acting_threads = Some(match self.acting_threads.take() {
            Some(before) => before.and(threads),
            None => threads,
        });
    }

    /// As the record keeps it: a JSON object.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(threads: &[Enforced]) -> ThreadLimits {
        ThreadLimits::of(&Rights::none(), threads.iter().cloned())
    }

    #[test]
    fn the_weakest_thread_counts() {
        let no = || Enforced::No("old kernel".into());
        let abi = |threads: &[Enforced]| limits(threads).landlock_abi;
        assert_eq!(
            abi(&[Enforced::Landlock(7), Enforced::Landlock(3)]),
            Some(3)
        );
        assert_eq!(
            abi(&[Enforced::Landlock(7), no(), Enforced::Landlock(7)]),
            None
        );
        let text = serde_json::to_string(&limits(&[Enforced::Landlock(7), no()])).unwrap();
        assert_eq!(text, r#"{"landlock_abi":null,"none":"old kernel"}"#);
        assert_eq!(abi(&[]), None);
    }

    #[cfg(unix)]
    #[test]
    fn phases_add_to_the_record() {
        let mut record = ContainmentRecord::new(limits(&[Enforced::Landlock(7)]));
        assert_eq!(
            record.to_json().to_string(),
            r#"{"scan_threads":{"landlock_abi":7}}"#
        );
        let granted = |names: &[&str]| ThreadLimits {
            granted: names.iter().map(|&name| name.to_owned()).collect(),
            ..limits(&[Enforced::Landlock(7)])
        };
        record.opened(Containment::Walk);
        record.acted(granted(&["src"]));
        record.opened(Containment::Openat2);
        record.acted(granted(&["logs", "src"]));
        assert_eq!(
            record.to_json().to_string(),
            r#"{"resolution":"walk","scan_threads":{"landlock_abi":7},"acting_threads":{"landlock_abi":7,"granted":["logs","src"]}}"#
        );
        record.acted(limits(&[Enforced::No("x".into())]));
        let json = record.to_json();
        assert_eq!(
            json["acting_threads"]["landlock_abi"],
            serde_json::Value::Null
        );
    }
}
