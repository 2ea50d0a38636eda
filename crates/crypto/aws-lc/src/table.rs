//! The table of cryptographic operations.

use aws_lc_rs::{digest, signature};
use teeproof_core::{Crypto, Digest};

use crate::ecdsa::{Ecdsa, P256_POINT, P384_POINT};
use crate::hash::Hash;
use crate::rsa::Rsa;

/// The table of this crate.
pub static TABLE: Crypto<'static> = Crypto {
    name: "aws-lc",
    sha256: &Hash(&digest::SHA256),
    sha384: &Hash(&digest::SHA384),
    sha512: &Hash(&digest::SHA512),
    ecdsa_p256_sha256: &Ecdsa {
        algorithm: &signature::ECDSA_P256_SHA256_FIXED,
        hash: &digest::SHA256,
        point_len: P256_POINT,
    },
    ecdsa_p384_sha384: &Ecdsa {
        algorithm: &signature::ECDSA_P384_SHA384_FIXED,
        hash: &digest::SHA384,
        point_len: P384_POINT,
    },
    // This algorithm requires a salt as long as the digest.
    rsa_pss_sha384: &Rsa { algorithm: &signature::RSA_PSS_2048_8192_SHA384, hash: &digest::SHA384 },
    rsa_pkcs1_sha256: &Rsa { algorithm: &signature::RSA_PKCS1_2048_8192_SHA256, hash: &digest::SHA256 },
    rsa_pkcs1_sha384: &Rsa { algorithm: &signature::RSA_PKCS1_2048_8192_SHA384, hash: &digest::SHA384 },
    rsa_pkcs1_sha512: &Rsa { algorithm: &signature::RSA_PKCS1_2048_8192_SHA512, hash: &digest::SHA512 },
};

/// SHA-1, to describe the SHA-1 bank of an event log. Not an entry of the table, because nothing is verified
/// with it.
pub static SHA1: &dyn Digest<20> = &Hash(&digest::SHA1_FOR_LEGACY_USE_ONLY);
