//! The provider against moto, an EC2 server: the life of an instance, and the rules of a security group; and against parents
//! on loopback. Moto is installed under `target/moto` once; where that is not possible, the tests say so and end, and in CI
//! they fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod life;
mod parent;
mod proxy;
mod rules;
mod server;
