//! Values of evidence as JSON: bytes as hex, as base64url and as arrays of numbers, each bounded
//! before it is decoded.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::problem::{BASE64, HEX, TOO_LARGE};
use crate::bytes;

/// Text that stands for bytes.
pub(super) trait Form {
    /// The bytes, or which words say that the text is none.
    fn decode(text: &str) -> Result<Vec<u8>, &'static str>;
}

/// At most this many bytes in hexadecimal.
pub(super) struct AsHex<const MAX: usize>;

impl<const MAX: usize> Form for AsHex<MAX> {
    fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
        if text.len() > MAX.saturating_mul(2) {
            return Err(TOO_LARGE);
        }
        bytes::hex(text).ok_or(HEX)
    }
}

/// At most this many bytes in base64url, padded or not.
pub(super) struct AsBase64<const MAX: usize>;

impl<const MAX: usize> Form for AsBase64<MAX> {
    fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
        // Four characters for every three bytes that were begun.
        if text.len() > MAX.div_ceil(3).saturating_mul(4) {
            return Err(TOO_LARGE);
        }
        bytes::base64url(text).ok_or(BASE64)
    }
}

/// At most this many bytes in base64 of either alphabet, padded or not.
pub(super) struct AnyBase64<const MAX: usize>;

impl<const MAX: usize> Form for AnyBase64<MAX> {
    fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
        if text.len() > MAX.div_ceil(3).saturating_mul(4) {
            return Err(TOO_LARGE);
        }
        bytes::base64(text).ok_or(BASE64)
    }
}

/// Bytes that stand as text.
pub(super) struct Encoded<F> {
    pub(super) bytes: Vec<u8>,
    form: PhantomData<F>,
}

impl<'de, F: Form> Deserialize<'de> for Encoded<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = F::decode(&text).map_err(D::Error::custom)?;
        Ok(Self { bytes, form: PhantomData })
    }
}

/// A register's value in hexadecimal.
pub(super) struct Register(pub(super) [u8; 32]);

impl<'de> Deserialize<'de> for Register {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Encoded::<AsHex<32>>::deserialize(deserializer)?.bytes;
        bytes.try_into().map(Self).map_err(|_| D::Error::custom(HEX))
    }
}

/// At most this many bytes as an array of numbers.
pub(crate) struct Numbers<const MAX: usize>(pub(crate) Vec<u8>);

impl<'de, const MAX: usize> Deserialize<'de> for Numbers<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes<const MAX: usize>;

        impl<'de, const MAX: usize> Visitor<'de> for Bytes<MAX> {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of bytes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = entries.next_element()? {
                    if bytes.len() >= MAX {
                        return Err(A::Error::custom(TOO_LARGE));
                    }
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }

        deserializer.deserialize_seq(Bytes::<MAX>).map(Self)
    }
}
