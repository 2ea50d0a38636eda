//! `eif match`: an image compared with documents, and with measurements, which need --unverified.

use std::path::PathBuf;

use serde_json::Value;
use teeproof_mint::nitro::Enclave;

use super::eif::Workshop;
use crate::support::*;

/// The document of an enclave with these PCRs, and the root that it is under.
fn document(shop: &Workshop, name: &str, pcrs: &Value, enclave: Enclave) -> PathBuf {
    let mut enclave = enclave;
    for number in [0, 1, 2, 8] {
        if let Some(value) = pcrs[format!("PCR{number}")].as_str() {
            let bytes: Vec<u8> =
                (0..48).map(|at| u8::from_str_radix(&value[2 * at..2 * at + 2], 16).unwrap()).collect();
            enclave = enclave.pcr(number, &bytes);
        } else {
            enclave = enclave.pcr(number, &[0; 48]);
        }
    }
    let minted = enclave.mint().unwrap();
    shop.put("root.der", minted.root());
    shop.put(name, &minted.document)
}

#[test]
fn an_image_and_documents() {
    let shop = Workshop::new("eif-match");
    shop.build("app.eif", &[]).exits(0);
    let pcrs = shop.measurements("app.eif");
    document(&shop, "same.cose", &pcrs, Enclave::new());
    let with =
        |image: &str, document: &str, more: &[&str]| shop.run(&["eif", "match", image, document]).args(more);
    let anchor = ["--anchor", "root.der"];
    let ran = with("app.eif", "same.cose", &anchor).exits(0);
    assert!(ran.first_line().starts_with("MATCH  app.eif and same.cose  exit 0"), "{ran:#?}");
    let ran = ran.shows(&["NON-PRODUCTION ANCHOR", "✔ PCR0", "✔ PCR8  none"]);
    assert!(!ran.stdout.contains("UNVERIFIED"));
    let json = with("app.eif", "same.cose", &anchor).args(["--format", "json"]).exits(0).json();
    assert_eq!(
        (&json["matches"], &json["verified"], &json["anchor"]),
        (&true.into(), &true.into(), &"added".into())
    );
    // Not under the root of AWS; and without any verification, which is said.
    with("app.eif", "same.cose", &[]).fails(4, &["same.cose: nitro.chain"]);
    with("app.eif", "same.cose", &["--unverified"])
        .exits(0)
        .shows(&["UNVERIFIED", "anybody could have written"]);
    with("app.eif", "same.cose", &["--unverified", "--anchor", "root.der"]).exits(2);
    // Another image, and a document of an enclave in debug mode.
    shop.put("app", b"another");
    shop.build("other.eif", &[]).exits(0);
    let ran = with("other.eif", "same.cose", &anchor).exits(6);
    ran.shows(&["DIFFERENT", "✘ PCR0  image ", "✔ PCR1", "✘ PCR2  image "]);
    document(&shop, "debug.cose", &Value::Null, Enclave::new());
    let ran =
        with("app.eif", "debug.cose", &anchor).exits(6).shows(&["DEBUG", "says nothing about an image"]);
    assert!(!ran.stdout.contains("MATCH"));
    let json = with("app.eif", "debug.cose", &anchor).args(["--format", "json"]).exits(6).json();
    assert_eq!((&json["debug"], &json["matches"]), (&true.into(), &false.into()));
    // PCR8 of a signed image is not zero.
    let signer = ["--signing-certificate", "p384.pem", "--private-key", "p384.key"];
    shop.put("app", b"APP".repeat(30_000));
    shop.build("signed.eif", &signer).exits(0);
    with("signed.eif", "same.cose", &anchor).exits(6).shows(&["✔ PCR0", "✘ PCR8"]);
    document(&shop, "signed.cose", &shop.measurements("signed.eif"), Enclave::new());
    with("signed.eif", "signed.cose", &anchor).exits(0);
    with("app.eif", "signed.cose", &anchor).exits(6).shows(&["✘ PCR8"]);
}

#[test]
fn real_documents_are_of_other_images() {
    let shop = Workshop::new("eif-real");
    shop.build("app.eif", &[]).exits(0);
    let run = |document: &str| shop.run(&["eif", "match", "app.eif"]).file(document);
    run(PRODUCTION).exits(6).shows(&["DIFFERENT", "verified: signed by AWS"]);
    run(DEBUG).exits(6).shows(&["DEBUG", "verified: signed by AWS"]);
    run(TAMPERED).fails(4, &["nitro.signature"]);
    run(REPORT).fails(2, &["expected a document of an enclave, found an SNP report"]);
}

