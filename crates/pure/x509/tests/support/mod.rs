//! A chain for two validators: ours, and rustls-webpki over the same crypto table.

#![allow(dead_code, reason = "each test file uses its part")]

use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use std::time::Duration;
use teeproof_core::{BadSignature, Crypto, RsaKey, Time, VerifyEcdsa, VerifyRsa};
use teeproof_mint::x509::{Link, mint_chain};
use teeproof_wire::Reader;
use teeproof_wire::certificate::{Certificate, ecdsa_fixed};
use teeproof_wire::der::{self, tag};
use teeproof_x509::{
    AnchorKind, AnchoredPath, CachedSignatures, Error, MAX_CHAIN, SignatureBudget, SignatureChecks,
};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert};

/// A path as it is given, under a root that a relying party added.
pub(crate) fn verify_path<'a>(
    root: Certificate<'a>,
    below: &[Certificate<'a>],
    profile: &[&[u8]],
    cache: CachedSignatures<'_>,
    crypto: &Crypto,
) -> Result<AnchoredPath<'a>, Error> {
    let budget = SignatureBudget::new(MAX_CHAIN);
    let checks = SignatureChecks { crypto, cache, budget: &budget };
    teeproof_x509::verify_path(root, AnchorKind::Added, below, profile, &checks)
}

/// A chain, root first, as a relying party that pins the root holds it.
#[derive(Clone)]
pub(crate) struct Chain(pub(crate) Vec<Vec<u8>>);

impl Chain {
    pub(crate) fn mint(links: &[Link]) -> Self {
        Self(mint_chain(links).unwrap())
    }

    /// What our path check says, under both crypto tables.
    #[track_caller]
    pub(crate) fn ours(&self, at: i64, skew_secs: u32) -> Result<(), Error> {
        let tables = [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE];
        let [one, other] = tables.map(|table| self.ours_under(at, skew_secs, &table));
        assert_eq!(one, other, "the tables differ");
        one
    }

    fn ours_under(&self, at: i64, skew_secs: u32, crypto: &Crypto) -> Result<(), Error> {
        let parsed: Result<Vec<_>, _> = self.0.iter().map(|der| Certificate::parse(der)).collect();
        let parsed = parsed.map_err(|problem| Error {
            link: self.0.iter().position(|der| Certificate::parse(der).is_err()).unwrap(),
            problem: teeproof_x509::Problem::Malformed(problem),
        })?;
        let (root, below) = parsed.split_first().unwrap();
        verify_path(*root, below, &[], CachedSignatures::NONE, crypto)?
            .valid_at(Time(at), skew_secs)
            .map(drop)
    }

    /// What rustls-webpki says, with these algorithms and no demand on the extended key usage.
    pub(crate) fn theirs(
        &self,
        at: i64,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), webpki::Error> {
        let ders: Vec<_> = self.0.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        let (leaf, above) = ders.split_last().unwrap();
        let (root, intermediates) = above.split_first().unwrap();
        let anchors = [anchor_from_trusted_cert(root)?];
        let time = UnixTime::since_unix_epoch(Duration::from_secs(at.unsigned_abs()));
        EndEntityCert::try_from(leaf)?
            .verify_for_usage(algorithms, &anchors, intermediates, time, Any, None, None)
            .map(drop)
    }
}

/// Attestation keys have no extended key usage that webpki knows.
struct Any;

impl ExtendedKeyUsageValidator for Any {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// An entry of our table as webpki wants it: found by the bytes of two AlgorithmIdentifiers.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    verify: Verify,
}

#[derive(Clone, Copy)]
enum Verify {
    P256(&'static dyn VerifyEcdsa),
    P384(&'static dyn VerifyEcdsa),
    Rsa(&'static dyn VerifyRsa),
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} under {:?}", self.signature, self.key)
    }
}

impl SignatureVerificationAlgorithm for Entry {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let verified = match self.verify {
            Verify::P256(table) => ecdsa_fixed::<64>(signature)
                .ok_or(BadSignature)
                .and_then(|fixed| table.verify(key, &[message], &fixed)),
            Verify::P384(table) => ecdsa_fixed::<96>(signature)
                .ok_or(BadSignature)
                .and_then(|fixed| table.verify(key, &[message], &fixed)),
            Verify::Rsa(table) => rsa_key(key).and_then(|key| table.verify(key, &[message], signature)),
        };
        verified.map_err(|BadSignature| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

fn rsa_key(der: &[u8]) -> Result<RsaKey<'_>, BadSignature> {
    const WHAT: &str = "RSAPublicKey";
    Reader::all(der, 0, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            let modulus = der::tagged(reader, tag::INTEGER, WHAT)?.unsigned(WHAT)?;
            let exponent = der::tagged(reader, tag::INTEGER, WHAT)?.unsigned(WHAT)?;
            Ok(RsaKey { modulus, exponent })
        })
    })
    .map_err(|_| BadSignature)
}

/// The parameters of RSASSA-PSS with trailerField spelled out, as AMD's authorities write them.
const PSS_SHA384_WITH_TRAILER: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\
    \xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\
    \x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa2\x03\x02\x01\x30\xa3\x03\x02\x01\x01";

const TABLE: Crypto = teeproof_aws_lc::TABLE;

/// What webpki's own tables offer for these keys: one encoding for each algorithm.
pub(crate) const OFFERED: [Entry; 6] = [
    Entry {
        key: alg_id::ECDSA_P256,
        signature: alg_id::ECDSA_SHA256,
        verify: Verify::P256(TABLE.ecdsa_p256_sha256),
    },
    Entry {
        key: alg_id::ECDSA_P384,
        signature: alg_id::ECDSA_SHA384,
        verify: Verify::P384(TABLE.ecdsa_p384_sha384),
    },
    rsa(alg_id::RSA_PSS_SHA384, TABLE.rsa_pss_sha384),
    rsa(alg_id::RSA_PKCS1_SHA256, TABLE.rsa_pkcs1_sha256),
    rsa(alg_id::RSA_PKCS1_SHA384, TABLE.rsa_pkcs1_sha384),
    rsa(alg_id::RSA_PKCS1_SHA512, TABLE.rsa_pkcs1_sha512),
];

/// The entry that AMD's chains need besides.
pub(crate) const OTHER_PSS: Entry =
    rsa(AlgorithmIdentifier::from_slice(PSS_SHA384_WITH_TRAILER), TABLE.rsa_pss_sha384);

const fn rsa(signature: AlgorithmIdentifier, table: &'static dyn VerifyRsa) -> Entry {
    Entry { key: alg_id::RSA_ENCRYPTION, signature, verify: Verify::Rsa(table) }
}

/// Every entry that webpki's tables offer.
pub(crate) fn offered() -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    static ENTRIES: [Entry; 6] = OFFERED;
    ENTRIES.iter().map(|entry| -> &dyn SignatureVerificationAlgorithm { entry }).collect()
}

/// Those, and the other encoding of AMD's parameters.
pub(crate) fn with_other_pss() -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    static ENTRY: Entry = OTHER_PSS;
    let mut all = offered();
    all.push(&ENTRY);
    all
}
