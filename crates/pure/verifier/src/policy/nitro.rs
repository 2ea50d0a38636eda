//! The section `[nitro]`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use teeproof_core::{Absence, Technology};
use teeproof_nitro::{MaxAge, NitroPolicy, VerifiedDocument, checks};

use super::kinds::{Bytes, Fixed, Plain, YesNo, number};
use super::lines::Lines;
use super::node::Node;
use super::pcr_advice::volatile_in_nitro;
use super::pcrs::PcrTable;
use super::problems::{Problems, Reported};
use super::rule::AT_MOST;
use super::section::{Expected, Section};
use super::table::{FieldKind, PolicyKey, section, toml};

teeproof_nitro::nitro_policy_fields! { section }

/// Where the values are found.
type Source<'d, 'a> = &'d VerifiedDocument<'a>;

/// Reads the section.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<NitroPolicy<'static>, Reported> {
    let section = Section::open(node, &keys().collect::<Vec<_>>(), problems)?;
    fields(&section, problems)
}

fn pcrs(lines: &mut Lines<'_>, key: &str, found: &[&VerifiedDocument<'_>]) {
    let values = |one: &&VerifiedDocument<'_>| -> Vec<(u8, [u8; 48])> {
        one.document().pcrs.iter().map(|(index, pcr)| (index, *pcr)).collect()
    };
    let banks: Vec<_> = found.iter().map(values).collect();
    lines.pcrs(key, &banks, volatile_in_nitro, |index, _, value| unpinned(index, value));
}

/// Why a PCR with this value is not pinned. A PCR of zeros names no software, no role and no signer.
fn unpinned(index: u8, value: &[u8; 48]) -> Option<String> {
    let what = match index {
        3 => "no IAM role is measured",
        8 => "the image is not signed",
        _ => "nothing was measured",
    };
    (*value == [0; 48]).then(|| format!("zero: {what}"))
}

/// An age in seconds.
struct Age;

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
