//! The section `[nitro-tpm]`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_nitro::nitrotpm::{
    NitroTpmPolicy, PCR_SEPARATOR_ONLY, PCR7_WITHOUT_SECURE_BOOT, VerifiedNitroTpm, checks,
};

use super::age::Age;
use super::computed::Instance;
use super::kinds::{Bytes, Plain, YesNo};
use super::lines::Lines;
use super::node::Node;
use super::pcr_advice::{is_reset, volatile_in_nitro_tpm};
use super::pcrs::WholeBank;
use super::problems::{Problems, Reported};
use super::section::Section;
use super::table::{FieldKind, PolicyKey, section, toml};

teeproof_nitro::nitrotpm_policy_fields! { section }

/// Where the values are found.
type Source<'d, 'a> = &'d VerifiedNitroTpm<'a>;

/// Reads the section.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<NitroTpmPolicy<'static>, Reported> {
    let section = Section::open(node, &keys().collect::<Vec<_>>(), problems)?;
    fields(&section, problems)
}

fn pcrs(lines: &mut Lines<'_>, key: &str, found: &[&VerifiedNitroTpm<'_>]) {
    let values = |one: &&VerifiedNitroTpm<'_>| -> Vec<(u8, [u8; 48])> {
        one.document().pcrs().iter().map(|(index, pcr)| (index, *pcr)).collect()
    };
    let banks: Vec<_> = found.iter().map(values).collect();
    lines.pcrs(key, &banks, volatile_in_nitro_tpm, |index, _, value| unpinned(index, value));
}

/// Why a PCR with this value is not pinned. PCR12 is pinned at zero as well: an attestable AMI's command line is part
/// of the image that PCR4 measures, and PCR12 shows what was added to it.
fn unpinned(index: u8, value: &[u8; 48]) -> Option<String> {
    match index {
        12 => None,
        7 if *value == PCR7_WITHOUT_SECURE_BOOT => {
            Some("secure boot is off, and has no keys: every such instance has this value".to_string())
        }
        _ if is_reset(value) => Some("not extended: nothing was measured".to_string()),
        _ if *value == PCR_SEPARATOR_ONLY => {
            Some("the firmware's separator alone: nothing else was measured".to_string())
        }
        4 | 7 => None,
        _ => Some(format!("{}: PCR4, PCR7 and PCR12 say what runs", measured(index))),
    }
}

/// What extends a PCR on an instance with an ordinary boot loader.
const fn measured(index: u8) -> &'static str {
    match index {
        8 => "the boot loader extends it with commands and the command line",
        9 => "the boot loader extends it with files, systemd with the initrd",
        11 => "systemd extends it with the kernel image and the boot phase",
        13 => "systemd extends it with system extensions",
        14 => "shim extends it with the MOK lists",
        15 => "systemd extends it with the machine id and volume keys",
        _ => "no event log explains it",
    }
}
