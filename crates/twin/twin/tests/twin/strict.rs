//! Refusal, with the codes of the paravisor's TPM, of what it does not implement; with `--tpm swtpm` it is
//! accepted as by swtpm.

use teeproof_twin::paravisor::{Settings, TpmProfile};

use crate::raw::{Client, NULL, OWNER, Session, command, len16, password, start, u32_at};
use crate::tools::Tools;

const AK: u32 = 0x8100_0003;
const SRK: u32 = 0x8100_0001;
const ENDORSEMENT: u32 = 0x4000_000b;
const REPORT: u32 = 0x0140_0001;

/// A command that one TPM refuses with this code and the other accepts.
struct Case {
    what: &'static str,
    code: u32,
    handles: &'static [u32],
    /// Number of handles with an empty password.
    authorized: usize,
    parameters: Vec<u8>,
    refused: u32,
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&len16(bytes)[..], bytes].concat()
}

fn zeros(len: usize) -> Vec<u8> {
    sized(&vec![0; len])
}

/// A case with an empty password for the first handles.
fn case(
    what: &'static str,
    code: u32,
    (handles, authorized): (&'static [u32], usize),
    parameters: &[&[u8]],
    refused: u32,
) -> Case {
    Case { what, code, handles, authorized, parameters: parameters.concat(), refused }
}

const NO_SCHEME: &[u8] = &[0, 0x10];
const NO_PCRS: &[u8] = &[0; 4];
const PCR_0_OF_SHA512: &[u8] = &[0, 0, 0, 1, 0, 0x0d, 3, 1, 0, 0];
/// TPM2B_SENSITIVE_CREATE: no password, no data.
const NOTHING_SECRET: &[u8] = &[0, 4, 0, 0, 0, 0];

/// TPMT_PUBLIC of an unrestricted signing key or, without a scheme, of a storage key.
fn public(kind: u16, name_algorithm: u16, attributes: u32, rest: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &name_algorithm.to_be_bytes(), &attributes.to_be_bytes(), &[0, 0], rest]
        .concat()
}

const SIGNING: u32 = 0x0004_0072;
const STORAGE: u32 = 0x0003_0072;
const AES_128_CFB: &[u8] = &[0, 6, 0, 128, 0, 0x43];

fn rsa(symmetric: &[u8], scheme: &[u8], bits: u16) -> Vec<u8> {
    [symmetric, scheme, &bits.to_be_bytes(), &[0; 4], &[0, 0]].concat()
}

fn ecc(scheme: &[u8], curve: u16, kdf: &[u8]) -> Vec<u8> {
    [&[0, 0x10], scheme, &curve.to_be_bytes(), kdf, &[0; 4]].concat()
}

/// TPM2_CreatePrimary with this public area.
fn primary(what: &'static str, public: &[u8], refused: u32) -> Case {
    let parameters = [NOTHING_SECRET, &sized(public), &[0, 0], NO_PCRS];
    case(what, 0x131, (&[OWNER], 1), &parameters, refused)
}

