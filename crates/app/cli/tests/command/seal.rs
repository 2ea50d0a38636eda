//! `seal encrypt` of evidence whose claims nothing ties to a paravisor.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::azure_tdx::td_vm;
use crate::machine::*;
use crate::support::*;
use crate::tdx::{TdMachine, guest};

/// An invalid key file: the origin is checked before it is read.
const KEY: &str = r#"{ "schema": "teeproof/sealing-key/1", "registers": "sha256:0-4,7-9", "public": "AAAA",
  "message": "AAAA", "signature": "AAAA" }"#;

/// `seal encrypt` of everything of a machine under builtin:genuine.
fn encrypt(machine: &Machine, certified: bool) -> Run {
    let files = if certified {
        machine.files()
    } else {
        [machine.guest(), machine.endorsements()[..2].to_vec()].concat()
    };
    let (key, secret) = (machine.put("key.json", KEY), machine.put("secret", "a secret"));
    let run = teeproof(["seal", "encrypt"])
        .args(files)
        .args(["--key"])
        .args([key])
        .args(["--secret"])
        .args([secret]);
    run.args(GENUINE).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE))
}

/// The documents of a stream, one after the other.
fn documents(text: &str) -> Vec<serde_json::Value> {
    serde_json::Deserializer::from_str(text).into_iter().map(Result::unwrap).collect()
}

#[test]
fn the_help_is_about_one_machine() {
    let help =
        teeproof(["seal", "encrypt", "--help"]).exits(0).shows(&["Examples:\n", " teeproof seal encrypt "]);
    assert!(!help.stdout.contains("--each") && !help.stdout.contains(" teeproof verify "), "{help:#?}");
    let ran = teeproof(["seal", "encrypt", "x", "--each"]).exits(2);
    assert!(ran.stderr.contains("unexpected argument '--each'"), "{ran:#?}");
    teeproof(["verify", "--help"]).exits(0).shows(&["--each", " teeproof verify --each "]);
}

/// MRTD is a ground of the origin on TDX, once a policy pins it; a TD without a paravisor has no vTPM to seal to.
#[test]
fn a_td_gets_a_secret_by_its_paravisor() {
    let machine = Machine::new("seal-tdx", &td_vm());
    let ran = encrypt(&machine, true)
        .fails(6, &["origin.paravisor: only the AK certificate", "mrtd", "--accept-origin-not-shown"]);
    assert!(ran.stderr.contains("ACCEPTED  azure-tdx"), "{ran:#?}");
    let seal = |files: Vec<PathBuf>, anchors: Vec<OsString>, policy: &str| {
        let (key, secret) = (machine.put("key.json", KEY), machine.put("secret", "a secret"));
        let run = teeproof(["seal", "encrypt"]).args(files).args(anchors).args(AT).args(nonce(&CHALLENGE));
        let run = run.args(["--key"]).args([key]).args(["--secret"]).args([secret]);
        run.args(["--policy"]).args([machine.put("policy.toml", policy)])
    };
    let mrtd = format!("mrtd = {{ exactly = \"{}\" }}", hex(&[0x4d; 48]));
    let policy = format!(
        "version = 1\n[azure-tdx]\n{mrtd}\norigin = {{ exactly = \"measurement\" }}\nunlisted = {{ waived = \"w\" }}\n"
    );
    // The origin is shown, so that the key file is read next.
    seal(machine.files(), machine.anchors(), &policy).fails(3, &["key."]);
    let bare = TdMachine::new("seal-bare-tdx", &guest());
    seal(bare.files(), bare.anchors(), "version = 1\n[tdx]\nunlisted = { waived = \"w\" }\n")
        .fails(2, &["expected evidence of an Azure VM, got tdx"]);
}

