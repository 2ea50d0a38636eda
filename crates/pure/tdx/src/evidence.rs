//! A quote with the certificates in it: parsed, unverified.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use rustls_pki_types::pem::{PemObject, SectionKind};
use teeproof_wire::OwnedCertificate;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::tdx::TdQuote;

use crate::pck::is_pck;
use crate::{CollateralCache, CollateralUrls, Error, PckCa, PckIdentity};

/// The vendor id of Intel's quoting enclaves, 939A7233-F79C-4CA9-940A-0DB3957F0607.
const INTEL_QE: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];

/// The beginning of a certificate in PEM (RFC 7468, section 5.1).
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A quote and the certificates of its certification data, unverified.
///
/// The certificates are decoded from PEM once, so that a [`crate::VerifiedQuote`] can borrow them.
#[derive(Clone, Debug)]
pub struct TdxEvidence<'a> {
    bytes: &'a [u8],
    quote: TdQuote<'a>,
    chain: Cow<'a, [OwnedCertificate<Vec<u8>>]>,
}

/// The bytes of a quote and the decoded certificates of its certification data, both borrowed; unverified.
///
/// For callers that own both, such as the parts of a file; [`TdxEvidence`] is for those that have the quote alone.
/// The certificates are candidates for the PCK chain, like those of the collateral: only their signatures count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TdxEvidenceView<'a> {
    bytes: &'a [u8],
    chain: &'a [OwnedCertificate<Vec<u8>>],
}

impl<'a> TdxEvidence<'a> {
    /// Parses a quote of version 4 or 5, and the PEM certificates in its certification data. At most 16 KiB.
    ///
    /// # Errors
    /// [`Error::Quote`] for bytes that are not a supported quote, [`Error::Vendor`] for another vendor's quoting
    /// enclave, [`Error::CertificationData`] for certification data without certificates,
    /// [`Error::Certificate`] or [`Error::Pem`] for malformed ones.
    pub fn parse(quote: &'a [u8]) -> Result<Self, Error> {
        let bytes = quote;
        let quote = of_intel(bytes)?;
        let chain = decode(pck_chain(&quote)?)?;
        Ok(Self { bytes, quote, chain: Cow::Owned(chain) })
    }

    /// Parses a quote as [`TdxEvidence::parse`] does, with the certificates from a cache if it has the PCK chain.
    ///
    /// # Errors
    /// As [`TdxEvidence::parse`].
    pub fn parse_with(quote: &'a [u8], cache: &'a CollateralCache) -> Result<Self, Error> {
        let bytes = quote;
        let quote = of_intel(bytes)?;
        let pem = pck_chain(&quote)?;
        let chain = match cache.pck_chain(pem) {
            Some(chain) => Cow::Borrowed(chain),
            None => Cow::Owned(decode(pem)?),
        };
        Ok(Self { bytes, quote, chain })
    }

    /// The quote, unverified.
    #[must_use]
    pub const fn quote(&self) -> &TdQuote<'a> {
        &self.quote
    }

    /// The certificates of the quote in their order, unverified.
    pub fn certificates(&self) -> impl Iterator<Item = Certificate<'_>> {
        self.chain.iter().map(OwnedCertificate::view)
    }

    /// The collateral of the platform and its addresses: see [`TdxEvidenceView::collateral_urls`].
    #[must_use]
    pub fn collateral_urls(&self) -> Option<CollateralUrls> {
        self.view().collateral_urls()
    }

    /// Quote and certificates, borrowed.
    #[must_use]
    pub fn view(&self) -> TdxEvidenceView<'_> {
        TdxEvidenceView { bytes: self.bytes, chain: &self.chain }
    }
}

impl<'a> TdxEvidenceView<'a> {
    /// The bytes of a quote, and the certificates that its certification data contain.
    #[must_use]
    pub const fn new(quote: &'a [u8], certificates: &'a [OwnedCertificate<Vec<u8>>]) -> Self {
        Self { bytes: quote, chain: certificates }
    }

    /// The bytes of the quote.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The certificates.
    pub(crate) const fn chain(&self) -> &'a [OwnedCertificate<Vec<u8>>] {
        self.chain
    }

    /// The collateral of the platform and its addresses, as the first PCK certificate of the quote says: unverified,
    /// for fetching collateral before the quote is verified. `None` if no certificate has a readable SGX extension and
    /// an issuer that is one of Intel's PCK authorities.
    #[must_use]
    pub fn collateral_urls(&self) -> Option<CollateralUrls> {
        self.certificates().filter(is_pck).find_map(|certificate| {
            let ca = PckCa::named(certificate.issuer())?;
            let fmspc = PckIdentity::of(&certificate).ok()?.fmspc;
            Some(CollateralUrls { fmspc, ca })
        })
    }

    /// The certificates, unverified.
    pub fn certificates(&self) -> impl Iterator<Item = Certificate<'a>> + use<'a> {
        self.chain.iter().map(OwnedCertificate::view)
    }

    /// Parses the quote, which must be of Intel's quoting enclave and have a PCK chain.
    pub(crate) fn quote(&self) -> Result<TdQuote<'a>, Error> {
        let quote = of_intel(self.bytes)?;
        // Without a certificate in it, the text lacks the PCK certificate; with one that nobody could decode, it is
        // malformed.
        let has_certificate = pck_chain(&quote)?.windows(CERTIFICATE.len()).any(|text| text == CERTIFICATE);
        if self.chain.is_empty() && has_certificate { Err(Error::Pem) } else { Ok(quote) }
    }
}

impl<'e> From<&'e TdxEvidence<'_>> for TdxEvidenceView<'e> {
    fn from(evidence: &'e TdxEvidence<'_>) -> Self {
        evidence.view()
    }
}

/// Parses a quote of Intel's quoting enclave.
fn of_intel(bytes: &[u8]) -> Result<TdQuote<'_>, Error> {
    let quote = TdQuote::parse(bytes).map_err(Error::Quote)?;
    if *quote.qe_vendor_id() == INTEL_QE { Ok(quote) } else { Err(Error::Vendor) }
}

/// The PEM of the PCK chain in the certification data.
fn pck_chain<'a>(quote: &TdQuote<'a>) -> Result<&'a [u8], Error> {
    let certification = &quote.certification;
    certification.pck_chain().ok_or(Error::CertificationData { kind: certification.kind })
}

/// The certificates of a PEM text.
fn decode(pem: &[u8]) -> Result<Vec<OwnedCertificate<Vec<u8>>>, Error> {
    let mut chain = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
        let (kind, der) = section.map_err(|_| Error::Pem)?;
        if kind == SectionKind::Certificate {
            chain.push(OwnedCertificate::parse(der).map_err(|(error, _)| Error::Certificate(error))?);
        }
    }
    Ok(chain)
}
