//! A server between the provider and moto, which writes down each request.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// The parameters of a request of the EC2 Query API.
pub(crate) type Parameters = BTreeMap<String, String>;

/// The proxy: its requests, and the server behind it.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) server: SocketAddr,
    requests: Arc<Mutex<Vec<Parameters>>>,
}

impl Proxy {
    pub(crate) async fn listen(own: SocketAddr, server: SocketAddr) -> Self {
        let listener = TcpListener::bind(own).await.unwrap();
        let proxy = Self { server, requests: Arc::default() };
        let requests = Arc::clone(&proxy.requests);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let requests = Arc::clone(&requests);
                tokio::spawn(async move {
                    // A client that is cut off sees that itself.
                    let _ = forward(client, server, &requests).await;
                });
            }
        });
        proxy
    }

    /// The requests since the last time.
    pub(crate) fn take(&self) -> Vec<Parameters> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    /// The actions of the requests since the last time.
    pub(crate) fn actions(&self) -> BTreeSet<String> {
        self.take().into_iter().map(|request| request["Action"].clone()).collect()
    }
}

async fn forward(
    mut client: TcpStream,
    server: SocketAddr,
    requests: &Mutex<Vec<Parameters>>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let body = loop {
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0_usize) {
            break body.to_owned();
        }
    };
    requests.lock().unwrap().push(parameters(&body));
    let mut upstream = TcpStream::connect(server).await?;
    upstream.write_all(&bytes).await?;
    copy_bidirectional(&mut client, &mut upstream).await.map(drop)
}

fn parameters(body: &str) -> Parameters {
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// A text of a form, decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}
