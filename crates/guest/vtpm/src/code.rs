//! Response codes of a TPM (TPM_RC), with names and advice.
//!
//! Source: TCG TPM 2.0 Library, Part 2, section 6.6.

mod known;

use core::fmt;

pub use known::KNOWN;

/// A response code other than success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResponseCode(pub u32);

/// A code that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCode {
    /// The code without the number of the handle, parameter or session that it is about.
    pub code: u32,
    /// Its name in the specification.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// What a person can do.
    pub hint: &'static str,
}

impl ResponseCode {
    /// TPM_RC_VALUE.
    pub const VALUE: u32 = 0x084;
    /// TPM_RC_HANDLE: there is nothing at this handle.
    pub const HANDLE: u32 = 0x08b;
    /// TPM_RC_SIZE.
    pub const SIZE: u32 = 0x095;
    /// TPM_RC_POLICY_FAIL.
    pub const POLICY_FAIL: u32 = 0x09d;
    /// TPM_RC_FAILURE.
    pub const FAILURE: u32 = 0x101;
    /// TPM_RC_HASH: the TPM does not have this hash.
    pub const HASH: u32 = 0x083;
    /// TPM_RC_PCR_CHANGED.
    pub const PCR_CHANGED: u32 = 0x128;
    /// TPM_RC_COMMAND_CODE: the TPM does not have this command.
    pub const COMMAND_CODE: u32 = 0x143;
    /// TPM_RC_NV_RANGE.
    pub const NV_RANGE: u32 = 0x146;
    /// TPM_RC_NV_LOCKED.
    pub const NV_LOCKED: u32 = 0x148;
    /// TPM_RC_NV_AUTHORIZATION.
    pub const NV_AUTHORIZATION: u32 = 0x149;
    /// TPM_RC_NV_UNINITIALIZED.
    pub const NV_UNINITIALIZED: u32 = 0x14a;
    /// TPM_RC_NV_DEFINED.
    pub const NV_DEFINED: u32 = 0x14c;
    /// TPM_RC_YIELDED: the same command may succeed in a moment.
    pub const YIELDED: u32 = 0x908;
    /// TPM_RC_TESTING: the same command may succeed in a moment.
    pub const TESTING: u32 = 0x90a;
    /// TPM_RC_REFERENCE_H0 and the six after it: there is no object loaded at this handle.
    pub const REFERENCE_HANDLE: u32 = 0x910;
    /// TPM_RC_REFERENCE_S0 and the six after it: there is no session at this handle.
    pub const REFERENCE_SESSION: u32 = 0x918;
    /// TPM_RC_RETRY: the same command may succeed in a moment.
    pub const RETRY: u32 = 0x922;

    /// The code without the number of what it is about, and without the layer that a resource
    /// manager puts above it.
    #[must_use]
    pub const fn base(self) -> u32 {
        match self.0 & 0xfff {
            // Bit 7: format one. Bits 6 and 8 to 11 say what it is about, in no particular code.
            code if code & 0x80 != 0 => code & 0xbf,
            // In format zero all bits belong to the code, which is 0x100 and more for an error of
            // this version and 0x900 and more for a warning. Some warnings count within.
            0x910..=0x916 => Self::REFERENCE_HANDLE,
            0x918..=0x91e => Self::REFERENCE_SESSION,
            code => code,
        }
    }

    /// Whether the same command may succeed in a moment: the TPM is busy.
    #[must_use]
    pub const fn asks_for_patience(self) -> bool {
        matches!(self.base(), Self::RETRY | Self::YIELDED | Self::TESTING)
    }

    /// What the code is about, where it says so: handle, session or parameter, and its number.
    #[must_use]
    pub const fn about(self) -> Option<(&'static str, u32)> {
        let code = self.0 & 0xfff;
        if code & 0x80 == 0 {
            return match code {
                0x910..=0x916 => Some(("handle", code - 0x90f)),
                0x918..=0x91e => Some(("session", code - 0x917)),
                _ => None,
            };
        }
        let number = code >> 8;
        if code & 0x40 != 0 {
            Some(("parameter", number))
        } else if number & 8 != 0 {
            Some(("session", number & 7))
        } else if number != 0 {
            Some(("handle", number))
        } else {
            None
        }
    }

