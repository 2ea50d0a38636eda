//! What several conditions of a Deny, and several Deny statements, leave open together.

use super::*;

/// Rule, severity, statement and sentence of the findings in a policy of an Allow of kms:Decrypt under a condition and a
/// Deny of the secrets under each of the others. Those of an Allow without attestation are left out.
fn said(allowed: &str, denies: &[&str]) -> Vec<(&'static str, Severity, usize, String)> {
    let denies: Vec<_> = denies.iter().map(|condition| deny(SECRETS, condition)).collect();
    let allowed = allow(r#""kms:Decrypt""#, allowed);
    let all: Vec<_> = [&*allowed].into_iter().chain(denies.iter().map(String::as_str)).collect();
    let lint = lint_key_policy(policy(&all).as_bytes()).unwrap();
    let findings = lint.findings.into_iter().filter(|one| one.rule.id != "allow-without-attestation");
    findings.map(|one| (one.rule.id, one.severity, one.statement, one.lets_in)).collect()
}

const ROLE: &str = "any image on an instance with the role of PCR 3";
const INSTANCE: &str = "any image on the instance of PCR 4";
const SIGNED: &str = "every image that was ever signed with the certificate of PCR 8";
const KERNEL: &str = "any application on the kernel of PCR 1";

fn image(severity: Severity, statement: usize, who: &str) -> (&'static str, Severity, usize, String) {
    ("no-image-pcr", severity, statement, format!("lets in {who}"))
}

/// Each condition of a Deny is an exemption of its own: all that are too wide are named, with the gravest severity.
#[test]
fn every_exemption_of_a_deny_is_named() {
    let all = |pcrs: &[&str]| {
        let keys: Vec<_> = pcrs.iter().map(|pcr| format!(r#""@:{pcr}":"$A""#)).collect();
        format!(r#"{{"StringNotEquals":{{{}}}}}"#, keys.join(","))
    };
    let high = |who: &str| [image(Severity::High, 2, who)];
    assert_eq!(said("{}", &[&all(&["PCR3", "PCR4"])]), high(&format!("{ROLE}, and {INSTANCE}")));
    assert_eq!(said("{}", &[&all(&["PCR4", "PCR3"])]), high(&format!("{ROLE}, and {INSTANCE}")));
    assert_eq!(said("{}", &[&all(&["PCR8", "PCR4"])]), high(&format!("{INSTANCE}, and {SIGNED}")));
    assert_eq!(said("{}", &[&all(&["PCR0", "PCR3"])]), high(ROLE));
    // The same of two PCRs is said once.
    let own = "any image that gives its own PCRs these values";
    assert_eq!(said("{}", &[&all(&["PCR5", "PCR16", "PCR3"])]), high(&format!("{ROLE}, and {own}")));
    // Both kinds of documents.
    assert_eq!(
        said("{}", &[&all(&["PCR3", "NitroTPMPCR0", "NitroTPMPCR4"])]),
        [
            image(Severity::High, 2, ROLE),
            (
                "no-boot-pcr",
                Severity::Medium,
                2,
                "lets in any boot chain with these values in other PCRs, and the boot chain of PCR 4 with any kernel command line that it accepts"
                    .to_owned()
            ),
        ]
    );
}

/// A document must get past each Deny, so that the narrowest of their exemptions is what is left open.
#[test]
fn several_deny_statements_ask_for_all_of_their_pcrs() {
    let not = |pcr: &str| format!(r#"{{"StringNotEquals":{{"@:{pcr}":"$A"}}}}"#);
    let (role, signed, kernel) = (not("PCR3"), not("PCR8"), not("PCR1"));
    assert_eq!(said("{}", &[&role]), [image(Severity::High, 2, ROLE)]);
    assert_eq!(
        said("{}", &[&role, &signed]),
        [image(Severity::Medium, 2, SIGNED), image(Severity::Medium, 3, SIGNED)]
    );
    // A value that is no certificate does not count.
    let unsigned = not("PCR8").replace("$A", &"0".repeat(96));
    let with_unsigned = said("{}", &[&role, &unsigned]);
    assert!(with_unsigned.contains(&image(Severity::High, 2, ROLE)), "{with_unsigned:?}");
    assert_eq!(said("{}", &[&kernel, &unsigned]), [image(Severity::Medium, 2, KERNEL)]);
    // A wide exemption of one of them does not count for the other.
    let wide = r#"{"StringNotEquals":{"@:PCR3":"$A","@:PCR8":"$A"}}"#;
    assert_eq!(
        said("{}", &[&role, wide]),
        [image(Severity::High, 2, ROLE), image(Severity::High, 3, &format!("{ROLE}, and {SIGNED}"))]
    );
    // Of other actions, or for others, it does not count either.
    let role = deny(SECRETS, &role);
    let open = allow(r#""kms:*""#, "{}");
    let high = ("no-image-pcr", Severity::High, "#2".to_owned());
    for other in [
        deny(r#""kms:Decrypt""#, &signed),
        statement("Deny", r#"{"AWS":"arn:aws:iam::111122223333:role/a"}"#, SECRETS, &signed),
        statement("Deny", r#"{"AWS":"arn:aws:iam::111122223333:role/a"}"#, r#""kms:*""#, "{}"),
    ] {
        let found = found(&policy(&[&open, &role, &other]));
        assert!(found.contains(&high), "{other}: {found:?}");
    }
}

/// The conditions of an Allow and of Deny statements add up.
#[test]
fn an_allow_is_judged_with_the_deny_statements() {
    let is = |pcr: &str| format!(r#"{{"StringEquals":{{"@:{pcr}":"$A"}}}}"#);
    let not = |pcr: &str| format!(r#"{{"StringNotEquals":{{"@:{pcr}":"$A"}}}}"#);
    let of_allow = |allowed: &str, denied: &str| {
        let found = said(allowed, &[denied]);
        found.into_iter().filter(|(_, _, statement, _)| *statement == 1).collect::<Vec<_>>()
    };
    assert_eq!(of_allow(&is("PCR3"), &not("PCR8")), [image(Severity::Medium, 1, SIGNED)]);
    assert_eq!(of_allow(&is("PCR8"), &not("PCR3")), [image(Severity::Medium, 1, SIGNED)]);
    assert_eq!(of_allow(&is("PCR3"), &not("PCR4")), [image(Severity::High, 1, INSTANCE)]);
    // Neither the Allow nor the Deny is too wide then.
    assert_eq!(said(&is("PCR1"), &[&not("PCR2")]), []);
    let any = r#"{"Null":{"@:PCR0":"false"}}"#;
    assert_eq!(of_allow(any, &not("PCR3")), [image(Severity::High, 1, ROLE)]);
    assert_eq!(
        of_allow(any, r#"{"Null":{"@:PCR0":"true"}}"#),
        [(
            "any-document",
            Severity::High,
            1,
            "lets in any image: every document of AWS has the keys that it tests".to_owned()
        )]
    );
}

/// A Deny that skips documents without a PCR, and one of those.
#[test]
fn a_deny_of_documents_without_a_pcr_completes_another() {
    let absent = r#"{"Null":{"@:PCR0":"true"}}"#;
    for condition in [
        r#"{"StringNotEquals":{"@:PCR0":"$A"},"Null":{"@:PCR0":"false"}}"#,
        r#"{"ForAnyValue:StringNotEquals":{"@:PCR0":"$A"}}"#,
        r#"{"StringNotEquals":{"@:ImageSha384":"$A"},"Null":{"@:PCR0":["false"]}}"#,
    ] {
        let denies = [deny(SECRETS, condition), deny(SECRETS, absent)];
        let open = allow(r#""kms:Decrypt""#, "{}");
        let with = |denies: &[&str]| found(&policy(&[&[&*open][..], denies].concat()));
        assert_eq!(with(&[&denies[0], &denies[1]]), [], "{condition}");
        assert_eq!(with(&[&denies[1], &denies[0]]), [], "{condition}");
        let alone = with(&[&denies[0]]);
        assert!(alone.contains(&("allow-without-attestation", Severity::High, "#1".to_owned())), "{alone:?}");
        // Of another PCR, which documents of NitroTPM lack as well.
        let other = deny(SECRETS, r#"{"Null":{"@:PCR1":"true"}}"#);
        let medium = [("allow-without-attestation", Severity::Medium, "#1".to_owned())];
        assert_eq!(with(&[&denies[0], &other]), medium, "{condition}");
        // Not for these principals, or with another way past it.
        let principal = r#"{"AWS":"arn:aws:iam::111122223333:role/another"}"#;
        let others = statement("Deny", principal, SECRETS, condition);
        assert_eq!(with(&[&others, &denies[1]])[0], medium[0], "{condition}");
        let either = deny(SECRETS, r#"{"Null":{"@:PCR0":"true","@:PCR3":"true"}}"#);
        assert_eq!(with(&[&denies[0], &either]), medium, "{condition}");
    }
    // One that never applies.
    let never = deny(SECRETS, r#"{"StringNotEquals":{"@:PCR0":"$A"},"Null":{"@:PCR0":[]}}"#);
    let found = found(&policy(&[&allow(r#""kms:Decrypt""#, "{}"), &never, &deny(SECRETS, absent)]));
    assert!(found.contains(&("allow-without-attestation", Severity::Medium, "#1".to_owned())), "{found:?}");
}
