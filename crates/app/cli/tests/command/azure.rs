//! Minted Azure machines: accepted in every form in which their evidence is passed around.

use std::path::{Path, PathBuf};

use teeproof_mint::azure::{Event, EventLog, SignatureForm, Vm};
use teeproof_mint::snp::Product;

use crate::azure_tdx::td_vm;
use crate::machine::*;
use crate::support::*;

const VALID: &[&str] = &[
    "✔ hcl.format",
    "✔ ak.chain",
    "✔ snp.signature",
    "✔ hcl.vmpl",
    "✔ hcl.binding",
    "✔ hcl.claims",
    "✔ ak.key",
    "✔ quote.signature",
    "✔ quote.nonce",
    "✔ quote.pcrs",
    "✔ log.replay",
    "✔ origin.paravisor",
    "proves nothing about hardware",
];

#[track_caller]
fn accepted(run: Run) {
    let ran = run.exits(0);
    let first = "ACCEPTED  azure-snp  policy builtin:genuine  exit 0  NON-PRODUCTION ANCHOR";
    assert_eq!(ran.first_line(), first);
    ran.shows(VALID);
}

#[test]
fn loose_files_are_accepted() {
    for (test, product) in [("azure-genoa", Product::Genoa), ("azure-milan", Product::Milan)] {
        let machine = Machine::new(test, &Vm::snp(product).nonce(&CHALLENGE));
        accepted(machine.verify_all());
    }
}

#[test]
fn the_encoding_of_a_file_does_not_matter() {
    let machine = Machine::new("azure-encodings", &genoa());
    type Encode = fn(&[u8]) -> String;
    for (encoding, encode) in [("hex", hex as Encode), ("base64", base64)] {
        let encoded = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            // What is text already stays as it is.
            let bytes = std::fs::read(path).unwrap();
            if name.ends_with(".txt") {
                path.clone()
            } else {
                machine.put(&format!("{name}.{encoding}"), encode(&bytes))
            }
        };
        let files: Vec<_> = machine.files().iter().map(encoded).collect();
        accepted(machine.verify().args(nonce(&CHALLENGE)).args(files));
    }
    let chain: String = machine.certificates().iter().map(|(_, der)| pem("CERTIFICATE", der)).collect();
    let chain = machine.put("chain.pem", chain);
    accepted(machine.verify().args(nonce(&CHALLENGE)).args(machine.guest()).args([&chain]));
    // The certificate as the NV index holds it, in 4096 bytes.
    let nv = machine.put("ak.nv", machine.minted.ak_certificate_nv());
    let others = machine.endorsements();
    let others = others.iter().filter(|path| !path.ends_with("ak.der"));
    accepted(machine.verify().args(nonce(&CHALLENGE)).args(machine.guest()).args(others).args([&nv]));
}

#[test]
fn the_forms_of_a_quote_do_not_matter() {
    let forms = [
        ("azure-tpm2b", genoa().with_quote(|quote| quote.sized = true)),
        ("azure-tpmt", genoa().with_quote(|quote| quote.form = SignatureForm::TPMT)),
    ];
    for (test, vm) in forms {
        accepted(Machine::new(test, &vm).verify_all());
    }
    let machine = Machine::new("azure-quote-alone", &genoa());
    let rest = || machine.verify().args(nonce(&CHALLENGE)).args(machine.endorsements()).args(machine.log());
    let bincode = machine.put("quote.bin", machine.minted.quote_bincode());
    accepted(rest().args([machine.report(), bincode]));
    let json = machine.put("quote.json", machine.minted.quote_json().unwrap());
    accepted(rest().args([machine.report(), json]));
}

