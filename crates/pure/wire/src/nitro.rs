//! The payload of a Nitro enclave's attestation document.
//!
//! Source: AWS Nitro Enclaves, "attestation process", the structure and its CDDL. Where real documents
//! differ from that text (indefinite maps, sparse PCR banks, long fields), the parser accepts the real
//! ones.

mod describe;
mod tpm;

pub use tpm::{NITROTPM_PCRS, NitroTpmDocument};

use crate::reader::At;
use crate::{Error, ErrorKind, Reader, cbor};

/// The payload of an attestation document, unverified. It borrows its input.
///
/// Shape: a CBOR map with text keys in any order, each at most once. The security module writes nine, in
/// this order: `module_id`, `digest` (always `SHA384`), `timestamp`, `pcrs`, `certificate`, `cabundle`,
/// `public_key`, `user_data`, `nonce`. The last three may be null or missing, which mean the same.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Document<'a> {
    /// `module_id`, text: the enclave, `i-<17 hex>-enc<16 hex>`.
    pub module_id: &'a str,
    /// `timestamp`, unsigned integer: the time of the document, in milliseconds since
    /// 1970-01-01T00:00:00Z.
    pub timestamp: u64,
    /// `pcrs`, a map of index to 48 bytes: the PCR values.
    pub pcrs: DocumentPcrs<'a>,
    /// `certificate`, 1 to 1024 bytes: the certificate of the signing key, DER.
    pub certificate: &'a [u8],
    /// `cabundle`, an array of at most 8 byte strings: the CA certificates, root first, DER.
    pub cabundle: CaBundle<'a>,
    /// `public_key`, bytes or null: chosen by the enclave, by convention a public key.
    pub public_key: Option<&'a [u8]>,
    /// `user_data`, bytes or null: chosen by the enclave.
    pub user_data: Option<&'a [u8]>,
    /// `nonce`, bytes or null: chosen by the enclave, by convention the relying party's nonce.
    pub nonce: Option<&'a [u8]>,
}

/// Size limits of the parser that a caller can adjust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The size limit of `public_key`, `user_data` and `nonce`, each, in bytes. The security module does
    /// not enforce the lengths of its documentation (512); real documents have up to 1024.
    pub field_bytes: usize,
}

impl Limits {
    /// 1024 bytes for each of `public_key`, `user_data` and `nonce`.
    pub const USUAL: Self = Self { field_bytes: 1024 };

    /// Limits of `field_bytes` for each of `public_key`, `user_data` and `nonce`.
    #[must_use]
    pub const fn of_fields(field_bytes: usize) -> Self {
        Self { field_bytes }
    }
}

/// The number of PCRs that a document can have: 0 to 31.
pub const MAX_PCRS: usize = 32;
/// The size limit of a `cabundle` in certificates; real documents have four.
pub const MAX_BUNDLE: usize = 8;
const MAX_CERTIFICATE: usize = 1024;
/// 2019-10-28, when the root was made, in milliseconds.
const FIRST_TIMESTAMP: u64 = 1_572_220_800_000;
const WHAT: &str = "Nitro document";

/// The PCR values of a document, SHA-384. Only locked PCRs are in it, so the bank may be sparse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentPcrs<'a>([Option<&'a [u8; 48]>; MAX_PCRS]);

impl<'a> DocumentPcrs<'a> {
    /// The value of a PCR, 48 bytes; `None` if the document does not have it.
    #[must_use]
    pub fn get(&self, index: u8) -> Option<&'a [u8; 48]> {
        self.0.get(usize::from(index)).copied().flatten()
    }

    /// The index and value of each PCR of the document, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &'a [u8; 48])> {
        (0..=u8::MAX).zip(self.0).filter_map(|(index, value)| Some((index, value?)))
    }

    /// The number of PCRs of the document, 1 to 32.
    #[must_use]
    pub fn count(&self) -> usize {
        // At most 32: nothing wraps.
        self.0.iter().fold(0, |count, value| count.wrapping_add(usize::from(value.is_some())))
    }

    fn insert(&mut self, bank: Bank, reader: &mut Reader<'a>) -> Result<(), Error> {
        let Bank { what, count, index, .. } = bank;
        let key = reader.error(ErrorKind::Value, what, index);
        // Compared before narrowing: 256 is not 0.
        let index = usize::try_from(cbor::unsigned(reader, what)?).unwrap_or(usize::MAX);
        let length = reader.error(ErrorKind::Value, what, "a PCR of 48 bytes");
        let value = cbor::bytes(reader, what)?.try_into().map_err(|_| length)?;
        let slot = self.0.get_mut(..count).and_then(|bank| bank.get_mut(index)).ok_or(key)?;
        if slot.replace(value).is_some() {
            return Err(Error::new(ErrorKind::Duplicate, key.what, key.offset, "each PCR once"));
        }
        Ok(())
    }
}

