//! Prepared keys, parsed once for many verifications under the same key.
//!
//! A prepared key replaces an entry of the table. For every other key it forwards to the table's own entry, so
//! that it changes speed and never a result.

use core::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
};
use teeproof_core::{BadSignature, RsaKey, VerifyEcdsa, VerifyRsa};

use crate::ecdsa::{P256_POINT, P384_POINT, is_point};
use crate::rsa::components;
use crate::{TABLE, hash};

/// An RSA key for RSASSA-PKCS1-v1_5 with SHA-256: the attestation key of a vTPM that sends many
/// quotes. Reading such a key takes about a fifth of a verification.
///
/// ```
/// use teeproof_aws_lc::{PreparedRsa, TABLE};
/// use teeproof_core::{BadSignature, Crypto, RsaKey};
///
/// # fn main() -> Result<(), BadSignature> {
/// # let modulus = [0xff; 256];
/// let key = PreparedRsa::new(RsaKey { modulus: &modulus, exponent: &[1, 0, 1] })?;
/// let crypto = Crypto { rsa_pkcs1_sha256: &key, ..TABLE };
/// # let _ = crypto;
/// # Ok(())
/// # }
/// ```
pub struct PreparedRsa {
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
    parsed: ParsedPublicKey,
}

/// Supported sizes; a modulus must use every bit, as those in use do.
const MIN_BYTES: usize = 256;
const MAX_BYTES: usize = 1024;

impl PreparedRsa {
    /// Reads a key.
    ///
    /// # Errors
    /// [`BadSignature`] for a key that the table's entry refuses, and for a modulus whose length is not a
    /// multiple of 8 bits.
    pub fn new(key: RsaKey<'_>) -> Result<Self, BadSignature> {
        // The library checks the size when it verifies, and not when it parses.
        let full = key.modulus.first().is_some_and(|first| first & 0x80 != 0);
        if !full || !(MIN_BYTES..=MAX_BYTES).contains(&key.modulus.len()) {
            return Err(BadSignature);
        }
        let parsed = components(key)?.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        let (modulus, exponent) = (key.modulus.into(), key.exponent.into());
        Ok(Self { modulus, exponent, parsed: parsed.or(Err(BadSignature))? })
    }
}

impl VerifyRsa for PreparedRsa {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        if *key.modulus != *self.modulus || *key.exponent != *self.exponent {
            return TABLE.rsa_pkcs1_sha256.verify(key, message, signature);
        }
        let digest = hash::of_parts(&aws_lc_rs::digest::SHA256, message);
        self.parsed.verify_digest_sig(&digest, signature).or(Err(BadSignature))
    }
}

impl fmt::Debug for PreparedRsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedRsa").field("modulus", &self.modulus).finish_non_exhaustive()
    }
}

/// Declares a prepared point on one curve.
macro_rules! prepared_point {
    ($(#[$doc:meta])* $name:ident, $text:literal, $point_len:ident, $algorithm:ident, $hash:ident, $entry:ident) => {
        $(#[$doc])*
        pub struct $name {
            point: Box<[u8]>,
            parsed: ParsedPublicKey,
        }

        impl $name {
            /// Reads a point (`04 ‖ x ‖ y`).
            ///
            /// # Errors
            /// [`BadSignature`] for a point that the table's entry refuses.
            pub fn new(point: &[u8]) -> Result<Self, BadSignature> {
                is_point(point, $point_len)?;
                let parsed = ParsedPublicKey::new(&$algorithm, point).or(Err(BadSignature))?;
                Ok(Self { point: point.into(), parsed })
            }
        }

        impl VerifyEcdsa for $name {
            fn verify(
                &self,
                public_key: &[u8],
                message: &[&[u8]],
                signature: &[u8],
            ) -> Result<(), BadSignature> {
                if *public_key != *self.point {
                    return TABLE.$entry.verify(public_key, message, signature);
                }
                let digest = hash::of_parts(&aws_lc_rs::digest::$hash, message);
                self.parsed.verify_digest_sig(&digest, signature).or(Err(BadSignature))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct($text).field("point", &self.point).finish_non_exhaustive()
            }
        }
    };
}

prepared_point! {
    /// A point on P-384 for ECDSA with SHA-384: the VCEK of a chip that sends many reports.
    PreparedP384, "PreparedP384", P384_POINT, ECDSA_P384_SHA384_FIXED, SHA384, ecdsa_p384_sha384
}

prepared_point! {
    /// A point on P-256 for ECDSA with SHA-256: the attestation key of a quoting enclave that signs many TD quotes.
    PreparedP256, "PreparedP256", P256_POINT, ECDSA_P256_SHA256_FIXED, SHA256, ecdsa_p256_sha256
}
