//! Secrets: OpenSSL encrypts to a key whose policy tpm2-tools made, and our code decrypts until they
//! extend a register.

use teeproof_vtpm::{Padding, ResponseCode, Tpm, handles};
use teeproof_wire::tpm::Selection;

use crate::bench::{Bench, hex};

over_each_transport!(what_openssl_encrypts_ours_decrypts_until_a_register_changes);

const SECRET: &[u8] = b"thirty-two bytes that are secret";
const REGISTERS: Selection = Selection { bank: 0x000b, bitmap: 1 << 16 | 1 << 23 };

const PADDINGS: [(Padding, &str); 5] = [
    (Padding::Rsaes, "rsa_padding_mode:pkcs1"),
    (Padding::Oaep(0x0004), "rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha1"),
    (Padding::Oaep(0x000b), "rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256"),
    (Padding::Oaep(0x000c), "rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha384"),
    (Padding::Oaep(0x000d), "rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha512"),
];

/// TPMT_PUBLIC of an RSA key for decrypting alone, whose policy is that these registers have the
/// values of now: the policy is tpm2-tools' own.
pub(crate) fn template(bench: &Bench, registers: &str) -> Vec<u8> {
    bench.theirs(&format!("tpm2_createpolicy --policy-pcr -l {registers} -L policy.bin"));
    // The tool leaves the session of its trial behind.
    bench.theirs("tpm2_flushcontext -l");
    let mut template = vec![0, 1, 0, 0x0b];
    // fixedTPM, fixedParent, sensitiveDataOrigin, noDA, decrypt; without userWithAuth.
    template.extend(0x0002_0432_u32.to_be_bytes());
    template.extend([0, 32]);
    template.extend(bench.read("policy.bin"));
    // No symmetric algorithm, no scheme, 2048 bits, the usual exponent, no modulus yet.
    template.extend([0, 0x10, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 0]);
    template
}

fn what_openssl_encrypts_ours_decrypts_until_a_register_changes(bench: &Bench) {
    bench.theirs(&format!("tpm2_pcrextend 16:sha256={}", hex(&[7; 32])));
    let template = template(bench, "sha256:16,23");
    // A primary key of the owner is the same whenever it is made, so it may be made again each time.
    let public = with_key(bench, &template, |tpm, key| tpm.read_public(key).unwrap().public);
    bench.pem(&public, "key.pem");
    bench.write("secret.bin", SECRET);

    for (padding, options) in PADDINGS {
        bench.theirs(&format!(
            "openssl pkeyutl -encrypt -pubin -inkey key.pem -in secret.bin -out {padding:?}.enc -pkeyopt {options}"
        ));
        let ciphertext = bench.read(&format!("{padding:?}.enc"));
        with_key(bench, &template, |tpm, key| {
            let decrypted = tpm.rsa_decrypt(key, REGISTERS, padding, &ciphertext).unwrap();
            assert_eq!(decrypted.as_slice(), SECRET, "{padding:?}");
            let other = if padding == Padding::Rsaes { Padding::Oaep(0x000b) } else { Padding::Rsaes };
            // About one OAEP block in 400 is a valid RSAES block by chance: not an error, but not the secret either.
            let misread = tpm.rsa_decrypt(key, REGISTERS, other, &ciphertext);
            assert!(misread.map_or(true, |found| found.as_slice() != SECRET), "{padding:?}");
        });
    }

    bench.theirs(&format!("tpm2_pcrextend 23:sha256={}", hex(&[8; 32])));
    for (padding, _) in PADDINGS {
        let ciphertext = bench.read(&format!("{padding:?}.enc"));
        with_key(bench, &template, |tpm, key| {
            let refused = tpm.rsa_decrypt(key, REGISTERS, padding, &ciphertext).unwrap_err();
            assert_eq!(refused.code(), Some(ResponseCode::POLICY_FAIL), "{refused}");
        });
    }
    // Neither keys nor sessions are left behind.
    for kind in ["transient", "loaded-session", "saved-session"] {
        assert_eq!(bench.theirs(&format!("tpm2_getcap handles-{kind}")), "", "{kind}");
    }
}

fn with_key<T>(bench: &Bench, template: &[u8], turn: impl FnOnce(&mut dyn Tpm, u32) -> T) -> T {
    bench.ours(|tpm| {
        let key = tpm.create_primary(handles::OWNER, template).unwrap().handle;
        let result = turn(tpm, key);
        tpm.flush(key).unwrap();
        result
    })
}
