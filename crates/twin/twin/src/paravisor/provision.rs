//! Provisioning of a TPM as the paravisor does it before the guest starts: keys, NV indexes, PCRs, and a random
//! platform authorization.

pub(crate) mod templates;

use std::collections::BTreeMap;
use std::time::Instant;

use aws_lc_rs::rand;
use teeproof_mint::Key;
use teeproof_mint::azure::ak::ENDORSEMENT;
use teeproof_mint::azure::{Certificates, EventLog, Measurement};

use super::Settings;
use super::capabilities::Capabilities;
use super::codes::{
    AK, AK_CERTIFICATE, CREATE_PRIMARY, EVICT_CONTROL, FLUSH_CONTEXT, GET_CAPABILITY, HIERARCHY_CHANGE_AUTH,
    NV_DEFINE_SPACE, NV_READ_PUBLIC, NV_WRITE, OWNER, PCR_ALLOCATE, PCR_EXTEND, PLATFORM, REPORT,
    SET_AUDIT_STATUS, SRK, STARTUP,
};
use super::engine::{Engine, Shape};
use super::frame::{Authorization, Command, Cursor, sized};
use super::index::{Index, MAX_SHADOW_BYTES, Shadow, nv_public};
use super::profile::HASHES;
use super::report::{Report, Reporter};
use super::sessions::Sessions;
use super::upstream::{Refused, Upstream, ask};
use crate::Error;

/// Size of the NV index of the attestation key's certificate; the certificate is padded to it.
const AK_CERTIFICATE_BYTES: u16 = 4096;
/// Length of the random passwords.
const SECRET_BYTES: usize = 32;

/// TPMA_NV: AUTHWRITE, OWNERREAD, AUTHREAD, NO_DA, PLATFORMCREATE. The index password is random at each start,
/// so that the guest has to read as the owner.
const SHADOW_ATTRIBUTES: u32 = 1 << 2 | 1 << 17 | 1 << 18 | 1 << 25 | 1 << 30;

/// A provisioned paravisor, its certificates and its event log.
#[derive(Debug)]
pub(super) struct Provisioned {
    pub(super) engine: Engine,
    pub(super) certificates: Certificates,
    /// The event log, as the guest's kernel exposes it.
    pub(super) event_log: Vec<u8>,
    /// The TCB version that the hardware reports; nothing on TDX.
    pub(super) reported_tcb: Option<[u8; 8]>,
}

/// Provisions a fresh TPM. `seconds` is the time since 1970.
pub(super) fn provision(
    settings: &Settings,
    seconds: u64,
    tpm: &mut dyn Upstream,
) -> Result<Provisioned, Error> {
    let shapes = shapes(tpm)?;
    let capabilities = Capabilities::of(tpm)?;
    let ak = persistent(tpm, ENDORSEMENT, &templates::attestation_key(), AK)?;
    persistent(tpm, OWNER, &templates::storage_root_key(), SRK)?;
    // The paravisor makes the endorsement key, but does not persist it.
    let (handle, ek) = primary(tpm, ENDORSEMENT, &templates::endorsement_key())?;
    run(tpm, FLUSH_CONTEXT, &[], &handle.to_be_bytes())?;

    let log = EventLog::booted_securely();
    extend(tpm, &log)?;
    let vm = settings.vm().attestation_key(ak).endorsement_key(ek).log(log).at(seconds);
    let certificates = vm.certificates()?;
    let event_log = vm.log.as_ref().map(EventLog::bytes).transpose()?.unwrap_or_default();
    let reported_tcb = (!certificates.vek.is_empty()).then_some(vm.machine.report.reported_tcb);

    let (reporter, Report { head, rest }) = Reporter::new(vm, settings, Instant::now())?;
    let report = define_index(tpm, REPORT, reporter.index_bytes(), rest)?;
    let certificate = define_index(tpm, AK_CERTIFICATE, AK_CERTIFICATE_BYTES, certificates.ak.clone())?;
    // From here on the platform hierarchy cannot be used, as in a guest.
    run(tpm, HIERARCHY_CHANGE_AUTH, &[PLATFORM], &sized(&secret()?))?;
    let engine = Engine {
        shapes,
        profile: settings.tpm,
        capabilities,
        report,
        head,
        certificate,
        reporter,
        sessions: Sessions::default(),
    };
    Ok(Provisioned { engine, certificates, event_log, reported_tcb })
}

