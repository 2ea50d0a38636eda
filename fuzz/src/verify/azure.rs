//! The verifiers of an Azure machine and of its TPM: a register that was not signed is never read,
//! and neither a chain nor a log makes more work than it is worth.

use teeproof::Findings;
use teeproof_core::{Class, Outcome, RsaKey};
use teeproof_hcl::{Evidence, VerifiedVm};
use teeproof_rustcrypto::TABLE;
use teeproof_tpm::{
    Explanation, PcrValues, Quote, VerifiedLog, VerifiedPcrs, VerifiedQuote, replay, verify_pcrs,
};
use teeproof_wire::eventlog::EventLog;
use teeproof_x509::Anchors;

use super::{POLICIES, Switches, evidence, files, nonce, refusal};
use crate::believe::{Belief, Work, counted};
use crate::parts::{Part, split};

/// What came of the TPM's, as far as it came.
struct Tpm<'a> {
    quote: Option<Quote<'a>>,
    registers: Option<Box<[Option<[u8; 32]>; 24]>>,
    values: Option<&'a [u8]>,
    log: Option<&'a [u8]>,
}

impl<'a> Tpm<'a> {
    fn of(parts: &[Part<'a>]) -> Self {
        let (mut message, mut signature) = (None, None);
        let mut tpm = Self { quote: None, registers: None, values: None, log: None };
        for part in parts {
            match part {
                Part::Message(bytes) => message = Some(*bytes),
                Part::Signature(bytes) => signature = Some(*bytes),
                Part::Registers(bytes) => tpm.registers = Some(Box::new(registers(bytes))),
                Part::Values(bytes) => tpm.values = Some(bytes),
                Part::Log(bytes) => tpm.log = Some(bytes),
                _ => {}
            }
        }
        let pair = message.zip(signature);
        tpm.quote = pair.map(|(message, signature)| Quote { message, signature });
        tpm
    }

    fn pcrs(&self) -> Option<PcrValues<'_>> {
        let indexed = self.registers.as_deref().map(PcrValues::Indexed);
        indexed.or(self.values.map(PcrValues::InSelectionOrder))
    }
}

/// Entries of 33 bytes: an index and a value.
fn registers(bytes: &[u8]) -> [Option<[u8; 32]>; 24] {
    let mut registers = [None; 24];
    for [index, value @ ..] in bytes.as_chunks::<33>().0 {
        if let Some(slot) = registers.get_mut(usize::from(*index)) {
            *slot = Some(*value);
        }
    }
    registers
}

/// Two for the signer's name, one for the registers.
const HASHES_OF_A_QUOTE: usize = 3;
/// The most paths of an AK certificate, and the certificates below the root of each.
const AK_SIGNATURES: usize = 4 * 4;
/// At each of 16 steps at most so many certificates are looked at for the pinned root.
const AK_HASHES: usize = 16 * 16;
/// Four intermediates of one name under four roots of one name, two signatures each; and the report's.
const SNP_SIGNATURES: usize = 4 * 4 * 2 + 1;

/// How often the events of a log may be hashed: once each, and those of register 7 once more.
fn hashes_of(log: Option<&[u8]>) -> usize {
    let Some(Ok(log)) = log.map(EventLog::parse) else { return 0 };
    log.events().filter(|event| event.extends()).map(|event| if event.index == 7 { 2 } else { 1 }).sum()
}

/// `teeproof_tpm::verify`, `verify_pcrs` and `replay`, under a key that is given.
pub fn tpm(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let tpm = Tpm::of(&parts);
    let modulus = parts.iter().find(|part| matches!(part, Part::Key(_))).map(|part| part.bytes());
    let (Some(quote), Some(modulus)) = (tpm.quote, modulus) else {
        return false;
    };
    let crypto = switches.belief().table();
    let key = RsaKey { modulus, exponent: &[1, 0, 1] };
    let verification = teeproof_tpm::Verification { key, freshness: nonce(&parts), crypto: &crypto };
    let mut findings = Findings::default();
    let (result, work) = counted(|| {
        let quote = teeproof_tpm::verify(&quote, &verification, &mut findings)?;
        let Some(values) = tpm.pcrs() else { return Ok((quote, None, None)) };
        let pcrs = verify_pcrs(&quote, values, &crypto, &mut findings)?;
        let log = tpm.log.map(|log| replay(log, &pcrs, &crypto, &mut findings)).transpose()?;
        Ok((quote, Some(pcrs), log))
    });
    assert!(work.signatures <= 1 && work.hashes <= HASHES_OF_A_QUOTE + hashes_of(tpm.log), "{work:?}");
    let (quote, pcrs, log) = match result {
        Ok(verified) => verified,
        Err(error) => {
            let error: teeproof_tpm::Error = error;
            return refusal(error.check(), error.class(), &error);
        }
    };
    assert_ne!(switches.belief(), Belief::None);
    seen(Some(&quote), pcrs.as_ref(), log.as_ref());
    for policy in POLICIES.iter().filter_map(|policy| policy.azure_snp.as_ref()) {
        let mut findings = Findings::default();
        let held = teeproof_tpm::appraise(pcrs.as_ref(), log.as_ref(), &policy.vm.tpm, &mut findings);
        assert_eq!(held, findings.into_vec().iter().all(|finding| finding.outcome != Outcome::Fail));
    }
    true
}

