//! What the stack says, in this crate's errors.

use std::io;

use tss_esapi::constants::response_code::Tss2ResponseCode;

use crate::{Error, ResponseCode};

// The low bits of TSS2_RC where a layer of the stack itself speaks: TCG TSS 2.0 Overview and Common
// Structures, section 3.3.
const BAD_SEQUENCE: u32 = 7;
const NO_CONNECTION: u32 = 8;
const TRY_AGAIN: u32 = 9;
const IO_ERROR: u32 = 10;
const BAD_VALUE: u32 = 11;
const BAD_SIZE: u32 = 16;
const MALFORMED_RESPONSE: u32 = 17;
const INSUFFICIENT_RESPONSE: u32 = 19;
const NOT_SUPPORTED: u32 = 21;
const RSP_AUTH_FAILED: u32 = 27;
/// The layer that reads and writes values. What is written is looked at before, so it is the answer
/// that it complains about.
const MARSHALLING: u32 = 9;

/// What went wrong in a command, all of whose parameters fit.
pub(super) fn of(command: &'static str, error: tss_esapi::Error) -> Error {
    match error {
        tss_esapi::Error::Tss2Error(code) => match number(code) {
            Some(code) if is_of_the_tpm(code) => {
                Error::Refused { command, code: ResponseCode(code & TPM_RC) }
            }
            Some(code) => own(command, code),
            None => stack(command, error.to_string()),
        },
        // tss-esapi could not make a value of its own from one of the answer.
        tss_esapi::Error::WrapperError(_) => {
            Error::Malformed { command, what: "a value that is not known there".to_owned() }
        }
    }
}

/// A request that does not fit into the command.
pub(super) const fn unfit(command: &'static str, what: String) -> Error {
    Error::Unfit { command, what }
}

/// TPM2_GetCapability returned another capability than the requested one.
pub(super) fn other_kind() -> Error {
    Error::Malformed { command: "TPM2_GetCapability", what: "another capability".to_owned() }
}

/// What an error says, in words, if they are known.
pub(super) fn words(error: tss_esapi::Error) -> String {
    match error {
        tss_esapi::Error::Tss2Error(code) => match number(code) {
            Some(code) if !is_of_the_tpm(code) => format!("{} ({code:#010x})", meaning(code)),
            Some(code) => ResponseCode(code & TPM_RC).to_string(),
            None => error.to_string(),
        },
        tss_esapi::Error::WrapperError(kind) => kind.to_string(),
    }
}

/// A layer of the stack failed, not the TPM.
fn own(command: &'static str, code: u32) -> Error {
    let text = format!("{} ({code:#010x})", meaning(code));
    match code & TPM_RC {
        _ if code >> 16 == MARSHALLING => Error::Malformed { command, what: text },
        NO_CONNECTION | IO_ERROR => Error::Io { command, source: io::Error::other(text) },
        TRY_AGAIN => Error::Silent { command },
        MALFORMED_RESPONSE | INSUFFICIENT_RESPONSE | RSP_AUTH_FAILED => {
            Error::Malformed { command, what: text }
        }
        _ => stack(command, text),
    }
}

const fn meaning(code: u32) -> &'static str {
    match code & TPM_RC {
        BAD_SEQUENCE => "it did not get over an earlier answer: open the TPM anew",
        NO_CONNECTION => "nobody is there",
        TRY_AGAIN => "no answer in time",
        IO_ERROR => "reading or writing failed",
        BAD_VALUE => "a value that it does not take",
        BAD_SIZE => "a size that it does not take",
        MALFORMED_RESPONSE => "bytes that are no answer",
        INSUFFICIENT_RESPONSE => "fewer bytes than an answer has",
        NOT_SUPPORTED => "it does not support this",
        RSP_AUTH_FAILED => "the authorization of the answer is wrong",
        _ => "it gives no more than a code",
    }
}

const fn stack(command: &'static str, message: String) -> Error {
    Error::Stack { command, message }
}

/// The bits of TSS2_RC without its layer.
const TPM_RC: u32 = 0xffff;

/// Whether the TPM speaks, itself or through a resource manager (layers 0, 11 and 12).
const fn is_of_the_tpm(code: u32) -> bool {
    // A TPM 2.0 sets bit 7 or bit 8. No layer of the stack does.
    matches!(code >> 16, 0 | 11 | 12) && code & 0x180 != 0
}

/// The number itself: tss-esapi gives it in text alone.
fn number(code: Tss2ResponseCode) -> Option<u32> {
    let text = match code {
        Tss2ResponseCode::FormatZero(code) => code.to_string(),
        Tss2ResponseCode::FormatOne(code) => code.to_string(),
        Tss2ResponseCode::Success => return None,
    };
    u32::from_str_radix(text.rsplit_once("0x")?.1, 16).ok()
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    fn said(code: u32) -> Error {
        of("TPM2_Test", tss_esapi::Error::Tss2Error(code.into()))
    }

    /// Whichever layer handed it on.
    #[test]
    fn every_code_of_a_tpm_comes_through_as_it_is() {
        for code in (0..0x1000).filter(|code| code & 0x180 != 0) {
            for layer in [0, 11, 12] {
                match said(layer << 16 | code) {
                    Error::Refused { code: kept, .. } => assert_eq!(kept.0, code, "{code:#x}"),
                    other => panic!("{code:#x}: {other}"),
                }
            }
        }
    }

    #[test]
    fn codes_of_the_stack_are_not_the_tpms() {
        assert!(matches!(said(0x000a_000a), Error::Io { .. }), "{:?}", said(0x000a_000a));
        assert!(matches!(said(0x000a_0009), Error::Silent { .. }), "{:?}", said(0x000a_0009));
        assert!(matches!(said(0x0008_0011), Error::Malformed { .. }), "{:?}", said(0x0008_0011));
        assert!(matches!(said(0x0009_0006), Error::Malformed { .. }), "{:?}", said(0x0009_0006));
        assert!(matches!(said(0x000b_0017), Error::Stack { .. }), "{:?}", said(0x000b_0017));
        let text = said(0x0007_0018).to_string();
        assert!(text.starts_with("TPM2_Test: the TPM software stack failed: "), "{text}");
        assert!(text.contains("0x00070018"), "{text}");
    }
}
