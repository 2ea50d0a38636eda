//! Object identifiers.

use std::borrow::Cow;

use super::der;

/// An object identifier, by the contents of its DER element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oid(Cow<'static, [u8]>);

impl Oid {
    /// id-ecPublicKey.
    pub const EC_PUBLIC_KEY: Self = Self::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]);
    /// The curve P-256 (prime256v1).
    pub const P256: Self = Self::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
    /// The curve P-384 (secp384r1).
    pub const P384: Self = Self::known(&[0x2b, 0x81, 0x04, 0x00, 0x22]);
    /// rsaEncryption.
    pub const RSA_ENCRYPTION: Self = Self::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]);
    /// id-mgf1.
    pub const MGF1: Self = Self::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08]);
    /// id-RSASSA-PSS.
    pub const RSASSA_PSS: Self = Self::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a]);
    /// sha256WithRSAEncryption.
    pub const SHA256_WITH_RSA: Self = Self::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]);
    /// sha384WithRSAEncryption.
    pub const SHA384_WITH_RSA: Self = Self::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c]);
    /// sha512WithRSAEncryption.
    pub const SHA512_WITH_RSA: Self = Self::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d]);
    /// id-sha256.
    pub const SHA256: Self = Self::known(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]);
    /// id-sha384.
    pub const SHA384: Self = Self::known(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02]);
    /// ecdsa-with-SHA256.
    pub const ECDSA_WITH_SHA256: Self = Self::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
    /// ecdsa-with-SHA384.
    pub const ECDSA_WITH_SHA384: Self = Self::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]);
    /// commonName.
    pub const COMMON_NAME: Self = Self::known(&[0x55, 0x04, 0x03]);
    /// countryName.
    pub const COUNTRY: Self = Self::known(&[0x55, 0x04, 0x06]);
    /// localityName.
    pub const LOCALITY: Self = Self::known(&[0x55, 0x04, 0x07]);
    /// stateOrProvinceName.
    pub const STATE: Self = Self::known(&[0x55, 0x04, 0x08]);
    /// organizationName.
    pub const ORGANIZATION: Self = Self::known(&[0x55, 0x04, 0x0a]);
    /// organizationalUnitName.
    pub const ORGANIZATIONAL_UNIT: Self = Self::known(&[0x55, 0x04, 0x0b]);
    /// subjectKeyIdentifier.
    pub const SUBJECT_KEY_IDENTIFIER: Self = Self::known(&[0x55, 0x1d, 0x0e]);
    /// keyUsage.
    pub const KEY_USAGE: Self = Self::known(&[0x55, 0x1d, 0x0f]);
    /// basicConstraints.
    pub const BASIC_CONSTRAINTS: Self = Self::known(&[0x55, 0x1d, 0x13]);
    /// cRLNumber.
    pub const CRL_NUMBER: Self = Self::known(&[0x55, 0x1d, 0x14]);
    /// certificatePolicies.
    pub const CERTIFICATE_POLICIES: Self = Self::known(&[0x55, 0x1d, 0x20]);
    /// extKeyUsage.
    pub const EXTENDED_KEY_USAGE: Self = Self::known(&[0x55, 0x1d, 0x25]);
    /// cRLDistributionPoints.
    pub const CRL_DISTRIBUTION_POINTS: Self = Self::known(&[0x55, 0x1d, 0x1f]);
    /// authorityKeyIdentifier.
    pub const AUTHORITY_KEY_IDENTIFIER: Self = Self::known(&[0x55, 0x1d, 0x23]);

    /// An identifier from its numbers, of which the first two go into one.
    #[must_use]
    pub fn new(numbers: &[u64]) -> Self {
        let (first, rest) = match numbers {
            [first, second, rest @ ..] => (first.wrapping_mul(40).wrapping_add(*second), rest),
            _ => (0, &[][..]),
        };
        let contents = core::iter::once(&first).chain(rest).flat_map(|&number| base128(number));
        Self(contents.collect())
    }

    /// The identifier as a DER element.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        der::element(0x06, &self.0)
    }

    const fn known(contents: &'static [u8]) -> Self {
        Self(Cow::Borrowed(contents))
    }
}

/// A number in groups of seven bits, of which all but the last have the top bit set.
fn base128(number: u64) -> Vec<u8> {
    let groups = (0..10).rev().map(|group| (number >> (7 * group)) & 0x7f);
    let mut out: Vec<u8> =
        groups.skip_while(|&group| group == 0).map(|group| 0x80 | group.to_le_bytes()[0]).collect();
    match out.last_mut() {
        Some(last) => *last &= 0x7f,
        None => out.push(0),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Oid;

    #[test]
    fn numbers_become_groups_of_seven_bits() {
        assert_eq!(Oid::new(&[1, 2, 840, 10045, 2, 1]), Oid::EC_PUBLIC_KEY);
        assert_eq!(Oid::new(&[1, 3, 132, 0, 34]), Oid::P384);
        assert_eq!(Oid::new(&[2, 5, 29, 19]).der(), [6, 3, 0x55, 0x1d, 0x13]);
    }
}
