//! Parsers of a TPM key's certification and public area.

use teeproof_wire::tpm::{
    Attest, Certification, MAX_BYTES, MAX_PUBLIC_BYTES, RsaPublic, attest_bytes, public_bytes,
};

use super::{is_within, taken};
use crate::bounds;
use crate::cost::bounded;
use crate::quiet::{describe, says_something};

/// `attest_bytes` and `Certification::parse`: no quote is taken for a certification.
pub fn tpm_certification(input: &[u8]) -> bool {
    bounded(&bounds::TPM_CERTIFICATION, input.len(), || {
        let message = attest_bytes(input);
        let Some(read) = taken(Certification::parse(message), 0, message) else {
            return false;
        };
        assert!(message.len() <= MAX_BYTES && Attest::parse(message).is_err());
        for part in [read.head.qualified_signer, read.head.extra_data, read.name, read.qualified_name] {
            assert!(is_within(part, message) && part.len() <= 66);
        }
        // The names end it.
        assert!(message.ends_with(read.qualified_name));
        describe(&read);
        true
    })
}

/// `public_bytes` and `RsaPublic::parse`: a size in front changes nothing.
pub fn tpm_public(input: &[u8]) -> bool {
    let is_taken = bounded(&bounds::TPM_PUBLIC, input.len(), || public(input));
    if is_taken {
        let area = public_bytes(input);
        let size = u16::try_from(area.len()).unwrap_or_default().to_be_bytes();
        assert_eq!(public_bytes(&[&size, area].concat()), area);
    }
    is_taken
}

fn public(input: &[u8]) -> bool {
    let area = public_bytes(input);
    assert!(is_within(area, input) && matches!(input.len() - area.len(), 0 | 2));
    let Some(read) = taken(RsaPublic::parse(area), 0, area) else {
        return false;
    };
    assert_eq!(public_bytes(area), area, "a size inside of a size");
    assert!(area.len() <= MAX_PUBLIC_BYTES && area.ends_with(read.modulus));
    assert!(is_within(read.auth_policy, area) && is_within(read.modulus, area));
    assert!(matches!(read.auth_policy.len(), 0 | 20 | 32 | 48 | 64));
    assert_eq!(read.modulus.len() * 8, usize::from(read.key_bits));
    assert!(read.modulus[0] & 0x80 != 0 && read.exponent > 2 && read.exponent % 2 == 1);
    // Every attribute has a name, and the description has its value.
    assert!(says_something(&read.attributes));
    assert_eq!(area[4..8], read.attributes.bits().to_be_bytes());
    describe(&read);
    true
}
