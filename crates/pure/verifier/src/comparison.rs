//! Both sides of a failed comparison, for checks whose errors carry no values: parsed from the evidence once more, for
//! people and for JSON. No verdict rests on them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use teeproof_core::{Check, Comparand, Datum, Freshness, Hex, Relation, TakeDatum};
use teeproof_evidence::bytes;
use teeproof_tpm::PcrValues;
use teeproof_wire::cose::Sign1;
use teeproof_wire::hcl::{Hardware, HashType, HclReport};
use teeproof_wire::nitro::{Document, NitroTpmDocument};
use teeproof_wire::snp::Report;
use teeproof_wire::tdx::TdQuote;
use teeproof_wire::tpm::{Attest, MAX_NONCE, attest_bytes};

use crate::{Evidence, Request};

/// Bytes of one side of the comparison; `None` if the evidence has no such value.
#[derive(PartialEq)]
pub(crate) struct Side(Option<Vec<u8>>);

impl Side {
    fn of(bytes: &[u8]) -> Self {
        Self(Some(bytes.to_vec()))
    }
}

/// The bytes in hex, or `none`.
impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(bytes) => Hex(bytes).fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl Comparand for Side {
    fn data(&self, take: &mut TakeDatum<'_>) {
        take(Relation::Exactly, self.0.as_deref().map_or(Datum::Absent, Datum::Bytes));
    }
}

/// The expected and the actual value of a failed check; `None` if no values were compared.
pub(crate) fn of(check: &Check, evidence: &Evidence<'_>, request: &Request<'_>) -> Option<(Side, Side)> {
    let nonce = match request.freshness {
        Freshness::Nonce(nonce) => Some(nonce.as_bytes()),
        Freshness::Waived(_) => None,
    };
    match evidence {
        Evidence::Snp(report) if *check == *teeproof_snp::checks::NONCE => {
            Some((extended(nonce?)?, Side::of(Report::parse(report).ok()?.report_data())))
        }
        Evidence::Tdx { quote, .. } if *check == *teeproof_tdx::checks::NONCE => {
            let quote = TdQuote::parse(quote.bytes()).ok()?;
            Some((extended(nonce?)?, Side::of(quote.td().report_data())))
        }
        Evidence::Nitro(document) if *check == *teeproof_nitro::checks::NONCE => {
            let envelope = Sign1::parse(document).ok()?;
            let document =
                Document::parse(envelope.payload(), envelope.payload_offset(), &request.nitro.limits).ok()?;
            Some((Side::of(nonce?), Side(document.nonce.map(<[u8]>::to_vec))))
        }
        Evidence::NitroTpm(document) if *check == *teeproof_nitro::nitrotpm::checks::NONCE => {
            let envelope = Sign1::parse(document).ok()?;
            let (payload, base) = (envelope.payload(), envelope.payload_offset());
            let document = NitroTpmDocument::parse(payload, base, &request.nitro.limits).ok()?;
            Some((Side::of(nonce?), Side(document.nonce().map(<[u8]>::to_vec))))
        }
        Evidence::AzureSnp(evidence) | Evidence::AzureTdx(evidence)
            if *check == *teeproof_hcl::checks::BINDING =>
        {
            binding(evidence, request)
        }
        Evidence::AzureSnp(evidence) | Evidence::AzureTdx(evidence)
            if *check == *teeproof_hcl::checks::USER_DATA =>
        {
            user_data(evidence, nonce, request.user_data)
        }
        Evidence::AzureSnp(evidence) | Evidence::AzureTdx(evidence)
            if *check == *teeproof_tpm::checks::NONCE =>
        {
            let attest = Attest::parse(attest_bytes(evidence.quote.as_ref()?.message)).ok()?;
            let nonce = nonce.filter(|nonce| nonce.len() <= MAX_NONCE)?;
            Some((Side::of(nonce), Side::of(attest.head.extra_data)))
        }
        Evidence::AzureSnp(evidence) | Evidence::AzureTdx(evidence)
            if *check == *teeproof_tpm::checks::PCRS =>
        {
            pcrs(evidence, request)
        }
        _ => None,
    }
}

/// The hash of the runtime claims, and REPORT_DATA of the SNP report or the TD quote.
fn binding(evidence: &teeproof_hcl::HclEvidence<'_>, request: &Request<'_>) -> Option<(Side, Side)> {
    let envelope = HclReport::parse(evidence.report).ok()?;
    let (crypto, claims) = (request.path.crypto, &[envelope.claims()]);
    let expected = match envelope.report_data_hash_type {
        HashType::SHA256 => extended(&crypto.sha256.digest(claims)),
        HashType::SHA384 => extended(&crypto.sha384.digest(claims)),
        HashType::SHA512 => extended(&crypto.sha512.digest(claims)),
        _ => None,
    };
    let found = match envelope.hardware() {
        Hardware::Snp(hardware) => Side::of(Report::parse(hardware).ok()?.report_data()),
        _ => Side::of(TdQuote::parse(evidence.td_quote?.bytes()).ok()?.td().report_data()),
    };
    Some((expected?, found))
}

/// The nonce or the requested user data, and user-data of the runtime claims.
fn user_data(
    evidence: &teeproof_hcl::HclEvidence<'_>,
    nonce: Option<&[u8]>,
    wanted: Option<&[u8]>,
) -> Option<(Side, Side)> {
    #[derive(Deserialize)]
    struct Claims {
        #[serde(rename = "user-data")]
        user_data: Option<String>,
    }
    let envelope = HclReport::parse(evidence.report).ok()?;
    let claims: Claims = serde_json::from_slice(envelope.claims()).ok()?;
    let found = match claims.user_data {
        Some(digits) => Side(Some(bytes::hex(&digits)?)),
        None => Side(None),
    };
    let is_required = evidence.quote.is_none() || evidence.nonce_in_user_data;
    let of_nonce = nonce.filter(|_| is_required).map(extended).filter(|nonce| nonce.as_ref() != Some(&found));
    match of_nonce {
        Some(nonce) => Some((nonce?, found)),
        None => Some((extended(wanted?)?, found)),
    }
}

/// The digest that the quote signed, and that of the values; `None` where values are missing or too many.
fn pcrs(evidence: &teeproof_hcl::HclEvidence<'_>, request: &Request<'_>) -> Option<(Side, Side)> {
    let attest = Attest::parse(attest_bytes(evidence.quote.as_ref()?.message)).ok()?;
    let selection = attest.selections.iter().next()?;
    let values: Vec<&[u8]> = match evidence.pcrs? {
        PcrValues::Indexed(values) => {
            let value = |index| values.get(usize::from(index))?.as_ref().map(<[u8; 32]>::as_slice);
            selection.indices().map(value).collect::<Option<_>>()?
        }
        PcrValues::InSelectionOrder(bytes) => {
            let bytes_selected = selection.indices().count().checked_mul(32);
            (bytes_selected == Some(bytes.len())).then(|| Vec::from([bytes]))?
        }
    };
    Some((Side::of(attest.pcr_digest), Side::of(&request.path.crypto.sha256.digest(&values))))
}

/// Bytes followed by zeros up to 64, where they fit.
fn extended(bytes: &[u8]) -> Option<Side> {
    let mut extended = [0; 64];
    extended.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(Side::of(&extended))
}
