//! Listener with a thread for each client, all ended when it is dropped.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::{Error, ports, say};

/// Most concurrent clients; further connections are closed.
pub(super) const MAX_CLIENTS: usize = 64;
/// Pause after a failed accept.
pub(super) const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// A running listener.
#[derive(Debug)]
pub(super) struct Listener {
    address: SocketAddr,
    clients: Arc<Clients>,
    thread: Option<JoinHandle<()>>,
}

/// The connections that are open, by number; `None` once the listener stops.
#[derive(Debug)]
struct Clients(Mutex<Option<BTreeMap<u64, TcpStream>>>);

impl Listener {
    /// Serves every client of a listener with this function, until it returns.
    pub(super) fn start(
        listener: TcpListener,
        serve: impl Fn(TcpStream) + Clone + Send + 'static,
    ) -> Result<Self, Error> {
        let address = listener.local_addr().map_err(Error::io("listening"))?;
        let clients = Arc::new(Clients(Mutex::new(Some(BTreeMap::new()))));
        let registry = clients.clone();
        let accept = move || accept(&listener, &registry, &serve);
        let thread = thread::Builder::new().spawn(accept).map_err(Error::io("starting a thread"))?;
        Ok(Self { address, clients, thread: Some(thread) })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.clients.stop();
        // Wakes the accepting thread, which then ends.
        let _ = TcpStream::connect(reachable(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(
    listener: &TcpListener,
    clients: &Arc<Clients>,
    serve: &(impl Fn(TcpStream) + Clone + Send + 'static),
) {
    let mut was_full = false;
    for (number, stream) in (0..).zip(listener.incoming()) {
        if clients.is_over() {
            return;
        }
        let Ok((registered, stream)) = stream.and_then(|stream| Ok((stream.try_clone()?, stream))) else {
            // Usually the limit of open files: further connections wait.
            thread::sleep(AFTER_FAILURE);
            continue;
        };
        if !clients.enter(number, registered) {
            // Printed once, until a client is served again.
            if !was_full {
                say_full();
            }
            was_full = true;
            continue;
        }
        was_full = false;
        // Its slot is freed when the thread ends, even by a panic, or does not start.
        let (serve, place) = (serve.clone(), Place { clients: clients.clone(), number });
        let serve = move || {
            let _place = place;
            serve(stream);
        };
        // Without a thread the connection is closed.
        let _ = thread::Builder::new().spawn(serve);
    }
}

/// Prints that further connections are closed.
pub(super) fn say_full() {
    say(&format!("{MAX_CLIENTS} connections are open: further ones are closed without a response"));
}

/// A client's slot, freed on drop.
struct Place {
    clients: Arc<Clients>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clients.leave(self.number);
    }
}

impl Clients {
    fn enter(&self, number: u64, stream: TcpStream) -> bool {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(clients) = clients.as_mut().filter(|clients| clients.len() < MAX_CLIENTS) else {
            return false;
        };
        clients.insert(number, stream);
        true
    }

    fn leave(&self, number: u64) {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.as_mut().and_then(|clients| clients.remove(&number));
    }

    fn is_over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn stop(&self) {
        let clients = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        for stream in clients.into_iter().flatten().map(|(_, stream)| stream) {
            // It fails if the client is already gone.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// The address to connect to from the same machine.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Two listeners on consecutive ports: this one and the next, or any two.
pub(super) fn bind_pair(address: SocketAddr) -> Result<(TcpListener, TcpListener), Error> {
    if address.port() == 0 {
        return ports::bind_any_pair(address.ip());
    }
    ports::bind_pair(address).map_err(Error::io(format!("listening on {address} and the port after it")))
}

/// One listener: on this port, or on any.
pub(super) fn bind_one(address: SocketAddr) -> Result<TcpListener, Error> {
    if address.port() == 0 {
        return ports::bind_any_pair(address.ip()).map(|(listener, _)| listener);
    }
    TcpListener::bind(address).map_err(Error::io(format!("listening on {address}")))
}
