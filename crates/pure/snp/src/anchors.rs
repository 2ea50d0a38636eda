//! AMD's root keys, pinned by their whole certificates, and the intermediates that go with them.
//!
//! Origin and hashes: `anchors/README.md`.

/// The ARK of every supported product: the trust anchors, DER.
pub const PINNED: [&[u8]; 3] = [
    include_bytes!("../anchors/ark-milan.der"),
    include_bytes!("../anchors/ark-genoa.der"),
    include_bytes!("../anchors/ark-turin.der"),
];

/// The common names of [`PINNED`], so that only the one that is asked for has to be read.
pub(crate) const PINNED_NAMES: [&str; 3] = ["ARK-Milan", "ARK-Genoa", "ARK-Turin"];

/// The common names of [`KNOWN_INTERMEDIATES`].
pub(crate) const INTERMEDIATE_NAMES: [&str; 3] = ["SEV-Milan", "SEV-Genoa", "SEV-Turin"];

/// The ASK of every supported product, DER, so that a VCEK alone is endorsement enough. They are
/// a convenience: each is verified under its ARK like one that came with the evidence.
pub const KNOWN_INTERMEDIATES: [&[u8]; 3] = [
    include_bytes!("../anchors/ask-milan.der"),
    include_bytes!("../anchors/ask-genoa.der"),
    include_bytes!("../anchors/ask-turin.der"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use teeproof_wire::certificate::Certificate;
    use teeproof_x509::verify_signature;

    /// Nothing verifies these signatures at run time, so this is where they are verified.
    #[test]
    fn each_root_signed_its_intermediate() {
        for (root, issued) in PINNED.into_iter().zip(KNOWN_INTERMEDIATES) {
            let (root, issued) = (Certificate::parse(root).unwrap(), Certificate::parse(issued).unwrap());
            for crypto in [&teeproof_aws_lc::TABLE, &teeproof_rustcrypto::TABLE] {
                let (tbs, signature) = (issued.tbs(), issued.signature());
                let held = verify_signature(root.public_key(), issued.algorithm(), tbs, signature, crypto);
                assert_eq!(held, Ok(()));
            }
        }
    }

    #[test]
    fn the_names_are_those_of_the_certificates() {
        let ders = PINNED.into_iter().chain(KNOWN_INTERMEDIATES);
        for (der, name) in ders.zip(PINNED_NAMES.into_iter().chain(INTERMEDIATE_NAMES)) {
            assert_eq!(Certificate::parse(der).unwrap().subject().common_name(), Some(name));
        }
    }
}
