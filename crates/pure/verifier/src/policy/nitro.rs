//! The section `[nitro]`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_nitro::{NitroPolicy, VerifiedDocument, checks};

use super::age::Age;
use super::computed::{ParentInstance, Role, Signer};
use super::kinds::{Bytes, Plain, YesNo};
use super::lines::Lines;
use super::node::Node;
use super::pcr_advice::volatile_in_nitro;
use super::pcrs::PcrTable;
use super::problems::{Problems, Reported};
use super::section::Section;
use super::table::{FieldKind, PolicyKey, section, toml};

teeproof_nitro::nitro_policy_fields! { section }

/// Where the values are found.
type Source<'d, 'a> = &'d VerifiedDocument<'a>;

/// Fields that say of a PCR from what it is computed, with that PCR: a section that names the PCR need not name them.
const COMPUTED: [(&str, &str); 3] = [("role", "3"), ("instance", "4"), ("signer", "8")];

/// Reads the section.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<NitroPolicy<'static>, Reported> {
    let section = Section::open_with_implied(node, &keys().collect::<Vec<_>>(), "pcrs", &COMPUTED, problems)?;
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
