//! Upper bounds on the cost of every entry, for any input. This table is the only place of these numbers: every
//! fuzz body asserts it, and docs/bounds.md is generated from it.

mod table;

pub use table::*;

use std::fmt;

use crate::cost::Cost;

/// One public entry, or several that cost the same.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The package.
    pub package: &'static str,
    /// What is called.
    pub name: &'static str,
    /// Most bytes of heap allocated at one time.
    pub peak: Linear,
    /// Total bytes of heap allocations.
    pub total: Linear,
    /// How many signatures are verified.
    pub signatures: Signatures,
    /// How many blocks of 64 bytes are hashed, signed messages included.
    pub blocks: Linear,
}

/// A bound that grows with the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// So much for each byte of the input; for hash blocks, for each block of 64 bytes.
    pub times: u64,
    /// And so much besides.
    pub plus: u64,
}

/// How many signatures are verified at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// Whatever comes.
    pub fixed: u64,
    /// For each revocation list that is given.
    pub per_list: u64,
}

/// What an entry is given.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// The bytes of everything that comes from others: evidence, certificates, lists, anchors, text.
    pub bytes: usize,
    /// How many revocation lists are among it.
    pub lists: usize,
}

impl From<usize> for Given {
    fn from(bytes: usize) -> Self {
        Self { bytes, lists: 0 }
    }
}

impl Entry {
    /// An entry that costs nothing: no heap, no signature, no hash.
    const fn free(package: &'static str, name: &'static str) -> Self {
        let none = Linear { times: 0, plus: 0 };
        let signatures = Signatures { fixed: 0, per_list: 0 };
        Self { package, name, peak: none, total: none, signatures, blocks: none }
    }

    /// With heap: at one time, and in all.
    const fn heap(mut self, peak: (u64, u64), total: (u64, u64)) -> Self {
        self.peak = Linear { times: peak.0, plus: peak.1 };
        self.total = Linear { times: total.0, plus: total.1 };
        self
    }

    /// With signatures: in any case, and for each list.
    const fn signatures(mut self, fixed: u64, per_list: u64) -> Self {
        self.signatures = Signatures { fixed, per_list };
        self
    }

    /// With hash blocks: for each block of the input, and besides.
    const fn blocks(mut self, times: u64, plus: u64) -> Self {
        self.blocks = Linear { times, plus };
        self
    }

    /// Peak, total, signatures and hash blocks in percent of what is allowed, rounded up.
    pub(crate) fn percent(&self, given: Given, cost: Cost) -> [u64; 4] {
        let (bytes, lists) = (wide(given.bytes), wide(given.lists));
        let allowed = [
            (cost.peak_bytes, self.peak.of(bytes)),
            (cost.total_bytes, self.total.of(bytes)),
            (wide(cost.work.signatures), self.signatures.fixed + self.signatures.per_list * lists),
            (wide(cost.work.hash_blocks), self.blocks.of(bytes.div_ceil(64))),
        ];
        allowed.map(|(cost, allowed)| match (cost, allowed) {
            (0, _) => 0,
            (_, 0) => u64::MAX,
            (cost, allowed) => (cost * 100).div_ceil(allowed),
        })
    }
}

impl Linear {
    const fn of(self, count: u64) -> u64 {
        self.times * count + self.plus
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The rows of docs/bounds.md.
#[must_use]
pub fn markdown() -> String {
    let mut rows = String::from(
        "| package | entry | heap at one time | heap in all | signatures | hash blocks |\n\
         |---|---|---|---|---|---|\n",
    );
    for entry in ALL {
        let Entry { package, name, peak, total, signatures, blocks } = entry;
        let (peak, total) = (Bytes(*peak), Bytes(*total));
        rows += &format!("| `{package}` | {name} | {peak} | {total} | {signatures} | {blocks} |\n");
    }
    rows
}

/// `12 n + 4 KiB`
struct Bytes(Linear);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Linear { times, plus } = self.0;
        let (plus, unit) =
            if plus != 0 && plus.is_multiple_of(1024) { (plus / 1024, " KiB") } else { (plus, "") };
        sum(f, times, "n", plus, unit)
    }
}

/// `3 b + 40`
impl fmt::Display for Linear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sum(f, self.times, "b", self.plus, "")
    }
}

/// `33 + l`
impl fmt::Display for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sum(f, self.per_list, "l", self.fixed, "")
    }
}

fn sum(f: &mut fmt::Formatter<'_>, times: u64, what: &str, plus: u64, unit: &str) -> fmt::Result {
    match (times, plus) {
        (0, plus) => write!(f, "{plus}{unit}"),
        (1, 0) => f.write_str(what),
        (times, 0) => write!(f, "{times} {what}"),
        (1, plus) => write!(f, "{what} + {plus}{unit}"),
        (times, plus) => write!(f, "{times} {what} + {plus}{unit}"),
    }
}
