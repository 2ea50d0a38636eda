//! What identifies in each structure, and where it stands there.
//!
//! | structure | what ties it to one machine, VM, enclave or host |
//! |---|---|
//! | SNP report | `CHIP_ID`, `REPORT_ID`, `REPORT_ID_MA` |
//! | VCEK | the hardware id (1.3.6.1.4.1.3704.1.4) |
//! | HCL report | those of its SNP report; `vmUniqueId` |
//! | AK certificate | subject and SAN, the serial number, the host in 1.3.6.1.4.1.311.21.20 |
//! | Nitro document | `module_id`, PCR4; serial numbers and names of the leaf, the instance and the zone |
//! | NitroTPM document | the same but PCR4, which is of the boot loader |
//! | TD quote | the QE's id; PPID, platform instance id and serial number of its PCK certificate |
//! | TCB info, QE identity, CCEL | nothing of their own: they are of a model, or of what was booted |
//!
//! Everything is read completely, or it is an error: what was passed over could name the machine. The
//! certificates are read in `certificate_identifiers.rs`.
//!
//! docs/bundle.md tells the same to users, and what is left: keys and signatures above all.

use alloc::vec::Vec;
use core::ops::Range;

use serde::Deserialize;
use teeproof_core::guid_bytes;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::nitro::{Document, Limits, NitroTpmDocument};
use teeproof_wire::snp::{Product, Report};
use teeproof_wire::{Error, ErrorKind as Wrong};

use super::identity::{Identity, MAX_ID};
use super::text::Text;
use super::{Identifier, pem};
use crate::InputKind;

/// An identifier where its structure has it.
pub(super) struct Found {
    pub(super) identity: Identity,
    /// `None` for a part of another identifier that is searched by itself as well.
    pub(super) place: Option<Place>,
}

/// Where an identifier stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In which of a quote's certificates, whose DER stands in another alphabet.
    pub(super) embedded: Option<usize>,
    pub(super) bytes: Range<usize>,
}

/// What one part has. `claims` is the HCL report of the same bundle, which names the attestation key.
pub(super) fn of(kind: InputKind, bytes: &[u8], claims: &[u8]) -> Result<Vec<Found>, Error> {
    let mut list = List { whole: bytes, claims, embedded: None, found: Vec::new() };
    match kind {
        InputKind::SnpReport => list.report(bytes)?,
        InputKind::HclReport => list.envelope(bytes)?,
        InputKind::Certificate => drop(list.certificate(bytes)?),
        InputKind::NitroDocument => list.document(bytes)?,
        InputKind::NitroTpmDocument => list.tpm_document(bytes)?,
        InputKind::TdQuote => list.quote(bytes)?,
        _ => {}
    }
    if list.found.iter().any(|found| found.identity.len() > MAX_ID) {
        return Err(fault(Wrong::TooLarge, "identifier", 0, "at most 128 bytes"));
    }
    Ok(list.found)
}

pub(super) struct List<'a> {
    whole: &'a [u8],
    pub(super) claims: &'a [u8],
    embedded: Option<usize>,
    found: Vec<Found>,
}

impl<'a> List<'a> {
    /// An identifier, unless it is blank, and the bytes in which it stands.
    pub(super) fn push(&mut self, identity: Option<Identity>, bytes: &[u8]) {
        let Some(bytes) = place_of(self.whole, bytes) else { return };
        let place = Place { embedded: self.embedded, bytes };
        self.found.extend(identity.map(|identity| Found { identity, place: Some(place) }));
    }

    /// An identifier that is searched, and stands in another one.
    pub(super) fn push_piece(&mut self, identity: Option<Identity>) {
        self.found.extend(identity.map(|identity| Found { identity, place: None }));
    }

    fn report(&mut self, bytes: &'a [u8]) -> Result<(), Error> {
        let report = Report::parse(bytes)?;
        for id in [report.report_id(), report.report_id_ma()] {
            self.push(Identity::bytes(Identifier::ReportId, id), id);
        }
        self.chip(report.chip_id());
        Ok(())
    }

