//! Files, links and pipes of other users, and of groups: played by root, who alone can make them.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use super::super::machine::Machine;
use super::super::seal::Sealed;
use super::super::support::{Run, folder, teeproof};
use super::command_in;

/// Nobody's numbers.
const OTHER: u32 = 65_533;
const GROUP: u32 = 65_531;

/// Whether this process may play other users; says so if not.
pub(super) fn is_root(test: &str) -> bool {
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        say_skipped(test, "only root can make files of other users");
    }
    is_root
}

#[allow(clippy::disallowed_methods)] // said by a test, and not by the command
fn say_skipped(what: &str, reason: &str) {
    // Not by a macro: those are kept back for tests that pass.
    std::io::stdout().write_all(format!("*** SKIPPED {what}: {reason}\n").as_bytes()).unwrap();
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A directory in which everybody makes files, and only the owner of one takes it away.
fn shared_folder(path: &Path) {
    std::fs::create_dir(path).unwrap();
    mode(path, 0o1777);
}

/// The run as another user, in no group but this one.
fn as_other(run: Run) -> Run {
    run.under(&format!("exec setpriv --reuid={OTHER} --regid={OTHER} --clear-groups \"$0\" \"$@\""))
}

/// A file of other owners, which holds `older`.
fn file_of(path: &Path, owner: u32, group: u32, its_mode: u32) {
    std::fs::write(path, "older").unwrap();
    chown(path, Some(owner), Some(group)).unwrap();
    mode(path, its_mode);
}

#[test]
fn a_link_that_another_user_put_into_a_directory_of_everybodys_is_not_followed() {
    if !is_root("links of others") {
        return;
    }
    let folder = folder("outputs-foreign-links");
    let shared = folder.join("shared");
    shared_folder(&shared);
    std::fs::create_dir(folder.join("own")).unwrap();
    let target = folder.join("own/target");
    std::fs::write(&target, "older").unwrap();
    // The file itself, the directory that it is in, and a link to either.
    let link = |name: &str, to: &Path, owner: u32| {
        symlink(to, shared.join(name)).unwrap();
        lchown(shared.join(name), Some(owner), Some(owner)).unwrap();
    };
    link("file", &target, OTHER);
    link("directory", &folder.join("own"), OTHER);
    link("ours", &target, 0);
    symlink(shared.join("file"), folder.join("chain")).unwrap();
    let explain = |output: PathBuf| teeproof(["explain", "7", "-o"]).args([output]);
    for output in [shared.join("file"), shared.join("directory/target"), folder.join("chain")] {
        explain(output).fails(2, &["cannot be written: a link in its path belongs to another user"]);
        assert_eq!(std::fs::read(&target).unwrap(), b"older");
    }
    explain(shared.join("ours")).exits(0);
    assert_ne!(std::fs::read(&target).unwrap(), b"older");
    // In a directory of one user, that one's links are followed.
    chown(&shared, Some(OTHER), None).unwrap();
    explain(shared.join("file")).exits(0);
}

#[test]
fn what_may_be_secret_goes_to_no_pipe_of_another_user() {
    if !is_root("pipes of others") {
        return;
    }
    let sealed = Sealed::start("outputs-foreign-pipes", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    let decrypt =
        |to: &str| sealed.machine.run(&["seal", "decrypt", &sealed.path("sealed"), "-o", &sealed.path(to)]);
    let make = |name: &str, owner: u32| {
        let made = std::process::Command::new("mkfifo").arg(sealed.path(name)).status().unwrap();
        assert!(made.success());
        chown(sealed.path(name), Some(owner), Some(owner)).unwrap();
        // Open on both sides, so that nobody waits.
        std::fs::File::options().read(true).write(true).open(sealed.path(name)).unwrap()
    };
    let _foreign = make("foreign", OTHER);
    decrypt("foreign").fails(2, &["foreign: cannot be written: it belongs to another user"]);
    let _own = make("own", 0);
    decrypt("own").exits(0);
    // What is public goes there, unless anybody could have made it.
    let explain = |to: &str| teeproof(["explain", "7", "-o", &sealed.path(to)]);
    explain("foreign").exits(0);
    shared_folder(Path::new(&sealed.path("shared")));
    let _shared = make("shared/pipe", OTHER);
    explain("shared/pipe").fails(2, &["it is a pipe of another user, in a world-writable directory"]);
}

/// An access list as the kernel has it: the owner, one user more, the group, the most of all these, and others.
fn access_list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend([tag.to_le_bytes(), permissions.to_le_bytes()].concat());
        list.extend(id.to_le_bytes());
    }
    list
}

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";
const NO_ID: u32 = u32::MAX;

