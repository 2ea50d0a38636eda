//! Parsers of Azure evidence: HCL report, TDREPORT, TPM quote and event log.

use teeproof_wire::eventlog::{
    CCEL_TABLE_BYTES, CcelTable, EfiVariable, Event, EventLog, Format, MAX_ALGORITHMS, SignatureLists,
    kind_name,
};
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::tdx::{TD_REPORT_BYTES, TdReport};
use teeproof_wire::tpm::{
    AnyAttestation, Attest, Attested, MAX_SELECTIONS, REGISTERS, TpmSignature, attest_bytes, rsassa_sha256,
};

use super::{is_within, taken};
use crate::bounds;
use crate::cost::bounded;
use crate::quiet::{describe, is_plain};

/// `attest_bytes` and `Attest::parse`: a size in front changes nothing.
pub fn tpm_quote(input: &[u8]) -> bool {
    let is_taken = bounded(&bounds::TPM_QUOTE, input.len(), || quote(input));
    if is_taken {
        let message = attest_bytes(input);
        let size = u16::try_from(message.len()).unwrap_or_default().to_be_bytes();
        assert_eq!(attest_bytes(&[&size, message].concat()), message);
    }
    is_taken
}

fn quote(input: &[u8]) -> bool {
    let message = attest_bytes(input);
    assert!(is_within(message, input) && matches!(input.len() - message.len(), 0 | 2));
    let Some(attest) = taken(Attest::parse(message), 0, message) else {
        return false;
    };
    assert_eq!(attest_bytes(message), message, "a size inside of a size");
    let any = AnyAttestation::parse(message).map(|any| any.attested);
    assert!(matches!(any, Ok(Attested::Quote { pcr_digest, .. }) if pcr_digest == attest.pcr_digest));
    for part in [attest.head.qualified_signer, attest.head.extra_data, attest.pcr_digest] {
        assert!(is_within(part, message));
    }
    assert!(attest.selections.iter().len() <= MAX_SELECTIONS);
    for selection in attest.selections.iter() {
        let indices = || selection.indices();
        assert!(indices().is_sorted() && indices().all(|index| index < REGISTERS));
        assert_eq!(u32::try_from(indices().count()), Ok(selection.count()));
        assert!((0..=u8::MAX).all(|index| selection.contains(index) == indices().any(|one| one == index)));
    }
    describe(&attest);
    true
}

/// `rsassa_sha256`.
pub fn tpm_signature(input: &[u8]) -> bool {
    bounded(&bounds::TPM_SIGNATURE, input.len(), || {
        let Some(signature) = taken(rsassa_sha256(input), 0, input) else {
            return false;
        };
        assert!(input.ends_with(signature) && matches!(input.len(), 256 | 262));
        true
    })
}

/// `EventLog::parse`, every event, and what each of them says.
pub fn event_log(input: &[u8]) -> bool {
    bounded(&bounds::EVENT_LOG, input.len(), || {
        let Some(log) = taken(EventLog::parse(input), 0, input) else {
            return false;
        };
        assert!((1..=MAX_ALGORITHMS).contains(&log.algorithms().iter().len()));
        assert!(Format::peek(input).is_none_or(|format| format == log.format()));
        let mut end = 0;
        for event in log.events() {
            assert!(end <= event.offset && is_within(event.data, input));
            end = event_of(&log, &event, input);
        }
        // Nothing lies between the last event and the padding.
        assert!(end == 0 || end + log.padding() == input.len());
        let padding = &input[input.len() - log.padding()..];
        assert!(padding.iter().all(|byte| Some(byte) == padding.first()));
        let fold = |old: &[u8; 32], digest: &[u8; 32]| core::array::from_fn(|at| old[at] ^ digest[at]);
        let replayed = log.replay(0x000b, |index| index != 8, fold);
        for (index, register) in (0_u32..).zip(replayed) {
            let extends =
                |event: Event<'_>| event.extends() && event.index == index && event.sha256().is_some();
            assert_eq!(register.is_some(), index != 8 && log.events().any(extends), "{index}");
        }
        describe(&log);
        true
    })
}

