//! Advice is as careful as a verdict: what `policy suggest` proposes nothing from, and what it never pins.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use teeproof_mint::azure::{EventLog, Vm};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine as Host, Product};

use crate::machine::*;
use crate::support::*;

fn suggest(files: &[&Path], anchors: &[OsString]) -> Run {
    teeproof(["policy", "suggest"]).args(files).args(AT).args(anchors)
}

/// An enclave's document as a file, and its root as an anchor.
fn enclave(folder: &Path, name: &str, enclave: &Enclave) -> (PathBuf, Vec<OsString>) {
    let minted = enclave.mint().unwrap();
    let root = put(folder, &format!("{name}-root.der"), minted.root());
    (put(folder, name, &minted.document), vec!["--anchor".into(), root.into()])
}

/// A bare report with its certificates as a bundle, and its ARK as an anchor.
fn host(folder: &Path, host: &Host) -> (PathBuf, Vec<OsString>) {
    let minted = host.mint().unwrap();
    let files = [("report.bin", &minted.report), ("vek.der", &minted.vek), ("ask.der", &minted.intermediate)];
    let bundle = folder.join("host.bundle");
    let create = teeproof(["bundle", "create", "--collected", "2026-01-15T12:00:00Z", "-o"]).args([&bundle]);
    create.args(files.map(|(name, bytes)| put(folder, name, bytes))).exits(0);
    (bundle, vec!["--anchor".into(), put(folder, "ark.der", &minted.ark).into()])
}

/// Refused with this exit code and class; nothing is proposed, and no hint is that of another failure.
#[track_caller]
fn refused(run: impl Fn() -> Run, exit: i32, class: &str, says: &[&str]) {
    let ran = run().fails(exit, says);
    assert_eq!(ran.stderr.contains("not authentic"), class == "not authentic", "{ran:#?}");
    let json = run().args(["--format", "json"]).exits(exit).json();
    assert_eq!((&json["class"], &json["exit_code"]), (&class.into(), &exit.into()), "{json:#}");
}

#[test]
fn nothing_is_proposed_from_a_debug_enclave() {
    let real = || teeproof(["policy", "suggest"]).file(DEBUG).args(AT_DOCUMENT);
    refused(real, 6, "refused", &["nitro.debug", "accepts any software", "without debug mode"]);
    let folder = folder("advice-debug-enclave");
    let (document, anchors) = enclave(&folder, "one.cose", &Enclave::new().pcr(1, &[0; 48]));
    refused(|| suggest(&[&document], &anchors), 6, "refused", &["nitro.debug"]);
    // Together with a good one, the bad one is named.
    let (good, more) = enclave(&folder, "good.cose", &Enclave::new());
    let both = [anchors, more].concat();
    refused(|| suggest(&[&good, &document], &both), 6, "refused", &["one.cose", "nitro.debug"]);
}

#[test]
fn nothing_is_proposed_from_reports_that_a_host_controls() {
    let folder = folder("advice-host");
    let debug = Host::vcek(Product::Genoa).with_report(|report| report.policy |= 1 << 19);
    let (bundle, anchors) = host(&folder, &debug);
    refused(|| suggest(&[&bundle], &anchors), 6, "refused", &["snp.policy.debug", "DEBUG bit is zero"]);
    let requested = Host::vcek(Product::Genoa).with_report(|report| report.vmpl = u32::MAX);
    let (bundle, anchors) = host(&folder, &requested);
    refused(|| suggest(&[&bundle], &anchors), 6, "refused", &["snp.host-requested", "inside the guest"]);
}

