//! Mistakes in the rules for mixed fleets: all of a file are reported at once, each with its place and a hint.

use teeproof::Policy;

use crate::section;

/// Every problem of a section with these lines, as `line:column: path: message`, and the hint.
fn problems(of: &str, lines: &str) -> Vec<(String, String)> {
    let error = Policy::from_toml("test", &section(of, lines)).expect_err(lines);
    error.problems.iter().map(|one| (one.to_string(), one.hint.clone().unwrap_or_default())).collect()
}

/// All problems of these lines, each with words of its hint.
#[track_caller]
fn says(of: &str, lines: &str, expected: &[(&str, &str)]) {
    let found = problems(of, lines);
    let messages: Vec<_> = found.iter().map(|(message, _)| &**message).collect();
    let wanted: Vec<_> = expected.iter().map(|(message, _)| *message).collect();
    assert_eq!(messages, wanted, "{lines}");
    for ((message, hint), (_, words)) in found.iter().zip(expected) {
        assert!(hint.contains(words) && hint.is_empty() == words.is_empty(), "{message}: {hint}");
    }
}

#[test]
fn mistakes_in_a_product_line() {
    says(
        "snp",
        "product = { exactly = \"Milan\" }",
        &[("4:23: snp.product.exactly: `Milan` is no product line", "did you mean `milan`?")],
    );
    says(
        "azure-snp",
        "product = { one-of = [\"rome\", \"genoa\", 3] }",
        &[
            ("4:23: azure-snp.product.one-of[0]: `rome` is no product line", "milan, genoa, turin"),
            ("4:40: azure-snp.product.one-of[2]: expected a product line as a text, found an integer", ""),
        ],
    );
    says(
        "snp",
        "product = { at-least = \"milan\" }",
        &[(
            "4:13: snp.product.at-least: `at-least` has no meaning for a product line; allowed are: exactly, one-of, waived",
            "",
        )],
    );
}

#[test]
fn mistakes_in_floors_by_product_line() {
    let tcb = "{ bootloader = 3, tee = 0, snp = 8, microcode = 1 }";
    says(
        "snp",
        "reported-tcb = { at-least = {} }",
        &[("4:29: snp.reported-tcb.at-least: no level is named", "milan = {")],
    );
    says(
        "snp",
        &format!("reported-tcb = {{ at-least = {{ rome = {tcb}, milann = {tcb} }} }}"),
        &[
            (
                "4:31: snp.reported-tcb.at-least.rome: unknown product line `rome`",
                "known are: milan, genoa, turin",
            ),
            (
                "4:91: snp.reported-tcb.at-least.milann: unknown product line `milann`",
                "did you mean `milan`?",
            ),
        ],
    );
    // All at once: an FMC on Milan, no FMC on Turin, and levels among product lines.
    says(
        "snp",
        "[snp.reported-tcb.at-least]\n\
         milan = { fmc = 1, bootloader = 3, tee = 0, snp = 8, microcode = 256 }\n\
         turin = { bootloader = 3, tee = 0, snp = 8, microcode = 1 }\n\
         genoa = { bootloader = 3, tee = 0, snp = 8, microkode = 1 }\n\
         bootloader = 3",
        &[
            (
                "5:11: snp.reported-tcb.at-least.milan.fmc: the TCB of Milan has no `fmc`",
                "only the TCB of Turin",
            ),
            (
                "5:66: snp.reported-tcb.at-least.milan.microcode: expected an integer from 0 to 255, found `256`",
                "",
            ),
            ("6:1: snp.reported-tcb.at-least.turin: `fmc` is missing", ""),
            ("7:1: snp.reported-tcb.at-least.genoa: `microcode` is missing", ""),
            (
                "7:45: snp.reported-tcb.at-least.genoa.microkode: unknown component `microkode`",
                "did you mean `microcode`?",
            ),
            (
                "8:1: snp.reported-tcb.at-least.bootloader: one floor and floors by product line are mixed",
                "or { milan = {",
            ),
        ],
    );
    says(
        "snp",
        "reported-tcb = { at-least = { milan = 3, genoa = {} } }",
        &[
            (
                "4:39: snp.reported-tcb.at-least.milan: expected the levels of a TCB, found an integer",
                "bootloader = 0",
            ),
            ("4:42: snp.reported-tcb.at-least.genoa: `bootloader` is missing", ""),
            ("4:42: snp.reported-tcb.at-least.genoa: `tee` is missing", ""),
            ("4:42: snp.reported-tcb.at-least.genoa: `snp` is missing", ""),
            ("4:42: snp.reported-tcb.at-least.genoa: `microcode` is missing", ""),
        ],
    );
    // Floors by product line are floors: a whole TCB has none.
    let found = problems("snp", &format!("reported-tcb = {{ exactly = {{ milan = {tcb} }} }}"));
    assert!(found.iter().any(|(message, _)| message.contains("unknown component `milan`")), "{found:?}");
}

