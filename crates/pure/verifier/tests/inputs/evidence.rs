//! Evidence from parts in any order, and parts that do not belong together.

use teeproof::Evidence;
use teeproof_core::Technology;
use teeproof_evidence::{InputClass, InputError, InputKind, Inputs, Part, PartError, sniff};
use teeproof_mint::azure::EventLog;
use teeproof_mint::snp::{Machine, Product};
use teeproof_tpm::PcrValues;

use crate::support::{SNP, TDX, inputs, refused, td_quote, testdata};

#[test]
fn files_in_any_order() {
    let log = SNP.event_log.as_deref().unwrap();
    let values = SNP.pcrs_yaml();
    let mut files =
        [&SNP.vek[..], values.as_bytes(), &SNP.quote_signature, log, &SNP.hcl_report, &SNP.quote_message];
    for _ in 0..files.len() {
        files.rotate_left(1);
        let inputs = inputs(&files).unwrap();
        let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
        assert_eq!(evidence.report, SNP.hcl_report);
        assert_eq!(evidence.quote.unwrap().message, SNP.quote_message);
        assert_eq!(evidence.log, Some(log));
        assert!(matches!(evidence.pcrs, Some(PcrValues::Indexed(found)) if *found == SNP.pcrs.map(Some)));
        assert_eq!(inputs.certificates().len(), 1);
        assert_eq!(inputs.parts().len(), 6);
    }
}

#[test]
fn a_report_alone_and_with_what_it_needs() {
    let alone = inputs(&[&SNP.hcl_report]).unwrap();
    let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&alone).unwrap() else { panic!() };
    assert!(evidence.quote.is_none() && evidence.pcrs.is_none() && evidence.td_quote.is_none());
    let quote = td_quote();
    let both = inputs(&[&TDX.hcl_report, &quote]).unwrap();
    let Evidence::AzureTdx(evidence) = Evidence::from_inputs(&both).unwrap() else { panic!() };
    assert_eq!(evidence.td_quote.unwrap().bytes(), quote);
    let values = SNP.pcr_concatenation();
    let bare = inputs(&[&SNP.hcl_report, &SNP.quote_message, &SNP.quote_signature, &values]).unwrap();
    let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&bare).unwrap() else { panic!() };
    assert_eq!(evidence.pcrs, Some(PcrValues::InSelectionOrder(&values)));
}

#[test]
fn what_does_not_belong_together() {
    let snp = Machine::vcek(Product::Milan).mint().unwrap().report;
    let nitro = testdata("nitro/production-us-east-2-2024-12.cose");
    let values = SNP.pcrs_yaml();
    let (hcl, log) = (&SNP.hcl_report[..], SNP.event_log.as_deref().unwrap());
    let (message, signature) = (&SNP.quote_message[..], &SNP.quote_signature[..]);
    let two = |first, second| InputError::TwoEvidences { first, second };
    let cases: [(&[&[u8]], InputError); 21] = [
        (&[], InputError::NoEvidence),
        (&[&SNP.vek], InputError::NoEvidence),
        (&[&snp, &snp], two(Technology::Snp, Technology::Snp)),
        (&[&snp, hcl], two(Technology::Snp, Technology::AzureSnp)),
        (&[hcl, &TDX.hcl_report], two(Technology::AzureSnp, Technology::AzureTdx)),
        (&[&nitro, &snp], two(Technology::Nitro, Technology::Snp)),
        (&[&nitro, &SNP.vek], InputError::NotTogether),
        (&[&nitro, message], InputError::NotTogether),
        (&[&nitro, values.as_bytes()], InputError::NotTogether),
        (&[&snp, message], InputError::WithoutReport(InputKind::TpmQuote)),
        (&[&snp, log], InputError::WithoutReport(InputKind::EventLog)),
        (&[message, signature], InputError::WithoutReport(InputKind::TpmQuote)),
        (&[values.as_bytes()], InputError::WithoutReport(InputKind::PcrValues)),
        (&[hcl, &td_quote()], InputError::TdQuoteOfSnp),
        (&[hcl, message, message], InputError::TwoOfAKind(InputKind::TpmQuote)),
        (
            &[hcl, values.as_bytes(), &SNP.pcr_concatenation()],
            InputError::TwoOfAKind(InputKind::PcrConcatenation),
        ),
        (&[hcl, message], InputError::QuoteWithoutSignature),
        (&[hcl, signature], InputError::WithoutQuote(InputKind::TpmSignature)),
        (&[hcl, values.as_bytes()], InputError::WithoutQuote(InputKind::PcrValues)),
        (&[hcl, &SNP.pcr_concatenation()], InputError::WithoutQuote(InputKind::PcrConcatenation)),
        (&[hcl, message, signature, log], InputError::LogWithoutPcrs),
    ];
    for (files, expected) in cases {
        let error = refused(files);
        assert_eq!(error, expected);
        assert_eq!(error.class(), InputClass::WrongFiles, "{error}");
        assert!(!error.to_string().is_empty() && !error.hint().is_empty());
        let of_two = matches!(error, InputError::TwoEvidences { .. } | InputError::TwoOfAKind(_));
        assert_eq!(error.hint().contains("one piece of evidence at a time"), of_two, "{error}");
    }
}

