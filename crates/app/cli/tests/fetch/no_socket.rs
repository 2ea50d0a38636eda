//! `--offline` opens no socket: the kernel kills the command if it tries.

use std::collections::BTreeMap;
use std::io::Write;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use crate::kds::*;
use crate::support::*;

/// `socket`, and `io_uring_setup`, through which sockets can be made too.
#[cfg(target_arch = "x86_64")]
const FORBIDDEN: Option<[i64; 2]> = Some([41, 425]);
#[cfg(target_arch = "aarch64")]
const FORBIDDEN: Option<[i64; 2]> = Some([198, 425]);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const FORBIDDEN: Option<[i64; 2]> = None;

/// Runs the command on a thread whose children are killed when they open a socket; `None` after having said that this
/// is not possible here.
fn without_sockets(run: impl FnOnce() -> (Option<i32>, String) + Send) -> Option<(Option<i32>, String)> {
    let filter = || -> Result<BpfProgram, String> {
        let calls = FORBIDDEN.ok_or("no system call numbers of this architecture")?;
        let rules: BTreeMap<i64, Vec<_>> = calls.into_iter().map(|call| (call, Vec::new())).collect();
        let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
        let (others, these) = (SeccompAction::Allow, SeccompAction::KillProcess);
        let filter = SeccompFilter::new(rules, others, these, arch).map_err(|error| error.to_string())?;
        BpfProgram::try_from(filter).map_err(|error| error.to_string())
    };
    let skip = |reason: &str| {
        #[allow(clippy::disallowed_methods)] // said by a test, and not by the command
        let _ = std::io::stdout().write_all(format!("*** SKIPPED: no seccomp filter: {reason}\n").as_bytes());
        None
    };
    let filter = match filter() {
        Ok(filter) => filter,
        Err(reason) => return skip(&reason),
    };
    let ran = std::thread::scope(|scope| {
        let confined =
            || seccompiler::apply_filter(&filter).map(|()| run()).map_err(|error| error.to_string());
        scope.spawn(confined).join().unwrap()
    });
    ran.map_or_else(|reason| skip(&reason), Some)
}

#[test]
fn offline_opens_no_socket() {
    let (kds, cache) = (with_vcek(), folder("no-socket").join("cache"));
    verify_report(&kds.url, &cache).args(["--fetch"]).exits(0);
    let connections = kds.connections();
    let null = || std::process::Stdio::null();
    for words in [&["--offline"][..], &["--offline", "--fetch"], &[]] {
        let run = verify_report(&kds.url, &cache).args(words);
        let Some((exit, said)) = without_sockets(|| run.into_stdout(null())) else { return };
        assert_eq!(exit, Some(0), "{words:?}: {said}");
    }
    let empty = folder("no-socket-empty");
    let run = verify_report(&kds.url, &empty).args(["--offline", "--fetch"]);
    let (exit, said) = without_sockets(|| run.into_stdout(null())).unwrap();
    assert_eq!(exit, Some(7), "{said}");
    let run = with(teeproof(["fetch", "--offline"]).file(REPORT), &kds.url, &cache);
    let (exit, said) = without_sockets(|| run.into_stdout(null())).unwrap();
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(kds.connections(), connections);
    // The filter is there: a run that may use the network is killed by a signal.
    let run = verify_report(&kds.url, &folder("no-socket-fetch")).args(["--fetch"]);
    let (exit, said) = without_sockets(|| run.into_stdout(null())).unwrap();
    assert_eq!(exit, None, "{said}");
}
