//! The table of cryptographic operations.

use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use teeproof_core::{Crypto, Digest};

use crate::ecdsa::{P256, P384};
use crate::hash::Hash;
use crate::rsa::{Pkcs1, Pss};

/// The table of this crate.
pub static TABLE: Crypto<'static> = Crypto {
    name: "rustcrypto",
    sha256: &Hash::<Sha256>::NEW,
    sha384: &Hash::<Sha384>::NEW,
    sha512: &Hash::<Sha512>::NEW,
    ecdsa_p256_sha256: &P256,
    ecdsa_p384_sha384: &P384,
    rsa_pss_sha384: &Pss::<Sha384>::NEW,
    rsa_pkcs1_sha256: &Pkcs1::<Sha256>::NEW,
    rsa_pkcs1_sha384: &Pkcs1::<Sha384>::NEW,
    rsa_pkcs1_sha512: &Pkcs1::<Sha512>::NEW,
};

/// SHA-1, to describe the SHA-1 bank of an event log. Not an entry of the table, because nothing is verified
/// with it.
pub static SHA1: &dyn Digest<20> = &Hash::<Sha1>::NEW;