/// Deallocates the PCR banks that the paravisor's TPM does not have, which needs a reset, and sets the
/// hash of command audits to its default.
pub(super) fn remove_banks(
    tpm: &mut dyn Upstream,
    reset: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    const NONE: [u8; 4] = [3, 0, 0, 0];
    const STARTUP_CLEAR: [u8; 2] = [0; 2];
    /// TPM_RC_INITIALIZE.
    const ALREADY_STARTED: u32 = 0x100;
    let foreign: Vec<u16> = banks(tpm)?.into_iter().filter(|bank| !is_hash(*bank)).collect();
    let count = u32::try_from(foreign.len()).unwrap_or(u32::MAX).to_be_bytes();
    let selections = foreign.iter().map(|bank| [&bank.to_be_bytes()[..], &NONE].concat());
    let selection = [count.to_vec()].into_iter().chain(selections).collect::<Vec<_>>().concat();
    run(tpm, PCR_ALLOCATE, &[PLATFORM], &selection)?;
    reset()?;
    match ask(tpm, false, &command(STARTUP, &[], &STARTUP_CLEAR)) {
        // A swtpm that starts the TPM up itself.
        Ok(_) | Err(Refused::Code(STARTUP, ALREADY_STARTED)) => {}
        Err(refused) => return Err(refused.into()),
    }
    // SHA-384, as TPM_PT_CONTEXT_HASH; no command is added, none taken away.
    run(tpm, SET_AUDIT_STATUS, &[PLATFORM], &[&[0x00, 0x0c][..], &[0; 8]].concat())
}

fn is_hash(algorithm: u16) -> bool {
    HASHES.iter().any(|(hash, _)| *hash == algorithm)
}

/// The algorithms of the PCR banks.
fn banks(tpm: &mut dyn Upstream) -> Result<Vec<u16>, Error> {
    const PCRS: u32 = 5;
    let parameters = [PCRS, 0, 1].map(u32::to_be_bytes).concat();
    let query = Command { sessions: Vec::new(), ..command(GET_CAPABILITY, &[], &parameters) };
    let (_, parameters) = ask(tpm, false, &query)?;
    let mut cursor = Cursor(&parameters);
    let _more_and_kind = (cursor.u8(), cursor.u32());
    let count = cursor.u32().unwrap_or_default();
    let mut bank = || {
        let algorithm = cursor.u16()?;
        let select = cursor.u8()?;
        cursor.take(select.into()).map(|_| algorithm)
    };
    Ok((0..count).map_while(|_| bank()).collect())
}

/// Makes a primary key and persists it at a handle.
fn persistent(tpm: &mut dyn Upstream, hierarchy: u32, template: &[u8], at: u32) -> Result<Key, Error> {
    let (handle, key) = primary(tpm, hierarchy, template)?;
    run(tpm, EVICT_CONTROL, &[OWNER, handle], &at.to_be_bytes())?;
    run(tpm, FLUSH_CONTEXT, &[], &handle.to_be_bytes())?;
    Ok(key)
}

/// Makes a primary key: its handle, and the public half.
fn primary(tpm: &mut dyn Upstream, hierarchy: u32, template: &[u8]) -> Result<(u32, Key), Error> {
    // No password, no data; no outside info; no PCRs.
    let parameters = [&sized(&[0; 4])[..], &sized(template), &sized(&[]), &[0; 4]].concat();
    let command = command(CREATE_PRIMARY, &[hierarchy], &parameters);
    let malformed = || Refused::Code(CREATE_PRIMARY, 0);
    let (handle, parameters) = ask(tpm, true, &command)?;
    let public = Cursor(&parameters).sized().ok_or_else(malformed)?;
    // The modulus ends the public area of an RSA key.
    let modulus: &[u8; templates::MODULUS_BYTES] = public.last_chunk().ok_or_else(malformed)?;
    Ok((handle.ok_or_else(malformed)?, Key::public_only(modulus)?))
}

