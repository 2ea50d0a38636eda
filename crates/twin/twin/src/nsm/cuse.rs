//! The module as a character device, by CUSE: `/dev/nsm` with the ioctl of the kernel's driver, for programs that take
//! nothing else.
//!
//! The protocol is spoken to `/dev/cuse` with read and write alone: no library, and no unsafe code. It needs the kernel's
//! module `cuse`, and root.
//!
//! Source: Linux, `include/uapi/linux/fuse.h`; what the driver does is in `drivers/misc/nsm.c`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use teeproof_mint::x509::pem;

use super::Settings;
use super::messages::{MAX_ANSWER, MAX_REQUEST};
use super::module::{Answer, Module};
use crate::Error;

const CUSE: &str = "/dev/cuse";
/// Room for a request of the kernel's: its headers, and what an ioctl of this device has.
const READ_BYTES: usize = 1 << 17;
/// `_IOWR(0x0A, 0, struct nsm_raw)`.
const NSM_IOCTL_RAW: u32 = 0xc020_0a00;
/// struct nsm_raw: address and length of the request, address and length of the answer's buffer.
const RAW: usize = 32;

// Operations.
const OPEN: u32 = 14;
const READ: u32 = 15;
const WRITE: u32 = 16;
const RELEASE: u32 = 18;
const FLUSH: u32 = 25;
const INTERRUPT: u32 = 36;
const IOCTL: u32 = 39;
const INIT: u32 = 4096;
/// CUSE_UNRESTRICTED_IOCTL: the device says which memory of the caller is read and written.
const UNRESTRICTED: u32 = 1;
/// FUSE_IOCTL_RETRY: the kernel asks again, with that memory.
const RETRY: u32 = 1 << 2;

// Errors of the operating system (include/uapi/asm-generic/errno.h).
const EIO: i32 = 5;
const EINVAL: i32 = 22;
const ENOSYS: i32 = 38;
const EMSGSIZE: i32 = 90;

/// A module behind a character device, of which the kernel knows.
#[derive(Debug)]
pub struct Device {
    cuse: File,
    path: PathBuf,
    module: Module,
}

impl Device {
    /// Mints the chain and registers the device `/dev/NAME`, readable and writable for everybody, as the driver's is.
    ///
    /// # Errors
    /// There is no `/dev/cuse`, or it may not be opened; the name is taken; the chain cannot be made.
    pub fn register(settings: &Settings, name: &str) -> Result<Self, Error> {
        let failed = || Error::io(format!("registering /dev/{name} with {CUSE} (modprobe cuse; needs root)"));
        let module = Module::new(settings)?;
        let mut cuse = OpenOptions::new().read(true).write(true).open(CUSE).map_err(failed())?;
        let mut room = vec![0; READ_BYTES];
        let len = cuse.read(&mut room).map_err(failed())?;
        let first =
            Request::parse(room.get(..len).unwrap_or_default()).filter(|first| first.operation == INIT);
        let unknown = || io::Error::from(io::ErrorKind::InvalidData);
        let first = first.ok_or_else(unknown).map_err(failed())?;
        cuse.write_all(&reply(first.unique, Ok(init(name)))).map_err(failed())?;
        // The node is there when the kernel has taken the reply.
        let path = PathBuf::from("/dev").join(name);
        fs::set_permissions(&path, Permissions::from_mode(0o666)).map_err(failed())?;
        Ok(Self { cuse, path, module })
    }

    /// The device's file.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The only trust anchor that its documents need, in PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        pem(self.module.root())
    }

    /// The module id.
    #[must_use]
    pub fn module_id(&self) -> String {
        self.module.id()
    }

    /// Answers one request after another, as the driver does, until the device is taken away.
    ///
    /// # Errors
    /// `/dev/cuse` failed.
    pub fn serve(mut self) -> Result<(), Error> {
        let mut room = vec![0; READ_BYTES];
        loop {
            let failed = || Error::io(format!("serving {}", self.path.display()));
            let len = match self.cuse.read(&mut room) {
                Ok(0) => return Ok(()),
                // The caller was interrupted before its request was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                read => read.map_err(failed())?,
            };
            let Some(request) = Request::parse(room.get(..len).unwrap_or_default()) else { continue };
            let Some(answer) = answer(&request, &self.module) else { continue };
            match self.cuse.write_all(&reply(request.unique, answer)) {
                // The caller is gone.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                written => written.map_err(failed())?,
            }
        }
    }
}