#[test]
fn registers_are_read_in_selection_order() {
    let selected = [0, 1, 2, 3, 4, 7, 8, 9, 11, 14];
    let machine = Machine::new("azure-selection", &genoa().pcr_selection(&selected));
    let values = machine.minted.pcr_concatenation_of(&selected.map(usize::from));
    let run = |pcrs: PathBuf| {
        let rest = [vec![machine.report()], machine.quote(), machine.log(), machine.endorsements()].concat();
        machine.verify().args(nonce(&CHALLENGE)).args(rest).args([pcrs])
    };
    accepted(run(machine.put("pcrs.bin", &values)));
    accepted(run(machine.registers()));
    let all = machine.put("all.bin", machine.minted.pcr_concatenation());
    run(all).exits(3).shows(&["✘ quote.pcrs", "expected 320 bytes of PCR values (10 of SHA-256), got 768"]);
    // Eight values are as long as a signature, and are distinguished from one if two of them are equal.
    let eight = machine.put("equal.bin", machine.minted.pcr_concatenation_of(&[0, 1, 2, 3, 4, 5, 6, 7]));
    run(eight).exits(3).shows(&["✘ quote.pcrs", "got 256"]);
    let eight = machine.put("eight.bin", machine.minted.pcr_concatenation_of(&[0, 1, 2, 4, 7, 8, 9, 14]));
    run(eight.clone()).fails(2, &["tpm-signature", "tpm2_pcrread"]);
    let kind = ["--as", "pcr-concatenation"];
    teeproof(["inspect"])
        .args([&eight])
        .args(kind)
        .exits(0)
        .shows(&["pcr-concatenation (raw; without their bank and numbers), not checked"]);
    machine.verify().args(["--no-nonce"]).args(kind).args([&eight]).fails(2, &["without an HCL report"]);
    run(eight).args(kind).fails(2, &["--as: expected one FILE"]);
}

#[test]
fn the_json_of_other_attesters_is_accepted() {
    let machine = Machine::new("azure-json", &genoa().user_data(&CHALLENGE));
    let evidence = [
        ("v0.json", machine.minted.coco_json(0)),
        ("v1.json", machine.minted.coco_json(1)),
        ("v2.json", machine.minted.coco_json(2)),
        ("attestation-rs.json", machine.minted.attestation_rs_json()),
    ];
    for (name, json) in evidence {
        let json = machine.put(name, json.unwrap());
        let run = |bytes: &[u8]| {
            machine.verify().args(nonce(bytes)).args(machine.endorsements()).args(machine.log()).args([&json])
        };
        accepted(run(&CHALLENGE));
        run(&CHALLENGE[..31]).exits(5).shows(&["✘ quote.nonce"]);
    }
}

#[test]
fn version_2_also_has_the_nonce_in_user_data() {
    let machine = Machine::new("azure-version-2", &genoa());
    let run = |version: u8| {
        let json = machine.put("evidence.json", machine.minted.coco_json(version).unwrap());
        machine.verify().args(nonce(&CHALLENGE)).args(machine.endorsements()).args([json])
    };
    run(2).exits(5).shows(&["✔ quote.nonce", "✘ hcl.user-data"]);
    // A sender who writes another version for it gains a warning, which a policy refuses.
    let mut lie: serde_json::Value = serde_json::from_str(&machine.minted.coco_json(2).unwrap()).unwrap();
    lie["version"] = 1.into();
    let demanding =
        "version = 1\n[azure-snp]\nfresh-report = { exactly = true }\nunlisted = { waived = \"w\" }\n";
    let demanding = machine.put("demanding.toml", demanding);
    for json in [machine.minted.coco_json(1).unwrap(), lie.to_string()] {
        let json = machine.put("lie.json", json);
        let run = |policy: &Path| {
            let run = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE));
            run.args(machine.endorsements()).args([&json]).args(["--policy"]).args([policy])
        };
        let genuine = Path::new("builtin:genuine");
        run(genuine).exits(0).shows(&["! hcl.user-data", "only the quote is fresh"]);
        let printed = run(genuine).args(["--format", "json"]).exits(0).json();
        assert_eq!(printed["freshness"]["quote"], true);
        assert_eq!(printed["freshness"]["report"], false);
        run(&demanding).exits(6).shows(&["! hcl.user-data", "✘ hcl.fresh-report", "policy line 3"]);
    }
}

#[test]
fn json_says_which_of_the_two_is_fresh() {
    let machine = Machine::new("azure-fresh", &genoa().user_data(&CHALLENGE));
    let printed = |run: Run| run.args(["--format", "json"]).exits(0).json()["freshness"].clone();
    let nonce_told = hex(&CHALLENGE);
    let all = printed(machine.verify_all());
    assert_eq!(
        all,
        serde_json::json!({ "nonce": nonce_told, "waived": null, "quote": true, "report": true })
    );
    let alone =
        machine.verify().args(nonce(&CHALLENGE)).args([machine.report()]).args(machine.endorsements());
    assert_eq!(
        printed(alone),
        serde_json::json!({ "nonce": nonce_told, "waived": null, "quote": false, "report": true })
    );
    let unrequested = machine.verify().args(["--no-nonce"]).args(machine.files());
    assert_eq!(
        printed(unrequested),
        serde_json::json!({ "nonce": null, "waived": "--no-nonce was given", "quote": null, "report": null })
    );
}

