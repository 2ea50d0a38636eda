//! Warnings of TCB floors: of several product lines, of none that is accepted, and of zeros.

use alloc::format;
use alloc::vec::Vec;

use teeproof_core::{Expectation, Rule};
use teeproof_snp::{FloorsByProduct, Product, ProductLine, SnpPolicy, Tcb, TcbFloor, TcbLevels};

use super::{Warnings, accepts, is_waived};

impl Warnings {
    /// Warnings of the TCB floors for an SNP report.
    pub(super) fn floors(&mut self, policy: &SnpPolicy<'_>) {
        for (key, rule) in [
            ("reported-tcb", &policy.reported_tcb),
            ("committed-tcb", &policy.committed_tcb),
            ("current-tcb", &policy.current_tcb),
            ("launch-tcb", &policy.launch_tcb),
        ] {
            let Expectation::AtLeast(floor) = &rule.expectation else { continue };
            match floor {
                TcbFloor::One(_) => self.one_floor(key, rule.line, &policy.product),
                TcbFloor::ByProduct(floors) => self.floors_of_lines(key, rule.line, floors, &policy.product),
                _ => {}
            }
            let lines: Vec<Product> = accepted_lines(&policy.product).collect();
            if lines.iter().any(|line| accepts(rule, &lowest(*line))) {
                self.add(key, rule.line, NO_FLOOR, FLOORS);
            } else if let (TcbFloor::One(Tcb { fmc: None, .. }), [line]) = (floor, lines.as_slice())
                && line.tcb_layout().has_fmc()
            {
                self.add(key, rule.line, NO_FMC, NAME_FMC);
            }
        }
    }

    /// A warning of one floor where several product lines are accepted.
    fn one_floor(&mut self, key: &str, at: Option<u32>, product: &Rule<'_, ProductLine>) {
        let lines: Vec<&str> = accepted_lines(product).map(Product::id).collect();
        if lines.len() > 1 {
            self.add(key, at, format!("one floor for {}: {ONE_FLOOR}", lines.join(", ")), FLOORS);
        }
    }

    /// Warnings of product lines that have a floor and are not accepted, and the other way round. Without a rule for
    /// `product` the floors themselves say which lines are accepted.
    fn floors_of_lines(
        &mut self,
        key: &str,
        at: Option<u32>,
        floors: &FloorsByProduct,
        product: &Rule<'_, ProductLine>,
    ) {
        for line in Product::ALL.iter().copied().filter(|_| !is_waived(product)) {
            let id = line.id();
            match (accepts(product, &ProductLine::new(line)), floors.floor_for(line)) {
                (true, None) => {
                    let message = format!("no floor for {id}, which `product` accepts: no {id} is accepted");
                    self.add(key, at, message, FLOORS);
                }
                (false, Some(_)) => {
                    let message =
                        format!("a floor for {id}, which `product` does not accept: no {id} is accepted");
                    self.add(key, at, message, FLOORS);
                }
                _ => (),
            }
        }
    }
}

/// The product lines that a policy accepts.
fn accepted_lines(rule: &Rule<'_, ProductLine>) -> impl Iterator<Item = Product> {
    let accepted = |line: &Product| is_waived(rule) || accepts(rule, &ProductLine::new(*line));
    Product::ALL.iter().copied().filter(accepted)
}

/// The lowest TCB of a product line.
fn lowest(line: Product) -> TcbLevels {
    let fmc = line.tcb_layout().has_fmc().then_some(0);
    TcbLevels::of_processor(line, Tcb { fmc, bootloader: 0, tee: 0, snp: 0, microcode: 0 })
}

const ONE_FLOOR: &str = "their levels cannot be compared, so that it accepts old firmware of one of them";
const NO_FLOOR: &str = "a floor of zeros accepts any firmware";
const FLOORS: &str = "at-least = { milan = { … }, genoa = { … } } has a floor for each product line; product names those accepted";
const NO_FMC: &str = "the floor of Turin does not compare the FMC, the first firmware that its chips start";
const NAME_FMC: &str = "name fmc in the floor: at-least = { turin = { fmc = 1, … } }";
