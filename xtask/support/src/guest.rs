//! Parts of the emulated guests of `xtask/vm` and `xtask/enclave`: the kernel, the archive of their file system, the
//! programs that run in them, and the record of their steps.

pub mod archive;
pub mod kernel;
pub mod program;
pub mod record;
