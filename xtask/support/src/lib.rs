//! Starting programs and finding or installing what a task needs, shared by the program of the tasks
//! and by the tasks that are programs of their own (`xtask/bench`, `xtask/enclave`, `xtask/vm`).

// Never published, and every error is the sentence that is printed.
#![allow(clippy::missing_errors_doc)]

pub mod apt;
pub mod debian;
pub mod guest;
pub mod setup;
pub mod shell;
pub mod skip;
pub mod tools;
