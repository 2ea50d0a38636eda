//! What other people's programs say of the text: cloud-init, its YAML reader, and shellcheck. Each is skipped where it is not
//! installed, and says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::golden::{folder, texts};
use crate::machine::STAND_INS;

/// Runs a program; `None` where it is not installed.
fn run(program: &str, package: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(done) => Some(done),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: {program} is not installed: apt-get install {package}");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

#[test]
fn cloud_init_accepts_it() {
    for (name, _) in texts() {
        let path = folder().join(name).into_os_string().into_string().unwrap();
        let Some(done) = run("cloud-init", "cloud-init", &["schema", "--config-file", &path]) else { return };
        assert!(done.status.success(), "{name}: {}", said(&done));
        assert!(said(&done).contains("Valid cloud-config"), "{name}: {}", said(&done));
    }
    // It does look: a file with a mistake is refused.
    let wrong = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("user-data-wrong.yaml");
    fs::write(&wrong, "#cloud-config\nwrite_files:\n- permissions: \"0644\"\n").unwrap();
    let wrong = wrong.into_os_string().into_string().unwrap();
    let done = run("cloud-init", "cloud-init", &["schema", "--config-file", &wrong]).unwrap();
    assert!(!done.status.success(), "{}", said(&done));
}

/// The reader of cloud-init sees the files and commands that we meant.
#[test]
fn its_yaml_is_read_as_it_was_written() {
    let program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    for (name, user_data) in texts() {
        let path = folder().join(name).into_os_string().into_string().unwrap();
        let Some(done) = run("/usr/bin/python3", "python3-yaml", &["-c", program, &path]) else { return };
        if said(&done).contains("No module named 'yaml'") {
            eprintln!("skipped: python3-yaml is not installed: apt-get install python3-yaml");
            return;
        }
        assert!(done.status.success(), "{name}: {}", said(&done));
        let read: Value = serde_json::from_slice(&done.stdout).unwrap();
        let files: Vec<Value> = user_data
            .files()
            .iter()
            .map(
                |file| serde_json::json!({"path": file.path, "permissions": file.mode, "content": file.text}),
            )
            .collect();
        let commands = serde_json::to_value(teeproof_aws::user_data::UserData::commands()).unwrap();
        assert_eq!(read, serde_json::json!({"write_files": files, "runcmd": commands}), "{name}");
        // And what is YAML inside of it.
        let inner: Vec<&str> = user_data.files().iter().map(|file| file.text.as_str()).collect();
        assert!(inner[1].starts_with("---\nmemory_mib: "), "{name}");
    }
}

/// Units are read by systemd; its complaints about programs that only Amazon Linux has are left out.
#[test]
fn systemd_reads_the_units() {
    for (name, user_data) in texts() {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("units-{name}"));
        fs::create_dir_all(&folder).unwrap();
        let mut arguments = vec!["verify".to_owned()];
        for file in user_data.files() {
            if let Some(unit) = file.path.strip_prefix("/etc/systemd/system/") {
                let path = folder.join(unit);
                fs::write(&path, &file.text).unwrap();
                // A template is read with the socket that starts it.
                if !unit.contains('@') {
                    arguments.push(path.to_string_lossy().into_owned());
                }
            }
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let Some(done) = run("systemd-analyze", "systemd", &arguments) else { return };
        let text = said(&done);
        let ours = text.lines().filter(|line| line.contains("teeproof"));
        let known = ["is not executable: No such file", "Special user nobody"];
        let wrong: Vec<&str> = ours.filter(|line| !known.iter().any(|known| line.contains(known))).collect();
        assert_eq!(wrong, [""; 0]);
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn shellcheck_finds_nothing() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut scripts = vec![manifest.join("src/user_data/setup.sh"), manifest.join("src/user_data/status.sh")];
    let stand_ins = STAND_INS.iter().filter(|name| !name.ends_with(".py"));
    scripts.extend(stand_ins.map(|name| manifest.join("tests/user_data/stand_ins").join(name)));
    let scripts: Vec<String> = scripts.into_iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let arguments: Vec<&str> = scripts.iter().map(String::as_str).collect();
    let Some(done) = run("shellcheck", "shellcheck", &arguments) else { return };
    assert!(done.status.success(), "{}", said(&done));
}
