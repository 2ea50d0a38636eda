//! `eif`: images built, measured and shown; and images that are refused.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use teeproof_eif::{Architecture, ImageSettings, NewImage, build};

use crate::support::*;

/// A private key on P-384 (ECPrivateKey) and its certificate, made by openssl for these tests; they protect nothing.
const P384_KEY: &str = "\
     MIGkAgEBBDAqsbsvzZ2JlPU6tsr3SbO9muj3wrlSfQs+vxACNQ1j6DL3QsLcfHIBI0XY0ZQBIaygBwYFK4EEACKhZANiAAQ1\
     DwUKB1EAdBJeAsiWipWVLsO+lvKJLpjrTpgIP/oMpNsJ3h2VzrT4DYV0Dl+vNrQPRSiKVQW/idAocy8S/BlTgSC7Cm2SxSOn\
     Hwkdf1oZNBDus8ggj2OqTU62Zl3LIgc=";
const P384_CERTIFICATE: &str = "\
     MIIB3TCCAWSgAwIBAgIUYGviwmk3q3rwWGXkCdSzbiZQpn4wCgYIKoZIzj0EAwMwJTEjMCEGA1UEAwwac2lnbmVyIG9mIHRl\
     ZXByb29mJ3MgdGVzdHMwIBcNMjYxMTMwMTkzNDE1WhgPMjEyNjExMDYxOTM0MTVaMCUxIzAhBgNVBAMMGnNpZ25lciBvZiB0\
     ZWVwcm9vZidzIHRlc3RzMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAENQ8FCgdRAHQSXgLIloqVlS7DvpbyiS6Y606YCD/6DKTb\
     Cd4dlc60+A2FdA5frza0D0UoilUFv4nQKHMvEvwZU4EguwptksUjpx8JHX9aGTQQ7rPIII9jqk1OtmZdyyIHo1MwUTAdBgNV\
     HQ4EFgQUHCnxkcp0UoxJ4wdzf9h0KOsbAjEwHwYDVR0jBBgwFoAUHCnxkcp0UoxJ4wdzf9h0KOsbAjEwDwYDVR0TAQH/BAUw\
     AwEB/zAKBggqhkjOPQQDAwNnADBkAjAqEFewbWYD4if1PIT2vuU8KCmUcRmiHxuzp5yYd46BLipVdeFs8mFu7jxIk7CGKhAC\
     MBuQeutaleEhNmakQwyChar2IcFfYll6rUCjjVeCKIJTcz/3nEQB3ez/iXdD2cLgJA==";
/// The same on P-256, the key as PKCS#8.
const P256_KEY: &str = "\
     MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRAtpjTrUa786xoWv90N8VMcyIqaI7YxGD4T6iiIgOuKhRANC\
     AASrrVga0sXrIT983UAYpoGhslXEjKriFkwFWatoBcZuyoAPTI9RHTU7WeT58j5eoa34EX4s5lsD7SHfhVowHbey";
const P256_CERTIFICATE: &str = "\
     MIIBiTCCAS+gAwIBAgIUeEtLVwDUxFBc8A2DlVdOkKNe5jswCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOYW5vdGhlciBzaWdu\
     ZXIwIBcNMjYxMTMwMTkzNDE1WhgPMjEyNjExMDYxOTM0MTVaMBkxFzAVBgNVBAMMDmFub3RoZXIgc2lnbmVyMFkwEwYHKoZI\
     zj0CAQYIKoZIzj0DAQcDQgAEq61YGtLF6yE/fN1AGKaBobJVxIyq4hZMBVmraAXGbsqAD0yPUR01O1nk+fI+XqGt+BF+LOZb\
     A+0h34VaMB23sqNTMFEwHQYDVR0OBBYEFNIAdGJfI9TVUKWl20QMI1iSjGHvMB8GA1UdIwQYMBaAFNIAdGJfI9TVUKWl20QM\
     I1iSjGHvMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgKBZtSvp+NnXxdVVrHRgDmj9crpDfa9PYUoHLwYRE\
     KrYCIQD2pMk/HDbn159WjMePms9BnXrZbKtbzaAJmTSs97bi0A==";
