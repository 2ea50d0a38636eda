//! Tests of the state machine with a simulated TPM and clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use teeproof_mint::Key;
use teeproof_mint::azure::Generation;

use super::capabilities::Capabilities;
use super::codes::{
    ABSENT, AK_CERTIFICATE, AUTH_UNAVAILABLE, COMMAND_SIZE, FAILURE, INPUT, NULL, NV_READ, NV_READ_PUBLIC,
    OWNER, REPORT, START_AUTH_SESSION, UNWRITTEN,
};
use super::engine::{Engine, Shape};
use super::frame::{Authorization, Command, Cursor, Response, refusal, response_code, sized};
use super::index::{Index, Shadow, Wanted, nv_public};
use super::report::Reporter;
use super::sessions::Sessions;
use super::{Fault, Settings};

/// State of the simulated TPM, and the commands that it received.
#[derive(Default)]
struct Tpm {
    /// The guest's input, or the code that refuses its read.
    input: Option<Result<Vec<u8>, u32>>,
    /// The code that refuses reads of shadows.
    refuses: Option<u32>,
    commands: Vec<Vec<u8>>,
}

impl Tpm {
    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        self.commands.push(command.to_vec());
        let Some(code) = code_of(command) else { return refusal(COMMAND_SIZE) };
        let handles = if code == NV_READ { 2 } else { 1 };
        let Some(command) = Command::parse(command, handles) else { return refusal(COMMAND_SIZE) };
        match (code, command.handles.last(), &self.input) {
            (NV_READ_PUBLIC, Some(&INPUT), None) => refusal(ABSENT),
            (NV_READ_PUBLIC, Some(&INPUT), Some(input)) => {
                let size = input.as_ref().map_or(64, |input| u16::try_from(input.len()).unwrap());
                success(&command, &[sized(&nv_public(INPUT, 0, size)), sized(&[0; 34])].concat())
            }
            (NV_READ, Some(&INPUT), Some(Ok(input))) => {
                let Wanted { size, offset: 0 } = Wanted::parse(command.parameters).unwrap() else {
                    panic!("an offset");
                };
                assert_eq!((command.handles[0], command.sessions[0].hmac), (OWNER, &[][..]));
                success(&command, &sized(&input[..size.into()]))
            }
            (NV_READ, Some(&INPUT), Some(Err(code))) => refusal(*code),
            (NV_READ, _, _) if self.refuses.is_some() => refusal(self.refuses.unwrap()),
            (NV_READ, _, _) => success(&command, &sized(&[])),
            _ => refusal(0x143),
        }
    }
}

fn code_of(command: &[u8]) -> Option<u32> {
    response_code(command)
}

/// A response with sessions like those of the command.
fn success(command: &Command<'_>, parameters: &[u8]) -> Vec<u8> {
    let session = |auth: &Authorization<'_>| Authorization { nonce: &[], hmac: &[], ..*auth };
    let sessions = command.sessions.iter().map(session).collect();
    Response { handle: None, parameters, sessions }.write()
}

fn engine(settings: &Settings) -> (Engine, Instant) {
    let key = || Key::public_only(&[0xff; 256]).unwrap();
    let vm = settings.vm().attestation_key(key()).endorsement_key(key());
    let now = Instant::now();
    let (reporter, report) = Reporter::new(vm, settings, now).unwrap();
    let index = |handle, size, contents| {
        let shadow = [sized(&nv_public(handle, 0x6206_0004, 2048)), sized(&[0x5a; 34])].concat();
        Index { handle, size, contents, shadow: Shadow::parse(&shadow).unwrap() }
    };
    let shape = |handles, gives_handle| Shape { handles, gives_handle };
    let engine = Engine {
        shapes: [
            (NV_READ, shape(2, false)),
            (NV_READ_PUBLIC, shape(1, false)),
            (START_AUTH_SESSION, shape(2, true)),
        ]
        .into(),
        profile: settings.tpm,
        capabilities: Capabilities::default(),
        report: index(REPORT, reporter.index_bytes(), report.rest),
        head: report.head,
        certificate: index(AK_CERTIFICATE, 4096, b"certificate".to_vec()),
        reporter,
        sessions: Sessions::default(),
    };
    (engine, now)
}

