//! Policies for a mixed fleet: the product line of the processor, and floors of a TCB by product line.

use teeproof_core::{Expectation, Finding, Outcome, Record, Rule, Value};
use teeproof_mint::snp::{Machine, Tcb as MintTcb};
use teeproof_snp::{FloorsByProduct, Policy, Product, ProductLine, Tcb, TcbFloor, TcbLevels, checks};

use crate::support::{Bag, LINES, vcek, vlek};

/// Everything waived but the product line.
fn of_product(rule: Rule<'_, ProductLine>) -> Policy<'_> {
    Policy { product: rule, ..Policy::waived("the test is about the product line") }
}

#[test]
fn the_product_line_that_the_chain_and_the_report_name() {
    let lines = LINES.map(|(_, product)| ProductLine(product));
    for (line, product) in LINES {
        // Before version 3 a report has no CPUID fields, and Turin never made one.
        let versions = if product == Product::Turin { 3..=5 } else { 2..=5 };
        let machines = versions.map(|version| vcek(line).version(version)).chain([vlek(line)]);
        for bag in machines.map(|machine| Bag::of(&machine)) {
            for other in lines {
                let same = other == ProductLine(product);
                assert_eq!(bag.appraise(&of_product(Rule::exactly(other))), same, "{product} {other:?}");
                let others: Vec<_> = lines.into_iter().filter(|line| *line != other).collect();
                assert_eq!(
                    bag.appraise(&of_product(Rule::one_of(&others[..]))),
                    !same,
                    "{product} {other:?}"
                );
            }
            assert!(bag.appraise(&of_product(Rule::one_of(&lines[..]))));
            assert!(bag.appraise(&Policy::genuine()), "builtin:genuine waives it");
        }
    }
    let names = lines.map(|line| Expectation::Exactly(line).to_string());
    assert_eq!(names, ["milan", "genoa", "turin"]);
    assert_eq!(Product::ALL.len(), LINES.len(), "every product line is tested here");
}

const fn tcb(fmc: Option<u8>, bootloader: u8, tee: u8, snp: u8, microcode: u8) -> Tcb {
    Tcb { fmc, bootloader, tee, snp, microcode }
}

const MILAN: Tcb = tcb(None, 4, 1, 24, 219);
const GENOA: Tcb = tcb(None, 10, 1, 23, 84);
const TURIN: Tcb = tcb(Some(1), 1, 1, 4, 81);

fn floors() -> FloorsByProduct {
    let floors = FloorsByProduct::NONE.with(Product::Milan, MILAN).with(Product::Genoa, GENOA);
    floors.with(Product::Turin, TURIN)
}

/// A machine of this product line and TCB.
fn machine(product: Product, tcb: Tcb) -> Machine {
    let (line, _) = LINES.into_iter().find(|(_, other)| *other == product).unwrap();
    let Tcb { fmc, bootloader, tee, snp, microcode } = tcb;
    vcek(line).tcb(MintTcb { fmc: fmc.unwrap_or_default(), bootloader, tee, snp, microcode })
}

/// Everything waived but the four TCBs.
fn at_least(floor: impl Into<TcbFloor>) -> [Policy<'static>; 4] {
    let rule = Rule::at_least(floor.into());
    let waived = || Policy::waived("the test is about the TCB");
    [
        Policy { reported_tcb: rule.clone(), ..waived() },
        Policy { committed_tcb: rule.clone(), ..waived() },
        Policy { current_tcb: rule.clone(), ..waived() },
        Policy { launch_tcb: rule, ..waived() },
    ]
}

/// The TCB with one component changed, for each component that it has.
fn each_component(tcb: Tcb, change: fn(u8) -> u8) -> Vec<Tcb> {
    let mut changed = vec![
        Tcb { bootloader: change(tcb.bootloader), ..tcb },
        Tcb { tee: change(tcb.tee), ..tcb },
        Tcb { snp: change(tcb.snp), ..tcb },
        Tcb { microcode: change(tcb.microcode), ..tcb },
    ];
    changed.extend(tcb.fmc.map(|fmc| Tcb { fmc: Some(change(fmc)), ..tcb }));
    changed
}

#[test]
fn each_machine_is_held_against_the_floor_of_its_line() {
    for (product, floor) in floors().iter() {
        let reaches = |tcb| {
            let bag = Bag::of(&machine(product, tcb));
            let [one, others @ ..] = at_least(floors()).map(|policy| bag.appraise(&policy));
            assert_eq!(others, [one; 3]);
            one
        };
        assert!(reaches(floor), "{product}");
        assert!(each_component(floor, |level| level + 1).into_iter().all(reaches), "{product}");
        assert!(!each_component(floor, |level| level - 1).into_iter().any(reaches), "{product}");
    }
}

/// What one floor for both lines lets pass, and floors by line do not: a Milan with microcode of Genoa's
/// lower numbers.
#[test]
fn a_milan_of_the_genoas_lower_microcode_is_refused() {
    let old = Bag::of(&machine(Product::Milan, Tcb { microcode: GENOA.microcode, ..MILAN }));
    let of_both = tcb(None, 4, 1, 23, GENOA.microcode);
    let held = |floor: TcbFloor| at_least(floor).map(|policy| old.appraise(&policy));
    assert_eq!(held(of_both.into()), [true; 4], "this is the danger of one floor");
    assert_eq!(held(floors().into()), [false; 4]);
}

#[test]
fn a_line_without_a_floor_reaches_none() {
    for (product, _) in floors().iter() {
        let zero = Tcb { fmc: (product == Product::Turin).then_some(0), ..tcb(None, 0, 0, 0, 0) };
        let own = FloorsByProduct::NONE.with(product, zero);
        let all = floors();
        let others = all.iter().filter(|(line, _)| *line != product);
        let others =
            others.fold(FloorsByProduct::NONE, |all, (line, _)| all.with(line, Tcb { fmc: None, ..zero }));
        let bag = Bag::of(&machine(product, TURIN_OR_LESS));
        let held = |floors| at_least(floors).map(|policy| bag.appraise(&policy));
        assert_eq!(
            (held(own), held(others), held(FloorsByProduct::NONE)),
            ([true; 4], [false; 4], [false; 4]),
            "{product}"
        );
    }
}

/// Levels that every line can have.
const TURIN_OR_LESS: Tcb = tcb(Some(200), 200, 200, 200, 200);

/// The last finding.
#[derive(Default)]
struct Last(Option<(Outcome, String, String)>);

impl Record for Last {
    fn record(&mut self, finding: Finding<'_>) {
        let text = |side: Option<&dyn std::fmt::Display>| side.map(ToString::to_string).unwrap_or_default();
        self.0 = Some((finding.outcome, text(finding.expected), text(finding.actual)));
    }
}

#[test]
fn a_finding_shows_the_floor_of_this_machines_line() {
    let mixed = FloorsByProduct::NONE.with(Product::Milan, MILAN).with(Product::Genoa, GENOA);
    let rule: Rule<'_, TcbLevels> = Rule::at_least(mixed.into());
    let milan = "milan bootloader 4, tee 1, snp 24, microcode 219";
    let genoa = "genoa bootloader 10, tee 1, snp 23, microcode 84";
    assert_eq!(rule.expectation.to_string(), format!("at least {milan}; {genoa}"));
    for (product, tcb, outcome, expected) in [
        (Product::Milan, MILAN, Outcome::Pass, format!("at least {milan}")),
        (Product::Milan, GENOA, Outcome::Fail, format!("at least {milan}")),
        (Product::Genoa, MILAN, Outcome::Fail, format!("at least {genoa}")),
        (Product::Turin, TURIN, Outcome::Fail, format!("at least {milan}; {genoa}; no floor for turin")),
    ] {
        let mut last = Last::default();
        rule.appraise(checks::REPORTED_TCB, Some(&TcbLevels::of(product, tcb)), &mut last);
        assert_eq!(last.0.unwrap(), (outcome, expected, tcb.to_string()), "{product}");
    }
    // One floor is shown as it always was.
    let mut last = Last::default();
    let one: Rule<'_, TcbLevels> = Rule::at_least(MILAN.into());
    one.appraise(checks::REPORTED_TCB, Some(&TcbLevels::of(Product::Genoa, GENOA)), &mut last);
    let expected = "at least bootloader 4, tee 1, snp 24, microcode 219";
    assert_eq!(last.0.unwrap(), (Outcome::Fail, expected.to_owned(), GENOA.to_string()));
}

/// Of random floors and TCBs: exactly those pass that are as high in every component as the floor of their
/// own line, whatever the floors of the other lines.
#[test]
fn any_tcb_passes_exactly_where_it_reaches_its_own_lines_floor() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut level = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Few levels, so that equal ones are frequent.
        (random >> 32).to_le_bytes()[0] % 4
    };
    let (mut passed, mut failed) = (0, 0);
    for _ in 0..20_000 {
        let mut any = |product: Product| {
            let fmc = product.tcb_layout().has_fmc().then(&mut level);
            tcb(fmc, level(), level(), level(), level())
        };
        let floors: Vec<_> = Product::ALL.iter().map(|product| (*product, any(*product))).collect();
        let all = floors.iter().fold(FloorsByProduct::NONE, |all, (line, floor)| all.with(*line, *floor));
        for (product, floor) in floors {
            let found = any(product);
            let reaches = found.fmc >= floor.fmc
                && found.bootloader >= floor.bootloader
                && found.tee >= floor.tee
                && found.snp >= floor.snp
                && found.microcode >= floor.microcode;
            let seen = TcbLevels::of(product, found);
            let holds = |floors: FloorsByProduct| TcbLevels::reaches(&seen, &floors.into());
            assert_eq!(holds(all), reaches, "{product}: {found} of {floor}");
            // Lines are independent: the highest floor of another changes nothing, and its own does.
            for other in Product::ALL {
                let top = tcb(floors_fmc(*other), 255, 255, 255, 255);
                assert_eq!(holds(all.with(*other, top)), reaches && *other != product);
            }
            if reaches { passed += 1 } else { failed += 1 }
        }
    }
    assert!(passed > 1000 && failed > 1000, "{passed} {failed}");
}

fn floors_fmc(product: Product) -> Option<u8> {
    product.tcb_layout().has_fmc().then_some(255)
}

/// A TCB that is named whole is compared by its components, whatever the product line.
#[test]
fn a_tcb_that_is_named_whole_is_of_any_line() {
    for product in [Product::Milan, Product::Genoa] {
        let bag = Bag::of(&machine(product, MILAN));
        let exactly = |levels| Policy { reported_tcb: Rule::exactly(levels), ..Policy::waived("a test") };
        assert!(bag.appraise(&exactly(MILAN.into())));
        assert!(!bag.appraise(&exactly(GENOA.into())));
        // Unless the policy's value has one.
        assert_eq!(bag.appraise(&exactly(TcbLevels::of(Product::Milan, MILAN))), product == Product::Milan);
    }
}
