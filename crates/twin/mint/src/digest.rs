//! Hash functions of evidence.

use aws_lc_rs::digest;

/// SHA-384 of the parts, one after the other.
pub(crate) fn sha384(parts: &[&[u8]]) -> [u8; 48] {
    of(&digest::SHA384, parts)
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    of(&digest::SHA256, parts)
}

/// SHA-512 of the parts, one after the other.
pub(crate) fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    of(&digest::SHA512, parts)
}

/// SHA-1 of the parts, one after the other: event logs still carry that bank.
pub(crate) fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    of(&digest::SHA1_FOR_LEGACY_USE_ONLY, parts)
}

fn of<const N: usize>(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> [u8; N] {
    let digest = digest::digest(algorithm, &parts.concat());
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    out
}