fn too_long() -> Vec<Case> {
    let long = zeros(51);
    let quote = |data: &[u8], refused| {
        case("Quote", 0x158, (&[AK], 1), &[data, NO_SCHEME, &[0, 0, 0, 1, 0, 0x0b, 3, 1, 0, 0]], refused)
    };
    let storage = sized(&public(1, 0xb, STORAGE, &rsa(AES_128_CFB, NO_SCHEME, 2048)));
    let secret = |auth: usize, data: usize| sized(&[zeros(auth), zeros(data)].concat());
    let create = |what, sensitive: &[u8], outside: &[u8], refused| {
        case(what, 0x131, (&[OWNER], 1), &[sensitive, &storage, outside, NO_PCRS], refused)
    };
    vec![
        quote(&long, 0x1d5),
        quote(&zeros(64), 0x1d5),
        case("Certify", 0x148, (&[AK, AK], 2), &[&long, NO_SCHEME], 0x1d5),
        case("GetTime", 0x14c, (&[ENDORSEMENT, AK], 2), &[&long, NO_SCHEME], 0x1d5),
        case("GetCommandAuditDigest", 0x133, (&[ENDORSEMENT, AK], 2), &[&long, NO_SCHEME], 0x1d5),
        case("NV_Certify", 0x184, (&[AK, OWNER, REPORT], 2), &[&long, NO_SCHEME, &[0, 1, 0, 0]], 0x1d5),
        create("outsideInfo of CreatePrimary", NOTHING_SECRET, &long, 0x3d5),
        create("a password of 49 bytes for a key", &secret(49, 0), &[0, 0], 0x1d5),
        case("a label of RSA_Encrypt", 0x174, (&[SRK], 0), &[&zeros(4), &[0, 0x17, 0, 0xb], &long], 0x3d5),
        case(
            "a nonce of a session",
            0x176,
            (&[NULL, NULL], 0),
            &[&zeros(49), &[0, 0, 0, 0, 0x10, 0, 0xd]],
            0x1d5,
        ),
        case("a password of HashSequenceStart", 0x186, (&[], 0), &[&zeros(49), &[0, 0xb]], 0x1d5),
        case("a password for an index", 0x12a, (&[OWNER], 1), &[&zeros(49), &index(0xb, 0x0180_0001)], 0x1d5),
    ]
}

/// TPM2B_NV_PUBLIC: eight bytes for the owner.
fn index(name_algorithm: u16, handle: u32) -> Vec<u8> {
    const OWNERS: u32 = 1 << 17 | 1 << 1;
    let public =
        [&handle.to_be_bytes()[..], &name_algorithm.to_be_bytes(), &OWNERS.to_be_bytes(), &[0, 0, 0, 8]];
    sized(&public.concat())
}

fn hashes() -> Vec<Case> {
    let nonce = zeros(16);
    let session = |what, symmetric: &[u8], hash: u8, refused| {
        case(what, 0x176, (&[NULL, NULL], 0), &[&nonce, &[0, 0, 0], symmetric, &[0, hash]], refused)
    };
    let four = [&[0, 0, 0, 4][..], &[0, 4, 3, 0, 0, 0], &[0, 0xb, 3, 0, 0, 0], &[0, 0xc, 3, 0, 0, 0]];
    let four = [&four.concat()[..], &[0, 0xd, 3, 0, 0, 0]].concat();
    let extend = [&[0, 0, 0, 1, 0, 0x0d][..], &[0; 64]].concat();
    vec![
        session("a session with SHA-512", &[0, 0x10], 0xd, 0x5c3),
        session("a session with XOR and SHA-512", &[0, 0xa, 0, 0xd], 0xb, 0x4c3),
        session("a session with Camellia", &[0, 0x26, 0, 128, 0, 0x43], 0xb, 0x4d6),
        case("PCR_Read", 0x17e, (&[], 0), &[PCR_0_OF_SHA512], 0x1c3),
        case("PCR_Read of four banks", 0x17e, (&[], 0), &[&four], 0x1d5),
        case("PCR_Extend", 0x182, (&[16], 1), &[&extend], 0x1c3),
        case("a quote over the bank", 0x158, (&[AK], 1), &[&[0, 0], NO_SCHEME, PCR_0_OF_SHA512], 0x3c3),
        case("Hash", 0x17d, (&[], 0), &[&zeros(4), &[0, 0xd], &NULL.to_be_bytes()], 0x2c3),
        case("HashSequenceStart", 0x186, (&[], 0), &[&[0, 0], &[0, 0xd]], 0x2c3),
        case("an index", 0x12a, (&[OWNER], 1), &[&[0, 0], &index(0xd, 0x0180_0002)], 0x2c3),
        case("RSA_Encrypt", 0x174, (&[SRK], 0), &[&zeros(4), &[0, 0x17, 0, 0xd], &[0, 0]], 0x2c3),
    ]
}

