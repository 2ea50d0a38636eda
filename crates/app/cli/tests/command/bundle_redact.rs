//! `bundle redact`: what identifies a machine is gone, and everybody can see that it is.

use std::path::{Path, PathBuf};

use teeproof_mint::tdx::TdxMachine;
use teeproof_mint::x509::{Extension, Oid, der};

use crate::machine::*;
use crate::support::*;
use crate::tdx::{TdMachine, guest};

const SALT: &[u8; 16] = b"sixteen of salt.";
const HOST: &str = "ABC251061909001";
const SERIAL: &[u8] = &[0x64, 0x64, 0xda, 0x1f, 0x70, 0x98, 0xd8, 0x1b];
const VM_ID: &str = "7EE79200-F000-4000-8000-0123456789AB";

fn redact(machine: &Machine, output: &str, more: &[&str]) -> PathBuf {
    let path = machine.folder.join(output);
    teeproof(["bundle", "redact"]).args([machine.bundle()]).args(more).args(["-o"]).args([&path]).exits(0);
    path
}

fn salted(machine: &Machine, output: &str) -> PathBuf {
    redact(machine, output, &["--salt", &format!("hex:{}", hex(SALT))])
}

/// Everything that the bundle says, in whatever form: its bytes, and those of its parts.
fn contents(machine: &Machine, bundle: &Path, parts: &str) -> Vec<Vec<u8>> {
    let folder = machine.folder.join(parts);
    teeproof(["bundle", "export"]).args([bundle]).args(["--dir"]).args([&folder]).exits(0);
    let parts = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    parts.chain([std::fs::read(bundle).unwrap()]).collect()
}

