//! `collect nitro`: from the module, and what is refused of it.

use super::enclave::{Enclave, NONCE, lock_as_launched};
use super::module::TestModule;

#[test]
fn a_document_for_a_nonce_is_accepted_elsewhere() {
    let enclave = Enclave::start("enclave-collect");
    let ran = enclave.run(&format!("collect nitro --nonce {NONCE} -o document.cose")).exits(0);
    assert!(ran.stderr.contains("bytes, not verified\n"), "{ran:#?}");
    let next = format!("hint: verify it elsewhere: teeproof verify FILE --nonce {NONCE} --policy POLICY\n");
    assert!(ran.stderr.ends_with(&next), "{ran:#?}");
    enclave.verify("document.cose", &["--nonce", NONCE]).exits(0);
    enclave.verify("document.cose", &["--nonce", "hex:ff"]).exits(5);
    for form in ["b64:ABEiM0RVZneImaq7zN3u/w==", "@nonce", "-"] {
        std::fs::write(enclave.path("nonce"), (0..16_u8).map(|at| at * 0x11).collect::<Vec<_>>()).unwrap();
        let nonce: Vec<u8> = (0..16).map(|at| at * 0x11).collect();
        enclave.run(&format!("collect nitro --nonce {form} -o other.cose")).stdin(&nonce).exits(0);
        enclave.verify("other.cose", &["--nonce", NONCE]).exits(0);
    }
    let without = enclave.run("collect nitro --no-nonce -o without.cose").exits(0);
    assert!(without.stderr.contains("verify FILE --no-nonce"), "{without:#?}");
    enclave.verify("without.cose", &["--nonce", NONCE]).exits(5);
    for verb in ["collect nitro -o x", "nsm attest -o x"] {
        enclave.run(verb).fails(2, &["expected --nonce or --no-nonce, got neither", "with --no-nonce"]);
    }
    enclave.refuses(&format!("collect nitro --no-nonce --nonce {NONCE}"), "--no-nonce");
}

#[test]
fn a_document_that_is_no_answer_is_not_written() {
    let mut replaying = TestModule {
        maker: Some(|[user_data, _, public_key]| {
            super::module::document([user_data, ciborium::Value::from(vec![1; 16]), public_key])
        }),
        ..TestModule::default()
    };
    lock_as_launched(&mut replaying);
    let enclave = Enclave::with("enclave-replayed", replaying);
    enclave.run(&format!("collect nitro --nonce {NONCE} -o document.cose")).fails(
        5,
        &[
            "nonce of the document: expected 00112233445566778899aabbccddeeff, got 0101010101010101",
            "may be a replay",
        ],
    );
    assert!(!enclave.path("document.cose").exists());
    // nsm attest writes it nevertheless.
    enclave.run(&format!("nsm attest --nonce {NONCE} -o document.cose")).exits(0);
    let mut without = TestModule {
        maker: Some(|[user_data, _, public_key]| {
            super::module::document([user_data, ciborium::Value::Null, public_key])
        }),
        ..TestModule::default()
    };
    lock_as_launched(&mut without);
    Enclave::with("enclave-without-nonce", without)
        .run(&format!("collect nitro --nonce {NONCE} -o document.cose"))
        .fails(5, &["expected 00112233445566778899aabbccddeeff, got none"]);
    // The form of QEMU's documents: alg -1 and 64 bytes in place of a signature.
    let unsigned = TestModule {
        maker: Some(|chosen| {
            let mut document = super::module::document(chosen);
            document.splice(1..6, *b"\x43\xa1\x01\x20");
            let end = document.len() - 98;
            document.splice(end.., [&b"\x58\x40"[..], &[0; 64]].concat());
            document
        }),
        ..TestModule::default()
    };
    let enclave = Enclave::with("enclave-unsigned", unsigned);
    enclave
        .run(&format!("collect nitro --nonce {NONCE} -o document.cose"))
        .fails(3, &["not an attestation document", "protected header", "{1: -35}, ES384", "QEMU's"]);
}
