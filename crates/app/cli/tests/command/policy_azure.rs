//! The sections `[azure-snp]` and `[azure-tdx]`: every field is read and holds what it says, and
//! every mistake is reported at its place.

use std::path::PathBuf;

use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::x509::Crl;

use crate::machine::*;
use crate::support::*;

/// The fields of a VM: one that holds for the minted machine, one that does not, and the check.
const FIELDS: &[(&str, &str, &str)] = &[
    ("ak-certificate = { exactly = true }", "ak-certificate = { exactly = false }", "ak.certificate"),
    ("quote = { exactly = true }", "quote = { exactly = false }", "hcl.quote"),
    (
        "vm-id = { exactly = \"7ee79200-F000-4000-8000-0123456789ab\" }",
        "vm-id = { one-of = [\"7ee79200-f000-4000-8000-0123456789ac\"] }",
        "hcl.vm-id",
    ),
    ("fresh-report = { exactly = false }", "fresh-report = { exactly = true }", "hcl.fresh-report"),
    ("secure-boot = { exactly = true }", "secure-boot = { exactly = false }", "log.secure-boot"),
    (
        "secure-boot-configured = { exactly = true }",
        "secure-boot-configured = { exactly = false }",
        "hcl.secure-boot",
    ),
    ("tpm-enabled = { exactly = true }", "tpm-enabled = { exactly = false }", "hcl.tpm-enabled"),
    ("tpm-persisted = { exactly = false }", "tpm-persisted = { exactly = true }", "hcl.tpm-persisted"),
    ("console = { exactly = true }", "console = { exactly = false }", "hcl.console"),
    // These claims do not say.
    (
        "interactive-console = { waived = \"not said\" }",
        "interactive-console = { exactly = false }",
        "hcl.interactive-console",
    ),
    ("event-log = { exactly = true }", "event-log = { exactly = false }", "log.explains"),
];

fn policy(section: &str, field: &str) -> String {
    format!("version = 1\nname = \"mine\"\n[{section}]\n{field}\nunlisted = {{ waived = \"a test\" }}\n")
}

/// What `policy check` says of the only file.
fn checked(path: &PathBuf, exit: i32) -> serde_json::Value {
    let json = teeproof(["policy", "check", "--format", "json"]).args([path]).exits(exit).json();
    json["files"][0].clone()
}

#[test]
fn every_field_holds_what_it_says() {
    let machine = Machine::new("policy-fields", &genoa().user_data(b"of the guest"));
    let run = |field: &str| {
        let path = machine.put("policy.toml", policy("azure-snp", field));
        let run = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE));
        run.args(machine.files()).args(["--policy"]).args([path])
    };
    let user_data = |data: &[u8]| format!("user-data = {{ exactly = \"{:0<128}\" }}", hex(data));
    let register = |value: &[u8]| format!("pcrs = {{ 4 = {{ exactly = \"{}\" }} }}", hex(value));
    let own = [
        (user_data(b"of the guest"), user_data(b"of another"), "hcl.user-data.policy"),
        (register(&machine.minted.pcrs[4]), register(&[4; 32]), "quote.pcr4"),
    ];
    let fields = FIELDS.iter().map(|(good, bad, check)| ((*good).into(), (*bad).into(), *check));
    for (good, bad, check) in fields.chain(own) {
        run(&good).exits(0).shows(&["policy mine", check]);
        let ran = run(&bad).exits(6);
        let printed =
            ran.stdout.split_once(&format!("✘ {check} ")).unwrap_or_else(|| panic!("{bad}: {ran:#?}")).1;
        assert!(printed.contains("policy line 4"), "{bad}: {ran:#?}");
        assert_eq!(ran.stdout.matches('✘').count(), 1, "{bad}: {ran:#?}");
    }
}