#[test]
fn a_failure_is_called_by_its_own_class() {
    // The certificates of a document are valid for three hours.
    let expired = || teeproof(["policy", "suggest"]).file(PRODUCTION);
    refused(expired, 7, "incomplete", &["nitro.validity", "expired: notAfter 2025-01-16", "--at document"]);
    let folder = folder("advice-class");
    let unmeasured = Enclave::nitrotpm().pcr(4, &[0; 48]);
    let (tpm, anchors) = enclave(&folder, "tpm.cose", &unmeasured);
    let said = ["no policy is proposed", "nitro-tpm.measured-boot", "PCRs 0 to 7"];
    refused(|| suggest(&[&tpm], &anchors), 6, "refused", &said);
    let tdx = Machine::new("advice-class-tdx", &Vm::tdx());
    let bundle = tdx.bundle();
    refused(|| suggest(&[&bundle], &tdx.anchors()), 7, "incomplete", &["hcl.td-quote"]);
    let tampered = || teeproof(["policy", "suggest"]).file(TAMPERED).args(AT_DOCUMENT);
    refused(tampered, 4, "not authentic", &["nitro.signature"]);
    let register = Machine::new("advice-class-pcr", &genoa());
    let register = Machine {
        minted: {
            let mut it = register.minted;
            it.pcrs[0][0] ^= 1;
            it
        },
        ..register
    };
    let bundle = register.bundle();
    refused(|| suggest(&[&bundle], &register.anchors()), 5, "not bound", &["quote.pcrs"]);
}

/// A VM whose ID key teeproof does not know: any SNP guest could have made its claims.
fn self_made() -> Vm {
    genoa().with_machine(|machine| machine.report.id_key_digest = [0x11; 48])
}

#[test]
fn claims_of_an_origin_that_is_not_shown_are_accepted_for_a_reason_alone() {
    let machine = Machine::new("advice-origin", &self_made());
    let [certified, bare] = [machine.bundle(), machine.folder.join("bare.bundle")];
    let files = machine.guest().into_iter().chain(machine.endorsements().into_iter().take(2));
    let create = teeproof(["bundle", "create", "--collected", "2026-01-15T12:00:00Z", "-o"]).args([&bare]);
    create.args(files).exits(0);
    for (bundle, why, origin) in [
        (&bare, "nothing ties the claims to Azure's paravisor", "origin = { waived = \"a lab \\\"VM\\\"\" }"),
        (&certified, "the AK certificate alone", "origin = { exactly = \"ak-certificate\" }"),
    ] {
        let run = || suggest(&[bundle], &machine.anchors());
        refused(run, 6, "refused", &["origin.paravisor", why, "--accept-origin-not-shown REASON"]);
        let accept = ["--accept-origin-not-shown", "a lab \"VM\""];
        let ran = run().args(accept).exits(0).shows(&[
            "# THE ORIGIN OF THE CLAIMS IS NOT SHOWN, accepted because: a lab \"VM\"\n",
            "# ORIGIN NOT SHOWN: any confidential guest could have made such claims.\n",
            "# WARNING azure-snp.origin: ",
            origin,
        ]);
        // A measurement that anybody could have made is no ground.
        assert!(!ran.stdout.contains("\"measurement\""), "{ran:#?}");
        assert!(ran.stderr.contains("azure-snp.origin: "), "{ran:#?}");
        let policy = machine.put("proposed.toml", &ran.stdout);
        let ran = teeproof(["policy", "test", "--format", "json"]).args([&policy, bundle]).args(AT);
        let json = ran.args(machine.anchors()).exits(0).json();
        // Nor does what it pins pass for a ground afterwards, so that each result says it again.
        let origin = &json["files"][0]["result"]["origin"];
        assert_eq!(origin["strong"], false, "{origin:#}");
    }
    suggest(&[&bare], &machine.anchors()).args(["--accept-origin-not-shown", " "]).exits(2);
    // Not even for a reason are such claims the ground of others.
    let real = Machine::new("advice-origin-real", &genoa());
    let both = [machine.anchors(), real.anchors()].concat();
    let ran = suggest(&[&bare, &real.bundle()], &both).args(["--accept-origin-not-shown", "mixed"]).exits(0);
    let ran = ran.shows(&["origin = { waived = \"mixed\" }", "ORIGIN NOT SHOWN (1 of 2)"]);
    assert!(!ran.stdout.contains("origin = { exactly"), "{ran:#?}");
}