fn keys() -> Vec<Case> {
    let null = NO_SCHEME;
    let parameters = |what, of: &[u8], refused| case(what, 0x18a, (&[], 0), &[of], refused);
    let signing = |kind, rest: &[u8]| public(kind, 0xb, SIGNING, rest);
    let load = sized(&[&signing(1, &[]), &rsa(null, null, 3072)[..10], &sized(&[0xff; 384])].concat());
    vec![
        primary("RSA-3072", &signing(1, &rsa(null, null, 3072)), 0x2c4),
        primary("P-521", &signing(0x23, &ecc(null, 5, null)), 0x2e6),
        primary("P-192", &signing(0x23, &ecc(null, 1, null)), 0x2e6),
        primary("BN P-638", &signing(0x23, &ecc(null, 0x11, null)), 0x2e6),
        primary("SM2 P-256", &signing(0x23, &ecc(null, 0x20, null)), 0x2e6),
        primary("a scheme of SM2", &signing(0x23, &ecc(&[0, 0x1b, 0, 0xb], 3, null)), 0x2d2),
        primary("a name with SHA-512", &public(1, 0xd, SIGNING, &rsa(null, null, 2048)), 0x2c3),
        primary("RSASSA with SHA-512", &signing(1, &rsa(null, &[0, 0x14, 0, 0xd], 2048)), 0x2c3),
        primary("HMAC with SHA-512", &signing(8, &[0, 5, 0, 0xd, 0, 0]), 0x2c3),
        primary("Camellia", &public(1, 0xb, STORAGE, &rsa(&[0, 0x26, 0, 128, 0, 0x43], null, 2048)), 0x2d6),
        case("a public key of 3072 bits", 0x167, (&[], 0), &[&[0, 0], &load, &NULL.to_be_bytes()], 0x2c4),
        case("TestParms of RSA-3072", 0x18a, (&[], 0), &[&[0, 1], &rsa(null, null, 3072)[..10]], 0x1c4),
        parameters("TestParms of ECMQV", &[0, 0x23, 0, 0x10, 0, 0x1d, 0, 0xb, 0, 3, 0, 0x10], 0x1d2),
        parameters("TestParms of KDF2", &[0, 0x23, 0, 0x10, 0, 0x10, 0, 3, 0, 0x21, 0, 0xb], 0x1cc),
        parameters("TestParms of CMAC", &[0, 0x25, 0, 6, 0, 128, 0, 0x3f], 0x1c9),
        parameters("TestParms of TDES", &[0, 0x25, 0, 3, 0, 128, 0, 0x43], 0x1d6),
        case("ECC_Parameters", 0x178, (&[], 0), &[&[0, 5]], 0x1e6),
        case("EC_Ephemeral", 0x18e, (&[], 0), &[&[0, 5]], 0x1e6),
    ]
}

fn ask(client: &mut Client, case: &Case) -> Result<Vec<u8>, u32> {
    let auth = password(b"").repeat(case.authorized);
    let answer = client.run(case.code, case.handles, &auth, &case.parameters);
    // Objects, sequences and sessions have three places each.
    if let Some(handle) =
        answer.as_ref().ok().filter(|answer| answer.len() >= 4).map(|bytes| u32_at(bytes, 0))
    {
        let _ = client.run(0x165, &[], &[], &handle.to_be_bytes());
    }
    answer
}

#[test]
fn what_is_not_implemented_is_refused_with_the_codes_of_the_paravisors_tpm() {
    let (strict, lenient) = (start(Settings::default()), start(lenient()));
    let (mut strict, mut lenient) = (Client::of(&strict), Client::of(&lenient));
    for case in [too_long(), hashes(), keys()].into_iter().flatten() {
        assert_eq!(ask(&mut strict, &case), Err(case.refused), "{} before the paravisor's", case.what);
        let taken = ask(&mut lenient, &case);
        assert!(taken.is_ok(), "{} before swtpm's: {taken:x?}", case.what);
    }
}

