//! The road out of an enclave: a server that hands documents out, and its client.
//!
//! A module answers inside of its enclave alone, which has no network but vsock. The server takes a nonce and returns a
//! document, over vsock, TCP or a Unix socket: one request on each connection, each message in a [frame](crate::frame()).
//! Whoever carries the bytes can delay, drop and replay them, and change nothing of a document that is verified.

mod address;
mod bucket;
mod client;
mod error;
mod message;
mod queue;
mod server;
mod stream;
#[cfg(target_os = "linux")]
mod vsock;

pub use address::{DEFAULT_PORT, RoadAddress};
pub use bucket::TokenBucket;
pub use client::{fetch, is_reachable};
pub use error::RoadError;
pub use message::{
    MAX_DOCUMENT_FRAME, MAX_NONCE, MAX_REQUEST_FRAME, RoadAnswer, RoadForm, RoadRequest, max_answer_frame,
};
pub use server::{RoadAccess, RoadLimits, RoadLog, RoadServer, RoadStop, ServedFields};
