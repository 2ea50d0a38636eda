//! `policy suggest` over machines that are not alike: a fact that one machine lacks is never given up for all in
//! silence. And what the evidence lacks is called by its reason, wherever people and programs look.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use teeproof_mint::azure::{Event, EventLog, Vm};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::Product;
use teeproof_mint::x509::Validity;

use crate::machine::*;
use crate::support::*;

fn suggest(files: &[&Path], anchors: &[OsString]) -> Run {
    teeproof(["policy", "suggest"]).args(files).args(AT).args(anchors)
}

/// A machine whose log does not tell of these events, and whose PCRs are as the log says.
fn without(left_out: impl Fn(&Event) -> bool) -> Vm {
    let mut log = EventLog::booted_securely();
    log.events.retain(|event| !left_out(event));
    genoa().log(log)
}

/// Machines as bundles, each in a folder of its own, and the anchors of all.
fn fleet(test: &str, vms: &[Vm]) -> (Vec<PathBuf>, Vec<OsString>) {
    let machine = |(at, vm): (usize, &Vm)| Machine::new(&format!("{test}-{at}"), vm);
    let machines: Vec<_> = vms.iter().enumerate().map(machine).collect();
    let anchors = machines.iter().flat_map(Machine::anchors).collect();
    (machines.iter().map(Machine::bundle).collect(), anchors)
}

/// The fleet is refused: the field and the last machine are named, in words and in JSON.
#[track_caller]
fn refused(files: &[PathBuf], anchors: &[OsString], says: &[&str]) {
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let last = files.last().unwrap().display().to_string();
    let says =
        [says, &["no policy is proposed from these files together", "propose two policies", &last]].concat();
    let ran = suggest(&files, anchors).fails(6, &says);
    assert!(!ran.stderr.contains(&format!("not for {}", files[0].display())), "{ran:#?}");
    let json = suggest(&files, anchors).args(["--format", "json"]).exits(6).json();
    assert_eq!((&json["class"], &json["exit_code"]), (&"refused".into(), &6.into()), "{json:#}");
}

/// The policy of this file, and its warnings on every road: the head, standard error with and without -q, and JSON.
#[track_caller]
fn warned(files: &[&Path], anchors: &[OsString], field: &str, why: &str) -> String {
    let ran = suggest(files, anchors).exits(0);
    let quiet = suggest(files, anchors).args(["-q"]).exits(0);
    let json = suggest(files, anchors).args(["--format", "json"]).exits(0).json();
    let says =
        |text: &str| text.lines().any(|line| line.contains(&format!("{field}: ")) && line.contains(why));
    let head: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with("# WARNING ")).collect();
    assert!(says(&head.join("\n")) && says(&ran.stderr) && says(&quiet.stderr), "{ran:#?}");
    let warnings = json["policy_warnings"].as_array().unwrap();
    let of_field = warnings.iter().filter(|warning| warning["path"] == field);
    let messages: Vec<_> = of_field.clone().map(|warning| warning["message"].as_str().unwrap()).collect();
    assert!(messages.iter().any(|message| message.contains(why)), "{warnings:#?}");
    // At the line of the rule.
    let key = field.rsplit('.').next().unwrap();
    for warning in of_field {
        let line = usize::try_from(warning["line"].as_u64().unwrap()).unwrap();
        assert!(ran.stdout.lines().nth(line - 1).unwrap().starts_with(key), "{warning:#}\n{}", ran.stdout);
        assert!(!warning["hint"].as_str().unwrap().is_empty());
    }
    ran.stdout
}

#[test]
fn one_machine_without_boot_events_unpins_no_pcr_of_the_others() {
    let good = [genoa(), genoa(), genoa()];
    let fleet_of = |test: &str, last: Vm| fleet(test, &[&good[..], &[last]].concat());
    // PCR 4 holds its reset value, as where nothing was started.
    let (files, anchors) = fleet_of("mixed-pcr4", without(|event| event.register == 4));
    refused(&files, &anchors, &["azure-snp.pcrs.4", "not extended", "--pin 4"]);
    // PCR 11 was extended by the operating system, outside of the log.
    let mut extended = genoa();
    extended.pcrs[11] = [0xa5; 32];
    let (files, anchors) = fleet_of("mixed-pcr11", extended);
    refused(&files, &anchors, &["azure-snp.pcrs.11", "the event log does not explain it", "--pin 11"]);
    // No log, no quote of it, no quote at all.
    let mut silent = genoa();
    silent.log = None;
    let (files, anchors) = fleet_of("mixed-no-log", silent);
    refused(&files, &anchors, &["azure-snp.pcrs.4", "no event log explains it"]);
    let (files, anchors) = fleet_of("mixed-few", genoa().pcr_selection(&[0, 1, 2, 3, 5, 6, 7]));
    refused(&files, &anchors, &["azure-snp.pcrs.4", "no signed value of it"]);
    // The user can pin it all the same, and is warned of what that accepts.
    let (files, anchors) = fleet_of("mixed-pinned", without(|event| event.register == 4));
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let ran = suggest(&files, &anchors).args(["--pin", "4"]).exits(0);
    assert!(ran.stdout.contains("\n4 = { one-of = ["), "{ran:#?}");
    assert!(ran.stderr.contains("azure-snp.pcrs.4: the value of a PCR into which nothing"), "{ran:#?}");
    // Each of them alone is accepted.
    for file in &files {
        suggest(&[file], &anchors).exits(0);
    }
}

