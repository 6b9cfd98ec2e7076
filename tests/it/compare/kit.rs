//! A repository with a base commit and a working tree that goes on from there.

use crate::world::World;

/// Runs git in the workspace and answers what it prints.
pub(super) fn git(world: &World, arguments: &[&str]) -> String {
    world.git_command(arguments)
}

/// Makes the workspace a repository with one commit; answers its id.
pub(super) fn commit(world: &World) -> String {
    if !world.root().join(".git").exists() {
        git(world, &["init", "--quiet", "."]);
    }
    git(world, &["add", "--all", "."]);
    git(world, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
    git(world, &["rev-parse", "HEAD"])
}

pub(super) fn write(world: &World, path: &str, text: impl AsRef<[u8]>) {
    let place = world.root().join(path);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place, text).unwrap();
}

pub(super) fn remove(world: &World, path: &str) {
    std::fs::remove_file(world.root().join(path)).unwrap();
}

pub(super) fn rename(world: &World, from: &str, to: &str) {
    let to = world.root().join(to);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::rename(world.root().join(from), to).unwrap();
}

/// Runs the gate with the base and `--new-only`: `state rule path[:line]`, in the order of the paths, and the exit code.
pub(super) fn states(world: &World, base: &str) -> (Vec<String>, i32) {
    let status = world.run(&["--base", base, "--new-only"]).status;
    (rows(world), status)
}

/// What the last session has: `state rule path[:line]`, in the order of the paths.
pub(super) fn rows(world: &World) -> Vec<String> {
    world.query(
        "SELECT state || ' ' || rule_id || ' ' || path || CASE WHEN line IS NULL THEN '' ELSE ':' || line END \
         FROM violations WHERE deployment_id = (SELECT deployment_id FROM v_latest_session) \
         ORDER BY path, line, rule_id, id",
    )
}

/// One fact of the last session.
pub(super) fn fact(world: &World, sql: &str) -> String {
    let sql = format!(
        "SELECT {sql} FROM session_details WHERE deployment_id = (SELECT deployment_id FROM v_latest_session)"
    );
    world.query(&sql).join("\n")
}