/// A key on P-521, which signs nothing here.
const P521_KEY: &str = "\
     MIHcAgEBBEIBUjhn+3/vmzwEgaUBAlNOIck968OFwPJCOb9RSbGW6TBfuKF+OgKaEIyUm8xaHfHMR2f+vZWnYqtEwfBqhFb+\
     VoWgBwYFK4EEACOhgYkDgYYABABzMjKjKZhKuU2kKGJZv58vepfDrZje9C/d4wCYD5WONpE8RNsIXT1P0HWQr3VakNEKiCyH\
     AQvicf1RtbX+r8CsUwCDwRYIFgoKsrR7LeRPalvtaEwmzhpDgjex3IF+MC4PgktNX20wdRMfi+WGwJ+H8caMSz6zhq2unONZ\
     RozkDEW+Aw==";

/// PCR3 of this role, as AWS publishes its first and last digits.
const ROLE: &str = "arn:aws:iam::123456789012:role/Webserver";
/// PCR2 of every image without an application ramdisk.
const NO_APPLICATION: &str =
    "21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a";

/// PEM with this base64.
fn armoured(label: &str, base64: &str) -> String {
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Kernel, ramdisks and the keys, in a folder of one test.
pub(super) struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    pub(super) fn new(test: &str) -> Self {
        let folder = folder(test);
        put(&folder, "kernel", b"KERNEL".repeat(100));
        put(&folder, "init", b"INIT".repeat(50));
        put(&folder, "app", b"APP".repeat(30_000));
        for (name, key, label, certificate) in [
            ("p384", P384_KEY, "EC PRIVATE KEY", P384_CERTIFICATE),
            ("p256", P256_KEY, "PRIVATE KEY", P256_CERTIFICATE),
            ("p521", P521_KEY, "EC PRIVATE KEY", P256_CERTIFICATE),
        ] {
            put(&folder, &format!("{name}.key"), armoured(label, key));
            put(&folder, &format!("{name}.pem"), armoured("CERTIFICATE", certificate));
        }
        Self { folder }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Run {
        teeproof(arguments).in_folder(&self.folder)
    }

    /// `eif build` of everything, with more arguments.
    pub(super) fn build(&self, output: &str, more: &[&str]) -> Run {
        let usual =
            ["--kernel", "kernel", "--cmdline", "console=ttyS0", "--ramdisk", "init", "--ramdisk", "app"];
        self.run(&["eif", "build"]).args(usual).args(more).args(["-o", output])
    }

    pub(super) fn measurements(&self, image: &str) -> Value {
        self.run(&["eif", "measure", image, "--format", "json"]).exits(0).json()["Measurements"].clone()
    }

    /// A copy of a signed image with another last byte, which is that of the signature, and its checksum.
    pub(super) fn forge(&self, signed: &str, forged: &str) {
        let mut image = std::fs::read(self.path(signed)).unwrap();
        *image.last_mut().unwrap() ^= 1;
        let crc = crc32(image[..544].iter().chain(&image[548..]));
        image[544..548].copy_from_slice(&crc.to_be_bytes());
        self.put(forged, image);
    }

    pub(super) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        put(&self.folder, name, content)
    }
}

#[test]
fn an_image_is_the_same_each_time() {
    let shop = Workshop::new("eif-build");
    let ran = shop.build("app.eif", &[]).exits(0);
    assert!(
        ran.stdout.is_empty() && ran.stderr.contains("PCR0  ") && !ran.stderr.contains("PCR8"),
        "{ran:#?}"
    );
    let again = shop.build("again.eif", &[]).exits(0);
    assert_eq!(ran.stderr, again.stderr);
    let image = std::fs::read(shop.path("app.eif")).unwrap();
    assert_eq!(image, std::fs::read(shop.path("again.eif")).unwrap());
    // To standard output as well.
    let usual = ["eif", "build", "--kernel", "kernel", "--cmdline", "console=ttyS0", "--ramdisk", "init"];
    assert_eq!(shop.run(&usual).args(["--ramdisk", "app"]).bytes(), image);
    // As JSON, where the image is not.
    let json = shop.build("json.eif", &["--format", "json"]).exits(0);
    let measured = shop.run(&["eif", "measure", "json.eif", "--format", "json"]).exits(0);
    assert_eq!((json.json(), json.stderr.as_str()), (measured.json(), ""));
    let json = shop.run(&usual).args(["--ramdisk", "app", "--format", "json"]).into_stdout(Stdio::null());
    let said: Value = serde_json::from_str(&json.1).unwrap();
    assert_eq!((json.0, &said["Measurements"]), (Some(0), &measured.json()["Measurements"]));
    // Time, name and the rest are metadata, and change no PCR.
    let metadata = ["--build-time", "2026-01-15T12:00:00Z", "--name", "other", "--default-memory", "64"];
    shop.build("other.eif", &metadata).exits(0);
    assert_ne!(image, std::fs::read(shop.path("other.eif")).unwrap());
    assert_eq!(shop.measurements("app.eif"), shop.measurements("other.eif"));
    shop.build("arm.eif", &["--arch", "arm64"]).exits(0);
    let arm = shop.run(&["eif", "show", "arm.eif", "--format", "json"]).exits(0).json();
    assert_eq!((&arm["architecture"], &arm["version"]), (&"arm64".into(), &4.into()));
    assert_eq!(arm["Measurements"], shop.measurements("app.eif"));
    // The metadata of one image are those of another.
    shop.put("metadata.json", arm["metadata"].to_string());
    shop.build("copied.eif", &["--metadata", "metadata.json", "--arch", "arm64"]).exits(0);
    let copied = shop.run(&["eif", "show", "copied.eif", "--format", "json"]).exits(0).json();
    assert_eq!((&copied["metadata"], &copied["metadata_error"]), (&arm["metadata"], &Value::Null));
}

