//! The greatest age of a Nitro document, in seconds.

use alloc::string::String;
use alloc::vec::Vec;

use teeproof_core::Absence;
use teeproof_nitro::MaxAge;

use super::kinds::number;
use super::problems::{Problems, Reported};
use super::rule::AT_MOST;
use super::section::{Expected, Section};
use super::table::FieldKind;

/// An age in seconds.
pub(super) struct Age;

impl FieldKind for Age {
    type Field = MaxAge<'static>;

    fn label() -> String {
        "seconds".into()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        Vec::from([AT_MOST])
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<MaxAge<'static>, Reported> {
        Ok(match section.expected(key, "an age in seconds", &[AT_MOST], problems)? {
            Expected::Word(_, node, line) => {
                MaxAge::AtMost { secs: number(&node, problems, u32::MAX.into())?, line: Some(line) }
            }
            Expected::Waived(waiver) => MaxAge::Waived(waiver),
        })
    }
}
