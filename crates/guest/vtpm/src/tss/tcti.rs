//! TCTI strings: which TPM the stack speaks to, and why it cannot.

use std::fs::OpenOptions;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use tss_esapi::TctiNameConf;

use super::failure;
use crate::{Address, Error};

/// The time limit for connecting to a socket that the stack could not use, to find out why.
const TRY: Duration = Duration::from_secs(2);

/// Reads a TCTI string.
///
/// tss-esapi hands four kinds on, and passes over what it does not know in them: the string would
/// then mean another TPM than it says, so it is refused.
pub(super) fn parse(tcti: &str) -> Result<TctiNameConf, Error> {
    let (kind, rest) = tcti.split_once(':').unwrap_or((tcti, ""));
    let known: &[&str] = match kind {
        // The default of tss-esapi is the device without the kernel's resource manager.
        "device" if rest.is_empty() => return parse(&Address::default().to_string()),
        "device" => &[],
        "swtpm" | "mssim" => &["host", "port"],
        "tabrmd" => &["bus_name", "bus_type"],
        _ => return Err(unknown(tcti)),
    };
    let mut pairs = rest.split(',').filter(|pair| !pair.is_empty());
    let is_known = |pair: &str| pair.split_once('=').is_some_and(|(key, _)| known.contains(&key));
    if kind != "device" && !pairs.all(is_known) {
        return Err(unknown(tcti));
    }
    TctiNameConf::from_str(tcti).or(Err(unknown(tcti)))
}

fn unknown(tcti: &str) -> Error {
    let what = "tss-esapi hands on device:PATH, swtpm:host=…,port=…, mssim:host=…,port=… and \
                tabrmd:bus_name=…,bus_type=…, and no other string";
    Error::Open { address: tcti.to_owned(), source: io::Error::new(io::ErrorKind::InvalidInput, what) }
}

/// Why the stack could not open a TPM. It gives only a code, so the address is opened again without it.
pub(super) fn not_opened(tcti: &str, error: tss_esapi::Error) -> Error {
    let said = failure::words(error);
    let opened = match tcti.parse::<Address>() {
        Ok(Address::Device(path)) => OpenOptions::new().read(true).write(true).open(path).map(drop),
        Ok(Address::Swtpm(host, port) | Address::Mssim(host, port)) => reach(&host, port),
        _ => Ok(()),
    };
    let source = opened.err().unwrap_or_else(|| {
        let (kind, _) = tcti.split_once(':').unwrap_or((tcti, ""));
        let module = format!("is its module installed (Debian: libtss2-tcti-{kind}0)?");
        io::Error::other(format!("the TPM software stack says: {said}; {module}"))
    });
    Error::Open { address: tcti.to_owned(), source }
}

/// Whether somebody listens there.
fn reach(host: &str, port: u16) -> io::Result<()> {
    let mut refused = io::Error::new(io::ErrorKind::NotFound, "the name of the host has no address");
    for socket in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&socket, TRY) {
            Ok(_) => return Ok(()),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;
    use crate::tss::Stack;

    #[test]
    fn a_string_means_the_tpm_that_it_says() {
        for right in ["device:/dev/tpm0", "swtpm", "swtpm:host=::1,port=7", "mssim:port=1", "tabrmd"] {
            assert!(parse(right).is_ok(), "{right}");
        }
        // tss-esapi alone takes all but the first two and the last, and reads something else.
        for wrong in ["", "cmd:x", "swtpm:path=/run/a.sock", "mssim:host=a,prot=7", "swtpm:7", "mssim:port=x"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse("device").ok(), parse("device:/dev/tpmrm0").ok());
    }

    #[test]
    fn what_cannot_be_opened_says_why() {
        let why = |tcti: &str| match Stack::open(tcti) {
            Err(Error::Open { address, source }) => (address, source.kind()),
            other => panic!("{tcti}: {other:?}"),
        };
        assert_eq!(why("device:/nowhere/tpm"), ("device:/nowhere/tpm".to_owned(), io::ErrorKind::NotFound));
        // Port 1 is nobody's.
        assert_eq!(why("swtpm:host=127.0.0.1,port=1").1, io::ErrorKind::ConnectionRefused);
        assert_eq!(why("swtpm:path=/run/a.sock").1, io::ErrorKind::InvalidInput);
    }
}