#[test]
fn origin_asks_for_a_ground_that_holds() {
    // An id key that nobody knows: the AK certificate is the only ground.
    let unknown = genoa().with_machine(|machine| machine.report.id_key_digest = [0x11; 48]);
    let machine = Machine::new("policy-origin", &unknown);
    let run = |field: &str| {
        let path = machine.put("policy.toml", policy("azure-snp", field));
        let run = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE));
        run.args(machine.files()).args(["--policy"]).args([path])
    };
    for grounds in ["exactly = \"ak-certificate\"", "one-of = [\"reference-value\", \"ak-certificate\"]"] {
        run(&format!("origin = {{ {grounds} }}")).exits(0).shows(&["! origin.paravisor", "ak-certificate"]);
    }
    let ran = run("origin = { exactly = \"reference-value\" }").exits(6);
    ran.shows(&["✘ origin.paravisor", "policy line 4"]);
    let id_key =
        format!("id-key-digest = {{ exactly = \"{}\" }}\nguest-svn = {{ at-least = 10 }}", "11".repeat(48));
    run(&format!("origin = {{ exactly = \"id-key-digest\" }}\n{id_key}")).exits(0);
    // Grounds that rest on nothing are a mistake of the file.
    for (ground, field) in [("measurement", "measurement"), ("id-key-digest", "id-key-digest")] {
        let what = format!("the ground `{ground}` can never hold: `{field}` is waived");
        run(&format!("origin = {{ exactly = \"{ground}\" }}")).fails(3, &["azure-snp.origin", &what]);
    }
}

#[test]
fn both_sections_have_every_field() {
    let folder = folder("policy-both");
    let path = put(&folder, "policy.toml", "");
    let zeros = |bytes: usize| "0".repeat(bytes * 2);
    let own = [
        (format!("user-data = {{ exactly = \"{}\" }}", zeros(64)), "hcl.user-data.policy"),
        (format!("pcrs.23 = {{ one-of = [\"{}\"] }}", zeros(32)), "quote.pcr23"),
        ("pcrs = { waived = \"none\" }".into(), "quote.registers"),
        ("origin = { one-of = [\"reference-value\", \"ak-certificate\"] }".into(), "origin.paravisor"),
    ];
    let fields: Vec<(String, &str)> =
        FIELDS.iter().map(|(_, field, check)| ((*field).into(), *check)).chain(own).collect();
    for section in ["azure-snp", "azure-tdx"] {
        for (field, check) in &fields {
            std::fs::write(&path, policy(section, field)).unwrap();
            let printed = checked(&path, 0);
            let rules = printed["rules"].as_array().unwrap();
            let of = |rule: &&serde_json::Value| rule["check"] == *check && rule["technology"] == section;
            let rule = rules.iter().find(of).unwrap_or_else(|| panic!("{field}: {printed}"));
            assert_eq!(rule["line"], 4, "{field}");
            let others = rules.iter().filter(|rule| !of(rule));
            assert!(others.clone().count() > 5);
            others.for_each(|rule| assert_eq!(rule["waived"], "a test", "{field}: {rule}"));
        }
    }
    // A section without `unlisted` names every field.
    std::fs::write(&path, "version = 1\n[azure-tdx]\nquote = { exactly = true }\n").unwrap();
    let missing = checked(&path, 3);
    let message = missing["problems"][0]["message"].as_str().unwrap();
    for (field, _, _) in FIELDS.iter().filter(|(field, ..)| !field.starts_with("quote")) {
        assert!(message.contains(field.split(' ').next().unwrap()), "{field}: {message}");
    }
}

