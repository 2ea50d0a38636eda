//! The client process of a connection, if it is visible on this machine, and whether it has ended.
//!
//! Source: proc(5) and proc_net(5): `/proc/net/tcp`, `/proc/PID/fd` and `/proc/PID/stat`.

use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Longer than PID, name and state of a process.
const STAT_BYTES: usize = 64;

/// The processes with the client's end of a connection open: usually one.
#[derive(Debug)]
pub(super) struct Owner(
    // `/proc/PID/stat`, which stays bound to the same process when its PID is reused.
    Vec<File>,
);

impl Owner {
    /// The owner of the client's end of this connection; `None` if it is not visible.
    pub(super) fn of(client: SocketAddr, twin: SocketAddr) -> Option<Self> {
        let socket = format!("socket:[{}]", inode(client, twin)?);
        let holds = |process: &Path| {
            let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
            files
                .into_iter()
                .any(|file| fs::read_link(file.path()).is_ok_and(|link| link.as_os_str() == &*socket))
        };
        let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
        let holders = processes.filter(|process| holds(process));
        let stats: Vec<File> = holders.filter_map(|process| File::open(process.join("stat")).ok()).collect();
        (!stats.is_empty()).then_some(Self(stats))
    }

    /// Whether all of them have ended.
    pub(super) fn has_ended(&self) -> bool {
        self.0.iter().all(has_ended)
    }
}

/// The file of a process that is gone cannot be read; one that has not been waited for is a zombie.
fn has_ended(stat: &File) -> bool {
    let mut bytes = [0; STAT_BYTES];
    let Ok(read) = stat.read_at(&mut bytes, 0) else { return true };
    // The name is in parentheses and may have some itself.
    let text = bytes.get(..read).unwrap_or_default();
    let end_of_name = text.iter().rposition(|byte| *byte == b')');
    let state = end_of_name.and_then(|end| text.get(end.checked_add(2)?));
    matches!(state, None | Some(b'Z' | b'X'))
}

/// The inode of the client's socket.
fn inode(client: SocketAddr, twin: SocketAddr) -> Option<String> {
    // Each takes the kernel some milliseconds, so the second is read only if the first has no match.
    let mut tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| fs::read_to_string(path).ok());
    let find = |table: String| {
        table.lines().find_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let is_it = is_address(fields.next()?, client) && is_address(fields.next()?, twin);
            // State, queues, timer, retransmissions, user, timeout come in between.
            is_it.then(|| fields.nth(6).map(str::to_owned)).flatten()
        })
    };
    tables.find_map(find).filter(|inode| inode != "0")
}

/// Whether a field of the table is this address: 32-bit words in the machine's order, and the port.
fn is_address(field: &str, address: SocketAddr) -> bool {
    let words = |octets: &[u8]| -> String {
        let words = octets.chunks_exact(4).filter_map(<[u8]>::first_chunk);
        words.map(|word| format!("{:08X}", u32::from_ne_bytes(*word))).collect()
    };
    let port = address.port();
    let written = |octets: &[u8]| format!("{}:{port:04X}", words(octets));
    match address.ip().to_canonical() {
        // A client may have made an IPv6 socket of it.
        IpAddr::V4(ip) => field == written(&ip.octets()) || field == written(&ip.to_ipv6_mapped().octets()),
        IpAddr::V6(ip) => field == written(&ip.octets()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    use super::*;

    fn connection(listen: &str) -> (TcpStream, SocketAddr, SocketAddr) {
        let listener = TcpListener::bind(listen).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_, client) = listener.accept().unwrap();
        let twin = stream.peer_addr().unwrap();
        (stream, client, twin)
    }

    #[test]
    fn the_owner_is_the_process_that_has_the_socket() {
        for listen in ["127.0.0.1:0", "[::1]:0"] {
            let (stream, client, twin) = connection(listen);
            let me = Owner::of(client, twin).unwrap();
            assert!(!me.has_ended());
            // From here on only the other process has it open.
            let stdin = Stdio::from(OwnedFd::from(stream));
            let mut process = Command::new("sleep").arg("600").stdin(stdin).spawn().unwrap();
            let owner = Owner::of(client, twin).unwrap();
            assert!(!owner.has_ended(), "{listen}");
            process.kill().unwrap();
            // Whether its parent waits for it or not.
            while !owner.has_ended() {
                std::thread::yield_now();
            }
            process.wait().unwrap();
            assert!(owner.has_ended());
            assert!(!me.has_ended());
        }
    }

    #[test]
    fn an_invisible_process_has_no_owner() {
        let (stream, client, twin) = connection("127.0.0.1:0");
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], client.port()));
        assert!(Owner::of(elsewhere, twin).is_none());
        drop(stream);
        assert!(Owner::of(client, twin).is_none());
    }
}
