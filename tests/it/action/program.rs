//! Where the program comes from, and that nothing runs which was not checked.

use super::stage::{Stage, release, source};
use std::path::{Path, PathBuf};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const LINUX: &str = "x86_64-unknown-linux-musl";

fn stand_in() -> PathBuf {
    source().join("tests/it/action/stand-in/factory-gate")
}

/// A runner, and a release of this version for it at the place that the action asks by itself.
fn released(os: &str, arch: &str, target: &str) -> (Stage, String) {
    let stage = Stage::finding(os, arch);
    let mirror = stage.at("mirror/factory-gate/factory-gate");
    let table = release(&mirror, VERSION, target, &stand_in());
    (stage, table)
}

fn archive(stage: &Stage) -> PathBuf {
    let name = format!("releases/download/v{VERSION}/factory-gate-{VERSION}-{LINUX}.tar.gz");
    stage.at("mirror/factory-gate/factory-gate").join(name)
}

/// Nothing ran, and the verdict is undecided with this code.
fn refused(stage: &Stage, code: i32, why: &str) {
    let ended = stage.run();
    assert_eq!(
        (ended.code, &*ended.outputs["verdict"]),
        (code, "undecided"),
        "{}",
        ended.log
    );
    assert!(ended.log.contains(why), "{}", ended.log);
    assert!(stage.arguments().is_empty());
    assert_eq!(stage.logged("cargo"), "", "no fallback to a build");
    assert!(stage.in_workspace().is_empty());
}

#[test]
fn one_asset_of_exactly_this_version_is_downloaded_for_each_kind_of_runner() {
    for (os, arch, target) in [
        ("Linux", "X64", LINUX),
        ("Linux", "ARM64", "aarch64-unknown-linux-musl"),
        ("macOS", "X64", "x86_64-apple-darwin"),
        ("macOS", "ARM64", "aarch64-apple-darwin"),
        ("Windows", "X64", "x86_64-pc-windows-msvc"),
    ] {
        let (stage, table) = released(os, arch, target);
        let stage = stage
            .table(&format!("# a comment\n\n{table}"))
            .environment("FAKE_CODE", "1");
        let ended = stage.run();
        assert_eq!(
            (ended.code, &*ended.outputs["program-source"]),
            (1, "download"),
            "{}",
            ended.log
        );
        assert_eq!(ended.outputs["version"], VERSION);
        let asked = stage.logged("curl");
        let asked: Vec<&str> = asked.lines().collect();
        let address = format!(
            "https://github.com/factory-gate/factory-gate/releases/download/v{VERSION}/factory-gate-{VERSION}-{target}.tar.gz"
        );
        assert_eq!(asked.last(), Some(&&*address));
        assert_eq!(
            asked
                .iter()
                .filter(|argument| argument.starts_with("https:"))
                .count(),
            1
        );
        assert_eq!(asked[..3], ["-q", "--proto", "=https"]);
        assert_eq!(stage.in_workspace(), ["factory_deployment.db"]);
    }
}

#[test]
fn a_mirror_is_asked_instead() {
    let stage = Stage::finding("Linux", "X64");
    let table = release(&stage.at("mirror/fg"), VERSION, LINUX, &stand_in());
    let stage = stage
        .table(&table)
        .input("mirror-url", "https://mirror.example:8443/fg/");
    let ended = stage.run();
    assert_eq!(
        (ended.code, &*ended.outputs["program-source"]),
        (0, "download"),
        "{}",
        ended.log
    );
    assert!(
        stage
            .logged("curl")
            .contains("https://mirror.example:8443/fg/releases/download/")
    );
}

#[test]
fn another_version_needs_its_checksum() {
    let other = "9.9.9";
    let stage = || {
        Stage::finding("Linux", "X64")
            .input("version", other)
            .environment("FAKE_VERSION", other)
    };
    refused(&stage(), 2, "No checksum is known");
    let stage = stage();
    let table = release(
        &stage.at("mirror/factory-gate/factory-gate"),
        other,
        LINUX,
        &stand_in(),
    );
    let stage = stage.input("checksum", &table[..64]);
    let ended = stage.run();
    assert_eq!(
        (ended.code, &*ended.outputs["version"]),
        (0, other),
        "{}",
        ended.log
    );
}

#[test]
fn another_archive_than_the_released_one_is_never_run_and_never_replaced_by_a_build() {
    let (stage, table) = released("Linux", "X64", LINUX);
    let mut bytes = std::fs::read(archive(&stage)).unwrap();
    bytes.push(0);
    std::fs::write(archive(&stage), bytes).unwrap();
    refused(&stage.table(&table), 3, "its SHA-256 is another");
}

