//! The command: its output, which is the environment of an AWS SDK, and its usage errors.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_teeproof-twin"))
}

#[test]
fn the_output_is_the_environment_of_an_sdk() {
    let mut child = program()
        .args(["ec2", "--upstream", "http://127.0.0.1:5000", "--region", "us-east-1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<_> = out.lines().map(Result::unwrap).take(5).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lines[0].starts_with("# A TWIN of Amazon EC2"), "{lines:?}");
    let heads = [
        "export AWS_ENDPOINT_URL_EC2=http://127.0.0.1:",
        "export AWS_REGION=us-east-1",
        "export AWS_ACCESS_KEY_ID=AKIA",
        "export AWS_SECRET_ACCESS_KEY=",
    ];
    for (line, head) in lines[1..].iter().zip(heads) {
        assert!(line.starts_with(head), "{line}");
    }
}

#[test]
fn a_file_of_faults_that_is_wrong_is_named() {
    let folder = std::env::temp_dir().join(format!("twin-ec2-files-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("bad.json"), r#"[{"effect":"slow"}]"#).unwrap();
    for (file, expected) in
        [("bad.json", "bad.json: faults: seconds: expected with slow"), ("none.json", "none.json: ")]
    {
        let done = program()
            .args(["ec2", "--upstream", "http://127.0.0.1:5000", "--faults", file])
            .current_dir(&folder)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(1));
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
    fs::remove_dir_all(folder).unwrap();
    let usage = program().args(["ec2", "--upstream", "127.0.0.1:5000"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    assert!(String::from_utf8(usage.stderr).unwrap().contains("expected http:// and an address"));
}
