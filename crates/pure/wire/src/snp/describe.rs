//! Fields of an SNP report, by the names of AMD document 56860.

use core::fmt::{self, Display};

use super::{GuestPolicy, KeyInfo, PlatformInfo, Product, Report, Tcb};
use crate::describe::{FlagWord, HexBytes};
use crate::{Describe, DescribedField, FieldValue, Visitor};

impl Describe for Report<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        self.describe_guest(visitor);
        self.describe_identity(visitor);
        self.describe_platform(visitor);
        self.describe_signature(visitor);
    }
}

impl Report<'_> {
    fn describe_guest(&self, visitor: &mut dyn Visitor) {
        let (policy, platform, keys) = (self.policy(), self.platform_info(), self.key_info());
        visitor.field(DescribedField::at("VERSION", 0..4, &self.version()));
        visitor.field(DescribedField::at("GUEST_SVN", 0x04..0x08, &self.guest_svn()));
        visitor
            .field(DescribedField::at("POLICY", 0x08..0x10, &FlagWord(policy.bits())).note(&Policy(policy)));
        visitor.field(DescribedField::at("FAMILY_ID", 0x10..0x20, &HexBytes(&self.0.family_id)));
        visitor.field(DescribedField::at("IMAGE_ID", 0x20..0x30, &HexBytes(&self.0.image_id)));
        visitor.field(DescribedField::at("VMPL", 0x30..0x34, &self.vmpl()));
        visitor.field(
            DescribedField::at("SIGNATURE_ALGO", 0x34..0x38, &self.signature_algo()).note(&self.algorithm()),
        );
        visitor.field(self.tcb(
            "CURRENT_TCB",
            0x38,
            &HexBytes(&self.0.current_tcb),
            &self.layout_note(*self.current_tcb()),
        ));
        visitor.field(
            DescribedField::at("PLATFORM_INFO", 0x40..0x48, &FlagWord(platform.bits()))
                .note(&Platform(platform)),
        );
        visitor.field(
            DescribedField::at("KEY_INFO", 0x48..0x4c, &FlagWord(u64::from(keys.0))).note(&Keys(keys)),
        );
        visitor.field(DescribedField::at("RESERVED", 0x4c..0x50, &HexBytes(&self.0.reserved_04c)));
        visitor.field(DescribedField::at("REPORT_DATA", 0x50..0x90, &HexBytes(&self.0.report_data)));
    }

    fn describe_identity(&self, visitor: &mut dyn Visitor) {
        visitor.field(DescribedField::at("MEASUREMENT", 0x90..0xc0, &HexBytes(&self.0.measurement)));
        visitor.field(DescribedField::at("HOST_DATA", 0xc0..0xe0, &HexBytes(&self.0.host_data)));
        visitor.field(DescribedField::at("ID_KEY_DIGEST", 0xe0..0x110, &HexBytes(&self.0.id_key_digest)));
        visitor.field(DescribedField::at(
            "AUTHOR_KEY_DIGEST",
            0x110..0x140,
            &HexBytes(&self.0.author_key_digest),
        ));
        visitor.field(DescribedField::at("REPORT_ID", 0x140..0x160, &HexBytes(&self.0.report_id)));
        visitor.field(DescribedField::at("REPORT_ID_MA", 0x160..0x180, &HexBytes(&self.0.report_id_ma)));
    }

    fn describe_platform(&self, visitor: &mut dyn Visitor) {
        visitor.field(self.tcb(
            "REPORTED_TCB",
            0x180,
            &HexBytes(&self.0.reported_tcb),
            &self.layout_note(*self.reported_tcb()),
        ));
        visitor.field(
            DescribedField::at("CPUID_FAM_ID", 0x188..0x189, &self.0.cpuid_fam_id).note(&self.cpuid_note()),
        );
        visitor.field(DescribedField::at("CPUID_MOD_ID", 0x189..0x18a, &self.0.cpuid_mod_id));
        visitor.field(DescribedField::at("CPUID_STEP", 0x18a..0x18b, &self.0.cpuid_step));
        visitor.field(DescribedField::at("RESERVED", 0x18b..0x1a0, &HexBytes(&self.0.reserved_18b)));
        visitor.field(DescribedField::at("CHIP_ID", 0x1a0..0x1e0, &HexBytes(&self.0.chip_id)));
        visitor.field(self.tcb(
            "COMMITTED_TCB",
            0x1e0,
            &HexBytes(&self.0.committed_tcb),
            &self.layout_note(*self.committed_tcb()),
        ));
        visitor.field(DescribedField::at(
            "CURRENT_BUILD, _MINOR, _MAJOR",
            0x1e8..0x1eb,
            &Firmware(*self.current_version()),
        ));
        visitor.field(DescribedField::at("RESERVED", 0x1eb..0x1ec, &self.0.reserved_1eb));
        visitor.field(DescribedField::at(
            "COMMITTED_BUILD, _MINOR, _MAJOR",
            0x1ec..0x1ef,
            &Firmware(*self.committed_version()),
        ));
        visitor.field(DescribedField::at("RESERVED", 0x1ef..0x1f0, &self.0.reserved_1ef));
        visitor.field(self.tcb(
            "LAUNCH_TCB",
            0x1f0,
            &HexBytes(&self.0.launch_tcb),
            &self.layout_note(*self.launch_tcb()),
        ));
        visitor.field(DescribedField::at(
            "LAUNCH_MIT_VECTOR",
            0x1f8..0x200,
            &FlagWord(self.0.launch_mit_vector.get()),
        ));
        visitor.field(DescribedField::at(
            "CURRENT_MIT_VECTOR",
            0x200..0x208,
            &FlagWord(self.0.current_mit_vector.get()),
        ));
        visitor.field(DescribedField::at("RESERVED", 0x208..0x2a0, &HexBytes(&self.0.reserved_208)));
    }

    fn describe_signature(&self, visitor: &mut dyn Visitor) {
        let signature = &self.0.signature;
        visitor.open("SIGNATURE");
        visitor.field(DescribedField::at("R", 0x2a0..0x2d0, &HexBytes(&signature.r)).note(&"little-endian"));
        visitor.field(DescribedField::at("R above 384 bits", 0x2d0..0x2e8, &HexBytes(&signature.r_padding)));
        visitor.field(DescribedField::at("S", 0x2e8..0x318, &HexBytes(&signature.s)).note(&"little-endian"));
        visitor.field(DescribedField::at("S above 384 bits", 0x318..0x330, &HexBytes(&signature.s_padding)));
        visitor.field(DescribedField::at("RESERVED", 0x330..0x4a0, &HexBytes(&signature.padding)));
        visitor.close();
    }

    fn tcb<'a>(
        &self,
        name: &'a str,
        at: usize,
        value: &'a dyn FieldValue,
        note: &'a dyn Display,
    ) -> DescribedField<'a> {
        DescribedField::at(name, at..at.saturating_add(8), value).note(note)
    }

    fn layout_note(&self, bytes: [u8; 8]) -> TcbNote {
        TcbNote { bytes, product: self.cpuid().and_then(Product::from_cpuid) }
    }

    fn algorithm(&self) -> &'static str {
        if self.signature_algo() == 1 { "ECDSA P-384 with SHA-384" } else { "not supported" }
    }

    fn cpuid_note(&self) -> &'static str {
        match self.cpuid().map(Product::from_cpuid) {
            None => "not reported before version 3",
            Some(None) => "not a supported product",
            Some(Some(product)) => product.as_str(),
        }
    }
}

