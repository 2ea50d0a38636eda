//! The certificate and the private key that sign an image, and the signature section that they make.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustls_pki_types::pem::{PemObject, SectionKind};
use teeproof_eif::{CoseAlgorithm, SignatureError, SignatureSection, signature_section, to_be_signed};
use teeproof_rustcrypto::{SigningCurve, SigningKey};
use zeroize::Zeroizing;

use crate::input::source::Source;
use crate::output::fault::Fault;

/// What signs an image.
pub(super) struct ImageSigner {
    key: SigningKey,
    /// The certificate alone, in PEM: nothing else of its file comes into an image.
    certificate: String,
}

/// No private key has more bytes.
const MAX_KEY_BYTES: u64 = 64 << 10;

impl ImageSigner {
    /// Reads the certificate and the private key.
    pub(super) fn read(certificate: &Path, key: &Path, source: &Source) -> Result<Self, Fault> {
        let pem = Zeroizing::new(source.read(certificate)?);
        let certificate = certificate_of(&pem).map_err(|fault| fault.in_file(certificate.display()))?;
        let key = read_key(key).map_err(|fault| fault.in_file(key.display()))?;
        Ok(Self { key, certificate })
    }

    /// The signature section of an image with this PCR0.
    pub(super) fn section(&self, pcr0: &[u8; 48]) -> Result<Vec<u8>, Fault> {
        let algorithm = match self.key.curve() {
            SigningCurve::P256 => CoseAlgorithm::Es256,
            SigningCurve::P384 => CoseAlgorithm::Es384,
        };
        let signature = self.key.sign(&to_be_signed(pcr0, algorithm));
        let signature = signature.map_err(|_| Fault::internal("the image could not be signed"))?;
        let content = signature_section(self.certificate.as_bytes(), pcr0, algorithm, &signature);
        let section = SignatureSection::parse(&content).map_err(|error| {
            Fault::malformed(format!("signing certificate: {error}"), "give a certificate in PEM")
        })?;
        match section.verify(pcr0, &teeproof_aws_lc::TABLE) {
            Ok(_) => Ok(content),
            Err(error @ SignatureError::Certificate(_)) => {
                Err(Fault::malformed(error.to_string(), "give an X.509 certificate of version 3"))
            }
            Err(_) => Err(Fault::usage(
                "the private key is not that of the signing certificate",
                "give the certificate and the private key of one pair",
            )),
        }
    }
}

/// The first certificate of a PEM text, in PEM of its own.
fn certificate_of(pem: &[u8]) -> Result<String, Fault> {
    let mut first = None;
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
        match section {
            Ok((SectionKind::Certificate, der)) => _ = first.get_or_insert(der),
            Ok((_, content)) => drop(Zeroizing::new(content)),
            Err(_) => {
                return Err(Fault::malformed(
                    "expected a certificate in PEM, got damaged PEM",
                    "copy the file again",
                ));
            }
        }
    }
    let der = first.ok_or_else(|| {
        Fault::malformed(
            "expected a certificate in PEM, got none",
            "convert it: openssl x509 -inform DER -in FILE -out FILE.pem",
        )
    })?;
    let digits = <base64ct::Base64 as base64ct::Encoding>::encode_string(&der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str("-----END CERTIFICATE-----\n");
    Ok(out)
}

/// Reads a private key into memory that is erased.
fn read_key(path: &Path) -> Result<SigningKey, Fault> {
    let hint = "give the path of a private key in PEM; the key itself never stands on the command line";
    let file = File::open(path).map_err(|error| Fault::usage(format!("cannot be opened: {error}"), hint))?;
    let room = usize::try_from(MAX_KEY_BYTES).unwrap_or_default().saturating_add(2);
    // With room for all of it from the start: a growing buffer would leave copies behind.
    let mut pem = Zeroizing::new(Vec::with_capacity(room));
    let read = file.take(MAX_KEY_BYTES.saturating_add(1)).read_to_end(&mut pem);
    let read = read.map_err(|error| Fault::internal(format!("cannot be read: {error}")))?;
    if u64::try_from(read).is_ok_and(|read| read > MAX_KEY_BYTES) {
        return Err(Fault::malformed("expected a private key, got more than 64 KiB", hint));
    }
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(&pem) {
        let Ok((kind, der)) = section.map(|(kind, der)| (kind, Zeroizing::new(der))) else {
            return Err(Fault::malformed("expected a private key in PEM, got damaged PEM", hint));
        };
        if matches!(kind, SectionKind::PrivateKey | SectionKind::EcPrivateKey) {
            return SigningKey::from_der(&der).map_err(|error| {
                Fault::malformed(
                    error.to_string(),
                    "AWS verifies ES256, ES384 and ES512, and teeproof signs with the first two: make a key with openssl \
                     ecparam -name secp384r1 -genkey",
                )
            });
        }
    }
    Err(Fault::malformed(
        "expected a private key in PEM (PRIVATE KEY or EC PRIVATE KEY), got none",
        "decrypt an encrypted key first, with openssl pkcs8",
    ))
}
