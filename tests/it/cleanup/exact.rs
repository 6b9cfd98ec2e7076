//! What is destroyed is exactly what was planned: a file that takes a planned one's place in the last moment survives.

use super::kit::{SWEEP, Scene, TRASH, can_run, cleaning};
use crate::world::{binary, query};
use std::process::{Command, Stdio};
use std::time::Duration;

const FILES: usize = 40;
const CALLS: &str = "unlinkat,renameat2";

/// `strace` holds each removal back for a moment after the program's last look. Whenever one file is gone, the next one
/// is being held: a precious file is then renamed over it.
#[test]
fn a_file_that_takes_a_planned_ones_place_survives() {
    let name = "a_file_that_takes_a_planned_ones_place";
    if !can_run(name, "strace", &["-f", "-qq", "-o", "/dev/null", "true"]) {
        return;
    }
    let leaf = |number: usize| format!("d/{number:02}.tmp");
    let world = (0..FILES).fold(cleaning(TRASH).directory("precious"), |world, number| {
        world.file(leaf(number), "planned\n")
    });
    let scene = Scene::of(world);
    let mut child = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={CALLS}"),
        ])
        .args(["-e", &format!("inject={CALLS}:delay_enter=20000")])
        .arg(binary())
        .args(SWEEP)
        .args(["--threads", "1"])
        .current_dir(scene.beside(""))
        .env_remove("GITHUB_ACTIONS")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut placed = Vec::new();
    for number in (0..FILES - 1).step_by(4) {
        let precious = scene.at("precious").join(number.to_string());
        std::fs::write(&precious, format!("the only copy of {number}\n")).unwrap();
        while scene.has(&leaf(number)) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_millis(5));
        let next = leaf(number + 1);
        if scene.has(&next) && std::fs::rename(&precious, scene.at(&next)).is_ok() {
            placed.push((next, number));
        }
    }
    let code = child.wait().unwrap().code();
    assert!([Some(0), Some(3)].contains(&code), "{code:?}");
    assert!(placed.len() > 3, "{placed:?}: the two did not meet");
    let rows = query(&scene.database(), super::kit::ROWS);
    for (path, number) in placed {
        let text = std::fs::read_to_string(scene.at(&path)).unwrap_or_default();
        assert_eq!(
            text,
            format!("the only copy of {number}\n"),
            "{path}: {rows:#?}"
        );
        assert!(!rows.contains(&format!("{path}|removed")), "{rows:#?}");
    }
}
