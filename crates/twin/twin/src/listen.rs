//! Listener with a thread for each client, all ended when it is dropped.

use core::fmt;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::{Error, ports, say};

/// Most concurrent clients; further connections are closed.
pub(crate) const MAX_CLIENTS: usize = 64;
/// Pause after a failed accept.
pub(crate) const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// A socket that clients connect to.
pub(crate) trait Socket: Send + 'static {
    type Stream: Connection;
    type Address: Clone + fmt::Debug + Send;

    fn address(&self) -> io::Result<Self::Address>;
    fn accept(&self) -> io::Result<Self::Stream>;
    /// Connects to it, which wakes the thread that accepts. It fails if the file of a socket was removed.
    fn wake(address: &Self::Address) -> io::Result<()>;
}

/// One connection of a socket.
pub(crate) trait Connection: Sized + Send + fmt::Debug + 'static {
    fn duplicate(&self) -> io::Result<Self>;
    /// Ends it in both directions; it fails if the client is already gone.
    fn shut_down(&self);
}

impl Socket for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    fn accept(&self) -> io::Result<TcpStream> {
        Self::accept(self).map(|(stream, _)| stream)
    }

    fn wake(address: &SocketAddr) -> io::Result<()> {
        TcpStream::connect(reachable(*address)).map(drop)
    }
}

impl Socket for UnixListener {
    type Stream = UnixStream;
    type Address = PathBuf;

    fn address(&self) -> io::Result<PathBuf> {
        let unnamed = || io::Error::from(io::ErrorKind::AddrNotAvailable);
        Ok(self.local_addr()?.as_pathname().ok_or_else(unnamed)?.to_owned())
    }

    fn accept(&self) -> io::Result<UnixStream> {
        Self::accept(self).map(|(stream, _)| stream)
    }

    fn wake(address: &PathBuf) -> io::Result<()> {
        UnixStream::connect(address).map(drop)
    }
}

impl Connection for TcpStream {
    fn duplicate(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn shut_down(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Connection for UnixStream {
    fn duplicate(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn shut_down(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// A running listener.
#[derive(Debug)]
pub(crate) struct Listener<S: Socket = TcpListener> {
    address: S::Address,
    clients: Arc<Clients<S::Stream>>,
    thread: Option<JoinHandle<()>>,
}

/// The connections that are open, by number; `None` once the listener stops.
#[derive(Debug)]
struct Clients<C>(Mutex<Option<BTreeMap<u64, C>>>);

impl<S: Socket> Listener<S> {
    /// Serves every client of a listener with this function, until it returns.
    pub(crate) fn start(
        listener: S,
        serve: impl Fn(S::Stream) + Clone + Send + 'static,
    ) -> Result<Self, Error> {
        let address = listener.address().map_err(Error::io("listening"))?;
        let clients = Arc::new(Clients(Mutex::new(Some(BTreeMap::new()))));
        let registry = clients.clone();
        let accept = move || accept(&listener, &registry, &serve);
        let thread = thread::Builder::new().spawn(accept).map_err(Error::io("starting a thread"))?;
        Ok(Self { address, clients, thread: Some(thread) })
    }

    pub(crate) const fn address(&self) -> &S::Address {
        &self.address
    }
}

impl<S: Socket> Drop for Listener<S> {
    fn drop(&mut self) {
        self.clients.stop();
        // Wakes the accepting thread, which then ends. A thread that cannot be woken ends with the process.
        let is_awake = S::wake(&self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| is_awake) {
            let _ = thread.join();
        }
    }
}

fn accept<S: Socket>(
    listener: &S,
    clients: &Arc<Clients<S::Stream>>,
    serve: &(impl Fn(S::Stream) + Clone + Send + 'static),
) {
    let mut was_full = false;
    for number in 0.. {
        let stream = listener.accept();
        if clients.is_over() {
            return;
        }
        let Ok((registered, stream)) = stream.and_then(|stream| Ok((stream.duplicate()?, stream))) else {
            // Usually the limit of open files: further connections wait.
            thread::sleep(AFTER_FAILURE);
            continue;
        };
        if !clients.enter(number, registered) {
            // Printed once, until a client is served again.
            if !was_full {
                say_full(MAX_CLIENTS);
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
pub(crate) fn say_full(clients: usize) {
    say(&format!("{clients} connections are open: further ones are closed without a response"));
}

/// A client's slot, freed on drop.
struct Place<C: Connection> {
    clients: Arc<Clients<C>>,
    number: u64,
}

impl<C: Connection> Drop for Place<C> {
    fn drop(&mut self) {
        self.clients.leave(self.number);
    }
}

impl<C: Connection> Clients<C> {
    fn enter(&self, number: u64, stream: C) -> bool {
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
            stream.shut_down();
        }
    }
}

/// The address to connect to from the same machine.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Two listeners on consecutive ports: this one and the next, or any two.
pub(crate) fn bind_pair(address: SocketAddr) -> Result<(TcpListener, TcpListener), Error> {
    if address.port() == 0 {
        return ports::bind_any_pair(address.ip());
    }
    ports::bind_pair(address).map_err(Error::io(format!("listening on {address} and the port after it")))
}

/// One listener: on this port, or on any.
pub(crate) fn bind_one(address: SocketAddr) -> Result<TcpListener, Error> {
    if address.port() == 0 {
        return ports::bind_any_pair(address.ip()).map(|(listener, _)| listener);
    }
    TcpListener::bind(address).map_err(Error::io(format!("listening on {address}")))
}
