//! Progress of `verify --each`: one line on standard error that is overwritten, and removed at the end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::input::source::PATIENCE;
use crate::output::streams::write_over;

/// Number of finished files.
#[derive(Debug)]
pub(super) struct Progress {
    total: usize,
    done: AtomicUsize,
    announce: bool,
    /// The width of the unfinished line on standard error.
    width: Mutex<usize>,
}

impl Progress {
    /// Nothing is done yet. Without `announce`, nothing is printed.
    pub(super) const fn new(total: usize, announce: bool) -> Self {
        Self { total, done: AtomicUsize::new(0), announce, width: Mutex::new(0) }
    }

    /// One more file is done.
    pub(super) fn count(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Does the work, and prints the progress every second.
    pub(super) fn watched<T>(&self, work: impl FnOnce() -> T) -> T {
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
        while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let line = format!("{} of {} files …", self.done.load(Ordering::Relaxed), self.total);
            let mut width = self.width();
            *width = write_over(*width, &line);
        }
        Self::wipe(&mut self.width());
    }

    /// Removes the line, then writes other output that may go to the same terminal.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
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
