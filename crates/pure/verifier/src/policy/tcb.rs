//! TCBs as files write them: the levels of one, a floor for every product line, or a floor for each.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_snp::{FloorsByProduct, Product, Tcb, TcbFloor, TcbLevels};
use toml::de::DeTable;

use super::kinds::number;
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{AT_LEAST, EXACTLY, Kind, ONE_OF, WAIVED};

/// A TCB, component by component.
pub(super) struct Levels;

impl Kind for Levels {
    type Value = TcbLevels;
    const WHAT: &'static str = "a TCB";
    const WORDS: &'static [&'static str] = &[EXACTLY, ONE_OF, AT_LEAST, WAIVED];

    fn toml(seen: &TcbLevels) -> String {
        levels(&seen.tcb)
    }

    /// A floor for each product line: the lowest level of every component among its own TCBs. A machine that has
    /// the lowest of each is accepted although none was seen, as every level of it was.
    fn lowest(found: Vec<TcbLevels>) -> Option<String> {
        let floor_of = |product: &Product| {
            let tcbs = found.iter().filter(|levels| levels.product == Some(*product));
            let floor = tcbs.map(|levels| levels.tcb).reduce(lower)?;
            Some(format!("{} = {}", product.id(), levels(&floor)))
        };
        let floors = Product::ALL.iter().filter_map(floor_of);
        let floors: Vec<String> = floors.collect();
        (!floors.is_empty()).then(|| format!("{{ {} }}", floors.join(", ")))
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<TcbLevels, Reported> {
        let table = node.table(problems, "the levels of a TCB", Some(LEVELS.to_string()))?;
        components(node, table, problems).map(TcbLevels::from)
    }

    fn floor(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<TcbFloor, Reported> {
        let table = node.table(problems, "the levels of a TCB", Some(LEVELS.to_string()))?;
        if table.is_empty() {
            return Err(node.problem(problems, "no level is named", Some(EITHER.to_string())));
        }
        if is_by_product(table) {
            return by_product(node, table, problems).map(TcbFloor::from);
        }
        components(node, table, problems).map(TcbFloor::from)
    }
}

/// The lower level of every component; `fmc` where both have one.
fn lower(one: Tcb, other: Tcb) -> Tcb {
    Tcb {
        fmc: one.fmc.zip(other.fmc).map(|(one, other)| one.min(other)),
        bootloader: one.bootloader.min(other.bootloader),
        tee: one.tee.min(other.tee),
        snp: one.snp.min(other.snp),
        microcode: one.microcode.min(other.microcode),
    }
}

/// A TCB as a file writes it.
fn levels(tcb: &Tcb) -> String {
    let Tcb { fmc, bootloader, tee, snp, microcode } = tcb;
    let fmc = fmc.map_or_else(String::new, |fmc| format!("fmc = {fmc}, "));
    format!("{{ {fmc}bootloader = {bootloader}, tee = {tee}, snp = {snp}, microcode = {microcode} }}")
}

/// Whether the keys are product lines: one of them is, or is a table as only a product line's floor is.
fn is_by_product(table: &DeTable<'_>) -> bool {
    table.iter().any(|(key, value)| {
        let key: &str = key.get_ref();
        Product::from_id(key).is_some() || (!COMPONENTS.contains(&key) && value.get_ref().is_table())
    })
}

/// A floor for each product line that is named. Every one is read before the first problem ends it.
fn by_product<'t>(
    node: &Node<'t>,
    table: &'t DeTable<'t>,
    problems: &mut Problems<'_>,
) -> Result<FloorsByProduct, Reported> {
    let mixed = COMPONENTS.into_iter().find_map(|name| node.child(table, name));
    let mixed = mixed.map(|component| {
        let message = "one floor and floors by product line are mixed";
        component.key_problem(problems, message, Some(EITHER.to_string()))
    });
    let names: Vec<&str> = Product::ALL.iter().map(|product| product.id()).collect();
    node.only_of(table, &names, &COMPONENTS, "product line", problems);
    let mut floors = Ok(FloorsByProduct::NONE);
    for product in Product::ALL {
        let Some(floor) = node.child(table, product.id()) else { continue };
        let floor = product_floor(*product, &floor, problems);
        floors = floors.and_then(|floors| Ok(floors.with(*product, floor?)));
    }
    mixed.map_or(floors, Err)
}

/// The floor of a product line, whose components are those of its silicon.
fn product_floor(product: Product, node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Tcb, Reported> {
    let table = node.table(problems, "the levels of a TCB", Some(LEVELS.to_string()))?;
    let floor = components(node, table, problems);
    match (product.tcb_layout().has_fmc(), node.child(table, "fmc")) {
        (false, Some(fmc)) => {
            let hint = "only the TCB of Turin has an FMC: leave it out";
            Err(fmc.key_problem(problems, format!("the TCB of {product} has no `fmc`"), Some(hint.into())))
        }
        (true, None) => Err(node.key_problem(problems, "`fmc` is missing", None)),
        _ => floor,
    }
}

/// The levels of a TCB.
fn components<'t>(
    node: &Node<'t>,
    table: &'t DeTable<'t>,
    problems: &mut Problems<'_>,
) -> Result<Tcb, Reported> {
    node.only(table, &COMPONENTS, "component", problems);
    let fmc = node.child(table, "fmc").map(|level| number(&level, problems, 255)).transpose();
    let [bootloader, tee, snp, microcode] = REQUIRED.map(|name| {
        let level = node.need(table, name, problems)?;
        number(&level, problems, 255)
    });
    Ok(Tcb { fmc: fmc?, bootloader: bootloader?, tee: tee?, snp: snp?, microcode: microcode? })
}

const LEVELS: &str = "write { bootloader = 0, tee = 0, snp = 0, microcode = 0 }, and fmc for Turin";
const EITHER: &str = "write { bootloader = …, tee = …, snp = …, microcode = … }, or { milan = { bootloader = …, … }, genoa = … }";

const REQUIRED: [&str; 4] = ["bootloader", "tee", "snp", "microcode"];
const COMPONENTS: [&str; 5] = ["fmc", "bootloader", "tee", "snp", "microcode"];
