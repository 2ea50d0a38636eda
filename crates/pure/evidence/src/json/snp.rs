//! SEV-SNP evidence without a vTPM: the report as its fields, as the Confidential Containers attester
//! writes the struct of the sev crate, or as base64, as attestation-rs does.

use alloc::string::ToString;
use alloc::vec::Vec;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use teeproof_wire::snp::REPORT_BYTES;

use super::fields::{Fields, Form};
use super::object::entries;
use super::shape::{SNP_CHAIN, unknown_members_in};
use super::{JsonProblem, Read, checked};
use crate::encoding::{self, Numbers};
use crate::{InputError, InputKind, InputWarning, Part};

const CERTIFICATE: usize = 64 * 1024;
/// At most this many entries of a certificate table.
const ENTRIES: usize = 64;
const REPORT: &str = "attestation_report";
const CHAIN: &str = "cert_chain";

/// The parts of evidence that has its report in one of the two ways.
pub(super) fn parts_of(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    let raw = fields.raw(REPORT)?;
    let report = if raw.starts_with('{') {
        let parsed: ReportFields = serde_json::from_str(raw).map_err(|error| field_error(fields, &error))?;
        parsed.to_bytes()
    } else {
        fields.bytes(REPORT, Form::Base64, REPORT_BYTES)?
    };
    let mut read = Read::from(Vec::from([checked(InputKind::SnpReport, report)?]));
    match fields.optional_raw(CHAIN)? {
        None => {}
        Some(raw) if raw.starts_with('[') => table(raw, fields, &mut read)?,
        Some(raw) => chain(raw, fields, &mut read)?,
    }
    Ok(read)
}

/// The certificates by name.
fn chain(raw: &str, fields: Fields<'_, '_>, read: &mut Read) -> Result<(), InputError> {
    let object = fields.inner(CHAIN, raw)?;
    let chain = Fields::of(&object, fields.shape);
    for name in ["vcek", "vlek", "ask", "ark"] {
        if let Some(der) = chain.optional_bytes(name, Form::Base64, CERTIFICATE)? {
            read.parts.extend(certificates(der, InputKind::Certificate)?);
        }
    }
    read.warnings.extend(unknown_members_in(&object, &SNP_CHAIN, CHAIN, fields.shape));
    Ok(())
}

/// The entries of a host's certificate table: each a type, by name or as an object with the GUID of what the host
/// defines, and its data.
fn table(raw: &str, fields: Fields<'_, '_>, read: &mut Read) -> Result<(), InputError> {
    for raw in entries(raw, ENTRIES).ok_or_else(|| fields.error(CHAIN, JsonProblem::Type))? {
        let object = fields.inner(CHAIN, raw)?;
        let entry = Fields::of(&object, fields.shape);
        let name = entry.raw("cert_type")?;
        let data = entry.numbers("data", CERTIFICATE)?;
        let kind = match name {
            _ if data.is_empty() => continue,
            r#""VCEK""# | r#""VLEK""# | r#""ASK""# | r#""ARK""# => InputKind::Certificate,
            r#""CRL""# => InputKind::RevocationList,
            _ => {
                read.warnings.push(InputWarning::TableEntry);
                continue;
            }
        };
        read.parts.extend(certificates(data, kind)?);
    }
    Ok(())
}

/// The error of serde about the fields of a report, by how its message begins: what a peer wrote is not repeated.
fn field_error(fields: Fields<'_, '_>, error: &serde_json::Error) -> InputError {
    let text = error.to_string();
    let problem = match text.as_str() {
        text if text.starts_with("missing field") => JsonProblem::Missing,
        text if text.starts_with("duplicate field") => JsonProblem::Duplicate,
        text if text.starts_with(encoding::TOO_MANY) => JsonProblem::TooLarge,
        _ => JsonProblem::Type,
    };
    fields.error(REPORT, problem)
}

/// DER, or PEM where somebody put text there.
fn certificates(bytes: Vec<u8>, kind: InputKind) -> Result<Vec<Part>, InputError> {
    if bytes.starts_with(b"-----BEGIN ") {
        return encoding::certificates(&bytes)?.into_iter().map(|der| checked(kind, der)).collect();
    }
    Ok(Vec::from([checked(kind, bytes)?]))
}

