//! What this program itself writes into a workspace. Only what git does not track can be that.

/// What holds them all. A directory of the workspace like any other, but never a target of cleanup.
pub const OWN_HOME: &[u8] = b".factory-gate";

/// Where quarantined files are kept, and where files are made before they get their names; in every workspace.
pub const OWN_DIRECTORIES: [&[u8]; 2] = [b".factory-gate/quarantine", b".factory-gate/staging"];

/// Paths (relative to the workspace) of our own output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnOutputs {
    exact: Vec<Vec<u8>>,
    beginnings: Vec<Vec<u8>>,
}

impl OwnOutputs {
    /// Adds one file.
    pub fn add(&mut self, path: &[u8]) {
        self.exact.push(path.to_vec());
    }

    /// Adds a database, the files that SQLite puts beside it, and the private directories of runs that write it.
    pub fn add_database(&mut self, path: &[u8]) {
        for ending in [b"".as_slice(), b"-wal", b"-shm", b"-journal"] {
            self.exact.push([path, ending].concat());
        }
        let name = path
            .iter()
            .rposition(|byte| *byte == b'/')
            .map_or(0, |slash| slash + 1);
        let (directory, name) = path.split_at(name);
        self.beginnings
            .push([directory, b".", name, b".run-"].concat());
    }

    /// Whether a path is one of them, or lies in one.
    pub fn contains(&self, path: &[u8]) -> bool {
        OWN_DIRECTORIES.iter().any(|own| {
            path.strip_prefix(*own)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        }) || self.exact.iter().any(|own| own == path)
            || self.beginnings.iter().any(|own| path.starts_with(own))
    }

    /// Every one of them that has a fixed name.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.exact.iter().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_has_its_sidecars_and_nothing_else() {
        let mut own = OwnOutputs::default();
        own.add_database(b"out/gate.db");
        for path in [
            "out/gate.db",
            "out/gate.db-wal",
            "out/.gate.db.run-01ab",
            "out/.gate.db.run-01ab/run.db",
        ] {
            assert!(own.contains(path.as_bytes()), "{path}");
        }
        for path in [
            "gate.db",
            "out/gate.db.txt",
            "out/gate.dbx",
            "out/.gate.db",
            "out",
        ] {
            assert!(!own.contains(path.as_bytes()), "{path}");
        }
    }
}
