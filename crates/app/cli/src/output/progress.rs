//! Progress of work on many things: one line on standard error that is overwritten, and removed at the end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::output::streams::write_over;

/// How often the line is written; work that ends before is not announced.
const INTERVAL: Duration = Duration::from_secs(1);

/// Number of finished things.
#[derive(Debug)]
pub(crate) struct Progress {
    total: usize,
    /// What they are, in the plural.
    what: &'static str,
    done: AtomicUsize,
    announce: bool,
    /// The width of the unfinished line on standard error.
    width: Mutex<usize>,
}

impl Progress {
    /// Nothing is done yet; a total of 0 is one that is not known. Without `announce`, nothing is printed.
    pub(crate) const fn new(total: usize, what: &'static str, announce: bool) -> Self {
        Self { total, what, done: AtomicUsize::new(0), announce, width: Mutex::new(0) }
    }

    /// One more is done.
    pub(crate) fn count(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Does the work, and prints the progress every second.
    pub(crate) fn watched<T>(&self, work: impl FnOnce() -> T) -> T {
        if !self.announce {
            return work();
        }
        std::thread::scope(|scope| {
            let (end, ended) = mpsc::channel::<()>();
            scope.spawn(move || self.watch(&ended));
            let done = work();
            drop(end);
            done
        })
    }

    fn watch(&self, ended: &Receiver<()>) {
        while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let line = self.line();
            let mut width = self.width();
            *width = write_over(*width, &line);
        }
        Self::wipe(&mut self.width());
    }

    fn line(&self) -> String {
        let (done, what) = (self.done.load(Ordering::Relaxed), self.what);
        match self.total {
            0 => format!("{done} {what} …"),
            total => format!("{done} of {total} {what} …"),
        }
    }

    /// Removes the line, then writes other output that may go to the same terminal.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        let mut width = self.width();
        Self::wipe(&mut width);
        write()
    }

    /// Removes the line.
    fn wipe(width: &mut usize) {
        if *width > 0 {
            *width = write_over(*width, "");
        }
    }

    fn width(&self) -> MutexGuard<'_, usize> {
        self.width.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
