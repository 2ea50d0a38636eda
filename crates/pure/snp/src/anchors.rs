//! AMD's root certificates (ARK) and intermediates (ASK, ASVK), pinned as whole certificates.
//!
//! Origin and hashes: `anchors/README.md`.

use teeproof_wire::snp::Product;
use teeproof_x509::{PinnedCertificate, PinnedCertificates, PinnedPair};

/// Declares the pinned certificates, one row for each product line: its name, and that of its files, which are
/// `ark-`, `ask-` and `asvk-` in `anchors`. A row that is missing here or in the table of product lines does not
/// compile.
macro_rules! pinned {
    ($($line:ident in $files:ident;)*) => {
        $(mod $files {
            pub(super) const ARK: &[u8] =
                include_bytes!(concat!("../anchors/ark-", stringify!($files), ".der"));
            pub(super) const ASK: &[u8] =
                include_bytes!(concat!("../anchors/ask-", stringify!($files), ".der"));
            pub(super) const ASVK: &[u8] =
                include_bytes!(concat!("../anchors/asvk-", stringify!($files), ".der"));
        })*

        /// The product lines of the rows, in the order of the certificates below.
        const LINES: [Product; Product::ALL.len()] = [$(Product::$line),*];

        /// The ARK of every supported product: the trust anchors, DER.
        pub const PINNED: [&[u8]; LINES.len()] = [$($files::ARK),*];

        /// The ASK and the ASVK of every supported product, DER, so that a VCEK or VLEK is the only
        /// certificate that a caller has to supply. Names, constraints and validity are checked as of any other.
        pub const PINNED_INTERMEDIATES: [&[u8]; 2 * LINES.len()] = [$($files::ASK,)* $($files::ASVK),*];

        /// The pinned certificates by common name, and the pairs of issuer and issued certificate: their signatures
        /// are verified by a test instead of each verification.
        pub(crate) const AMD: PinnedCertificates<'static> = PinnedCertificates {
            roots: &[$(named(concat!("ARK-", stringify!($line)), $files::ARK)),*],
            intermediates: &[
                $(named(concat!("SEV-", stringify!($line)), $files::ASK),)*
                $(named(concat!("SEV-VLEK-", stringify!($line)), $files::ASVK)),*
            ],
            pairs: &[
                $(PinnedPair { issuer: $files::ARK, issued: $files::ASK },)*
                $(PinnedPair { issuer: $files::ARK, issued: $files::ASVK }),*
            ],
        };
    };
}

pinned! {
    Milan in milan;
    Genoa in genoa;
    Turin in turin;
}

const fn named(common_name: &'static str, der: &'static [u8]) -> PinnedCertificate<'static> {
    PinnedCertificate::new(common_name, der)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use teeproof_wire::certificate::Certificate;
    use teeproof_wire::snp::AmdAuthority;
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

    /// Every product line has its root and both intermediates, by the names in the certificates.
    #[test]
    fn each_product_line_has_its_certificates() {
        assert_eq!(LINES, Product::ALL);
        let authority = |pinned: &PinnedCertificate<'_>| {
            let certificate = Certificate::parse(pinned.der()).unwrap();
            assert_eq!(certificate.subject().common_name(), Some(pinned.common_name()));
            AmdAuthority::from_common_name(pinned.common_name()).unwrap()
        };
        assert!(AMD.roots.iter().map(authority).eq(LINES.map(AmdAuthority::Ark)));
        let intermediates = LINES.map(AmdAuthority::Ask).into_iter().chain(LINES.map(AmdAuthority::Asvk));
        assert!(AMD.intermediates.iter().map(authority).eq(intermediates));
        assert!(AMD.roots.iter().map(PinnedCertificate::der).eq(PINNED));
        assert!(AMD.intermediates.iter().map(PinnedCertificate::der).eq(PINNED_INTERMEDIATES));
    }
}