/// The fields of a report by the names of the sev crate: those up to its version 4, and those from 5 on.
#[derive(Deserialize)]
struct ReportFields {
    version: u32,
    guest_svn: u32,
    policy: u64,
    family_id: Exactly<16>,
    image_id: Exactly<16>,
    vmpl: u32,
    sig_algo: u32,
    current_tcb: Tcb,
    plat_info: u64,
    #[serde(alias = "_author_key_en")]
    key_info: u32,
    #[serde(default)]
    _reserved_0: u32,
    report_data: Exactly<64>,
    measurement: Exactly<48>,
    host_data: Exactly<32>,
    id_key_digest: Exactly<48>,
    author_key_digest: Exactly<48>,
    report_id: Exactly<32>,
    report_id_ma: Exactly<32>,
    reported_tcb: Tcb,
    #[serde(default)]
    cpuid_fam_id: Option<u8>,
    #[serde(default)]
    cpuid_mod_id: Option<u8>,
    #[serde(default)]
    cpuid_step: Option<u8>,
    /// What stood behind `reported_tcb` before the processor's numbers had names.
    #[serde(default)]
    _reserved_1: Option<Exactly<24>>,
    chip_id: Exactly<64>,
    committed_tcb: Tcb,
    #[serde(default)]
    current: Option<Firmware>,
    #[serde(default)]
    current_build: u8,
    #[serde(default)]
    current_minor: u8,
    #[serde(default)]
    current_major: u8,
    #[serde(default)]
    committed: Option<Firmware>,
    #[serde(default)]
    committed_build: u8,
    #[serde(default)]
    committed_minor: u8,
    #[serde(default)]
    committed_major: u8,
    launch_tcb: Tcb,
    #[serde(default)]
    launch_mit_vector: Option<u64>,
    #[serde(default)]
    current_mit_vector: Option<u64>,
    /// What stood behind `launch_tcb` before the mitigation vectors had names.
    #[serde(default)]
    _reserved_4: Option<Exactly<168>>,
    signature: Signature,
}

#[derive(Deserialize)]
struct Tcb {
    #[serde(default)]
    fmc: Option<u8>,
    bootloader: u8,
    tee: u8,
    #[serde(default)]
    _reserved: [u8; 4],
    snp: u8,
    microcode: u8,
}

impl Tcb {
    /// The eight bytes, in the layout of the silicon: only Turin's has an FMC.
    fn to_bytes(&self) -> [u8; 8] {
        let Self { bootloader, tee, snp, microcode, _reserved: [a, b, c, d], .. } = *self;
        match self.fmc {
            None => [bootloader, tee, a, b, c, d, snp, microcode],
            Some(fmc) => [fmc, bootloader, tee, snp, 0, 0, 0, microcode],
        }
    }
}

#[derive(Deserialize)]
struct Firmware {
    major: u8,
    minor: u8,
    build: u8,
}

#[derive(Deserialize)]
struct Signature {
    r: Exactly<72>,
    s: Exactly<72>,
    #[serde(default)]
    _reserved: Option<Exactly<368>>,
}

impl ReportFields {
    /// The report in the layout that was signed.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(REPORT_BYTES);
        let version = |new: &Option<Firmware>, old: [u8; 3]| match new {
            Some(Firmware { major, minor, build }) => [*build, *minor, *major, 0],
            None => {
                let [build, minor, major] = old;
                [build, minor, major, 0]
            }
        };
        for field in [
            &self.version.to_le_bytes()[..],
            &self.guest_svn.to_le_bytes(),
            &self.policy.to_le_bytes(),
            &self.family_id.0,
            &self.image_id.0,
            &self.vmpl.to_le_bytes(),
            &self.sig_algo.to_le_bytes(),
            &self.current_tcb.to_bytes(),
            &self.plat_info.to_le_bytes(),
            &self.key_info.to_le_bytes(),
            &self._reserved_0.to_le_bytes(),
            &self.report_data.0,
            &self.measurement.0,
            &self.host_data.0,
            &self.id_key_digest.0,
            &self.author_key_digest.0,
            &self.report_id.0,
            &self.report_id_ma.0,
            &self.reported_tcb.to_bytes(),
            &self.processor(),
            &self.chip_id.0,
            &self.committed_tcb.to_bytes(),
            &version(&self.current, [self.current_build, self.current_minor, self.current_major]),
            &version(&self.committed, [self.committed_build, self.committed_minor, self.committed_major]),
            &self.launch_tcb.to_bytes(),
            &self.mitigations(),
            &self.signature.r.0,
            &self.signature.s.0,
            &self.signature._reserved.as_ref().map_or([0; 368], |reserved| reserved.0),
        ] {
            bytes.extend_from_slice(field);
        }
        bytes
    }

    /// The 24 bytes behind the reported TCB.
    fn processor(&self) -> [u8; 24] {
        let mut bytes = self._reserved_1.as_ref().map_or([0; 24], |reserved| reserved.0);
        for (byte, number) in bytes.iter_mut().zip([self.cpuid_fam_id, self.cpuid_mod_id, self.cpuid_step]) {
            *byte = number.unwrap_or(*byte);
        }
        bytes
    }

    /// The 168 bytes between the launch TCB and the signature.
    fn mitigations(&self) -> [u8; 168] {
        let mut bytes = self._reserved_4.as_ref().map_or([0; 168], |reserved| reserved.0);
        let (vectors, _) = bytes.as_chunks_mut::<8>();
        for (place, vector) in vectors.iter_mut().zip([self.launch_mit_vector, self.current_mit_vector]) {
            *place = vector.map_or(*place, u64::to_le_bytes);
        }
        bytes
    }
}

/// So many bytes as a list of numbers.
struct Exactly<const N: usize>([u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Exactly<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Numbers::<N>::deserialize(deserializer)?.0;
        bytes.try_into().map(Self).map_err(|_| D::Error::custom("an array of another length"))
    }
}
