//! Verifiers of an Azure VM and of its TPM: a PCR value outside of the quote is never read, and the work of chains
//! and logs is bounded.

use teeproof_core::RsaKey;
use teeproof_hcl::{HclEvidence, VerifiedTdVm, VerifiedVm, VerifiedVtpm};
use teeproof_rustcrypto::TABLE;
use teeproof_tdx::{SignedJson, TdxEvidence, TdxEvidenceView};
use teeproof_tpm::{
    Explanation, PcrValues, Quote, VerifiedLog, VerifiedPcrs, VerifiedQuote, replay, verify_pcrs,
};
use teeproof_wire::eventlog::EventLog;
use teeproof_x509::{Anchors, CachedSignatures};

use super::{POLICIES, Switches, cache_of, evidence, files, given, is_remembered, nonce, refusal};
use crate::believe::Belief;
use crate::bounds;
use crate::cost::{bounded, once_more, work_of};
use crate::parts::{Part, split, two};
use crate::quiet::Tally;

/// The TPM's part of the verification, as far as it succeeded.
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
        tpm.quote = pair.map(|(message, signature)| Quote::new(message, signature));
        tpm
    }

    fn pcrs(&self) -> Option<PcrValues<'_>> {
        let indexed = self.registers.as_deref().map(PcrValues::Indexed);
        indexed.or(self.values.map(PcrValues::InSelectionOrder))
    }
}

/// Entries of 33 bytes: an index and a value.
pub(super) fn registers(bytes: &[u8]) -> [Option<[u8; 32]>; 24] {
    let mut registers = [None; 24];
    for [index, value @ ..] in bytes.as_chunks::<33>().0 {
        if let Some(slot) = registers.get_mut(usize::from(*index)) {
            *slot = Some(*value);
        }
    }
    registers
}

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
    let verification = teeproof_tpm::TpmVerification::new(key, nonce(&parts), &crypto);
    let mut tally = Tally::default();
    let quoted = bounded(&bounds::TPM_VERIFY, given(&parts), || {
        let quote = teeproof_tpm::verify(&quote, &verification, &mut tally)?;
        let pcrs = tpm.pcrs().map(|values| verify_pcrs(&quote, values, &crypto, &mut tally));
        Ok((quote, pcrs.transpose()?))
    });
    let result = quoted.and_then(|(quote, pcrs)| {
        let (Some(values), Some(log)) = (&pcrs, tpm.log) else { return Ok((quote, pcrs, None)) };
        let log = bounded(&bounds::TPM_REPLAY, log.len(), || replay(log, values, &crypto, &mut tally));
        let work = work_of(&bounds::TPM_REPLAY);
        assert!(work.hashes <= hashes_of(tpm.log), "{work:?}");
        log.map(|log| (quote, pcrs, Some(log)))
    });
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
        let mut tally = Tally::default();
        let holds = bounded(&bounds::TPM_APPRAISE, 0, || {
            teeproof_tpm::appraise(pcrs.as_ref(), log.as_ref(), &policy.vm.tpm, &mut tally)
        });
        assert_eq!(holds, tally.holds());
    }
    true
}

/// Checks the invariants of verified TPM evidence.
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

