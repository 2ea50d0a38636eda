//! Distinguished names of the vendors' CAs: every attribute is compared, in any order.

use teeproof_wire::certificate::Name;

use super::Unfit;

/// The attributes of a vendor's names besides the common name: the last octet of 2.5.4, the letters, the value.
pub(crate) type Vendor = &'static [(u8, &'static str, &'static str)];

/// AMD (document 57230, section 5).
pub(crate) const AMD: Vendor = &[
    (11, "OU", "Engineering"),
    (6, "C", "US"),
    (7, "L", "Santa Clara"),
    (8, "ST", "CA"),
    (10, "O", "Advanced Micro Devices"),
];

/// Intel ("Intel SGX PCK Certificate and Certificate Revocation List Profile Specification", section 1.3).
pub(crate) const INTEL: Vendor =
    &[(10, "O", "Intel Corporation"), (7, "L", "Santa Clara"), (8, "ST", "CA"), (6, "C", "US")];

/// Compares a name with a vendor's name of this common name.
pub(crate) fn named(what: &str, name: Name<'_>, vendor: Vendor, common_name: &str) -> Result<(), Unfit> {
    if is_named(name, vendor, common_name) {
        return Ok(());
    }
    let others: String = vendor.iter().map(|(_, letters, value)| format!(", {letters}={value}")).collect();
    Err(Unfit::Mismatch(format!("{what}: expected CN={common_name}{others}, got {name}")))
}

/// Whether a name has these attributes and no others.
pub(crate) fn is_named(name: Name<'_>, vendor: Vendor, common_name: &str) -> bool {
    let has = |(last, _, value): &(u8, &str, &str)| {
        name.attributes().any(|one| one.oid == [0x55, 0x04, *last] && one.contents == value.as_bytes())
    };
    let expected = vendor.len().saturating_add(1);
    name.common_name() == Some(common_name) && vendor.iter().all(has) && name.attributes().count() == expected
}