fn read(index: u32, size: u16, offset: u16, sessions: Vec<Authorization<'_>>) -> Vec<u8> {
    let parameters = Wanted { size, offset }.write();
    Command { code: NV_READ, handles: vec![OWNER, index], sessions, parameters: &parameters }.write()
}

fn with_password(index: u32, size: u16, offset: u16) -> Vec<u8> {
    read(index, size, offset, vec![Authorization::password(b"")])
}

/// The result of a read with a password.
fn chunk(engine: &mut Engine, tpm: &mut Tpm, now: Instant, offset: u16, size: u16) -> Vec<u8> {
    let command = with_password(REPORT, size, offset);
    let answer = engine.answer(&command, now, &mut |command: &[u8]| tpm.answer(command)).unwrap();
    let command = Command::parse(&command, 2).unwrap();
    let answer = Response::parse(&answer, false, &command).expect("a success");
    Cursor(answer.parameters).sized().unwrap().to_vec()
}

/// The report as clients read it.
fn whole(engine: &mut Engine, tpm: &mut Tpm, now: Instant) -> Vec<u8> {
    let sizes = [(0, 1024), (1024, 1024), (2048, 552)];
    sizes.map(|(offset, size)| chunk(engine, tpm, now, offset, size)).concat()
}

fn user_data(report: &[u8]) -> String {
    let text = String::from_utf8_lossy(report);
    let (_, rest) = text.split_once("\"user-data\":\"").unwrap();
    rest.split_once('"').unwrap().0.to_ascii_lowercase()
}

#[test]
fn others_commands_pass_untouched() {
    let (mut engine, now) = engine(&Settings::default());
    let mut commands = vec![
        Command { code: NV_READ, handles: vec![OWNER, INPUT], sessions: vec![], parameters: &[0; 4] }.write(),
        Command { code: 0x7777, handles: vec![], sessions: vec![], parameters: &[] }.write(),
        // Malformed reads of its own index: no authorization, too long, cut off.
        read(REPORT, 1, 0, vec![]),
        b"short".to_vec(),
    ];
    let mut long = with_password(REPORT, 1, 0);
    long.push(0);
    commands.push(long);
    commands.push(with_password(REPORT, 1, 0)[..20].to_vec());
    for command in commands {
        let mut seen = Vec::new();
        let mut tpm = |command: &[u8]| {
            seen = command.to_vec();
            refusal(FAILURE)
        };
        assert_eq!(engine.answer(&command, now, &mut tpm).unwrap(), refusal(FAILURE));
        assert_eq!(seen, command);
    }
}

#[test]
fn a_read_is_authorized_at_the_shadow() {
    let (mut engine, now) = engine(&Settings::default());
    let mut tpm = Tpm::default();
    let command = read(AK_CERTIFICATE, 11, 0, vec![Authorization::password(b"guess")]);
    let answer = engine.answer(&command, now, &mut |command: &[u8]| tpm.answer(command)).unwrap();
    assert_eq!(tpm.commands, [read(AK_CERTIFICATE, 0, 0, vec![Authorization::password(b"guess")])]);
    assert!(answer.windows(11).any(|window| window == b"certificate"));
    tpm.refuses = Some(0x98e);
    let answer = engine.answer(&command, now, &mut |command: &[u8]| tpm.answer(command)).unwrap();
    assert_eq!(answer, refusal(0x98e));
}

