//! TPMA_OBJECT: the attributes of a key.

use core::fmt;

use super::super::u32_be;
use crate::fixed::flags;
use crate::{Error, ErrorKind, FieldValue, Reader};

flags! {
    /// The attributes of an object, 4 bytes; reserved bits are zero.
    ///
    /// Source: TCG TPM 2.0 Library, Part 2, section 8.3 (TPMA_OBJECT).
    ObjectAttributes: u32 {
        /// `fixedTPM`: the object cannot be duplicated, so it never leaves its TPM.
        FIXED_TPM = 1,
        /// `stClear`: saved contexts of the object become invalid when the TPM is reset or restarted.
        ST_CLEAR = 2,
        /// `fixedParent`: the parent of the object cannot be changed.
        FIXED_PARENT = 4,
        /// `sensitiveDataOrigin`: the TPM generated the sensitive data of the object, except the password.
        SENSITIVE_DATA_ORIGIN = 5,
        /// `userWithAuth`: the password authorises its use; if clear, only the policy does.
        USER_WITH_AUTH = 6,
        /// `adminWithPolicy`: only the policy authorises commands of the ADMIN role.
        ADMIN_WITH_POLICY = 7,
        /// `firmwareLimited`: the object is bound to the firmware of the TPM.
        FIRMWARE_LIMITED = 8,
        /// `svnLimited`: the object is bound to the security version of the firmware.
        SVN_LIMITED = 9,
        /// `noDA`: the object is not subject to dictionary-attack protection.
        NO_DA = 10,
        /// `encryptedDuplication`: duplication requires encryption and a new parent.
        ENCRYPTED_DUPLICATION = 11,
        /// `restricted`: a signing key signs no external data in the format of TPM structures; a decryption key
        /// is a storage parent.
        RESTRICTED = 16,
        /// `decrypt`: the private part can decrypt.
        DECRYPT = 17,
        /// `sign/encrypt`: the private part can sign; a symmetric key can encrypt.
        SIGN = 18,
        /// `x509sign`: the key signs certificates of TPM2_CertifyX509 only.
        X509_SIGN = 19,
    }
}

/// The specification's names, ascending.
const NAMES: [(ObjectAttributes, &str); 14] = [
    (ObjectAttributes::FIXED_TPM, "fixedTPM"),
    (ObjectAttributes::ST_CLEAR, "stClear"),
    (ObjectAttributes::FIXED_PARENT, "fixedParent"),
    (ObjectAttributes::SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin"),
    (ObjectAttributes::USER_WITH_AUTH, "userWithAuth"),
    (ObjectAttributes::ADMIN_WITH_POLICY, "adminWithPolicy"),
    (ObjectAttributes::FIRMWARE_LIMITED, "firmwareLimited"),
    (ObjectAttributes::SVN_LIMITED, "svnLimited"),
    (ObjectAttributes::NO_DA, "noDA"),
    (ObjectAttributes::ENCRYPTED_DUPLICATION, "encryptedDuplication"),
    (ObjectAttributes::RESTRICTED, "restricted"),
    (ObjectAttributes::DECRYPT, "decrypt"),
    (ObjectAttributes::SIGN, "sign"),
    (ObjectAttributes::X509_SIGN, "x509sign"),
];

macro_rules! reserved {
    ($($bit:literal)*) => {
        /// The reserved bits, and their names in errors.
        const RESERVED: &[(u32, &str)] = &[$((1 << $bit, concat!("TPMA_OBJECT: bit ", $bit))),*];
    };
}

reserved!(0 3 12 13 14 15 20 21 22 23 24 25 26 27 28 29 30 31);

impl ObjectAttributes {
    /// Reads the attributes; reserved bits must be zero.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let at = reader.at();
        let attributes = Self::from_bits(u32_be(reader, "TPMT_PUBLIC: objectAttributes")?);
        match RESERVED.iter().find(|(bit, _)| attributes.bits() & bit != 0) {
            Some((_, what)) => Err(at.error(ErrorKind::Value, what, "0, for it is reserved")),
            None => Ok(attributes),
        }
    }
}

impl FieldValue for ObjectAttributes {}

/// `fixedTPM fixedParent decrypt`, as the specification calls them.
impl fmt::Display for ObjectAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        let mut separator = "";
        for (_, name) in NAMES.iter().filter(|(attribute, _)| self.contains(*attribute)) {
            write!(f, "{separator}{name}")?;
            separator = " ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_bit_has_a_name_or_is_reserved() {
        let named = NAMES.iter().fold(0, |bits, (attribute, _)| bits | attribute.bits());
        let reserved = RESERVED.iter().fold(0, |bits, (bit, _)| bits | bit);
        assert_eq!((named | reserved, named & reserved), (u32::MAX, 0));
        assert_eq!(
            NAMES.map(|(attribute, _)| attribute)[..],
            ObjectAttributes::NAMED.iter().map(|(attribute, _)| *attribute).collect::<std::vec::Vec<_>>()
        );
        assert_eq!(NAMES.len() + RESERVED.len(), 32);
    }

    #[test]
    fn attributes_are_shown_by_their_names() {
        assert_eq!(ObjectAttributes::from_bits(0).to_string(), "none");
        let some = ObjectAttributes::FIXED_TPM | ObjectAttributes::NO_DA | ObjectAttributes::SIGN;
        assert_eq!(some.to_string(), "fixedTPM noDA sign");
    }
}
