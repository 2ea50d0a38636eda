//! What `--explain` prints does the same: run by a shell, with tpm2-tools, it makes a bundle that is
//! accepted.

use std::process::Command;

use super::machine::{Machine, NONCE};

#[test]
fn the_commands_of_tpm2_tools_do_the_same() {
    let machine = Machine::start("explained");
    for (name, more) in [("fresh", &[][..]), ("boot", &["--boot"][..])] {
        let script =
            machine.run(&["collect", "azure", "--nonce", NONCE, "--explain"]).args(more).exits(0).stdout;
        let folder = machine.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("collect.sh"), script).unwrap();
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_teeproof")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-e", "collect.sh"]).current_dir(&folder).env("PATH", path).envs(machine.environment());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "tpm2-tools, curl and xxd are needed: {output:#?}");
        let ran = machine.verify(&format!("{name}/vm.bundle"), &["--nonce", NONCE]);
        assert_eq!(ran.exit, 0, "{ran:#?}");
    }
}
