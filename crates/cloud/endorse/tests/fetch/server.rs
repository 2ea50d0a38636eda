//! A server on loopback that answers each request as the test says, and counts them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A running server; its thread ends with the test program.
pub(crate) struct Server {
    pub(crate) url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// One request: its number from 0, its path with query, and the whole of it.
pub(crate) struct Received {
    pub(crate) number: usize,
    pub(crate) path: String,
}

impl Server {
    /// A server whose answers are these bytes.
    pub(crate) fn of(answer: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::speaking(move |received, stream| {
            let _ = stream.write_all(&answer(received));
        })
    }

    /// A server that writes its answers as it likes.
    pub(crate) fn speaking(speak: impl Fn(&Received, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, recorded) = (Arc::clone(&connections), Arc::clone(&requests));
        let speak = Arc::new(speak);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let (speak, recorded) = (Arc::clone(&speak), Arc::clone(&recorded));
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(text) = request(&mut stream) else { return };
                    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                    let number = {
                        let mut all = recorded.lock().unwrap();
                        all.push(text);
                        all.len() - 1
                    };
                    speak(&Received { number, path }, &mut stream);
                });
            }
        });
        Self { url, connections, requests }
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The requests so far, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A request with its body; `None` if the client closed before.
fn request(stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or_default() {
                return Some(text);
            }
        }
        match stream.read(&mut block) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&block[..read]),
        }
    }
}

/// A response with status 200 and this body.
pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    status("200 OK", "", body)
}

/// A response with this status line, these header lines and this body.
pub(crate) fn status(line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {line}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The page of a service that does not have what was requested.
pub(crate) fn not_found() -> Vec<u8> {
    status("404 Not Found", "Content-Type: text/html\r\n", b"<html><body>404 Not Found</body></html>")
}