fn list_of(path: &Path) -> Option<Vec<u8>> {
    let mut list = vec![0; 1024];
    let length = rustix::fs::getxattr(path, ACCESS, list.as_mut_slice()).ok()?;
    list.truncate(length);
    Some(list)
}

/// Whether the file system has access lists; says so if not.
fn set_list(path: &Path, name: &str, list: &[u8]) -> bool {
    let set = rustix::fs::setxattr(path, name, list, rustix::fs::XattrFlags::empty());
    if let Err(error) = set {
        say_skipped("access lists", &error.to_string());
    }
    set.is_ok()
}

#[test]
fn an_access_list_stays_and_none_is_added() {
    let folder = folder("outputs-lists");
    let target = folder.join("target");
    let lets_in = access_list(&[(1, 6, NO_ID), (2, 6, 1234), (4, 0, NO_ID), (16, 6, NO_ID), (32, 0, NO_ID)]);
    let mode_of = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    std::fs::write(&target, "older").unwrap();
    if !set_list(&target, ACCESS, &lets_in) {
        return;
    }
    assert_eq!(mode_of(&target), 0o660);
    teeproof(["explain", "7", "-o"]).args([&target]).exits(0);
    assert_ne!(std::fs::read(&target).unwrap(), b"older");
    assert_eq!((list_of(&target), mode_of(&target)), (Some(lets_in.clone()), 0o660));
    // What the directory gives to new files is not for one that had none.
    std::fs::remove_file(&target).unwrap();
    std::fs::write(&target, "older").unwrap();
    mode(&target, 0o640);
    assert!(set_list(&folder, DEFAULT, &lets_in));
    teeproof(["explain", "7", "-o"]).args([&target]).exits(0);
    assert_eq!((list_of(&target), mode_of(&target)), (None, 0o640));
}

#[test]
fn another_group_gets_nothing_that_it_had_not() {
    if !is_root("groups") {
        return;
    }
    let folder = folder("outputs-groups");
    chown(&folder, Some(OTHER), Some(OTHER)).unwrap();
    let target = folder.join("target");
    let after = || {
        as_other(teeproof(["explain", "7", "-o"]).args([&target])).exits(0);
        let about = std::fs::metadata(&target).unwrap();
        (about.uid(), about.gid(), about.mode() & 0o777)
    };
    for (before, expected) in [(0o660, 0o600), (0o644, 0o644), (0o604, 0o600)] {
        file_of(&target, OTHER, GROUP, before);
        assert_eq!(after(), (OTHER, OTHER, expected), "{before:o}");
    }
    // The group is kept where the owner cannot be.
    file_of(&target, 0, OTHER, 0o660);
    assert_eq!(after(), (OTHER, OTHER, 0o660));
    // Of a list, nothing but the owner's part is left in another group.
    file_of(&target, OTHER, GROUP, 0o660);
    let list = access_list(&[(1, 6, NO_ID), (2, 0, 1234), (4, 6, NO_ID), (16, 6, NO_ID), (32, 4, NO_ID)]);
    if set_list(&target, ACCESS, &list) {
        assert_eq!((after(), list_of(&target)), ((OTHER, OTHER, 0o600), None));
    }
}

#[test]
fn a_quote_whose_signature_cannot_be_replaced_changes_nothing() {
    if !is_root("files of others in a directory of everybody's") {
        return;
    }
    let machine = Machine::start("outputs-foreign-files");
    chown(&machine.folder, Some(OTHER), Some(OTHER)).unwrap();
    shared_folder(&machine.path("shared"));
    file_of(&machine.path("shared/signature"), 0, 0, 0o666);
    file_of(&machine.path("m"), OTHER, OTHER, 0o644);
    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(&machine.folder)
            .unwrap()
            .chain(std::fs::read_dir(machine.path("shared")).unwrap())
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = names();
    // Anybody may write to it, and nobody but its owner may replace it, which shows only on the attempt.
    for (message, output) in [("m", ""), ("new", ""), ("m", " -o new"), ("new", " -o m")] {
        let words = format!("vtpm quote --no-nonce -m {message} -s shared/signature{output}");
        as_other(command_in(&machine, &words)).fails(2, &["shared/signature: cannot be written: "]);
        assert_eq!(names(), before, "{words}");
        for name in ["m", "shared/signature"] {
            assert_eq!(std::fs::read(machine.path(name)).unwrap(), b"older", "{words}: {name}");
        }
    }
}
