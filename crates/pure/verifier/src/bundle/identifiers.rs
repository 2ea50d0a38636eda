//! What identifies in each structure, and where it stands there.
//!
//! | structure | what ties it to one machine, VM, enclave or host |
//! |---|---|
//! | SNP report | `CHIP_ID`, `REPORT_ID`, `REPORT_ID_MA` |
//! | VCEK | the hardware id (1.3.6.1.4.1.3704.1.4) |
//! | HCL report | those of its SNP report; `vmUniqueId` |
//! | AK certificate | the subject, the serial number, the host in 1.3.6.1.4.1.311.21.20 |
//! | Nitro document | `module_id`, PCR4; serial numbers and names of the leaf, the instance and the zone |
//! | TD quote | the QE's id; PPID, platform instance id and serial number of its PCK certificate |
//!
//! docs/bundle.md tells the same to users, and what is left: keys and signatures above all.

use alloc::vec::Vec;
use core::ops::Range;

use serde::Deserialize;
use teeproof_hcl::VmId;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::der::{self, tag};
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::nitro::{Document, Limits};
use teeproof_wire::snp::Report;
use teeproof_wire::{Error, Reader};

use super::identity::{Identity, MAX_ID};
use super::{Identifier, pem};
use crate::input::Kind;

/// An identifier where its structure has it.
pub(super) struct Found {
    pub(super) identity: Identity,
    /// Where in the part; an identifier of a certificate in PEM stands in another alphabet.
    pub(super) place: Option<Range<usize>>,
}

/// What one part has; nothing where it cannot be read.
pub(super) fn of(kind: Kind, bytes: &[u8]) -> Option<Vec<Found>> {
    let mut list = List { whole: bytes, found: Vec::new() };
    match kind {
        Kind::SnpReport => list.report(bytes)?,
        Kind::HclReport => list.envelope(bytes)?,
        Kind::Certificate => list.certificate(bytes)?,
        Kind::NitroDocument => list.document(bytes)?,
        Kind::TdQuote => list.quote(bytes)?,
        _ => {}
    }
    list.found.iter().all(|found| found.identity.len() <= MAX_ID).then_some(list.found)
}

/// What a certificate in PEM has, by its place in the DER. What is no certificate is searched for
/// the members of Intel's extension alone.
pub(super) fn of_der(der: &[u8]) -> Vec<Found> {
    of(Kind::Certificate, der).unwrap_or_else(|| {
        let mut list = List { whole: der, found: Vec::new() };
        list.platform(der);
        list.found
    })
}

struct List<'a> {
    whole: &'a [u8],
    found: Vec<Found>,
}

impl<'a> List<'a> {
    /// An identifier, unless it is blank, and the bytes in which it stands.
    fn push(&mut self, identity: Option<Identity>, bytes: &[u8]) {
        let place = place_of(self.whole, bytes);
        self.found.extend(identity.map(|identity| Found { identity, place }));
    }

    fn report(&mut self, bytes: &'a [u8]) -> Option<()> {
        let report = Report::parse(bytes).ok()?;
        for id in [&report.report_id, &report.report_id_ma] {
            self.push(Identity::bytes(Identifier::ReportId, id), id);
        }
        self.chip(&report.chip_id);
        Some(())
    }

