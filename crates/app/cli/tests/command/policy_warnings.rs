//! What `policy check` warns of: valid rules that say less than they seem to.

use serde_json::Value;

use crate::support::*;

/// The warnings of `policy check` for a policy of these lines, and what people see of them.
fn warnings(test: &str, lines: &str) -> (Vec<(String, u64, String)>, Ran) {
    let policy = file(test, "policy.toml", format!("version = 1\n{lines}\n"));
    let json = teeproof(["policy", "check", "--format", "json"]).args([&policy]).exits(0).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |warning: &Value| {
        assert!(!text(&warning["hint"]).is_empty());
        (text(&warning["path"]), warning["line"].as_u64().unwrap(), text(&warning["message"]))
    };
    let found: Vec<_> = json["files"][0]["policy_warnings"].as_array().unwrap().iter().map(of).collect();
    let ran = teeproof(["policy", "check"]).args([&policy]).exits(0);
    let quiet = teeproof(["policy", "check", "-q"]).args([&policy]).exits(0);
    for (path, line, message) in &found {
        let said = format!("warning: {}:{line}: {path}: {message}\n  hint: ", policy.display());
        assert!(ran.stdout.contains(&said) && quiet.stdout.contains(&said), "{ran:#?}");
    }
    let strict = if found.is_empty() { 0 } else { 6 };
    teeproof(["policy", "check", "--strict"]).args([&policy]).exits(strict);
    (found, ran)
}

/// The examples say what software runs; the built-in policy does not, of any technology.
#[test]
fn the_examples_have_no_warnings_and_the_built_in_policy_has_one_for_each_section() {
    let folder = root().join("examples/policies");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 4);
    teeproof(["policy", "check", "--strict"]).args(&files).exits(0);
    let ran = teeproof(["policy", "check", "builtin:genuine", "--strict"]).exits(6);
    for path in ["snp", "tdx", "azure-snp.pcrs", "azure-tdx.pcrs", "nitro.pcrs", "nitro-tpm.pcrs"] {
        assert!(ran.stdout.contains(&format!("warning: {path}: nothing in this section says")), "{ran:#?}");
    }
    for path in ["tdx.tcb-status", "azure-tdx.tcb-status"] {
        assert!(ran.stdout.contains(&format!("warning: {path}: a TCB is accepted that is out of date")));
    }
    assert_eq!(ran.stdout.matches("warning: ").count(), 8);
    // What is no policy is graver than a warning.
    let bad = file("advice-strict-bad", "bad.toml", "version = 1\n");
    teeproof(["policy", "check", "builtin:genuine", "--strict"]).args([&bad]).exits(3);
}

