//! TD quotes as evidence of their own, and as a part of an Azure VM's.

use base64ct::{Base64, Encoding as _};
use serde_json::json;
use teeproof_core::Technology;
use teeproof_evidence::{InputError, InputKind, InputWarning, Inputs, Part, sniff};

use crate::support::{ccel, quote_collateral, td_quote};

const HCL_TDX: &[u8] = include_bytes!("../../../../../testdata/azure/hcl-report-tdx.bin");
const HCL_SNP: &[u8] = include_bytes!("../../../../../testdata/azure/hcl-report-snp.bin");
const SNP: &[u8] = include_bytes!("../../../../../testdata/snp/milan-report.bin");
const NITRO: &[u8] = include_bytes!("../../../../../testdata/nitro/production-eu-central-1-2025-01.cose");

fn inputs(parts: &[(InputKind, &[u8])]) -> Result<Inputs, InputError> {
    let mut inputs = Inputs::new();
    for (kind, bytes) in parts {
        inputs.add_part(Part::new(*kind, *bytes)?)?;
    }
    Ok(inputs)
}

/// Both orders of two parts.
fn both<'b>(one: (InputKind, &'b [u8]), other: (InputKind, &'b [u8])) -> [Result<Inputs, InputError>; 2] {
    [inputs(&[one, other]), inputs(&[other, one])]
}

fn of(inputs: &Inputs) -> Option<(Technology, InputKind)> {
    inputs.evidence().map(|(technology, part)| (technology, part.kind()))
}

#[test]
fn a_quote_is_evidence_of_its_own() {
    let (quote, log, collateral) = (td_quote(700), ccel(&[]), quote_collateral().to_string());
    let bare = inputs(&[(InputKind::TdQuote, &quote)]).unwrap();
    assert_eq!(of(&bare), Some((Technology::Tdx, InputKind::TdQuote)));
    for mut inputs in both((InputKind::TdQuote, &quote), (InputKind::CcEventLog, &log)).map(Result::unwrap) {
        inputs.add(collateral.as_bytes(), None).unwrap();
        assert_eq!(of(&inputs), Some((Technology::Tdx, InputKind::TdQuote)));
        assert_eq!(inputs.bytes_of(InputKind::CcEventLog), Some(&log[..]));
    }
    let mut alone = Inputs::new();
    alone.add(collateral.as_bytes(), None).unwrap();
    alone.add_part(Part::new(InputKind::CcEventLog, &log[..]).unwrap()).unwrap();
    assert_eq!(of(&alone), None);
}

#[test]
fn a_quote_belongs_to_the_hcl_report_of_its_vm() {
    let quote = td_quote(700);
    for inputs in both((InputKind::TdQuote, &quote), (InputKind::HclReport, HCL_TDX)) {
        assert_eq!(of(&inputs.unwrap()), Some((Technology::AzureTdx, InputKind::HclReport)));
    }
    for inputs in both((InputKind::TdQuote, &quote), (InputKind::HclReport, HCL_SNP)) {
        assert_eq!(inputs.map(drop), Err(InputError::TdQuoteOfSnp));
    }
    for (kind, bytes, technology) in
        [(InputKind::SnpReport, SNP, Technology::Snp), (InputKind::NitroDocument, NITRO, Technology::Nitro)]
    {
        let [first, second] = both((InputKind::TdQuote, &quote), (kind, bytes));
        let two = |first, second| Err(InputError::TwoEvidences { first, second });
        assert_eq!(first.map(drop), two(Technology::Tdx, technology));
        assert_eq!(second.map(drop), two(technology, Technology::Tdx));
    }
    let twice = inputs(&[(InputKind::TdQuote, &quote), (InputKind::TdQuote, &quote)]);
    assert_eq!(twice.map(drop), Err(InputError::TwoOfAKind(InputKind::TdQuote)));
    let vms = inputs(&[
        (InputKind::HclReport, HCL_TDX),
        (InputKind::TdQuote, &quote),
        (InputKind::HclReport, HCL_TDX),
    ]);
    assert!(matches!(vms.map(drop), Err(InputError::TwoEvidences { .. })));
}

/// Evidence of trustee's attester on TDX: the log is a CCEL; null and empty text are none.
#[test]
fn evidence_of_trustee() {
    let (quote, log) = (td_quote(700), ccel(&[9; 40]));
    let text = |log: serde_json::Value| {
        json!({"cc_eventlog": log, "quote": Base64::encode_string(&quote)}).to_string()
    };
    let with_log = text(json!(Base64::encode_string(&log)));
    let enveloped = format!("{{\"platform\":\"tdx\",\"evidence\":{with_log}}}");
    for text in [&with_log, &enveloped] {
        let mut inputs = Inputs::new();
        inputs.add(text.as_bytes(), None).unwrap();
        assert_eq!(of(&inputs), Some((Technology::Tdx, InputKind::TdQuote)));
        assert_eq!(inputs.bytes_of(InputKind::TdQuote), Some(&quote[..]));
        assert_eq!(inputs.bytes_of(InputKind::CcEventLog), Some(&log[..]));
        assert!(inputs.bytes_of(InputKind::EventLog).is_none() && inputs.warnings().is_empty());
    }
    for none in [json!(null), json!("")] {
        let sniffed = sniff(text(none).as_bytes(), None).unwrap();
        assert_eq!((sniffed.parts.len(), sniffed.warnings.len()), (1, 0));
    }
    // Without the member too, in either alphabet: a response of Azure's quote service.
    for encoded in [Base64::encode_string(&quote), teeproof_evidence::bytes::to_base64url(&quote)] {
        let sniffed = sniff(json!({ "quote": encoded }).to_string().as_bytes(), None).unwrap();
        assert_eq!((sniffed.parts.len(), sniffed.parts[0].bytes()), (1, &quote[..]));
    }
    for other in [json!("BAACAA"), json!("text"), json!("BAACAIEAAAB"), json!(4), json!({}), json!(null)] {
        let sniffed = sniff(json!({ "quote": other }).to_string().as_bytes(), None);
        assert!(matches!(sniffed, Err(InputError::UnknownJson { .. })), "{other}");
    }
    let unused = sniff(text(json!("*")).as_bytes(), None).unwrap();
    assert!(matches!(unused.warnings[..], [InputWarning::UnusedMember { member: "cc_eventlog", .. }]));
}
