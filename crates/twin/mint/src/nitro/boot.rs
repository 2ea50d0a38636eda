//! PCRs of a NitroTPM after a measured boot (TCG PC Client Platform Firmware Profile, section 3.3.4), SHA-384.

use crate::azure::{Guid, variable_data};
use crate::digest::sha384;

/// The PCR of this index: firmware and an image are measured, secure boot is off, and nothing was added to the
/// command line of the image.
pub(super) fn measured_boot(index: u64) -> [u8; 48] {
    let separator = sha384(&[&[0; 4]]);
    let named = |name: &str| sha384(&[name.as_bytes()]);
    let events = match index {
        0 => vec![named("teeproof-mint: firmware"), separator],
        1 => vec![named("teeproof-mint: firmware data"), separator],
        2 | 3 | 6 => vec![separator],
        4 => vec![
            named("Calling EFI Application from Boot Option"),
            separator,
            named("teeproof-mint: a unified kernel image"),
        ],
        5 => vec![separator, named("teeproof-mint: GPT")],
        7 => {
            let global = ["SecureBoot", "PK", "KEK"].map(|name| (Guid::GLOBAL_VARIABLE, name));
            let security = ["db", "dbx"].map(|name| (Guid::IMAGE_SECURITY, name));
            let variables = global.into_iter().chain(security).map(|(owner, name)| {
                let value: &[u8] = if name == "SecureBoot" { &[0] } else { &[] };
                sha384(&[&variable_data(owner, name, value)])
            });
            variables.chain([separator]).collect()
        }
        11 => vec![named("teeproof-mint: sections of the image")],
        _ => Vec::new(),
    };
    let start = if (17..=22).contains(&index) { [0xff; 48] } else { [0; 48] };
    events.iter().fold(start, |pcr, event| sha384(&[&pcr, event]))
}