#[test]
fn anchors_that_are_not_the_vendors_stand_in_the_head() {
    let machine = Machine::new("advice-anchor", &genoa());
    let ran = suggest(&[&machine.bundle()], &machine.anchors()).exits(0);
    let head: Vec<_> = ran.stdout.lines().take_while(|line| line.starts_with('#')).collect();
    assert_eq!(head[0], "# NON-PRODUCTION ANCHOR (1 of 1)");
    for name in ["CN=ARK-Genoa", "CN=Azure Virtual TPM Root Certificate Authority 2023"] {
        assert!(head.iter().any(|line| line.contains("ANCHOR: ") && line.contains(name)), "{head:#?}");
    }
    // Standard error says the same, with -q too.
    let quiet = suggest(&[&machine.bundle()], &machine.anchors()).args(["-q"]).exits(0);
    for line in head.iter().filter(|line| line.contains("ANCHOR")) {
        let said = format!("{}\n", line.trim_start_matches("# "));
        assert!(ran.stderr.contains(&said) && quiet.stderr.contains(&said), "{said}{quiet:#?}");
    }
}

#[test]
fn each_product_line_of_a_mixed_fleet_has_a_floor_of_its_own() {
    let [milan, genoa] = [Product::Milan, Product::Genoa].map(|line| Vm::snp(line).nonce(&CHALLENGE));
    let (old, new) = (Product::Genoa.tcb().microcode, Product::Milan.tcb().microcode);
    assert!(old < new);
    let machines = [Machine::new("advice-milan", &milan), Machine::new("advice-genoa", &genoa)];
    let bundles = machines.each_ref().map(Machine::bundle);
    let anchors = machines.each_ref().map(Machine::anchors).concat();
    let ran = suggest(&[&bundles[0], &bundles[1]], &anchors).exits(0).shows(&[
        "product = { one-of = [\"milan\", \"genoa\"] }",
        "reported-tcb = { at-least = { milan = { bootloader = 4, tee = 0, snp = 24, microcode = 219 }, \
         genoa = { bootloader = 10, tee = 0, snp = 23, microcode = 84 } } }",
    ]);
    let policy = machines[0].put("fleet.toml", &ran.stdout);
    let test = |bundle: &Path, anchors: &[OsString]| {
        teeproof(["policy", "test"]).args([&policy]).args([bundle]).args(AT).args(anchors)
    };
    bundles.iter().for_each(|bundle| _ = test(bundle, &anchors).exits(0));
    // A Milan with the Genoa's microcode, which is older than what any Milan was seen with.
    let tcb = teeproof_mint::snp::Tcb { microcode: old, ..Product::Milan.tcb() };
    let older = milan.with_machine(|machine| *machine = machine.clone().tcb(tcb));
    let older = Machine::new("advice-milan-older", &older);
    let ran = test(&older.bundle(), &older.anchors()).exits(6);
    for tcb in ["reported", "committed", "current", "launch"] {
        assert!(ran.stdout.contains(&format!("    snp.tcb.{tcb}  expected at least milan ")), "{ran:#?}");
    }
    assert_eq!(ran.stdout.matches("\n    snp.").count(), 4, "{ran:#?}");
    // A product line that was not seen.
    let turin = Machine::new("advice-turin", &Vm::snp(Product::Turin).nonce(&CHALLENGE));
    test(&turin.bundle(), &turin.anchors())
        .exits(6)
        .shows(&["    snp.product  expected one of milan, genoa"]);
}

/// A VM whose operating system extended these PCRs outside of the firmware's log.
fn extended(pcrs: &[usize]) -> Vm {
    let mut vm = genoa();
    pcrs.iter().for_each(|index| vm.pcrs[*index] = [0xa5; 32]);
    vm
}

/// The line of a proposal that begins like this.
#[track_caller]
fn line<'t>(toml: &'t str, begin: &str) -> &'t str {
    toml.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("{begin}: {toml}"))
}

