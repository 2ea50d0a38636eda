//! Parsing and description of every structure.

use core::hint::black_box;

use teeproof_core::{OrNone, Technology, Time, from_hex};
use teeproof_wire::certificate::{Certificate, SignatureAlgorithm, ecdsa_fixed};
use teeproof_wire::cose::{Sign1, UnsignedSign1};
use teeproof_wire::crl::RevocationList;
use teeproof_wire::eventlog::{CcelTable, EfiVariable, EventLog, Format, SignatureLists, kind_name, mr_name};
use teeproof_wire::hcl::{HclReport, ReportType};
use teeproof_wire::nitro::{Document, Limits, NitroTpmDocument, Signers};
use teeproof_wire::snp::{GuestPolicy, KeyInfo, PlatformInfo, Product, Report, Tcb};
use teeproof_wire::tdx::TdReport;
use teeproof_wire::tpm::{
    AnyAttestation, Attest, Certification, RsaPublic, TpmSignature, attest_bytes, bank_name, public_bytes,
    rsassa_sha256,
};
use teeproof_wire::{Describe, Error, Reader, cbor, der};

use super::opaque::{Sink, seen};

const WHAT: &str = "opaque";

/// Describes and prints a parsed structure, or its error.
fn described<T: Describe + core::fmt::Debug>(read: Result<T, Error>, sink: &mut Sink) -> Option<T> {
    match read {
        Ok(structure) => {
            structure.describe(sink);
            sink.debug(&structure);
            Some(structure)
        }
        Err(error) => {
            sink.both(&error);
            seen(error.within(black_box(0)).is_unsupported());
            None
        }
    }
}

pub(super) fn structures(bytes: &[u8], sink: &mut Sink) {
    if let Some(report) = described(Report::parse(bytes), sink) {
        sink.debug(&(report.check_reserved(), report.cpuid(), report.mitigations()));
        seen((report.signed(), report.signature()));
    }
    if let Some(report) = described(TdReport::parse(bytes), sink) {
        sink.debug(&report.check_reserved());
        seen((report.tee_tcb_info_bytes(), report.td_info_bytes()));
    }
    if let Some(report) = described(HclReport::parse(bytes), sink) {
        sink.debug(&(report.hardware(), report.check_supported(), ReportType::peek(bytes)));
        seen((report.claims(), report.claims_offset(), report.padding_bytes()));
    }
    seen(described(Attest::parse(bytes), sink));
    seen(described(Certification::parse(bytes), sink));
    seen(described(AnyAttestation::parse(bytes), sink));
    if let Some(signature) = described(TpmSignature::parse(bytes), sink) {
        seen((signature.scheme_name(), signature.is_supported(), bank_name(black_box(0))));
    }
    if let Some(public) = described(RsaPublic::parse(bytes), sink) {
        sink.both(&public.attributes);
        seen(public.scheme.map(|scheme| sink.both(&scheme)));
    }
    sink.debug(&(attest_bytes(bytes), public_bytes(bytes), rsassa_sha256(bytes)));
    if let Ok(envelope) = Sign1::parse(bytes) {
        sink.debug(&envelope);
        envelope.signed(|parts| seen(parts));
        sink.debug(&Signers::find(envelope.payload(), envelope.payload_offset()));
    }
    if let Ok(envelope) = UnsignedSign1::parse(bytes) {
        sink.debug(&(envelope, envelope.protected(), envelope.payload(), envelope.payload_offset()));
    }
    let limits = black_box(Limits::USUAL);
    if let Some(document) = described(Document::parse(bytes, black_box(0), &limits), sink) {
        document.pcrs.iter().for_each(seen);
        seen((document.pcrs.get(black_box(0)), document.cabundle.as_slice()));
    }
    black_box(NitroTpmDocument::looks_like(bytes));
    if let Some(document) = described(NitroTpmDocument::parse(bytes, black_box(0), &limits), sink) {
        document.pcrs().iter().for_each(seen);
        document.certificates().for_each(seen);
        seen((document.module_id(), document.timestamp(), document.nonce()));
        seen((document.public_key(), document.user_data()));
    }
}

pub(super) fn certificates(bytes: &[u8], sink: &mut Sink) {
    if let Some(certificate) = described(Certificate::parse(bytes), sink) {
        let extensions = certificate.extensions();
        extensions.iter().for_each(|extension| sink.debug(&extension));
        sink.debug(&(extensions.find(bytes), extensions.unknown_critical(black_box(&[]))));
        sink.debug(&(certificate.public_key(), certificate.algorithm()));
        sink.both(&certificate.subject());
        sink.debug(&certificate.issuer().common_name());
        sink.shown(&certificate.algorithm());
    }
    if let Some(list) = described(RevocationList::parse(bytes), sink) {
        seen(list.revokes(bytes));
    }
    sink.debug(&(ecdsa_fixed::<96>(bytes), ecdsa_fixed::<64>(bytes)));
}

