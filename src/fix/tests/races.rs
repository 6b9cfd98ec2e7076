//! Someone changes the file while it is fixed: nothing of theirs is lost, and nothing outside is touched.

use super::*;

const THEIRS: &[u8] = b"written meanwhile";

#[expect(
    clippy::disallowed_methods,
    reason = "the test plays the other program"
)]
fn rename(from: &Path, to: &Path) {
    std::fs::rename(from, to).unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test plays the other program"
)]
fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

fn check(meddle: impl Fn(&Path) + Send + Sync + 'static) -> (Place1, Outcome) {
    let place = Place1::new();
    write(&place.directory.path().join("canary"), b"canary");
    let file = place.file();
    let outcome = place.fix(Faulty::meddled(move || meddle(&file)));
    assert_eq!(content(&place.directory.path().join("canary")), b"canary");
    (place, outcome)
}

#[test]
fn a_file_that_was_replaced_gets_its_name_back() {
    let (place, outcome) = check(|file| {
        let other = file.with_extension("tmp");
        write(&other, THEIRS);
        rename(&other, file);
    });
    assert_eq!(outcome.to_string(), "skipped: changed since planned");
    assert_eq!(content(&place.file()), THEIRS);
    assert!(!place.leftovers());
}

#[test]
fn a_file_that_was_written_in_place_gets_its_name_back_though_size_and_time_are_the_same() {
    let (place, outcome) = check(|file| {
        let facts = std::fs::metadata(file).unwrap();
        write(file, &vec![b'x'; OLD.len()]);
        let opened = std::fs::File::options().write(true).open(file).unwrap();
        opened.set_modified(facts.modified().unwrap()).unwrap();
    });
    assert_eq!(outcome.to_string(), "skipped: changed since planned");
    assert_eq!(content(&place.file()), vec![b'x'; OLD.len()]);
    assert!(!place.leftovers());
}

#[test]
fn a_mode_that_was_changed_meanwhile_is_not_undone() {
    let (place, outcome) = check(|file| {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    });
    assert_eq!(outcome.to_string(), "skipped: changed since planned");
    let mode = std::fs::metadata(place.file()).unwrap().mode() & 0o7777;
    assert_eq!((content(&place.file()).as_slice(), mode), (OLD, 0o600));
}

#[test]
fn a_symlink_in_its_place_is_put_back_and_not_followed() {
    let (place, outcome) = check(|file| {
        remove(file);
        std::os::unix::fs::symlink("../../canary", file).unwrap();
    });
    assert_eq!(outcome.to_string(), "skipped: changed since planned");
    assert_eq!(
        std::fs::read_link(place.file()).unwrap(),
        Path::new("../../canary")
    );
    assert!(!place.leftovers());
}

#[test]
fn a_directory_in_its_place_is_put_back_with_what_is_in_it() {
    let (place, outcome) = check(|file| {
        remove(file);
        std::fs::create_dir(file).unwrap();
        write(&file.join("inside"), THEIRS);
    });
    assert_eq!(outcome.to_string(), "skipped: changed since planned");
    assert_eq!(content(&place.file().join("inside")), THEIRS);
}

#[test]
fn a_file_that_is_gone_stays_gone() {
    let (place, outcome) = check(remove);
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome}");
    assert!(!place.file().exists() && !place.leftovers());
}

#[test]
fn a_second_name_that_came_meanwhile_is_a_change() {
    let (place, outcome) = check(|file| {
        std::fs::hard_link(file, file.with_extension("link")).unwrap();
    });
    assert_eq!(outcome.to_string(), "skipped: changed since planned");
    assert_eq!(
        std::fs::metadata(place.file()).unwrap().ino(),
        std::fs::metadata(place.file().with_extension("link"))
            .unwrap()
            .ino()
    );
}

#[test]
fn what_is_no_plain_file_with_one_name_is_not_even_read() {
    let place = Place1::new();
    let root = place.root();
    std::fs::hard_link(place.file(), place.work().join("second")).unwrap();
    let refused = place.original(&root).unwrap_err();
    assert_eq!(refused.to_string(), "refused: the file has several names");
    remove(&place.file());
    std::os::unix::fs::symlink("../second", place.file()).unwrap();
    let refused = place.original(&root).unwrap_err();
    assert_eq!(refused.to_string(), "refused: a symbolic link");
}

/// Another process exchanges the file with a link to a canary all the time.
#[test]
fn a_swapper_gets_nothing_written_outside_and_loses_nothing() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let place = Place1::new();
    let canary = place.directory.path().join("canary");
    write(&canary, b"canary");
    let (file, link) = (place.file(), place.work().join("link"));
    std::os::unix::fs::symlink(&canary, &link).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let root = place.root();
    let token = ApplyToken::because_apply_was_asked_for();
    let fixer = Fixer::open(&root, "RUN", token).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, &file, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for number in 0..300 {
            let facts = [&file, &link]
                .map(std::fs::symlink_metadata)
                .map(Result::unwrap);
            let Some(facts) = facts.iter().find(|facts| facts.is_file()) else {
                continue;
            };
            let seen = Meta {
                kind: Kind::File,
                permissions: 0o640,
                size: facts.len(),
                modified_ns: facts.mtime() * 1_000_000_000 + facts.mtime_nsec(),
                tracked: None,
                ignored: false,
            };
            let Ok(original) = read(&root, b"sub/file", seen, 1 << 20) else {
                continue;
            };
            let after = State {
                content: format!("content {number}\n").into(),
                permissions: 0o640,
            };
            let outcome = fixer.apply(&Act {
                number,
                path: b"sub/file",
                before: Some((&original.identity, &original.state)),
                after: &after,
            });
            assert!(!matches!(outcome, Outcome::FailedAfter(_)), "{outcome}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    fixer.close();
    assert_eq!(content(&canary), b"canary");
    let kinds = [&file, &link].map(|path| std::fs::symlink_metadata(path).unwrap().is_symlink());
    assert_ne!(kinds[0], kinds[1], "one file and one link are left");
    assert!(!place.leftovers());
}