#[test]
fn rules_that_say_less_than_they_seem_to_are_warned_of() {
    let zeros = |bytes: usize| "00".repeat(bytes);
    let nitro = "[nitro]\nunlisted = { waived = \"w\" }";
    let guest = "[snp]\nunlisted = { waived = \"w\" }\ndebug = { exactly = false }";
    let ones = "11".repeat(48);
    let pinned = format!("measurement = {{ exactly = \"{ones}\" }}");
    let bare = "[azure-snp]\nunlisted = { waived = \"w\" }\ndebug = { exactly = false }";
    let azure = format!("{bare}\nsecure-boot = {{ exactly = true }}");
    let shown = format!("{pinned}\norigin = {{ exactly = \"measurement\" }}");
    let pcr = |index: u8| format!("pcrs = {{ {index} = {{ exactly = \"{}\" }} }}", "11".repeat(32));
    let booted = format!("pcrs = {{ 4 = {{ exactly = \"{}\" }} }}", "11".repeat(32));
    let image = format!("pcrs = {{ 0 = {{ exactly = \"{ones}\" }} }}");
    let cases = [
        (
            format!(
                "{nitro}\npcrs = {{ 0 = {{ exactly = \"{}\" }}, 8 = {{ exactly = \"{ones}\" }} }}",
                zeros(48)
            ),
            "nitro.pcrs.0",
            4,
            "zero in debug mode",
        ),
        (
            format!(
                "{nitro}\npcrs = {{ 2 = {{ one-of = [\"{}\", \"{ones}\"] }}, 8 = {{ exactly = \"{ones}\" }} }}",
                zeros(48)
            ),
            "nitro.pcrs.2",
            4,
            "zero in debug mode",
        ),
        (format!("{nitro}\n{image}\ndebug = {{ exactly = true }}"), "nitro.debug", 5, "debug mode"),
        (format!("{nitro}\n{image}\ndebug = {{ one-of = [true, false] }}"), "nitro.debug", 5, "debug mode"),
        (format!("{nitro}\n{image}\nmax-age = {{ at-most = 86400 }}"), "nitro.max-age", 5, "3 hours"),
        (
            format!("{nitro}\npcrs = {{ 5 = {{ exactly = \"{ones}\" }} }}"),
            "nitro.pcrs",
            4,
            "what software runs",
        ),
        // Of an image in three parts, the kernel alone, or the application alone.
        (
            format!("{nitro}\npcrs = {{ 1 = {{ exactly = \"{ones}\" }} }}"),
            "nitro.pcrs",
            4,
            "what software runs",
        ),
        (
            format!("{nitro}\npcrs = {{ 2 = {{ exactly = \"{ones}\" }} }}"),
            "nitro.pcrs",
            4,
            "what software runs",
        ),
        (
            format!("{nitro}\npcrs = {{ 0 = {{ exactly = \"{ones}\" }}, 4 = {{ exactly = \"{ones}\" }} }}"),
            "nitro.pcrs.4",
            4,
            "one instance's alone",
        ),
        // A signer's image can run in debug mode.
        (format!("{nitro}\npcrs = {{ 8 = {{ exactly = \"{ones}\" }} }}"), "nitro.debug", 3, "debug mode"),
        (format!("{nitro}\nsigner = {{ exactly = \"{ones}\" }}"), "nitro.debug", 3, "debug mode"),
        (nitro.to_owned(), "nitro.pcrs", 3, "what software runs"),
        (guest.to_owned(), "snp", 3, "what software runs"),
        (format!("[snp]\nunlisted = {{ waived = \"w\" }}\n{pinned}"), "snp.debug", 3, "the host can read"),
        (
            format!("[snp]\nunlisted = {{ waived = \"w\" }}\n{pinned}\ndebug = {{ exactly = true }}"),
            "snp.debug",
            5,
            "the host can read",
        ),
        (
            format!("{guest}\n{pinned}\nhost-requested = {{ exactly = true }}"),
            "snp.host-requested",
            6,
            "REPORT_DATA",
        ),
        (format!("{guest}\n{pinned}\nvmpl = {{ one-of = [1, \"host\"] }}"), "snp.vmpl", 6, "REPORT_DATA"),
        (
            format!("{guest}\n{pinned}\nmigration = {{ exactly = true }}"),
            "snp.migration",
            6,
            "migration agent",
        ),
        (
            format!(
                "{guest}\nid-key-digest = {{ exactly = \"{ones}\" }}\nmeasurement = {{ exactly = \"{}\" }}",
                zeros(48)
            ),
            "snp.measurement",
            6,
            "zeros",
        ),
        (format!("{azure}\n{shown}"), "azure-snp.pcrs", 3, "what software runs"),
        (
            format!("{bare}\n{shown}\n{booted}\nsecure-boot = {{ exactly = false }}"),
            "azure-snp.secure-boot",
            8,
            "without secure boot",
        ),
        (
            format!("{azure}\n{shown}\n{booted}\nevent-log = {{ exactly = false }}"),
            "azure-snp.event-log",
            9,
            "shows nothing of what booted",
        ),
        (
            format!(
                "{azure}\n{shown}\n{booted}\nevent-log = {{ explained-except = {{ 4 = \"w\", 11 = \"w\" }} }}"
            ),
            "azure-snp.event-log.explained-except.4",
            9,
            "another boot or machine",
        ),
        (format!("{azure}\n{pinned}\n{booted}"), "azure-snp.origin", 3, "any confidential guest"),
        // PCRs that name no image, and one that names the keys of secure boot.
        (format!("{azure}\n{shown}\n{}", pcr(0)), "azure-snp.pcrs", 8, "what software runs"),
        (format!("{azure}\n{shown}\n{}", pcr(20)), "azure-snp.pcrs", 8, "what software runs"),
        (format!("{azure}\n{shown}\n{}", pcr(7)), "azure-snp.pcrs", 8, "PCR 7 alone"),
        (format!("{bare}\n{shown}\n{booted}"), "azure-snp.secure-boot", 3, "secure boot is not demanded: w"),
        (
            format!(
                "{azure}\n{booted}\nid-key-digest = {{ exactly = \"{ones}\" }}\nguest-svn = {{ at-least = 0 }}\norigin = {{ exactly = \"id-key-digest\" }}"
            ),
            "azure-snp.guest-svn",
            8,
            "any security version",
        ),
        (
            format!("{azure}\n{booted}\norigin = {{ exactly = \"ak-certificate\" }}"),
            "azure-snp.origin",
            7,
            "AK certificate alone",
        ),
        (
            format!("{azure}\n{booted}\norigin = {{ one-of = [\"reference-value\", \"ak-certificate\"] }}"),
            "azure-snp.origin",
            7,
            "AK certificate alone",
        ),
        (
            format!(
                "{azure}\n{booted}\nid-key-digest = {{ exactly = \"{}\" }}\nguest-svn = {{ at-least = 1 }}\norigin = {{ exactly = \"id-key-digest\" }}",
                zeros(48)
            ),
            "azure-snp.origin",
            9,
            "without an ID block",
        ),
    ];
    for (lines, path, line, message) in &cases {
        let (found, ran) = warnings("advice-warnings", lines);
        let [(at, number, said)] = found.as_slice() else { panic!("{lines}\n{found:#?}") };
        assert!((at.as_str(), *number) == (*path, *line) && said.contains(message), "{lines}\n{ran:#?}");
    }
    // Floors that mean too little: of two product lines, of none, and of zeros.
    let floor = |levels: &str| format!("current-tcb = {{ at-least = {levels} }}");
    let one = "{ bootloader = 3, tee = 0, snp = 8, microcode = 115 }";
    let zero = "{ bootloader = 0, tee = 0, snp = 0, microcode = 0 }";
    let turin = "product = { exactly = \"turin\" }";
    let milan = "product = { exactly = \"milan\" }";
    for (product, levels, message) in [
        ("product = { one-of = [\"milan\", \"genoa\"] }", one.to_owned(), Some("one floor for milan, genoa")),
        ("# none", one.to_owned(), Some("one floor for milan, genoa, turin")),
        (milan, zero.to_owned(), Some("a floor of zeros")),
        (milan, format!("{{ milan = {zero} }}"), Some("a floor of zeros")),
        (milan, one.to_owned(), None),
        (turin, one.to_owned(), Some("does not compare the FMC")),
        (turin, format!("{{ turin = {{ fmc = 1, {} }}", &one[2..]), None),
        ("# none", format!("{{ milan = {one}, genoa = {one} }}"), None),
    ] {
        let (found, ran) =
            warnings("advice-floors", &format!("{guest}\n{pinned}\n{product}\n{}", floor(&levels)));
        let printed = found.iter().map(|(path, line, said)| (path.as_str(), *line, said.as_str()));
        let printed: Vec<_> = printed.filter(|one| one.2.contains(message.unwrap_or_default())).collect();
        let expected = usize::from(message.is_some());
        assert!((printed.len(), found.len()) == (expected, expected), "{product} {levels}\n{ran:#?}");
        assert!(printed.iter().all(|one| (one.0, one.1) == ("snp.current-tcb", 7)), "{ran:#?}");
    }
    // Each PCR that varies, and PCRs into which nothing was measured.
    for (index, value, message) in [
        (5, "11", "GPT"),
        (6, "11", "VM's id"),
        (10, "11", "IMA"),
        (16, "11", "debugging"),
        (23, "11", "applications"),
        (12, "00", "nothing was measured"),
        (17, "ff", "nothing was measured"),
    ] {
        let rules = format!(
            "4 = {{ exactly = \"{}\" }}, {index} = {{ exactly = \"{}\" }}",
            "11".repeat(32),
            value.repeat(32)
        );
        let (found, ran) =
            warnings("advice-warnings-pcrs", &format!("{azure}\n{shown}\npcrs = {{ {rules} }}"));
        let [(at, 8, said)] = found.as_slice() else { panic!("{found:#?}") };
        assert!(*at == format!("azure-snp.pcrs.{index}") && said.contains(message), "{ran:#?}");
    }
    // A policy that names its software has none.
    for lines in
        [format!("{nitro}\n{image}"), format!("{guest}\n{pinned}"), format!("{azure}\n{shown}\n{booted}")]
    {
        let (found, ran) = warnings("advice-no-warnings", &lines);
        assert!(found.is_empty() && !ran.stdout.contains("warning: "), "{found:#?}");
    }
}

