//! VCEK and VLEK, the keys that sign reports, and their certificates.

use super::amd::{self, Spl};
use super::{Product, Tcb};
use crate::x509::{Algorithm, CERT_SIGN, CRL_SIGN, Certificate, Extension, Link, Name, Validity, der};
use crate::{Key, Kind};

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

/// Which kind of key signs the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vek {
    /// A key of one chip, certified by the ASK.
    Vcek,
    /// A key of a cloud, certified by the ASVK.
    Vlek,
}

/// How a VCEK certificate writes the identity of its chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hwid {
    /// The first 8 bytes: Turin.
    Short,
    /// All 64 bytes: Milan and Genoa.
    Long,
    /// 66 bytes: all 64 in an OCTET STRING, the newer specified form.
    Wrapped,
}

impl Hwid {
    /// The form that this line's certificates have.
    #[must_use]
    pub const fn of(product: Product) -> Self {
        match product {
            Product::Milan | Product::Genoa => Self::Long,
            Product::Turin => Self::Short,
        }
    }

    pub(super) fn value(self, chip_id: &[u8; 64]) -> Vec<u8> {
        match self {
            Self::Short => chip_id.iter().copied().take(8).collect(),
            Self::Long => chip_id.to_vec(),
            Self::Wrapped => der::octet_string(chip_id),
        }
    }
}

impl Vek {
    /// The subject of the certificate: `SEV-VCEK`, `SEV-VLEK`.
    #[must_use]
    pub const fn common_name(self) -> &'static str {
        match self {
            Self::Vcek => "SEV-VCEK",
            Self::Vlek => "SEV-VLEK",
        }
    }

    /// The root.
    pub(super) fn ark(self, product: Product, rsa: Kind, at: u64) -> Link {
        let name = format!("ARK-{}", product.name());
        let mut link = authority(&name, product.serials(), rsa, at);
        link.certificate.extensions = vec![
            Extension::key_usage(CERT_SIGN | CRL_SIGN),
            Extension::subject_key_identifier(),
            Extension::basic_constraints(true, None),
            self.crl_distribution_point(product),
        ];
        link
    }

    /// The ASK or the ASVK.
    pub(super) fn intermediate(self, product: Product, rsa: Kind, at: u64) -> Link {
        let (name, serial) = match (self, product) {
            (Self::Vcek, Product::Genoa) => (format!("SEV-{}", product.name()), 2),
            (Self::Vcek, _) => (format!("SEV-{}", product.name()), 1),
            (Self::Vlek, _) => (format!("SEV-VLEK-{}", product.name()), 0x101),
        };
        let mut link = authority(&name, product.serials() + serial, rsa, at);
        link.certificate.extensions = vec![
            Extension::subject_key_identifier(),
            Extension::authority_key_identifier(),
            Extension::basic_constraints(true, Some(0)),
            Extension::key_usage(CERT_SIGN),
            self.crl_distribution_point(product),
        ];
        link
    }

    /// The certificate of the key that signs the report.
    pub(super) fn leaf(self, product: Product, tcb: Tcb, chip_id: &[u8; 64], at: u64) -> Link {
        let years = if self == Self::Vcek { 7 } else { 1 };
        let from = at.saturating_sub(30 * DAY);
        let validity = Validity::new(from, from + years * YEAR);
        let mut certificate = Certificate::new(Name::amd(self.common_name()), validity);
        certificate.serial = vec![0];
        certificate.extensions = self.extensions(product, tcb, chip_id);
        if product != Product::Milan {
            certificate.seal.algorithm = Some(Algorithm::pss_sha384_without_trailer());
        }
        Link::new(certificate, Key::fresh(Kind::P384))
    }

    /// The extensions in the order of real certificates, which is not sorted.
    fn extensions(self, product: Product, tcb: Tcb, chip_id: &[u8; 64]) -> Vec<Extension> {
        let turin = product == Product::Turin;
        let name = match (self, product) {
            (Self::Vcek, Product::Milan) => "Milan-B0",
            _ => product.name(),
        };
        let mut extensions = vec![amd::structure_version(turin.into()), amd::product_name(name)];
        if turin {
            extensions.push(Spl::Fmc.extension(tcb.fmc));
        }
        extensions.push(Spl::Bootloader.extension(tcb.bootloader));
        extensions.push(Spl::Tee.extension(tcb.tee));
        let reserved = if turin { 5..=7 } else { 4..=7 };
        extensions.extend(reserved.map(|number| Spl::Reserved(number).extension(0)));
        extensions.push(Spl::Snp.extension(tcb.snp));
        extensions.push(Spl::Microcode.extension(tcb.microcode));
        extensions.push(match self {
            Self::Vcek => amd::hwid(Hwid::of(product), chip_id),
            Self::Vlek => amd::csp_id("CN=cc-us-east-2.amazonaws.com"),
        });
        extensions
    }

    fn crl_distribution_point(self, product: Product) -> Extension {
        let kind = if self == Self::Vcek { "vcek" } else { "vlek" };
        let url = format!("https://kdsintf.amd.com/{kind}/v1/{}/crl", product.name());
        Extension::crl_distribution_point(&url)
    }
}

/// An RSA authority with a key that the process shares.
fn authority(name: &str, serial: u64, rsa: Kind, at: u64) -> Link {
    let from = at.saturating_sub(5 * YEAR);
    let mut certificate = Certificate::new(Name::amd(name), Validity::new(from, from + 25 * YEAR));
    certificate.serial = der::unsigned_contents(&serial.to_be_bytes());
    Link::new(certificate, Key::shared(name, rsa))
}
