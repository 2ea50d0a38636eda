//! A twin in which something goes wrong: errors by their names, and nothing is left behind.

use teeproof_twin::nitro_tpm::Fault;
use teeproof_vtpm::nitro_tpm::{MESSAGE_BUFFER_BYTES, NitroTpmError};
use teeproof_vtpm::{Class, Error, Tpm};

use crate::instance::{NONCE, ask, direct, document, has, nothing_is_left, start};

/// The error under a fault, after which nothing is left.
fn error(fault: Fault) -> NitroTpmError {
    let twin = start(Some(fault));
    let error = ask(&twin.address()).expect_err("a fault");
    nothing_is_left(&mut direct(&twin));
    assert!(!error.hint().is_empty());
    error
}

#[test]
fn a_tpm_without_the_command() {
    let none = error(Fault::NoCommand);
    assert!(matches!(none, NitroTpmError::NoVendorCommand { by_resource_manager: false }), "{none:?}");
    assert_eq!(none.class(), Class::Device);
    assert!(none.to_string().contains("0x20000001"), "{none}");
    let withheld = error(Fault::ResourceManager);
    assert!(matches!(withheld, NitroTpmError::NoVendorCommand { by_resource_manager: true }), "{withheld:?}");
    assert!(withheld.hint().contains("device:/dev/tpm0"), "{}", withheld.hint());
}

#[test]
fn a_command_that_fails() {
    let failure = error(Fault::Failure);
    assert!(failure.to_string().contains("TPM2_VENDOR_AWS_NSM_REQUEST: the TPM refuses with TPM_RC_FAILURE"));
    assert!(matches!(failure, NitroTpmError::Tpm(Error::Refused { .. })), "{failure:?}");
}

#[test]
fn a_busy_tpm_gets_the_command_again() {
    let twin = start(Some(Fault::Retry));
    assert!(has(document(&ask(&twin.address()).unwrap()), &NONCE));
    nothing_is_left(&mut direct(&twin));
}

#[test]
fn a_response_under_another_key() {
    let wrong = error(Fault::ResponseHmac);
    assert!(
        matches!(wrong, NitroTpmError::ResponseHmac { command: "TPM2_VENDOR_AWS_NSM_REQUEST" }),
        "{wrong:?}"
    );
    assert_eq!(wrong.class(), Class::Malformed);
}

#[test]
fn a_response_that_is_cut() {
    let cut = error(Fault::ResponseCut);
    assert!(matches!(cut, NitroTpmError::Tpm(Error::Malformed { .. })), "{cut:?}");
    assert!(cut.to_string().contains("parameterSize"), "{cut}");
}

#[test]
fn an_answer_that_is_none() {
    assert!(matches!(error(Fault::NoAnswer), NitroTpmError::NoAnswer));
    let garbage = error(Fault::Garbage);
    assert!(matches!(garbage, NitroTpmError::Answer(_)), "{garbage:?}");
    assert!(garbage.to_string().contains("NSM answer: CBOR"), "{garbage}");
}

#[test]
fn an_answer_longer_than_the_buffer() {
    let long = error(Fault::TooLong);
    let NitroTpmError::AnswerTooLong { bytes, limit } = long else { panic!("{long:?}") };
    assert_eq!(limit, MESSAGE_BUFFER_BYTES);
    assert!(bytes > 60_000, "{bytes}");
}

/// The item is whole, since the buffer has other bytes behind: what is cut is the document, which its verifier notices.
#[test]
fn a_document_that_is_cut_is_one_with_other_bytes_at_its_end() {
    let twin = start(Some(Fault::Cut));
    let answer = ask(&twin.address()).unwrap();
    assert!(document(&answer).ends_with(&[0xff; 64]));
    nothing_is_left(&mut direct(&twin));
}

#[test]
fn an_index_that_another_program_takes_first() {
    let twin = start(Some(Fault::Taken));
    assert!(has(document(&ask(&twin.address()).unwrap()), &NONCE));
    // The other program's stays.
    assert_eq!(direct(&twin).handles(0x0180_0000).unwrap(), [0x0180_0000]);
}

#[test]
fn an_index_that_stays_is_named() {
    let twin = start(Some(Fault::Undefine));
    let left = ask(&twin.address()).unwrap_err();
    assert!(matches!(left, NitroTpmError::IndexLeft { index: 0x0180_0000, after: None, .. }), "{left:?}");
    assert!(left.hint().contains("tpm2_nvundefine -C o 0x01800000"), "{}", left.hint());
    let mut tpm = direct(&twin);
    assert_eq!(tpm.handles(0x0180_0000).unwrap(), [0x0180_0000]);
    assert_eq!(tpm.handles(0x0200_0000).unwrap(), [0_u32; 0], "its sessions do not");
}
