//! TPMA_OBJECT: what a key may do, and what may be done to it.

use core::fmt;

use super::super::u32_be;
use crate::fixed::flags;
use crate::{Error, ErrorKind, FieldValue, Reader};

flags! {
    /// The attributes of an object.
    ///
    /// Source: TCG TPM 2.0 Library, Part 2, section 8.3 (TPMA_OBJECT).
    ObjectAttributes: u32 {
        /// It can never leave its TPM.
        FIXED_TPM = 1,
        /// It is gone after a restart of the TPM, saved or not.
        ST_CLEAR = 2,
        /// It can never get another parent.
        FIXED_PARENT = 4,
        /// The TPM made its secret part: nobody brought it along.
        SENSITIVE_DATA_ORIGIN = 5,
        /// Its password allows its use; without this, its policy alone does.
        USER_WITH_AUTH = 6,
        /// Its policy alone allows what an administrator does.
        ADMIN_WITH_POLICY = 7,
        /// It is limited to one firmware of the TPM.
        FIRMWARE_LIMITED = 8,
        /// It is limited to firmware of one security version.
        SVN_LIMITED = 9,
        /// Wrong passwords do not lead to a lockout.
        NO_DA = 10,
        /// It leaves its TPM encrypted only.
        ENCRYPTED_DUPLICATION = 11,
        /// It works on structures of the TPM's alone.
        RESTRICTED = 16,
        /// It decrypts.
        DECRYPT = 17,
        /// It signs; a symmetric key encrypts.
        SIGN = 18,
        /// It signs certificates that the TPM puts together.
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
        /// The bits without a meaning, and what an error calls them.
        const RESERVED: &[(u32, &str)] = &[$((1 << $bit, concat!("TPMA_OBJECT: bit ", $bit))),*];
    };
}

reserved!(0 3 12 13 14 15 20 21 22 23 24 25 26 27 28 29 30 31);

impl ObjectAttributes {
    /// Reads the attributes; none may be set that has no meaning.
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
