//! Commands sent as they are, and transports of one's own.

use std::io;

use teeproof_twin::swtpm::Swtpm;
use teeproof_vtpm::direct::{Direct, Transport};
use teeproof_vtpm::{Error, ResponseCode, Tpm};

/// TPM2_GetRandom of eight bytes.
const GET_RANDOM: [u8; 12] = [0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8];

#[test]
fn a_command_is_sent_and_answered_as_it_is() {
    let swtpm = Swtpm::start().unwrap();
    let mut tpm = Direct::open(&swtpm.address().parse().unwrap()).unwrap();
    let answer = tpm.transmit(&GET_RANDOM).unwrap();
    assert_eq!(answer[..12], [0x80, 0x01, 0, 0, 0, 20, 0, 0, 0, 0, 0, 8]);
    assert_ne!(answer, tpm.transmit(&GET_RANDOM).unwrap());
    // A refusal is an answer too: TPM_RC_COMMAND_CODE.
    let mut unknown = GET_RANDOM;
    unknown[6..10].fill(0x7f);
    assert_eq!(tpm.transmit(&unknown).unwrap(), [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x43]);
}

#[test]
fn several_clients_share_a_software_tpm() {
    let swtpm = Swtpm::start().unwrap();
    let mut clients = [0; 3].map(|_| Direct::open(&swtpm.address().parse().unwrap()).unwrap());
    for _ in 0..3 {
        for client in &mut clients {
            client.property(0x100).unwrap();
        }
    }
}

/// Asks for patience so many times, and then answers TPM2_FlushContext.
#[derive(Debug)]
struct Busy {
    code: u16,
    left: u32,
}

impl Transport for Busy {
    fn exchange(&mut self, _command: &[u8]) -> io::Result<Vec<u8>> {
        let code = if self.left == 0 { 0 } else { self.code };
        self.left = self.left.saturating_sub(1);
        Ok([&[0x80, 0x01, 0, 0, 0, 10, 0, 0][..], &code.to_be_bytes()].concat())
    }
}

#[test]
fn a_busy_tpm_is_asked_again_and_not_for_ever() {
    // TPM_RC_RETRY, TPM_RC_YIELDED, TPM_RC_TESTING.
    for code in [0x922, 0x908, 0x90a] {
        Direct::over(Busy { code, left: 3 }).flush(0x8000_0000).unwrap();
    }
    let error = Direct::over(Busy { code: 0x922, left: u32::MAX }).flush(0x8000_0000).unwrap_err();
    assert_eq!(error.code(), Some(ResponseCode::RETRY));
    // TPM_RC_LOCKOUT is no such code.
    let error = Direct::over(Busy { code: 0x921, left: 1 }).flush(0x8000_0000).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
}