fn lenient() -> Settings {
    Settings { tpm: TpmProfile::Swtpm, ..Settings::default() }
}

/// What is refused for its length is accepted one byte shorter.
#[test]
fn the_longest_that_fits() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    for len in 0..=64 {
        let parameters = [&zeros(len)[..], NO_SCHEME, &[0, 0, 0, 1, 0, 0x0b, 3, 1, 0, 0]].concat();
        let quoted = client.with_password(0x158, &[AK], &parameters);
        if len > 50 {
            assert_eq!(quoted, Err(0x1d5), "{len}")
        } else {
            assert!(quoted.is_ok(), "{len}")
        }
        let parameters = [&zeros(len)[..], &[0, 0, 0, 0, 0x10, 0, 0xc]].concat();
        let started = client.run(0x176, &[NULL, NULL], &[], &parameters);
        if let Ok(answer) = &started {
            client.run(0x165, &[], &[], &answer[..4]).unwrap();
        }
        assert_eq!(started.is_ok(), (16..=48).contains(&len), "{len}: {started:x?}");
    }
}

/// Random bytes are limited to the longest digest.
#[test]
fn random_bytes_by_48() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    for (wanted, given) in [(0_u16, 0_u8), (1, 1), (48, 48), (49, 48), (64, 48), (u16::MAX, 48)] {
        let answer = client.run(0x17b, &[], &[], &wanted.to_be_bytes()).unwrap();
        assert_eq!((&answer[..2], answer.len()), (&[0, given][..], 2 + usize::from(given)), "{wanted}");
    }
    let mut session = Session::start(&mut client, 0xb, NULL);
    for _ in 0..2 {
        let answer = session.run(&mut client, 0x17b, (&[], &[]), &[0, 64], 0x81).unwrap();
        assert_eq!(answer.len(), 50);
    }
}

/// Handles and authorizations are checked before parameters.
#[test]
fn a_wrong_handle_or_password_comes_first() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let quote = [&zeros(51)[..], NO_SCHEME, NO_PCRS].concat();
    let key =
        |client: &mut Client, handle, word: &[u8]| client.run(0x158, &[handle], &password(word), &quote);
    assert_eq!(key(&mut client, AK, b""), Err(0x1d5));
    assert_eq!(key(&mut client, AK, b"a guess"), Err(0x9a2));
    assert_eq!(key(&mut client, 0x8100_0009, b""), Err(0x18b));
    assert_eq!(client.run(0x158, &[AK], &[], &quote), Err(0x125), "no authorization");
    // Longer than any password: refused before it is compared.
    assert_eq!(key(&mut client, AK, &[1; 49]), Err(0x995));
    let two = [password(b""), password(&[1; 49])].concat();
    assert_eq!(client.run(0x148, &[AK, AK], &two, &quote), Err(0xa95));
}

/// TPM2_CertifyX509 is newer than revision 1.38.
#[test]
fn a_command_of_a_later_revision_is_refused() {
    let x509 = command(0x197, &[SRK, AK], &password(b"").repeat(2), &[0; 8]);
    for (settings, expected) in [(Settings::default(), true), (lenient(), false)] {
        let running = start(settings);
        let mut client = Client::of(&running);
        assert_eq!(u32_at(&client.bytes(&x509), 6) == 0x143, expected);
        // The code is checked before everything but tag and size: without handles and sessions.
        assert_eq!(client.run(0x197, &[], &[], &[]) == Err(0x143), expected);
        assert_eq!(client.run(0x197, &[SRK, AK], &[0; 4], &[]) == Err(0x143), expected);
        let mut managed = Client::to(running.manages_on());
        assert_eq!(managed.run(0x197, &[], &[], &[]) == Err(0x143), expected);
        assert_ne!(u32_at(&client.bytes(&[0x80, 3, 0, 0, 0, 10, 0, 0, 1, 0x97]), 6), 0x143, "a bad tag");
    }
}

