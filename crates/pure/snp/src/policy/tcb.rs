//! TCBs in policies: compared component by component, with one floor for all processors or one for each
//! product line.

use core::convert::Infallible;
use core::fmt::{self, Display};

use teeproof_core::{Bits, Datum, PolicyValue, Relation, TakeDatum};
use teeproof_wire::snp::{Product, Tcb};

/// A TCB as a value of policies, compared component by component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcbLevels {
    /// The level of each component.
    pub tcb: Tcb,
    /// The product line of the processor, for a TCB of evidence; `None` for a TCB of a policy, which applies to
    /// every product line.
    pub product: Option<Product>,
}

impl TcbLevels {
    /// The TCB of a processor of this product line.
    #[must_use]
    pub const fn of_processor(product: Product, tcb: Tcb) -> Self {
        Self { tcb, product: Some(product) }
    }
}

/// Of any product line.
impl From<Tcb> for TcbLevels {
    fn from(tcb: Tcb) -> Self {
        Self { tcb, product: None }
    }
}

/// The floor of an `at-least` rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TcbFloor {
    /// One floor for every product line.
    One(Tcb),
    /// A floor for each accepted product line.
    ByProduct(FloorsByProduct),
}

impl From<Tcb> for TcbFloor {
    fn from(tcb: Tcb) -> Self {
        Self::One(tcb)
    }
}

impl From<FloorsByProduct> for TcbFloor {
    fn from(floors: FloorsByProduct) -> Self {
        Self::ByProduct(floors)
    }
}

/// Floors by product line. A TCB of a product line without a floor does not reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorsByProduct([Option<Tcb>; Product::ALL.len()]);

impl FloorsByProduct {
    /// Without any floor.
    pub const NONE: Self = Self([None; Product::ALL.len()]);

    /// With the floor of a product line.
    #[must_use]
    pub fn with(mut self, product: Product, floor: Tcb) -> Self {
        let slots = self.0.iter_mut().zip(Product::ALL);
        slots.filter(|(_, line)| **line == product).for_each(|(slot, _)| *slot = Some(floor));
        self
    }

    /// The floor of a product line, if it has one.
    #[must_use]
    pub fn floor_for(&self, product: Product) -> Option<Tcb> {
        self.iter().find_map(|(line, floor)| (line == product).then_some(floor))
    }

    /// The product lines that have a floor, with it.
    pub fn iter(&self) -> impl Iterator<Item = (Product, Tcb)> + '_ {
        Product::ALL.iter().zip(&self.0).filter_map(|(line, floor)| Some((*line, (*floor)?)))
    }
}

impl PolicyValue for TcbLevels {
    type Seen = Self;
    type Floor = TcbFloor;
    type Mask = Infallible;

    fn seen(&self) -> &Self {
        self
    }

    /// Compares only the components where this TCB applies to every product line.
    fn is(&self, seen: &Self) -> bool {
        self.tcb == seen.tcb && (self.product.is_none() || self.product == seen.product)
    }

    fn reaches(seen: &Self, floor: &TcbFloor) -> bool {
        match floor {
            TcbFloor::One(floor) => seen.tcb.reaches(floor),
            TcbFloor::ByProduct(floors) => {
                let floor = seen.product.and_then(|product| floors.floor_for(product));
                floor.is_some_and(|floor| seen.tcb.reaches(&floor))
            }
        }
    }

    fn fits(_: &Self, mask: &Infallible) -> bool {
        match *mask {}
    }

    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        seen.tcb.fmt(f)
    }

    /// Floors by product line: that of the processor's product line, or all of them and that it has none.
    fn show_floor(floor: &TcbFloor, seen: Option<&Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let floors = match floor {
            TcbFloor::One(floor) => return floor.fmt(f),
            TcbFloor::ByProduct(floors) => floors,
        };
        let product = seen.and_then(|seen| seen.product);
        if *floors == FloorsByProduct::NONE {
            return f.write_str("a floor, but no product line has one");
        }
        if let Some((line, floor)) = product.and_then(|line| Some((line, floors.floor_for(line)?))) {
            return write!(f, "{} {floor}", line.id());
        }
        let separators = core::iter::once("").chain(core::iter::repeat("; "));
        floors
            .iter()
            .zip(separators)
            .try_for_each(|((line, floor), separator)| write!(f, "{separator}{} {floor}", line.id()))?;
        product.map_or(Ok(()), |line| write!(f, "; no floor for {}", line.id()))
    }

    fn show_mask(mask: &Infallible, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *mask {}
    }

    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Levels(&seen.tcb.levels()));
    }

    /// Floors by product line: that of the processor's product line, or all of them.
    fn floor_data(floor: &TcbFloor, seen: Option<&Self>, take: &mut TakeDatum<'_>) {
        let floors = match floor {
            TcbFloor::One(floor) => return take(Relation::AtLeast, Datum::Levels(&floor.levels())),
            TcbFloor::ByProduct(floors) => floors,
        };
        let product = seen.and_then(|seen| seen.product);
        match product.and_then(|line| floors.floor_for(line)) {
            Some(floor) => take(Relation::AtLeast, Datum::Levels(&floor.levels())),
            None => floors.iter().for_each(|(line, floor)| {
                take(Relation::AtLeastFor(line.id()), Datum::Levels(&floor.levels()));
            }),
        }
    }

    fn mask_bits(mask: &Infallible) -> Bits {
        match *mask {}
    }
}
