//! The machine for a guest: NV indexes of the right sizes, keys, PCRs that the event log explains, and a report
//! with its input.

use std::fs;

use aws_lc_rs::digest;
use teeproof_mint::azure::Generation;
use teeproof_twin::paravisor::{Hash, Model, Settings};

use crate::raw::{AK_CERTIFICATE, Client, NV_READ, OWNER, READABLE, REPORT, password, start, wanted};

/// A report, divided as its envelope says.
pub(crate) struct Report {
    pub(crate) bytes: Vec<u8>,
    pub(crate) report_type: u32,
    pub(crate) hash_type: u32,
    pub(crate) claims: serde_json::Value,
    raw_claims: Vec<u8>,
}

impl Report {
    pub(crate) fn parse(bytes: Vec<u8>) -> Self {
        assert_eq!(bytes[..4], *b"HCLA");
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let size = usize::try_from(number(0x4d0)).unwrap();
        let raw_claims = bytes[0x4d4..0x4d4 + size].to_vec();
        let claims = serde_json::from_slice(&raw_claims).unwrap();
        Self { report_type: number(0x4c8), hash_type: number(0x4cc), claims, raw_claims, bytes }
    }

    pub(crate) fn of(client: &mut Client) -> Self {
        Self::parse(client.nv_read_all(REPORT))
    }

    pub(crate) fn user_data(&self) -> &str {
        self.claims["user-data"].as_str().unwrap()
    }

    /// Whether the hardware report names the hash of these claims.
    pub(crate) fn is_bound(&self) -> bool {
        let algorithm =
            [&digest::SHA256, &digest::SHA384, &digest::SHA512][usize::try_from(self.hash_type).unwrap() - 1];
        let mut expected = digest::digest(algorithm, &self.raw_claims).as_ref().to_vec();
        expected.resize(64, 0);
        let at = 0x20 + if self.report_type == 4 { 128 } else { 0x50 };
        self.bytes[at..at + 64] == expected
    }
}

#[test]
fn every_model_generation_and_hash() {
    let sizes = [
        (Model::Milan, None, Hash::Sha256, 2600, 2),
        (Model::Genoa, None, Hash::Sha384, 2600, 2),
        (Model::Turin, Some(Generation::OpenVmm), Hash::Sha512, 2900, 2),
        (Model::Milan, Some(Generation::Legacy2022), Hash::Sha256, 2048, 2),
        (Model::Tdx, None, Hash::Sha256, 2600, 4),
    ];
    for (model, generation, hash, size, report_type) in sizes {
        let running = start(Settings { model, generation, hash, ..Settings::default() });
        let mut client = Client::of(&running);
        assert_eq!(client.nv_public(REPORT).unwrap().0, size);
        assert_eq!(client.nv_public(AK_CERTIFICATE).unwrap().0, 4096);
        let report = Report::of(&mut client);
        assert_eq!((report.bytes.len(), report.report_type), (size.into(), report_type));
        assert!(report.is_bound(), "{model:?}, {generation:?}, {hash:?}");
    }
}

#[test]
fn an_index_of_any_size() {
    let running = start(Settings { nv_bytes: Some(3001), ..Settings::default() });
    let report = Report::of(&mut Client::of(&running));
    assert_eq!(report.bytes.len(), 3001);
    assert!(report.is_bound());
}

#[test]
fn a_report_follows_the_guests_input() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    assert_eq!(Report::of(&mut client).user_data(), "00".repeat(64));
    client.put_in(&[0xa1; 64], READABLE);
    let report = Report::of(&mut client);
    assert_eq!(report.user_data().to_ascii_lowercase(), "a1".repeat(64));
    assert!(report.is_bound());
    client.write(&[0xb2; 64]);
    assert_eq!(Report::of(&mut client).user_data().to_ascii_lowercase(), "b2".repeat(64));
}

/// The paravisor renews before its TPM checks the authorization.
#[test]
fn a_read_that_is_refused_renews_the_report() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    // The signature, between the first bytes and the claims.
    let signature = |client: &mut Client| client.nv_read(REPORT, 0x20 + 0x2a0, 0x60).unwrap();
    let refused = |client: &mut Client, offset| {
        let read = client.run(NV_READ, &[OWNER, REPORT], &password(b"a guess"), &wanted(64, offset));
        assert_eq!(read, Err(0x9a2));
    };
    let first = signature(&mut client);
    refused(&mut client, 1);
    refused(&mut client, 1024);
    assert_eq!(signature(&mut client), first);
    refused(&mut client, 0);
    assert_ne!(signature(&mut client), first);
}

