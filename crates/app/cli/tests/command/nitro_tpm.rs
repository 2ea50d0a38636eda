//! NitroTPM documents, policies of images, and the names that policies take in the place of PCRs.

use serde_json::json;
use teeproof_mint::nitro::Enclave;

use crate::machine::put;
use crate::support::*;

const MINTED: &str = "minted/nitrotpm.cose";
const ROOT: &str = "minted/nitro-root.der";

fn verify_minted() -> Run {
    let args = ["verify", "--no-nonce", "--at", "document", "--anchor"];
    teeproof(args).file(ROOT).file(MINTED)
}

#[test]
fn a_document_is_accepted_for_what_it_is_and_nothing_else() {
    let example = ["--policy", "examples/policies/nitro-tpm.toml"];
    verify_minted().args(example).in_folder(&root()).exits(0).shows(&[
        "ACCEPTED",
        "nitro-tpm",
        "✔ nitro-tpm.pcr4",
    ]);
    verify_minted().args(["--policy", "builtin:genuine"]).exits(0).shows(&["NON-PRODUCTION ANCHOR"]);
    let without = ["verify", "--no-nonce", "--at", "document", "--policy", "builtin:genuine"];
    teeproof(without).file(MINTED).exits(4).shows(&["✘ nitro-tpm.chain"]);
    // The policy of an enclave accepts no TPM's document, and the other way round.
    let enclaves = ["--policy", "examples/policies/nitro.toml"];
    verify_minted()
        .args(enclaves)
        .in_folder(&root())
        .exits(6)
        .shows(&["✘ policy.technology", "evidence of nitro-tpm"]);
    let tpms = ["verify", "--no-nonce", "--at", "document", "--policy", "examples/policies/nitro-tpm.toml"];
    teeproof(tpms)
        .file("nitro/production-eu-central-1-2025-01.cose")
        .in_folder(&root())
        .exits(6)
        .shows(&["✘ policy.technology", "evidence of nitro "]);
    verify_minted().args(["--accept", "nitro"]).exits(6).shows(&["✘ policy.technology"]);
    verify_minted()
        .args(["--as", "nitro-document"])
        .fails(3, &["expected a Nitro document, found a NitroTPM document"]);
    let claims = verify_minted().args(["--format", "json"]).exits(10).json();
    assert_eq!(claims["technology"], "nitro-tpm");
    assert_eq!(
        (&claims["claims"]["measured_boot"], &claims["claims"]["secure_boot"]),
        (&json!(true), &json!(false))
    );
}

/// The JSON of a tool.
fn measurements(algorithm: &str, pcrs: &[(u8, u8)]) -> String {
    let mut inner = json!({ "HashAlgorithm": algorithm });
    for (index, byte) in pcrs {
        inner[format!("PCR{index}")] = hex(&[*byte; 48]).into();
    }
    json!({ "Measurements": inner }).to_string()
}