/// Checks the invariants of an event, and returns its end.
fn event_of(log: &EventLog<'_>, event: &Event<'_>, input: &[u8]) -> usize {
    assert!(!event.extends() || event.index < REGISTERS.into());
    assert!(event.digests().count() <= log.algorithms().iter().len());
    for (id, digest) in event.digests() {
        assert_eq!(event.digest(id), Some(digest));
        assert_eq!(log.algorithms().size(id), Some(digest.len()));
        assert!(is_within(digest, input));
    }
    assert!(event.sha256().is_none() || log.algorithms().size(0x000b).is_some());
    let _ = kind_name(event.kind);
    let _ = variable(event.data) || signature_lists(event.data);
    if log.format() == Format::Sha1 {
        return event.offset + 32 + event.data.len();
    }
    let head = 16 + event.digests().map(|(_, digest)| digest.len() + 2).sum::<usize>();
    event.offset + head + event.data.len()
}

/// `AnyAttestation::parse`, `TpmSignature::parse` and `CcelTable::parse`: what is described and never
/// verified.
pub fn tpm_described(input: &[u8]) -> bool {
    bounded(&bounds::TPM_DESCRIBED, input.len(), || {
        let attestation = taken(AnyAttestation::parse(input), 0, input);
        let signature = taken(TpmSignature::parse(input), 0, input);
        let table = taken(CcelTable::parse(input), 0, input);
        if let Some(attestation) = &attestation {
            describe(attestation);
        }
        if let Some(signature) = &signature {
            describe(signature);
            assert!(!signature.scheme_name().is_empty());
            assert!(input.len() == 256 || signature.is_supported() == rsassa_sha256(input).is_ok());
        }
        if let Some(table) = &table {
            describe(table);
            assert!(CcelTable::looks_like(input) && input.len() == CCEL_TABLE_BYTES);
        }
        attestation.is_some() || signature.is_some() || table.is_some()
    })
}

/// `EfiVariable::parse` and `split`, and `SignatureLists::parse`: what the events of register 7 hold.
pub fn efi(input: &[u8]) -> bool {
    bounded(&bounds::EFI, input.len(), || variable(input) || signature_lists(input))
}

fn variable(input: &[u8]) -> bool {
    let split = taken(EfiVariable::split(input), 0, input);
    let Some(variable) = taken(EfiVariable::parse(input), 0, input) else {
        assert!(split.is_none_or(|(_, rest)| !rest.is_empty()));
        return false;
    };
    assert_eq!(split, Some((variable, &[][..])));
    assert!(is_within(variable.data, input) && is_plain(&variable.shown_name()));
    let _ = variable.is_named("SecureBoot");
    let _ = signature_lists(variable.data);
    true
}

fn signature_lists(input: &[u8]) -> bool {
    let Ok(lists) = SignatureLists::parse(input) else { return false };
    assert!(lists.iter().all(|signature| is_within(signature.data, input)));
    !input.is_empty()
}

/// `HclReport::parse`, and everything that an envelope tells; taken is one that can be verified.
pub fn hcl_report(input: &[u8]) -> bool {
    bounded(&bounds::HCL_REPORT, input.len(), || {
        let Some(report) = taken(HclReport::parse(input), 0, input) else {
            return false;
        };
        let (offset, claims) = (report.claims_offset(), report.claims());
        assert_eq!(input.get(offset..offset + claims.len()), Some(claims));
        assert_eq!(offset + claims.len() + report.padding_bytes(), input.len());
        assert!(input.iter().rev().take(report.padding_bytes()).all(|byte| *byte == 0));
        let hardware = match report.hardware() {
            Hardware::Snp(bytes) => bytes.as_slice(),
            Hardware::Tdx(bytes) => bytes,
            Hardware::Vbs(bytes) => bytes,
            _ => &[],
        };
        assert!(hardware.is_empty() || is_within(hardware, report.slot));
        describe(&report);
        taken(report.check_supported(), 0, input).is_some()
    })
}

/// `TdReport::parse`, `check_reserved`, and everything that a report tells, flawed or not.
pub fn td_report(input: &[u8]) -> bool {
    bounded(&bounds::TD_REPORT, input.len(), || {
        let Some(report) = taken(TdReport::parse(input), 0, input) else {
            return false;
        };
        assert_eq!(input.len(), TD_REPORT_BYTES);
        assert!(is_within(report.tee_tcb_info_bytes(), input) && is_within(report.td_info_bytes(), input));
        describe(&report);
        taken(report.check_reserved(), 0, input).is_some()
    })
}