/// The CA certificates of a document, DER, root first: `cabundle`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaBundle<'a> {
    certificates: [&'a [u8]; MAX_BUNDLE],
    count: usize,
}

impl<'a> CaBundle<'a> {
    /// The certificates in the order of the document, each of 1 to 1024 bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[&'a [u8]] {
        self.certificates.get(..self.count).unwrap_or_default()
    }

    fn push(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        const WHAT: &str = "Nitro document: cabundle";
        let full = reader.error(ErrorKind::TooLarge, WHAT, "at most 8 certificates");
        let certificate = certificate(reader, WHAT)?;
        *self.certificates.get_mut(self.count).ok_or(full)? = certificate;
        self.count = self.count.saturating_add(1);
        Ok(())
    }
}

fn certificate<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], Error> {
    let bad = reader.error(ErrorKind::Value, what, "a certificate of 1 to 1024 bytes");
    let certificate = cbor::bytes(reader, what)?;
    if (1..=MAX_CERTIFICATE).contains(&certificate.len()) { Ok(certificate) } else { Err(bad) }
}

/// The certificates of a payload, to verify its signature by before the other fields are parsed.
///
/// Nothing else of the payload is interpreted; the other fields are skipped.
#[derive(Clone, Copy, Debug)]
pub struct Signers<'a> {
    /// `certificate`, 1 to 1024 bytes: the certificate of the signing key, DER.
    pub certificate: &'a [u8],
    /// `cabundle`, an array of at most 8 byte strings: the CA certificates, root first, DER.
    pub cabundle: CaBundle<'a>,
}

impl<'a> Signers<'a> {
    /// Finds the certificates in a payload; `base` is its offset in the document, for the offsets in errors.
    ///
    /// # Errors
    /// A payload that is not a map of text keys in the supported subset of CBOR, or without
    /// exactly one `certificate` and one `cabundle`.
    pub fn find(payload: &'a [u8], base: usize) -> Result<Self, Error> {
        let (mut leaf, mut bundle) = (None, None);
        Reader::all(payload, base, WHAT, |reader| {
            cbor::map(reader, MAX_KEYS, WHAT, |reader| {
                let at = reader.at();
                match cbor::text(reader, "Nitro document: key")? {
                    "certificate" => once(&mut leaf, certificate(reader, "Nitro document: certificate")?, at),
                    "cabundle" => once(&mut bundle, cabundle(reader)?, at),
                    _ => cbor::skip(reader, WHAT),
                }
            })
        })?;
        Ok(Self {
            certificate: leaf.ok_or_else(|| missing(base, "a certificate"))?,
            cabundle: bundle.ok_or_else(|| missing(base, "a cabundle"))?,
        })
    }
}

/// Nine keys are known; a few more are stepped over before they are refused by name.
const MAX_KEYS: u64 = 16;

fn once<T>(slot: &mut Option<T>, value: T, at: At) -> Result<(), Error> {
    if slot.replace(value).is_some() {
        return Err(at.error(ErrorKind::Duplicate, WHAT, "each key once"));
    }
    Ok(())
}

fn missing(base: usize, expected: &'static str) -> Error {
    Error::new(ErrorKind::Missing, WHAT, base, expected)
}

fn cabundle<'a>(reader: &mut Reader<'a>) -> Result<CaBundle<'a>, Error> {
    let mut bundle = CaBundle::default();
    cbor::array(reader, 8, "Nitro document: cabundle", |reader| bundle.push(reader))?;
    Ok(bundle)
}

/// Whose document is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Module {
    /// An enclave's.
    #[default]
    Enclave,
    /// A NitroTPM's.
    Tpm,
}

/// The fields as they are found, in any order.
#[derive(Default)]
struct Fields<'a> {
    module: Module,
    module_id: Option<&'a str>,
    digest: Option<&'a str>,
    timestamp: Option<u64>,
    pcrs: Option<DocumentPcrs<'a>>,
    certificate: Option<&'a [u8]>,
    cabundle: Option<CaBundle<'a>>,
    // Outer: whether the key was there. Inner: null or a value.
    public_key: Option<Option<&'a [u8]>>,
    user_data: Option<Option<&'a [u8]>>,
    nonce: Option<Option<&'a [u8]>>,
}

