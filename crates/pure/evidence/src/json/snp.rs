//! SEV-SNP evidence without a vTPM: the report as its fields, as the Confidential Containers attester
//! writes the struct of the sev crate, or as base64, as attestation-rs does.

use alloc::vec::Vec;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;
use teeproof_wire::snp::REPORT_BYTES;

use super::fields::{AnyBase64, Encoded, Numbers};
use super::shapes::exactly;
use super::{JsonShape, Read, checked};
use crate::encoding;
use crate::{InputError, InputKind, InputWarning, Part};

const CERTIFICATE: usize = 64 * 1024;

/// The parts of evidence that holds its report in one of the two ways.
pub(super) fn read(text: &str, shape: JsonShape) -> Result<Read, InputError> {
    if shape == JsonShape::EnvelopeSnp {
        return exactly::<Envelope<'_>>(text, shape)?.evidence.parts(shape);
    }
    exactly::<Evidence<'_>>(text, shape)?.parts(shape)
}

/// attestation-rs. The platform was read before, to choose the shape.
#[derive(Deserialize)]
struct Envelope<'t> {
    #[serde(borrow)]
    evidence: Evidence<'t>,
}

#[derive(Deserialize)]
struct Evidence<'t> {
    /// The report as base64, or its fields.
    #[serde(borrow)]
    attestation_report: &'t RawValue,
    /// Certificates by name, or the entries of the host's certificate table.
    #[serde(borrow, default)]
    cert_chain: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct TableEntry<'t> {
    /// A name, or an object with the GUID of what the host defines.
    #[serde(borrow)]
    cert_type: &'t RawValue,
    data: Numbers<CERTIFICATE>,
}

#[derive(Deserialize)]
struct Named {
    vcek: Option<Encoded<AnyBase64<CERTIFICATE>>>,
    vlek: Option<Encoded<AnyBase64<CERTIFICATE>>>,
    ask: Option<Encoded<AnyBase64<CERTIFICATE>>>,
    ark: Option<Encoded<AnyBase64<CERTIFICATE>>>,
}

impl Evidence<'_> {
    fn parts(&self, shape: JsonShape) -> Result<Read, InputError> {
        let report = self.attestation_report.get();
        let report = if report.starts_with('{') {
            exactly::<Fields>(report, shape)?.to_bytes()
        } else {
            exactly::<Encoded<AnyBase64<REPORT_BYTES>>>(report, shape)?.bytes
        };
        let mut read = Read::from(Vec::from([checked(InputKind::SnpReport, report)?]));
        match self.cert_chain.map(RawValue::get) {
            None => {}
            Some(text) if text.starts_with('[') => table(text, shape, &mut read)?,
            Some(text) => {
                let Named { vcek, vlek, ask, ark } = exactly(text, shape)?;
                for der in [vcek, vlek, ask, ark].into_iter().flatten() {
                    read.parts.extend(certificates(der.bytes, InputKind::Certificate)?);
                }
            }
        }
        Ok(read)
    }
}

/// The entries of a host's certificate table.
fn table(text: &str, shape: JsonShape, read: &mut Read) -> Result<(), InputError> {
    for TableEntry { cert_type, data } in exactly::<Vec<TableEntry<'_>>>(text, shape)? {
        let kind = match cert_type.get() {
            _ if data.0.is_empty() => continue,
            r#""VCEK""# | r#""VLEK""# | r#""ASK""# | r#""ARK""# => InputKind::Certificate,
            r#""CRL""# => InputKind::RevocationList,
            _ => {
                read.warnings.push(InputWarning::TableEntry);
                continue;
            }
        };
        read.parts.extend(certificates(data.0, kind)?);
    }
    Ok(())
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
struct Fields {
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

impl Fields {
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
