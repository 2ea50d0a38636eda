//! AMD's root certificates (ARK) and intermediates (ASK, ASVK), pinned as whole certificates.
//!
//! Origin and hashes: `anchors/README.md`.

use teeproof_x509::{PinnedCertificate, PinnedCertificates, PinnedPair};

const MILAN: &[u8] = include_bytes!("../anchors/ark-milan.der");
const GENOA: &[u8] = include_bytes!("../anchors/ark-genoa.der");
const TURIN: &[u8] = include_bytes!("../anchors/ark-turin.der");
const ASK_MILAN: &[u8] = include_bytes!("../anchors/ask-milan.der");
const ASK_GENOA: &[u8] = include_bytes!("../anchors/ask-genoa.der");
const ASK_TURIN: &[u8] = include_bytes!("../anchors/ask-turin.der");
const ASVK_MILAN: &[u8] = include_bytes!("../anchors/asvk-milan.der");
const ASVK_GENOA: &[u8] = include_bytes!("../anchors/asvk-genoa.der");
const ASVK_TURIN: &[u8] = include_bytes!("../anchors/asvk-turin.der");

/// The ARK of every supported product: the trust anchors, DER.
pub const PINNED: [&[u8]; 3] = [MILAN, GENOA, TURIN];

/// The ASK and the ASVK of every supported product, DER, so that a VCEK or VLEK is the only
/// certificate that a caller has to supply. Names, constraints and validity are checked as of any other.
pub const PINNED_INTERMEDIATES: [&[u8]; 6] =
    [ASK_MILAN, ASK_GENOA, ASK_TURIN, ASVK_MILAN, ASVK_GENOA, ASVK_TURIN];

/// The pinned certificates by common name, and the pairs of issuer and issued certificate: their six
/// signatures are verified by a test instead of each verification.
pub(crate) const AMD: PinnedCertificates<'static> = PinnedCertificates {
    roots: &[named("ARK-Milan", MILAN), named("ARK-Genoa", GENOA), named("ARK-Turin", TURIN)],
    intermediates: &[
        named("SEV-Milan", ASK_MILAN),
        named("SEV-Genoa", ASK_GENOA),
        named("SEV-Turin", ASK_TURIN),
        named("SEV-VLEK-Milan", ASVK_MILAN),
        named("SEV-VLEK-Genoa", ASVK_GENOA),
        named("SEV-VLEK-Turin", ASVK_TURIN),
    ],
    pairs: &[
        PinnedPair { issuer: MILAN, issued: ASK_MILAN },
        PinnedPair { issuer: GENOA, issued: ASK_GENOA },
        PinnedPair { issuer: TURIN, issued: ASK_TURIN },
        PinnedPair { issuer: MILAN, issued: ASVK_MILAN },
        PinnedPair { issuer: GENOA, issued: ASVK_GENOA },
        PinnedPair { issuer: TURIN, issued: ASVK_TURIN },
    ],
};

const fn named(common_name: &'static str, der: &'static [u8]) -> PinnedCertificate<'static> {
    PinnedCertificate::new(common_name, der)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use teeproof_wire::certificate::Certificate;
    use teeproof_x509::verify_signature;

    /// Nothing verifies these signatures at run time, so this is where they are verified.
    #[test]
    fn each_root_signed_its_intermediates() {
        for PinnedPair { issuer, issued } in AMD.pairs {
            let (root, issued) = (Certificate::parse(issuer).unwrap(), Certificate::parse(issued).unwrap());
            for crypto in [&teeproof_aws_lc::TABLE, &teeproof_rustcrypto::TABLE] {
                let (tbs, signature) = (issued.tbs(), issued.signature());
                let valid = verify_signature(root.public_key(), issued.algorithm(), tbs, signature, crypto);
                assert_eq!(valid, Ok(()));
            }
        }
        assert_eq!(AMD.pairs.len(), PINNED_INTERMEDIATES.len());
    }

    #[test]
    fn pinned_certificates_are_consistent() {
        for pinned in AMD.roots.iter().chain(AMD.intermediates) {
            assert!(pinned.is_consistent(), "{}", pinned.common_name());
        }
    }
}