#[test]
fn the_fields_of_an_snp_report_are_in_azures_section_too() {
    let path = file(
        "policy-snp-fields",
        "policy.toml",
        policy("azure-snp", "vmpl = { exactly = 0 }\nguest-svn = { at-least = 10 }"),
    );
    let printed = checked(&path, 0);
    let rules = printed["rules"].as_array().unwrap();
    let expected =
        |check: &str| rules.iter().find(|rule| rule["check"] == check).unwrap()["expected"].clone();
    assert_eq!(expected("snp.vmpl"), serde_json::json!({ "exactly": 0 }));
    assert_eq!(expected("snp.guest-svn"), serde_json::json!({ "at_least": 10 }));
    let path = file("policy-tdx-fields", "policy.toml", policy("azure-tdx", "vmpl = { exactly = 0 }"));
    let problems = checked(&path, 3)["problems"].clone();
    assert_eq!(problems[0]["path"], "azure-tdx.vmpl");
}

/// A field, and of the problem: its place, words of the message, and words of the hint.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("origin = { exactly = \"mesurement\" }", "origin.exactly", "is no ground", "measurement"),
    ("origin = { one-of = [] }", "origin.one-of", "the list is empty", "ak-certificate"),
    ("origin = { one-of = [\"quote\"] }", "origin.one-of[0]", "is no ground", ""),
    ("origin = { at-least = 1 }", "origin", "at-least", ""),
    ("origin = { exactly = true }", "origin.exactly", "expected a ground", ""),
    ("origin = { waived = \" \" }", "origin.waived", "the text is empty", ""),
    ("vm-id = { exactly = \"7ee79200\" }", "vm-id.exactly", "is no GUID", "8, 4, 4, 4 and 12"),
    ("vm-id = { exactly = \"7ee79200-f000-4000-8000-0123456789ag\" }", "vm-id.exactly", "is no GUID", ""),
    ("vm-id = { exactly = \"7ee79200f000400080000123456789ab\" }", "vm-id.exactly", "is no GUID", ""),
    ("vm-id = { mask = 1 }", "vm-id", "mask", ""),
    ("user-data = { exactly = \"00\" }", "user-data.exactly", "expected 128 hex digits", ""),
    ("pcrs = { 24 = { exactly = \"00\" } }", "pcrs.24", "is not a PCR", "0 to 23"),
    ("pcrs = { 04 = { waived = \"x\" } }", "pcrs.04", "is not a PCR", "without leading zeros"),
    ("pcrs = { 4 = { exactly = \"00\" } }", "pcrs.4.exactly", "expected 64 hex digits", ""),
    ("pcrs = {}", "pcrs", "no PCR is named", ""),
    ("quote = { at-least = true }", "quote", "at-least", ""),
    ("console = { exactly = \"yes\" }", "console.exactly", "expected true or false", ""),
    ("event-log = true", "event-log", "expected an expectation", ""),
    ("secure-bot = { exactly = true }", "secure-bot", "unknown key", "secure-boot"),
];

#[test]
fn every_mistake_is_reported() {
    let folder = folder("policy-mistakes");
    for section in ["azure-snp", "azure-tdx"] {
        for (field, place, message, hint) in MISTAKES.iter().copied() {
            let path = put(&folder, "policy.toml", policy(section, field));
            let printed = checked(&path, 3);
            let problems = printed["problems"].as_array().unwrap();
            let problem = problems
                .iter()
                .find(|problem| problem["message"].as_str().unwrap().contains(message))
                .unwrap_or_else(|| panic!("{field}: {problems:#?}"));
            assert_eq!(problem["line"], 4, "{field}");
            let found = problem["path"].as_str().unwrap();
            assert!(found.starts_with(&format!("{section}.{place}")), "{field}: {found}");
            let hinted = problem["hint"].as_str().unwrap_or_default();
            assert!(hinted.contains(hint), "{field}: {hinted}");
        }
    }
    // Two mistakes at once are both reported, and nothing is verified.
    let two = policy("azure-snp", "origin = { exactly = \"x\" }\nquote = { at-least = true }");
    let path = put(&folder, "policy.toml", two);
    let machine = Machine::new("policy-mistakes-verify", &genoa());
    let run = teeproof(["verify", "--no-nonce"]).args([machine.report()]).args(["--policy"]).args([&path]);
    run.fails(3, &["policy.toml:4:", "policy.toml:5:", "origin", "quote"]);
}