#[test]
fn pcrs_that_vary_or_that_no_log_explains_are_waived_with_their_reasons() {
    let machine = Machine::new("advice-pcrs", &extended(&[9, 10, 11, 12, 13, 15]));
    let bundle = machine.bundle();
    let toml = suggest(&[&bundle], &machine.anchors()).exits(0).stdout;
    for (index, why) in [
        (5, "GPT"),
        (6, "VM's id"),
        (9, "systemd"),
        (10, "IMA"),
        (11, "the event log does not explain it: systemd"),
        (12, "the event log has no events of it: systemd"),
        (13, "system extensions"),
        (15, "machine id"),
        (16, "debugging"),
        (17, "reset value"),
        (22, "no late launch"),
        (23, "applications"),
    ] {
        let rule = line(&toml, &format!("{index} = "));
        assert!(rule.starts_with(&format!("{index} = {{ waived = \"")) && rule.contains(why), "{rule}");
    }
    for index in [0, 1, 2, 3, 4, 7, 8, 14] {
        assert!(line(&toml, &format!("{index} = ")).contains("exactly = "), "{toml}");
    }
    // The head says what the result warns of.
    let head = line(&toml, "# log.replay: ");
    assert!(head.contains("differ: 9 11"), "{head}");
    // The event log has to explain all others, and the machine is accepted.
    let rule = line(&toml, "event-log = ");
    assert!(rule.starts_with("event-log = { explained-except = { 9 = \"systemd"), "{rule}");
    assert!(rule.contains(", 11 = \"systemd") && !rule.contains("10 = "), "{rule}");
    let policy = machine.put("proposed.toml", &toml);
    let verify =
        |vm: &Machine| teeproof(["policy", "test"]).args([&policy, &vm.bundle()]).args(AT).args(vm.anchors());
    verify(&machine).exits(0);
    let other = Machine::new("advice-pcrs-firmware", &extended(&[2, 9, 10, 11]));
    verify(&other).exits(6).shows(&["log.explains", "quote.pcr2"]);
    // With --pin, they are pinned.
    let ran = suggest(&[&bundle], &machine.anchors()).args(["--pin", "11,12", "--pin", "10"]).exits(0);
    for index in [10, 11, 12] {
        assert_eq!(
            line(&ran.stdout, &format!("{index} = ")),
            format!("{index} = {{ exactly = \"{}\" }}", "a5".repeat(32))
        );
    }
    assert!(line(&ran.stdout, "9 = ").contains("waived"), "{ran:#?}");
    assert!(line(&ran.stdout, "# WARNING azure-snp.pcrs.10").contains("IMA"), "{ran:#?}");
    // What is not there cannot be pinned.
    let few = Machine::new("advice-pcrs-few", &genoa().pcr_selection(&[0, 4, 7]));
    let ran = suggest(&[&few.bundle()], &few.anchors()).args(["--pin", "4"]).exits(0);
    assert!(!ran.stdout.contains("\n11 = "), "{ran:#?}");
    suggest(&[&few.bundle()], &few.anchors()).args(["--pin", "11"]).fails(2, &["PCR 11 cannot be pinned"]);
    suggest(&[&few.bundle()], &few.anchors()).args(["--pin", "32"]).exits(2);
}

#[test]
fn without_an_event_log_no_pcr_is_pinned_and_that_is_said() {
    let mut vm = genoa();
    vm.log = None;
    let machine = Machine::new("advice-no-log", &vm);
    let ran = suggest(&[&machine.bundle()], &machine.anchors()).exits(0);
    for index in [0, 4, 7, 8] {
        assert!(line(&ran.stdout, &format!("{index} = ")).contains("no event log explains it"), "{ran:#?}");
    }
    let said = "azure-snp.pcrs: nothing in this section says what software runs";
    assert!(line(&ran.stdout, "# WARNING").contains(said), "{ran:#?}");
    assert!(ran.stderr.contains(said), "{ran:#?}");
    assert!(ran.stderr.contains("hint: collect with the event log, or pin"), "{ran:#?}");
    let ran = suggest(&[&machine.bundle()], &machine.anchors()).args(["--pin", "4,7"]).exits(0);
    assert!(line(&ran.stdout, "4 = ").contains("exactly"), "{ran:#?}");
    assert!(ran.stdout.contains("# WARNING azure-snp.secure-boot: "), "{ran:#?}");
    assert!(
        ran.stdout.contains("# WARNING azure-snp.event-log: waived: the evidence has no event log"),
        "{ran:#?}"
    );
    assert_eq!(ran.stdout.matches("# WARNING").count(), 2, "{ran:#?}");
    // The attestation agent's log tells of its own events, and explains no boot.
    let mut vm = genoa().log(EventLog::of_attestation_agent(8, &["a workload"]));
    vm.pcrs[4] = [0xa5; 32];
    let agent = Machine::new("advice-agent-log", &vm);
    let ran = suggest(&[&agent.bundle()], &agent.anchors()).exits(0);
    assert!(line(&ran.stdout, "8 = ").contains("waived") && ran.stdout.contains("# WARNING"), "{ran:#?}");
}