#[test]
fn one_unsigned_enclave_unpins_no_signer_of_the_others() {
    let folder = folder("mixed-enclaves");
    let mut anchors = Vec::new();
    let mut document = |name: &str, enclave: &Enclave| {
        let minted = enclave.mint().unwrap();
        anchors.extend(["--anchor".into(), put(&folder, &format!("{name}.der"), minted.root()).into()]);
        put(&folder, name, &minted.document)
    };
    let signed = document("signed.cose", &Enclave::new().pcr(3, &[3; 48]).pcr(8, &[8; 48]));
    let unsigned = document("unsigned.cose", &Enclave::new().pcr(3, &[3; 48]).pcr(8, &[0; 48]));
    let no_role = document("no-role.cose", &Enclave::new().pcr(3, &[0; 48]).pcr(8, &[8; 48]));
    refused(&[signed.clone(), unsigned], &anchors, &["nitro.pcrs.8", "zero: the image is not signed"]);
    refused(&[signed, no_role], &anchors, &["nitro.pcrs.3", "zero: no IAM role is measured"]);
}

#[test]
fn an_unsigned_identity_key_lets_no_unseen_author_in() {
    let author = |vm: Vm| {
        vm.with_machine(|machine| {
            machine.report.key_info |= 1;
            machine.report.author_key_digest = [0xa0; 48];
        })
    };
    let (files, anchors) = fleet("mixed-author", &[author(genoa()), genoa()]);
    refused(&files, &anchors, &["azure-snp.author-key-digest", "the signed report does not name it"]);
    // A value that none of them has is expected to be absent.
    let (files, anchors) = fleet("mixed-no-author", &[genoa(), genoa()]);
    let ran = suggest(&[&files[0], &files[1]], &anchors).exits(0);
    assert!(ran.stdout.contains("\nauthor-key-digest = { absent = true }\n"), "{ran:#?}");
}

#[test]
fn a_log_that_hides_secure_boot_is_called_that() {
    let hidden = || without(|event| event.register == 7 && event.kind != Event::SEPARATOR);
    let (files, anchors) = fleet("mixed-hidden", &[hidden(), genoa()]);
    let toml = warned(&[&files[0]], &anchors, "azure-snp.secure-boot", "SecureBoot");
    let rule = toml.lines().find(|line| line.starts_with("secure-boot = ")).unwrap();
    assert!(
        rule.contains("waived = ") && rule.contains("SecureBoot") && !rule.contains("\"absent\""),
        "{rule}"
    );
    assert!(toml.contains("\n7 = { exactly = "), "{toml}");
    // policy check says it afterwards, and that it is no verdict about secure boot.
    let policy = file("mixed-hidden-policy", "policy.toml", toml);
    let ran = teeproof(["policy", "check", "--strict", "-q"]).args([policy]).exits(6);
    assert!(ran.stdout.contains("azure-snp.secure-boot: secure boot is not demanded: "), "{ran:#?}");
    // Together with a machine whose log shows it.
    let toml =
        warned(&[&files[0], &files[1]], &anchors, "azure-snp.secure-boot", "not in all of the evidence");
    let json = suggest(&[&files[0], &files[1]], &anchors).args(["--format", "json"]).exits(0).json();
    assert!(json["differing"].as_array().unwrap().contains(&"azure-snp.secure-boot".into()), "{json:#}");
    assert!(!toml.contains("\"absent\""), "{toml}");
}

#[test]
fn what_some_machines_do_not_say_is_warned_of() {
    let claims = |member: &'static str| genoa().with_claims(|claims| claims.configuration.set(member, true));
    let (files, anchors) = fleet("mixed-claims", &[claims("interactive-console-enabled"), genoa()]);
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    warned(&files, &anchors, "azure-snp.interactive-console", "although some of the evidence has it");
    // A PCR that not every quote signs, and that no log explains.
    let mut extended = genoa();
    extended.pcrs[12] = [0xa5; 32];
    let (files, anchors) =
        fleet("mixed-quoted", &[extended, genoa().pcr_selection(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14])]);
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    warned(&files, &anchors, "azure-snp.pcrs.12", "no signed value of it");
}