#[test]
fn an_image_and_measurements_of_nitro_cli() {
    let shop = Workshop::new("eif-nitro-cli");
    shop.build("app.eif", &[]).exits(0);
    let pcrs = shop.measurements("app.eif");
    let with = |name: &str, content: String| {
        shop.put(name, content);
        shop.run(&["eif", "match", "app.eif", name, "--unverified"])
    };
    let build = serde_json::json!({ "Measurements": pcrs });
    with("build.json", build.to_string())
        .exits(0)
        .shows(&["MATCH", "UNVERIFIED: measurements that nobody signs"]);
    with("bare.json", pcrs.to_string()).exits(0);
    let measured = shop.run(&["eif", "measure", "app.eif", "--format", "json"]).exits(0).stdout;
    with("ours.json", measured).exits(0);
    let mut other = pcrs.clone();
    other["PCR2"] = "ab".repeat(48).into();
    with("other.json", other.to_string()).exits(6).shows(&["✘ PCR2"]);
    let running = serde_json::json!([{ "EnclaveID": "i-0-enc0", "Measurements": pcrs }]);
    with("running.json", running.to_string()).fails(3, &["describe-enclaves"]);
    with("short.json", r#"{"PCR0": "00"}"#.to_owned()).fails(3, &["PCR0: expected 96 hexadecimal digits"]);
}

/// Whether anything is verified is the caller's decision: a file that looks like measurements is no way around it.
#[test]
fn measurements_are_compared_only_when_nothing_is_to_be_verified() {
    let shop = Workshop::new("eif-unsigned");
    shop.build("app.eif", &[]).exits(0);
    let pcrs = shop.measurements("app.eif");
    document(&shop, "same.cose", &pcrs, Enclave::new());
    shop.put("build.json", serde_json::json!({ "Measurements": pcrs }).to_string());
    shop.put("list.json", format!("[{pcrs}]"));
    let with = |document: &str, more: &[&str]| shop.run(&["eif", "match", "app.eif", document]).args(more);
    for document in ["build.json", "list.json"] {
        for more in [&[][..], &["--at", "now"], &["--anchor", "root.der"], &["--require-revocation-lists"]] {
            with(document, more).fails(2, &["found measurements, which nobody signs", "--unverified"]);
        }
    }
    let piped = shop.run(&["eif", "match", "app.eif", "-"]).stdin(pcrs.to_string().as_bytes());
    piped.fails(2, &["found measurements, which nobody signs"]);
    // An anchor is read whatever the file is.
    with("build.json", &["--anchor", "no-such-file"]).fails(2, &["no-such-file"]);
    for flag in [&["--at", "now"][..], &["--anchor", "root.der"], &["--endorsements", "root.der"]] {
        with("build.json", &[flag, &["--unverified"]].concat()).exits(2);
    }
    with("build.json", &["--unverified"]).exits(0).shows(&["MATCH", "UNVERIFIED"]);
    // Other JSON is no document and no measurements.
    shop.put("other.json", "{}");
    with("other.json", &[]).fails(3, &["other.json"]);
}

#[test]
fn an_image_in_place_of_the_document() {
    let shop = Workshop::new("eif-swapped");
    shop.build("app.eif", &[]).exits(0);
    document(&shop, "same.cose", &shop.measurements("app.eif"), Enclave::new());
    let says = ["DOC is an enclave image", "give IMAGE first, then the document"];
    shop.run(&["eif", "match", "app.eif", "app.eif"]).fails(2, &says);
    shop.run(&["eif", "match", "same.cose", "app.eif", "--unverified"]).fails(2, &says);
    let image = std::fs::read(shop.path("app.eif")).unwrap();
    shop.run(&["eif", "match", "app.eif", "-"]).stdin(&image).fails(2, &says);
}

/// An image that AWS does not start matches nothing, and no policy is proposed from it.
#[test]
fn an_image_with_an_invalid_signature() {
    let shop = Workshop::new("eif-invalid");
    let signer = ["--signing-certificate", "p384.pem", "--private-key", "p384.key"];
    shop.build("signed.eif", &signer).exits(0);
    shop.forge("signed.eif", "forged.eif");
    let pcrs = shop.measurements("signed.eif");
    document(&shop, "signed.cose", &pcrs, Enclave::new());
    shop.put("build.json", serde_json::json!({ "Measurements": pcrs }).to_string());
    let anchor = &["signed.cose", "--anchor", "root.der"][..];
    for document in [anchor, &["build.json", "--unverified"]] {
        let with = |image: &str| shop.run(&["eif", "match", image]).args(document);
        with("signed.eif").exits(0).shows(&["MATCH", "signature  valid", "no anchor"]);
        let ran = with("forged.eif").exits(4).shows(&["INVALID SIGNATURE", "signature  INVALID"]);
        assert!(!ran.stdout.contains("MATCH"), "{ran:#?}");
        let json = with("forged.eif").args(["--format", "json"]).exits(4).json();
        let status = &json["signature"]["status"];
        assert_eq!(
            (&json["matches"], &json["exit_code"], status),
            (&false.into(), &4.into(), &"invalid".into())
        );
        let json = with("signed.eif").args(["--format", "json"]).exits(0).json();
        assert_eq!((&json["matches"], &json["signature"]["status"]), (&true.into(), &"valid".into()));
    }
    // The measurements of such an image are no better, whoever made them.
    let measured = shop.run(&["eif", "measure", "forged.eif", "--format", "json"]).exits(4).stdout;
    shop.put("forged.json", measured);
    shop.put(
        "described.json",
        serde_json::json!({ "Measurements": pcrs, "SignatureCheck": false }).to_string(),
    );
    let says = ["the signature of the measured image is invalid", "sign it again"];
    for name in ["forged.json", "described.json"] {
        shop.run(&["eif", "match", "signed.eif", name, "--unverified"]).fails(4, &says);
        shop.run(&["policy", "suggest", name]).fails(4, &says);
    }
    shop.run(&["policy", "suggest", "--eif", "forged.eif"]).exits(4);
    shop.put("damaged.json", serde_json::json!({ "Measurements": pcrs, "CheckCRC": false }).to_string());
    shop.run(&["policy", "suggest", "damaged.json"]).fails(3, &["the checksum of the measured image"]);
}

/// What a proposal says of itself is so.
#[test]
fn a_proposal_says_which_enclaves_it_accepts() {
    let shop = Workshop::new("eif-proposal");
    shop.build("app.eif", &[]).exits(0);
    let proposal = shop.run(&["policy", "suggest", "--eif", "app.eif"]).exits(0).stdout;
    for line in [
        "# Proposed from the measurements of one image. It accepts every instance or enclave that is started",
        "# from it. Read every line before you rely on it.",
        r#"role = { waived = "any role: PCR3 is not pinned" }"#,
        r#"instance = { waived = "any instance: PCR4 is not pinned" }"#,
    ] {
        assert!(proposal.lines().any(|one| one == line), "{line}: {proposal}");
    }
    let parent = ["--role", "arn:aws:iam::123456789012:role/Webserver", "--instance", "i-0123456789abcdef0"];
    let measured = shop.run(&["eif", "measure", "app.eif", "--format", "json"]).args(parent).exits(0).stdout;
    shop.put("placed.json", measured);
    let proposal = shop.run(&["policy", "suggest", "placed.json"]).exits(0).stdout;
    for line in [
        "# Proposed from the measurements of one image. It accepts what is started from it on",
        "# parent instances with the PCR3 or PCR4 below. Read every line before you rely on it.",
        r#"role = { waived = "PCR3 is pinned below" }"#,
        r#"instance = { waived = "PCR4 is pinned below" }"#,
    ] {
        assert!(proposal.lines().any(|one| one == line), "{line}: {proposal}");
    }
    assert!(proposal.lines().any(|line| line.starts_with("4 = { exactly = ")), "{proposal}");
}

/// Advice on pinning is followed: it works.
#[test]
fn advice_of_a_proposal_that_fails_works() {
    let shop = Workshop::new("eif-pin");
    shop.build("app.eif", &[]).exits(0);
    shop.build("signed.eif", &["--signing-certificate", "p384.pem", "--private-key", "p384.key"]).exits(0);
    let suggest = |words: &str| shop.run(&["policy", "suggest"]).args(words.split(' '));
    // An instance before them changes no number.
    let pcr = "ab".repeat(48);
    shop.put(
        "instance.json",
        format!(r#"{{"Measurements":{{"HashAlgorithm":"SHA384","PCR4":"{pcr}","PCR7":"{pcr}"}}}}"#),
    );
    for instance in ["", " instance.json"] {
        let says =
            ["nitro.pcrs.8 would be pinned for the others, but not for app.eif: the image is not signed"];
        let ran = suggest(&format!("--eif signed.eif --eif app.eif{instance}")).fails(6, &says);
        assert!(!ran.stderr.contains("--pin") && ran.stderr.contains("propose two policies"), "{ran:#?}");
    }
    suggest("--eif app.eif --pin 8")
        .fails(2, &["PCR 8 cannot be pinned: no value of it in app.eif", "leave --pin 8 out"]);
    suggest("--eif app.eif --pin 9")
        .fails(2, &["PCR 9 cannot be pinned: no value of it in app.eif", "leave --pin 9 out"]);
    let role = "arn:aws:iam::123456789012:role/Webserver";
    for (pcr, option, value) in [("3", "--role", role), ("4", "--instance", "i-0123456789abcdef0")] {
        let says = [&*format!("teeproof eif measure IMAGE {option}"), "--format json -o FILE"];
        suggest(&format!("--eif app.eif --pin {pcr}")).fails(2, &says);
        let measure = ["eif", "measure", "app.eif", option, value, "--format", "json", "-o", "placed.json"];
        shop.run(&measure).exits(0);
        let proposal = suggest(&format!("placed.json --pin {pcr}")).exits(0).stdout;
        assert!(proposal.contains(&format!("\n{pcr} = {{ exactly = ")), "{proposal}");
    }
}
