//! An index that is not where it should be, though there are commits: what git tracks is then not known.

use super::kit::{Scene, TRASH, cleaning};
use crate::world::snapshot;

#[test]
fn commits_without_an_index_refuse_everything() {
    for link in [None, Some("nowhere"), Some("index")] {
        let scene = Scene::of(cleaning(TRASH).file("kept.tmp", "the only copy\n").git());
        scene.git_command(&["commit", "--quiet", "-m", "x"]);
        std::fs::remove_file(scene.at(".git/index")).unwrap();
        if let Some(target) = link {
            std::os::unix::fs::symlink(target, scene.at(".git/index")).unwrap();
        }
        let before = snapshot(&scene.root());
        let answer = scene.sweep();
        assert!(before == snapshot(&scene.root()), "{link:?}: {answer:?}");
        assert_eq!(answer.status, 3, "{link:?}: {answer:?}");
    }
}
