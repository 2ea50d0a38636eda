//! The event log as a file.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use teeproof_twin::paravisor::{Paravisor, Settings};
use teeproof_vtpm::{NoLog, read_event_log};
use teeproof_wire::eventlog::{EventLog, MAX_BYTES};

/// Where a file of this test is; none is there.
fn place(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("event-log-{name}"));
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
        _ => path,
    }
}

/// That an error says what can be done and names the file.
#[track_caller]
fn says(error: &NoLog, path: &Path) {
    assert!(!error.hint().is_empty());
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[test]
fn a_log_is_read() {
    let running = Paravisor::start(&Settings::default()).unwrap();
    let log = read_event_log(running.event_log()).unwrap();
    assert_eq!(log, fs::read(running.event_log()).unwrap());
    assert!(EventLog::parse(&log).is_ok());
}

#[test]
fn a_log_that_is_not_there() {
    let path = place("absent");
    let error = read_event_log(&path).unwrap_err();
    assert!(matches!(&error, NoLog::Absent(named) if *named == path), "{error:?}");
    says(&error, &path);
    let below = path.join("below");
    assert!(matches!(read_event_log(&below), Err(NoLog::Absent(_))));
}

#[test]
fn an_empty_log() {
    let path = place("empty");
    File::create(&path).unwrap();
    let error = read_event_log(&path).unwrap_err();
    assert!(matches!(&error, NoLog::Empty(named) if *named == path), "{error:?}");
    says(&error, &path);
}

#[test]
fn a_folder_is_no_log() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let error = read_event_log(path).unwrap_err();
    assert!(matches!(&error, NoLog::Unreadable(named, _) if named == path), "{error:?}");
    says(&error, path);
}

#[test]
fn a_log_of_any_length() {
    let path = place("large");
    let most = u64::try_from(MAX_BYTES).unwrap();
    let mut file = File::create(&path).unwrap();
    file.write_all(&[1]).unwrap();
    file.set_len(most).unwrap();
    assert_eq!(read_event_log(&path).unwrap().len(), MAX_BYTES);
    file.set_len(most + 1).unwrap();
    let error = read_event_log(&path).unwrap_err();
    assert!(matches!(&error, NoLog::TooLarge(named) if *named == path), "{error:?}");
    says(&error, &path);
    fs::remove_file(&path).unwrap();
    // Without an end.
    assert!(matches!(read_event_log(Path::new("/dev/zero")), Err(NoLog::TooLarge(_))));
}

#[test]
fn a_log_that_may_not_be_read() {
    let path = place("denied");
    fs::write(&path, b"log").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let read = read_event_log(&path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    match read {
        Err(error) => {
            assert!(matches!(&error, NoLog::Denied(named) if *named == path), "{error:?}");
            says(&error, &path);
        }
        // Nothing is denied to the superuser.
        Ok(log) => {
            assert_eq!(log, b"log");
            eprintln!("SKIPPED: a log that may not be read: this runs as root, to whom nothing is denied");
        }
    }
}
