//! `collect nitro-tpm` and `doctor`: a document from the instance to its verdict, and what is refused.

use std::path::PathBuf;

use teeproof_twin::nitro_tpm::{Fault, NitroTpm, Running, Settings};
use teeproof_twin::swtpm::Swtpm;

use super::support::{Run, folder, teeproof};

const NONCE: &str = "hex:00112233445566778899aabbccddeeff";

/// A twin and a folder.
struct Instance {
    twin: Running,
    folder: PathBuf,
}

impl Instance {
    fn start(test: &str, fault: Option<Fault>) -> Self {
        let twin = NitroTpm::start(&Settings { fault, ..Settings::default() }).unwrap();
        let instance = Self { twin, folder: folder(test) };
        std::fs::write(instance.folder.join("root.pem"), instance.twin.root_pem()).unwrap();
        instance
    }

    /// The command on this instance.
    fn run(&self, words: &str) -> Run {
        teeproof(words.split_whitespace())
            .env("TEEPROOF_TPM", &self.twin.address())
            .env("TPM_DEVICE", "/dev/no-such-tpm")
            .in_folder(&self.folder)
    }

    fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }
}

#[test]
fn a_document_for_a_nonce_is_accepted_elsewhere() {
    let instance = Instance::start("instance-collect", None);
    let ran = instance.run(&format!("collect nitro-tpm --nonce {NONCE} -o document.cose")).exits(0);
    assert!(ran.stderr.contains("bytes, not verified\n"), "{ran:#?}");
    let next = format!("hint: verify it elsewhere: teeproof verify FILE --nonce {NONCE} --policy POLICY\n");
    assert!(ran.stderr.ends_with(&next), "{ran:#?}");
    let verify = "verify document.cose --policy builtin:genuine --anchor root.pem --nonce";
    instance.run(&format!("{verify} {NONCE}")).exits(0).shows(&["ACCEPTED", "nitro-tpm"]);
    instance.run(&format!("{verify} hex:ff")).exits(5);
    // Under AWS' roots it is nobody's.
    instance.run(&format!("verify document.cose --policy builtin:genuine --nonce {NONCE}")).exits(4);
    instance.run(&format!("{verify} {NONCE} --accept nitro")).exits(6);

    std::fs::write(instance.folder.join("key.der"), [0x30; 294]).unwrap();
    let words = "collect nitro-tpm --no-nonce --user-data utf8:hello --public-key @key.der -o with.cose";
    instance.run(words).exits(0);
    let shown = instance.run("inspect with.cose").exits(0);
    assert!(shown.stdout.contains("nitrotpm_pcrs") && shown.stdout.contains("68656c6c6f"), "{shown:#?}");
}

#[test]
fn faults_end_with_their_names_and_write_nothing() {
    for (fault, exit, says) in [
        (Fault::NoCommand, 9, &["it is not a NitroTPM", "EC2 instance"][..]),
        (Fault::ResourceManager, 9, &["the resource manager refuses", "device:/dev/tpm0"]),
        (Fault::Failure, 9, &["TPM2_VENDOR_AWS_NSM_REQUEST", "TPM_RC_FAILURE"]),
        (Fault::ResponseHmac, 3, &["HMAC of the response"]),
        (Fault::NoAnswer, 3, &["still has the request"]),
        (Fault::TooLong, 3, &["message buffer 8192", "shorten"]),
        (Fault::Cut, 3, &["not an attestation document"]),
        (Fault::Garbage, 3, &["malformed answer"]),
        (Fault::InternalError, 9, &["InternalError"]),
        (
            Fault::Nonce,
            5,
            &[
                "nonce of the document: expected 00112233445566778899aabbccddeeff, got a5a5",
                "may be a replay",
            ],
        ),
        (Fault::Undefine, 9, &["NV index 0x01800000 stays defined", "tpm2_nvundefine -C o 0x01800000"]),
    ] {
        let instance = Instance::start(&format!("instance-{fault:?}"), Some(fault));
        instance.run(&format!("collect nitro-tpm --nonce {NONCE} -o document.cose")).fails(exit, says);
        assert!(!instance.has("document.cose"), "{fault:?}");
    }
}

#[test]
fn the_device_is_that_of_the_option_then_of_aws_variable() {
    let words = ["collect", "nitro-tpm", "-o", "x", "--nonce", NONCE];
    teeproof(words).env("TPM_DEVICE", "/dev/no-such-tpm").fails(9, &["device:/dev/no-such-tpm"]);
    // As it is: no address, and no other device than this.
    teeproof(words).env("TPM_DEVICE", "swtpm:port=1").fails(9, &["device:swtpm:port=1"]);
    teeproof(words)
        .env("TPM_DEVICE", "")
        .env("TEEPROOF_TPM", "device:/dev/no-tpm")
        .fails(9, &["device:/dev/no-tpm"]);
    teeproof(words).args(["--tpm", "nowhere"]).fails(2, &["--tpm", "nowhere"]);
    teeproof(words).args(["--tpm", "swtpm:host=127.0.0.1,port=1"]).fails(9, &["nobody listens"]);
    teeproof(["collect", "nitro-tpm", "-o", "x"]).fails(2, &["expected --nonce or --no-nonce", "hint: "]);
    let long = format!("hex:{}", "00".repeat(4096));
    let swtpm = Swtpm::start().unwrap();
    teeproof([
        "collect",
        "nitro-tpm",
        "-o",
        "x",
        "--no-nonce",
        "--user-data",
        &long,
        "--tpm",
        &swtpm.address(),
    ])
    .fails(2, &["at most 4096 bytes"]);
    // Not a NitroTPM: there is no key to salt a session to.
    teeproof(["collect", "nitro-tpm", "-o", "x", "--nonce", NONCE, "--tpm", &swtpm.address()])
        .fails(9, &["no endorsement key at handle 0x81010001"]);
}

#[test]
fn the_doctor_knows_a_nitrotpm() {
    let instance = Instance::start("instance-doctor", None);
    instance.run("doctor").exits(0).shows(&[
        "✔ TPM ",
        "AMZN NitroTPMv1.0: the NitroTPM of an EC2",
        "✔ endorsement key ",
        "✔ PCR banks ",
        "– vendor command ",
        "Evidence can be collected on this machine: teeproof collect nitro-tpm",
    ]);
    let json = instance.run("doctor --format json").exits(0).json();
    assert_eq!(json["probes"].as_array().unwrap().len(), 4);
}