/// A request of the kernel's: fuse_in_header, and what follows.
#[derive(Clone, Copy, Debug)]
struct Request<'a> {
    operation: u32,
    unique: u64,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        // Length, operation, number, node, user, group, process, two lengths of 16 bits.
        let body = bytes.get(40..)?;
        Some(Self { operation: number(bytes, 4)?, unique: long(bytes, 8)?, body })
    }
}

/// The answer to a request, or an error of the operating system; `None` where the kernel expects none.
fn answer(request: &Request<'_>, module: &Module) -> Option<Result<Vec<u8>, i32>> {
    match request.operation {
        // fuse_open_out: no handle, no flags.
        OPEN => Some(Ok(vec![0; 16])),
        RELEASE | FLUSH => Some(Ok(Vec::new())),
        INTERRUPT => None,
        IOCTL => Some(ioctl(request.body, module)),
        // The driver has neither.
        READ | WRITE => Some(Err(EINVAL)),
        _ => Some(Err(ENOSYS)),
    }
}

/// fuse_ioctl_in: handle, flags, command, argument, size of the input, size of the output; then the input.
///
/// The kernel asks three times: without memory, with struct nsm_raw, with the request and room for the answer.
fn ioctl(body: &[u8], module: &Module) -> Result<Vec<u8>, i32> {
    let field = |at: usize| number(body, at).ok_or(EINVAL);
    let (command, argument) = (field(12)?, long(body, 16).ok_or(EINVAL)?);
    let (in_bytes, out_bytes) = (field(24)?, field(28)?);
    if command != NSM_IOCTL_RAW {
        return Err(EINVAL);
    }
    let raw = (argument, RAW as u64);
    if in_bytes == 0 {
        return Ok(again(&[raw], &[]));
    }
    let input = body.get(32..).filter(|input| number_of(input.len()) == in_bytes).ok_or(EINVAL)?;
    let head = input.get(..RAW).ok_or(EINVAL)?;
    let word = |at: usize| long(head, at).ok_or(EINVAL);
    let (request, room) = ((word(0)?, word(8)?), (word(16)?, word(24)?));
    if request.1 > MAX_REQUEST as u64 {
        return Err(EMSGSIZE);
    }
    let room_bytes = room.1.min(MAX_ANSWER as u64);
    if out_bytes == 0 {
        return Ok(again(&[raw, request], &[raw, (room.0, room_bytes)]));
    }
    // The caller's memory is read anew each time: it may be another struct now.
    let bytes = input.get(RAW..).filter(|bytes| bytes.len() as u64 == request.1).ok_or(EINVAL)?;
    let Answer::Whole(mut answer) = module.answer(bytes) else { return Err(EIO) };
    // Cut to the buffer, without an error.
    answer.truncate(usize::try_from(room_bytes).unwrap_or(usize::MAX));
    let mut out = vec![0; 16];
    out.extend_from_slice(head.get(..24).unwrap_or_default());
    out.extend((answer.len() as u64).to_ne_bytes());
    out.extend(answer);
    Ok(out)
}

/// fuse_ioctl_out that asks for these parts of the caller's memory, each an address and a length.
fn again(read: &[(u64, u64)], written: &[(u64, u64)]) -> Vec<u8> {
    let mut out = 0_u32.to_ne_bytes().to_vec();
    for field in [RETRY, number_of(read.len()), number_of(written.len())] {
        out.extend(field.to_ne_bytes());
    }
    for (address, len) in read.iter().chain(written) {
        out.extend(address.to_ne_bytes());
        out.extend(len.to_ne_bytes());
    }
    out
}

/// cuse_init_out, and the name: version, flags, sizes; the kernel chooses the numbers of the device.
fn init(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for field in [7, 31, 0, UNRESTRICTED, 65_536, 65_536_u32] {
        out.extend(field.to_ne_bytes());
    }
    out.resize(72, 0);
    out.extend(format!("DEVNAME={name}\0").bytes());
    out
}

/// fuse_out_header, and what follows.
fn reply(unique: u64, answer: Result<Vec<u8>, i32>) -> Vec<u8> {
    let (error, body) = match answer {
        Ok(body) => (0, body),
        Err(error) => (-error, Vec::new()),
    };
    let mut out = number_of(body.len().saturating_add(16)).to_ne_bytes().to_vec();
    out.extend(error.to_ne_bytes());
    out.extend(unique.to_ne_bytes());
    out.extend(body);
    out
}

