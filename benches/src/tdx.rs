//! A real TD quote under the collateral of its platform.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use teeproof_core::{Crypto, Freshness, Time};
use teeproof_tdx::{
    Collateral, CollateralCache, CollateralKind, Error, SignedJson, TdxEvidence, TdxVerification,
    VerifiedQuote, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{CachedSignatures, Revocation, SignatureCache};

use crate::ROOM;

/// A quote with its collateral as texts and DER, as a caching service hands them out.
#[derive(Debug)]
pub struct Tdx {
    /// The quote.
    pub quote: &'static [u8],
    /// Kind, signed JSON and signature of each document.
    documents: [(CollateralKind, String, String); 2],
    /// The TCB signing certificate and its root, PEM.
    signing_chain: String,
    /// The lists of the root and of the PCK authority, DER.
    lists: [Vec<u8>; 2],
}

/// Collateral that was parsed before.
#[derive(Debug)]
pub struct Parsed<'a> {
    documents: [SignedJson<'a>; 2],
    certificates: Vec<Certificate<'a>>,
    lists: [RevocationList<'a>; 2],
}

impl Tdx {
    /// 2025-06-20T00:00:00Z, when the collateral was current.
    pub const AT: Time = Time(1_750_377_600);

    /// The vector that is measured.
    #[must_use]
    pub fn sample() -> Self {
        let collateral: Value =
            serde_json::from_str(include_str!("../../testdata/tdx/collateral-v4.json")).expect("JSON");
        let text = |key: &str| collateral.get(key).and_then(Value::as_str).expect("a text").to_owned();
        let document = |kind, key: &str| (kind, text(key), text(&format!("{key}_signature")));
        Self {
            quote: include_bytes!("../../testdata/tdx/quote-v4.bin"),
            documents: [
                document(CollateralKind::TcbInfo, "tcb_info"),
                document(CollateralKind::QeIdentity, "qe_identity"),
            ],
            signing_chain: text("tcb_info_issuer_chain"),
            lists: ["root_ca_crl", "pck_crl"].map(|key| bytes(&text(key))),
        }
    }

    /// The certificates of the TCB signing chain, DER.
    #[must_use]
    pub fn certificates(&self) -> Vec<CertificateDer<'static>> {
        let all = CertificateDer::pem_slice_iter(self.signing_chain.as_bytes());
        all.map(|one| one.expect("a certificate")).collect()
    }

    /// Parses the collateral.
    #[must_use]
    pub fn parse<'a>(&'a self, certificates: &'a [CertificateDer<'static>]) -> Parsed<'a> {
        Parsed {
            documents: self.documents.each_ref().map(|(kind, body, signature)| {
                SignedJson::from_parts(*kind, body, signature).expect("a document")
            }),
            certificates: certificates
                .iter()
                .map(|der| Certificate::parse(der).expect("a certificate"))
                .collect(),
            lists: self.lists.each_ref().map(|list| RevocationList::parse(list).expect("a list")),
        }
    }

    /// Parses and verifies quote and collateral, with nothing cached, and passes the result on.
    pub fn verify<T>(&self, crypto: &Crypto<'_>, then: impl FnOnce(&VerifiedQuote<'_>) -> T) -> T {
        let certificates = self.certificates();
        let parsed = self.parse(&certificates);
        parsed.verify(self.quote, None, crypto, then).expect("genuine")
    }

    /// The caches of a relying party that has verified the quote before.
    #[must_use]
    pub fn caches(&self) -> Caches {
        let certificates = self.certificates();
        let parsed = self.parse(&certificates);
        let evidence = TdxEvidence::parse(self.quote).expect("a quote");
        let (mut signatures, mut collateral) = (SignatureCache::new(ROOM), CollateralCache::new(ROOM));
        let (first, second) = parsed
            .verify(self.quote, None, &teeproof_aws_lc::TABLE, |verified| {
                let first = signatures.new_signatures(verified.signatures());
                (first, collateral.new_collateral(&evidence, verified))
            })
            .expect("genuine");
        signatures.insert(first);
        collateral.insert(second);
        Caches { signatures, collateral }
    }
}

/// Caches of earlier verifications.
#[derive(Debug)]
pub struct Caches {
    signatures: SignatureCache,
    collateral: CollateralCache,
}

impl Parsed<'_> {
    /// Parses and verifies a quote under the collateral, and passes the result on.
    ///
    /// # Errors
    /// None, unless something is broken.
    pub fn verify<T>(
        &self,
        quote: &[u8],
        caches: Option<&Caches>,
        crypto: &Crypto<'_>,
        then: impl FnOnce(&VerifiedQuote<'_>) -> T,
    ) -> Result<T, Error> {
        let evidence = match caches {
            Some(Caches { collateral, .. }) => TdxEvidence::parse_with(quote, collateral)?,
            None => TdxEvidence::parse(quote)?,
        };
        let collateral = Collateral { documents: &self.documents, certificates: &self.certificates };
        let mut verification = TdxVerification::new(Freshness::Waived("a recorded vector"), Tdx::AT, crypto)
            .revocation(Revocation::Required(&self.lists));
        if let Some(Caches { signatures, collateral }) = caches {
            let signatures = CachedSignatures::from_cache(signatures);
            verification = verification.cache(signatures).collateral_cache(collateral);
        }
        let verified = verify(&evidence, &collateral, &verification, &mut ())?;
        Ok(then(&verified))
    }
}

/// The bytes of hexadecimal digits.
fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16);
    pairs.map(|pair| byte(pair).expect("hexadecimal digits")).collect()
}
