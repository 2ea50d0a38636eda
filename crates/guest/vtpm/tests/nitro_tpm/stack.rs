//! The TPM software stack, which cannot send the command.

use teeproof_twin::nitro_tpm::{NitroTpm, Settings};
use teeproof_vtpm::nitro_tpm::{NitroTpmError, nsm_exchange};
use teeproof_vtpm::{Class, Error, open};

#[test]
fn the_stack_says_that_it_sends_no_commands_of_vendors() {
    let twin = NitroTpm::start(&Settings::default()).unwrap();
    let mut tpm = open(&format!("tss:{}", twin.address()).parse().unwrap()).unwrap();
    let error = nsm_exchange(tpm.as_mut(), b"\x69GetRandom").unwrap_err();
    assert!(matches!(error, NitroTpmError::Tpm(Error::NoRawCommands { .. })), "{error:?}");
    assert_eq!(error.class(), Class::Usage);
    assert!(error.hint().contains("device:/dev/tpm0"), "{}", error.hint());
    assert_eq!(tpm.handles(0x0180_0000).unwrap(), [0_u32; 0]);
}