#[test]
fn a_lost_tpm_is_an_error() {
    struct Gone;
    impl super::upstream::Upstream for Gone {
        fn answer(&mut self, _: &[u8]) -> std::io::Result<Vec<u8>> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let (mut engine, now) = engine(&Settings::default());
    assert!(engine.answer(&with_password(REPORT, 1, 0), now, &mut Gone).is_err());
}

#[test]
fn a_report_is_renewed_at_offset_0_and_not_too_often() {
    let (mut engine, start) = engine(&Settings::default());
    let mut tpm = Tpm { input: Some(Ok(vec![0xa1; 64])), ..Tpm::default() };
    let first = whole(&mut engine, &mut tpm, start + Duration::from_secs(2));
    assert_eq!(user_data(&first), "00".repeat(64));

    let later = start + Duration::from_millis(2001);
    chunk(&mut engine, &mut tpm, later, 1024, 1024);
    chunk(&mut engine, &mut tpm, later, 1, 1023);
    assert_eq!(engine.report.contents, first, "other offsets renew nothing");
    let second = whole(&mut engine, &mut tpm, later);
    assert_eq!(user_data(&second), "a1".repeat(64));

    tpm.input = Some(Ok(vec![0xb2; 64]));
    assert_eq!(whole(&mut engine, &mut tpm, later + Duration::from_secs(2)), second, "two seconds more");
    let third = whole(&mut engine, &mut tpm, later + Duration::from_secs(3));
    assert_eq!(user_data(&third), "b2".repeat(64));
}

/// The paravisor renews before its TPM executes the command.
#[test]
fn a_read_that_is_refused_renews_at_offset_0_and_nowhere_else() {
    let two_sessions = || vec![Authorization::password(b""); 2];
    for (sessions, size, offset, renews) in [
        (vec![Authorization::password(b"a guess")], 1024, 0, true),
        // Longer than any answer, and with sessions that make no sense.
        (vec![Authorization::password(b"")], u16::MAX, 0, true),
        (two_sessions(), 4, 0, true),
        (vec![Authorization::password(b"a guess")], 1024, 1, false),
        (vec![Authorization::password(b"a guess")], 0, 1024, false),
        (two_sessions(), 4, u16::MAX, false),
    ] {
        let (mut engine, start) = engine(&Settings::default());
        let mut tpm = Tpm { refuses: Some(0x98e), input: Some(Ok(vec![1; 64])), ..Tpm::default() };
        let before = engine.report.contents.clone();
        let command = read(REPORT, size, offset, sessions);
        let mut ask = |command: &[u8], later| {
            let later = start + Duration::from_millis(later);
            engine.answer(command, later, &mut |command: &[u8]| tpm.answer(command)).unwrap();
            engine.report.contents.clone()
        };
        assert_eq!(ask(&command, 2000), before, "two seconds and no more");
        assert_eq!(ask(&read(AK_CERTIFICATE, size, offset, vec![]), 2001), before, "another index");
        assert_eq!(ask(&command, 2001) != before, renews, "{size} bytes at {offset}");
    }
}

#[test]
fn input_of_other_sizes_and_none() {
    let (mut engine, mut now) = engine(&Settings::default());
    let short = [hex(&[7; 5]), "00".repeat(59)].concat();
    for (input, expected) in [
        (Some(Ok(vec![7; 5])), short.clone()),
        (Some(Err(0x149)), short), // not readable by the owner: the old report stays
        (Some(Ok(vec![8; 100])), "08".repeat(64)),
        (None, "00".repeat(64)),
        (Some(Ok(vec![9; 64])), "09".repeat(64)),
        (Some(Err(UNWRITTEN)), "00".repeat(64)), // never written
    ] {
        now += Duration::from_secs(3);
        let mut tpm = Tpm { input, ..Tpm::default() };
        assert_eq!(user_data(&whole(&mut engine, &mut tpm, now)), expected);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn each_fault_changes_the_report_as_described() {
    let reports = |fault| {
        let (mut engine, start) = engine(&Settings { fault, ..Settings::default() });
        let mut tpm = Tpm { input: Some(Ok(vec![0xa1; 64])), ..Tpm::default() };
        [0, 9].map(|seconds| whole(&mut engine, &mut tpm, start + Duration::from_secs(seconds)))
    };
    let [first, second] = reports(Some(Fault::Stale));
    assert_ne!(first, second, "a new signature");
    assert_eq!(user_data(&second), "00".repeat(64));

    let [first, second] = reports(Some(Fault::Renewal));
    assert_eq!(first, second);

    let bound = |report: &[u8]| {
        let size = usize::try_from(u32::from_le_bytes(report[0x4d0..0x4d4].try_into().unwrap())).unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &report[0x4d4..0x4d4 + size]);
        report[0x70..0x90] == *digest.as_ref()
    };
    let [_, torn] = reports(Some(Fault::Torn));
    assert_eq!(user_data(&torn), "a1".repeat(64));
    assert!(!bound(&torn) && bound(&reports(None)[1]));

    let [_, wrong] = reports(Some(Fault::WrongType));
    assert_eq!((wrong[0x4c8], &wrong[0x20..0x4c0]), (3, &[0; 1184][..]));
}

#[test]
fn an_oversized_index_is_one_throughout() {
    let (mut engine, now) = engine(&Settings { fault: Some(Fault::Oversize), ..Settings::default() });
    let command = Command { code: NV_READ_PUBLIC, handles: vec![REPORT], sessions: vec![], parameters: &[] };
    let shadow = success(&command, b"what the TPM behind says of the shadow");
    let answer = engine.answer(&command.write(), now, &mut |_: &[u8]| shadow.clone()).unwrap();
    let answer = Response::parse(&answer, false, &command).unwrap();
    let public = Cursor(answer.parameters).sized().unwrap();
    assert_eq!(public[public.len() - 2..], 16_384_u16.to_be_bytes());
    let last = chunk(&mut engine, &mut Tpm::default(), now, 16_384 - 1024, 1024);
    assert_eq!(last, [0; 1024]);
}

#[test]
fn every_generation_has_its_size() {
    for (generation, size) in [
        (Generation::Legacy2022, 2048),
        (Generation::LegacyGenoa, 2600),
        (Generation::OpenHcl2026, 2600),
        (Generation::OpenVmm, 2900),
    ] {
        let settings = Settings { generation: Some(generation), ..Settings::default() };
        let (mut engine, start) = engine(&settings);
        assert_eq!(engine.report.size, size);
        let mut tpm = Tpm { input: Some(Ok(vec![1; 64])), ..Tpm::default() };
        let report = whole(&mut engine, &mut tpm, start + Duration::from_secs(9));
        assert_eq!(report[..4], *b"HCLA");
    }
    let small = Settings { nv_bytes: Some(2048), ..Settings::default() };
    let vm = small.vm().attestation_key(Key::public_only(&[0xff; 256]).unwrap());
    let error = Reporter::new(vm, &small, Instant::now()).err().unwrap();
    assert!(error.to_string().ends_with("does not fit an NV index of 2048 bytes"), "{error}");
}

#[test]
fn what_is_not_played_is_refused() {
    let (mut engine, now) = engine(&Settings::default());
    let session = |handle, attributes| Authorization { handle, nonce: &[1; 16], attributes, hmac: &[2; 32] };
    let mut ask = |sessions| {
        let command = read(REPORT, 1, 0, sessions);
        response_code(&engine.answer(&command, now, &mut |_: &[u8]| refusal(0x918)).unwrap())
    };
    assert_eq!(ask(vec![session(0x0300_0000, 1)]), Some(AUTH_UNAVAILABLE), "a policy");
    for attributes in [1, 0x21, 0x41, 0x81] {
        let two = vec![Authorization::password(b""), session(0x0200_0000, attributes)];
        assert_eq!(ask(two), Some(0x918), "a session that nobody started");
        assert_eq!(ask(vec![session(0x0200_0000, attributes)]), Some(0x918));
    }
}

/// Random bytes from client and TPM: every command gets a response.
#[test]
fn noise_from_both_sides() {
    let (mut engine, now) = engine(&Settings::default());
    let start = Command {
        code: START_AUTH_SESSION,
        handles: vec![NULL; 2],
        sessions: vec![],
        parameters: &[&sized(&[1; 16])[..], &sized(&[]), &[0, 0, 0x10, 0, 0x0b]].concat(),
    };
    let seeds = [with_password(REPORT, 64, 0), start.write(), read(AK_CERTIFICATE, 9, 9, vec![])];
    let mut state = 0x7ee7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    };
    for round in 0..20_000 {
        let mut command = seeds[round % seeds.len()].clone();
        let (at, value) = (next() % command.len(), u8::try_from(next() % 256).unwrap());
        command[at] = value;
        command.truncate(if round % 3 == 0 { next() % (command.len() + 1) } else { command.len() });
        let noise: Vec<u8> = (0..next() % 80).map(|at| if at % 7 == 0 { value } else { 0 }).collect();
        let mut tpm = |_: &[u8]| if round % 2 == 0 { told_success(&noise) } else { noise.clone() };
        engine.answer(&command, now, &mut tpm).unwrap();
    }
}

/// Noise behind the header of a success, with and without sessions.
fn told_success(noise: &[u8]) -> Vec<u8> {
    let mut answer = Response { handle: None, parameters: noise, sessions: vec![] }.write();
    answer[1] = if noise.len().is_multiple_of(2) { 2 } else { 1 };
    answer
}