#[test]
fn the_pcrs_are_those_of_the_formulas() {
    let shop = Workshop::new("eif-measure");
    shop.build("app.eif", &[]).exits(0);
    let hash = |parts: &[&[u8]]| teeproof_aws_lc::TABLE.sha384.digest(parts);
    let pcr = |parts: &[&[u8]]| hex(&hash(&[&[0; 48], &hash(parts)]));
    let [kernel, init, app] = ["kernel", "init", "app"].map(|name| std::fs::read(shop.path(name)).unwrap());
    let text = &b"console=ttyS0"[..];
    let measured = shop.measurements("app.eif");
    assert_eq!(measured["PCR0"], pcr(&[&kernel, text, &init, &app]));
    assert_eq!(measured["PCR1"], pcr(&[&kernel, text, &init]));
    assert_eq!(measured["PCR2"], pcr(&[&app]));
    assert_eq!((&measured["PCR3"], &measured["PCR8"]), (&Value::Null, &Value::Null));
    assert_eq!(measured["HashAlgorithm"], "Sha384 { ... }");
    let parent = ["--role", ROLE, "--instance", "i-0123456789abcdef0"];
    let ran = shop.run(&["eif", "measure", "app.eif"]).args(parent).exits(0);
    let ran = ran.shows(&["PCR3  78fce75d", "21e6  arn:aws:iam::", "signature  none"]);
    let lines: Vec<_> = ran.stdout.lines().filter_map(|line| line.get(..4)).collect();
    assert!(lines.windows(5).any(|five| five == ["PCR0", "PCR1", "PCR2", "PCR3", "PCR4"]), "{ran:#?}");
    let instance = hex(&hash(&[&[0; 48], b"i-0123456789abcdef0"]));
    let json = shop.run(&["eif", "measure", "app.eif", "--format", "json"]).args(parent).exits(0).json();
    assert_eq!(json["Measurements"]["PCR4"], instance);
    // From standard input, and without an application.
    let image = std::fs::read(shop.path("app.eif")).unwrap();
    let piped = shop.run(&["eif", "measure", "-", "--format", "json"]).stdin(&image).exits(0).json();
    assert_eq!(piped["Measurements"], measured);
    let usual =
        ["eif", "build", "--kernel", "kernel", "--cmdline", "x", "--ramdisk", "init", "-o", "one.eif"];
    shop.run(&usual).exits(0);
    assert_eq!(shop.measurements("one.eif")["PCR2"], NO_APPLICATION);
}

#[test]
fn names_that_pcrs_are_not_made_from() {
    let shop = Workshop::new("eif-names");
    shop.build("app.eif", &[]).exits(0);
    for (role, says) in [
        ("Webserver", "a text that is not an ARN"),
        ("arn:aws:sts::123456789012:assumed-role/Webserver/i-1", "of a session"),
        ("arn:aws:iam::123456789012:instance-profile/Webserver", "an instance profile"),
        ("arn:aws:iam::123456789012:role/Webserver ", "spaces"),
    ] {
        shop.run(&["eif", "measure", "app.eif", "--role", role])
            .fails(2, &["--role: expected the ARN", says]);
    }
    let enclave = "i-0123456789abcdef0-enc0123456789abcdef";
    shop.run(&["eif", "measure", "app.eif", "--instance", enclave])
        .fails(2, &["--instance: expected the id"]);
}

