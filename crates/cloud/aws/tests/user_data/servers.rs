//! Stand-ins for services on loopback: a server of downloads, an enclave, and everything else that HTTP could reach, which
//! is where a request to the metadata service would arrive.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// An answer to a GET.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Without a length, in chunks: the client cannot know how much it will be.
    pub(crate) is_chunked: bool,
}

/// A server of HTTP: answers by path, the last one of a path again and again.
pub(crate) struct Downloads {
    pub(crate) port: u16,
    answers: Arc<Mutex<BTreeMap<String, Vec<Answer>>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Downloads {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers: Arc<Mutex<BTreeMap<String, Vec<Answer>>>> = Arc::default();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (all, log) = (Arc::clone(&answers), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, log) = (Arc::clone(&all), Arc::clone(&log));
                thread::spawn(move || serve(stream, &all, &log));
            }
        });
        Self { port, answers, requests }
    }

    pub(crate) fn put(&self, path: &str, status: u16, body: &[u8]) {
        self.add(path, Answer { status, body: body.to_vec(), is_chunked: false });
    }

    pub(crate) fn add(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().entry(path.to_owned()).or_default().push(answer);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The first lines of all requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, all: &Mutex<BTreeMap<String, Vec<Answer>>>, log: &Mutex<Vec<String>>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    log.lock().unwrap().push(first.trim_end().to_owned());
    let path = first.split(' ').nth(1).unwrap_or_default();
    let answer = {
        let mut all = all.lock().unwrap();
        match all.get_mut(path) {
            Some(answers) if answers.len() > 1 => Some(answers.remove(0)),
            Some(answers) => answers.first().cloned(),
            None => None,
        }
    };
    let Answer { status, body, is_chunked } =
        answer.unwrap_or_else(|| Answer { status: 404, body: Vec::new(), is_chunked: false });
    let mut stream = reader.into_inner();
    let length = if is_chunked {
        "Transfer-Encoding: chunked".to_owned()
    } else {
        format!("Content-Length: {}", body.len())
    };
    let _ = write!(stream, "HTTP/1.1 {status} Status\r\n{length}\r\nConnection: close\r\n\r\n");
    if is_chunked {
        for chunk in body.chunks(65536) {
            let _ = write!(stream, "{:x}\r\n", chunk.len());
            let _ = stream.write_all(chunk).and_then(|()| stream.write_all(b"\r\n"));
        }
        let _ = stream.write_all(b"0\r\n\r\n");
    } else {
        let _ = stream.write_all(&body);
    }
}

/// A stand-in for an enclave: answers a line with `document of` and that line, after all of the request.
pub(crate) fn enclave() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                let mut line = String::new();
                let _ = reader.read_line(&mut line);
                if line == "until the end\n" {
                    let mut rest = Vec::new();
                    let _ = reader.read_to_end(&mut rest);
                    line = format!("{} bytes\n", rest.len());
                }
                let _ = write!(reader.into_inner(), "document of {line}");
            });
        }
    });
    port
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
