//! Boot applications by the events of PCR 4.
//!
//! An event's type is not measured, and an application's digest is not the hash of its event's data. So every
//! measured digest is an application's, except the few known digests of other events: no event type can hide
//! an application.

use teeproof_wire::eventlog::Event;

/// The PCR of boot applications.
pub(super) const PCR: u8 = 4;

/// An application that the firmware or a boot loader measured before starting it.
///
/// Its path is part of the event's data, which is not authenticated, and not given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootApplication<'a> {
    /// The SHA-256 Authenticode digest.
    pub digest: &'a [u8; 32],
    /// The offset of its record in the log, in bytes.
    pub offset: usize,
}

/// The SHA-256 digests of events of PCR 4 that are not boot applications.
const KNOWN: [[u8; 32]; 4] = [
    // The separator, 00000000.
    [
        0xdf, 0x3f, 0x61, 0x98, 0x04, 0xa9, 0x2f, 0xdb, 0x40, 0x57, 0x19, 0x2d, 0xc4, 0x3d, 0xd7, 0x48, 0xea,
        0x77, 0x8a, 0xdc, 0x52, 0xbc, 0x49, 0x8c, 0xe8, 0x05, 0x24, 0xc0, 0x14, 0xb8, 0x11, 0x19,
    ],
    // The separator of a firmware that failed, FFFFFFFF.
    [
        0xad, 0x95, 0x13, 0x1b, 0xc0, 0xb7, 0x99, 0xc0, 0xb1, 0xaf, 0x47, 0x7f, 0xb1, 0x4f, 0xcf, 0x26, 0xa6,
        0xa9, 0xf7, 0x60, 0x79, 0xe4, 0x8b, 0xf0, 0x90, 0xac, 0xb7, 0xe8, 0x36, 0x7b, 0xfd, 0x0e,
    ],
    // "Calling EFI Application from Boot Option".
    [
        0x3d, 0x67, 0x72, 0xb4, 0xf8, 0x4e, 0xd4, 0x75, 0x95, 0xd7, 0x2a, 0x2c, 0x4c, 0x5f, 0xfd, 0x15, 0xf5,
        0xbb, 0x72, 0xc7, 0x50, 0x7f, 0xe2, 0x6f, 0x2a, 0xae, 0xe2, 0xc6, 0x9d, 0x56, 0x33, 0xba,
    ],
    // "Returning from EFI Application from Boot Option".
    [
        0x70, 0x44, 0xf0, 0x63, 0x03, 0xe5, 0x4f, 0xa9, 0x6c, 0x3f, 0xcd, 0x1a, 0x0f, 0x11, 0x04, 0x7c, 0x03,
        0xd2, 0x09, 0x07, 0x44, 0x70, 0xb1, 0xfd, 0x60, 0x46, 0x0c, 0x9f, 0x00, 0x7e, 0x28, 0xa6,
    ],
];

pub(super) fn applications<'a>(
    events: impl Iterator<Item = Event<'a>>,
) -> impl Iterator<Item = BootApplication<'a>> {
    events.filter_map(|event| {
        let digest = event.sha256().filter(|digest| !KNOWN.contains(digest))?;
        Some(BootApplication { digest, offset: event.offset })
    })
}

#[cfg(test)]
mod tests {
    use super::KNOWN;
    use sha2::{Digest, Sha256};

    #[test]
    fn known_digests() {
        let texts: [&[u8]; 4] = [
            &[0; 4],
            &[0xff; 4],
            b"Calling EFI Application from Boot Option",
            b"Returning from EFI Application from Boot Option",
        ];
        assert_eq!(texts.map(|text| <[u8; 32]>::from(Sha256::digest(text))), KNOWN);
    }
}