/// Defines the shadow of an index of this size, writes to it once, and returns the index.
fn define_index(tpm: &mut dyn Upstream, handle: u32, size: u16, contents: Vec<u8>) -> Result<Index, Error> {
    let password = secret()?;
    let public = nv_public(handle, SHADOW_ATTRIBUTES, size.min(MAX_SHADOW_BYTES));
    run(tpm, NV_DEFINE_SPACE, &[PLATFORM], &[sized(&password), sized(&public)].concat())?;
    // One zero at offset 0.
    let parameters = [sized(&[0]), vec![0; 2]].concat();
    let write = Command {
        sessions: vec![Authorization::password(&password)],
        ..command(NV_WRITE, &[handle, handle], &parameters)
    };
    ask(tpm, false, &write)?;
    let query = Command { sessions: Vec::new(), ..command(NV_READ_PUBLIC, &[handle], &[]) };
    let (_, parameters) = ask(tpm, false, &query)?;
    let shadow = Shadow::parse(&parameters).ok_or(Refused::Code(NV_READ_PUBLIC, 0))?;
    Ok(Index { handle, size, contents, shadow })
}

/// Extends the PCRs by the event log.
fn extend(tpm: &mut dyn Upstream, log: &EventLog) -> Result<(), Error> {
    for Measurement { register, digests } in log.measurements() {
        let count = u32::try_from(digests.len()).unwrap_or(u32::MAX);
        let digests =
            digests.iter().map(|(algorithm, digest)| [&algorithm.to_be_bytes()[..], digest].concat());
        let parameters =
            [count.to_be_bytes().to_vec()].into_iter().chain(digests).collect::<Vec<_>>().concat();
        run(tpm, PCR_EXTEND, &[register], &parameters)?;
    }
    Ok(())
}

/// The shapes of all commands of the TPM.
fn shapes(tpm: &mut dyn Upstream) -> Result<BTreeMap<u32, Shape>, Error> {
    const COMMANDS: u32 = 2;
    const MOST: u32 = 254;
    let parameters = [COMMANDS, 0, MOST].map(u32::to_be_bytes).concat();
    let query = Command { sessions: Vec::new(), ..command(GET_CAPABILITY, &[], &parameters) };
    let (_, parameters) = ask(tpm, false, &query)?;
    let mut cursor = Cursor(&parameters);
    let _more_and_kind = (cursor.u8(), cursor.u32());
    let count = cursor.u32().unwrap_or_default().min(MOST);
    Ok((0..count).map_while(|_| cursor.u32()).map(shape).collect())
}

/// TPMA_CC: the code with its vendor's bit, then numbers of handles.
fn shape(attributes: u32) -> (u32, Shape) {
    let handles = usize::try_from((attributes >> 25) & 7).unwrap_or_default();
    (attributes & 0x2000_ffff, Shape { handles, gives_handle: attributes & (1 << 28) != 0 })
}

/// Runs a command that needs an authorization for its first handle, if it has one: an empty password.
fn run(tpm: &mut dyn Upstream, code: u32, handles: &[u32], parameters: &[u8]) -> Result<(), Error> {
    ask(tpm, false, &command(code, handles, parameters))?;
    Ok(())
}

fn command<'a>(code: u32, handles: &[u32], parameters: &'a [u8]) -> Command<'a> {
    let sessions = if handles.is_empty() { Vec::new() } else { vec![Authorization::password(&[])] };
    Command { code, handles: handles.to_vec(), sessions, parameters }
}

/// A random password.
fn secret() -> Result<[u8; SECRET_BYTES], Error> {
    let mut secret = [0; SECRET_BYTES];
    rand::fill(&mut secret).map_err(|_| Error::NoRandomness)?;
    Ok(secret)
}