/// What holds of everything that was verified of a TPM's.
fn seen(quote: Option<&VerifiedQuote<'_>>, pcrs: Option<&VerifiedPcrs>, log: Option<&VerifiedLog<'_>>) {
    let Some(quote) = quote else {
        return assert!(pcrs.is_none() && log.is_none());
    };
    let selection = quote.selection();
    let Some(pcrs) = pcrs else {
        return assert!(log.is_none());
    };
    for index in 0..=u8::MAX {
        assert_eq!(pcrs.get(index).is_some(), selection.contains(index), "register {index}");
    }
    let values: Vec<&[u8]> = pcrs.iter().map(|(_, value)| value.as_slice()).collect();
    assert_eq!(quote.attest().pcr_digest, TABLE.sha256.digest(&values));
    if let Some(log) = log {
        explained(pcrs, log);
    }
}

/// Only what a quoted value proves is told of a log.
fn explained(pcrs: &VerifiedPcrs, log: &VerifiedLog<'_>) {
    assert_eq!(log.registers().count(), 24);
    for (index, register) in log.registers() {
        assert_eq!(register == Explanation::NotQuoted, pcrs.get(index).is_none());
        let mut events = log.events().filter(|event| event.index == u32::from(index)).peekable();
        if register != Explanation::Explained {
            assert!(events.peek().is_none(), "events of register {index} are told");
            continue;
        }
        // Register 0 begins with what the log says of it, which its value then proves.
        let ends = |start: u8| {
            let mut value = [0; 32];
            value[31] = start;
            let events = log.events().filter(|event| event.index == u32::from(index));
            events.fold(value, |value, event| {
                TABLE.sha256.digest(&[&value, event.sha256().map_or(&[][..], |digest| digest)])
            })
        };
        let starts: &[u8] = if index == 0 { &[0, 3, 4] } else { &[0] };
        assert!(starts.iter().any(|start| Some(&ends(*start)) == pcrs.get(index)), "register {index}");
    }
    let is_explained = |index| log.register(index) == Explanation::Explained;
    assert!(log.secure_boot().is_err() || is_explained(7));
    assert_eq!(log.boot_applications().is_some(), is_explained(4));
    assert!(!log.explains_all() || log.registers().all(|(_, register)| register != Explanation::Unexplained));
}

/// `teeproof_hcl::verify_snp` and `appraise_snp`.
pub fn azure_snp(input: &[u8]) -> bool {
    azure(input, |evidence, files, verification, parts| {
        let mut findings = Findings::default();
        let (result, work) =
            counted(|| teeproof_hcl::verify_snp(evidence, &files.certificates, verification, &mut findings));
        bounded(work, files.lists.len(), evidence.log);
        match result {
            Ok(verified) => {
                vm(&verified);
                assert_ne!(parts.belief(), Belief::None);
                true
            }
            Err(error) => refusal(error.check(), error.class(), &error),
        }
    })
}

/// `teeproof_hcl::verify_tdx`, which never believes anything; taken is what comes to its end.
pub fn azure_tdx(input: &[u8]) -> bool {
    azure(input, |evidence, files, verification, _| {
        let mut findings = Findings::default();
        let (result, work) =
            counted(|| teeproof_hcl::verify_tdx(evidence, &files.certificates, verification, &mut findings));
        bounded(work, 0, None);
        let Err(error) = result;
        refusal(error.check(), error.class(), &error);
        error.class() == Class::Incomplete
    })
}

/// Everything that is verified with the evidence of an input.
fn azure(
    input: &[u8],
    verify: impl FnOnce(&Evidence<'_>, &super::Files<'_>, &teeproof_hcl::Verification<'_>, Switches) -> bool,
) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let (files, tpm) = (files(&parts), Tpm::of(&parts));
    let find =
        |wanted: fn(&Part<'_>) -> bool| parts.iter().find(|part| wanted(part)).map(|part| part.bytes());
    let evidence = Evidence {
        report: evidence(&parts),
        td_quote: find(|part| matches!(part, Part::TdQuote(_))),
        quote: tpm.quote,
        pcrs: tpm.pcrs(),
        log: tpm.log,
        nonce_in_user_data: switches.archived(),
    };
    let crypto = switches.belief().table();
    let verification = teeproof_hcl::Verification {
        anchors: Anchors::and(&files.anchors),
        freshness: nonce(&parts),
        user_data: find(|part| matches!(part, Part::UserData(_))),
        revocation: switches.revocation(&files.lists),
        at: switches.at(),
        crypto: &crypto,
    };
    verify(&evidence, &files, &verification, switches)
}

fn bounded(work: Work, lists: usize, log: Option<&[u8]>) {
    let signatures = AK_SIGNATURES + SNP_SIGNATURES + lists + 1;
    // Those of the TDREPORT are two, and that of the claims is one.
    let hashes = AK_HASHES + 3 + HASHES_OF_A_QUOTE + hashes_of(log);
    assert!(work.signatures <= signatures && work.hashes <= hashes, "{work:?}");
}

/// What holds of every VM that was verified.
fn vm(vm: &VerifiedVm<'_>) {
    let report = vm.report().report();
    assert_eq!(report.vmpl.get(), 0);
    let ak = vm.claims().ak();
    assert_eq!((ak.modulus.len(), ak.exponent.as_slice()), (256, &[1, 0, 1][..]));
    assert_eq!(vm.claims().keys().iter().filter(|key| key.kid == ak.kid).count(), 1);
    seen(vm.quote(), vm.pcrs(), vm.log());
    for policy in POLICIES.iter().filter_map(|policy| policy.azure_snp.as_ref()) {
        let mut findings = Findings::default();
        let held = teeproof_hcl::appraise_snp(vm, &policy.snp, &policy.vm, &mut findings);
        assert_eq!(held, findings.into_vec().iter().all(|finding| finding.outcome != Outcome::Fail));
    }
}
