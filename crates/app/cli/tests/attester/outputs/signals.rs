//! Runs that a signal ends while the new file has a name already: where there are no files without one.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use super::folder::{TARGET, assert_unchanged, command_in, folder_state, new_pipe, prepared};
use super::users::is_root;
use super::{is_ignored, open_when_read};

/// A system on which a file without a name cannot be given one.
const WITHOUT_DESCRIPTORS: &str = "exec unshare -m bash -c 'mount -t tmpfs none /proc && mkdir /proc/self && \
    echo SigIgn: 0 >/proc/self/status && exec \"$0\" \"$@\"' \"$0\" \"$@\"";

#[test]
fn a_file_that_has_a_name_is_removed_by_a_signal_that_ends_the_run() {
    if !is_root("files that have a name") {
        return;
    }
    let machine = prepared("outputs-signals");
    for (number, signal) in [(15, "-TERM"), (2, "-INT"), (1, "-HUP"), (3, "-QUIT")] {
        if is_ignored(signal) {
            continue;
        }
        for output in [TARGET, "new"] {
            new_pipe(&machine.path("pipe"));
            let before = folder_state(&machine.folder);
            let words = format!("seal encrypt-unverified --secret pipe --key key.json -o {output}");
            let mut child = command_in(&machine, &words).under(WITHOUT_DESCRIPTORS).spawn();
            let pipe = open_when_read(&machine.path("pipe"), &mut child, &words);
            let has_name = |path: &std::path::PathBuf| path.to_string_lossy().contains("/.teeproof-");
            assert!(folder_state(&machine.folder).keys().any(has_name), "{words}: it has no name");
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            assert_eq!(child.wait().unwrap().signal(), Some(number), "{words}");
            drop(pipe);
            assert_unchanged(&before, &machine, &format!("{words} {signal}"));
        }
    }
    // On failure and on success nothing else is there, too.
    let before = folder_state(&machine.folder);
    let run = |words: &str| command_in(&machine, words).under(WITHOUT_DESCRIPTORS);
    run("seal encrypt-unverified --secret no-such-file --key key.json -o target").fails(2, &[]);
    let full = WITHOUT_DESCRIPTORS.replace("exec \"$0\" \"$@\"'", "ulimit -f 0 && exec \"$0\" \"$@\"'");
    assert_ne!(full, WITHOUT_DESCRIPTORS);
    let words = "seal encrypt-unverified --secret secret --key key.json -o target";
    let (exit, said) = command_in(&machine, words).under(&full).into_stdout(std::process::Stdio::null());
    assert!(matches!(exit, None | Some(1)), "{exit:?}: {said}");
    run("vtpm quote --no-nonce -m new -s taken").fails(2, &[]);
    assert_unchanged(&before, &machine, "a failure");
    run("vtpm quote --no-nonce -m new -s target").exits(0);
    let names = |state: &super::folder::State| state.len();
    assert_eq!(names(&folder_state(&machine.folder)), names(&before) + 1);
}