/// What is read and not verified is named for what it is, whatever comes along.
#[test]
fn what_is_not_verified_is_named() {
    let report = &TDX.hcl_report[0x20..0x420];
    for files in [&[report][..], &[report, &SNP.vek], &[&SNP.vek, report]] {
        let error = refused(files);
        assert_eq!(error, InputError::Unverified(InputKind::TdReport));
        assert!(error.class() == InputClass::Unsupported && !error.hint().is_empty());
    }
}

#[test]
fn a_td_quote_is_evidence_with_its_log_and_nothing_of_a_tpm() {
    let quote = td_quote();
    let ccel = EventLog::ccel().bytes().unwrap();
    for (files, expected) in
        [(&[&quote[..]][..], None), (&[&quote, &ccel], Some(&ccel[..])), (&[&ccel, &quote], Some(&ccel))]
    {
        let inputs = inputs(files).unwrap();
        let Evidence::Tdx { quote: found, log } = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
        assert_eq!((found.bytes(), log), (&quote[..], expected));
    }
    let of_the_tpm = refused(&[&quote, SNP.event_log.as_deref().unwrap()]);
    assert_eq!(of_the_tpm, InputError::WithoutReport(InputKind::EventLog));
    assert_eq!(refused(&[&ccel]), InputError::OfRtmrs(InputKind::CcEventLog));
}

#[test]
fn no_part_is_a_container_or_too_large() {
    let mut inputs = Inputs::new();
    for kind in [
        InputKind::Bundle,
        InputKind::EvidenceJson,
        InputKind::BincodeQuote,
        InputKind::TpmQuoteText,
        InputKind::Mixed,
    ] {
        assert_eq!(Part::new(kind, vec![1; 40]), Err(PartError::Container(kind)));
    }
    for (kind, limit) in [
        (InputKind::HclReport, 4096),
        (InputKind::TdQuote, 16_384),
        (InputKind::TpmQuote, 4096),
        (InputKind::EventLog, 4_194_304),
    ] {
        let part = |bytes| Part::new(kind, vec![1; bytes]);
        assert_eq!(inputs.clone().add_part(part(limit).unwrap()), Ok(()));
        assert_eq!(part(limit + 1), Err(PartError::TooLarge { kind, limit }));
        let found = sniff(&vec![1; limit + 1], Some(kind)).unwrap();
        assert_eq!(found.check(), Err(InputError::TooLarge { kind, limit }));
        assert_eq!(inputs.add_sniffed(found), Err(InputError::TooLarge { kind, limit }));
    }
    assert!(inputs.parts().is_empty());
}
