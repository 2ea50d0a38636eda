//! Product lines of AMD processors: one row for each, with processors, TCB layout, chip ids and names.
//!
//! Sources: AMD document 57230, "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification"
//! (product names, hwID, names of the authorities); AMD document 56860, ATTESTATION_REPORT (CPUID, TCB_VERSION).

use core::fmt;

use super::{Cpuid, TcbLayout};

/// The columns of a product line besides its name, which is that of the variant.
struct Row {
    name: &'static str,
    id: &'static str,
    other_names: &'static [&'static str],
    processors: &'static [Processors],
    tcb_layout: TcbLayout,
    hwid_bytes: usize,
    cpuid_in_every_report: bool,
}

/// Processors of one CPUID family: those with a model from `first` to `last`.
struct Processors {
    family: u8,
    first: u8,
    last: u8,
}

macro_rules! product_lines {
    ($(
        $(#[$doc:meta])*
        $line:ident {
            id: $id:literal,
            other_names: [$($name:literal),*],
            processors: [$($family:literal: $first:literal to $last:literal),*],
            tcb_layout: $layout:ident,
            hwid_bytes: $hwid:literal,
            cpuid_in_every_report: $cpuid:literal,
        }
    )*) => {
        /// A product line of AMD processors; each has its own root key (ARK).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Product {
            $($(#[$doc])* $line,)*
        }

        impl Product {
            /// Every product line.
            pub const ALL: &'static [Self] = &[$(Self::$line),*];

            const fn row(self) -> &'static Row {
                match self {
                    $(Self::$line => &Row {
                        name: stringify!($line),
                        id: $id,
                        other_names: &[$($name),*],
                        processors: &[$(Processors { family: $family, first: $first, last: $last }),*],
                        tcb_layout: TcbLayout::$layout,
                        hwid_bytes: $hwid,
                        cpuid_in_every_report: $cpuid,
                    },)*
                }
            }
        }
    };
}

// A new product line is a row here and, with its pinned certificates, one in `anchors.rs` of the snp crate.
product_lines! {
    /// EPYC 7003.
    Milan {
        id: "milan",
        other_names: [],
        processors: [0x19: 0x00 to 0x0f],
        tcb_layout: Family19h,
        hwid_bytes: 64,
        cpuid_in_every_report: false,
    }
    /// EPYC 9004, with Bergamo (97x4) and Siena (8004). Certificates of Siena chips can name `Siena`; they are issued
    /// by SEV-Genoa under ARK-Genoa, and KDS has them below `Genoa`.
    Genoa {
        id: "genoa",
        other_names: ["Siena"],
        processors: [0x19: 0x10 to 0x1f, 0x19: 0xa0 to 0xaf],
        tcb_layout: Family19h,
        hwid_bytes: 64,
        cpuid_in_every_report: false,
    }
    /// EPYC 9005.
    Turin {
        id: "turin",
        other_names: [],
        processors: [0x1a: 0x00 to 0x11],
        tcb_layout: Family1Ah,
        hwid_bytes: 8,
        cpuid_in_every_report: true,
    }
}

impl Product {
    /// The product line of a processor by its family and model; `None` for any other.
    #[must_use]
    pub const fn from_cpuid(cpuid: Cpuid) -> Option<Self> {
        let mut lines = Self::ALL;
        while let [line, rest @ ..] = lines {
            if line.has_processor(cpuid) {
                return Some(*line);
            }
            lines = rest;
        }
        None
    }

    const fn has_processor(self, cpuid: Cpuid) -> bool {
        let mut processors = self.row().processors;
        while let [Processors { family, first, last }, rest @ ..] = processors {
            if cpuid.family == *family && cpuid.model >= *first && cpuid.model <= *last {
                return true;
            }
            processors = rest;
        }
        false
    }

    /// The product line of a certificate's product name: `Milan`, `Milan-B0` with a stepping, `Siena` of Genoa.
    #[must_use]
    pub fn from_product_name(text: &str) -> Option<Self> {
        let is =
            |name: &str| text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        Self::ALL.iter().copied().find(|line| line.product_names().any(is))
    }

    /// The product line with this name in lower case, as policies write it.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|line| line.id() == id)
    }

    /// The name of the line, in its authorities' names and in KDS URLs: `Milan`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The product names in certificates of the line's chips, without steppings: the line's own first.
    pub fn product_names(self) -> impl Iterator<Item = &'static str> {
        core::iter::once(self.as_str()).chain(self.row().other_names.iter().copied())
    }

    /// The name in lower case, as policies write it: `milan`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.row().id
    }

    /// The layout of TCB_VERSION of this product line.
    #[must_use]
    pub const fn tcb_layout(self) -> TcbLayout {
        self.row().tcb_layout
    }

    /// The size of a chip id in bytes: 64, or 8 for Turin.
    #[must_use]
    pub const fn hwid_bytes(self) -> usize {
        self.row().hwid_bytes
    }

    /// Whether chip ids of a product line have this size in bytes.
    #[must_use]
    pub fn any_has_hwid_of(bytes: usize) -> bool {
        Self::ALL.iter().any(|line| line.hwid_bytes() == bytes)
    }

    /// Whether every report of this product line has CPUID fields: its first firmware wrote version 3 or later.
    #[must_use]
    pub const fn has_cpuid_in_every_report(self) -> bool {
        self.row().cpuid_in_every_report
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A certification authority of AMD, by the common name of its certificates: `ARK-Milan`, `SEV-Milan`,
/// `SEV-VLEK-Milan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AmdAuthority {
    /// The root of a product line (ARK).
    Ark(Product),
    /// The issuer of its VCEKs (ASK).
    Ask(Product),
    /// The issuer of its VLEKs (ASVK).
    Asvk(Product),
}

