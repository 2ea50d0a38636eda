//! Made collateral: certificates and lists under throwaway keys, and signed members with signatures of nothing.

use std::sync::LazyLock;

use serde_json::{Value, json};
use teeproof_core::Hex;
use teeproof_evidence::{InputKind, Sniffed};
use teeproof_mint::x509::{Certificate, Crl, Link, Name, Validity, mint_chain};
use teeproof_mint::{Key, Kind};

pub(crate) const AT: u64 = 1_771_977_600;
pub(crate) const TCB_INFO: &str =
    r#"{"id":"TDX","version":3, "fmspc":"90C06F000000","n":[1e3, 0.10, "\u0041\/"]}"#;
pub(crate) const QE_IDENTITY: &str = r#"{"id":"TD_QE","version":2}"#;
pub(crate) const SIGNATURE: [u8; 64] = [0xa5; 64];

/// A response of Intel's PCS around a signed member.
pub(crate) fn response(member: &str, body: &str) -> String {
    format!("{{\"{member}\":{body},\"signature\":\"{}\"}}", Hex(&SIGNATURE))
}

pub(crate) fn tcb_info() -> String {
    response("tcbInfo", TCB_INFO)
}

pub(crate) fn qe_identity() -> String {
    response("enclaveIdentity", QE_IDENTITY)
}

pub(crate) struct Pki {
    /// Root, PCK authority, TCB signing certificate, PCK certificate.
    pub(crate) certificates: [Vec<u8>; 4],
    /// The list of the root, and that of the PCK authority.
    pub(crate) lists: [Vec<u8>; 2],
}

fn link(name: &str) -> Link {
    let form = Certificate::new(Name::common(name), Validity::new(AT - 86_400, AT + 86_400));
    Link::new(form, Key::shared(name, Kind::P256))
}

pub(crate) static PKI: LazyLock<Pki> = LazyLock::new(|| {
    let names = ["root", "authority", "Intel SGX TCB Signing", "Intel SGX PCK Certificate"];
    let certificates = names.map(|name| mint_chain(&[link(name)]).unwrap().remove(0));
    let lists = ["root", "authority"].map(|name| Crl::new(AT, AT + 86_400).sign(&link(name)).unwrap());
    Pki { certificates, lists }
});

/// PEM of these certificates of [`PKI`].
pub(crate) fn chain(of: &[usize]) -> String {
    of.iter().map(|at| teeproof_mint::x509::pem(&PKI.certificates[*at])).collect()
}

/// `QuoteCollateralV3` as dcap-qvl 0.7 writes it.
pub(crate) fn quote_collateral() -> Value {
    json!({
        "pck_crl_issuer_chain": chain(&[1, 0]),
        "root_ca_crl": Hex(&PKI.lists[0]).to_string(),
        "pck_crl": Hex(&PKI.lists[1]).to_string(),
        "tcb_info_issuer_chain": chain(&[2, 0]),
        "tcb_info": TCB_INFO,
        "tcb_info_signature": Hex(&SIGNATURE).to_string(),
        "qe_identity_issuer_chain": chain(&[2, 0]),
        "qe_identity": QE_IDENTITY,
        "qe_identity_signature": Hex(&SIGNATURE).to_string(),
        "pck_certificate_chain": chain(&[3, 1, 0]),
    })
}

pub(crate) fn of_kind(sniffed: &Sniffed, kind: InputKind) -> Vec<&[u8]> {
    sniffed.parts.iter().filter(|part| part.kind() == kind).map(|part| part.bytes()).collect()
}

/// A TD quote, version 4, of this size: its head alone has meaning here.
pub(crate) fn td_quote(bytes: usize) -> Vec<u8> {
    let mut quote = vec![4, 0, 2, 0, 0x81, 0, 0, 0];
    quote.resize(bytes, 7);
    quote
}

/// The beginning of a CCEL, as EDK II writes its header.
pub(crate) fn ccel(rest: &[u8]) -> Vec<u8> {
    let mut log = vec![1, 0, 0, 0, 3, 0, 0, 0];
    log.resize(28, 0);
    log.extend([0x21, 0, 0, 0]);
    log.extend(b"Spec ID Event03\0");
    log.extend(rest);
    log
}