#[test]
fn a_moved_boundary_shows_in_the_sections_alone() {
    let shop = Workshop::new("eif-sections");
    shop.build("app.eif", &[]).exits(0);
    shop.put("kernel", [b"KERNEL".repeat(100), b"c".to_vec()].concat());
    let usual = ["--kernel", "kernel", "--cmdline", "onsole=ttyS0", "--ramdisk", "init", "--ramdisk", "app"];
    shop.run(&["eif", "build", "-o", "moved.eif"]).args(usual).exits(0);
    assert_eq!(shop.measurements("app.eif"), shop.measurements("moved.eif"));
    let sections = |image| {
        let json = shop.run(&["eif", "sections", image, "--format", "json"]).exits(0).json();
        json["sections"].as_array().unwrap().clone()
    };
    let (left, right) = (sections("app.eif"), sections("moved.eif"));
    let differing = left.iter().zip(&right).filter(|(left, right)| left["sha384"] != right["sha384"]);
    let kinds: Vec<_> = differing.map(|(section, _)| section["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["kernel", "command line"]);
    let pcrs: Vec<_> = left.iter().map(|section| section["pcrs"].to_string()).collect();
    assert_eq!(pcrs, ["[0,1]", "[0,1]", "[]", "[0,1]", "[0,2]"]);
    let app = std::fs::read(shop.path("app")).unwrap();
    let digest = hex(&teeproof_aws_lc::TABLE.sha384.digest(&[&app]));
    shop.run(&["eif", "sections", "app.eif"]).exits(0).shows(&["PCR0 PCR2", &digest, "not measured"]);
}

#[test]
fn a_signed_image_says_what_is_verified() {
    let shop = Workshop::new("eif-signed");
    for (name, algorithm, subject) in
        [("p384", "ES384", "signer of teeproof"), ("p256", "ES256", "another signer")]
    {
        let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
        let signer = ["--signing-certificate", &certificate, "--private-key", &key];
        let ran = shop.build("signed.eif", &signer).exits(0);
        assert!(ran.stderr.contains("PCR8  "), "{ran:#?}");
        shop.build("again.eif", &signer).exits(0);
        let image = std::fs::read(shop.path("signed.eif")).unwrap();
        assert_eq!(image, std::fs::read(shop.path("again.eif")).unwrap());
        let json = shop.run(&["eif", "measure", "signed.eif", "--format", "json"]).exits(0).json();
        let signature = &json["signature"];
        assert_eq!((&signature["status"], &signature["anchor"]), (&"valid".into(), &"none".into()));
        assert_eq!(signature["algorithm"], algorithm);
        assert!(signature["subject"].as_str().unwrap().contains(subject), "{signature}");
        let fingerprint = signature["certificate_sha384"].as_str().unwrap();
        let bytes: Vec<u8> =
            (0..48).map(|at| u8::from_str_radix(&fingerprint[2 * at..2 * at + 2], 16).unwrap()).collect();
        let pcr8 = teeproof_aws_lc::TABLE.sha384.digest(&[&[0; 48], &bytes]);
        assert_eq!(json["Measurements"]["PCR8"], hex(&pcr8));
        shop.run(&["eif", "show", "signed.eif"]).exits(0).shows(&[
            "signature  valid, ",
            "PCR0 of this image, under the key of the certificate in the image",
            "no anchor: anybody can make a certificate of this name",
            "cmdline    console=ttyS0",
            "not measured",
        ]);
        shop.forge("signed.eif", "forged.eif");
        let ran = shop.run(&["eif", "measure", "forged.eif"]).exits(4).shows(&["INVALID", "PCR8  "]);
        assert!(ran.stdout.contains("hint: "), "{ran:#?}");
        let json = shop.run(&["eif", "show", "forged.eif", "--format", "json"]).exits(4).json();
        assert_eq!((&json["signature"]["status"], &json["exit_code"]), (&"invalid".into(), &4.into()));
        assert_eq!(json["signature"]["verified"], Value::Null);
    }
}

/// CRC-32 bit by bit, by its definition.
fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let of_byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    };
    !bytes.fold(u32::MAX, of_byte)
}

