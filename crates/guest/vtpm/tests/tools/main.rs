//! tpm2-tools and OpenSSL as a second opinion: what our code writes they read, and the reverse, on
//! one and the same TPM, over each transport of this build.

#![cfg(any(feature = "direct", feature = "tss"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

/// Makes tests of these functions, one for each transport. Each gets a TPM of its own.
macro_rules! over_each_transport {
    ($($test:ident),+ $(,)?) => {
        #[cfg(feature = "direct")]
        mod direct {
            $(
                #[test]
                fn $test() {
                    super::$test(&crate::bench::Bench::set_up(""));
                }
            )+
        }

        #[cfg(feature = "tss")]
        mod tss {
            $(
                #[test]
                fn $test() {
                    super::$test(&crate::bench::Bench::set_up("tss:"));
                }
            )+
        }
    };
}

mod bench;
mod inventory;
mod keys;
mod nv;
mod program;
mod quote;
mod registers;
mod secret;
