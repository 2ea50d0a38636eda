//! The road into the enclave: a Unix socket of this machine whose connections end at one of the enclave's vsock ports. The
//! vsock backend wants a line with the port first, which no client of an enclave says.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use xtask_support::shell::Outcome;

/// Listens at `road` until the program ends, and joins each connection with the enclave's port.
pub(crate) fn open(road: &Path, backend: &Path, port: u32) -> Outcome {
    let _ = std::fs::remove_file(road);
    let listener = UnixListener::bind(road).map_err(|e| format!("{}: {e}", road.display()))?;
    let backend: PathBuf = backend.to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let backend = backend.clone();
            // A connection that cannot be made is one that the client sees closed.
            std::thread::spawn(move || dial(&backend, port).and_then(|enclave| join(&client, &enclave)));
        }
    });
    Ok(())
}

/// A connection to the port, after the backend has said that it is one.
fn dial(backend: &Path, port: u32) -> io::Result<UnixStream> {
    let mut enclave = UnixStream::connect(backend)?;
    enclave.set_read_timeout(Some(PATIENCE))?;
    enclave.write_all(format!("CONNECT {port}\n").as_bytes())?;
    let mut answer = Vec::new();
    // A byte at a time: what follows the line is the enclave's.
    while answer.len() < ANSWER && answer.last() != Some(&b'\n') {
        let mut byte = [0];
        enclave.read_exact(&mut byte)?;
        answer.extend(byte);
    }
    match answer.starts_with(b"OK ") {
        true => Ok(enclave),
        false => Err(io::Error::other("the backend refuses the port")),
    }
}

/// Copies both ways until the enclave closes. Vsock of this backend has no half close to pass on.
fn join(client: &UnixStream, enclave: &UnixStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, enclave.try_clone()?);
    std::thread::spawn(move || io::copy(&mut from, &mut to));
    let copied = io::copy(&mut &*enclave, &mut &*client);
    for stream in [client, enclave] {
        // One that the other side has closed already cannot be closed.
        let _ = stream.shutdown(Shutdown::Both);
    }
    copied.map(drop)
}

const PATIENCE: Duration = Duration::from_secs(20);
/// `OK`, the port, and a line feed.
const ANSWER: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};

    /// A backend of enclaves that answer a line with the same in capitals.
    fn backend(at: &Path, answer: &'static str) -> io::Result<()> {
        let listener = UnixListener::bind(at)?;
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let Some("CONNECT 5733") = lines.next().as_deref() else { continue };
                let said = (&stream).write_all(answer.as_bytes()).ok().and_then(|()| lines.next());
                let _ = (&stream).write_all(said.unwrap_or_default().to_uppercase().as_bytes());
            }
        });
        Ok(())
    }

    fn through(name: &str, answer: &'static str) -> Outcome<String> {
        let folder = std::env::temp_dir().join(format!("teeproof-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        backend(&folder.join("backend"), answer).map_err(|e| e.to_string())?;
        open(&folder.join("road"), &folder.join("backend"), 5733)?;
        let mut client = UnixStream::connect(folder.join("road")).map_err(|e| e.to_string())?;
        // A closed connection is seen when reading.
        let _ = client.write_all(b"hello\n");
        let mut text = String::new();
        let _ = client.read_to_string(&mut text);
        std::fs::remove_dir_all(&folder).map_err(|e| e.to_string())?;
        Ok(text)
    }

    #[test]
    fn a_client_meets_the_enclave_and_not_the_backend() {
        assert_eq!(through("road", "OK 1073741824\n"), Ok("HELLO".to_owned()));
    }

    #[test]
    fn a_refused_port_is_a_closed_connection() {
        assert_eq!(through("no-road", "NO\n"), Ok(String::new()));
    }
}