#[test]
fn a_version_is_never_guessed() {
    let machine = Machine::new("azure-unversioned", &genoa());
    let tdx = Machine::new("azure-unversioned-tdx", &td_vm());
    for machine in [machine, tdx] {
        for version in [1, 2] {
            let mut json: serde_json::Value =
                serde_json::from_str(&machine.minted.coco_json(version).unwrap()).unwrap();
            let mut run = |version: Option<u8>| {
                let members = json.as_object_mut().unwrap();
                members.remove("version");
                members.extend(version.map(|version| ("version".to_string(), version.into())));
                machine
                    .verify()
                    .args(nonce(&CHALLENGE))
                    .args([machine.put("evidence.json", json.to_string())])
            };
            run(None).fails(3, &["there is no version", "never guessed"]);
            run(Some(3)).fails(3, &["`version` is 3", "supported: the numbers 1 and 2"]);
        }
    }
}

#[test]
fn json_has_the_claims() {
    let machine = Machine::new("azure-result", &genoa());
    let json = machine.verify_all().args(["--format", "json"]).exits(0).json();
    for (member, value) in [
        ("schema", "teeproof/attestation-result/2"),
        ("verdict", "accepted"),
        ("technology", "azure-snp"),
        ("policy", "builtin:genuine"),
        ("anchor", "added"),
    ] {
        assert_eq!(json[member], value);
    }
    assert_eq!(json["exit_code"], 0);
    assert_eq!(json["freshness"]["nonce"], hex(&CHALLENGE));
    let claims = &json["claims"];
    assert_eq!(
        claims["vm_id"].as_str().unwrap().to_ascii_uppercase(),
        "7EE79200-F000-4000-8000-0123456789AB"
    );
    assert_eq!(claims["pcr0"], hex(&machine.minted.pcrs[0]));
    assert_eq!(claims["pcr23"], hex(&machine.minted.pcrs[23]));
    assert_eq!(claims["quote_nonce"], hex(&CHALLENGE));
    assert_eq!(claims["tpm_resets"], 2);
    assert_eq!(claims["secure_boot"], true);
    assert_eq!(claims["secure_boot_configured"], true);
    assert_eq!(claims["user_data"], "00".repeat(64));
    let checks = json["checks"].as_array().unwrap();
    let place = |id: &str| checks.iter().position(|check| check["id"] == id).unwrap();
    let order = ["hcl.format", "snp.signature", "hcl.binding", "ak.chain", "quote.signature", "log.replay"];
    assert!(order.map(place).is_sorted(), "{checks:#?}");
}

#[test]
fn both_crypto_tables_agree() {
    let machine = Machine::new("azure-crypto", &genoa());
    for table in ["aws-lc", "rustcrypto"] {
        accepted(machine.verify_all().args(["--crypto", table]));
        let run = machine.verify().args(nonce(&CHALLENGE[1..])).args(machine.files());
        run.args(["--crypto", table]).exits(5);
    }
}

/// Members of the claims that are not known stand in an object of their own, by where they are: none can
/// take the place of a claim of ours, for whatever reader of JSON.
#[test]
fn unknown_claims_have_an_object_of_their_own() {
    let vm = genoa().with_claims(|claims| {
        claims.others.push("guest-svn", 99_u64);
        claims.others.push("measurement", "forged");
        claims.configuration.push("guest-svn", 98_u64);
        claims.keys[0].push("guest-svn", 97_u64);
    });
    let machine = Machine::new("azure-unknown-claims", &vm);
    let ran = machine.verify_all().args(["--format", "json"]).exits(0);
    let json = ran.json();
    assert_eq!(json["claims"]["guest_svn"], 10);
    assert_eq!(
        json["unknown_claims"],
        serde_json::json!({
            "claims": { "guest-svn": "99", "measurement": "\"forged\"" },
            "vm-configuration": { "guest-svn": "98" },
            "keys[0]": { "guest-svn": "97" },
        })
    );
    assert_eq!(ran.stdout.matches("\"guest_svn\": 10").count(), 1);
    machine.verify_all().args(["-v"]).exits(0).shows(&[
        "Members that this version does not interpret:",
        "claims: guest-svn ",
        "vm-configuration: guest-svn ",
    ]);
}

