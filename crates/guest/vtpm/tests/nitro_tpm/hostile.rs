//! A TPM that answers anything: each response of an exchange in turn is cut, grown or replaced. Every run ends with an
//! error or the right answer, allocates little, and leaves nothing behind unless the TPM refuses to undefine the index.

use std::io;
use std::sync::{Arc, Mutex};

use allocation_counter::measure;
use teeproof_twin::nitro_tpm::Running;
use teeproof_vtpm::Tpm;
use teeproof_vtpm::direct::{Direct, Transport};
use teeproof_vtpm::nitro_tpm::{NitroTpmError, nsm_exchange};

use crate::instance::{NONCE, direct, document, has, nothing_is_left, request, start};

/// More than an exchange takes, and less than any length that a response can state would.
const MOST_BYTES_AT_ONCE: u64 = 256 << 10;
/// TPM2_NV_UndefineSpace.
const UNDEFINE: [u8; 4] = [0, 0, 1, 0x22];

/// TPM2_NV_DefineSpace.
const DEFINE: [u8; 4] = [0, 0, 1, 0x2a];
/// TPM2_StartAuthSession.
const START: [u8; 4] = [0, 0, 1, 0x76];
const REFUSAL: &str = "a refusal without a meaning";

/// A change of a response.
type Change = fn(&mut Vec<u8>);

/// The TPM with one response changed.
#[derive(Debug)]
struct Changing {
    tpm: Direct,
    /// The number of the response to change.
    at: usize,
    change: Change,
    log: Arc<Mutex<Vec<[u8; 4]>>>,
}

impl Transport for Changing {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let mut log = self.log.lock().unwrap();
        let number = log.len();
        log.push(command[6..10].try_into().unwrap());
        let mut response = self.tpm.transmit(command).map_err(io::Error::other)?;
        if number == self.at {
            (self.change)(&mut response);
        }
        Ok(response)
    }
}

/// An exchange with one response changed: its outcome, and the codes of its commands.
fn exchange(twin: &Running, at: usize, change: Change) -> (Result<Vec<u8>, NitroTpmError>, Vec<[u8; 4]>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut tpm = Direct::over(Changing { tpm: direct(twin), at, change, log: log.clone() });
    let request = request(None, Some(&NONCE), None);
    let mut outcome = None;
    let used = measure(|| outcome = Some(nsm_exchange(&mut tpm, &request)));
    assert!(used.bytes_max < MOST_BYTES_AT_ONCE, "{at}: {} bytes", used.bytes_max);
    let codes = log.lock().unwrap().clone();
    (outcome.unwrap().map(|answer| answer.to_vec()), codes)
}

/// States the size that the response has.
fn restate(response: &mut [u8]) {
    let size = u32::try_from(response.len()).unwrap().to_be_bytes();
    if let Some(field) = response.get_mut(2..6) {
        field.copy_from_slice(&size);
    }
}

const CHANGES: [(&str, Change); 10] = [
    ("empty", |response| response.clear()),
    ("a header in part", |response| response.truncate(7)),
    ("cut at the end", |response| {
        response.pop();
    }),
    ("cut at the end, and said to be", |response| {
        response.pop();
        restate(response);
    }),
    ("longer", |response| {
        response.push(0);
        restate(response);
    }),
    ("said to have 4 GiB", |response| response[2..6].fill(0xff)),
    ("every length the largest", |response| {
        response[10..].fill(0xff);
    }),
    ("nothing but zeros", |response| response[10..].fill(0)),
    ("a bit of the last byte", |response| *response.last_mut().unwrap() ^= 1),
    (REFUSAL, |response| {
        *response = [&[0x80, 1, 0, 0, 0, 10][..], &0x0000_05ff_u32.to_be_bytes()].concat();
    }),
];

#[test]
fn whatever_one_response_is_the_exchange_ends_and_nothing_stays() {
    let twin = start(None);
    let (whole, codes) = exchange(&twin, usize::MAX, |_| {});
    assert!(has(document(&whole.unwrap()), &NONCE));
    nothing_is_left(&mut direct(&twin));
    for (at, code) in codes.iter().copied().enumerate() {
        for (what, change) in CHANGES {
            let (outcome, _) = exchange(&twin, at, change);
            if let Ok(answer) = outcome {
                // A bit that nobody reads: of a capability's list, for one.
                assert!(has(document(&answer), &NONCE), "{at} {what}");
            }
            let mut tpm = direct(&twin);
            // The response to the start of a session has its handle: without it, nobody can flush the session.
            for session in tpm.handles(0x0200_0000).unwrap() {
                assert_eq!(code, START, "{at} {what}: {session:#x} stays");
                tpm.flush(session).unwrap();
            }
            // A TPM that defines the index and says that it refuses to: the index may be that of another program.
            if (code, what) == (DEFINE, REFUSAL) {
                tpm.nv_undefine(0x0180_0000).unwrap();
            }
            nothing_is_left(&mut tpm);
        }
    }
    assert!(codes.contains(&UNDEFINE) && codes.contains(&[0x20, 0, 0, 1]), "{codes:x?}");
}

/// Between any two commands the connection ends for good: the error says so, and names the index if it stays.
#[test]
fn a_tpm_that_goes_away_is_an_error() {
    #[derive(Debug)]
    struct Dying {
        tpm: Direct,
        left: usize,
    }
    impl Transport for Dying {
        fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
            self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::ConnectionReset)?;
            self.tpm.transmit(command).map_err(io::Error::other)
        }
    }
    let twin = start(None);
    let (_, codes) = exchange(&twin, usize::MAX, |_| {});
    let mut named = 0;
    for left in 0..codes.len() {
        let mut tpm = Direct::over(Dying { tpm: direct(&twin), left });
        let error = nsm_exchange(&mut tpm, &request(None, Some(&NONCE), None)).unwrap_err();
        let indexes = direct(&twin).handles(0x0180_0000).unwrap();
        for index in indexes {
            let is_named = matches!(&error, NitroTpmError::IndexLeft { index: left, .. } if *left == index);
            named += usize::from(is_named);
            assert!(is_named, "{left}: {error:?}");
            direct(&twin).nv_undefine(index).unwrap();
        }
        let mut tpm = direct(&twin);
        for session in tpm.handles(0x0200_0000).unwrap() {
            tpm.flush(session).unwrap();
        }
        nothing_is_left(&mut tpm);
    }
    assert!(named > 5, "{named}");
}
