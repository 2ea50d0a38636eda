//! The extensions that AMD puts into VCEK and VLEK certificates (arc 1.3.6.1.4.1.3704.1).

use super::{Hwid, Product, Tcb};
use crate::x509::{Extension, Oid, der};

/// A security version number: which part of the firmware an extension is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spl {
    /// `.3.1`
    Bootloader,
    /// `.3.2`
    Tee,
    /// `.3.3`
    Snp,
    /// `.3.4` to `.3.7`, by the last number.
    Reserved(u8),
    /// `.3.8`
    Microcode,
    /// `.3.9`, on Turin only.
    Fmc,
}

/// An identifier in AMD's arc, by its last numbers: `&[4]` is the HWID.
#[must_use]
pub fn oid(suffix: &[u64]) -> Oid {
    Oid::new(&[&[1, 3, 6, 1, 4, 1, 3704, 1], suffix].concat())
}

impl Spl {
    /// The extension's identifier.
    #[must_use]
    pub fn oid(self) -> Oid {
        oid(&[
            3,
            match self {
                Self::Bootloader => 1,
                Self::Tee => 2,
                Self::Snp => 3,
                Self::Reserved(number) => number.into(),
                Self::Microcode => 8,
                Self::Fmc => 9,
            },
        ])
    }

    /// The extension with this number: one byte of INTEGER contents, two from 0x80 on.
    #[must_use]
    pub fn extension(self, value: u8) -> Extension {
        Extension::new(self.oid(), der::integer(value.into()))
    }
}

/// The version of the certificate's structure: 0 up to Genoa, 1 on Turin.
#[must_use]
pub fn structure_version(version: u64) -> Extension {
    Extension::new(oid(&[1]), der::integer(version))
}

/// The product name: `Milan-B0`, `Genoa`, `Turin`.
#[must_use]
pub fn product_name(name: &str) -> Extension {
    Extension::new(oid(&[2]), der::ia5_string(name))
}

/// The chip's identity, in one of its three forms. Two of them are no DER at all.
#[must_use]
pub fn hwid(form: Hwid, chip_id: &[u8; 64]) -> Extension {
    Extension::new(oid(&[4]), form.value(chip_id))
}

/// The cloud that a VLEK is for.
#[must_use]
pub fn csp_id(name: &str) -> Extension {
    Extension::new(oid(&[5]), der::ia5_string(name))
}

/// The numbers of a TCB version that differ between certificates of this line.
pub(super) fn spls(product: Product, tcb: Tcb) -> Vec<Extension> {
    let mut spls = vec![
        Spl::Bootloader.extension(tcb.bootloader),
        Spl::Tee.extension(tcb.tee),
        Spl::Snp.extension(tcb.snp),
        Spl::Microcode.extension(tcb.microcode),
    ];
    if product == Product::Turin {
        spls.push(Spl::Fmc.extension(tcb.fmc));
    }
    spls
}