#[test]
fn mistakes_in_absent() {
    for (of, key) in
        [("snp", "chip-id"), ("azure-tdx", "vm-id"), ("azure-snp", "user-data"), ("nitro", "public-key")]
    {
        let at = key.len() + 15;
        says(
            of,
            &format!("{key} = {{ absent = false }}"),
            &[(&format!("4:{at}: {of}.{key}.absent: `absent = false` demands nothing"), "exactly or one-of")],
        );
        says(
            of,
            &format!("{key} = {{ absent = \"yes\" }}"),
            &[(&format!("4:{at}: {of}.{key}.absent: expected true, found a string"), "")],
        );
    }
    says(
        "nitro",
        "pcrs = { 3 = { absent = false }, 32 = { absent = true } }",
        &[
            ("4:25: nitro.pcrs.3.absent: `absent = false` demands nothing", "exactly or one-of"),
            ("4:34: nitro.pcrs.32: `32` is not a PCR", "0 to 31"),
        ],
    );
}

/// `absent` is a word of exactly the fields whose absence a signature covers.
#[test]
fn absent_has_a_meaning_where_a_signature_covers_the_absence() {
    let mut offered = Vec::new();
    for key in Policy::keys() {
        let section = key.technology.as_str();
        let rule = if key.each.is_empty() { "{ absent = true }" } else { "{ 3 = { absent = true } }" };
        let lines = format!("{} = {rule}", key.key);
        let in_reference = key.expectations.contains(&"absent");
        let text = super::section(section, &lines);
        match Policy::from_toml("test", &text) {
            Ok(_) => offered.push(format!("{section}.{}", key.key)),
            Err(error) => {
                let [one] = &*error.problems else { panic!("{error}") };
                assert!(one.message.starts_with("`absent` has no meaning for "), "{one}");
                assert!(one.hint.as_deref().unwrap().contains("whose absence the evidence signs"), "{one}");
            }
        }
        assert_eq!(
            in_reference,
            offered.last() == Some(&format!("{section}.{}", key.key)),
            "{section}.{}",
            key.key
        );
    }
    let snp = ["vlek-provider", "chip-id", "author-key-digest"];
    let claims = [
        "vm-id",
        "user-data",
        "secure-boot-configured",
        "tpm-enabled",
        "tpm-persisted",
        "console",
        "interactive-console",
        "pcrs",
    ];
    let nitro = ["pcrs", "user-data", "public-key"];
    let expected: Vec<_> = [
        ("snp", &snp[..]),
        ("azure-snp", &snp),
        ("azure-snp", &claims),
        ("azure-tdx", &claims),
        ("nitro", &nitro),
        ("nitro-tpm", &nitro[1..]),
    ]
    .into_iter()
    .flat_map(|(section, keys)| keys.iter().map(move |key| format!("{section}.{key}")))
    .collect();
    assert_eq!(offered, expected);
}

