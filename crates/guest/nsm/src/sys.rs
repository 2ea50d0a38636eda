//! The unsafe code of this crate: an exchange with the driver, by ioctl; and sockets that the runtime waits for.
//!
//! Source: Linux, `include/uapi/linux/nsm.h`: `NSM_IOCTL_RAW`, `_IOWR(0x0A, 0, struct nsm_raw)`.
#![allow(unsafe_code)] // The driver reads and writes through pointers; the runtime keeps the number of a descriptor.

use std::io::{self, ErrorKind};

use rustix::ioctl::{Opcode, Updater, ioctl, opcode};
use socket2::Socket;
use tokio::io::unix::AsyncFd;

use crate::Device;

/// `struct nsm_raw`.
#[repr(C)]
#[derive(Debug)]
struct Exchange {
    request: Span,
    response: Span,
}

/// `struct nsm_iovec`: an address of this process, and a length in bytes.
#[repr(C)]
#[derive(Debug)]
struct Span {
    address: u64,
    length: u64,
}

/// `NSM_IOCTL_RAW`: 0xC0200A00.
const EXCHANGE: Opcode = opcode::read_write::<Exchange>(0x0a, 0);

/// Sends a request; returns the number of bytes of `response` that the driver wrote. It cuts a longer answer.
///
/// # Errors
/// Those of the driver, by their numbers: EMSGSIZE, ETIMEDOUT, EFAULT; or an answer that is longer than `response`.
pub(crate) fn exchange(device: &Device, request: &[u8], response: &mut [u8]) -> io::Result<usize> {
    let wide = |number: usize| u64::try_from(number).map_err(|_| io::Error::from(ErrorKind::InvalidInput));
    let mut raw = Exchange {
        request: Span { address: wide(request.as_ptr().expose_provenance())?, length: wide(request.len())? },
        response: Span {
            address: wide(response.as_mut_ptr().expose_provenance())?,
            length: wide(response.len())?,
        },
    };
    // SAFETY: `EXCHANGE` is the number that the driver nsm gives this call, computed from the size of `Exchange`, which
    // has the layout of its `struct nsm_raw`: four u64 in C's order, valid with any bits that the driver writes back.
    let call = unsafe { Updater::<EXCHANGE, Exchange>::new(&mut raw) };
    // SAFETY: a `Device` is an open character device of the driver nsm: `Device::open` alone makes one, and compares the
    // kernel's name of it, or without sysfs its path. The driver reads `request.length` bytes at `request.address`,
    // writes at most `response.length` bytes at `response.address`, and keeps neither address after the call. Both are
    // slices that are borrowed until then, the second one mutably; all bits are valid for bytes.
    unsafe { ioctl(device.descriptor(), call) }?;
    match usize::try_from(raw.response.length) {
        Ok(length) if length <= response.len() => Ok(length),
        _ => Err(io::Error::new(ErrorKind::InvalidData, "the driver reports more bytes than it may write")),
    }
}

/// A socket in the current runtime, which waits for it; it does not block any more.
///
/// # Errors
/// Those of the system call and of the runtime.
pub(crate) fn in_runtime(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    socket.set_nonblocking(true)?;
    // SAFETY: the socket owns its descriptor, which is open until the socket is dropped, and `as_raw_fd` returns that
    // descriptor each time. The socket is moved into the `AsyncFd`, whose methods that lend it mutably or give it back
    // (`get_mut`, `into_inner`) say that it must not be exchanged for another one; `vsock.rs` calls `get_ref` alone, and
    // `Socket` has no method that closes or replaces its descriptor through a shared reference.
    let registered = unsafe { AsyncFd::register(socket) };
    registered.map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_has_the_number_of_the_driver() {
        assert_eq!(EXCHANGE, 0xc020_0a00);
        assert_eq!(size_of::<Exchange>(), 32);
    }
}
