//! The section `[snp]`: the kinds of values that it alone has.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_snp::{Product, ProductLine, SnpPolicy, VekKind, VerifiedReport, Vmpl, checks};
use toml::de::DeValue;

use super::kinds::{Fixed, Flags, Number, Plain, YesNo, number};
use super::lines::Lines;
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::Kind;
use super::section::Section;
use super::suggest::{hint, quoted};
use super::table::{FieldKind, PolicyKey, section, toml};
use super::tcb::Levels;

teeproof_snp::snp_policy_fields! { section }

/// Where the values are found.
type Source<'s, 'a> = &'s VerifiedReport<'a>;

/// Reads the section.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<SnpPolicy<'static>, Reported> {
    let section = Section::open(node, &keys().collect::<Vec<_>>(), problems)?;
    fields(&section, problems)
}

/// A product line of AMD's processors.
struct ProductName;

impl Kind for ProductName {
    type Value = ProductLine;
    const WHAT: &'static str = "a product line";

    fn label() -> String {
        let names: Vec<_> = Product::ALL.iter().map(|product| format!("`\"{}\"`", product.id())).collect();
        names.join(", ")
    }

    fn toml(seen: &ProductLine) -> String {
        format!("\"{}\"", seen.0.id())
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<ProductLine, Reported> {
        let name = node.text(problems, "a product line as a text")?;
        Product::from_id(name).map(ProductLine::new).ok_or_else(|| {
            let message = format!("{} is no product line", quoted(name));
            node.problem(problems, message, Some(hint(name, Product::ALL.iter().map(|product| product.id()))))
        })
    }
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
            DeValue::Integer(_) => number(node, problems, 3).map(Vmpl::new),
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
