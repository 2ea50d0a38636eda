//! The two shapes of an ECDSA signature, and the choice between its two values of s.

use crate::key::Kind;
use crate::x509::der;

/// Which of the two valid values of s a signature has.
///
/// (r, s) and (r, n − s) both hold. Real signers give either, so a verifier that refuses one
/// half refuses half of the genuine evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureHalf {
    /// Unchanged from the signer: either.
    #[default]
    Any,
    /// s at most half of the order.
    Low,
    /// s above half of the order.
    High,
}

impl SignatureHalf {
    /// The signature `r ‖ s` of a key of this kind with the chosen s. RSA has no halves.
    pub(crate) fn of(self, kind: Kind, signature: Vec<u8>) -> Vec<u8> {
        let (Some(order), false) = (kind.order(), self == Self::Any) else {
            return signature;
        };
        let (r, s) = signature.split_at(signature.len() / 2);
        let other = difference(order, s);
        let wants_greater = self == Self::High;
        // Both are big-endian and equally long, so the order of bytes is the order of numbers.
        let s = if (s > other.as_slice()) == wants_greater { s } else { &other };
        [r, s].concat()
    }
}

/// `r ‖ s` as certificates write it: a SEQUENCE of two INTEGERs.
pub(crate) fn as_der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    der::sequence(&[der::unsigned(r), der::unsigned(s)])
}

/// `left − right` for big-endian numbers of equal length, where `left` is the greater.
fn difference(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut out: Vec<u8> = left
        .iter()
        .zip(right)
        .rev()
        .map(|(&left, &right)| {
            let (once, first) = left.overflowing_sub(right);
            let (twice, second) = once.overflowing_sub(u8::from(borrow));
            borrow = first || second;
            twice
        })
        .collect();
    out.reverse();
    out
}

#[cfg(test)]
mod tests {
    use super::{SignatureHalf, difference};
    use crate::key::Kind;

    #[test]
    fn differences_borrow() {
        assert_eq!(difference(&[1, 0, 0], &[0, 0, 1]), [0, 255, 255]);
        assert_eq!(difference(&[2, 1], &[1, 2]), [0, 255]);
    }

    #[test]
    fn halves_are_the_two_ends() {
        let (r, one) = ([7; 48], [[0; 47].as_slice(), &[1]].concat());
        let low = [r.as_slice(), &one].concat();
        let high = SignatureHalf::High.of(Kind::P384, low.clone());
        assert_ne!(high, low);
        assert_eq!(high.get(48), Some(&0xff));
        assert_eq!(SignatureHalf::Low.of(Kind::P384, high.clone()), low);
        assert_eq!(SignatureHalf::High.of(Kind::P384, high.clone()), high);
        assert_eq!(SignatureHalf::Any.of(Kind::P384, low.clone()), low);
    }
}