/// `false` of what a sender can leave out demands nothing: each such rule is warned of, in either form.
#[test]
fn rules_that_are_satisfied_by_what_is_left_out_are_warned_of() {
    let ones = "11".repeat(48);
    let head = "unlisted = { waived = \"w\" }\ndebug = { exactly = false }";
    let guest = format!("[snp]\n{head}\nmeasurement = {{ exactly = \"{ones}\" }}");
    let origin = "origin = { exactly = \"reference-value\" }";
    let azure = |section: &str, debug: &str| {
        let pcrs = format!("pcrs = {{ 4 = {{ exactly = \"{}\" }} }}", "11".repeat(32));
        format!("[{section}]\nunlisted = {{ waived = \"w\" }}\n{debug}\n{origin}\n{pcrs}")
    };
    let snp = azure("azure-snp", "debug = { exactly = false }");
    let tdx = azure("azure-tdx", TDX_HEAD);
    let bare =
        format!("[tdx]\nunlisted = {{ waived = \"w\" }}\n{TDX_HEAD}\nmrtd = {{ exactly = \"{ones}\" }}");
    for (lines, section, key) in [
        (&guest, "snp", "revocation-list"),
        (&snp, "azure-snp", "revocation-list"),
        (&snp, "azure-snp", "ak-revocation-list"),
        (&snp, "azure-snp", "ak-certificate"),
        (&snp, "azure-snp", "quote"),
        (&snp, "azure-snp", "fresh-report"),
        (&snp, "azure-snp", "secure-boot"),
        (&snp, "azure-snp", "event-log"),
        (&bare, "tdx", "revocation-list"),
        (&tdx, "azure-tdx", "revocation-list"),
        (&tdx, "azure-tdx", "quote"),
        (&tdx, "azure-tdx", "ak-revocation-list"),
    ] {
        // Where it is waived there is a warning of that.
        let secure_boot = match (section, key) {
            ("snp" | "tdx", _) | (_, "secure-boot") => "",
            _ => "secure-boot = { exactly = true }\n",
        };
        let lines = format!("{lines}\n{secure_boot}");
        for rule in ["exactly = false", "one-of = [true, false]", "one-of = [false]"] {
            let (found, ran) = warnings("advice-left-out", &format!("{lines}{key} = {{ {rule} }}"));
            let [(path, ..)] = found.as_slice() else { panic!("{key} {rule}: {found:#?}") };
            assert_eq!(*path, format!("{section}.{key}"), "{ran:#?}");
        }
        let demands_nothing = (key != "secure-boot").then_some("waived = \"w\"");
        for rule in demands_nothing.into_iter().chain(["exactly = true"]) {
            let (found, _) = warnings("advice-not-left-out", &format!("{lines}{key} = {{ {rule} }}"));
            assert!(found.is_empty(), "{key} {rule}: {found:#?}");
        }
    }
}

