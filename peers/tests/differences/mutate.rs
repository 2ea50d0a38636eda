//! Mutations of arbitrary bytes.

/// A bit of each `step`-th byte of `range` turned over, a different one in each neighbour.
pub(crate) fn flips(
    bytes: &[u8],
    range: std::ops::Range<usize>,
    step: usize,
) -> impl Iterator<Item = (String, Vec<u8>)> {
    range.step_by(step).map(move |at| flip(bytes, at, at / step % 8))
}

/// Every bit of `range` turned over.
pub(crate) fn all_flips(
    bytes: &[u8],
    range: std::ops::Range<usize>,
) -> impl Iterator<Item = (String, Vec<u8>)> {
    range.flat_map(move |at| (0..8).map(move |bit| flip(bytes, at, bit)))
}

fn flip(bytes: &[u8], at: usize, bit: usize) -> (String, Vec<u8>) {
    let mut out = bytes.to_vec();
    out[at] ^= 1 << bit;
    (format!("bit {bit} of byte {at:#x} turned over"), out)
}

/// Cut to each `step`-th length.
pub(crate) fn cuts(bytes: &[u8], step: usize) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..bytes.len()).step_by(step).map(|len| (format!("cut to {len} bytes"), bytes[..len].to_vec()))
}

/// With something behind it.
pub(crate) fn tails(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    [&[0][..], &[0xff], &[0xf6], &[0; 64], bytes]
        .into_iter()
        .map(move |tail| (format!("{} bytes behind it", tail.len()), [bytes, tail].concat()))
}

/// The first place of `from` replaced by `to`; both need not be of one length.
pub(crate) fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("the bytes to replace");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}