/// A firmware version: build, minor, major as the report has them, shown as people write them.
struct Firmware([u8; 3]);

impl Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [build, minor, major] = self.0;
        write!(f, "{major}.{minor}.{build}")
    }
}

impl FieldValue for Firmware {}

/// A TCB by its components; both readings where the report does not name its processor.
struct TcbNote {
    bytes: [u8; 8],
    product: Option<Product>,
}

impl Display for TcbNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (products, one) = match &self.product {
            Some(product) => (core::slice::from_ref(product), true),
            None => (Product::ALL, false),
        };
        let mut separator = "";
        for product in products.iter().filter(|product| one || is_first_of_layout(**product)) {
            if let Some(tcb) = Tcb::parse(self.bytes, product.tcb_layout()) {
                write!(f, "{separator}{product}: {tcb}")?;
                separator = "; or ";
            }
        }
        if separator.is_empty() { f.write_str("reserved bytes are not zero") } else { Ok(()) }
    }
}

/// Whether no product line before this one has the same layout of TCB_VERSION.
fn is_first_of_layout(product: Product) -> bool {
    let layout = product.tcb_layout();
    Product::ALL.iter().find(|line| line.tcb_layout() == layout).is_some_and(|line| *line == product)
}

struct Policy(GuestPolicy);

impl Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.0.abi();
        write!(f, "ABI {major}.{minor} or later")?;
        self.0.names().try_for_each(|name| write!(f, ", {name}"))?;
        if self.0.has_only_known_bits() { Ok(()) } else { f.write_str(", unknown bits") }
    }
}

struct Platform(PlatformInfo);

impl Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for name in self.0.names() {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        let unknown = self.0.unnamed();
        if unknown == 0 { Ok(()) } else { write!(f, "{separator}unknown bits {unknown:#x}") }
    }
}

struct Keys(KeyInfo);

impl Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIGNING_KEY {}", self.0.signing_key())?;
        f.write_str(if self.0.author_key() { ", AUTHOR_KEY_EN" } else { "" })?;
        f.write_str(if self.0.mask_chip_key() { ", MASK_CHIP_KEY" } else { "" })
    }
}
