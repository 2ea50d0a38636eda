//! The SGX extension of a PCK certificate: platform, TCB components and ids.
//!
//! Source: Intel, "SGX PCK Certificate and Certificate Revocation List Profile Specification", section 1.3.5.

use core::fmt;

use teeproof_wire::certificate::{Certificate, Name};
use teeproof_wire::der::{self, Element, tag};
use teeproof_wire::{At, Error, ErrorKind, Reader};

/// 1.2.840.113741.1.13.1, the SGX extension.
pub(crate) const SGX_EXTENSION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];
/// 1.2.840.113741.1.13.1.2, the TCB in it.
const TCB_ARC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, 0x02];
const WHAT: &str = "PCK certificate: SGX extension";
const TCB: &str = "PCK certificate: TCB of the SGX extension";

/// What a PCK certificate says about its platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PckIdentity {
    /// FMSPC, 6 bytes: family, model, stepping, platform type and SKU. It selects the TCB info.
    pub fmspc: [u8; 6],
    /// PCEID, 2 bytes: the provisioning certification enclave.
    pub pce_id: [u8; 2],
    /// The security versions of the 16 SGX TCB components for which the key was derived.
    pub sgx_tcb: [u8; 16],
    /// PCESVN: the security version of the provisioning certification enclave.
    pub pce_svn: u16,
    /// CPUSVN, 16 bytes: the components as the processor writes them.
    pub cpu_svn: [u8; 16],
    /// PPID, 16 bytes: an identifier of the machine.
    pub ppid: [u8; 16],
}

/// The authority that issues PCK certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PckCa {
    /// Intel SGX PCK Platform CA, of machines with several sockets.
    Platform,
    /// Intel SGX PCK Processor CA, of machines with one socket.
    Processor,
}

impl PckCa {
    /// The authority with this certificate, by its common name.
    pub(crate) fn of(certificate: &Certificate<'_>) -> Option<Self> {
        Self::named(certificate.subject())
    }

    /// The authority with this name.
    pub(crate) fn named(name: Name<'_>) -> Option<Self> {
        match name.common_name()? {
            "Intel SGX PCK Platform CA" => Some(Self::Platform),
            "Intel SGX PCK Processor CA" => Some(Self::Processor),
            _ => None,
        }
    }

    /// The name in URLs of Intel's provisioning certification service: `platform`, `processor`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Processor => "processor",
        }
    }
}

impl fmt::Display for PckCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a certificate has the SGX extension.
pub(crate) fn is_pck(certificate: &Certificate<'_>) -> bool {
    certificate.extensions().find(SGX_EXTENSION).is_some()
}

impl PckIdentity {
    /// The SGX extension of a certificate.
    pub(crate) fn of(certificate: &Certificate<'_>) -> Result<Self, Error> {
        let value = certificate.extensions().find(SGX_EXTENSION).map(|extension| extension.value);
        Self::parse(value.unwrap_or_default())
    }

    /// Parses the value of the SGX extension: a SEQUENCE of (object identifier, value), each of them once.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::default();
        Reader::all(value, 0, WHAT, |reader| {
            let start = reader.at();
            der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
                pairs(reader, WHAT, SGX_EXTENSION, &mut |number, value, at| fields.take(number, value, at))
            })?;
            fields.finish(start)
        })
    }
}

/// Passes each (object identifier, value) to `take`: the number after `arc`, and the value. Pairs of other
/// arcs are ignored, because newer platforms may add some.
fn pairs<'a>(
    reader: &mut Reader<'a>,
    what: &'static str,
    arc: &[u8],
    take: &mut dyn FnMut(u8, &Element<'a>, At) -> Result<(), Error>,
) -> Result<(), Error> {
    while !reader.is_empty() {
        let at = reader.at();
        let (oid, value) = der::nested(reader, tag::SEQUENCE, what, |reader| {
            let oid = der::tagged(reader, tag::OBJECT_IDENTIFIER, what)?.contents;
            Ok((oid, der::element(reader, what)?))
        })?;
        if let Some([number]) = oid.strip_prefix(arc) {
            take(*number, &value, at)?;
        }
    }
    Ok(())
}