/// Rules for the TCB of TDX that others leave without effect, or that accept anything.
#[test]
fn rules_of_tdx_without_effect_are_warned_of() {
    let ones = "11".repeat(48);
    let head = format!(
        "[tdx]\nunlisted = {{ waived = \"w\" }}\ndebug = {{ exactly = false }}\nmrtd = {{ exactly = \"{ones}\" }}"
    );
    let fixed = "migration = { exactly = false }";
    let up = "tcb-status = { exactly = \"UpToDate\" }";
    let late = "tcb-status = { one-of = [\"UpToDate\", \"OutOfDate\"] }";
    let until = |dates: &[&str]| {
        let of = |date: &&str| format!("{{ fmspc = \"90c06f000000\", until = \"{date}\" }}");
        let all: Vec<_> = dates.iter().map(of).collect();
        format!("exceptions = {{ one-of = [{}] }}", all.join(", "))
    };
    let flags = |care: &str, value: &str| {
        format!("attributes = {{ mask = {{ care = \"{care}\", value = \"{value}\" }} }}")
    };
    let zeros = "00".repeat(48);
    for (lines, path, what) in [
        (up.to_owned(), "tdx.migration", "a migration TD can move"),
        (
            format!("{up}\nmigration = {{ one-of = [true, false] }}"),
            "tdx.migration",
            "a migration TD can move",
        ),
        (format!("{up}\n{}", flags("0x20000000", "0x20000000")), "tdx.migration", "a migration TD can move"),
        (format!("{up}\n{}", flags("0x20000000", "0x0")), "", ""),
        (format!("{up}\nmrservicetd = {{ exactly = \"{zeros}\" }}"), "", ""),
        (format!("{up}\n{fixed}"), "", ""),
        (
            format!("{late}\n{fixed}\ndays-behind = {{ at-most = 30 }}\nadvisories = {{ one-of = [] }}"),
            "tdx.advisories",
            "no advisory is allowed",
        ),
        (format!("{up}\n{fixed}\nadvisories = {{ one-of = [] }}"), "", ""),
        (
            format!(
                "{late}\n{fixed}\ndays-behind = {{ at-most = 30 }}\nadvisories = {{ one-of = [\"INTEL-DOC-00001\"] }}"
            ),
            "",
            "",
        ),
        (format!("{up}\n{fixed}\ndays-behind = {{ at-most = 30 }}"), "tdx.days-behind", "never takes effect"),
        (
            format!("{late}\n{fixed}\ndays-behind = {{ at-most = 4000000000 }}"),
            "tdx.days-behind",
            "are no limit",
        ),
        (
            format!("{up}\n{fixed}\ntcb-date = {{ at-least = \"2012-01-01\" }}"),
            "tdx.tcb-date",
            "years before TDX",
        ),
        (format!("{up}\n{fixed}\ntcb-date = {{ at-least = \"2024-03-13\" }}"), "", ""),
        (
            format!("{up}\n{fixed}\nevaluation-data-number = {{ exactly = 17 }}"),
            "tdx.evaluation-data-number",
            "newer collateral",
        ),
        (
            format!("{up}\n{fixed}\nevaluation-data-number = {{ one-of = [17, 18] }}"),
            "tdx.evaluation-data-number",
            "newer collateral",
        ),
        (format!("{up}\n{fixed}\n{}", until(&["9999-12-31"])), "tdx.exceptions", "without an end"),
        (format!("{up}\n{fixed}\n{}", until(&["2012-12-31"])), "tdx.exceptions", "never applies"),
        (
            format!("{up}\n{fixed}\n{}", until(&["2026-01-01", "2026-06-01"])),
            "tdx.exceptions",
            "the later end counts",
        ),
        (format!("{up}\n{fixed}\n{}", until(&["2026-01-01"])), "", ""),
    ] {
        let (found, ran) = warnings("advice-tdx", &format!("{head}\n{lines}"));
        match found.as_slice() {
            [] => assert_eq!(path, "", "{lines}"),
            [(found, _, message)] => {
                assert!(found == path && message.contains(what), "{lines}: {ran:#?}");
            }
            several => panic!("{lines}: {several:#?}"),
        }
    }
}