#[test]
fn keys_that_sign_nothing() {
    let shop = Workshop::new("eif-keys");
    let with = |certificate: &str, key: &str| {
        shop.build("app.eif", &["--signing-certificate", certificate, "--private-key", key])
    };
    with("p384.pem", "p256.key").fails(2, &["the private key is not that of the signing certificate"]);
    with("p256.pem", "p521.key").fails(3, &["expected a private key on P-256 or P-384"]);
    with("p256.key", "p256.key").fails(3, &["expected a certificate in PEM, got none"]);
    with("p256.pem", "p256.pem").fails(3, &["expected a private key in PEM"]);
    with("p256.pem", "no-such-file").fails(2, &["no-such-file"]);
    assert!(!shop.path("app.eif").exists());
    shop.build("app.eif", &["--private-key", "p256.key"]).exits(2);
    // What else is in the certificate's file stays out of the image.
    let (key, certificate) = (armoured("PRIVATE KEY", P256_KEY), armoured("CERTIFICATE", P256_CERTIFICATE));
    shop.put("both.pem", [key, certificate].concat());
    with("both.pem", "p256.key").exits(0);
    let clean = std::fs::read(shop.path("app.eif")).unwrap();
    with("p256.pem", "p256.key").exits(0);
    assert_eq!(clean, std::fs::read(shop.path("app.eif")).unwrap());
}

#[test]
fn images_that_are_refused() {
    let shop = Workshop::new("eif-refused");
    shop.build("app.eif", &[]).exits(0);
    let image = std::fs::read(shop.path("app.eif")).unwrap();
    let refused = |name: &str, content: &[u8], says: &[&str]| {
        shop.put(name, content);
        for verb in ["measure", "show", "sections"] {
            shop.run(&["eif", verb, name]).fails(3, says);
        }
        let json = shop.run(&["eif", "show", name, "--format", "json"]).exits(3).json();
        assert_eq!(json["exit_code"], 3);
    };
    let with = |at: usize, byte: u8| [&image[..at], &[byte], &image[at + 1..]].concat();
    refused("elf", b"\x7fELF", &["EIF header: magic: expected 0x2e656966 (.eif), got 0x7f454c46"]);
    refused("start", &image[..100], &["EIF header: expected 548 bytes, got 100", "lists every refused form"]);
    refused(
        "magic",
        &with(0, 0x7f),
        &["EIF header: magic: expected 0x2e656966 (.eif), got 0x7f656966 at offset 0x0"],
    );
    refused("version", &with(5, 9), &["version: expected 2, 3 or 4, got 9 at offset 0x4"]);
    refused(
        "count",
        &with(0x1a, 0xff),
        &["num_sections: expected 2 to 32, got 65285 (0xff05) at offset 0x1a"],
    );
    refused(
        "table",
        &with(0x24, 0x80),
        &["EIF header: section_offsets[1]: expected 1160 (0x488), got 9223372036854776968"],
    );
    refused("size", &with(0x13c, 0xff), &["EIF section 4 (ramdisk): size: expected 18374686479671713680"]);
    refused("content", &with(600, 0), &["EIF header: crc_32"]);
    let cut = "EIF section 4 (ramdisk): content: expected 90000 bytes, got 89999";
    refused("cut", &image[..image.len() - 1], &[cut]);
    refused("more", &[&image[..], b"x"].concat(), &["expected the end of the file after the last section"]);
    refused("empty", b"", &["empty: the file is empty", "give an enclave image file"]);
    shop.run(&["eif", "measure", "no-such-file"]).fails(2, &["no-such-file"]);
    shop.run(&["eif", "measure", "."]).fails(2, &["expected a file, got a directory"]);
}