#[test]
fn the_origin_and_its_cautions_stand_in_json_and_in_the_first_line_of_every_verb() {
    let mine = genoa().with_machine(|machine| machine.report.id_key_digest = [0x11; 48]);
    let machine = Machine::new("azure-origin-printed", &mine);
    let bundle = machine.folder.join("bare.bundle");
    let vek = machine.endorsements().into_iter().take(2);
    let create = teeproof(["bundle", "create", "--collected", "2026-01-15T12:00:00Z"]).args(machine.guest());
    create.args(vek).args(["-o"]).args([&bundle]).exits(0);
    let both = "NON-PRODUCTION ANCHOR";
    let other = "ORIGIN NOT SHOWN";
    let verify = |more: &[&str]| machine.verify().args(nonce(&CHALLENGE)).args(more).args([&bundle]);
    let verb = |verb: &[&str]| teeproof(verb).args([&bundle]).args(AT).args(machine.anchors());
    let json = ["--format", "json"];
    let accept = ["--accept-origin-not-shown", "a test"];
    for quiet in [&[][..], &["-q"]] {
        for run in [
            verify(quiet),
            verify(&["--each"]).args(quiet),
            verb(&["policy", "test", "builtin:genuine"]).args(quiet),
            verb(&["policy", "suggest"]).args(accept).args(quiet),
        ] {
            let ran = run.exits(0);
            assert!(ran.first_line().contains(both) && ran.first_line().contains(other), "{ran:#?}");
        }
    }
    let cautions = serde_json::json!(["non_production_anchor", "origin_not_shown"]);
    let counts = serde_json::json!({ "non_production_anchor": 1, "origin_not_shown": 1, "archived": 0 });
    let alone = verify(&json).exits(0).json();
    assert_eq!(alone["cautions"], cautions);
    assert_eq!(alone["origin"], serde_json::json!({ "grounds": [], "strong": false, "other": null }));
    for run in [
        verify(&["--each"]).args(json),
        verb(&["policy", "test", "builtin:genuine"]).args(json),
        verb(&["policy", "suggest"]).args(accept).args(json),
    ] {
        let printed = run.exits(0).json();
        assert_eq!(printed["cautions"], counts);
        assert_eq!(printed["files"][0]["result"]["cautions"], cautions);
        assert!(printed["files"][0]["result"]["waivers"].is_array());
    }
    // Without a policy, too, and where a policy refuses it.
    let bare = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE)).args([&bundle]);
    assert!(bare.exits(10).first_line().contains(other));
    // With the AK certificate there is a ground, a weak one.
    let json = machine.verify_all().args(json).exits(0).json();
    assert_eq!(json["cautions"], serde_json::json!(["non_production_anchor"]));
    assert_eq!(json["origin"]["grounds"], serde_json::json!(["ak-certificate"]));
    assert_eq!(json["origin"]["strong"], false);
    // A ground that the policy gives is one.
    let policy = format!(
        "version = 1\n[azure-snp]\nunlisted = {{ waived = \"a test\" }}\nid-key-digest = {{ exactly = \"{}\" }}\nguest-svn = {{ at-least = 10 }}\n",
        "11".repeat(48)
    );
    let policy = machine.put("policy.toml", policy);
    let run =
        teeproof(["verify", "--format", "json", "--policy"]).args([&policy]).args(AT).args(machine.anchors());
    let json = run.args(nonce(&CHALLENGE)).args([&bundle]).exits(0).json();
    assert_eq!(json["origin"]["grounds"], serde_json::json!(["id-key-digest"]));
    assert_eq!(json["cautions"], serde_json::json!(["non_production_anchor"]));
}

/// The log was given, and an event of register 7 is of no known form: the reason names it, and the hint does not
/// ask for the log.
#[test]
fn a_log_that_does_not_show_secure_boot_says_why() {
    let log = EventLog::booted_securely().with(Event::action(7, "an action of an old shim"));
    let machine = Machine::new("azure-secure-boot", &genoa().log(log));
    let policy =
        "version = 1\n[azure-snp]\nsecure-boot = { exactly = true }\nunlisted = { waived = \"a test\" }\n";
    let policy = machine.put("policy.toml", policy);
    let run = || {
        let run = teeproof(["verify", "--policy"]).args([&policy]).args(AT).args(machine.anchors());
        run.args(nonce(&CHALLENGE)).args(machine.files())
    };
    let ran = run().exits(6).shows(&[
        "✘ log.secure-boot",
        "expected yes, found absent",
        "event 36 of the log",
        "offset 0x",
        "was given",
    ]);
    assert!(!ran.stdout.contains("Give the event log"), "{ran:#?}");
    let each = teeproof(["policy", "test"])
        .args([&policy])
        .args([machine.bundle()])
        .args(AT)
        .args(machine.anchors());
    each.exits(6).shows(&["    log.secure-boot  expected yes, found absent: ", "offset 0x"]);
}