impl<'a> Document<'a> {
    /// Parses a payload, which must fill `payload`; `base` is its offset in the document, for the offsets
    /// in errors.
    ///
    /// # Errors
    /// An unknown, repeated or missing key; a value of another CBOR type; a PCR index above 31 or a PCR
    /// value of another length than 48 bytes; no PCR at all; a certificate outside of 1 to 1024 bytes; a
    /// field above `limits`; a timestamp before 2019-10-28, the day of the Nitro root's notBefore. The
    /// document of a NitroTPM is [`ErrorKind::Unsupported`]: it has the same root, but is not evidence of
    /// an enclave.
    pub fn parse(payload: &'a [u8], base: usize, limits: &Limits) -> Result<Self, Error> {
        let mut fields = Fields::default();
        fields.read(payload, base, limits, &mut |_, error| Err(error))?;
        fields.finish(base)
    }

    /// Parses a payload that may have unknown keys: for display, never for verification. Each unknown key is
    /// passed to `unknown` with the error that [`Document::parse`] would return for it.
    ///
    /// # Errors
    /// Those of [`Document::parse`], except for unknown keys.
    pub fn parse_with_unknown_keys(
        payload: &'a [u8],
        base: usize,
        limits: &Limits,
        unknown: &mut dyn FnMut(&'a str, Error),
    ) -> Result<Self, Error> {
        let mut fields = Fields::default();
        fields.read(payload, base, limits, &mut |key, error| {
            unknown(key, error);
            Ok(())
        })?;
        fields.finish(base)
    }
}

/// The handler of an unknown key: `Ok` skips its value, an error ends the parser.
type Unknown<'u, 'a> = &'u mut dyn FnMut(&'a str, Error) -> Result<(), Error>;

impl<'a> Fields<'a> {
    fn read(
        &mut self,
        payload: &'a [u8],
        base: usize,
        limits: &Limits,
        unknown: Unknown<'_, 'a>,
    ) -> Result<(), Error> {
        Reader::all(payload, base, WHAT, |reader| {
            cbor::map(reader, MAX_KEYS, WHAT, |reader| self.take(reader, limits, unknown))
        })
    }

    fn take(
        &mut self,
        reader: &mut Reader<'a>,
        limits: &Limits,
        unknown: Unknown<'_, 'a>,
    ) -> Result<(), Error> {
        let at = reader.at();
        match cbor::text(reader, "Nitro document: key")? {
            "module_id" => once(&mut self.module_id, module_id(reader, self.module)?, at),
            "digest" => once(&mut self.digest, digest(reader)?, at),
            "timestamp" => once(&mut self.timestamp, timestamp(reader)?, at),
            "pcrs" if self.module == Module::Enclave => once(&mut self.pcrs, pcrs(reader, ENCLAVE)?, at),
            "nitrotpm_pcrs" if self.module == Module::Tpm => once(&mut self.pcrs, pcrs(reader, TPM)?, at),
            "certificate" => {
                once(&mut self.certificate, certificate(reader, "Nitro document: certificate")?, at)
            }
            "cabundle" => once(&mut self.cabundle, cabundle(reader)?, at),
            "public_key" => {
                once(&mut self.public_key, chosen(reader, "Nitro document: public_key", limits)?, at)
            }
            "user_data" => {
                once(&mut self.user_data, chosen(reader, "Nitro document: user_data", limits)?, at)
            }
            "nonce" => once(&mut self.nonce, chosen(reader, "Nitro document: nonce", limits)?, at),
            "nitrotpm_pcrs" => {
                Err(at.error(ErrorKind::Unsupported, "Nitro document: nitrotpm_pcrs", AN_ENCLAVES))
            }
            "pcrs" => Err(at.error(ErrorKind::Unsupported, "Nitro document: pcrs", A_TPMS)),
            key => {
                let expected = match self.module {
                    Module::Enclave => "one of the nine keys of an enclave's document",
                    Module::Tpm => "one of the nine keys of a NitroTPM document",
                };
                unknown(key, at.error(ErrorKind::Value, "Nitro document: key", expected))?;
                cbor::skip(reader, WHAT)
            }
        }
    }

    fn finish(self, base: usize) -> Result<Document<'a>, Error> {
        let missing = |expected| missing(base, expected);
        self.digest.ok_or_else(|| missing("a digest"))?;
        Ok(Document {
            module_id: self.module_id.ok_or_else(|| missing("a module_id"))?,
            timestamp: self.timestamp.ok_or_else(|| missing("a timestamp"))?,
            pcrs: self.pcrs.ok_or_else(|| match self.module {
                Module::Enclave => missing("pcrs"),
                Module::Tpm => missing("nitrotpm_pcrs"),
            })?,
            certificate: self.certificate.ok_or_else(|| missing("a certificate"))?,
            cabundle: self.cabundle.ok_or_else(|| missing("a cabundle"))?,
            public_key: self.public_key.flatten(),
            user_data: self.user_data.flatten(),
            nonce: self.nonce.flatten(),
        })
    }
}