#[test]
fn builds_that_are_refused() {
    let shop = Workshop::new("eif-unbuilt");
    let build = |more: &[&str]| shop.run(&["eif", "build", "--kernel", "kernel", "-o", "app.eif"]).args(more);
    build(&["--cmdline", "x"]).exits(2);
    shop.put("nul", b"a\0b");
    build(&["--cmdline", "@nul", "--ramdisk", "init"]).fails(2, &["expected no NUL character"]);
    build(&["--cmdline", "x", "--ramdisk", "no-such-file"]).fails(2, &["no-such-file"]);
    build(&["--cmdline", "x", "--ramdisk", "/dev/null"]).fails(2, &["expected a regular file"]);
    shop.put("metadata.json", "{}");
    build(&["--cmdline", "x", "--ramdisk", "init", "--metadata", "metadata.json"])
        .fails(3, &["EIF metadata: expected an object with ImageName"]);
    let many: Vec<_> = (0..30).flat_map(|_| ["--ramdisk", "init"]).collect();
    build(&["--cmdline", "x"]).args(many).fails(3, &["num_sections: expected 2 to 32, got 33"]);
    build(&["--cmdline", "x", "--ramdisk", "app.eif"]).exits(2);
    assert!(!shop.path("app.eif").exists());
    shop.put("cmdline", "console=ttyS0\n");
    let ran = build(&["--cmdline", "@cmdline", "--ramdisk", "init"]).exits(0);
    assert!(ran.stderr.contains("note: the command line ends with a line end"), "{ran:#?}");
    // The output is not one of the inputs.
    build(&["--cmdline", "x", "--ramdisk", "app.eif"]).fails(2, &["the output is also an input"]);
}

#[test]
fn an_image_is_no_evidence_and_is_described() {
    let shop = Workshop::new("eif-inspect");
    shop.build("app.eif", &[]).exits(0);
    let inspected = shop.run(&["inspect", "app.eif"]).exits(0);
    inspected.shows(&["enclave-image", "section_offset", "measured in PCR0 and PCR2", "SHA-384", "PCR2"]);
    let json = shop.run(&["inspect", "app.eif", "--format", "json"]).exits(0).json();
    assert_eq!((&json["kind"], &json["flaw"]), (&"enclave-image".into(), &Value::Null));
    shop.run(&["verify", "app.eif", "--no-nonce"])
        .fails(2, &["expected evidence, found an enclave image (EIF)", "teeproof eif match"]);
    // Larger than any evidence.
    shop.put("app", vec![7; 10 << 20]);
    shop.build("large.eif", &[]).exits(0);
    shop.run(&["inspect", "large.eif"]).exits(0).shows(&["10485760"]);
    shop.run(&["verify", "large.eif", "--no-nonce"]).fails(3, &["at most 9 MiB", "teeproof eif"]);
}

/// Texts of an image are foreign: none reaches the terminal as it is.
#[test]
fn texts_of_an_image_are_escaped() {
    let metadata = "{\"ImageName\": \"\\u001b[2J\", \"ImageVersion\": \"\u{202e}\"}";
    let image = NewImage {
        settings: ImageSettings::new(Architecture::X86_64),
        kernel: b"K",
        command_line: "\u{1b}[31m\nPCR0  00",
        metadata: metadata.as_bytes(),
        ramdisks: &[],
        signature: None,
    };
    let path = file("eif-foreign", "foreign.eif", build(&image).unwrap());
    let ran = teeproof(["eif", "show"]).args([&path]).exits(0);
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{202e}'), "{ran:#?}");
    assert!(!ran.stdout.lines().any(|line| line.starts_with("PCR0  00")), "{ran:#?}");
    ran.shows(&["metadata: EIF metadata: expected an object with ImageName"]);
    let json = teeproof(["eif", "show", "--format", "json"]).args([&path]).exits(0).json();
    assert_eq!(json["command_line"], "\u{1b}[31m\nPCR0  00");
}

/// A slow image: after a second, the terminal shows how much of it is measured, and the line is gone at the end.
#[cfg(target_os = "linux")]
#[test]
fn a_slow_image_is_reported() {
    let shop = Workshop::new("eif-slow");
    shop.build("app.eif", &[]).exits(0);
    let (image, pipe) = (std::fs::read(shop.path("app.eif")).unwrap(), shop.path("pipe"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            use std::io::Write;
            let mut pipe = std::fs::File::options().write(true).open(pipe).unwrap();
            pipe.write_all(&image[..1000]).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(1500));
            pipe.write_all(&image[1000..]).unwrap();
        }
    });
    let (exit, terminal) = shop.run(&["eif", "measure", "pipe"]).on_terminal();
    writer.join().unwrap();
    let text = String::from_utf8_lossy(&terminal);
    assert_eq!(exit, Some(0), "{text}");
    assert!(text.contains("0 MiB measured …\r"), "{text:?}");
    assert!(text.contains("PCR2  "), "{text:?}");
}
