//! The client of moto: one connection for each call, with limits of time and size.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::ErrorResponse;
use super::form::Form;

/// Time limit of a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Time limit between two parts of an answer.
const READ: Duration = Duration::from_secs(120);
/// The size limit of an answer, in bytes: a list of 10,000 instances.
const MAX_ANSWER: u64 = 128 * 1024 * 1024;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// moto, and the Authorization header of the client, which tells it the service and the region.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upstream<'a> {
    pub(super) address: SocketAddr,
    pub(super) authorization: &'a str,
}

impl Upstream<'_> {
    /// Sends a request, and reads the answer.
    pub(super) fn call(&self, form: &Form) -> Result<Reply, ErrorResponse> {
        let unavailable = |error: std::io::Error| failed(&format!("{}: {error}", self.address));
        let mut stream = TcpStream::connect_timeout(&self.address, CONNECT).map_err(unavailable)?;
        stream.set_read_timeout(Some(READ)).map_err(unavailable)?;
        stream.set_write_timeout(Some(READ)).map_err(unavailable)?;
        stream.set_nodelay(true).map_err(unavailable)?;
        let body = form.encoded();
        // Of version 1.0, so that no answer has chunks.
        let head = format!(
            "POST / HTTP/1.0\r\nHost: {}\r\nAuthorization: {}\r\nContent-Type: application/x-www-form-urlencoded; \
             charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            self.authorization,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).map_err(unavailable)?;
        let mut answer = Vec::new();
        stream.take(MAX_ANSWER).read_to_end(&mut answer).map_err(unavailable)?;
        parse(&answer).ok_or_else(|| failed("expected a whole HTTP answer"))
    }
}

fn failed(why: &str) -> ErrorResponse {
    ErrorResponse::of("Unavailable").message(format!("moto: {why}"))
}

/// Reads an answer that ended with its connection.
fn parse(answer: &[u8]) -> Option<Reply> {
    const END: &[u8] = b"\r\n\r\n";
    let at = answer.windows(END.len()).position(|window| window == END)?;
    let (head, rest) = answer.split_at_checked(at)?;
    let mut body = rest.get(END.len()..)?;
    let mut lines = core::str::from_utf8(head).ok()?.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return None;
        }
        if name.eq_ignore_ascii_case("content-length") {
            body = body.get(..value.trim().parse().ok()?)?;
        }
    }
    Some(Reply { status, body: body.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_are_read_and_others_are_not() {
        let reply = |status, body: &str| Some(Reply { status, body: body.as_bytes().to_vec() });
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), reply(200, "ok"));
        assert_eq!(parse(b"HTTP/1.0 404 NOT FOUND\r\n\r\nno"), reply(404, "no"));
        for wrong in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 many OK\r\n\r\nok",
            "SSH-2.0-OpenSSH\r\n\r\n",
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
