//! Short codes of classes, under which the suites count outcomes.

use teeproof_core::Class;

/// 0 of accepted evidence; malformed and unsupported are counted as one.
pub(crate) const fn code(class: Option<Class>) -> u8 {
    match class {
        None => 0,
        Some(Class::Malformed | Class::Unsupported) => 3,
        Some(Class::NotAuthentic) => 4,
        Some(Class::NotBound) => 5,
        Some(Class::Refused) => 6,
        Some(Class::Incomplete) => 7,
        Some(Class::Unappraised) => 10,
        Some(Class::NotShownFresh) => 11,
        Some(_) => 1,
    }
}