#[test]
fn a_policy_is_proposed_from_measurements_of_images() {
    let folder = folder("nitro-tpm-images");
    let of = |name: &str, text: &str| put(&folder, name, text);
    let instance = of("pcrs.json", &measurements("SHA384", &[(4, 4), (7, 7), (12, 0)]));
    let ran = teeproof(["policy", "suggest"]).args([&instance]).exits(0);
    for line in [
        "[nitro-tpm]",
        "measured-boot = { exactly = true }",
        "4 = { exactly = \"0404",
        "12 = { exactly = \"0000",
    ] {
        assert!(ran.stdout.contains(line), "{ran:#?}");
    }
    let policy = of("policy.toml", &ran.stdout);
    teeproof(["policy", "check", "--strict"]).args([&policy]).exits(0);
    let enclave = of("eif.json", &measurements("Sha384 { ... }", &[(0, 1), (1, 2), (2, 3)]));
    let json =
        teeproof(["policy", "suggest", "--format", "json"]).args([&enclave, &instance]).exits(0).json();
    assert_eq!(json["files"], json!([]));
    assert_eq!(json["images"][0]["technology"], "nitro");
    assert_eq!(json["images"][1]["pcrs"]["12"], hex(&[0; 48]));
    assert!(json["toml"].as_str().unwrap().contains("[nitro]"));
    // Of an image, and of what `eif measure` prints of it.
    let [kernel, ramdisk] = ["kernel", "ramdisk"].map(|name| of(name, name));
    let image = kernel.with_file_name("image.eif");
    let built = ["eif", "build", "-o"];
    teeproof(built)
        .args([&image])
        .args(["--kernel"])
        .args([&kernel])
        .args(["--cmdline", "console=ttyS0", "--ramdisk"])
        .args([&ramdisk])
        .exits(0);
    let direct = teeproof(["policy", "suggest", "--eif"]).args([&image]).exits(0).stdout;
    let measured = teeproof(["eif", "measure", "--format", "json"]).args([&image]).exits(0).stdout;
    let printed = teeproof(["policy", "suggest", "-"]).stdin(measured.as_bytes()).exits(0).stdout;
    assert_eq!(direct, printed);
    assert!(direct.contains("[nitro.pcrs]\n0 = { exactly = \""), "{direct}");
    teeproof(["policy", "check", "--strict"]).args([&of("eif.toml", &direct)]).exits(0);
    teeproof(["policy", "suggest", "--eif"]).args([&kernel]).fails(3, &["kernel"]);
    // From standard input, and what is wrong with it.
    let text = measurements("SHA384", &[(4, 4), (7, 7)]);
    let ran = teeproof(["policy", "suggest", "-"]).stdin(text.as_bytes()).exits(0);
    assert!(ran.stdout.contains("# WARNING nitro-tpm.pcrs: PCR12 is not pinned"), "{ran:#?}");
    let debug = of("debug.json", &measurements("Sha384 { ... }", &[(0, 0), (1, 0), (2, 0)]));
    teeproof(["policy", "suggest"])
        .args([&debug])
        .fails(3, &["debug.json", "PCR0 is zero, as in debug mode"]);
    let other = of("other.json", &measurements("SHA256", &[(4, 4)]));
    teeproof(["policy", "suggest"]).args([&other]).fails(3, &["expected SHA384, found `SHA256`"]);
    teeproof(["policy", "suggest", "--at", "document"])
        .args([&instance])
        .file("nitro/production-us-east-2-2024-12.cose")
        .fails(2, &["measurements of images together with evidence"]);
    teeproof(["policy", "suggest", "--pin", "8"]).args([&instance]).fails(2, &["PCR 8 cannot be pinned"]);
}

#[test]
fn a_policy_that_names_a_pcr_twice_in_contradiction_is_no_policy() {
    let zero = hex(&[0; 48]);
    let text = |pcr: &str| {
        format!(
            "version = 1\n[nitro]\nunlisted = {{ waived = \"a test\" }}\ninstance = {{ exactly = \"i-01234567\" }}\n\
             [nitro.pcrs]\n4 = {{ exactly = \"{pcr}\" }}\n"
        )
    };
    let wrong = file("nitro-contradiction", "policy.toml", text(&zero));
    let said = ["nitro.instance", "contradicts nitro.pcrs.4 (line 6)", "keep the one that is right"];
    let ran = teeproof(["policy", "check"]).args([&wrong]).exits(3);
    said.iter().for_each(|said| assert!(ran.stdout.contains(said), "{ran:#?}"));
    let ran = teeproof(["verify", "--no-nonce", "--at", "document", "--policy"])
        .args([&wrong])
        .file("nitro/production-us-east-2-2024-12.cose")
        .exits(3);
    assert!(ran.stderr.contains("contradicts nitro.pcrs.4"), "{ran:#?}");
    // A session is no role, and says what to write.
    let session = "arn:aws:sts::123456789012:assumed-role/enclave/i-01234567";
    let role = format!(
        "version = 1\n[nitro]\nunlisted = {{ waived = \"w\" }}\nrole = {{ exactly = \"{session}\" }}\n"
    );
    let ran = teeproof(["policy", "check"]).args([&file("nitro-session", "policy.toml", role)]).exits(3);
    assert!(ran.stdout.contains("arn:aws:iam::123456789012:role/enclave"), "{ran:#?}");
}

#[test]
fn a_document_that_nobody_signed_is_described_and_refused() {
    let zeros = teeproof_mint::Value::from(&[0; 64][..]);
    let enclave = Enclave::new()
        .with_entry("certificate", zeros.clone())
        .with_entry("cabundle", teeproof_mint::Value::Array(vec![zeros]))
        .with_cose(|cose| {
            cose.protected = vec![0xa1, 0x01, 0x20];
            cose.signature = Some(vec![0; 64]);
        });
    let unsigned = file("nitro-unsigned", "qemu.cose", enclave.mint().unwrap().document);
    let ran = teeproof(["inspect"]).args([&unsigned]).exits(0);
    for said in ["not signed", "flaw:", "a10120", "module_id", "i-0123456789abcdef0-enc0123456789abcdef"] {
        assert!(ran.stdout.contains(said), "{said}: {ran:#?}");
    }
    let genuine = ["verify", "--no-nonce", "--at", "document", "--policy", "builtin:genuine"];
    teeproof(genuine).args([&unsigned]).exits(3).shows(&["✘ nitro.format"]);
}
