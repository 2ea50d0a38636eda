//! The operations against a server on loopback that plays the JSON protocol of KMS: what is sent, what is refused, and
//! where TLS ends.
//!
//! The SDK takes credentials and CA certificates from its environment, which a test cannot change for itself: the tests
//! run in a process of their own, which [`child`] starts.

#![allow(clippy::unwrap_used, clippy::unwrap_in_result, clippy::expect_used, clippy::panic)]

mod child;
mod kms;
mod refused;
mod released;
mod tls;
mod unanswered;
#[path = "../envelope/writer.rs"]
#[allow(dead_code, reason = "the suite `envelope` uses the rest")]
mod writer;
