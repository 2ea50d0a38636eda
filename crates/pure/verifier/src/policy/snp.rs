//! The section `[snp]`: the kinds of values that it alone has.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_snp::{Policy, Tcb, TcbLevels, VekKind, VerifiedReport, Vmpl, checks};
use toml::de::DeValue;

use super::kinds::{Fixed, Flags, Number, Plain, YesNo, number};
use super::lines::Lines;
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{AT_LEAST, EXACTLY, Kind, ONE_OF, WAIVED};
use super::section::Section;
use super::suggest::{hint, quoted};
use super::table::{FieldKind, PolicyKey, section, toml};

teeproof_snp::snp_policy_fields! { section }

/// Where the values are found.
type Source<'s, 'a> = &'s VerifiedReport<'a>;

/// Reads the section.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<Policy<'static>, Reported> {
    let section = Section::open(node, &keys().collect::<Vec<_>>(), problems)?;
    fields(&section, problems)
}

/// A privilege level: 0 to 3, or `"host"`. A lower one has more privileges, and the host's number
/// is the highest, so that a floor would say the opposite of what it seems to say.
struct PrivilegeLevel;

impl Kind for PrivilegeLevel {
    type Value = Vmpl;
    const WHAT: &'static str = "a privilege level";

    fn toml(seen: &Vmpl) -> String {
        if *seen == Vmpl::HOST { "\"host\"".into() } else { seen.0.to_string() }
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Vmpl, Reported> {
        match node.value() {
            DeValue::String(text) if text == "host" => Ok(Vmpl::HOST),
            DeValue::Integer(_) => number(node, problems, 3).map(Vmpl),
            _ => Err(node.problem(problems, "expected an integer from 0 to 3, or \"host\"", None)),
        }
    }
}

/// The kind of key that signed a report.
struct SigningKey;

impl Kind for SigningKey {
    type Value = VekKind;
    const WHAT: &'static str = "a kind of signing key";

    fn label() -> String {
        "`\"vcek\"` or `\"vlek\"`".into()
    }

    fn toml(seen: &VekKind) -> String {
        format!("\"{}\"", seen.as_str().to_lowercase())
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<VekKind, Reported> {
        match node.text(problems, "\"vcek\" or \"vlek\"")? {
            "vcek" => Ok(VekKind::Vcek),
            "vlek" => Ok(VekKind::Vlek),
            other => {
                let message = format!("{} is no kind of signing key", quoted(other));
                Err(node.problem(problems, message, Some(hint(other, ["vcek", "vlek"].into_iter()))))
            }
        }
    }
}

/// A TCB, component by component.
struct Levels;

impl Kind for Levels {
    type Value = TcbLevels;
    const WHAT: &'static str = "a TCB";
    const WORDS: &'static [&'static str] = &[EXACTLY, ONE_OF, AT_LEAST, WAIVED];

    fn toml(seen: &TcbLevels) -> String {
        let Tcb { fmc, bootloader, tee, snp, microcode } = seen.0;
        let fmc = fmc.map_or_else(String::new, |fmc| format!("fmc = {fmc}, "));
        format!("{{ {fmc}bootloader = {bootloader}, tee = {tee}, snp = {snp}, microcode = {microcode} }}")
    }

    /// The lowest level of every component; `fmc` where every TCB has one.
    fn lowest(found: Vec<TcbLevels>) -> Option<String> {
        let lowest = found.into_iter().map(|levels| levels.0).reduce(|one, other| Tcb {
            fmc: one.fmc.zip(other.fmc).map(|(one, other)| one.min(other)),
            bootloader: one.bootloader.min(other.bootloader),
            tee: one.tee.min(other.tee),
            snp: one.snp.min(other.snp),
            microcode: one.microcode.min(other.microcode),
        });
        lowest.map(|lowest| Self::toml(&TcbLevels(lowest)))
    }

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
