//! A thousand collections in a row after fifty clients that were killed in the middle of a command:
//! nothing is left in the TPM, and memory does not grow. One test for each port.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use teeproof_vtpm::{Address, Patience, Registers, Tpm, ak_certificate, fresh_report, handles, open, quote};

use crate::command::Twin;
use crate::connections::{everything, flush, sequence};
use crate::raw::{Client, NULL, OWNER, Session, command, len16, password};

const KILLED: usize = 50;
const COLLECTIONS: u64 = 1_000;
/// Collections until the allocator's pools have their size.
const WARM_UP: u64 = 200;
/// Allowed growth of the twin and its TPM afterwards. If each of the 800 collections left one
/// report of 2600 bytes behind, that would be four times as much.
const GROWTH_KIB: u64 = 512;
/// Reports are renewed at each read, so that no collection waits.
const FLAGS: [&str; 2] = ["--refresh-seconds", "0"];

#[test]
fn a_thousand_collections_over_the_managed_port() {
    let twin = Twin::start("endurance-managed", &FLAGS);
    let address = twin.value("TEEPROOF_TPM");
    for number in 0..KILLED {
        kill_in_the_middle(socket_of(address), number);
    }
    // No client has to wait or to flush anything.
    endure(&twin, address);
}

#[test]
fn a_thousand_collections_over_the_raw_port() {
    let twin = Twin::start("endurance-raw", &FLAGS);
    let address = twin.value("TPM2TOOLS_TCTI");
    let port = socket_of(address);
    for number in 0..KILLED {
        kill_tpm2_tools(address, number);
    }
    // No client has to wait. What is left stays until its slot is needed, or a client flushes it.
    collect(open(&address.parse().unwrap()).unwrap().as_mut(), u64::MAX);
    let mut client = Client::to(port);
    for handle in everything(&mut client) {
        flush(&mut client, handle).unwrap();
    }
    drop(client);
    endure(&twin, address);
}

/// A client whose process is killed while it makes a key or after it has made one; that goes on for
/// a fifth of a second.
fn kill_tpm2_tools(tcti: &str, number: usize) {
    let mut tool = Command::new("tpm2_createprimary");
    let out = tool.args(["-C", "n", "-G", "rsa2048"]).env("TPM2TOOLS_TCTI", tcti).stdout(Stdio::piped());
    let mut process = out.stderr(Stdio::piped()).spawn().unwrap();
    if number.is_multiple_of(5) {
        // No client ran out of slots because others were killed.
        let done = process.wait_with_output().unwrap();
        assert!(done.status.success(), "{done:?}");
        return;
    }
    thread::sleep(Duration::from_millis(5 * u64::try_from(number).unwrap()));
    process.kill().unwrap();
    process.wait().unwrap();
}

/// A client that has objects and sessions, and whose process is killed in the middle of a command:
/// after a part of it, before its response, or before that was read.
fn kill_in_the_middle(port: SocketAddr, number: usize) {
    let mut client = Client::to(port);
    for _ in 0..2 {
        sequence(&mut client).unwrap();
        Session::start(&mut client, 0xb, NULL);
    }
    let template = [
        &[0, 0x23, 0, 0xb, 0, 3, 0, 0x72, 0, 0, 0, 6, 0, 0x80, 0, 0x43][..],
        &[0, 0x10, 0, 3, 0, 0x10, 0, 0, 0, 0],
    ]
    .concat();
    let parameters = [&[0, 4, 0, 0, 0, 0][..], &len16(&template), &template, &[0; 6]].concat();
    let create = command(0x131, &[OWNER], &password(b""), &parameters);
    let end = if number.is_multiple_of(3) { create.len() / 2 } else { create.len() };
    client.0.write_all(&create[..end]).unwrap();
    if number % 3 == 1 {
        client.0.peek(&mut [0]).unwrap();
    }
    // From here on only this process has the connection.
    let mut process =
        Command::new("sleep").arg("600").stdin(Stdio::from(OwnedFd::from(client.0))).spawn().unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Makes a thousand collections and checks that nothing is left.
fn endure(twin: &Twin, address: &str) {
    let pids = [twin.child.id(), twin.swtpm()];
    let address: Address = address.parse().unwrap();
    let mut before = None;
    for number in 0..COLLECTIONS {
        if number == WARM_UP {
            before = Some(pids.map(Size::of));
        }
        collect(open(&address).unwrap().as_mut(), number);
    }
    let raw = socket_of(twin.value("TPM2TOOLS_TCTI"));
    let there = settled(|| everything(&mut Client::to(raw)), Vec::is_empty);
    assert!(there.is_empty(), "{there:08x?} stay");
    for (pid, before) in pids.into_iter().zip(before.unwrap()) {
        // Threads and sockets of connections are gone a moment after their ends.
        let is_no_more = |now: &Size| now.threads <= before.threads && now.files <= before.files;
        let after = settled(|| Size::of(pid), is_no_more);
        assert!(is_no_more(&after), "{before:?}, then {after:?}");
        assert!(after.kib <= before.kib + GROWTH_KIB, "{before:?}, then {after:?}");
        println!("{before:?}, then {after:?}");
    }
}

/// What `teeproof collect azure` takes from a machine: report, quote and certificate.
fn collect(tpm: &mut dyn Tpm, number: u64) {
    let mut user_data = [0x5a; 64];
    user_data[..8].copy_from_slice(&number.to_be_bytes());
    let fresh = fresh_report(tpm, &user_data, Patience::default(), &mut |_| ()).unwrap();
    assert_eq!(fresh.tries, 1);
    let quoted = quote(tpm, handles::AK, &user_data[..32], &[Registers::ALL_SHA256.0]).unwrap();
    assert!(quoted.signed.message.windows(32).any(|window| window == &user_data[..32]));
    assert!(ak_certificate(tpm).unwrap().is_some());
}

/// Resources of a process.
#[derive(Clone, Copy, Debug)]
struct Size {
    kib: u64,
    threads: u64,
    files: usize,
}

impl Size {
    fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
        };
        let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        Self { kib: number("VmRSS"), threads: number("Threads"), files }
    }
}

/// The first measurement that satisfies this, or the one after a minute.
fn settled<T>(look: impl Fn() -> T, holds: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let there = look();
        if holds(&there) || Instant::now() > deadline {
            return there;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The socket that an address names.
fn socket_of(address: &str) -> SocketAddr {
    let (host, port) = address.split_once(":host=").and_then(|(_, rest)| rest.split_once(",port=")).unwrap();
    format!("{host}:{port}").parse().unwrap()
}