#[test]
fn self_made_claims_get_no_secret() {
    let mine = genoa().with_machine(|machine| machine.report.id_key_digest = [0x11; 48]);
    let machine = Machine::new("seal-self-made", &mine);
    let ran = encrypt(&machine, false)
        .fails(6, &["origin.paravisor: nothing shows that Azure", "--accept-origin-not-shown"]);
    let verdict =
        "ACCEPTED  azure-snp  policy builtin:genuine  exit 0  NON-PRODUCTION ANCHOR  ORIGIN NOT SHOWN";
    assert!(ran.stderr.lines().any(|line| line == verdict), "{ran:#?}");
    assert!(ran.stderr.contains("! origin.paravisor") && ran.stderr.contains("waived: "), "{ran:#?}");
    // An AK certificate says whose the key is, and not who made the claims.
    encrypt(&machine, true).fails(6, &["origin.paravisor: only the AK certificate"]);
    let ran = encrypt(&machine, false).args(["--format", "json"]).exits(6);
    assert_eq!(ran.stdout, "", "an envelope belongs there");
    let [verdict, error] = documents(&ran.stderr).try_into().unwrap();
    assert_eq!(verdict["schema"], "teeproof/sealing-verdict/2");
    assert_eq!((&error["class"], &error["exit_code"]), (&"refused".into(), &6.into()));
}

#[test]
fn a_reason_is_demanded_said_and_recorded() {
    let mine = genoa().with_machine(|machine| machine.report.id_key_digest = [0x11; 48]);
    let machine = Machine::new("seal-reason", &mine);
    for blank in ["", " ", "\t\u{3000}"] {
        encrypt(&machine, false).args(["--accept-origin-not-shown", blank]).exits(2);
    }
    // The key is checked then, and is invalid.
    let accepted = ["--accept-origin-not-shown", "a rehearsal \u{1b}[2J"];
    let ran = encrypt(&machine, false).args(accepted).fails(3, &["key."]);
    assert!(ran.stderr.contains("origin accepted although not shown: a rehearsal \\u{1b}[2J\n"), "{ran:#?}");
    let quiet = encrypt(&machine, false).args(accepted).args(["-q"]).exits(3);
    let verdict = "ACCEPTED  azure-snp  policy builtin:genuine  exit 0  NON-PRODUCTION ANCHOR  ORIGIN NOT SHOWN  35 checks waived";
    assert_eq!(quiet.stderr.lines().next(), Some(verdict), "{quiet:#?}");
    let ran = encrypt(&machine, false).args(accepted).args(["--format", "json"]).exits(3);
    let [verdict, error] = documents(&ran.stderr).try_into().unwrap();
    assert_eq!((&error["schema"], &error["exit_code"]), (&"teeproof/error/2".into(), &3.into()));
    assert_eq!(verdict["schema"], "teeproof/sealing-verdict/2");
    assert_eq!(verdict["origin_accepted"], "a rehearsal \u{1b}[2J");
    assert_eq!(
        verdict["result"]["cautions"],
        serde_json::json!(["non_production_anchor", "origin_not_shown"])
    );
}

#[test]
fn an_id_key_that_is_known_is_a_ground() {
    let machine = Machine::new("seal-known", &genoa());
    let ran = encrypt(&machine, false).fails(3, &["key."]);
    assert!(ran.stderr.contains("✔ origin.paravisor"), "{ran:#?}");
    // The reason of a flag that was not needed is not recorded.
    let ran = encrypt(&machine, false).args(["--accept-origin-not-shown", "unneeded"]).exits(3);
    assert!(!ran.stderr.contains("unneeded"), "{ran:#?}");
}

/// The TPM that Azure's paravisor plays has no SHA-512, so that it could never open the secret.
#[test]
fn a_padding_that_azures_tpm_does_not_have_is_warned_of() {
    let machine = Machine::new("seal-padding", &genoa());
    let said = "warning: the TPM of Azure's confidential VMs has no SHA-512: ";
    for quiet in [&[][..], &["-q"]] {
        let ran = encrypt(&machine, false).args(["--padding", "oaep-sha512"]).args(quiet).exits(3);
        assert!(ran.stderr.contains(said), "{ran:#?}");
        assert!(ran.stderr.contains("\n  hint: --padding oaep-sha256"), "{ran:#?}");
        for padding in ["rsaes", "oaep-sha1", "oaep-sha256", "oaep-sha384"] {
            let ran = encrypt(&machine, false).args(["--padding", padding]).args(quiet).exits(3);
            assert!(!ran.stderr.contains("warning: the TPM"), "{ran:#?}");
        }
    }
    let ran = encrypt(&machine, false).args(["--padding", "oaep-sha512", "--format", "json"]).exits(3);
    let [verdict, error] = documents(&ran.stderr).try_into().unwrap();
    assert_eq!(error["exit_code"], 3);
    assert!(verdict["padding"].as_str().unwrap().contains("no SHA-512"), "{verdict:#?}");
}
