//! A root that is another directory when the removing begins.

use super::kit::{Scene, TRASH, cleaning};
use crate::world::snapshot;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// The other directory holds the same names with the same sizes and times; only which directory it is tells them apart.
#[test]
fn a_directory_that_takes_the_roots_place_is_not_touched() {
    let world = (0..1500).fold(cleaning(TRASH), |world, number| {
        world.file(format!("d{}/{number}.tmp", number % 7), "x\n")
    });
    let scene = Scene::of(world);
    let (root, innocent) = (scene.root(), scene.beside("innocent"));
    let copied = Command::new("cp")
        .arg("-a")
        .args([&root, &innocent])
        .status()
        .unwrap();
    assert!(copied.success());
    let names = |place: &std::path::Path| -> Vec<_> {
        let all = snapshot(place).into_iter();
        all.map(|(path, fact)| (path.strip_prefix(place).unwrap().to_owned(), fact))
            .collect()
    };
    let before = names(&innocent);
    let mut child = scene
        .command(["run", "work", "--apply=cleanup", "--threads", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("[1/5]")));
    renameat_with(CWD, &root, CWD, &innocent, RenameFlags::EXCHANGE).unwrap();
    lines.for_each(drop);
    let code = child.wait().unwrap().code();
    // What was the other directory is now at the root's name.
    let after = names(&root);
    assert!(
        before == after,
        "{code:?}: {} of {} things are left",
        after.len(),
        before.len()
    );
    assert_eq!(code, Some(3), "what was to be removed was not");
}