fn number_of(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    const ADDRESS: u64 = 0x7fff_0000;

    /// struct nsm_raw over a request and a buffer of these sizes.
    fn raw(request: u64, room: u64) -> Vec<u8> {
        [0x1000_u64, request, 0x2000, room].iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    /// fuse_ioctl_in.
    fn body(command: u32, input: &[u8], out_bytes: u32) -> Vec<u8> {
        let mut body = vec![0; 12];
        body.extend(command.to_ne_bytes());
        body.extend(ADDRESS.to_ne_bytes());
        body.extend(number_of(input.len()).to_ne_bytes());
        body.extend(out_bytes.to_ne_bytes());
        body.extend(input);
        body
    }

    fn module() -> Module {
        Module::new(&Settings::default()).unwrap()
    }

    /// The parts of memory that the kernel is to bring along.
    fn parts(out: &[u8]) -> (Vec<u64>, u32, u32) {
        assert_eq!(number(out, 4), Some(RETRY));
        let words = out[16..].chunks(8).map(|word| long(word, 0).unwrap()).collect();
        (words, number(out, 8).unwrap(), number(out, 12).unwrap())
    }

    #[test]
    fn the_kernel_is_asked_for_the_struct_and_then_for_both_buffers() {
        let module = module();
        let first = ioctl(&body(NSM_IOCTL_RAW, &[], 0), &module).unwrap();
        assert_eq!(parts(&first), (vec![ADDRESS, 32], 1, 0));
        let second = ioctl(&body(NSM_IOCTL_RAW, &raw(12, 1 << 20), 0), &module).unwrap();
        // Of a large buffer no more than an answer has.
        let expected = vec![ADDRESS, 32, 0x1000, 12, ADDRESS, 32, 0x2000, 0x3000];
        assert_eq!(parts(&second), (expected, 2, 2));
    }

    #[test]
    fn an_answer_is_cut_to_its_buffer_without_an_error() {
        let module = module();
        let request = b"\x6bDescribeNSM";
        let Answer::Whole(whole) = module.answer(request) else { panic!() };
        for room in [0, 16, 0x3000_u32] {
            let input = [raw(12, room.into()).as_slice(), request].concat();
            let out = ioctl(&body(NSM_IOCTL_RAW, &input, 32 + room), &module).unwrap();
            assert_eq!(out[..16], [0; 16]);
            assert_eq!(out[16..40], raw(12, 0)[..24]);
            let len = whole.len().min(usize::try_from(room).unwrap());
            assert_eq!(long(&out, 40), Some(len as u64));
            assert_eq!(out[48..], whole[..len]);
        }
    }

    #[test]
    fn what_the_driver_refuses_is_refused() {
        let module = module();
        assert_eq!(ioctl(&body(0x5401, &[], 0), &module), Err(EINVAL));
        assert_eq!(ioctl(&body(NSM_IOCTL_RAW, &raw(4097, 9), 0), &module), Err(EMSGSIZE));
        assert!(ioctl(&body(NSM_IOCTL_RAW, &raw(4096, 9), 0), &module).is_ok());
        // A struct that was changed between two reads, a short one, one without its size.
        let input = [raw(13, 9).as_slice(), b"\x6bDescribeNSM"].concat();
        assert_eq!(ioctl(&body(NSM_IOCTL_RAW, &input, 41), &module), Err(EINVAL));
        assert_eq!(ioctl(&body(NSM_IOCTL_RAW, &[0; 31], 0), &module), Err(EINVAL));
        assert_eq!(ioctl(&body(NSM_IOCTL_RAW, &raw(1, 1), 0)[..40], &module), Err(EINVAL));
        for end in 0..32 {
            assert!(ioctl(&body(NSM_IOCTL_RAW, &[], 0)[..end], &module).is_err());
        }
        // A request of no bytes is one that cannot be decoded.
        let out = ioctl(&body(NSM_IOCTL_RAW, &raw(0, 0x3000), 32 + 0x3000), &module).unwrap();
        assert!(out.ends_with(b"InvalidOperation"));
    }

    #[test]
    fn other_operations_are_answered_as_those_of_a_device() {
        let module = module();
        let ask = |operation: u32| answer(&Request { operation, unique: 7, body: &[] }, &module);
        assert_eq!(ask(OPEN), Some(Ok(vec![0; 16])));
        assert_eq!(ask(RELEASE), Some(Ok(Vec::new())));
        assert_eq!(ask(INTERRUPT), None);
        assert_eq!(ask(READ), Some(Err(EINVAL)));
        assert_eq!(ask(1000), Some(Err(ENOSYS)));
        assert_eq!(reply(7, Err(EINVAL))[4..8], (-EINVAL).to_ne_bytes());
        assert_eq!(init("nsm").len(), 72 + 12);
    }
}
