//! Minted Azure machines, each refused for the one thing that is wrong with it.

use std::path::PathBuf;

use crate::machine::*;
use crate::support::*;

/// The id key of Azure Container Instances on Milan and Genoa.
const CONTAINERS: [u8; 48] = *b"\x0a\xd7\x9c\xeb\x0b\x64\x8b\x0e\x6a\x90\xd8\xaa\x9f\x6e\xa2\x4c\
    \x33\xa9\x68\xb6\x63\x20\x85\x35\x31\x45\xe8\xb1\x9a\x47\x41\xa2\
    \xda\xb9\xba\x34\x2e\x13\xbe\x4f\xc0\xd2\x25\xe8\x89\xcc\x1a\x58";

#[test]
fn a_nonce_is_compared_whole() {
    let machine = Machine::new("azure-nonce", &genoa());
    let longer = [&CHALLENGE[..], &[0]].concat();
    for wrong in [&CHALLENGE[..31], &longer, &[0; 32], &CHALLENGE[1..]] {
        let ran = machine.verify().args(nonce(wrong)).args(machine.files()).exits(5);
        assert!(ran.first_line().starts_with("REFUSED  azure-snp"), "{ran:#?}");
        ran.shows(&["✔ quote.signer", "✘ quote.nonce"]);
    }
    let free = machine.verify().args(["--no-nonce"]).args(machine.files()).exits(0);
    free.shows(&["waived: --no-nonce was given: quote.nonce"]);
}

#[test]
fn a_nonce_that_no_tpm_takes_is_refused() {
    let long = [0x5a; 51];
    let machine = Machine::new("azure-long-nonce", &genoa().nonce(&long));
    let run = |bytes| machine.verify().args(nonce(bytes)).args(machine.files());
    run(&long).exits(5).shows(&["✘ quote.nonce", "1 to 50 bytes"]);
    let longest = Machine::new("azure-longest-nonce", &genoa().nonce(&long[..50]));
    longest.verify().args(nonce(&long[..50])).args(longest.files()).exits(0);
}

#[test]
fn without_a_quote_the_nonce_is_in_user_data() {
    let machine = Machine::new("azure-no-quote", &genoa().user_data(&CHALLENGE));
    let run =
        |bytes| machine.verify().args(nonce(bytes)).args([machine.report()]).args(machine.endorsements());
    run(&CHALLENGE).exits(0).shows(&["– quote.signature", "✔ hcl.user-data"]);
    for wrong in [&CHALLENGE[..31], &[CHALLENGE.as_slice(), &[1]].concat()] {
        run(wrong).exits(5).shows(&["✘ hcl.user-data"]);
    }
}

#[test]
fn a_changed_register_is_not_the_quoted_one() {
    let mut machine = Machine::new("azure-register", &genoa());
    machine.minted.pcrs[7][31] ^= 1;
    machine.verify_all().exits(5).shows(&["✔ quote.signature", "✘ quote.pcrs"]);
    let files = [vec![machine.report()], machine.quote(), machine.endorsements()].concat();
    let concatenation = machine.put("pcrs.bin", machine.minted.pcr_concatenation());
    let run = machine.verify().args(nonce(&CHALLENGE)).args(files).args([concatenation]);
    run.exits(5).shows(&["✘ quote.pcrs"]);
}

#[test]
fn a_flipped_signature_does_not_hold() {
    let mut machine = Machine::new("azure-quote-signature", &genoa());
    machine.minted.quote_signature[100] ^= 1;
    machine.verify_all().exits(4).shows(&["✔ hcl.binding", "✘ quote.signature"]);
    let mut machine = Machine::new("azure-report-signature", &genoa());
    machine.minted.hcl_report[0x20 + 0x2a0] ^= 1;
    machine.verify_all().exits(4).shows(&["✔ snp.chain", "✘ snp.signature"]);
}

#[test]
fn changed_claims_are_not_those_of_the_report() {
    let mut machine = Machine::new("azure-claims", &genoa());
    let claims = machine.minted.claims();
    let at = position(&machine.minted.hcl_report, &claims) + position(&claims, b"\"secure-boot\":true");
    machine.minted.hcl_report[at + 1] = b'S';
    machine.verify_all().exits(5).shows(&["✔ snp.signature", "✘ hcl.binding"]);
}

