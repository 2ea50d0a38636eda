//! How far many files are, for a person who waits: one line on standard error that is written
//! over, and gone at the end.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::source::PATIENCE;

/// How far the files are.
#[derive(Debug)]
pub(super) struct Progress {
    total: usize,
    done: AtomicUsize,
    announce: bool,
    /// The line that stands on standard error, without an end.
    line: Mutex<String>,
}

impl Progress {
    /// Nothing is done yet. Without `announce`, nothing is ever said.
    pub(super) const fn new(total: usize, announce: bool) -> Self {
        Self { total, done: AtomicUsize::new(0), announce, line: Mutex::new(String::new()) }
    }

    /// One more file is done.
    pub(super) fn count(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Does the work, and says every second how far it is.
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
            let mut line = self.line();
            wipe(&mut line);
            *line = format!("{} of {} files …", self.done.load(Ordering::Relaxed), self.total);
            say(&line);
        }
        wipe(&mut self.line());
    }

    /// Lets something else be written, that could go to the same screen.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        let mut line = self.line();
        wipe(&mut line);
        write()
    }

    fn line(&self) -> MutexGuard<'_, String> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the line away without an escape sequence, which not every screen obeys.
fn wipe(line: &mut String) {
    if !line.is_empty() {
        say(&format!("\r{}\r", " ".repeat(line.chars().count())));
        line.clear();
    }
}

/// If nobody reads it, there is nobody to tell.
fn say(text: &str) {
    let mut stream = std::io::stderr();
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}