pub(super) fn logs(bytes: &[u8], sink: &mut Sink) {
    if let Some(log) = described(EventLog::parse(bytes), sink) {
        for (number, event) in log.numbered() {
            seen(number);
            event.describe(sink);
            sink.debug(&(event, event.sha256(), event.digest(black_box(0)), event.extends()));
        }
        seen((log.algorithms().size(black_box(0)), log.startup_locality(), log.padding()));
        let fold = |old: &[u8; 48], digest: &[u8; 48]| black_box((*old, *digest)).0;
        seen(log.replay(black_box(0), |index| black_box(index) > 3, fold));
        let format = log.format();
        seen((format.as_str(), format.measures_pcrs(), format.is_of_firmware()));
    }
    seen(described(CcelTable::parse(bytes), sink));
    seen((Format::peek(bytes), CcelTable::looks_like(bytes), mr_name(black_box(0))));
    match EfiVariable::split(bytes) {
        Ok((variable, rest)) => {
            sink.both(&variable);
            sink.shown(&variable.shown_name());
            seen((rest, variable.is_named(black_box(WHAT))));
        }
        Err(error) => sink.both(&error),
    }
    sink.debug(&EfiVariable::parse(bytes));
    match SignatureLists::parse(bytes) {
        Ok(lists) => lists.iter().for_each(|signature| sink.debug(&signature)),
        Err(error) => sink.both(&error),
    }
    seen(kind_name(black_box(0)));
}

pub(super) fn der(bytes: &[u8], sink: &mut Sink) {
    let read = Reader::all(bytes, black_box(0), WHAT, |reader| {
        let element = der::element(reader, WHAT)?;
        sink.debug(&(element, der::tagged(reader, black_box(2), WHAT)?));
        sink.debug(&(der::optional(reader, black_box(2), WHAT)?, element.integer(WHAT)));
        sink.debug(&(element.unsigned(WHAT), element.small(WHAT), element.boolean(WHAT)));
        sink.debug(&(element.octets_of_bits(WHAT), element.time(WHAT)));
        sink.debug(&SignatureAlgorithm::parse(&element));
        der::nested(reader, black_box(0x30), WHAT, |inner| inner.byte(WHAT))?;
        sink.debug(&(reader.peek(), reader.rest(), reader.remaining(), reader.offset()));
        reader.take(black_box(3), WHAT)
    });
    sink.debug(&read);
}

pub(super) fn cbor(bytes: &[u8], sink: &mut Sink) {
    let read = Reader::all(bytes, black_box(0), WHAT, |reader| {
        sink.debug(&(cbor::unsigned(reader, WHAT)?, cbor::bytes(reader, WHAT)?));
        sink.debug(&(cbor::bytes_or_null(reader, WHAT)?, cbor::text(reader, WHAT)?));
        cbor::array_of(reader, black_box(4), WHAT, WHAT)?;
        cbor::array(reader, black_box(4), WHAT, |entry| cbor::skip(entry, WHAT))?;
        cbor::map(reader, black_box(4), WHAT, |entry| cbor::skip(entry, WHAT))
    });
    sink.debug(&read);
}

/// The words by which the crates speak: times, products, bits.
pub(super) fn words(bytes: &[u8], sink: &mut Sink) {
    let time = black_box(Time(0));
    sink.both(&time);
    sink.both(&OrNone(black_box(Some(time.plus(black_box(0)).since(Time::from_millis(black_box(0)))))));
    sink.both(&black_box(Technology::Snp));
    if let Some(pair) = bytes.first_chunk() {
        sink.debug(&from_hex(*pair));
    }
    for product in Product::ALL {
        sink.both(product);
        let tcb = Tcb::parse(black_box([0; 8]), product.tcb_layout());
        if let Some(tcb) = tcb {
            sink.both(&tcb);
            seen(tcb.reaches(&black_box(tcb)));
        }
    }
    let word = black_box(0);
    let policy = GuestPolicy::from_bits(word);
    sink.debug(&(policy, policy.abi(), policy.has_only_known_bits(), PlatformInfo::from_bits(word)));
    let keys = KeyInfo(black_box(0));
    sink.debug(&(keys, keys.author_key(), keys.mask_chip_key(), keys.reserved()));
    sink.both(&keys.signing_key());
}