    /// Name, meaning and hint, if the code is known.
    #[must_use]
    pub fn known(self) -> Option<&'static KnownCode> {
        // A TPM's own code has twelve bits; the layers that hand codes of a TPM on are the TPM's, a resource
        // manager's and a resource manager's for the TPM (TSS 2.0 Overview, section 7).
        let layer = self.0 >> 12;
        if !matches!(layer, 0 | 0xb0 | 0xc0) {
            return None;
        }
        KNOWN.iter().find(|known| known.code == self.base())
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some(known) => write!(f, "{} ({:#05x}", known.name, self.0)?,
            None => write!(f, "a code without a name ({:#05x}", self.0)?,
        }
        if let Some((what, number)) = self.about() {
            write!(f, ", {what} {number}")?;
        }
        write!(f, ")")?;
        self.known().map_or(Ok(()), |known| write!(f, ": {}", known.meaning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_what_it_is_about() {
        let text = |code| ResponseCode(code).to_string();
        assert!(text(0x18b).starts_with("TPM_RC_HANDLE (0x18b, handle 1): "), "{}", text(0x18b));
        assert!(text(0x2d5).starts_with("TPM_RC_SIZE (0x2d5, parameter 2): "), "{}", text(0x2d5));
        assert!(text(0x98e).starts_with("TPM_RC_AUTH_FAIL (0x98e, session 1): "), "{}", text(0x98e));
        assert!(text(0x910).starts_with("TPM_RC_REFERENCE_H0 (0x910, handle 1): "), "{}", text(0x910));
        assert!(text(0x91e).contains("session 7"), "{}", text(0x91e));
        assert_eq!(text(0x500), "a code without a name (0x500)");
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(KNOWN.iter().all(|known| known.name.starts_with("TPM_RC_")));
        assert!(KNOWN.iter().all(|known| !known.meaning.is_empty() && !known.hint.is_empty()));
    }

    #[test]
    fn every_known_code_is_found_however_it_is_numbered() {
        for known in KNOWN {
            assert_eq!(ResponseCode(known.code).known(), Some(known), "{:#x}", known.code);
            if known.code & 0x80 == 0 {
                continue;
            }
            for about in (0..16).flat_map(|number| [number << 8, number << 8 | 0x40]) {
                assert_eq!(ResponseCode(known.code | about).known(), Some(known), "{about:#x}");
            }
        }
    }

    #[test]
    fn errors_and_warnings_of_one_number_are_told_apart() {
        let name = |code| ResponseCode(code).known().map(|known| known.name);
        assert_eq!(name(0x101), Some("TPM_RC_FAILURE"));
        assert_eq!(name(0x901), Some("TPM_RC_CONTEXT_GAP"));
        assert_eq!(name(0x120), Some("TPM_RC_DISABLED"));
        assert_eq!(name(0x920), Some("TPM_RC_NV_RATE"));
        assert_eq!(name(0x922), Some("TPM_RC_RETRY"));
        assert_eq!(name(0x0a2), Some("TPM_RC_BAD_AUTH"));
        // 0x9a2 is no warning: bit 7 makes it the first session's.
        assert_eq!(name(0x9a2), Some("TPM_RC_BAD_AUTH"));
        assert_eq!(name(0x01e), Some("TPM_RC_BAD_TAG"));
        assert_eq!(name(0x522), None);
    }

    #[test]
    fn the_layer_of_a_resource_manager_is_left_out() {
        assert_eq!(ResponseCode(0x000b_0143).known().map(|known| known.name), Some("TPM_RC_COMMAND_CODE"));
        assert_eq!(ResponseCode(0x000b_018b).about(), Some(("handle", 1)));
    }

    #[test]
    fn bits_above_the_format_make_a_code_unknown() {
        for code in [99_999, 0x1101, 0x8000_0101, 0x0001_0101, 0x0100_0101, 0x000b_1101] {
            assert_eq!(ResponseCode(code).known(), None, "{code:#x}");
        }
    }
}