#[test]
fn zero_pcrs_of_an_enclave_are_not_pinned() {
    let folder = folder("advice-zero-pcrs");
    let signed = Enclave::new().pcr(3, &[0; 48]).pcr(8, &[8; 48]);
    let (document, anchors) = enclave(&folder, "signed.cose", &signed);
    let toml = suggest(&[&document], &anchors).exits(0).stdout;
    for index in [0, 1, 2, 8] {
        assert!(line(&toml, &format!("{index} = ")).contains("exactly"), "{toml}");
    }
    for (index, why) in [(3, "zero: no IAM role"), (4, "instance's alone"), (5, "zero: nothing")] {
        assert!(
            line(&toml, &format!("{index} = ")).contains(&format!("waived = \"{why}"))
                || line(&toml, &format!("{index} = ")).contains(why),
            "{toml}"
        );
    }
    assert!(!toml.contains(&"0".repeat(96)), "{toml}");
    // Signed and unsigned images together.
    let (other, more) = enclave(&folder, "unsigned.cose", &Enclave::new().pcr(8, &[0; 48]));
    suggest(&[&document, &other], &[anchors, more].concat())
        .fails(6, &["nitro.pcrs.8", "propose two policies"]);
}

#[test]
fn shared_evidence_of_milan_and_genoa_has_a_floor_for_each() {
    let Some(shared) = crate::shared::folder() else { return };
    let need = |name: &str| crate::shared::need(&shared, name);
    let milan = [need("azure/trustee-snp-report.bin"), need("azure/trustee-snp-vcek.der")];
    let genoa = need("real/repro/ars-snp_live-evidence-genoa.json");
    let folder = folder("advice-shared-floors");
    let bundle = folder.join("milan.bundle");
    let create = teeproof(["bundle", "create", "--collected", "2026-01-15T12:00:00Z", "-o"]).args([&bundle]);
    create.args(milan).exits(0);
    let ran = teeproof(["policy", "suggest"]).args([&bundle, &genoa]).exits(0);
    // The lower of both, microcode 27, would be older than any Milan.
    assert_eq!(
        line(&ran.stdout, "reported-tcb = "),
        "reported-tcb = { at-least = { milan = { bootloader = 3, tee = 0, snp = 8, microcode = 115 }, \
         genoa = { bootloader = 10, tee = 0, snp = 27, microcode = 27 } } }"
    );
    let policy = put(&folder, "fleet.toml", &ran.stdout);
    teeproof(["policy", "test"]).args([&policy, &bundle, &genoa]).exits(0);
}

#[test]
fn shared_evidence_without_an_event_log_has_no_pcr_pinned() {
    let Some(shared) = crate::shared::folder() else { return };
    let evidence = crate::shared::need(&shared, "azure/trustee-az-snp-v1.json");
    let ran = teeproof(["policy", "suggest"]).args([&evidence]).exits(0).shows(&[
        "# WARNING azure-snp.pcrs: nothing in this section says what software runs",
        "origin = { exactly = \"measurement\" }",
        "10 = { waived = \"IMA extends it",
        "12 = { waived = \"no event log explains it: systemd extends it",
        "event-log = { waived = \"the evidence has no event log of the firmware\" }",
    ]);
    let policy = file("advice-shared-log", "policy.toml", &ran.stdout);
    teeproof(["policy", "test"]).args([&policy, &evidence]).exits(0);
    let ran = teeproof(["policy", "suggest", "--pin", "4,7"]).args([&evidence]).exits(0);
    assert!(line(&ran.stdout, "4 = ").contains("exactly"), "{ran:#?}");
    assert!(ran.stdout.contains("# WARNING azure-snp.secure-boot: "), "{ran:#?}");
    assert!(
        ran.stdout.contains("# WARNING azure-snp.event-log: waived: the evidence has no event log"),
        "{ran:#?}"
    );
    assert_eq!(ran.stdout.matches("# WARNING").count(), 2, "{ran:#?}");
    let tdx = crate::shared::need(&shared, "azure/trustee-az-tdx-v1.json");
    refused(|| teeproof(["policy", "suggest"]).args([&tdx]), 7, "incomplete", &["tdx.collateral"]);
}