/// Only events proven by a quoted PCR value are described.
fn explained(pcrs: &VerifiedPcrs, log: &VerifiedLog<'_>) {
    assert_eq!(log.pcrs().count(), 24);
    for (index, register) in log.pcrs() {
        assert_eq!(register == Explanation::NotQuoted, pcrs.get(index).is_none());
        let mut events = log.events().filter(|event| event.index == u32::from(index)).peekable();
        if register != Explanation::Explained {
            assert!(events.peek().is_none(), "events of unproven PCR {index} are described");
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
    let is_explained = |index| log.pcr(index) == Explanation::Explained;
    assert!(log.secure_boot().is_err() || is_explained(7));
    assert_eq!(log.boot_applications().is_some(), is_explained(4));
    assert!(!log.explains_all() || log.pcrs().all(|(_, register)| register != Explanation::Unexplained));
}

/// `teeproof_hcl::verify_snp` and `appraise_snp`; then once more, with everything remembered.
pub fn azure_snp(input: &[u8]) -> bool {
    azure(input, |evidence, files, verification, switches, parts| {
        let mut tally = Tally::default();
        let verified = match bounded(&bounds::HCL_SNP, given(parts), || {
            teeproof_hcl::verify_snp(evidence, &files.certificates, verification, &mut tally)
        }) {
            Ok(verified) => verified,
            Err(error) => return refusal(error.check(), error.class(), &error),
        };
        assert_ne!(switches.belief(), Belief::None);
        vm(&verified);
        let known = bounded(&bounds::HCL_AGAIN, given(parts), || {
            let certificates = &files.certificates;
            teeproof_hcl::verify_snp_again(&verified, evidence, certificates, verification, &mut tally)
        });
        assert!(known.is_ok(), "what holds does not hold again");
        let cache = cache_of(verified.signatures());
        let again = verification.cache(CachedSignatures::from_cache(&cache));
        let (again, work) = once_more(&bounds::HCL_SNP, given(parts), || {
            teeproof_hcl::verify_snp(evidence, &files.certificates, &again, &mut ())
        });
        // Certificates with matching names and wrong keys are checked first, repeatedly.
        let is_cheaper = work.signatures <= work_of(&bounds::HCL_SNP).signatures;
        assert!(again.is_ok() && is_cheaper || !is_remembered(parts), "{work:?}");
        true
    })
}

/// `teeproof_hcl::verify_snp_again`: further evidence is judged as it is without anything known. The
/// input is two of [`azure_snp`]'s, the first behind its length in three bytes.
pub fn azure_again(input: &[u8]) -> bool {
    let Some((first, second)) = two(input) else { return false };
    // Everything is believed: the question is what is looked at.
    let [first, second] = [first, second].map(|input| match input {
        [switches, rest @ ..] => [&[switches & !3], rest].concat(),
        [] => Vec::new(),
    });
    azure(&first, |evidence, files, verification, _, _| {
        let known = teeproof_hcl::verify_snp(evidence, &files.certificates, verification, &mut ());
        known.is_ok_and(|known| {
            azure(&second, |further, more, verification, _, parts| {
                let certificates = [files.certificates.as_slice(), &more.certificates].concat();
                let again = bounded(&bounds::HCL_AGAIN, given(parts), || {
                    teeproof_hcl::verify_snp_again(&known, further, &certificates, verification, &mut ())
                        .is_ok()
                });
                // Under other anchors, another path can be found, or none.
                let is_same = further.report == evidence.report && files.anchors == more.anchors;
                let whole =
                    || teeproof_hcl::verify_snp(further, &certificates, verification, &mut ()).is_ok();
                assert!(!is_same || again == whole(), "known {again}, whole {}", !again);
                is_same && again
            })
        })
    })
}

/// `teeproof_hcl::verify_tdx` and `appraise_tdx`; then once more, with everything remembered.
pub fn azure_tdx(input: &[u8]) -> bool {
    azure(input, |evidence, files, verification, switches, parts| {
        let documents: Vec<SignedJson<'_>> = parts.iter().filter_map(document).collect();
        let mut tally = Tally::default();
        let verified = match bounded(&bounds::HCL_TDX, given(parts), || {
            teeproof_hcl::verify_tdx(evidence, &files.certificates, &documents, verification, &mut tally)
        }) {
            Ok(verified) => verified,
            Err(error) => return refusal(error.check(), error.class(), &error),
        };
        assert_ne!(switches.belief(), Belief::None);
        td_vm(&verified, evidence);
        let cache = cache_of(verified.signatures());
        let again = verification.cache(CachedSignatures::from_cache(&cache));
        let (again, work) = once_more(&bounds::HCL_TDX, given(parts), || {
            teeproof_hcl::verify_tdx(evidence, &files.certificates, &documents, &again, &mut ())
        });
        let is_cheaper = work.signatures <= work_of(&bounds::HCL_TDX).signatures;
        assert!(again.is_ok() && is_cheaper || !is_remembered(parts), "{work:?}");
        true
    })
}

/// A response of Intel's service, if it is one.
fn document<'a>(part: &Part<'a>) -> Option<SignedJson<'a>> {
    let Part::Document(bytes) = part else { return None };
    std::str::from_utf8(bytes).ok().and_then(|text| SignedJson::parse(text).ok())
}