#[test]
fn an_expired_ak_certificate_is_called_expired() {
    let machine = Machine::new("mixed-expired", &genoa());
    let before = teeproof_mint::DEFAULT_TIME - 100;
    let expired =
        genoa().with_ak_chain(|chain| chain.leaf.certificate.validity = Validity::new(before - 100, before));
    let expired = Machine::new("mixed-expired-ak", &expired);
    let anchors = [machine.anchors(), expired.anchors()].concat();
    let toml = warned(&[&expired.bundle()], &anchors, "azure-snp.ak-certificate", "expired");
    let rule = toml.lines().find(|line| line.starts_with("ak-certificate = ")).unwrap();
    assert!(rule.contains("waived = ") && rule.contains("expired: notAfter"), "{rule}");
    let both = [machine.bundle(), expired.bundle()];
    warned(
        &[&both[0], &both[1]],
        &anchors,
        "azure-snp.ak-certificate",
        "although some of the evidence has it",
    );
    // None at all is said so.
    let bare = machine.folder.join("bare.bundle");
    let files = machine.guest().into_iter().chain(machine.endorsements().into_iter().take(2));
    let create = teeproof(["bundle", "create", "--collected", "2026-01-15T12:00:00Z", "-o"]).args([&bare]);
    create.args(files).exits(0);
    let ran = suggest(&[&bare], &anchors).exits(0);
    assert!(
        ran.stdout.contains("ak-certificate = { waived = \"the evidence has no AK certificate"),
        "{ran:#?}"
    );
}

#[test]
fn programs_see_what_the_head_says() {
    let mut own = genoa().with_machine(|machine| machine.report.id_key_digest = [0x11; 48]);
    own.pcrs[11] = [0xa5; 32];
    let machine = Machine::new("mixed-json", &own);
    let run =
        || suggest(&[&machine.bundle()], &machine.anchors()).args(["--accept-origin-not-shown", "a lab"]);
    let json = run().args(["--format", "json"]).exits(0).json();
    let ran = run().exits(0);
    let head: Vec<_> = ran.stdout.lines().take_while(|line| line.starts_with("# ")).collect();
    let said: Vec<_> =
        json["head"].as_array().unwrap().iter().map(|line| format!("# {}", line.as_str().unwrap())).collect();
    assert!(said.len() >= 4 && said.iter().all(|line| head.contains(&line.as_str())), "{said:#?}\n{head:#?}");
    assert_eq!(json["origin_accepted"], "a lab");
    let anchors = json["anchors"].as_array().unwrap();
    assert!(anchors.iter().any(|name| name.as_str().unwrap().contains("CN=ARK-Genoa")), "{json:#}");
    assert!(!json["evidence_warnings"].as_array().unwrap().is_empty(), "{json:#}");
    let plain = Machine::new("mixed-json-plain", &genoa());
    let json = suggest(&[&plain.bundle()], &plain.anchors()).args(["--format", "json"]).exits(0).json();
    assert_eq!(json["origin_accepted"], serde_json::Value::Null);
}

#[test]
fn small_things_are_said_as_they_are() {
    let machine = Machine::new("mixed-small", &genoa());
    let bundle = machine.bundle();
    let again = machine.folder.join("again.bundle");
    std::fs::copy(&bundle, &again).unwrap();
    let ran = suggest(&[&bundle, &again, &bundle], &machine.anchors()).exits(0);
    assert!(ran.stdout.contains("# Proposed from one piece of evidence."), "{ran:#?}");
    assert!(ran.stdout.contains("(1 of 1)") && !ran.stderr.contains("differs between"), "{ran:#?}");
    assert!(
        ran.stderr.contains("the same evidence as") && ran.stderr.contains("teeproof policy test"),
        "{ran:#?}"
    );
    for name in ["", " "] {
        suggest(&[&bundle], &machine.anchors())
            .args(["--name", name])
            .fails(2, &["--name: expected a name, got blanks"]);
    }
    // Evidence of an archive is called that in the head, and with -q.
    let archived = || teeproof(["policy", "suggest"]).file(PRODUCTION).args(AT_DOCUMENT);
    let ran = archived().args(["-q"]).exits(0);
    assert!(
        ran.stdout.starts_with("# archived (1 of 1)\n") && ran.stderr.contains("archived (1 of 1)"),
        "{ran:#?}"
    );
    // A PCR that is one instance's alone, and one that is zero.
    let ran = archived().args(["--pin", "4"]).exits(0);
    assert!(ran.stderr.contains("nitro.pcrs.4: pinned although it varies"), "{ran:#?}");
    // A Nitro document has a time of its own, and an Azure VM's evidence has none.
    let mixed = teeproof(["policy", "suggest"]).args([&bundle]).file(PRODUCTION).args(AT_DOCUMENT);
    mixed.args(machine.anchors()).fails(2, &["verify those in a run of their own"]);
    let tdx = Machine::new("mixed-small-tdx", &Vm::tdx());
    suggest(&[&tdx.bundle()], &tdx.anchors()).fails(7, &["hcl.td-quote", "the TD quote is missing"]);
    let turin = Machine::new("mixed-small-turin", &Vm::snp(Product::Turin).nonce(&CHALLENGE));
    suggest(&[&turin.bundle()], &turin.anchors()).exits(0);
}