    /// A chip's id; Turin's has 8 bytes, and zero after them in the report.
    fn chip(&mut self, id: &[u8]) {
        let is_short = id.get(TURIN..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
        let id = if is_short { id.get(..TURIN).unwrap_or(id) } else { id };
        self.push(Identity::bytes(Identifier::ChipId, id), id);
    }

    fn envelope(&mut self, bytes: &'a [u8]) -> Option<()> {
        let envelope = HclReport::parse(bytes).ok()?;
        if let Hardware::Snp(report) = envelope.hardware() {
            self.report(report)?;
        }
        let claims: Claims<'_> = serde_json::from_slice(envelope.claims()).ok()?;
        if let Some(text) = claims.configuration.and_then(|configuration| configuration.vm_id) {
            let VmId(digits) = text.parse().ok()?;
            self.push(Identity::guid(Identifier::VmId, &digits), text.as_bytes());
        }
        Some(())
    }

    fn certificate(&mut self, der: &'a [u8]) -> Option<()> {
        let certificate = Certificate::parse(der).ok()?;
        if let Some(extension) = certificate.extensions().find(HWID) {
            self.chip(match extension.value {
                [0x04, 0x40, id @ ..] if id.len() == 64 => id,
                id => id,
            });
        }
        self.platform(der);
        self.attestation_key(&certificate)?;
        let client = certificate.extensions().find(CLIENT_INFO);
        client.map_or(Some(()), |extension| self.host(extension.value))?;
        let is_authority = certificate.extensions().basic_constraints().is_some_and(|basic| basic.ca);
        let is_vek = certificate.extensions().iter().any(|extension| extension.oid.starts_with(AMD));
        if !is_authority && !is_vek {
            self.serial(&certificate);
        }
        Some(())
    }

    fn serial(&mut self, certificate: &Certificate<'a>) {
        let magnitude = match certificate.serial() {
            [0, magnitude @ ..] => magnitude,
            magnitude => magnitude,
        };
        self.push(Identity::serial(magnitude), magnitude);
    }

    /// PPID and platform instance id in Intel's extension.
    fn platform(&mut self, der: &'a [u8]) {
        for prefix in &PLATFORM {
            let at = der.windows(prefix.len()).position(|window| window == prefix);
            let id = at.and_then(|at| der.get(at.checked_add(prefix.len())?..)?.first_chunk::<16>());
            if let Some(id) = id {
                self.push(Identity::bytes(Identifier::PlatformId, id), id);
            }
        }
    }

    /// What stands in front of the words that every attestation key's certificate has in its common
    /// name; where they stand elsewhere, the digits.
    fn attestation_key(&mut self, certificate: &Certificate<'a>) -> Option<()> {
        let is_ak = |name: &&str| AK_WORDS.iter().any(|words| position(name.as_bytes(), words).is_some());
        let name = certificate.subject().common_name().filter(is_ak);
        if let Some((id, _)) = name.and_then(|name| name.split_once('.')) {
            self.push(Identity::text(Identifier::AkId, id), id.as_bytes());
            return Some(());
        }
        let der = certificate.der();
        let at = AK_WORDS.iter().find_map(|words| position(der, words));
        let Some(before) = at.and_then(|at| der.get(..at)) else { return Some(()) };
        let last = before.len().checked_sub(AK_DIGITS)?;
        let id = before.get(last..)?;
        let other = id.iter().rposition(|byte| !byte.is_ascii_hexdigit());
        let id = id.get(other.map_or(0, |at| at.saturating_add(1))..)?;
        self.push(Identity::text(Identifier::AkId, core::str::from_utf8(id).ok()?), id);
        Some(())
    }

    /// Who asked for a certificate (MS-WCCE, 2.2.2.7.4): a number, the machine, the user, the
    /// process.
    fn host(&mut self, info: &'a [u8]) -> Option<()> {
        let [machine, user] = client(info).ok()?;
        let [host, account] = [core::str::from_utf8(machine).ok()?, core::str::from_utf8(user).ok()?];
        let identity = Identity::text(Identifier::HostName, host);
        // The account of a machine has the machine's name in it, and is found by it.
        let named = position(&user.to_ascii_lowercase(), &host.to_ascii_lowercase()).is_some();
        let is_found = named && identity.as_ref().is_some_and(Identity::is_searched);
        self.push(identity, machine);
        if !is_found {
            self.push(Identity::text(Identifier::HostName, account), user);
        }
        Some(())
    }

    fn document(&mut self, bytes: &'a [u8]) -> Option<()> {
        let envelope = Sign1::parse(bytes).ok()?;
        let limits = Limits { field_bytes: teeproof_wire::cose::MAX_BYTES };
        let document = Document::parse(envelope.payload(), envelope.payload_offset(), &limits).ok()?;
        if !self.module(document.module_id).is_some_and(str::is_empty) {
            return None;
        }
        // PCR4 is a hash of the instance's id and of nothing else.
        if let Some(pcr) = document.pcrs.get(4) {
            self.push(Identity::bytes(Identifier::InstanceId, pcr), pcr);
        }
        for der in document.cabundle.as_slice().iter().copied().chain([document.certificate]) {
            self.nitro_certificate(der)?;
        }
        Some(())
    }

    /// The instance and the enclave in a module id, or the machine with NitroTPM; what stands behind.
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
    fn nitro_certificate(&mut self, der: &'a [u8]) -> Option<()> {
        let certificate = Certificate::parse(der).ok()?;
        let issuer = certificate.issuer().common_name();
        issuer.map(|name| self.nitro_name(name));
        if self.nitro_name(certificate.subject().common_name()?) {
            self.serial(&certificate);
        }
        Some(())
    }

    /// Whether a name is that of a zone, an instance, or an enclave, which is in it.
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

    /// A quote without a certificate does not tell which platform's it is.
    fn quote(&mut self, bytes: &'a [u8]) -> Option<()> {
        let id = bytes.get(QE_ID)?;
        self.push(Identity::bytes(Identifier::PlatformId, id), id);
        let certificates = pem::embedded(bytes);
        for certificate in &certificates {
            let found = of_der(&certificate.der).into_iter();
            self.found.extend(found.map(|found| Found { place: None, ..found }));
        }
        (!certificates.is_empty()).then_some(())
    }
}

/// Where a text stands in bytes.
fn position(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len().max(1)).position(|window| window == text.as_bytes())
}

/// The machine and the user of a client's information.
fn client(info: &[u8]) -> Result<[&[u8]; 2], Error> {
    const WHAT: &str = "certificate: szOID_REQUEST_CLIENT_INFO";
    Reader::all(info, 0, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            der::tagged(reader, tag::INTEGER, WHAT)?;
            let machine = der::element(reader, WHAT)?.contents;
            let user = der::element(reader, WHAT)?.contents;
            reader.take(reader.remaining(), WHAT)?;
            Ok([machine, user])
        })
    })
}

/// Where a slice of `whole` stands in it.
fn place_of(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (whole.get(start..end)? == part).then_some(start..end)
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

/// 1.3.6.1.4.1.3704.1, AMD's: VCEKs and VLEKs, whose serial number is 0.
const AMD: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01];
/// 1.3.6.1.4.1.3704.1.4: the hardware id of a VCEK.
const HWID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x04];
/// 1.3.6.1.4.1.311.21.20, szOID_REQUEST_CLIENT_INFO.
const CLIENT_INFO: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x15, 0x14];
/// Before the PPID and the platform instance id in Intel's extension (1.2.840.113741.1.13.1.1 and
/// .6): the OID, and the header of an OCTET STRING of 16 bytes.
const PLATFORM: [[u8; 14]; 2] = [member(1), member(6)];

const fn member(last: u8) -> [u8; 14] {
    [0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, last, 0x04, 0x10]
}

/// Where a quote's header has the id of the quoting enclave, by which one platform is told from
/// another.
const QE_ID: Range<usize> = 28..44;
const TURIN: usize = 8;
const AK_WORDS: [&str; 2] = [".ConfidentialVM.Azure.", ".TrustedVM.Azure."];
const AK_DIGITS: usize = 12;
const INSTANCE_DIGITS: usize = 17;
const ENCLAVE_DIGITS: usize = 16;
