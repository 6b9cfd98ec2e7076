//! The places of this machine that a run has to know of before it may change anything.

use super::reports;
use crate::beneath::FileId;
use crate::ci::Environment;
use crate::cleanup::Reach;
use crate::cli::RunArgs;
use crate::phases::{Export, Places};
use crate::policy::Policy;
use crate::walk::{OwnOutputs, bytes_of};
use std::path::{Path, PathBuf};

/// An absolute path whose directory is spelt without symlinks; the file itself need not exist.
pub(super) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let (Some(directory), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        anyhow::bail!("`{}` is no name for a file", path.display());
    };
    // A directory that is not there is for the store to refuse.
    Ok(dunce::canonicalize(directory)
        .unwrap_or_else(|_| directory.to_owned())
        .join(name))
}

/// Gathers what cleanup must not touch.
pub(super) fn places(
    (policy, baseline): (&Policy, Option<PathBuf>),
    arguments: &RunArgs,
    (root, database): (&Path, &Path),
    (environment, export): (&Environment, Option<&Export>),
) -> Places {
    let mut own_outputs = OwnOutputs::default();
    if let Ok(inside) = database.strip_prefix(root) {
        own_outputs.add_database(&bytes_of(inside.as_os_str()));
    }
    let named = |path: &Option<PathBuf>| path.as_deref().and_then(|path| absolute(path).ok());
    let (output, patch) = (named(&arguments.output), named(&arguments.patch));
    let reports = reports::paths(arguments);
    for path in [&output, &patch].into_iter().flatten().chain(&reports) {
        if let Ok(inside) = path.strip_prefix(root) {
            own_outputs.add(&bytes_of(inside.as_os_str()));
        }
    }
    let exports = export.map(|export| [Some(export.path.clone()), export.partial().ok()]);
    for path in exports.into_iter().flatten().flatten() {
        if let Ok(inside) = path.strip_prefix(root) {
            own_outputs.add(&bytes_of(inside.as_os_str()));
        }
    }
    let documents = policy
        .sources
        .iter()
        .filter_map(|source| source.workspace_path.as_ref());
    let mut protected = Vec::new();
    let mut protect = |path: Option<PathBuf>, name: &str| {
        let file = path.and_then(|path| FileId::of(&path).ok());
        protected.extend(file.map(|file| (file, Reach::Itself, name.to_owned())));
    };
    protect(std::env::current_exe().ok(), "this program");
    protect(std::env::current_dir().ok(), "the current directory");
    protect(Some(root.to_owned()), "the workspace");
    protect(arguments.policy.clone(), "the policy");
    protect(baseline, "the baseline");
    protect(output, "the report");
    protect(patch, "the patch");
    for path in reports {
        protect(Some(path), "a report");
    }
    protect(
        export.map(|export| export.path.clone()),
        "the exported quarantine",
    );
    protect(Some(database.to_owned()), "the record");
    let runner = runner_directories(environment);
    protected.extend(
        runner.iter().filter_map(|(path, name)| {
            Some((FileId::of(path).ok()?, Reach::Subtree, name.clone()))
        }),
    );
    let checkout = environment.checkout.as_deref();
    Places {
        own_outputs,
        policy_paths: documents.map(|path| path.as_bytes().to_vec()).collect(),
        protected,
        forbidden_roots: forbidden_roots(&runner),
        checkout: checkout.and_then(|path| FileId::of(path).ok()),
    }
}

/// The CI runner's own directories (temporary files, tools, downloaded actions), with a name each. A job's later steps
/// and other jobs live from them.
fn runner_directories(environment: &Environment) -> Vec<(PathBuf, String)> {
    // Runners of GitHub's kind keep all of them side by side.
    const BESIDE: [&str; 3] = ["_actions", "_temp", "_tool"];
    let named = environment.runner_directories.iter();
    let beside = named.clone().filter_map(|path| path.parent());
    let beside = beside.flat_map(|above| BESIDE.map(|name| above.join(name)));
    let name = |path: PathBuf| {
        let name = format!("`{}`, a directory of the CI runner", path.display());
        (path, name)
    };
    named.cloned().chain(beside).map(name).collect()
}

