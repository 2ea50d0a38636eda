//! The file of the trust anchor: several twins in one folder, killed twins, and files of other programs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use teeproof_twin::is_twin_root;

use crate::command::{Twin, folder};

/// A machine with fast key generation.
const QUICK: [&str; 2] = ["--product", "tdx"];

/// The file of the trust anchor, from a twin's output.
fn named(twin: &Twin) -> String {
    let line = twin.lines[1].strip_prefix("# Its only trust anchor is in ").unwrap();
    line.strip_suffix('.').unwrap().to_owned()
}

/// A start that fails: exit code and message.
fn refused(folder: &Path, flags: &[&str]) -> (Option<i32>, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_teeproof-twin"))
        .args(["paravisor", "--listen", "127.0.0.1:0"])
        .args(QUICK)
        .args(flags)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.stdout.is_empty(), "no output of a running twin");
    (done.status.code(), String::from_utf8(done.stderr).unwrap())
}

/// The files of a folder, except for the twins' output.
fn names(folder: &Path) -> Vec<String> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = all.filter(|name| name != "said").collect();
    names.sort();
    names
}

#[test]
fn a_second_twin_in_a_folder_keeps_the_firsts_root() {
    let first = Twin::start("roots", &QUICK);
    let folder = first.folder.clone();
    let root = fs::read(folder.join("twin-root.der")).unwrap();
    assert!(is_twin_root(&root));
    assert_eq!(first.said(), "");

    let mut second = Twin::start_in(folder.clone(), &QUICK);
    assert_eq!(named(&second), "twin-root-2.der");
    let says = "twin-root.der is the trust anchor of another twin that is running, and stays as it is";
    assert!(second.said().contains(says), "{}", second.said());
    assert_eq!(fs::read(folder.join("twin-root.der")).unwrap(), root);
    let other = fs::read(folder.join("twin-root-2.der")).unwrap();
    assert!(other != root && is_twin_root(&other));

    let third = Twin::start_in(folder.clone(), &QUICK);
    assert_eq!(named(&third), "twin-root-3.der");
    assert_eq!(names(&folder), ["twin-root-2.der", "twin-root-3.der", "twin-root.der"]);

    // A requested name is used, or the start fails.
    let (code, said) = refused(&folder, &["--root", "twin-root.der"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("twin-root.der is the trust anchor of a twin that is running: give another --root")
    );

    // The second one is killed: its name is free, and that of the first one still is not.
    second.kill();
    let fourth = Twin::start_in(folder.clone(), &QUICK);
    assert_eq!(named(&fourth), "twin-root-2.der");
    assert_ne!(fs::read(folder.join("twin-root-2.der")).unwrap(), other);
    assert_eq!(fs::read(folder.join("twin-root.der")).unwrap(), root);
}

#[test]
fn a_twin_replaces_the_root_of_one_that_was_killed() {
    // Under the default name on a line with other keys, and under a requested name.
    for flags in [&["--product", "milan"][..], &["--product", "tdx", "--root", "twin-root.der"]] {
        let mut first = Twin::start("killed-root", flags);
        let path = first.folder.join("twin-root.der");
        let root = fs::read(&path).unwrap();
        first.kill();
        let second = Twin::start_in(first.folder.clone(), flags);
        assert_eq!(named(&second), "twin-root.der");
        let says = "twin-root.der: replaced the trust anchor of a twin that has ended";
        assert!(second.said().contains(says), "{}", second.said());
        assert_ne!(fs::read(&path).unwrap(), root);
        assert_eq!(names(&second.folder), ["twin-root.der"], "no other file is left");
    }
}

#[test]
fn files_that_are_not_a_twins_stay() {
    let folder = folder("other-roots");
    fs::create_dir_all(folder.join("directory")).unwrap();
    // AMD's own root has the names of a twin's.
    let ark = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pure/snp/anchors/ark-genoa.der");
    fs::copy(ark, folder.join("ark.der")).unwrap();
    fs::write(folder.join("text"), "my only copy").unwrap();
    fs::write(folder.join("empty"), "").unwrap();
    fs::write(folder.join("later"), [&[0; 64][..], b"\x02\x0dteeproof-twin"].concat()).unwrap();
    symlink("text", folder.join("link")).unwrap();
    symlink("nowhere", folder.join("dangling")).unwrap();
    let before: Vec<_> = names(&folder);
    for name in ["ark.der", "text", "empty", "later", "link", "dangling", "directory"] {
        let (code, said) = refused(&folder, &["--root", name]);
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(name) && said.contains("give another --root"), "{said}");
    }
    assert_eq!(names(&folder), before);
    assert_eq!(fs::read(folder.join("text")).unwrap(), b"my only copy");
    // Nor are they under the default name.
    fs::rename(folder.join("text"), folder.join("twin-root.der")).unwrap();
    assert_eq!(refused(&folder, &[]).0, Some(2));
    assert_eq!(fs::read(folder.join("twin-root.der")).unwrap(), b"my only copy");
    fs::remove_dir_all(folder).unwrap();
}

/// Each of several twins that start at once has its own file.
#[test]
fn twins_that_start_at_once() {
    let folder = folder("roots-at-once");
    fs::create_dir_all(&folder).unwrap();
    let twins: Vec<Twin> = std::thread::scope(|scope| {
        let starting: Vec<_> =
            (0..4).map(|_| scope.spawn(|| Twin::start_in(folder.clone(), &QUICK))).collect();
        starting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut roots: Vec<_> = twins.iter().map(named).collect();
    roots.sort();
    assert_eq!(roots, ["twin-root-2.der", "twin-root-3.der", "twin-root-4.der", "twin-root.der"]);
    assert_eq!(names(&folder), roots);
    let mut contents: Vec<_> = roots.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect();
    contents.sort();
    contents.dedup();
    assert_eq!(contents.len(), 4);
}