    /// A chip's id: of the shortest size of a product line that has only zeros after it in the report.
    pub(super) fn chip(&mut self, id: &[u8]) {
        let ends = |size: &usize| id.get(*size..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
        let size = Product::ALL.iter().map(|line| line.hwid_bytes()).filter(ends).min();
        let id = size.and_then(|size| id.get(..size)).unwrap_or(id);
        self.push(Identity::bytes(Identifier::ChipId, id), id);
    }

    fn envelope(&mut self, bytes: &'a [u8]) -> Result<(), Error> {
        let envelope = HclReport::parse(bytes)?;
        if let Hardware::Snp(report) = envelope.hardware() {
            self.report(report)?;
        }
        let offset = place_of(bytes, envelope.claims()).unwrap_or_default().start;
        let wrong = |expected| fault(Wrong::Value, "HCL report: claims", offset, expected);
        let claims: Claims<'_> = serde_json::from_slice(envelope.claims())
            .map_err(|_| wrong("JSON that writes vmUniqueId once and without escapes"))?;
        let id = claims.configuration.and_then(|configuration| configuration.vm_id);
        let named = envelope.claims().windows(VM_ID.len());
        let named = named.filter(|window| window.eq_ignore_ascii_case(VM_ID));
        if named.fold(0_usize, |sum, _| sum.saturating_add(1)) > usize::from(id.is_some()) {
            return Err(wrong("vmUniqueId in vm-configuration alone"));
        }
        if let Some(text) = id {
            let digits = guid_bytes(text).ok_or_else(|| wrong("a GUID as vmUniqueId"))?;
            self.push(Identity::guid(Identifier::VmId, &digits), text.as_bytes());
        }
        Ok(())
    }

    fn document(&mut self, bytes: &'a [u8]) -> Result<(), Error> {
        let envelope = Sign1::parse(bytes)?;
        let document = Document::parse(envelope.payload(), envelope.payload_offset(), &LIMITS)?;
        self.module_id(document.module_id)?;
        // PCR4 is a hash of the instance's id and of nothing else.
        if let Some(pcr) = document.pcrs.get(4) {
            self.push(Identity::bytes(Identifier::InstanceId, pcr), pcr);
        }
        for der in document.cabundle.as_slice().iter().copied().chain([document.certificate]) {
            self.nitro_certificate(der)?;
        }
        Ok(())
    }

    fn tpm_document(&mut self, bytes: &'a [u8]) -> Result<(), Error> {
        let envelope = Sign1::parse(bytes)?;
        let document = NitroTpmDocument::parse(envelope.payload(), envelope.payload_offset(), &LIMITS)?;
        self.module_id(document.module_id())?;
        document.certificates().try_for_each(|der| self.nitro_certificate(der))
    }

    /// A module id, of which nothing is left.
    fn module_id(&mut self, id: &'a str) -> Result<(), Error> {
        if self.module(id).is_some_and(str::is_empty) {
            return Ok(());
        }
        let offset = place_of(self.whole, id.as_bytes()).unwrap_or_default().start;
        Err(fault(Wrong::Value, "Nitro document: module_id", offset, "i-…-enc… or i-…-tpm…"))
    }

    /// The instance and the enclave in a module id, or the machine with NitroTPM; what stands behind. The zeros behind
    /// `-tpm` name nothing.
    fn module(&mut self, id: &'a str) -> Option<&'a str> {
        let (instance, second) = id.strip_prefix("i-")?.split_at_checked(INSTANCE_DIGITS)?;
        let second = second.strip_prefix("-enc").or_else(|| second.strip_prefix("-tpm"))?;
        let (enclave, rest) = second.split_at_checked(ENCLAVE_DIGITS)?;
        let is_hex = instance.bytes().chain(enclave.bytes()).all(|byte| byte.is_ascii_hexdigit());
        self.push(Identity::text(Identifier::InstanceId, instance).filter(|_| is_hex), instance.as_bytes());
        self.push(Identity::text(Identifier::EnclaveId, enclave).filter(|_| is_hex), enclave.as_bytes());
        is_hex.then_some(rest)
    }

    /// Of the chain's certificates, the root's and the region's name no machine.
    fn nitro_certificate(&mut self, der: &'a [u8]) -> Result<(), Error> {
        let certificate = Certificate::parse(der)?;
        self.nitro_names(certificate.issuer(), der)?;
        if self.nitro_names(certificate.subject(), der)? {
            self.serial(&certificate);
        }
        Ok(())
    }

    /// Whether an attribute is the name of a zone, an instance, or an enclave, which is in it.
    fn nitro_names(&mut self, name: teeproof_wire::certificate::Name<'a>, der: &[u8]) -> Result<bool, Error> {
        let mut names = false;
        for attribute in name.attributes() {
            let offset = place_of(self.whole, der).unwrap_or_default().start;
            let Text(text) = Text::decode(attribute.tag, attribute.contents, offset)?;
            match core::str::from_utf8(attribute.contents) {
                Ok(read) if read == text => names |= self.nitro_name(read),
                _ => return Err(fault(Wrong::Unsupported, "Nitro document: name", offset, "names in UTF-8")),
            }
        }
        Ok(names)
    }

    fn nitro_name(&mut self, name: &'a str) -> bool {
        let zone = position(name.as_bytes(), ".zonal.").and_then(|at| name.get(..at));
        if let Some(zone) = zone {
            self.push(Identity::text(Identifier::ZoneId, zone), zone.as_bytes());
        }
        if self.module(name).is_none() && name.starts_with("i-") {
            let instance = name.get(2..).and_then(|name| name.split('.').next()).unwrap_or_default();
            self.push(Identity::text(Identifier::InstanceId, instance), instance.as_bytes());
        }
        zone.is_some() || name.starts_with("i-")
    }

    /// The quoting enclave's id, and the platform's, which one of the certificates has to tell.
    fn quote(&mut self, bytes: &'a [u8]) -> Result<(), Error> {
        let mut is_told = false;
        for (embedded, certificate) in (0..=usize::MAX).zip(pem::of_quote(bytes)?) {
            let whole = certificate.der.as_slice();
            let mut list = List { whole, claims: &[], embedded: Some(embedded), found: Vec::new() };
            is_told |= list.certificate(whole)?;
            self.found.append(&mut list.found);
        }
        if !is_told {
            const EXPECTED: &str = "a PCK certificate with PPID and platform instance id";
            return Err(fault(Wrong::Missing, "TD quote: certificates of the platform", 0, EXPECTED));
        }
        let id = bytes.get(QE_ID).unwrap_or_default();
        self.push(Identity::bytes(Identifier::PlatformId, id), id);
        Ok(())
    }
}

/// Where a text stands in bytes.
pub(super) fn position(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len().max(1)).position(|window| window == text.as_bytes())
}

/// Where a slice of `whole` stands in it.
pub(super) fn place_of(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (whole.get(start..end)? == part).then_some(start..end)
}

/// Why a structure is not read completely.
pub(super) const fn fault(kind: Wrong, what: &'static str, offset: usize, expected: &'static str) -> Error {
    Error::new(kind, what, offset, expected)
}

/// The members of the claims that are looked at; text with escapes in it is refused.
#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow, default, rename = "vm-configuration")]
    configuration: Option<Configuration<'a>>,
}

#[derive(Deserialize)]
struct Configuration<'a> {
    #[serde(default, rename = "vmUniqueId")]
    vm_id: Option<&'a str>,
}

const VM_ID: &[u8] = b"vmUniqueId";
/// Where a quote's header has the id of the quoting enclave, by which platforms are
/// distinguished.
const QE_ID: Range<usize> = 28..44;
/// Fields that the attester chose may be of any length.
const LIMITS: Limits = Limits::of_fields(teeproof_wire::cose::MAX_BYTES);
const INSTANCE_DIGITS: usize = 17;
const ENCLAVE_DIGITS: usize = 16;
