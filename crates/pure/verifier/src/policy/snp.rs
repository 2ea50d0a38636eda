//! The section `[snp]`.

use alloc::string::ToString;

use teeproof_snp::{Policy, Tcb, TcbLevels};
use toml::de::DeValue;

use super::kinds::{Fixed, Flags, Number, YesNo, number};
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{AT_LEAST, EXACTLY, Kind, ONE_OF, WAIVED};
use super::section::Section;

/// Each field once: its name in the policy, its key in the file, and the kind of its value.
macro_rules! section {
    ($($field:ident = $key:literal: $kind:ty;)*) => {
        /// The keys of the section.
        pub(super) const FIELDS: &[&str] = &[$($key),*];

        /// Reads the fields of a section that has them. Every field is read before the first
        /// problem ends it, so that each problem is told.
        pub(super) fn fields(
            section: &Section<'_>,
            problems: &mut Problems<'_>,
        ) -> Result<Policy<'static>, Reported> {
            $(let $field = section.rule::<$kind>($key, problems);)*
            Ok(Policy { $($field: $field?),* })
        }
    };
}

section! {
    debug = "debug": YesNo;
    migration = "migration": YesNo;
    policy = "policy": Flags;
    vmpl = "vmpl": Vmpl;
    masked_chip_id = "masked-chip-id": YesNo;
    chip_id = "chip-id": Fixed<64>;
    measurement = "measurement": Fixed<48>;
    id_key_digest = "id-key-digest": Fixed<48>;
    author_key_digest = "author-key-digest": Fixed<48>;
    family_id = "family-id": Fixed<16>;
    image_id = "image-id": Fixed<16>;
    guest_svn = "guest-svn": Number;
    reported_tcb = "reported-tcb": Levels;
    committed_tcb = "committed-tcb": Levels;
    platform_info = "platform-info": Flags;
    host_data = "host-data": Fixed<32>;
    report_data = "report-data": Fixed<64>;
}

/// Reads the section.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<Policy<'static>, Reported> {
    let section = Section::open(node, FIELDS, problems)?;
    fields(&section, problems)
}

/// A privilege level: 0 to 3, or `"host"`. A lower one has more privileges, and the host's number
/// is the highest, so that a floor would say the opposite of what it seems to say.
struct Vmpl;

impl Kind for Vmpl {
    type Value = u32;
    const WHAT: &'static str = "a privilege level";

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<u32, Reported> {
        match node.value() {
            DeValue::String(text) if text == "host" => Ok(HOST),
            DeValue::Integer(_) => number(node, problems, 3),
            _ => Err(node.problem(problems, "expected an integer from 0 to 3, or \"host\"", None)),
        }
    }
}

/// What VMPL holds when the host asked for the report.
const HOST: u32 = 0xffff_ffff;

/// A TCB, component by component.
struct Levels;

impl Kind for Levels {
    type Value = TcbLevels;
    const WHAT: &'static str = "a TCB";
    const WORDS: &'static [&'static str] = &[EXACTLY, ONE_OF, AT_LEAST, WAIVED];

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<TcbLevels, Reported> {
        let usage = "write { bootloader = 0, tee = 0, snp = 0, microcode = 0 }, and fmc for Turin";
        let table = node.table(problems, "the levels of a TCB", Some(usage.to_string()))?;
        node.only(table, &COMPONENTS, "component", problems);
        let fmc = node.child(table, "fmc").map(|level| number(&level, problems, 255)).transpose();
        let [bootloader, tee, snp, microcode] = REQUIRED.map(|name| {
            let level = node.need(table, name, problems)?;
            number(&level, problems, 255)
        });
        Ok(TcbLevels(Tcb { fmc: fmc?, bootloader: bootloader?, tee: tee?, snp: snp?, microcode: microcode? }))
    }

    fn floor(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<TcbLevels, Reported> {
        Self::read(node, problems)
    }
}

const REQUIRED: [&str; 4] = ["bootloader", "tee", "snp", "microcode"];
const COMPONENTS: [&str; 5] = ["fmc", "bootloader", "tee", "snp", "microcode"];
