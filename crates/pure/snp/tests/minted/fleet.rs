//! Policies for a mixed fleet: the product line of the processor, and floors of a TCB by product line.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use teeproof_core::{CheckResult, Expectation, Outcome, PolicyValue, Record, Rule};
use teeproof_mint::snp::{Machine, Tcb as MintTcb};
use teeproof_snp::{FloorsByProduct, Product, ProductLine, SnpPolicy, Tcb, TcbFloor, TcbLevels, checks};

use crate::support::{Bag, LINES, vcek, vlek};

/// Everything waived but the product line.
fn of_product(rule: Rule<'_, ProductLine>) -> SnpPolicy<'_> {
    SnpPolicy::waived("the test is about the product line").product(rule)
}

#[test]
fn the_product_line_that_the_chain_and_the_report_name() {
    let lines = LINES.map(|(_, product)| ProductLine::new(product));
    for (line, product) in LINES {
        // Before version 3 a report has no CPUID fields, and Turin never made one.
        let versions = if product == Product::Turin { 3..=5 } else { 2..=5 };
        let machines = versions.map(|version| vcek(line).version(version)).chain([vlek(line)]);
        for bag in machines.map(|machine| Bag::of(&machine)) {
            for other in lines {
                let same = other == ProductLine::new(product);
                assert_eq!(bag.appraise(&of_product(Rule::exactly(other))), same, "{product} {other:?}");
                let others: Vec<_> = lines.into_iter().filter(|line| *line != other).collect();
                assert_eq!(
                    bag.appraise(&of_product(Rule::one_of(&others[..]))),
                    !same,
                    "{product} {other:?}"
                );
            }
            assert!(bag.appraise(&of_product(Rule::one_of(&lines[..]))));
            assert!(bag.appraise(&SnpPolicy::genuine()), "builtin:genuine waives it");
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
fn at_least(floor: impl Into<TcbFloor>) -> [SnpPolicy<'static>; 4] {
    let rule = Rule::at_least(floor.into());
    let waived = || SnpPolicy::waived("the test is about the TCB");
    [
        waived().reported_tcb(rule.clone()),
        waived().committed_tcb(rule.clone()),
        waived().current_tcb(rule.clone()),
        waived().launch_tcb(rule),
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
    let holds = |floor: TcbFloor| at_least(floor).map(|policy| old.appraise(&policy));
    assert_eq!(holds(of_both.into()), [true; 4], "this is the danger of one floor");
    assert_eq!(holds(floors().into()), [false; 4]);
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
        let holds = |floors| at_least(floors).map(|policy| bag.appraise(&policy));
        assert_eq!(
            (holds(own), holds(others), holds(FloorsByProduct::NONE)),
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
    fn record(&mut self, finding: CheckResult<'_>) {
        let text =
            |side: Option<&dyn teeproof_core::Comparand>| side.map(ToString::to_string).unwrap_or_default();
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
        rule.appraise(checks::REPORTED_TCB, Some(&TcbLevels::of_processor(product, tcb)), &mut last);
        assert_eq!(last.0.unwrap(), (outcome, expected, tcb.to_string()), "{product}");
    }
    // Without a floor for any line, that is what is shown.
    let mut last = Last::default();
    let none: Rule<'_, TcbLevels> = Rule::at_least(FloorsByProduct::NONE.into());
    none.appraise(checks::REPORTED_TCB, Some(&TcbLevels::of_processor(Product::Milan, MILAN)), &mut last);
    let expected = "at least a floor, but no product line has one";
    assert_eq!(last.0.unwrap(), (Outcome::Fail, expected.to_owned(), MILAN.to_string()));
    assert_eq!(none.expectation.to_string(), expected);
    // One floor is shown as it always was.
    let mut last = Last::default();
    let one: Rule<'_, TcbLevels> = Rule::at_least(MILAN.into());
    one.appraise(checks::REPORTED_TCB, Some(&TcbLevels::of_processor(Product::Genoa, GENOA)), &mut last);
    let expected = "at least bootloader 4, tee 1, snp 24, microcode 219";
    assert_eq!(last.0.unwrap(), (Outcome::Fail, expected.to_owned(), GENOA.to_string()));
}

/// Any TCB of a product line. Few levels, so that equal ones are frequent.
fn any_tcb(product: Product) -> impl Strategy<Value = Tcb> {
    let fmc = product.tcb_layout().has_fmc();
    let levels = proptest::array::uniform5(prop_oneof![3 => 0..3_u8, 1 => 253..=u8::MAX]);
    levels.prop_map(move |[first, bootloader, tee, snp, microcode]| {
        tcb(fmc.then_some(first), bootloader, tee, snp, microcode)
    })
}

/// Floors of any product lines, all of them or none.
fn any_floors() -> impl Strategy<Value = FloorsByProduct> {
    let floors = Product::ALL.iter().map(|line| proptest::option::weighted(0.8, any_tcb(*line)));
    floors.collect::<Vec<_>>().prop_map(|floors| {
        let named = Product::ALL.iter().zip(floors).filter_map(|(line, floor)| Some((*line, floor?)));
        named.fold(FloorsByProduct::NONE, |all, (line, floor)| all.with(line, floor))
    })
}

/// A product line and any TCB of it.
fn any_processor() -> impl Strategy<Value = (Product, Tcb)> {
    select(Product::ALL).prop_flat_map(|product| (Just(product), any_tcb(product)))
}

/// Whether every component is as high as in the floor.
fn reaches_each_component(found: &Tcb, floor: &Tcb) -> bool {
    found.fmc >= floor.fmc
        && found.bootloader >= floor.bootloader
        && found.tee >= floor.tee
        && found.snp >= floor.snp
        && found.microcode >= floor.microcode
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    /// Exactly those TCBs pass that are as high in every component as the floor of their own line, whatever
    /// the floors of the other lines.
    #[test]
    fn any_tcb_passes_exactly_where_it_reaches_its_own_lines_floor(
        floors in any_floors(),
        (product, found) in any_processor(),
        (line, other) in any_processor(),
    ) {
        let seen = TcbLevels::of_processor(product, found);
        let holds = |floors: FloorsByProduct| TcbLevels::reaches(&seen, &floors.into());
        let reaches = floors.floor_for(product).is_some_and(|floor| reaches_each_component(&found, &floor));
        prop_assert_eq!(holds(floors), reaches);
        // The floor of another line changes nothing; that of its own decides.
        let reaches = if line == product { reaches_each_component(&found, &other) } else { reaches };
        prop_assert_eq!(holds(floors.with(line, other)), reaches);
    }

    /// The floor that is a TCB itself is reached by it, and by none with a lower component.
    #[test]
    fn a_floor_is_reached_by_itself_and_by_nothing_lower(floors in any_floors(), (product, floor) in any_processor()) {
        let floors = TcbFloor::from(floors.with(product, floor));
        let holds = |tcb| TcbLevels::reaches(&TcbLevels::of_processor(product, tcb), &floors);
        let changed = |change| each_component(floor, change).into_iter();
        prop_assert!(holds(floor));
        prop_assert!(changed(|level| level.saturating_add(1)).all(holds));
        // A component at 0 has nothing lower.
        prop_assert!(changed(|level| level.saturating_sub(1)).all(|tcb| tcb == floor || !holds(tcb)));
    }
}

/// A TCB that is named whole is compared by its components, whatever the product line.
#[test]
fn a_tcb_that_is_named_whole_is_of_any_line() {
    for product in [Product::Milan, Product::Genoa] {
        let bag = Bag::of(&machine(product, MILAN));
        let exactly = |levels| SnpPolicy::waived("a test").reported_tcb(Rule::exactly(levels));
        assert!(bag.appraise(&exactly(MILAN.into())));
        assert!(!bag.appraise(&exactly(GENOA.into())));
        // Unless the policy's value has one.
        assert_eq!(
            bag.appraise(&exactly(TcbLevels::of_processor(Product::Milan, MILAN))),
            product == Product::Milan
        );
    }
}