/// Rules that no evidence satisfies, or that accept fewer product lines than they seem to.
#[test]
fn rules_that_can_never_hold_are_warned_of() {
    let ones = "11".repeat(48);
    let azure = format!(
        "[azure-snp]\nunlisted = {{ waived = \"w\" }}\ndebug = {{ exactly = false }}\n\
         origin = {{ exactly = \"reference-value\" }}\npcrs = {{ 4 = {{ exactly = \"{}\" }} }}",
        "11".repeat(32)
    );
    for (excepted, expected) in [(0..24, 1), (0..16, 0), (8..24, 0)] {
        let excepted: Vec<_> = excepted.map(|index| format!("{index} = \"w\"")).collect();
        let rule = format!("event-log = {{ explained-except = {{ {} }} }}", excepted.join(", "));
        let (found, ran) = warnings("advice-never-log", &format!("{azure}\n{rule}"));
        let never: Vec<_> =
            found.iter().filter(|(.., said)| said.contains("no evidence satisfies")).collect();
        assert_eq!(never.len(), expected, "{ran:#?}");
        assert!(never.iter().all(|one| (one.0.as_str(), one.1) == ("azure-snp.event-log", 7)));
    }
    let guest = format!(
        "[snp]\nunlisted = {{ waived = \"w\" }}\ndebug = {{ exactly = false }}\nmeasurement = {{ exactly = \"{ones}\" }}"
    );
    let one = "{ bootloader = 3, tee = 0, snp = 8, microcode = 115 }";
    for (product, floors, expected) in [
        ("exactly = \"milan\"", vec!["genoa"], vec!["no floor for milan", "a floor for genoa"]),
        ("exactly = \"milan\"", vec!["milan", "genoa"], vec!["a floor for genoa"]),
        ("one-of = [\"milan\", \"genoa\"]", vec!["milan"], vec!["no floor for genoa"]),
        ("one-of = [\"milan\", \"genoa\"]", vec!["milan", "genoa"], vec![]),
        ("waived = \"w\"", vec!["milan"], vec![]),
    ] {
        let floors: Vec<_> = floors.iter().map(|line| format!("{line} = {one}")).collect();
        for key in ["reported-tcb", "committed-tcb", "current-tcb", "launch-tcb"] {
            let lines = format!(
                "{guest}\nproduct = {{ {product} }}\n{key} = {{ at-least = {{ {} }} }}",
                floors.join(", ")
            );
            let (found, ran) = warnings("advice-never-floors", &lines);
            assert_eq!(found.len(), expected.len(), "{ran:#?}");
            for ((path, line, said), expected) in found.iter().zip(&expected) {
                assert!(said.starts_with(expected), "{ran:#?}");
                assert_eq!((path.as_str(), *line), (format!("snp.{key}").as_str(), 7));
            }
        }
    }
}

/// The rules for the TCB and for debugging, without a warning.
const TDX_HEAD: &str =
    "debug = { exactly = false }\nmigration = { exactly = false }\ntcb-status = { exactly = \"UpToDate\" }";

/// Grounds that rest on a field that is waived, or that the section lacks.
#[test]
fn a_ground_that_a_section_cannot_hold_is_a_mistake() {
    for (ground, exit) in [("measurement", 3), ("id-key-digest", 3), ("ak-certificate", 0)] {
        let text = format!(
            "version = 1\n[azure-tdx]\nunlisted = {{ waived = \"w\" }}\norigin = {{ exactly = \"{ground}\" }}\n"
        );
        let policy = file("advice-tdx-ground", "policy.toml", text);
        let ran = teeproof(["policy", "check"]).args([policy]).exits(exit);
        let mistake = format!("azure-tdx.origin: the ground `{ground}` can never hold");
        assert_eq!(ran.stdout.contains(&mistake), exit == 3, "{ran:#?}");
        // No advice names a field that the section lacks.
        assert!(!ran.stdout.contains("with measurement pinned"), "{ran:#?}");
    }
}
