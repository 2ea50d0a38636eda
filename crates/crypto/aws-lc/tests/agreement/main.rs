//! Agreement of the two tables: each accepts exactly what the other accepts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod both;
mod ecdsa;
mod hash;
mod primes;
mod rsa;

use both::both;

/// Every way of the sampled ones to change one bit of `bytes`.
fn bit_flips(bytes: &[u8], step: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).step_by(step).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

/// `bytes` one shorter at either end, one longer at either end, and none at all.
fn wrong_lengths(bytes: &[u8]) -> [Vec<u8>; 5] {
    [
        bytes[1..].to_vec(),
        bytes[..bytes.len() - 1].to_vec(),
        [&[0], bytes].concat(),
        [bytes, &[0]].concat(),
        Vec::new(),
    ]
}

/// Some ways to cut a message into parts, empty parts among them.
fn cuts(message: &[u8]) -> Vec<Vec<&[u8]>> {
    let (head, tail) = message.split_at(message.len() / 3);
    vec![vec![message], vec![head, tail], vec![&[], head, &[], tail, &[]], message.chunks(1).collect()]
}
