//! AMD's extensions of a VEK certificate: product name, TCB, chip id, provider.
//!
//! Source: AMD document 57230, table 4; the arc is 1.3.6.1.4.1.3704.1. Extension values are DER
//! integers and strings, but for the chip id, which is bare.

use core::fmt;

use teeproof_wire::certificate::Certificate;
use teeproof_wire::der::{self, tag};
use teeproof_wire::snp::{Product, Report, SigningKey, Tcb};
use teeproof_wire::{Error as WireError, ErrorKind, Reader};

use crate::Error;

/// The kind of a versioned endorsement key (VEK).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VekKind {
    /// VCEK: the key of one chip at one TCB.
    Vcek,
    /// VLEK: the key of one provider, loaded into its machines.
    Vlek,
}

impl VekKind {
    /// The kind in lower case, as policies write it: `vcek`, `vlek`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Vcek => "vcek",
            Self::Vlek => "vlek",
        }
    }

    /// The kind by the subject's common name; `None` for any other name.
    #[must_use]
    pub fn of(certificate: &Certificate<'_>) -> Option<Self> {
        match certificate.subject().common_name()? {
            "SEV-VCEK" => Some(Self::Vcek),
            "SEV-VLEK" => Some(Self::Vlek),
            _ => None,
        }
    }

    /// The kind by the report's KEY_INFO.SIGNING_KEY.
    pub(crate) fn signing(report: Report<'_>) -> Result<Self, Error> {
        match report.key_info().signing_key() {
            SigningKey::Vcek => Ok(Self::Vcek),
            SigningKey::Vlek => Ok(Self::Vlek),
            _ => Err(Error::NotSigned),
        }
    }

    /// The name: `VCEK`, `VLEK`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vcek => "VCEK",
            Self::Vlek => "VLEK",
        }
    }
}

impl fmt::Display for VekKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A component of the TCB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Component {
    /// FMC (Turin).
    Fmc,
    /// Boot loader.
    Bootloader,
    /// Operating system of the secure processor.
    Tee,
    /// SNP firmware.
    Snp,
    /// Microcode.
    Microcode,
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fmc => "fmc",
            Self::Bootloader => "bootloader",
            Self::Tee => "tee",
            Self::Snp => "snp",
            Self::Microcode => "microcode",
        })
    }
}

/// The extensions of a VEK certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VekClaims<'a> {
    pub(crate) product_name: &'a str,
    pub(crate) tcb: Tcb,
    /// hwID, of a VCEK.
    pub(crate) hwid: Option<&'a [u8]>,
    /// cspID, of a VLEK.
    pub(crate) csp: Option<&'a str>,
}

/// The arc: 1.3.6.1.4.1.3704.1.
const ARC: [u8; 8] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01];

const WHAT: &str = "VEK certificate: AMD extensions";

impl<'a> VekClaims<'a> {
    pub(crate) fn read(certificate: &Certificate<'a>) -> Result<Self, Error> {
        Values::of(certificate).claims().map_err(Error::Vek)
    }

    /// The product line of the product name: `Milan`, or `Milan-B0` for a stepping.
    pub(crate) fn product(&self) -> Option<Product> {
        Product::from_product_name(self.product_name)
    }

    /// The first component that differs from `tcb`.
    pub(crate) fn differs_from(&self, tcb: &Tcb) -> Option<Component> {
        [
            (self.tcb.fmc == tcb.fmc, Component::Fmc),
            (self.tcb.bootloader == tcb.bootloader, Component::Bootloader),
            (self.tcb.tee == tcb.tee, Component::Tee),
            (self.tcb.snp == tcb.snp, Component::Snp),
            (self.tcb.microcode == tcb.microcode, Component::Microcode),
        ]
        .into_iter()
        .find_map(|(same, component)| (!same).then_some(component))
    }

    /// Whether hwID is this chip id: the same bytes, followed by zeros only.
    pub(crate) fn is_on(&self, chip_id: &[u8; 64]) -> bool {
        self.hwid.is_some_and(|hwid| {
            chip_id
                .split_at_checked(hwid.len())
                .is_some_and(|(id, rest)| id == hwid && rest.iter().all(|byte| *byte == 0))
        })
    }
}