const AN_ENCLAVES: &str = "an enclave's document; this one is of a NitroTPM, another kind of evidence";
const A_TPMS: &str = "a NitroTPM document; this one is of an enclave, another kind of evidence";

fn module_id<'a>(reader: &mut Reader<'a>, module: Module) -> Result<&'a str, Error> {
    const WHAT: &str = "Nitro document: module_id";
    let at = reader.at();
    let id = cbor::text(reader, WHAT)?;
    if !(1..=128).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(at.error(ErrorKind::Value, WHAT, "1 to 128 visible ASCII characters"));
    }
    match module {
        Module::Enclave if has(id, b"-tpm") => Err(at.error(ErrorKind::Unsupported, WHAT, AN_ENCLAVES)),
        Module::Enclave if !has(id, b"-enc") => {
            Err(at.error(ErrorKind::Unsupported, WHAT, "the id of an enclave (with -enc)"))
        }
        Module::Tpm if has(id, b"-enc") => Err(at.error(ErrorKind::Unsupported, WHAT, A_TPMS)),
        Module::Tpm if !has(id, b"-tpm") => {
            Err(at.error(ErrorKind::Unsupported, WHAT, "the id of a NitroTPM (with -tpm)"))
        }
        _ => Ok(id),
    }
}

fn has(id: &str, part: &[u8; 4]) -> bool {
    id.as_bytes().windows(4).any(|window| window == part)
}

fn digest<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Error> {
    const WHAT: &str = "Nitro document: digest";
    let at = reader.at();
    let digest = cbor::text(reader, WHAT)?;
    if digest == "SHA384" { Ok(digest) } else { Err(at.error(ErrorKind::Unsupported, WHAT, "SHA384")) }
}

fn timestamp(reader: &mut Reader<'_>) -> Result<u64, Error> {
    const WHAT: &str = "Nitro document: timestamp";
    let at = reader.at();
    let timestamp = cbor::unsigned(reader, WHAT)?;
    if timestamp < FIRST_TIMESTAMP {
        return Err(at.error(ErrorKind::Value, WHAT, "milliseconds since 1970, not before 2019-10-28"));
    }
    Ok(timestamp)
}

/// The bank of PCRs of a kind of document.
#[derive(Clone, Copy)]
struct Bank {
    /// The key.
    what: &'static str,
    /// The number of PCRs, which are numbered from 0.
    count: usize,
    /// The indexes, in errors.
    index: &'static str,
    /// Whether a document must have all of them.
    is_whole: bool,
    /// The same, in errors.
    needed: &'static str,
}

const ENCLAVE: Bank = Bank {
    what: "Nitro document: pcrs",
    count: MAX_PCRS,
    index: "an index from 0 to 31",
    is_whole: false,
    needed: "at least one PCR",
};

const TPM: Bank = Bank {
    what: "Nitro document: nitrotpm_pcrs",
    count: NITROTPM_PCRS,
    index: "an index from 0 to 23",
    is_whole: true,
    needed: "all 24 PCRs of a TPM, 0 to 23",
};

fn pcrs<'a>(reader: &mut Reader<'a>, bank: Bank) -> Result<DocumentPcrs<'a>, Error> {
    let at = reader.at();
    let mut pcrs = DocumentPcrs::default();
    cbor::map(reader, 32, bank.what, |reader| pcrs.insert(bank, reader))?;
    let mut values = pcrs.0.iter().take(bank.count);
    let has_enough = match bank.is_whole {
        true => values.all(Option::is_some),
        false => values.any(Option::is_some),
    };
    if !has_enough {
        return Err(at.error(ErrorKind::Missing, bank.what, bank.needed));
    }
    Ok(pcrs)
}

/// A field chosen by the enclave: null, or bytes within the limit, possibly empty.
fn chosen<'a>(
    reader: &mut Reader<'a>,
    what: &'static str,
    limits: &Limits,
) -> Result<Option<&'a [u8]>, Error> {
    let at = reader.at();
    let value = cbor::bytes_or_null(reader, what)?;
    if value.is_some_and(|value| value.len() > limits.field_bytes) {
        return Err(at.error(
            ErrorKind::TooLarge,
            what,
            "a field within the limit (1024 bytes unless set otherwise)",
        ));
    }
    Ok(value)
}
