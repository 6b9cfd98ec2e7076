//! `doctor`: reads the CI configuration of a repository and says what keeps the gate from being one.

use super::{Answer, Problem, stdout};
use crate::cli::{DoctorArgs, DoctorFormat};
use crate::phases::Exit;
use crate::report;
use crate::walk::Root;
use crate::wiring::{self, Examination, File, PLACES, Weight};
use anyhow::Context as _;

/// More than any CI configuration has.
pub(super) const MOST_BYTES: usize = 1 << 20;

pub(super) fn doctor(arguments: &DoctorArgs) -> Answer {
    let place = arguments.path.display();
    let path = dunce::canonicalize(&arguments.path);
    let path = path
        .with_context(|| format!("there is no repository at `{place}`"))
        .map_err(Problem::usage)?;
    let root = Root::open(&path)
        .with_context(|| format!("`{place}` cannot be opened"))
        .map_err(Problem::usage)?;
    let (files, unread) = gather(&root);
    let mut examination = wiring::examine(&files);
    examination.unread.extend(unread);
    match arguments.format {
        DoctorFormat::Text => report::wiring::write(&examination, &mut stdout())?,
        DoctorFormat::Json => report::wiring::write_json(&examination, &mut stdout())?,
    }
    Ok(exit(&examination))
}

fn exit(examination: &Examination) -> Exit {
    if !examination.unread.is_empty() {
        Exit::Undecided
    } else if examination
        .advice
        .iter()
        .any(|advice| advice.weight == Weight::Wrong)
    {
        Exit::Fail
    } else {
        Exit::Pass
    }
}

/// The files at the places that matter, and what of them could not be read.
pub(super) fn gather(root: &Root) -> (Vec<File>, Vec<String>) {
    let (mut files, mut unread) = (Vec::new(), Vec::new());
    for place in PLACES {
        match place.strip_suffix('/') {
            None => take(root, (*place).to_owned(), (&mut files, &mut unread)),
            Some(directory) => {
                for name in names(root, directory, &mut unread) {
                    take(
                        root,
                        format!("{directory}/{name}"),
                        (&mut files, &mut unread),
                    );
                }
            }
        }
    }
    (files, unread)
}

fn take(root: &Root, path: String, (files, unread): (&mut Vec<File>, &mut Vec<String>)) {
    match root.read_file(path.as_bytes(), MOST_BYTES) {
        Ok(bytes) => files.push(File { path, bytes }),
        Err(error) if is_absent(&error) => {}
        Err(error) => unread.push(format!("{path}: {error}")),
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}

/// The names of the YAML files in a directory, sorted.
fn names(root: &Root, directory: &str, unread: &mut Vec<String>) -> Vec<String> {
    let found = match root.names(directory.as_bytes()) {
        Ok(found) => found,
        Err(error) => {
            if !is_absent(&error) {
                unread.push(format!("{directory}: {error}"));
            }
            return Vec::new();
        }
    };
    let mut names = Vec::new();
    for name in found {
        let is_yaml = name.ends_with(b".yml") || name.ends_with(b".yaml");
        match String::from_utf8(name) {
            Ok(name) if is_yaml => names.push(name),
            Err(_) if is_yaml => unread.push(format!("{directory}: a name that is not UTF-8")),
            _ => {}
        }
    }
    names.sort();
    names
}