#[test]
fn minted_roots_are_trusted_only_where_they_are_named() {
    let machine = Machine::new("azure-anchors", &genoa());
    let [_, ark, _, ak_root]: [_; 4] = machine.anchors().try_into().unwrap();
    let run = || teeproof(["verify"]).args(GENUINE).args(AT).args(nonce(&CHALLENGE)).args(machine.files());
    run().exits(4).shows(&["✘ snp.chain", "--anchor"]);
    run().args(["--anchor"]).args([&ak_root]).exits(4).shows(&["✘ snp.chain", "– ak.chain"]);
    // Roots that come as endorsements are no anchors: each is named, with what to do.
    let named = ["✘ snp.chain", "root that is not trusted", "CN=ARK-Genoa", "--anchor"];
    run().args([&ark, &ak_root]).exits(4).shows(&named);
    let named =
        ["✔ snp.chain", "✘ ak.chain", "root that is not trusted", "CN=Azure Virtual TPM Root", "--anchor"];
    run().args([&ak_root]).args(["--anchor"]).args([&ark]).exits(4).shows(&named);
    let ran = run().args(["--anchor"]).args([&ark]).exits(0);
    assert!(ran.first_line().ends_with("NON-PRODUCTION ANCHOR"), "{ran:#?}");
    ran.shows(&["! ak.chain", "is missing among the endorsements"]);
}

#[test]
fn user_data_is_compared_with_the_expected_user_data() {
    let machine = Machine::new("azure-user-data", &genoa().user_data(b"the guest's data"));
    let run = |user_data: &str| machine.verify_all().args(["--user-data", user_data]);
    run("utf8:the guest's data").exits(0).shows(&["✔ hcl.user-data"]);
    let padded = format!("hex:{}{}", hex(b"the guest's data"), "00".repeat(48));
    run(&padded).exits(0).shows(&["✔ hcl.user-data"]);
    for wrong in ["utf8:the guest's dat", "utf8:the guest's data.", "hex:00", "utf8:another's"] {
        run(wrong).exits(5).shows(&["✔ quote.nonce", "✘ hcl.user-data"]);
    }
    run(&format!("hex:{}", "00".repeat(65))).fails(2, &["--user-data: expected at most 64 bytes, got 65"]);
    run("the guest's data").fails(2, &["--user-data"]);
}

#[test]
fn another_guests_report_is_not_the_paravisors() {
    let guests = [
        ("azure-containers", genoa().with_machine(|machine| machine.report.id_key_digest = CONTAINERS)),
        ("azure-host-data", genoa().with_machine(|machine| machine.report.host_data[31] = 1)),
    ];
    for (test, vm) in guests {
        let ran = Machine::new(test, &vm).verify_all().exits(6);
        ran.shows(&["✔ hcl.vmpl", "✔ hcl.binding", "✔ quote.pcrs", "✘ origin.paravisor"]);
    }
    let unknown = genoa().with_machine(|machine| machine.report.id_key_digest = [0x11; 48]);
    let machine = Machine::new("azure-unknown-key", &unknown);
    machine.verify_all().exits(0).shows(&["! origin.paravisor", "ak-certificate alone"]);
    let bare = machine.verify().args(nonce(&CHALLENGE)).args(machine.guest());
    let vek = machine.endorsements().into_iter().take(2);
    let ran = bare.args(vek).exits(0).shows(&["! origin.paravisor", "nothing ties the report"]);
    assert!(ran.first_line().ends_with("  exit 0  NON-PRODUCTION ANCHOR  ORIGIN NOT SHOWN"), "{ran:#?}");
}

#[test]
fn the_guests_own_level_is_not_the_paravisors() {
    let vm = genoa().with_machine(|machine| machine.report.vmpl = 1);
    Machine::new("azure-vmpl", &vm).verify_all().exits(4).shows(&["✔ snp.signature", "✘ hcl.vmpl"]);
}

#[test]
fn what_belongs_together_has_to_come_together() {
    let machine = Machine::new("azure-parts", &genoa());
    let run =
        |files: &[PathBuf]| machine.verify().args(nonce(&CHALLENGE)).args(machine.endorsements()).args(files);
    let [report, registers] = [machine.report(), machine.registers()];
    let [message, signature] = machine.quote().try_into().unwrap();
    let log = machine.log().remove(0);
    let all = |files: &[&PathBuf]| run(&files.iter().map(|path| (*path).clone()).collect::<Vec<_>>());
    all(&[&report, &registers]).fails(2, &["PCR values without a TPM quote", "name the quote too"]);
    all(&[&report, &message]).fails(2, &["a TPM quote without its signature"]);
    all(&[&report, &signature]).fails(2, &["a TPM signature without a TPM quote"]);
    all(&[&report, &message, &signature, &log]).fails(2, &["an event log without PCR values"]);
    all(&[&message, &signature, &registers]).fails(2, &["without an HCL report"]);
    all(&[]).fails(2, &["there is no evidence among the files"]);
    all(&[&report, &message, &signature]).exits(0).shows(&["– quote.pcrs", "– log.replay"]);
    let cut = machine.put("cut.log", &std::fs::read(&log).unwrap()[..500]);
    all(&[&report, &message, &signature, &registers, &cut]).exits(3).shows(&["✘ log.format"]);
}
