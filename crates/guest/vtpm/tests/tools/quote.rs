//! Quotes: tpm2_checkquote accepts ours, and tpm2_quote makes the same.

use teeproof_vtpm::{Registers, Signed, handles};
use teeproof_wire::tpm::{Attest, Head, Selection, rsassa_sha256};

use crate::bench::{Bench, hex};

over_each_transport!(their_check_accepts_ours, their_quote_says_the_same);

fn their_check_accepts_ours(bench: &Bench) {
    bench.attestation_key();
    bench.theirs(&format!("tpm2_pcrextend 16:sha256={}", "5a".repeat(32)));
    for (registers, nonce) in [
        ("sha256:0-23", &b"a nonce of fifty bytes, the most that Azure's take"[..]),
        ("sha256:16", &[0]),
        ("sha1:0-7,16", b"twenty bytes, no more"),
        ("sha384:16,23", &[0xff; 32]),
    ] {
        let Registers(selection) = registers.parse().unwrap();
        let quoted = bench.ours(|tpm| teeproof_vtpm::quote(tpm, handles::AK, nonce, &[selection]).unwrap());
        check(bench, &quoted.signed, nonce);
        // With the values of the registers: eight digests fit the list that the tool makes.
        if selection.count() <= 8 {
            check_values(bench, nonce, selection, &quoted.registers[0].values.concat());
        }
    }
}

fn their_quote_says_the_same(bench: &Bench) {
    bench.attestation_key();
    bench.theirs(&format!("tpm2_pcrextend 16:sha384={}", "5a".repeat(48)));
    // The order of the banks is part of what is signed.
    for text in ["sha256:0,16", "sha384:16+sha1:0,1,2+sha256:23", "sha1:4+sha384:5,16+sha512:6"] {
        bench.theirs(&format!(
            "tpm2_quote -c {:#x} -l {text} -q 0102 -g sha256 -f plain -m their.msg -s their.sig",
            handles::AK
        ));
        let selections: Vec<Selection> =
            text.split('+').map(|part| part.parse::<Registers>().unwrap().0).collect();
        let ours = bench.ours(|tpm| tpm.quote(handles::AK, &[1, 2], &selections).unwrap());
        let theirs = bench.read("their.msg");
        let (ours, theirs) = (Attest::parse(&ours.message).unwrap(), Attest::parse(&theirs).unwrap());
        assert!(ours.selections.iter().eq(selections), "{text}");
        // All but the clock, which goes on.
        assert_eq!(timeless(ours), timeless(theirs), "{text}");
    }
}

const CHECK: &str = "tpm2_checkquote -u ak.pem -m our.msg -s our.sig -g sha256";
const VERIFY: &str = "openssl dgst -sha256 -verify ak.pem -signature raw.sig our.msg";

/// That tpm2_checkquote and OpenSSL hold a quote for good, and no other.
fn check(bench: &Bench, signed: &Signed, nonce: &[u8]) {
    bench.write("our.msg", &signed.message);
    bench.write("our.sig", &signed.signature);
    bench.theirs(&format!("{CHECK} -q {}", hex(nonce)));
    let mut other = nonce.to_vec();
    other[0] ^= 1;
    bench.theirs_fails(&format!("{CHECK} -q {}", hex(&other)));

    bench.write("raw.sig", rsassa_sha256(&signed.signature).unwrap());
    assert_eq!(bench.theirs(VERIFY).trim(), "Verified OK");
    let mut bent = signed.message.clone();
    *bent.last_mut().unwrap() ^= 1;
    bench.write("our.msg", &bent);
    bench.theirs_fails(VERIFY);
    bench.theirs_fails(&format!("{CHECK} -q {}", hex(nonce)));
    bench.write("our.msg", &signed.message);
}

/// That tpm2_checkquote finds these values in the quote, and no others.
fn check_values(bench: &Bench, nonce: &[u8], selection: Selection, values: &[u8]) {
    let line = format!("{CHECK} -q {} -f values.bin -l {}", hex(nonce), Registers(selection));
    bench.write("values.bin", values);
    bench.theirs(&line);
    let mut bent = values.to_vec();
    bent[0] ^= 1;
    bench.write("values.bin", &bent);
    bench.theirs_fails(&line);
}

/// Two quotes differ by the moment in which they were made.
fn timeless(attest: Attest<'_>) -> Attest<'_> {
    Attest { head: Head { clock: 0, ..attest.head }, ..attest }
}
