//! Directories that files are written into.

use super::folder::{assert_unchanged, command_in, folder_state, prepared};

/// Of a directory that is written to, only the verb knows the names.
#[test]
fn pages_of_the_manual_replace_nothing_that_is_read_and_nothing_behind_links() {
    let machine = prepared("outputs-pages");
    std::fs::create_dir(machine.path("pages")).unwrap();
    std::fs::write(machine.path("pages/teeproof.1"), "quiet = true\n").unwrap();
    let refused = |words: &str, says: &str| {
        let before = folder_state(&machine.folder);
        command_in(&machine, words).fails(2, &[says]);
        assert_unchanged(&before, &machine, words);
    };
    refused("man --output-dir pages --config pages/teeproof.1", "the output is also an input");
    refused("man --output-dir pages -o pages/teeproof.1", "the file of --output has the name");
    std::os::unix::fs::symlink("../victim", machine.path("pages/teeproof-verify.1")).unwrap();
    refused("man --output-dir pages", "teeproof-verify.1: expected a file, found a link");
    std::fs::remove_file(machine.path("pages/teeproof-verify.1")).unwrap();
    // Other files of the directory may be read.
    std::fs::write(machine.path("pages/config.toml"), "quiet = true\n").unwrap();
    command_in(&machine, "man --output-dir pages --config pages/config.toml").exits(0);
}