#[test]
fn a_checksum_cannot_replace_the_one_in_the_table() {
    let (stage, table) = released("Linux", "X64", LINUX);
    refused(
        &stage.table(&table).input("checksum", &"0".repeat(64)),
        2,
        "not the one that the action's table has",
    );
}

#[test]
fn a_release_that_is_not_there_is_no_reason_to_build() {
    let (stage, table) = released("Linux", "X64", LINUX);
    std::fs::remove_file(archive(&stage)).unwrap();
    refused(&stage.table(&table), 3, "could not be downloaded");
}

#[test]
fn an_archive_without_the_program_is_refused() {
    let (stage, _) = released("Linux", "X64", LINUX);
    let packed = |name: &str, table: &str| {
        let digest = &table.split_whitespace().next().unwrap()[..64];
        format!("{digest}  {name}\n")
    };
    // The right name and the right digest, of another target's content.
    let other = release(
        &stage.at("mirror"),
        VERSION,
        "x86_64-apple-darwin",
        &stand_in(),
    );
    let place = stage
        .at("mirror/releases/download")
        .join(format!("v{VERSION}"));
    std::fs::copy(
        place.join(format!("factory-gate-{VERSION}-x86_64-apple-darwin.tar.gz")),
        archive(&stage),
    )
    .unwrap();
    let table = packed(&format!("factory-gate-{VERSION}-{LINUX}.tar.gz"), &other);
    refused(&stage.table(&table), 3, "could not be unpacked");
}

#[test]
fn a_program_of_another_version_is_refused() {
    let (stage, table) = released("Linux", "X64", LINUX);
    refused(
        &stage.table(&table).environment("FAKE_VERSION", "0.0.7"),
        3,
        "not the version that it should be",
    );
}

/// Puts a program into the tool cache.
fn cache(stage: &Stage, program: &Path) {
    let directory = stage.at("tools/factory-gate").join(VERSION).join(LINUX);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::copy(program, directory.join("factory-gate")).unwrap();
}

#[test]
fn the_tool_cache_is_used_only_for_a_program_that_the_table_knows() {
    let (stage, table) = released("Linux", "X64", LINUX);
    cache(&stage, &stand_in());
    let stage = stage.table(&table);
    let ended = stage.run();
    assert_eq!(
        (ended.code, &*ended.outputs["program-source"]),
        (0, "tool-cache"),
        "{}",
        ended.log
    );
    assert_eq!(stage.logged("curl"), "");

    let (stage, table) = released("Linux", "X64", LINUX);
    cache(&stage, Path::new("/bin/true"));
    refused(
        &stage.table(&table),
        3,
        "in the tool cache is not the one that was released",
    );

    let stage = Stage::finding("Linux", "X64");
    cache(&stage, Path::new("/bin/true"));
    let ended = stage.run();
    assert_eq!(ended.outputs["program-source"], "build");
    assert!(ended.log.contains("it is not used"), "{}", ended.log);
}

#[test]
fn without_a_release_it_is_built_from_the_action() {
    for (os, arch) in [("Linux", "X64"), ("Linux", "RISCV"), ("", "")] {
        let stage = Stage::finding(os, arch)
            .environment("CARGO_BUILD_TARGET", "other")
            .environment("FAKE_CODE", "1");
        let ended = stage.run();
        assert_eq!(
            (ended.code, &*ended.outputs["program-source"]),
            (1, "build"),
            "{}",
            ended.log
        );
        assert!(
            ended.log.contains("building it from the action's source"),
            "{}",
            ended.log
        );
        let target = stage.at("temp/factory-gate-target");
        let expected = format!(
            "{}\nbuild --release --locked --bin factory-gate\n{}\nnone\n",
            source().display(),
            target.display()
        );
        assert_eq!(stage.logged("cargo"), expected);
        assert_eq!(
            stage.logged("curl"),
            "",
            "nothing is downloaded that could not be checked"
        );
    }
    let stage = Stage::finding("Linux", "X64").environment("FAKE_CARGO_FAILS", "1");
    let ended = stage.run();
    assert_eq!(
        (ended.code, &*ended.outputs["verdict"]),
        (3, "undecided"),
        "{}",
        ended.log
    );
    refused(
        &Stage::finding("Linux", "X64").input("mirror-url", "https://m.example"),
        2,
        "set the input checksum",
    );
}