/// TPM2_NV_Certify is about the TPM's own index: one zero, then unwritten bytes.
#[test]
fn a_certification_is_of_the_tpms_own_index() {
    const AK: u32 = 0x8100_0003;
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut certify = |size: u16, offset: u16| {
        let parameters = [&[0, 0, 0, 0x10][..], &wanted(size, offset)].concat();
        let answer = client.run(0x184, &[AK, OWNER, REPORT], &password(b"").repeat(2), &parameters)?;
        Ok::<_, u32>(answer)
    };
    let answer = certify(3, 0).unwrap();
    assert!(answer.windows(7).any(|window| window == [0, 0, 0, 3, 0, 0xff, 0xff]), "offset, size, contents");
    assert!(certify(8, 2040).is_ok());
    assert_eq!(certify(8, 2048), Err(0x146));
}

#[test]
fn input_that_the_owner_may_not_read_changes_nothing() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let before = Report::of(&mut client);
    // OWNERWRITE and AUTHREAD alone.
    client.put_in(&[0xa1; 64], 1 << 18 | 1 << 1);
    assert_eq!(Report::of(&mut client).bytes, before.bytes);
}

#[test]
fn the_claims_name_the_tpms_own_attestation_key() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let public = client.run(0x173, &[0x8100_0003], &[], &[]).unwrap();
    let modulus = &public[2 + 280 - 256..2 + 280];
    let key = Report::of(&mut client).claims["keys"][0].clone();
    assert_eq!(key["kid"], "HCLAkPub");
    assert_eq!(key["n"].as_str().unwrap(), base64url(modulus));
    let certificate = client.nv_read_all(AK_CERTIFICATE);
    assert!(certificate.windows(256).any(|window| window == modulus));
    assert_eq!(certificate[4095], 0, "padded");
    assert!(client.run(0x173, &[0x8100_0001], &[], &[]).is_ok(), "the storage root key");
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let letter = |six: &[u8]| {
        let value = six.iter().fold(0_usize, |value, bit| value << 1 | usize::from(*bit));
        char::from(LETTERS[value << (6 - six.len())])
    };
    bits.chunks(6).map(letter).collect()
}

#[test]
fn the_event_log_explains_the_pcrs() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let log = fs::read(running.event_log()).unwrap();
    assert_eq!(log, teeproof_mint::azure::EventLog::booted_securely().bytes().unwrap());
    for (register, expected) in teeproof_mint::azure::EventLog::booted_securely().pcrs().iter().enumerate() {
        let mut bitmap = [0_u8; 3];
        bitmap[register / 8] = 1 << (register % 8);
        let selection = [&[0, 0, 0, 1, 0, 0xb, 3][..], &bitmap].concat();
        let answer = client.run(0x17e, &[], &[], &selection).unwrap();
        assert_eq!(answer[answer.len() - 32..], *expected, "register {register}");
    }
}

#[test]
fn the_platform_hierarchy_cannot_be_used() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    // The owner may neither undefine the paravisor's index nor write to it; the platform's empty password
    // is refused.
    assert_eq!(client.with_password(0x122, &[OWNER, REPORT], &[]), Err(0x149));
    assert!(client.with_password(0x137, &[OWNER, REPORT], &[0, 1, 0, 0, 0]).is_err());
    assert_eq!(client.with_password(0x122, &[0x4000_000c, REPORT], &[]), Err(0x9a2));
    // Nor does an empty password of the index itself.
    let read = client.run(0x14e, &[REPORT, REPORT], &password(b""), &[0, 1, 0, 0]);
    assert_eq!(read, Err(0x9a2));
}

#[test]
fn invalid_reads_fail_with_the_codes_of_the_tpm() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    assert_eq!(client.nv_read(REPORT, 0, 1025), Err(0x1c4));
    assert_eq!(client.nv_read(REPORT, 2601, 0), Err(0x2c4));
    assert_eq!(client.nv_read(REPORT, 2000, 1024), Err(0x146));
    assert_eq!(client.nv_read(REPORT, 2600, 0), Ok(Vec::new()));
    assert_eq!(client.run(0x14e, &[OWNER, REPORT], &[], &[0, 1, 0, 0]), Err(0x125), "no authorization");
    assert_eq!(client.nv_public(0x0140_0003), Err(0x18b));
}