#[test]
fn mistakes_in_explained_except() {
    says(
        "azure-snp",
        "event-log = { explained-except = {} }",
        &[("4:34: azure-snp.event-log.explained-except: no PCR is excepted", "{ exactly = true }")],
    );
    says(
        "azure-snp",
        "event-log = { explained-except = [9] }",
        &[(
            "4:34: azure-snp.event-log.explained-except: expected PCRs by their number, each with a reason, found an array",
            "11 = \"<why>\"",
        )],
    );
    says(
        "azure-snp",
        "event-log = { explained-except = { 24 = \" \", 09 = 3, 1 = \"w\", pcr2 = \"w\" } }",
        &[
            ("4:36: azure-snp.event-log.explained-except.24: `24` is not a PCR", "0 to 23"),
            ("4:41: azure-snp.event-log.explained-except.24: the text is empty", "the reason"),
            ("4:46: azure-snp.event-log.explained-except.09: `09` is not a PCR", "without leading zeros"),
            (
                "4:51: azure-snp.event-log.explained-except.09: expected the reason as a text, found an integer",
                "",
            ),
            ("4:63: azure-snp.event-log.explained-except.pcr2: `pcr2` is not a PCR", "0 to 23"),
        ],
    );
    says(
        "azure-snp",
        "event-log = { explained-except = { 9 = \"w\" }, exactly = true }",
        &[("4:1: azure-snp.event-log: exactly one expectation is needed, found 2", "explained-except")],
    );
    says(
        "azure-snp",
        "event-log = { explainedexcept = { 9 = \"w\" } }",
        &[(
            "4:15: azure-snp.event-log.explainedexcept: unknown expectation `explainedexcept`",
            "`explained-except`?",
        )],
    );
    says(
        "azure-snp",
        "secure-boot = { explained-except = { 9 = \"w\" } }",
        &[(
            "4:17: azure-snp.secure-boot.explained-except: `explained-except` has no meaning for yes or no; allowed are: exactly, one-of, waived",
            "",
        )],
    );
}

/// A reason or a name without any visible character counts as empty.
#[test]
fn invisible_text_is_no_reason() {
    let invisible = [
        "",
        " ",
        "\u{200b}",
        "\u{2060}",
        "\u{feff}",
        "\u{a0}\u{3000}\u{2003}",
        "\u{200b} \u{ad}",
        "\u{3164}",
        "\u{2800}",
    ];
    for reason in invisible {
        let message = "the text is empty";
        for lines in [
            format!("unlisted = {{ waived = \"{reason}\" }}"),
            format!("unlisted = {{ waived = \"w\" }}\nmax-age = {{ waived = \"{reason}\" }}"),
            format!("unlisted = {{ waived = \"w\" }}\npcrs = {{ 4 = {{ waived = \"{reason}\" }} }}"),
        ] {
            let error = Policy::from_toml("test", &format!("version = 1\n[nitro]\n{lines}\n")).unwrap_err();
            assert_eq!(error.problems[0].message, message, "{reason:?}");
        }
        let log = format!(
            "unlisted = {{ waived = \"w\" }}\nevent-log = {{ explained-except = {{ 11 = \"{reason}\" }} }}"
        );
        let error = Policy::from_toml("test", &format!("version = 1\n[azure-snp]\n{log}\n")).unwrap_err();
        assert_eq!(error.problems[0].message, message, "{reason:?}");
        let name = format!("version = 1\nname = \"{reason}\"\n[nitro]\nunlisted = {{ waived = \"w\" }}\n");
        assert_eq!(Policy::from_toml("test", &name).unwrap_err().problems[0].message, message);
    }
    // One character that is seen is enough.
    let seen = "version = 1\n[nitro]\nunlisted = { waived = \"\u{200b}ü\u{feff}\" }\n";
    assert!(Policy::from_toml("test", seen).is_ok());
}

/// A file cannot call itself what a reader takes for a policy that is built in.
#[test]
fn a_name_that_shows_as_built_in_is_refused() {
    let named = |name: &str| {
        Policy::from_toml(
            "test",
            &format!("version = 1\nname = \"{name}\"\n[nitro]\nunlisted = {{ waived = \"w\" }}\n"),
        )
    };
    for name in [
        "builtin:genuine",
        " builtin:genuine",
        "Builtin:genuine",
        "BUILTIN:x",
        "\u{feff}builtin:genuine",
        "built\u{200b}in:genuine",
        "builtin\u{a0}:genuine",
        "\u{2003}\u{2060}builtin:",
    ] {
        let error = named(name).unwrap_err();
        assert!(error.problems[0].message.contains("kept for policies that are built in"), "{name:?}");
    }
    for name in ["builtin", "my builtin:genuine", "built-in: x"] {
        assert_eq!(named(name).unwrap().name, name);
    }
}