/// The values of the extension as far as they were read.
#[derive(Default)]
struct Fields {
    ppid: Option<[u8; 16]>,
    tcb: Option<Tcb>,
    pce_id: Option<[u8; 2]>,
    fmspc: Option<[u8; 6]>,
}

/// The values of the TCB.
#[derive(Clone, Copy, Default)]
struct Tcb {
    components: [Option<u8>; 16],
    pce_svn: Option<u16>,
    cpu_svn: Option<[u8; 16]>,
}

impl Fields {
    fn take(&mut self, number: u8, value: &Element<'_>, at: At) -> Result<(), Error> {
        match number {
            1 => once(&mut self.ppid, octets(value, WHAT, at, "an OCTET STRING of 16 bytes")?, WHAT, at),
            2 => once(&mut self.tcb, Tcb::read(value, at)?, WHAT, at),
            3 => once(&mut self.pce_id, octets(value, WHAT, at, "an OCTET STRING of 2 bytes")?, WHAT, at),
            4 => once(&mut self.fmspc, octets(value, WHAT, at, "an OCTET STRING of 6 bytes")?, WHAT, at),
            _ => Ok(()),
        }
    }

    fn finish(&self, at: At) -> Result<PckIdentity, Error> {
        let missing = |expected| at.error(ErrorKind::Missing, WHAT, expected);
        let tcb = self.tcb.ok_or_else(|| missing("the TCB"))?;
        let mut sgx_tcb = [0; 16];
        for (slot, found) in sgx_tcb.iter_mut().zip(tcb.components) {
            *slot = found.ok_or_else(|| missing("16 TCB components"))?;
        }
        Ok(PckIdentity {
            fmspc: self.fmspc.ok_or_else(|| missing("the FMSPC"))?,
            pce_id: self.pce_id.ok_or_else(|| missing("the PCEID"))?,
            sgx_tcb,
            pce_svn: tcb.pce_svn.ok_or_else(|| missing("the PCESVN"))?,
            cpu_svn: tcb.cpu_svn.ok_or_else(|| missing("the CPUSVN"))?,
            ppid: self.ppid.ok_or_else(|| missing("the PPID"))?,
        })
    }
}

impl Tcb {
    fn read(value: &Element<'_>, at: At) -> Result<Self, Error> {
        if value.tag != tag::SEQUENCE {
            return Err(at.error(ErrorKind::Value, TCB, "a SEQUENCE"));
        }
        let mut tcb = Self::default();
        value.read(TCB, |reader| {
            pairs(reader, TCB, TCB_ARC, &mut |number, value, at| tcb.take(number, value, at))
        })?;
        Ok(tcb)
    }

    fn take(&mut self, number: u8, value: &Element<'_>, at: At) -> Result<(), Error> {
        match number {
            17 => once(&mut self.pce_svn, half(value, at)?, TCB, at),
            18 => once(&mut self.cpu_svn, octets(value, TCB, at, "an OCTET STRING of 16 bytes")?, TCB, at),
            number => {
                let index = usize::from(number).checked_sub(1);
                match index.and_then(|index| self.components.get_mut(index)) {
                    Some(slot) => once(slot, value.small(TCB)?, TCB, at),
                    None => Ok(()),
                }
            }
        }
    }
}

fn once<T>(slot: &mut Option<T>, value: T, what: &'static str, at: At) -> Result<(), Error> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(at.error(ErrorKind::Duplicate, what, "each value once")),
    }
}

fn octets<const N: usize>(
    value: &Element<'_>,
    what: &'static str,
    at: At,
    expected: &'static str,
) -> Result<[u8; N], Error> {
    let octets = (value.tag == tag::OCTET_STRING).then_some(value.contents);
    octets.and_then(|octets| octets.try_into().ok()).ok_or_else(|| at.error(ErrorKind::Value, what, expected))
}

/// An INTEGER from 0 to 65535.
fn half(value: &Element<'_>, at: At) -> Result<u16, Error> {
    match value.unsigned(TCB)? {
        [] => Ok(0),
        [low] => Ok(u16::from(*low)),
        [high, low] => Ok(u16::from_be_bytes([*high, *low])),
        _ => Err(at.error(ErrorKind::Value, TCB, "an INTEGER from 0 to 65535")),
    }
}
