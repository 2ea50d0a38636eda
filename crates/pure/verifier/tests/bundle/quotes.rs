//! TD quotes with a platform certificate of the test's choice.

use base64ct::{Base64, Encoding as _};
use teeproof_mint::x509::{Certificate, Extension, Name, Oid, Validity, der};
use teeproof_mint::{DEFAULT_TIME, Key, Kind};

const SGX: [u64; 7] = [1, 2, 840, 113_741, 1, 13, 1];

/// A member of Intel's extension.
pub(crate) fn member(last: u64, value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[Oid::new(&[&SGX[..], &[last]].concat()).der(), value])
}

/// The two ids of a platform, as Intel's extension has them.
pub(crate) fn ids(ppid: &[u8], instance: &[u8]) -> Vec<Vec<u8>> {
    vec![member(1, der::octet_string(ppid)), member(6, der::octet_string(instance))]
}

/// A certificate with these members in Intel's extension.
pub(crate) fn pck(members: &[Vec<u8>]) -> Vec<u8> {
    let validity = Validity::new(DEFAULT_TIME - 86_400, DEFAULT_TIME + 86_400);
    let name = Name::common("Intel SGX PCK Certificate");
    let mut certificate = Certificate::new(name.clone(), validity);
    certificate.serial = vec![0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b];
    certificate.extensions.push(Extension::new(Oid::new(&SGX), der::sequence(members)));
    let key = Key::shared("PCK", Kind::P256);
    certificate.sign(&key, &name, &key).unwrap()
}

pub(crate) fn pem(der: &[u8]) -> String {
    let body = Base64::encode_string(der);
    let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// A quote with certification data of this type.
pub(crate) fn with_data(qe: &[u8; 16], kind: u16, data: &[u8]) -> Vec<u8> {
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let inner = [&[9; 384][..], &[8; 64], &[0, 0], &kind.to_le_bytes(), &size(data), data].concat();
    let signed = [&[6; 64][..], &[7; 64], &[6, 0], &size(&inner), &inner].concat();
    let header = [&[4, 0, 2, 0, 0x81, 0, 0, 0][..], &[0; 20], qe, &[0; 4]].concat();
    [&header[..], &[5; 584], &size(&signed), &signed].concat()
}

/// A quote of a platform with these ids.
pub(crate) fn td_quote(qe: &[u8; 16], ppid: &[u8; 16]) -> Vec<u8> {
    let instance = ppid.map(|byte| byte.wrapping_add(1));
    with_data(qe, 5, format!("{}\0", pem(&pck(&ids(ppid, &instance)))).as_bytes())
}
