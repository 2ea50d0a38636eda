//! Cost of a call: heap, counted per thread by this crate's allocator, and the work of its crypto table. Each call
//! is checked against the bound of its entry.

use std::cell::RefCell;

use crate::believe::{Work, counted};
use crate::bounds::{Entry, Given};

/// What one call cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Most bytes allocated at one time. Where an allocation grows, the old and the new
    /// one are counted together.
    pub peak_bytes: u64,
    /// Total bytes of allocations.
    pub total_bytes: u64,
    /// Signatures and hashes.
    pub work: Work,
}

/// The call nearest to a bound of its entry.
#[derive(Clone, Copy, Debug)]
pub struct Nearest {
    /// The entry.
    pub entry: &'static Entry,
    /// For the peak, the total, the signatures and the hash blocks: the cost in percent of what the
    /// bound allows for the same input.
    pub percent: [u64; 4],
}

thread_local! {
    static WORK: RefCell<Vec<(&'static Entry, Work)>> = const { RefCell::new(Vec::new()) };
    static NEAREST: RefCell<Vec<Nearest>> = const { RefCell::new(Vec::new()) };
}

/// Runs something and counts what it costs.
pub fn measured<T>(run: impl FnOnce() -> T) -> (T, Cost) {
    let mut answer = None;
    let heap = allocation_counter::measure(|| answer = Some(counted(run)));
    // Whatever was measured ran.
    let (value, work) = answer.unwrap_or_else(|| unreachable!("nothing was measured"));
    (value, Cost { peak_bytes: heap.bytes_max, total_bytes: heap.bytes_total, work })
}

/// Runs an entry, and holds what it costs against its bound.
pub(crate) fn bounded<T>(entry: &'static Entry, given: impl Into<Given>, run: impl FnOnce() -> T) -> T {
    let (value, work) = once_more(entry, given, run);
    WORK.with_borrow_mut(|entries| {
        entries.retain(|(other, _)| !std::ptr::eq(*other, entry));
        entries.push((entry, work));
    });
    value
}

/// Runs an entry again with the cached signatures of its earlier run, and returns the work of its table.
pub(crate) fn once_more<T>(
    entry: &'static Entry,
    given: impl Into<Given>,
    run: impl FnOnce() -> T,
) -> (T, Work) {
    let given = given.into();
    let (value, cost) = measured(run);
    let percent = entry.percent(given, cost);
    NEAREST.with_borrow_mut(|nearest| note(nearest, entry, percent));
    assert!(
        percent.iter().all(|percent| *percent <= 100),
        "{} of {} bytes, {} lists: {cost:?}",
        entry.name,
        given.bytes,
        given.lists
    );
    (value, cost.work)
}

fn note(nearest: &mut Vec<Nearest>, entry: &'static Entry, percent: [u64; 4]) {
    match nearest.iter_mut().find(|one| std::ptr::eq(one.entry, entry)) {
        Some(one) => one.percent.iter_mut().zip(percent).for_each(|(most, now)| *most = now.max(*most)),
        None => nearest.push(Nearest { entry, percent }),
    }
}

/// The table's work in an entry's last run on this thread; zero, if it never ran.
#[must_use]
pub fn work_of(entry: &'static Entry) -> Work {
    WORK.with_borrow(|entries| {
        let found = entries.iter().find(|(other, _)| std::ptr::eq(*other, entry));
        found.map(|(_, work)| *work).unwrap_or_default()
    })
}

/// Costs of this thread's calls relative to the bounds of their entries.
#[must_use]
pub fn nearest() -> Vec<Nearest> {
    NEAREST.with_borrow(Clone::clone)
}
