//! What the README has people type in the second terminal, with a twin.

use super::machine::Machine;
use super::support::Run;

const README: &str = include_str!("../../../../../README.md");

#[test]
fn the_commands_for_a_twin_do_what_the_readme_says() {
    let machine = Machine::start("readme");
    std::fs::write(machine.path("twin-root.der"), machine.twin.root_der()).unwrap();
    let (_, rest) = README.split_once("prints the settings for the other terminal").unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let lines: Vec<_> = rest.split_once("```").unwrap().0.lines().collect();
    let [collect, verify] = lines.as_slice() else { panic!("{lines:?}") };
    let run = |line: &str| -> Run {
        let words: Vec<_> = line.strip_prefix("teeproof ").unwrap().split(' ').collect();
        machine.run(&words).in_folder(&machine.folder)
    };
    run(collect).exits(0);
    let ran = run(verify).exits(0);
    assert!(ran.first_line().contains("NON-PRODUCTION ANCHOR"), "{ran:#?}");
    let (bare, _) = verify.split_once(" --anchor").unwrap();
    run(bare).exits(4);
}
