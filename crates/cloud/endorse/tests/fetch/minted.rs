//! Minted certificates and revocation lists, and the questions that they answer.

use std::sync::LazyLock;

use teeproof_core::Time;
use teeproof_endorse::{Question, Vcek};
use teeproof_mint::snp::{Evidence, Machine, Product as MintProduct};
use teeproof_mint::x509::{Certificate, Crl, Link, Name, Validity, pem};
use teeproof_mint::{DEFAULT_TIME, Key, Kind};
use teeproof_wire::snp::{Product, Tcb};

/// A time at which everything minted is valid.
pub(crate) const NOW: Time = Time(DEFAULT_TIME as i64);

pub(crate) fn machine(product: MintProduct) -> Machine {
    Machine::vcek(product).authority_keys(Kind::Rsa2048)
}

/// The chip id of every machine of a product line.
pub(crate) fn chip_id(product: Product) -> [u8; 64] {
    let mut id = [0; 64];
    let bytes = product.hwid_bytes();
    id.iter_mut().take(bytes).zip(0x40_u8..).for_each(|(byte, value)| *byte = value);
    id
}

pub(crate) const PRODUCTS: [(Product, MintProduct); 3] = [
    (Product::Milan, MintProduct::Milan),
    (Product::Genoa, MintProduct::Genoa),
    (Product::Turin, MintProduct::Turin),
];

/// The TCB of every machine of a product line.
pub(crate) fn tcb(product: Product) -> Tcb {
    let (_, mint) = PRODUCTS.iter().find(|(own, _)| *own == product).unwrap();
    let tcb = mint.tcb();
    let fmc = (product == Product::Turin).then_some(tcb.fmc);
    Tcb { fmc, bootloader: tcb.bootloader, tee: tcb.tee, snp: tcb.snp, microcode: tcb.microcode }
}

/// The question for the VCEK of every machine of a product line.
pub(crate) fn vcek(product: Product) -> Question {
    Question::Vcek(Vcek::new(product, &chip_id(product), tcb(product)).unwrap())
}

/// The VCEK of a Milan machine, and its question.
pub(crate) fn milan() -> (Vec<u8>, Question) {
    (machine(MintProduct::Milan).mint().unwrap().vek, vcek(Product::Milan))
}

/// The PEM of the CA certificates of a machine.
pub(crate) fn chain(minted: &Evidence) -> String {
    [pem(&minted.intermediate), pem(&minted.ark)].concat()
}

/// A CA of AMD or Intel with this common name.
pub(crate) fn authority(name: &str) -> Link {
    named(if name.starts_with("Intel") { Name::intel(name) } else { Name::amd(name) })
}

/// A CA with this name.
pub(crate) fn named(name: Name) -> Link {
    let validity = Validity::new(DEFAULT_TIME - 1000, DEFAULT_TIME + 1_000_000);
    Link::new(Certificate::new(name, validity), Key::fresh(Kind::P256))
}

/// A revocation list of a CA with this common name, valid for 30 days.
pub(crate) fn crl(name: &str) -> Vec<u8> {
    crl_of(name, -1000, 30 * 86_400)
}

/// The same from and until other times, in seconds since [`NOW`].
pub(crate) fn crl_of(name: &str, from: i64, until: i64) -> Vec<u8> {
    crl_by(&authority(name), from, until)
}

/// The same of a CA.
pub(crate) fn crl_by(issuer: &Link, from: i64, until: i64) -> Vec<u8> {
    let time = |seconds: i64| DEFAULT_TIME.checked_add_signed(seconds).unwrap();
    Crl::new(time(from), time(until)).sign(issuer).unwrap()
}

/// The header with the certificates above the signer of TCB info and QE identity: always the same two, as Intel writes
/// them.
pub(crate) fn issuers() -> &'static str {
    issuers_of("Intel SGX TCB Signing")
}

/// The same for another signer.
pub(crate) fn issuers_of(signer: &str) -> &'static str {
    const SIGNERS: [&str; 3] =
        ["Intel SGX TCB Signing", "Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA"];
    static HEADERS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let certificate = |name| {
            let link = authority(name);
            pem(&link.certificate.sign(&link.key, &link.certificate.subject, &link.key).unwrap())
        };
        SIGNERS.map(|name| url_encoded(&[name, "Intel SGX Root CA"].map(certificate).concat())).to_vec()
    });
    let (_, header) = SIGNERS.iter().zip(HEADERS.iter()).find(|(name, _)| **name == signer).unwrap();
    header
}

/// A text in URL encoding.
pub(crate) fn url_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encoded = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encoded).collect()
}
