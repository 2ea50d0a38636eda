//! The verbs of `nsm` that need a module: describe, PCRs, documents, random bytes.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use super::enclave::{Enclave, NONCE};
use super::module::TestModule;
use super::support::teeproof;

#[test]
fn a_module_is_described() {
    let enclave = Enclave::start("enclave-describe");
    enclave.run("nsm describe").exits(0).shows(&[
        "module id    i-1234567890abcdef0-enc0123456789abcdef\n",
        "version      1.0.2\n",
        "PCRs         32, SHA384\n",
        "locked       0-15\n",
        "mode         production\n",
    ]);
    let json = enclave.run("nsm describe --format json").exits(0).json();
    assert_eq!(json["schema"], "teeproof/nsm/1");
    assert_eq!(json["address"], enclave.address);
    assert_eq!(json["locked_pcrs"].as_array().unwrap().len(), 16);
    assert_eq!(json["debug"], false);
    let debug = Enclave::with("enclave-describe-debug", TestModule::default());
    debug.run("nsm describe").exits(0).shows(&["locked       none\n", "mode         debug"]);
    assert_eq!(debug.run("nsm describe --format json").exits(0).json()["debug"], true);
}

#[test]
fn pcrs_are_extended_and_locked() {
    let enclave = Enclave::start("enclave-pcrs");
    let all = enclave.run("nsm pcr describe").exits(0).stdout;
    assert_eq!(all.lines().count(), 32);
    assert!(all.starts_with(&format!("PCR0   locked      {}\n", "01".repeat(48))), "{all}");
    let extended = enclave.run("nsm pcr extend 16 utf8:configuration").exits(0);
    assert_eq!(extended.stdout, format!("PCR16  not locked  {}\n", "01".repeat(48)));
    let json = enclave.run("nsm pcr extend 16 hex:00 --format json").exits(0).json();
    assert_eq!(json["schema"], "teeproof/nsm-pcrs/1");
    assert_eq!(json["pcrs"][0]["value"], "02".repeat(48));
    let locked = enclave.run("nsm pcr lock 16").exits(0);
    assert_eq!((&*locked.stdout, &*locked.stderr), ("", "PCR16: locked\n"));
    enclave
        .run("nsm pcr lock 16")
        .fails(9, &["LockPCR: the Nitro security module refuses with ReadOnlyIndex"]);
    enclave.run("nsm pcr extend 16 hex:00").fails(9, &["ExtendPCR", "ReadOnlyIndex", "from 16 to 31"]);
    let range = enclave.run("nsm pcr lock-range 20").exits(0);
    assert_eq!(range.stderr, "PCR0 to PCR19: locked\n");
    enclave.run("nsm pcr describe 19 20").exits(0).shows(&["PCR19  locked", "PCR20  not locked"]);
    for wrong in
        ["nsm pcr lock 32", "nsm pcr describe 0 256", "nsm pcr lock-range 33", "nsm pcr lock-range 0"]
    {
        enclave.refuses(wrong, "is not in");
    }
    std::fs::write(enclave.path("long"), [0; 4097]).unwrap();
    enclave
        .run("nsm pcr extend 17 @long")
        .fails(2, &["ExtendPCR: expected a request of at most 4096 bytes, got 41"]);
}

#[test]
fn random_bytes_go_to_a_private_file() {
    let enclave = Enclave::start("enclave-random");
    assert_eq!(enclave.run("nsm random").bytes(), [0x42; 32]);
    assert_eq!(enclave.run("nsm random 600").bytes(), [0x42; 600]);
    enclave.run("nsm random 16 -o key").exits(0);
    let mode = std::fs::metadata(enclave.path("key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for wrong in ["nsm random 0", "nsm random 16385", "nsm random x"] {
        enclave.refuses(wrong, "invalid value");
    }
}

#[test]
fn without_a_module_the_error_says_what_to_do() {
    for verb in [
        "nsm describe",
        "nsm pcr describe",
        "nsm pcr extend 16 hex:00",
        "nsm pcr lock 16",
        "nsm pcr lock-range 16",
        "nsm attest --no-nonce",
        "nsm random",
        "nsm serve --listen tcp:127.0.0.1:0",
        "collect nitro --no-nonce",
    ] {
        let words = || verb.split(' ');
        let missing = teeproof(words()).args(["--nsm", "device:/dev/no-such-nsm"]);
        missing.fails(
            9,
            &["no Nitro security module: /dev/no-such-nsm does not exist", "inside of a Nitro enclave"],
        );
        let other = teeproof(words()).env("TEEPROOF_NSM", "device:/dev/null");
        other.fails(9, &["device:/dev/null cannot be opened"]);
        teeproof(words())
            .args(["--nsm", "/dev/nsm"])
            .fails(2, &["--nsm: /dev/nsm is not the address", "tcp:HOST:PORT"]);
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = teeproof(["nsm", "describe", "--nsm", &format!("tcp:{free}")]);
    nobody.fails(9, &["cannot be opened", "teeproof-twin nsm"]);
}

#[test]
fn a_document_is_written_as_the_module_returns_it() {
    let enclave = Enclave::start("enclave-attest");
    let words = format!("nsm attest --nonce {NONCE} --user-data utf8:data --public-key hex:0102 -o document");
    enclave.run(&words).exits(0);
    enclave.verify("document", &["--nonce", NONCE]).exits(0);
    let json = enclave.verify("document", &["--nonce", NONCE, "--format", "json"]).exits(0).json();
    assert_eq!(json["claims"]["user_data"], "64617461", "{json:#}");
    assert_eq!(json["claims"]["public_key"], "0102");
    enclave.run("nsm attest --nonce hex:").fails(2, &["--nonce: the nonce is empty"]);
    enclave.refuses("nsm attest", "--nonce");
    std::fs::write(enclave.path("long"), [0; 4000]).unwrap();
    enclave
        .run(&format!("nsm attest --nonce {NONCE} --user-data @long --public-key @long"))
        .fails(2, &["at most 4096"]);
}