impl AmdAuthority {
    /// The authority with this common name.
    #[must_use]
    pub fn from_common_name(name: &str) -> Option<Self> {
        let line = |prefix| {
            let line = name.strip_prefix(prefix)?;
            Product::ALL.iter().copied().find(|product| product.as_str() == line)
        };
        line(ARK).map(Self::Ark).or_else(|| line(ASVK).map(Self::Asvk)).or_else(|| line(ASK).map(Self::Ask))
    }

    /// The product line.
    #[must_use]
    pub const fn product(self) -> Product {
        match self {
            Self::Ark(product) | Self::Ask(product) | Self::Asvk(product) => product,
        }
    }
}

const ARK: &str = "ARK-";
const ASK: &str = "SEV-";
const ASVK: &str = "SEV-VLEK-";

impl fmt::Display for AmdAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self {
            Self::Ark(_) => ARK,
            Self::Ask(_) => ASK,
            Self::Asvk(_) => ASVK,
        };
        write!(f, "{prefix}{}", self.product())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    /// Every family and model, as the ranges of the specification say.
    #[test]
    fn a_processor_is_of_at_most_one_line() {
        for family in 0..=u8::MAX {
            for model in 0..=u8::MAX {
                let cpuid = Cpuid { family, model, stepping: 1 };
                let of = |line: &&Product| line.has_processor(cpuid);
                let lines: Vec<_> = Product::ALL.iter().filter(of).copied().collect();
                assert!(lines.len() <= 1, "{family:#x} {model:#x}: {lines:?}");
                let wanted = match (family, model) {
                    (0x19, 0x00..=0x0f) => Some(Product::Milan),
                    (0x19, 0x10..=0x1f | 0xa0..=0xaf) => Some(Product::Genoa),
                    (0x1a, 0x00..=0x11) => Some(Product::Turin),
                    _ => None,
                };
                assert_eq!(Product::from_cpuid(cpuid), wanted, "{family:#x} {model:#x}");
                assert_eq!(lines.first().copied(), wanted);
            }
        }
    }

    #[test]
    fn rows_are_complete() {
        for line in Product::ALL {
            let Row { processors, id, hwid_bytes, .. } = line.row();
            assert!(!processors.is_empty(), "{line}");
            assert!(processors.iter().all(|some| some.first <= some.last), "{line}");
            assert_eq!(*id, line.as_str().to_lowercase());
            assert!((1..=64).contains(hwid_bytes), "{line}");
        }
    }

    #[test]
    fn names_are_parsed_as_they_are_printed() {
        for line in Product::ALL.iter().copied() {
            assert_eq!(Product::from_id(line.id()), Some(line));
            assert_eq!(Product::from_product_name(&line.to_string()), Some(line));
            for name in line.product_names() {
                for text in [name.to_string(), [name, "-B0"].concat()] {
                    assert_eq!(Product::from_product_name(&text), Some(line), "{text}");
                }
                for text in [name.to_lowercase(), [name, "x"].concat(), [" ", name].concat()] {
                    assert_eq!(Product::from_product_name(&text), None, "{text}");
                }
                let others = Product::ALL.iter().filter(|other| **other != line);
                assert!(others.flat_map(|other| other.product_names()).all(|other| other != name));
            }
            for authority in [AmdAuthority::Ark(line), AmdAuthority::Ask(line), AmdAuthority::Asvk(line)] {
                assert_eq!(AmdAuthority::from_common_name(&authority.to_string()), Some(authority));
                assert_eq!(authority.product(), line);
            }
        }
        assert_eq!(Product::from_product_name("Siena-B1"), Some(Product::Genoa));
        for text in
            ["ARK-Siena", "SEV-VLEK", "SEV-VCEK", "ARK-", "ARK-Milan-B0", "ark-Milan", "VLEK-Milan", ""]
        {
            assert_eq!(AmdAuthority::from_common_name(text), None, "{text}");
        }
    }
}
