//! Keys: names, templates, and what one key says of another.

use teeproof_vtpm::handles;
use teeproof_wire::tpm::rsassa_sha256;

use crate::bench::Bench;
use crate::secret;

over_each_transport!(
    names_are_the_same,
    what_they_left_is_read_and_flushed,
    a_template_makes_the_same_key,
    a_certificate_is_signed
);

fn names_are_the_same(bench: &Bench) {
    bench.attestation_key();
    bench.theirs("tpm2_createprimary -C o -G ecc256 -g sha384 -c other.ctx");
    bench.theirs("tpm2_evictcontrol -C o -c other.ctx 0x81010001");
    bench.theirs("tpm2_flushcontext -t");
    for handle in [handles::AK, handles::EK] {
        bench.theirs(&format!(
            "tpm2_readpublic -c {handle:#x} -f tss -o key.tss -n key.name -q key.qualified"
        ));
        let ours = bench.ours(|tpm| tpm.read_public(handle).unwrap());
        assert_eq!(ours.name, bench.read("key.name"));
        assert_eq!(ours.qualified_name, bench.read("key.qualified"));
        // TPM2B_PUBLIC: a size before it.
        assert_eq!(ours.public, bench.read("key.tss")[2..]);
    }
}

/// Without a resource manager a key of the tools stays in the TPM, and it is not ours to take away
/// unless the caller requests it.
fn what_they_left_is_read_and_flushed(bench: &Bench) {
    bench.theirs("tpm2_createprimary -C o -G ecc256 -c key.ctx");
    let listed = || bench.theirs("tpm2_getcap handles-transient");
    assert_eq!(listed().trim(), "- 0x80000000");
    let ours = bench.ours(|tpm| tpm.read_public(0x8000_0000).unwrap());
    assert_eq!(listed().trim(), "- 0x80000000");
    bench.theirs("tpm2_readpublic -c 0x80000000 -n key.name");
    assert_eq!(ours.name, bench.read("key.name"));
    bench.ours(|tpm| tpm.flush(0x8000_0000).unwrap());
    assert_eq!(listed(), "");
    assert!(bench.ours(|tpm| tpm.read_public(0x8000_0000).unwrap_err().is_absent()));
}

/// A primary key is made from the seed of its hierarchy and its template: the same template gives
/// the same key, whoever hands it in.
fn a_template_makes_the_same_key(bench: &Bench) {
    bench.theirs(
        "tpm2_createprimary -C o -G rsa2048:rsassa-sha256:null -g sha256 -c key.ctx \
         -a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda",
    );
    bench.theirs("tpm2_readpublic -c key.ctx -n key.name -f tss -o key.tss");
    bench.theirs("tpm2_flushcontext -t");
    let public = bench.read("key.tss")[2..].to_vec();
    // The template of a key is its public area with an empty modulus.
    let template = [&public[..public.len() - 258], &[0, 0]].concat();
    bench.ours(|tpm| {
        let made = tpm.create_primary(handles::OWNER, &template).unwrap();
        assert_eq!(made.name, bench.read("key.name"));
        assert_eq!(made.public, public);
        assert_eq!(tpm.read_public(made.handle).unwrap().public, public);
        tpm.flush(made.handle).unwrap();
        assert!(tpm.read_public(made.handle).is_err());
    });
    assert_eq!(bench.theirs("tpm2_getcap handles-transient"), "");
}

fn a_certificate_is_signed(bench: &Bench) {
    bench.attestation_key();
    let template = secret::template(bench, "sha256:16");
    let (object, signed) = bench.ours(|tpm| {
        let key = tpm.create_primary(handles::NULL, &template).unwrap().handle;
        let object = tpm.read_public(key).unwrap();
        let signed = tpm.certify(key, handles::AK, b"a nonce").unwrap();
        tpm.flush(key).unwrap();
        (object, signed)
    });
    bench.write("certify.msg", &signed.message);
    bench.write("certify.sig", rsassa_sha256(&signed.signature).unwrap());
    let verified = bench.theirs("openssl dgst -sha256 -verify ak.pem -signature certify.sig certify.msg");
    assert_eq!(verified.trim(), "Verified OK");

    // TPMS_ATTEST: TPM_ST_ATTEST_CERTIFY, the signer, the nonce, 25 bytes of clock and firmware, the
    // name of the object, its qualified name.
    let signer = bench.ours(|tpm| tpm.read_public(handles::AK).unwrap().qualified_name);
    let head = [&[0xff, b'T', b'C', b'G', 0x80, 0x17], &sized(&signer)[..], &sized(b"a nonce")].concat();
    let tail = [sized(&object.name), sized(&object.qualified_name)].concat();
    assert!(signed.message.starts_with(&head), "{:02x?}", signed.message);
    assert!(signed.message.ends_with(&tail), "{:02x?}", signed.message);
    assert_eq!(signed.message.len(), head.len() + 25 + tail.len());
}

/// A TPM2B.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}
