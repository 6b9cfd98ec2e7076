//! Whatever call fails, the file is the old one or the new one, and the result says which.

use super::*;
use crate::fix::Applied;

#[test]
fn a_fixed_file_keeps_its_mode_owner_and_attributes() {
    let place = Place1::new();
    let name = "user.factory-gate-test";
    let flags = rustix::fs::XattrFlags::empty();
    let has_attributes = rustix::fs::setxattr(place.file(), name, b"kept", flags).is_ok();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(place.file(), Some(1234), Some(4321)).unwrap();
    }
    assert_eq!(
        place.fix_to(System, NEW, 0o4750),
        Outcome::Applied(Applied::Exchanged)
    );
    assert_eq!(content(&place.file()), NEW);
    let facts = std::fs::metadata(place.file()).unwrap();
    assert_eq!(facts.mode() & 0o7777, 0o4750);
    if is_root {
        assert_eq!((facts.uid(), facts.gid()), (1234, 4321));
    }
    if has_attributes {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(place.file(), name, &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"kept");
    }
    assert!(!place.leftovers());
}

#[test]
fn a_mode_goes_to_the_file_itself() {
    let place = Place1::new();
    let before = std::fs::metadata(place.file()).unwrap().ino();
    assert_eq!(
        place.fix_to(System, OLD, 0o750),
        Outcome::Applied(Applied::Mode)
    );
    let facts = std::fs::metadata(place.file()).unwrap();
    assert_eq!((facts.mode() & 0o7777, facts.ino()), (0o750, before));
}

#[test]
fn a_full_disk_leaves_the_old_file_and_nothing_else() {
    for number in 1..=4 {
        let place = Place1::new();
        let outcome = place.fix(Faulty::failing(Call::Write, number, Errno::NOSPC));
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome}");
        assert_eq!(content(&place.file()), OLD);
        assert!(!place.leftovers());
    }
    let place = Place1::new();
    let outcome = place.fix(Faulty::failing(Call::Write, 5, Errno::NOSPC));
    assert!(
        outcome.is_change(),
        "four writes are all there are: {outcome}"
    );
}

#[test]
fn a_file_that_cannot_be_synced_is_not_put_in_place() {
    let place = Place1::new();
    let outcome = place.fix(Faulty::failing(Call::Sync, 1, Errno::IO));
    assert!(outcome.to_string().starts_with("failed: "), "{outcome}");
    assert_eq!(content(&place.file()), OLD);
    assert!(!place.leftovers());
}

#[test]
fn what_fails_after_the_exchange_is_told_and_is_a_change() {
    for fault in [
        Faulty::failing(Call::Sync, 2, Errno::IO),
        Faulty::failing(Call::Unlink, 1, Errno::IO),
    ] {
        let place = Place1::new();
        let outcome = place.fix(fault);
        assert!(
            outcome.to_string().starts_with("failed: written, but "),
            "{outcome}"
        );
        assert!(outcome.is_change());
        assert_eq!(content(&place.file()), NEW);
    }
}

#[test]
fn where_names_cannot_be_exchanged_one_replaces_the_other() {
    for error in [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP] {
        let place = Place1::new();
        let outcome = place.fix(Faulty::failing(Call::Exchange, 0, error));
        assert_eq!(outcome, Outcome::Applied(Applied::Replaced));
        assert_eq!(content(&place.file()), NEW);
        assert!(!place.leftovers());
    }
}

#[test]
fn any_other_error_of_the_exchange_leaves_the_old_file() {
    for error in [Errno::XDEV, Errno::IO, Errno::NOSPC, Errno::PERM] {
        let place = Place1::new();
        let outcome = place.fix(Faulty::failing(Call::Exchange, 1, error));
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome}");
        assert_eq!(content(&place.file()), OLD);
        assert!(!place.leftovers());
    }
}

#[test]
fn a_missing_file_is_made_with_its_directories_and_never_over_another() {
    let place = Place1::new();
    let root = place.root();
    let token = ApplyToken::because_apply_was_asked_for();
    let fixer = Fixer::open(&root, "RUN", token).unwrap();
    let after = State {
        content: NEW.to_vec(),
        permissions: 0o644,
    };
    let create = |number, path: &[u8]| {
        fixer.apply(&Act {
            number,
            path,
            before: None,
            after: &after,
        })
    };
    assert_eq!(create(1, b"a/b/c"), Outcome::Applied(Applied::Created));
    assert_eq!(content(&place.work().join("a/b/c")), NEW);
    assert_eq!(
        create(2, b"sub/file").to_string(),
        "skipped: something is there by now"
    );
    assert_eq!(content(&place.file()), OLD);
    for path in [&b"../x"[..], b"/x", b"x/.git/config", b".GIT/x", b"", b"x/"] {
        assert!(matches!(create(3, path), Outcome::Refused(_)), "{path:?}");
    }
    std::os::unix::fs::symlink(place.directory.path(), place.work().join("out")).unwrap();
    assert!(matches!(create(4, b"out/x"), Outcome::Refused(_)));
    assert!(!place.directory.path().join("x").exists());
    fixer.close();
    assert!(!place.leftovers());
}

#[test]
fn a_staging_directory_that_others_prepared_is_refused() {
    let prepare: [fn(&Path); 3] = [
        |own| std::os::unix::fs::symlink("/tmp", own).unwrap(),
        |own| write(own, b""),
        |own| {
            std::fs::create_dir_all(own.join("staging")).unwrap();
            let open = std::fs::Permissions::from_mode(0o777);
            std::fs::set_permissions(own.join("staging"), open).unwrap();
        },
    ];
    for prepare in prepare {
        let place = Place1::new();
        prepare(&place.work().join(".factory-gate"));
        let root = place.root();
        let token = ApplyToken::because_apply_was_asked_for();
        assert!(Fixer::open(&root, "RUN", token).is_err());
    }
}