#[test]
fn the_example_accepts_the_machine_it_describes() {
    let example = root().join("examples/policies/azure-snp.toml");
    teeproof(["policy", "check"]).args([&example]).exits(0).shows(&[
        "azure-snp.toml: ok",
        "origin.paravisor",
        "one of reference-value, ak-certificate",
        "log.secure-boot",
        "nitro: not accepted",
    ]);
    let machine = Machine::new("policy-example", &genoa());
    let run = |machine: &Machine| {
        let run = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE));
        run.args(machine.files()).args(["--policy"]).args([&example])
    };
    run(&machine).exits(0).shows(&["ACCEPTED  azure-snp  policy example: one image on Azure"]);
    let old = genoa().with_machine(|machine| machine.report.guest_svn = 9);
    run(&Machine::new("policy-example-old", &old)).exits(6).shows(&["✘ snp.guest-svn", "policy line"]);
}

/// Whoever packs the files does not decide whether revocation is checked: a policy or a flag demands
/// lists, for the chain of the VEK and for that of the attestation key.
#[test]
fn revocation_lists_are_demanded() {
    let vm = genoa();
    let machine = Machine::new("policy-lists", &vm);
    let (from, to) = (DEFAULT_TIME - 86_400, DEFAULT_TIME + 86_400);
    let vek = machine.put("vek.crl", vm.machine.mint_crl(&[]).unwrap());
    let authorities = std::iter::once(&vm.ak_chain.root).chain(&vm.ak_chain.intermediates).enumerate();
    let ak: Vec<_> = authorities
        .map(|(at, link)| machine.put(&format!("ak-{at}.crl"), Crl::new(from, to).sign(link).unwrap()))
        .collect();
    let both = "revocation-list = { exactly = true }\nak-revocation-list = { exactly = true }";
    let alone = "revocation-list = { exactly = true }";
    let run = |field: &str, lists: &[&[PathBuf]]| {
        let path = machine.put("policy.toml", policy("azure-snp", field));
        let run = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE));
        run.args(machine.files()).args(lists.concat()).args(["--policy"]).args([path])
    };
    let vek = std::slice::from_ref(&vek);
    run(both, &[]).exits(7).shows(&["✘ snp.revocation-list", "✘ ak.revocation-list", "policy line 5"]);
    run(both, &[vek]).exits(7).shows(&["✔ snp.revocation-list", "✘ ak.revocation-list"]);
    run(both, &[&ak]).exits(7).shows(&["✘ snp.revocation-list", "✔ ak.revocation-list"]);
    // The list of every authority, and not of one.
    run(both, &[vek, &ak[1..]]).exits(7).shows(&["✔ snp.revocation-list", "✘ ak.revocation-list"]);
    run(both, &[vek, &ak]).exits(0).shows(&["✔ snp.revocation-list", "✔ ak.revocation-list"]);
    run(alone, &[vek]).exits(0);
    // Another rule that fails weighs more.
    run(&format!("{both}\nquote = {{ exactly = false }}"), &[]).exits(6);
    // The flag demands the same of every chain, without a policy of one's own.
    let flag =
        |lists: &[&[PathBuf]]| machine.verify_all().args(lists.concat()).args(["--require-revocation-lists"]);
    flag(&[]).exits(7).shows(&["✘ snp.revocation"]);
    flag(&[vek]).exits(7).shows(&["✔ snp.revocation", "✘ ak.revocation"]);
    flag(&[vek, &ak]).exits(0).shows(&["✔ snp.revocation", "✔ ak.revocation"]);
    machine.verify_all().exits(0).shows(&["waived: no revocation list was given"]);
    let bundle = machine.bundle();
    let test =
        teeproof(["policy", "test", "builtin:genuine"]).args(AT).args(machine.anchors()).args([&bundle]);
    test.args(["--require-revocation-lists"]).exits(7);
}
