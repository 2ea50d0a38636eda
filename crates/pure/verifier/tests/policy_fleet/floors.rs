//! Floors as properties: what is written in a file is read, shown, and read again from what was shown.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use teeproof_core::Expectation;
use teeproof_snp::{FloorsByProduct, Product, Tcb, TcbFloor};

use crate::{read, section};

/// Any levels, with an FMC or without.
fn levels(fmc: bool) -> impl Strategy<Value = Tcb> {
    any::<[u8; 5]>().prop_map(move |[first, bootloader, tee, snp, microcode]| Tcb {
        fmc: fmc.then_some(first),
        bootloader,
        tee,
        snp,
        microcode,
    })
}

/// Floors of some product lines, and their order in a file.
fn by_product() -> impl Strategy<Value = Vec<(Product, Tcb)>> {
    let lines = proptest::sample::subsequence(Product::ALL, 1..=Product::ALL.len()).prop_shuffle();
    lines.prop_flat_map(|lines| {
        let floor = |line: Product| levels(line.tcb_layout().has_fmc()).prop_map(move |floor| (line, floor));
        lines.into_iter().map(floor).collect::<Vec<_>>()
    })
}

/// How a file writes levels: one after another, in any order.
fn written(tcb: &Tcb, reversed: bool) -> String {
    let shown = tcb.to_string();
    let mut levels: Vec<_> = shown.split(", ").map(|level| level.replacen(' ', " = ", 1)).collect();
    if reversed {
        levels.reverse();
    }
    format!("{{ {} }}", levels.join(", "))
}

/// The floor that a file with these lines has for the reported TCB.
fn floor(of: &str, lines: &str) -> Expectation<'static, teeproof_snp::TcbLevels> {
    let policy = read(&section(of, lines));
    match of {
        "snp" => policy.snp.unwrap().reported_tcb.expectation,
        _ => policy.azure_snp.unwrap().snp.reported_tcb.expectation,
    }
}

/// What a floor shows, as a file writes it.
fn from_display(shown: &str) -> String {
    let shown = shown.strip_prefix("at least ").unwrap();
    let one = |floor: &str| {
        let levels: Vec<_> = floor.split(", ").map(|level| level.replacen(' ', " = ", 1)).collect();
        format!("{{ {} }}", levels.join(", "))
    };
    let line = |floor: &str| {
        let (product, levels) = floor.split_once(' ').unwrap();
        format!("{product} = {}", one(levels))
    };
    if !Product::ALL.iter().any(|product| shown.starts_with(product.id())) {
        return one(shown);
    }
    format!("{{ {} }}", shown.split("; ").map(line).collect::<Vec<_>>().join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    /// As a table of its own or in one line, in any order of product lines and components.
    #[test]
    fn floors_by_product_line_are_read_as_they_are_written_and_shown(
        floors in by_product(),
        of in select(&["snp", "azure-snp"][..]),
        (in_one_line, reversed) in any::<(bool, bool)>(),
    ) {
        let lines: Vec<_> = floors
            .iter()
            .map(|(product, floor)| format!("{} = {}", product.id(), written(floor, reversed)))
            .collect();
        let text = match in_one_line {
            true => format!("reported-tcb = {{ at-least = {{ {} }} }}", lines.join(", ")),
            false => format!("[{of}.reported-tcb.at-least]\n{}", lines.join("\n")),
        };
        let expected = floors.iter().fold(FloorsByProduct::NONE, |all, (line, floor)| all.with(*line, *floor));
        let expected = Expectation::AtLeast(TcbFloor::ByProduct(expected));
        let found = floor(of, &text);
        prop_assert_eq!(&found, &expected);
        let shown = found.to_string();
        let again = floor(of, &format!("reported-tcb = {{ at-least = {} }}", from_display(&shown)));
        prop_assert_eq!(&again, &expected, "{}", shown);
    }

    /// One floor for every product line, with an FMC or without.
    #[test]
    fn one_floor_is_read_as_it_is_written_and_shown(
        tcb in any::<bool>().prop_flat_map(levels),
        of in select(&["snp", "azure-snp"][..]),
        reversed in any::<bool>(),
    ) {
        let expected = Expectation::AtLeast(TcbFloor::One(tcb));
        let found = floor(of, &format!("reported-tcb = {{ at-least = {} }}", written(&tcb, reversed)));
        prop_assert_eq!(&found, &expected);
        let shown = found.to_string();
        let again = floor(of, &format!("reported-tcb = {{ at-least = {} }}", from_display(&shown)));
        prop_assert_eq!(&again, &expected, "{}", shown);
    }
}
