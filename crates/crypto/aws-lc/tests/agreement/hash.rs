//! Digests: published values, and messages in parts.

use teeproof_core::StreamDigest;

use crate::cuts;

#[test]
fn published_digests_of_abc() {
    for table in [&teeproof_rustcrypto::TABLE, &teeproof_aws_lc::TABLE] {
        assert_eq!(
            hex(&table.sha256.digest(&[b"abc"])),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex(&table.sha384.digest(&[b"abc"])),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
             8086072ba1e7cc2358baeca134c825a7"
        );
        assert_eq!(
            hex(&table.sha512.digest(&[b"abc"])),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
    }
}

#[test]
fn sha_1_is_not_in_the_table() {
    for sha1 in [teeproof_rustcrypto::SHA1, teeproof_aws_lc::SHA1] {
        assert_eq!(hex(&sha1.digest(&[b"a", b"bc"])), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}

#[test]
fn the_parts_of_a_message_are_the_message() {
    let message: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let expected = teeproof_rustcrypto::TABLE.sha384.digest(&[&message]);
    for table in [&teeproof_rustcrypto::TABLE, &teeproof_aws_lc::TABLE] {
        for parts in cuts(&message) {
            assert_eq!(table.sha384.digest(&parts), expected);
        }
        assert_eq!(table.sha256.digest(&[]), table.sha256.digest(&[&[], &[]]));
        assert_ne!(table.sha512.digest(&[]), table.sha512.digest(&[&[0]]));
    }
}

/// A clone continues where the original stood, and leaves it alone.
fn streamed<H: StreamDigest<48>>(parts: &[&[u8]]) -> [u8; 48] {
    let mut hash = H::new();
    for part in parts {
        let mut other = hash.clone();
        other.update(b"another end");
        assert_ne!(other.finish(), hash.clone().finish());
        hash.update(part);
    }
    hash.finish()
}

#[test]
fn a_stream_is_the_message() {
    let message: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let expected = teeproof_rustcrypto::TABLE.sha384.digest(&[&message]);
    for parts in cuts(&message) {
        assert_eq!(streamed::<teeproof_rustcrypto::Sha384Stream>(&parts), expected);
        assert_eq!(streamed::<teeproof_aws_lc::Sha384Stream>(&parts), expected);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