fn missing() -> WireError {
    WireError::new(ErrorKind::Missing, WHAT, 0, "product name, patch levels and structVersion")
}

fn unsupported(expected: &'static str) -> WireError {
    WireError::new(ErrorKind::Unsupported, WHAT, 0, expected)
}

/// The values of AMD's extensions by their position in the arc, read in one pass.
#[derive(Default)]
struct Values<'a> {
    struct_version: Option<&'a [u8]>,
    product_name: Option<&'a [u8]>,
    /// 3.1 to 3.9.
    levels: [Option<&'a [u8]>; 9],
    hwid: Option<&'a [u8]>,
    csp: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    fn of(certificate: &Certificate<'a>) -> Self {
        let mut values = Self::default();
        for extension in certificate.extensions().iter() {
            if let Some(slot) = extension.oid.strip_prefix(&ARC).and_then(|place| values.slot(place)) {
                *slot = Some(extension.value);
            }
        }
        values
    }

    fn slot(&mut self, place: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        match place {
            [1] => Some(&mut self.struct_version),
            [2] => Some(&mut self.product_name),
            [3, level] => self.levels.get_mut(usize::from(level.checked_sub(1)?)),
            [4] => Some(&mut self.hwid),
            [5] => Some(&mut self.csp),
            _ => None,
        }
    }

    fn claims(&self) -> Result<VekClaims<'a>, WireError> {
        if required(self.struct_version)? > 1 {
            return Err(unsupported("structVersion 0 or 1"));
        }
        let [bootloader, tee, snp, reserved @ .., microcode, fmc] = self.levels;
        for value in reserved {
            if level(value)?.is_some_and(|level| level != 0) {
                return Err(unsupported("reserved patch levels of zero"));
            }
        }
        Ok(VekClaims {
            product_name: text(self.product_name)?.ok_or(missing())?,
            tcb: Tcb {
                fmc: level(fmc)?,
                bootloader: required(bootloader)?,
                tee: required(tee)?,
                snp: required(snp)?,
                microcode: required(microcode)?,
            },
            hwid: hwid(self.hwid)?,
            csp: text(self.csp)?,
        })
    }
}

fn required(value: Option<&[u8]>) -> Result<u8, WireError> {
    level(value)?.ok_or(missing())
}

/// A patch level: an INTEGER from 0 to 255, in one content byte or, from 128 on, in two.
fn level(value: Option<&[u8]>) -> Result<Option<u8>, WireError> {
    let Some(value) = value else { return Ok(None) };
    Reader::all(value, 0, WHAT, |reader| der::tagged(reader, tag::INTEGER, WHAT)?.small(WHAT)).map(Some)
}

fn text(value: Option<&[u8]>) -> Result<Option<&str>, WireError> {
    let Some(value) = value else { return Ok(None) };
    Reader::all(value, 0, WHAT, |reader| {
        let string = der::tagged(reader, tag::IA5_STRING, WHAT)?;
        core::str::from_utf8(string.contents)
            .ok()
            .filter(|text| text.is_ascii())
            .ok_or_else(|| reader.error(ErrorKind::Value, WHAT, "an IA5String"))
    })
    .map(Some)
}

/// The chip id: bare bytes of a product line's size, or 64 in an OCTET STRING. Distinguished by length: bare
/// bytes can begin with any value.
fn hwid(value: Option<&[u8]>) -> Result<Option<&[u8]>, WireError> {
    match value {
        None => Ok(None),
        Some(bare) if Product::any_has_hwid_of(bare.len()) => Ok(Some(bare)),
        Some([0x04, 0x40, wrapped @ ..]) if wrapped.len() == 64 => Ok(Some(wrapped)),
        Some(_) => Err(WireError::new(ErrorKind::Value, "VEK certificate: hwID", 0, "8, 64 or 66 bytes")),
    }
}
