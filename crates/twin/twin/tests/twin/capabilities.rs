//! Capabilities agree with the accepted commands and with the NV indexes.

use teeproof_twin::paravisor::{Settings, TpmProfile};

use crate::raw::{AK_CERTIFICATE, Client, NULL, OWNER, REPORT, Session, password, start, u32_at};
use crate::tools::Tools;

const ALGORITHMS: u32 = 0;
const COMMANDS: u32 = 2;
const BANKS: u32 = 5;
const PROPERTIES: u32 = 6;
const CURVES: u32 = 8;
/// TPM_ALG_SHA512.
const SHA512: u32 = 0x000d;

/// The parameters of TPM2_GetCapability.
fn wanted(capability: u32, first: u32, count: u32) -> Vec<u8> {
    [capability, first, count].map(u32::to_be_bytes).concat()
}

/// moreData, and the members of a list, each of `bytes` bytes.
fn list(client: &mut Client, kind: u32, first: u32, count: u32, bytes: usize) -> (bool, Vec<Vec<u8>>) {
    let answer = client.run(0x17a, &[], &[], &wanted(kind, first, count)).unwrap();
    assert_eq!(u32_at(&answer, 1), kind);
    let members: Vec<_> = answer[9..].chunks_exact(bytes).map(<[u8]>::to_vec).collect();
    assert_eq!(members.len(), usize::try_from(u32_at(&answer, 5)).unwrap());
    assert_eq!(answer.len(), 9 + bytes * members.len());
    (answer[0] == 1, members)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn property(client: &mut Client, property: u32) -> u32 {
    let (_, members) = list(client, PROPERTIES, property, 1, 8);
    assert_eq!(u32_at(&members[0], 0), property);
    u32_at(&members[0], 4)
}

#[test]
fn lists_hold_what_is_implemented() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let (_, algorithms) = list(&mut client, ALGORITHMS, 0, 254, 6);
    let algorithms: Vec<u32> = algorithms.iter().map(|member| number(&member[..2])).collect();
    // Only swtpm has TDES, SHA-512, SM2, ECMQV, KDF2, Camellia and CMAC.
    for foreign in [3, SHA512, 0x1b, 0x1d, 0x21, 0x26, 0x3f] {
        assert!(!algorithms.contains(&foreign), "{foreign:#x}");
    }
    for there in [1, 4, 6, 0xb, 0xc, 0x14, 0x16, 0x18, 0x23, 0x43] {
        assert!(algorithms.contains(&there), "{there:#x}");
    }
    let (_, curves) = list(&mut client, CURVES, 0, 254, 2);
    assert_eq!(curves, [[0, 2], [0, 3], [0, 4], [0, 0x10]]);
    let banks = client.run(0x17a, &[], &[], &wanted(BANKS, 0, 1)).unwrap();
    assert_eq!(banks[5..9], [0, 0, 0, 3]);
    assert_eq!(
        banks[9..],
        [[0, 4, 3, 255, 255, 255], [0, 0xb, 3, 255, 255, 255], [0, 0xc, 3, 255, 255, 255]].concat()
    );
}

/// Clients read lists in parts, and continue after the last member until there is no more.
#[test]
fn lists_in_parts_are_the_whole_list() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    for (kind, bytes, mask) in [(ALGORITHMS, 6, 0xffff), (COMMANDS, 4, 0x2000_ffff), (CURVES, 2, 0xffff)] {
        let code =
            |member: &[u8]| if kind == ALGORITHMS { number(&member[..2]) } else { number(member) & mask };
        let (more, whole) = list(&mut client, kind, 0, 254, bytes);
        assert!(!more && !whole.is_empty());
        for count in [1, 3] {
            let (mut first, mut parts) = (0, Vec::new());
            loop {
                let (more, part) = list(&mut client, kind, first, count, bytes);
                first = code(part.last().unwrap()) + 1;
                parts.extend(part);
                if !more {
                    break;
                }
            }
            assert_eq!(parts, whole, "{kind} by {count}");
        }
    }
    assert_eq!(list(&mut client, ALGORITHMS, SHA512, 1, 6).1[0][..2], [0, 0x14]);
}

#[test]
fn properties_agree_with_indexes_and_lists() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    for (wanted, expected) in [(0x102, 138), (0x117, 4096), (0x11a, 0xc), (0x120, 48), (0x12c, 1024)] {
        assert_eq!(property(&mut client, wanted), expected, "{wanted:#x}");
    }
    let largest = property(&mut client, 0x117);
    for index in [REPORT, AK_CERTIFICATE] {
        assert!(u32::from(client.nv_public(index).unwrap().0) <= largest);
    }
    let (_, commands) = list(&mut client, COMMANDS, 0, 254, 4);
    for total in [0x129, 0x12a] {
        assert_eq!(property(&mut client, total), u32::try_from(commands.len()).unwrap());
    }
    assert!(commands.iter().all(|command| number(command) & 0xffff <= 0x193));
}

/// An event extends every bank that is listed, and no other.
#[test]
fn an_event_has_a_digest_for_each_bank() {
    let running = start(Settings::default());
    let answer = Client::of(&running).with_password(0x13c, &[16], &[0, 1, 7]).unwrap();
    assert_eq!(answer[..6], [0, 0, 0, 3, 0, 4]);
    assert_eq!(answer.len(), 4 + 3 * 2 + 20 + 32 + 48);
}

#[test]
fn the_hash_of_command_audits_is_implemented() {
    const ENDORSEMENT: u32 = 0x4000_000b;
    let running = start(Settings::default());
    let parameters = [0, 0, 0, 0x10];
    let auth = password(b"").repeat(2);
    let answer = Client::of(&running).run(0x133, &[ENDORSEMENT, NULL], &auth, &parameters).unwrap();
    let answer = &answer[4..];
    // Magic, type, name, nonce, 17 bytes of clock, firmware, counter, then the algorithm.
    let name = 2 + 6;
    let nonce = name + 2 + usize::from(answer[name + 1]);
    assert_eq!(answer[nonce + 2 + 17 + 8 + 8..][..2], [0, 0xc]);
}

/// A filtered response has an HMAC for the session of the command.
#[test]
fn a_capability_under_an_audit_session() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    for bound in [NULL, OWNER] {
        let mut session = Session::start(&mut client, 0xb, bound);
        for _ in 0..2 {
            let parameters = wanted(PROPERTIES, 0x117, 1);
            let response = session.run(&mut client, 0x17a, (&[], &[]), &parameters, 0x81).unwrap();
            assert_eq!(response[response.len() - 4..], 4096_u32.to_be_bytes());
        }
    }
}

#[test]
fn swtpm_as_it_is() {
    let running = start(Settings { tpm: TpmProfile::Swtpm, ..Settings::default() });
    let mut client = Client::of(&running);
    assert_eq!(property(&mut client, 0x120), 64);
    assert_eq!(list(&mut client, ALGORITHMS, SHA512, 1, 6).1[0][..2], [0, 0xd]);
    let tools = Tools::of(&running);
    assert!(tools.ok("tpm2_pcrread sha512:0").contains("0x"));
}