/// Everything that is verified with the evidence of an input.
fn azure(
    input: &[u8],
    verify: impl FnOnce(
        &HclEvidence<'_>,
        &super::Files<'_>,
        &teeproof_hcl::HclVerification<'_>,
        Switches,
        &[Part<'_>],
    ) -> bool,
) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let (files, tpm) = (files(&parts), Tpm::of(&parts));
    let find =
        |wanted: fn(&Part<'_>) -> bool| parts.iter().find(|part| wanted(part)).map(|part| part.bytes());
    let td_bytes = find(|part| matches!(part, Part::TdQuote(_)));
    // Of a malformed quote no certificates are decoded, as in a file.
    let td_quote = td_bytes.and_then(|bytes| TdxEvidence::parse(bytes).ok());
    let td_quote = td_quote.as_ref().map(TdxEvidence::view);
    let evidence = HclEvidence::new(evidence(&parts))
        .td_quote(td_quote.or(td_bytes.map(|bytes| TdxEvidenceView::new(bytes, &[]))))
        .quote(tpm.quote)
        .pcrs(tpm.pcrs())
        .log(tpm.log)
        .nonce_in_user_data(switches.archived());
    let crypto = switches.belief().table();
    let verification = teeproof_hcl::HclVerification::new(nonce(&parts), switches.at(), &crypto)
        .anchors(Anchors::and(&files.anchors))
        .user_data(find(|part| matches!(part, Part::UserData(_))))
        .revocation(switches.revocation(&files.lists));
    verify(&evidence, &files, &verification, switches, &parts)
}

/// The invariants of a verified vTPM.
fn vtpm(vtpm: &VerifiedVtpm<'_>) {
    let ak = vtpm.claims().ak();
    assert_eq!((ak.modulus.len(), ak.exponent.as_slice()), (256, &[1, 0, 1][..]));
    assert_eq!(vtpm.claims().keys().iter().filter(|key| key.kid == ak.kid).count(), 1);
    seen(vtpm.quote(), vtpm.pcrs(), vtpm.log());
}

/// The invariants of a verified VM on TDX: its TDREPORT has the fields of its quote.
fn td_vm(vm: &VerifiedTdVm<'_>, evidence: &HclEvidence<'_>) {
    vtpm(vm.vtpm());
    let td = vm.td_quote().td();
    let report = evidence.report.get(0x20..0x420).unwrap_or_default();
    assert_eq!(report.get(264..384), vm.td_quote().quote().body.get(..120));
    assert_eq!(report.get(512..912), vm.td_quote().quote().body.get(120..520));
    assert_eq!(report.get(128..192), Some(&td.report_data()[..]));
    for policy in POLICIES.iter().filter_map(|policy| policy.azure_tdx.as_ref()) {
        let mut tally = Tally::default();
        let holds = bounded(&bounds::HCL_APPRAISE, 0, || {
            teeproof_hcl::appraise_tdx(vm, &policy.tdx, &policy.vm, &mut tally)
        });
        assert_eq!(holds, tally.holds());
    }
}

/// Checks the invariants of a verified VM.
fn vm(vm: &VerifiedVm<'_>) {
    let report = vm.report().report();
    assert_eq!(report.vmpl(), 0);
    vtpm(vm.vtpm());
    for policy in POLICIES.iter().filter_map(|policy| policy.azure_snp.as_ref()) {
        let mut tally = Tally::default();
        let holds = bounded(&bounds::HCL_APPRAISE, 0, || {
            teeproof_hcl::appraise_snp(vm, &policy.snp, &policy.vm, &mut tally)
        });
        assert_eq!(holds, tally.holds());
    }
}