fn holds(contents: &[Vec<u8>], needle: &[u8]) -> bool {
    contents.iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

/// Everything in hex and base64 at every alignment: what a tool would decode.
fn encoded(bytes: &[u8]) -> Vec<Vec<u8>> {
    let base64 = (0..3_usize).flat_map(|before| {
        let text = base64(&[&[0; 3][..before], bytes].concat());
        // Without the characters that what stands before and behind has a part in.
        let inner: String =
            text.trim().trim_end_matches('=').chars().skip((before * 8).div_ceil(6)).collect();
        let inner = inner[..inner.len() - 1].to_owned();
        [inner.replace('+', "-").replace('/', "_"), inner]
    });
    base64.map(String::into_bytes).chain([hex(bytes).into_bytes()]).collect()
}

/// The forms in which an identifier might stand somewhere.
fn forms(bytes: &[u8], text: &str) -> Vec<Vec<u8>> {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let (lower, upper) = (text.to_ascii_lowercase(), text.to_ascii_uppercase());
    let texts = [lower.as_bytes().to_vec(), upper.as_bytes().to_vec(), wide(&lower), wide(&upper)];
    let plain = [vec![bytes.to_vec()], texts.to_vec()].concat();
    let encoded: Vec<_> = plain.iter().flat_map(|bytes| encoded(bytes)).collect();
    [plain, encoded].concat()
}

#[test]
fn nothing_names_the_machine_any_more() {
    let vm = genoa().with_ak_chain(|chain| {
        let [host, account] =
            [HOST, &format!("WORKGROUP\\{HOST}$")].map(|text| der::element(0x0c, text.as_bytes()));
        let info = der::sequence(&[
            der::integer(9),
            host,
            account,
            der::element(0x0c, b"VtpmManagementService.exe"),
        ]);
        let oid = Oid::new(&[1, 3, 6, 1, 4, 1, 311, 21, 20]);
        chain.leaf.certificate.extensions.push(Extension::new(oid, info));
        chain.leaf.certificate.serial = SERIAL.to_vec();
    });
    let machine = Machine::new("redact-machine", &vm);
    let chip = &machine.minted.hcl_report[0x20 + 0x1a0..][..64];
    let guest = &machine.minted.hcl_report[0x20 + 0x140..][..32];
    let id: Vec<u8> = guid(VM_ID);
    let identifiers = [
        ("the chip", forms(chip, &hex(chip))),
        ("the guest", forms(guest, &hex(guest))),
        ("the VM", forms(&id, VM_ID)),
        ("the attestation key", vec![b"0123456789ab.ConfidentialVM".to_vec()]),
        ("the host", forms(HOST.as_bytes(), HOST)),
        ("the AK certificate", forms(SERIAL, &hex(SERIAL))),
    ];
    let before = contents(&machine, &machine.bundle(), "before");
    let after = contents(&machine, &salted(&machine, "redacted.bundle"), "after");
    for (what, forms) in identifiers {
        assert!(forms.iter().any(|form| holds(&before, form)), "{what} was never there");
        for form in forms {
            assert!(!holds(&after, &form), "{what} is still there as {}", hex(&form));
        }
    }
    assert!(!holds(&after, SALT) && !holds(&after, hex(SALT).as_bytes()));
    assert!(!holds(&after, base64(SALT).trim().trim_end_matches('=').as_bytes()));
}

/// The bytes of a GUID, in the order of its digits.
fn guid(guid: &str) -> Vec<u8> {
    let digits: Vec<u32> = guid.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

#[test]
fn a_redacted_bundle_is_never_authentic() {
    let machine = Machine::new("redact-verify", &genoa());
    let redacted = salted(&machine, "redacted.bundle");
    let run = || machine.verify().args(nonce(&CHALLENGE)).args([&redacted]);
    let ran = run().exits(7);
    assert!(ran.first_line().starts_with("REFUSED  azure-snp"), "{ran:#?}");
    ran.shows(&["✘ bundle.redacted", "identifiers were replaced", "– snp.signature", "lost: "]);
    let json = run().args(["--format", "json"]).exits(7).json();
    let checks = json["checks"].as_array().unwrap();
    let said = |id: &str| {
        let check = checks.iter().find(|check| check["id"] == id).unwrap();
        (check["outcome"].as_str().unwrap(), check["because"].as_str().unwrap())
    };
    let (outcome, because) = said("bundle.redacted");
    assert_eq!(outcome, "fail");
    for lost in ["snp.chain", "snp.vek.chip", "snp.signature", "hcl.binding", "ak.chain", "log.replay"] {
        assert!(because.contains(lost), "{lost}: {because}");
        let (outcome, because) = said(lost);
        assert_eq!(outcome, "skip");
        assert!(because.starts_with("lost: "), "{lost}: {because}");
    }
    assert!(!because.contains("quote.signature"), "{because}");
    assert!(said("quote.signature").1.starts_with("not made"));
    assert_eq!(json["claims"], serde_json::json!({}));
    // Taken apart, what was replaced is found by the checks themselves.
    let parts = machine.folder.join("parts");
    teeproof(["bundle", "export"]).args([&redacted]).args(["--dir"]).args([&parts]).exits(0);
    let files = std::fs::read_dir(parts).unwrap().map(|entry| entry.unwrap().path());
    machine.verify().args(nonce(&CHALLENGE)).args(files).exits(4).shows(&["REFUSED  azure-snp"]);
}

#[test]
fn replaced_identifiers_are_listed() {
    let machine = Machine::new("redact-show", &genoa());
    let output = machine.folder.join("redacted.bundle");
    let run = teeproof(["bundle", "redact"]).args([machine.bundle()]).args(["-o"]).args([&output]);
    let ran = run.exits(0);
    for what in [
        "chip-id in hcl-report",
        "report-id in hcl-report",
        "vm-id in hcl-report",
        "ak-id in certificate-",
        "serial-number in certificate-",
    ] {
        assert!(ran.stderr.contains(&format!("replaced: {what}")), "{what}: {ran:#?}");
    }
    // Each identifier once for each part, and the salt when everything else is done.
    let lines: Vec<_> = ran.stderr.lines().collect();
    let said: std::collections::BTreeSet<_> = lines.iter().collect();
    assert_eq!(said.len(), lines.len(), "{ran:#?}");
    assert!(lines.contains(&"replaced: chip-id in hcl-report: 1 place"), "{ran:#?}");
    assert!(lines.contains(&"replaced: report-id in hcl-report: 1 place"), "{ran:#?}");
    assert!(lines.last().unwrap().contains("a random salt was used"), "{ran:#?}");
    let show = teeproof(["bundle", "show"]).args([&output]);
    show.exits(0)
        .shows(&["REPLACED chip-id in hcl-report, bytes 0x1c0..0x200", "REPLACED vm-id in hcl-report"]);
    let json = teeproof(["bundle", "show", "--format", "json"]).args([&output]).exits(0).json();
    let redactions = json["redactions"].as_array().unwrap();
    let chip = redactions.iter().find(|one| one["what"] == "chip-id" && one["part"] == "hcl-report").unwrap();
    assert_eq!((chip["offset"].as_u64(), chip["length"].as_u64()), (Some(0x1c0), Some(64)));
    let inspected = teeproof(["inspect"]).args([&output]).exits(0);
    assert!(inspected.first_line().contains("bundle (raw; redacted)"), "{inspected:#?}");
}

#[test]
fn the_same_salt_gives_the_same_bundle() {
    let machine = Machine::new("redact-salt", &genoa());
    let read = |path: PathBuf| std::fs::read(path).unwrap();
    let first = read(salted(&machine, "first.bundle"));
    assert_eq!(first, read(salted(&machine, "second.bundle")));
    let salt = machine.put("salt.bin", SALT);
    let from_file = ["--salt", &format!("@{}", salt.display())];
    assert_eq!(first, read(redact(&machine, "third.bundle", &from_file)));
    let other = read(redact(&machine, "other.bundle", &["--salt", "utf8:another sixteen."]));
    assert_ne!(first, other);
    assert_eq!(first.len(), other.len());
    // Random salts differ.
    let [one, two] = ["one.bundle", "two.bundle"].map(|name| read(redact(&machine, name, &[])));
    assert_ne!(one, two);
    // The JSON form is the same bundle.
    let json = redact(&machine, "first.json", &["--json", "--salt", &format!("hex:{}", hex(SALT))]);
    let cbor = teeproof(["bundle", "export", "--cbor"]).args([json]).bytes();
    assert_eq!(first, cbor);
}

#[test]
fn a_bundle_that_cannot_be_redacted_is_reported() {
    let machine = Machine::new("redact-errors", &genoa());
    let made = machine.bundle();
    let run = |file: &Path, salt: &str| teeproof(["bundle", "redact"]).args([file]).args(["--salt", salt]);
    run(&made, "utf8:fifteen of salt").fails(2, &["--salt", "16 bytes or more, got 15"]);
    run(&made, "utf8:").fails(2, &["--salt: expected 16 bytes or more, got 0"]);
    run(&made, "sixteen of salt.").fails(2, &["--salt"]);
    let redacted = salted(&machine, "redacted.bundle");
    run(&redacted, "utf8:another sixteen.")
        .fails(2, &["redacted already", "redact the bundle that was collected"]);
    // Nobody learns of a salt that was not used.
    let again = teeproof(["bundle", "redact"]).args([&redacted]).exits(2);
    assert!(!again.stderr.contains("salt"), "{again:#?}");
    // Unredacted parts are not added to a redacted bundle.
    let vek = machine.put("vek.der", &machine.minted.vek);
    teeproof(["bundle", "create"]).args([&redacted, &vek]).fails(
        2,
        &["nothing can be added to a redacted bundle", "make a bundle of the files that were collected"],
    );
    let copy = machine.folder.join("copy.bundle");
    teeproof(["bundle", "create"]).args([&redacted]).args(["-o"]).args([&copy]).exits(0);
    // A file of evidence is not a bundle, and the reason why a part is invalid is reported.
    run(&machine.report(), "utf8:sixteen of salt.")
        .fails(3, &["expected a bundle, got an HCL report", "teeproof bundle create"]);
    let mut client = machine.minted.ak_certificate.clone();
    let at = client.windows(15).position(|window| window == b".ConfidentialVM").unwrap();
    client[at - 1] = 0xff;
    let unread = machine.folder.join("unread.bundle");
    let client = machine.put("ak.der", &client);
    teeproof(["bundle", "create"]).args([machine.report(), client]).args(["-o"]).args([&unread]).exits(0);
    run(&unread, "utf8:sixteen of salt.")
        .fails(3, &["certificate-0", "cannot be read completely", "alphabet"]);
    let blank = genoa().with_machine(|machine| {
        machine.report.report_id = [0; 32];
        machine.report.report_id_ma = [0xff; 32];
        *machine = machine.clone().chip_id([0; 64]);
    });
    let blank = blank.with_claims(|claims| {
        claims.configuration.set("vmUniqueId", "00000000-0000-0000-0000-000000000000");
    });
    let blank = Machine::new("redact-blank", &blank);
    let made = blank.folder.join("blank.bundle");
    teeproof(["bundle", "create"]).args([blank.report()]).args(["-o"]).args([&made]).exits(0);
    run(&made, "utf8:sixteen of salt.").fails(2, &["no identifier to redact"]);
}

/// A TD quote names its platform in the header, in the PCK certificate and in the quoting enclave's data.
#[test]
fn a_td_quote_does_not_name_its_platform() {
    let platform: TdxMachine = guest().with_sgx(|sgx| {
        sgx.ppid = *b"ppid of machine.";
        sgx.platform_instance_id = Some(*b"instance of one.");
    });
    let machine = TdMachine::new("redact-tdx", &platform);
    let path = machine.folder.join("redacted.bundle");
    teeproof(["bundle", "redact"]).args([machine.bundle()]).args(["-o"]).args([&path]).exits(0);
    let folder = machine.folder.join("parts");
    teeproof(["bundle", "export"]).args([&path]).args(["--dir"]).args([&folder]).exits(0);
    let parts = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let contents: Vec<_> = parts.chain([std::fs::read(&path).unwrap()]).collect();
    for identifier in [b"ppid of machine.", b"instance of one."] {
        for form in encoded(identifier).into_iter().chain([identifier.to_vec()]) {
            assert!(!holds(&contents, &form), "{}", String::from_utf8_lossy(&form));
        }
    }
    let ran = machine.verify().args([&path]).exits(7).shows(&["REFUSED  tdx", "✘ bundle.redacted"]);
    assert!(!ran.stdout.contains("input.ignored"), "collateral belongs to a TD quote: {ran:#?}");
    teeproof(["bundle", "show"]).args([&path]).exits(0).shows(&["REPLACED platform-id in td-quote"]);
}