/// Directories that are no workspace: homes, the CI runner's own directories, and all that holds one of them.
pub(super) fn forbidden_roots(runner: &[(PathBuf, String)]) -> Vec<(FileId, String)> {
    let homes = std::env::home_dir().into_iter().chain(own_homes());
    let homes = homes.map(|home| (home, "the home directory"));
    let runner = runner
        .iter()
        .map(|(path, _)| (path.clone(), "a directory of the CI runner"));
    let mut forbidden: Vec<(FileId, String)> = Vec::new();
    for (place, what) in homes.chain(runner) {
        let Ok(place) = dunce::canonicalize(&place) else {
            continue;
        };
        for above in place.ancestors() {
            if let Ok(id) = FileId::of(above) {
                let name = format!("`{}`, which is {what} or holds it,", above.display());
                forbidden.push((id, name));
            }
        }
    }
    forbidden
}

/// The homes that the system's own list has for the user of this process, real and effective: `HOME` may say anything.
#[cfg(unix)]
fn own_homes() -> Vec<PathBuf> {
    const LIST: &str = "/etc/passwd";
    const MOST_BYTES: usize = 16 << 20;
    let own =
        [rustix::process::getuid(), rustix::process::geteuid()].map(rustix::process::Uid::as_raw);
    // Where there is no such list, `HOME` and the fixed places have to do.
    let text = crate::walk::read_named(Path::new(LIST), MOST_BYTES).unwrap_or_default();
    homes_of(&own, &text)
}

/// There is no such list; nothing is changed here either.
#[cfg(not(unix))]
fn own_homes() -> Vec<PathBuf> {
    Vec::new()
}

#[cfg(any(unix, test))]
fn homes_of(users: &[u32], list: &[u8]) -> Vec<PathBuf> {
    let lines = list.split(|byte| *byte == b'\n');
    let homes = lines.filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let user: u32 = std::str::from_utf8(fields.nth(2)?).ok()?.parse().ok()?;
        let home = fields.nth(2)?;
        (users.contains(&user) && home.starts_with(b"/"))
            .then(|| crate::walk::path_of(home).into_owned())
    });
    homes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_read_from_the_systems_list() {
        let list =
            b"root:x:0:0:root:/root:/bin/sh\nbroken\nme:x:7:7::/home/me:/bin/sh\nno:x:7:7:::\n";
        assert_eq!(homes_of(&[7], list), [Path::new("/home/me")]);
        assert_eq!(homes_of(&[7, 0], list).len(), 2);
        assert_eq!(homes_of(&[8], list), [] as [&Path; 0]);
    }

    #[test]
    fn what_lies_beside_the_runners_directories_is_its_own_too() {
        let environment = Environment {
            runner_directories: vec!["/r/_work/_temp".into()],
            ..Environment::default()
        };
        let found = runner_directories(&environment);
        let paths: Vec<_> = found
            .iter()
            .map(|(path, _)| path.to_str().unwrap())
            .collect();
        assert_eq!(
            paths,
            [
                "/r/_work/_temp",
                "/r/_work/_actions",
                "/r/_work/_temp",
                "/r/_work/_tool"
            ]
        );
    }

    #[test]
    fn no_root_holds_a_directory_of_the_runner() {
        let work = tempfile::tempdir().unwrap();
        let temporary = work.path().join("_temp");
        std::fs::create_dir(&temporary).unwrap();
        let forbidden = forbidden_roots(&[(temporary.clone(), String::new())]);
        for place in [work.path(), &temporary, Path::new("/")] {
            let id = FileId::of(place).unwrap();
            assert!(forbidden.iter().any(|(other, _)| *other == id), "{place:?}");
        }
    }
}
