//! Fetching from a real HTTP server on loopback, with minted certificates as answers.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, clippy::expect_used, clippy::panic, missing_docs)]

mod archive;
mod cache;
mod dates;
mod directory;
mod fetcher;
mod folder;
mod from_url;
mod http;
mod issuers;
mod minted;
mod mirror;
mod mirror_clients;
mod prefetch;
mod processes;
mod questions;
mod running;
mod server;
mod shared;
mod tls;
mod urls;
