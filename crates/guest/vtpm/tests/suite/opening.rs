//! Addresses behind which there is no TPM.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::PathBuf;

use teeproof_vtpm::direct::Direct;
use teeproof_vtpm::{Address, Error, Tpm};

fn refused(address: &Address) -> ErrorKind {
    match Direct::open(address) {
        Err(Error::Open { source, .. }) => source.kind(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_device_or_listener_is_said_when_it_is_opened() {
    let missing = PathBuf::from("/dev/there-is-no-such-tpm");
    assert_eq!(refused(&Address::Device(missing.clone())), ErrorKind::NotFound);
    assert_eq!(refused(&Address::SwtpmPath(missing)), ErrorKind::NotFound);
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = || "127.0.0.1".to_owned();
    assert_eq!(refused(&Address::Swtpm(host(), port)), ErrorKind::ConnectionRefused);
    assert_eq!(refused(&Address::Mssim(host(), port)), ErrorKind::ConnectionRefused);
    let error = Direct::open(&Address::Tss("device".into())).unwrap_err();
    assert!(matches!(error, Error::NotBuilt { .. }), "{error:?}");
}

#[test]
fn a_device_that_is_no_tpm_is_noticed() {
    // Takes everything and gives nothing, takes nothing, gives zeros.
    let of = |path: &str| Direct::open(&Address::Device(path.into())).unwrap().banks().unwrap_err();
    assert!(matches!(of("/dev/null"), Error::Malformed { .. }));
    assert!(matches!(of("/dev/full"), Error::Io { .. }));
    assert!(matches!(of("/dev/zero"), Error::Malformed { .. }));
}