/// Countdown timers are newer than revision 1.38.
#[test]
fn a_capability_of_a_later_revision_is_refused() {
    let parameters = |first: u32| [10, first, 1].map(u32::to_be_bytes).concat();
    for (settings, expected) in [(Settings::default(), true), (lenient(), false)] {
        let running = start(settings);
        for first in [0, 0x4000_0110, u32::MAX] {
            let response = Client::of(&running).run(0x17a, &[], &[], &parameters(first));
            assert_eq!(response == Err(0x1c4), expected, "{first:#x}: {response:x?}");
        }
    }
}

/// TPMS_AUTH_COMMAND of a session with a nonce of `bytes` bytes and no HMAC.
fn with_nonce(session: u32, bytes: usize) -> Vec<u8> {
    [&session.to_be_bytes()[..], &zeros(bytes), &[1, 0, 0]].concat()
}

/// Handles are checked before sessions, and the size of each session's nonce and HMAC before the session.
#[test]
fn a_nonce_of_a_session_that_is_too_long() {
    const ABSENT: u32 = 0x0200_0030;
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut quote = |key, sessions: &[u8]| {
        client.run(0x158, &[key], sessions, &[&[0, 0][..], NO_SCHEME, NO_PCRS].concat())
    };
    for bytes in [49, 64, 65] {
        let long = with_nonce(ABSENT, bytes);
        assert_eq!(quote(0x8100_0009, &long), Err(0x18b), "{bytes}");
        assert_eq!(quote(AK, &long), Err(0x995), "{bytes}");
        assert_eq!(quote(AK, &[with_nonce(ABSENT, 16), long.clone()].concat()), Err(0x918), "{bytes}");
        assert_eq!(quote(AK, &[password(b""), long].concat()), Err(0xa95), "{bytes}");
    }
    assert_eq!(quote(0x8100_0009, &password(&[1; 49])), Err(0x18b));
    assert_eq!(quote(AK, &with_nonce(ABSENT, 48)), Err(0x918));
}

/// Policies are checked before parameters as well.
#[test]
fn a_policy_that_is_not_met_comes_first() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    for kind in [1, 3] {
        let started = [&zeros(16)[..], &[0, 0, kind, 0, 0x10, 0, 0xb]].concat();
        let session = u32_at(&client.run(0x176, &[NULL, NULL], &[], &started).unwrap(), 0);
        let auth = with_nonce(session, 0);
        let mut quote = |bytes: usize| {
            let parameters = [&zeros(bytes)[..], NO_SCHEME, NO_PCRS].concat();
            client.run(0x158, &[AK], &auth, &parameters).unwrap_err()
        };
        let expected = quote(50);
        assert_ne!(expected, 0x1d5);
        assert_eq!(quote(51), expected, "{kind}");
        client.run(0x165, &[], &[], &session.to_be_bytes()).unwrap();
    }
}

#[test]
fn tpm2_tools_are_refused_as_on_azure() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    let quote = |bytes| {
        let nonce = "7e".repeat(bytes);
        tools.run(&format!("tpm2_quote -c 0x81000003 -l sha256:0 -q {nonce} -m message -s signature -o pcrs"))
    };
    quote(50).unwrap();
    for (error, code) in [
        (quote(51).unwrap_err(), "0x1D5"),
        (tools.run("tpm2_pcrread sha512:0").unwrap_err(), "unsupported bank"),
        (tools.run("tpm2_quote -c 0x81000003 -l sha512:0").unwrap_err(), "0x3C3"),
        (tools.run("tpm2_createprimary -C o -G rsa3072 -c key").unwrap_err(), "0x2C4"),
        (tools.run("tpm2_createprimary -C o -G ecc521 -c key").unwrap_err(), "0x2E6"),
        (tools.run("tpm2_hash -g sha512 -C n message").unwrap_err(), "0x2C3"),
    ] {
        assert!(error.contains(code), "{code}: {error}");
    }
}
