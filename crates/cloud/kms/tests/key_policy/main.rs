//! The lint of key policies: what each rule finds, on which statement, how grave it is, and hostile files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bypass;
mod exempted;
mod required;
mod unreadable;
mod values;

use std::collections::BTreeSet;
use std::path::Path;

use teeproof_kms::{
    KEY_POLICY_RULES, KeyPolicyError, MAX_KEY_POLICY, MAX_KEY_POLICY_FILE, Severity, lint_key_policy,
    rules_markdown,
};

const A: &str =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ROOT: &str = r#"{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}"#;

/// A policy of these statements.
fn policy(statements: &[&str]) -> String {
    format!(r#"{{"Version":"2012-10-17","Id":"test","Statement":[{}]}}"#, statements.join(","))
}

/// An Allow for one role, with these actions and conditions.
fn allow(actions: &str, condition: &str) -> String {
    statement("Allow", r#"{"AWS":"arn:aws:iam::111122223333:role/enclave"}"#, actions, condition)
}

/// A Deny for everyone.
fn deny(actions: &str, condition: &str) -> String {
    statement("Deny", r#""*""#, actions, condition)
}

fn statement(effect: &str, principal: &str, actions: &str, condition: &str) -> String {
    let condition = condition.replace('@', "kms:RecipientAttestation").replace("$A", A);
    format!(
        r#"{{"Effect":"{effect}","Principal":{principal},"Action":{actions},"Resource":"*","Condition":{condition}}}"#
    )
}

/// The findings: rule, severity, statement.
fn found(policy: &str) -> Vec<(&'static str, Severity, String)> {
    let lint = lint_key_policy(policy.as_bytes()).unwrap_or_else(|error| panic!("{error}: {policy}"));
    let findings = lint.findings.iter();
    findings.map(|one| (one.rule.id, one.severity, one.statement_id())).collect()
}

/// The findings of one statement: rule and severity.
fn alone(statement: &str) -> Vec<(&'static str, Severity)> {
    found(&policy(&[statement])).into_iter().map(|(rule, severity, _)| (rule, severity)).collect()
}

const SECRETS: &str =
    r#"["kms:Decrypt","kms:GenerateDataKey","kms:GenerateDataKeyPair","kms:DeriveSharedSecret"]"#;
const NOT_A: &str = r#"{"StringNotEqualsIgnoreCase":{"@:ImageSha384":"$A"}}"#;
const IS_A: &str = r#"{"StringEqualsIgnoreCase":{"@:ImageSha384":"$A"}}"#;

#[test]
fn a_policy_that_pins_the_image_has_no_findings() {
    let decrypt = r#""kms:Decrypt""#;
    assert_eq!(alone(&allow(decrypt, IS_A)), []);
    assert_eq!(alone(&allow(decrypt, r#"{"StringEquals":{"@:PCR0":["$A","$A"],"@:PCR8":"$A"}}"#)), []);
    assert_eq!(alone(&allow(decrypt, r#"{"StringEqualsIgnoreCase":{"@:PCR1":"$A","@:PCR2":"0x$A"}}"#)), []);
    assert_eq!(alone(&allow(decrypt, r#"{"StringLike":{"@:ImageSha384":"$A"}}"#)), []);
    let secure_boot = r#"{"StringEqualsIgnoreCase":{"@:NitroTPMPCR7":"$A"}}"#;
    assert_eq!(alone(&allow(decrypt, secure_boot)), []);
    // PCR 12 is zero on a static kernel command line.
    let zeroes = "0".repeat(96);
    let static_line = r#"{"StringEqualsIgnoreCase":{"@:NitroTPMPCR4":"$A","@:NitroTPMPCR12":"$0"}}"#;
    assert_eq!(alone(&allow(decrypt, &static_line.replace("$0", &zeroes))), []);
    // ForAllValues is repaired by Null with false on the same key.
    let repaired = r#"{"ForAllValues:StringEquals":{"@:ImageSha384":"$A"},"Null":{"@:ImageSha384":"false"}}"#;
    assert_eq!(alone(&allow(decrypt, repaired)), []);
    // Management of the key is no way to its secrets.
    let manage = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/admin"},"Action":["kms:Describe*","kms:Enable*","kms:ScheduleKeyDeletion","kms:GenerateRandom"],"Resource":"*"}"#;
    assert_eq!(alone(manage), []);
}

#[test]
fn an_allow_without_a_condition_lets_everything_in() {
    let high = |rule| vec![(rule, Severity::High)];
    let bare = r#"{"Sid":"Use","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":"kms:Decrypt","Resource":"*"}"#;
    assert_eq!(found(&policy(&[bare])), [("allow-without-attestation", Severity::High, "Use".to_owned())]);
    assert_eq!(
        alone(&allow(SECRETS, r#"{"Bool":{"aws:SecureTransport":true}}"#)),
        high("allow-without-attestation")
    );
    assert_eq!(alone(ROOT), high("root-without-deny"));
    assert_eq!(
        alone(&ROOT.replace("arn:aws:iam::111122223333:root", "111122223333")),
        high("root-without-deny")
    );
    assert_eq!(
        alone(&ROOT.replace("arn:aws:iam::111122223333:root", "arn:aws-us-gov:iam::111122223333:root")),
        high("root-without-deny")
    );
    for everyone in [r#""*""#, r#"{"AWS":"*"}"#, r#"{"AWS":["111122223333","*"]}"#] {
        assert_eq!(
            alone(&statement("Allow", everyone, r#""kms:D*""#, "{}")),
            high("allow-without-attestation")
        );
    }
    let both = r#"{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/app"]}"#;
    assert_eq!(
        alone(&statement("Allow", both, r#""*""#, "{}")),
        [("allow-without-attestation", Severity::High), ("root-without-deny", Severity::High)]
    );
    // Everything but what is named, everyone but who is named.
    let but = r#"{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/a"},"NotAction":"kms:Encrypt","NotResource":"arn:aws:kms:eu-west-1:111122223333:key/another"}"#;
    assert_eq!(alone(but), high("allow-without-attestation"));
    let nothing = r#"{"Effect":"Allow","NotPrincipal":"*","NotAction":"kms:*","Resource":"*"}"#;
    assert_eq!(alone(nothing), []);
}

#[test]
fn a_deny_for_everyone_makes_up_for_it() {
    let with = |deny: &str| {
        let found = found(&policy(&[ROOT, deny]));
        let of_root = found.into_iter().filter(|(.., id)| id == "Root");
        of_root.map(|(rule, severity, _)| (rule, severity)).collect::<Vec<_>>()
    };
    // The secrets are kept; re-encryption and another policy are left.
    assert_eq!(with(&deny(SECRETS, NOT_A)), [("indirect-access", Severity::Medium)]);
    let all = r#"["kms:Decrypt","kms:Generate*","kms:DeriveSharedSecret","kms:ReEncryptFrom"]"#;
    assert_eq!(with(&deny(all, "{}")), [("indirect-access", Severity::Low)]);
    // A document of any enclave.
    let null = r#"{"Null":{"@:ImageSha384":"true"}}"#;
    assert!(with(&deny(SECRETS, null)).contains(&("root-without-deny", Severity::Medium)));
    // Two statements together.
    let two = [deny(r#""kms:Decrypt""#, NOT_A), deny(r#"["kms:Gen*","kms:Derive*"]"#, NOT_A)].join(",");
    assert_eq!(with(&two), [("indirect-access", Severity::Medium)]);
    let open = vec![("root-without-deny", Severity::High)];
    for deny in [
        // Not all of the actions, others than the root, further conditions, or no effect on a request without keys.
        deny(r#""kms:Decrypt""#, NOT_A),
        statement("Deny", r#"{"AWS":"arn:aws:iam::111122223333:role/a"}"#, SECRETS, NOT_A),
        statement("Deny", r#"{"Service":"*"}"#, SECRETS, NOT_A),
        statement("Deny", r#"{"Federated":"*"}"#, SECRETS, NOT_A),
        r#"{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/a"},"Action":"kms:*","Resource":"*"}"#
            .to_owned(),
        deny(
            SECRETS,
            r#"{"StringNotEquals":{"@:PCR0":"$A","aws:PrincipalArn":"arn:aws:iam::111122223333:role/a"}}"#,
        ),
        deny(SECRETS, r#"{"ForAnyValue:StringNotEquals":{"@:PCR0":"$A"}}"#),
        deny(SECRETS, r#"{"StringNotEquals":{"@:PCR0":"$A"},"Null":{"@:PCR0":"false"}}"#),
        deny(SECRETS, r#"{"StringEquals":{"@:PCR0":"$A"}}"#),
        deny(SECRETS, r#"{"Null":{"@":"false"}}"#),
    ] {
        assert_eq!(with(&deny), open, "{deny}");
    }
    // For the same principals, a Deny does as well.
    let root = r#"{"AWS":"arn:aws:iam::111122223333:root"}"#;
    let same = with(&statement("Deny", root, SECRETS, NOT_A));
    assert!(!same.contains(&("root-without-deny", Severity::High)), "{same:?}");
    // A role that need not pin anything itself.
    let weak = allow(r#""kms:Decrypt""#, r#"{"StringEquals":{"@:PCR8":"$A"}}"#);
    assert_eq!(found(&policy(&[&weak, &deny(SECRETS, NOT_A)])), []);
}

/// A Deny asks for an image only if each of its tests does: a document that fails one of them is exempted.
#[test]
fn a_deny_that_asks_for_no_image_does_not_make_up_for_it() {
    let with = |denies: &[&str]| {
        let denies: Vec<_> = denies.iter().map(|condition| deny(SECRETS, condition)).collect();
        let all: Vec<_> = [ROOT].into_iter().chain(denies.iter().map(String::as_str)).collect();
        found(&policy(&all)).into_iter().filter(|(rule, ..)| *rule != "indirect-access").collect::<Vec<_>>()
    };
    let root = || ("root-without-deny", Severity::Medium, "Root".to_owned());
    let image = |severity, id: &str| ("no-image-pcr", severity, id.to_owned());
    for (key, severity) in [
        ("PCR3", Severity::High),
        ("PCR4", Severity::High),
        ("PCR8", Severity::Medium),
        ("PCR1", Severity::Medium),
    ] {
        let alone = NOT_A.replace("ImageSha384", key);
        assert_eq!(with(&[&alone]), [root(), image(severity, "#2")], "{key}");
    }
    assert_eq!(
        with(&[r#"{"StringNotEquals":{"@:NitroTPMPCR0":"$A"}}"#]),
        [root(), ("no-boot-pcr", Severity::Medium, "#2".to_owned()),]
    );
    // Either of two is enough for a document; two statements need both.
    let either = r#"{"StringNotEquals":{"@:PCR0":"$A","@:PCR3":"$A"}}"#;
    assert_eq!(with(&[either]), [root(), image(Severity::High, "#2")]);
    let (one, two) = (r#"{"StringNotEquals":{"@:PCR1":"$A"}}"#, r#"{"StringNotEquals":{"@:PCR2":"$A"}}"#);
    assert_eq!(with(&[one, two]), []);
    assert_eq!(
        with(&[r#"{"StringNotEquals":{"@:PCR1":"$A","@:PCR2":"$A"}}"#]),
        [root(), image(Severity::Medium, "#2"),]
    );
    // An enclave of the image, or an instance of it.
    assert_eq!(with(&[r#"{"StringNotEquals":{"@:PCR0":"$A","@:NitroTPMPCR7":"$A"}}"#]), []);
    // These hold without a document and for one image, and let every other image in.
    for positive in [
        r#"{"StringEqualsIfExists":{"@:PCR0":"$A"}}"#,
        r#"{"ForAllValues:StringEquals":{"@:PCR0":"$A"}}"#,
        r#"{"StringNotEquals":{"@:PCR0":"$A"},"StringEqualsIfExists":{"@:PCR3":"$A"}}"#,
    ] {
        assert_eq!(with(&[positive]), [root()], "{positive}");
    }
    // No document has a number: this one keeps everybody out.
    assert_eq!(
        with(&[r#"{"NumericNotEquals":{"@:PCR0":1}}"#]).iter().filter(|one| **one == root()).count(),
        0
    );
    // An Allow is judged by its own conditions again.
    let zeroes = "0".repeat(96);
    let debug = allow(r#""kms:Decrypt""#, &IS_A.replace("$A", &zeroes));
    let role = deny(SECRETS, r#"{"StringNotEquals":{"@:PCR3":"$A"}}"#);
    assert_eq!(found(&policy(&[&debug, &role])), [("zero-pcr", Severity::High, "#1".to_owned())]);
    let good = allow(r#""kms:Decrypt""#, IS_A);
    assert_eq!(found(&policy(&[&good, &role])), []);
}

#[test]
fn a_deny_that_skips_requests_without_a_document_is_found() {
    let skips = vec![("deny-skips-absent", Severity::High)];
    assert_eq!(alone(&deny(SECRETS, r#"{"ForAnyValue:StringNotEquals":{"@:PCR0":"$A"}}"#)), skips);
    let two = r#"{"StringNotEquals":{"@:PCR0":"$A"},"Null":{"@:PCR0":false}}"#;
    assert_eq!(alone(&deny(SECRETS, two)), skips);
    // A second Deny has them.
    let both = [deny(SECRETS, two), deny(SECRETS, r#"{"Null":{"@:PCR0":"true"}}"#)];
    assert_eq!(found(&policy(&[&both[0], &both[1]])), []);
    // A Deny of one image is no guard.
    assert_eq!(alone(&deny(SECRETS, r#"{"StringEquals":{"@:PCR0":"$A"}}"#)), []);
    // Values that are exempted.
    let zeroes = "0".repeat(96);
    let exempts = format!(r#"{{"StringNotEquals":{{"@:PCR0":"{zeroes}"}}}}"#);
    assert_eq!(alone(&deny(SECRETS, &exempts)), [("zero-pcr", Severity::High)]);
    assert_eq!(
        alone(&deny(SECRETS, r#"{"StringNotLike":{"@:PCR0":"*"}}"#)),
        [("pattern-value", Severity::High)]
    );
}

/// KMS takes statements that it never applies, and applies others to the keys that they name.
#[test]
fn statements_that_do_not_reach_the_key_are_named() {
    let guard = deny(SECRETS, NOT_A);
    let with = |guard: &str| {
        let found = found(&policy(&[ROOT, guard]));
        found.into_iter().filter(|(rule, ..)| *rule != "indirect-access").collect::<Vec<_>>()
    };
    let resource = r#""Resource":"*","#;
    assert!(guard.contains(resource));
    assert_eq!(with(&guard), []);
    assert_eq!(with(&guard.replace(resource, r#""Resource":["arn:aws:kms:*:*:key/a","**"],"#)), []);
    let open = |severity| {
        vec![
            ("root-without-deny", Severity::High, "Root".to_owned()),
            ("no-effect", severity, "#2".to_owned()),
        ]
    };
    for never in ["", r#""Resource":[],"#, r#""NotResource":"*","#] {
        assert_eq!(with(&guard.replace(resource, never)), open(Severity::High), "{never}");
    }
    for other in [
        r#""Resource":"arn:aws:kms:eu-west-1:111122223333:key/another","#,
        r#""NotResource":"arn:aws:kms:eu-west-1:111122223333:key/another","#,
        r#""Resource":"","#,
    ] {
        assert_eq!(with(&guard.replace(resource, other)), open(Severity::Medium), "{other}");
    }
    let no_action = guard.replace(&format!(r#""Action":{SECRETS},"#), "");
    assert_eq!(with(&no_action), open(Severity::High));
    // An Allow of this kind lets in nobody, and one for other keys may be one for this key.
    assert_eq!(alone(&ROOT.replace(r#","Resource":"*""#, "")), [("no-effect", Severity::Medium)]);
    assert_eq!(alone(&ROOT.replace(r#""Action":"kms:*","#, "")), [("no-effect", Severity::Medium)]);
    let named = ROOT.replace(r#""Resource":"*""#, r#""Resource":"arn:aws:kms:eu-west-1:111122223333:key/a""#);
    assert_eq!(alone(&named), [("root-without-deny", Severity::High)]);
    let harmless = r#"{"Effect":"Deny","Principal":"*","Action":"kms:DisableKey"}"#;
    assert_eq!(alone(harmless), [("no-effect", Severity::Medium)]);
}

#[test]
fn unknown_keys_are_named() {
    let decrypt = r#""kms:Decrypt""#;
    let key = |severity| vec![("unknown-condition-key", severity)];
    // Null with true on the bare key always holds.
    assert_eq!(alone(&allow(decrypt, r#"{"Null":{"@":"true"}}"#)), key(Severity::High));
    assert_eq!(alone(&allow(decrypt, r#"{"StringNotEquals":{"@:ImageSha512":"$A"}}"#)), key(Severity::High));
    assert_eq!(alone(&allow(decrypt, r#"{"StringEqualsIfExists":{"@:PCR32":"$A"}}"#)), key(Severity::High));
    // These never hold, so that the statement has no effect.
    assert_eq!(alone(&allow(decrypt, r#"{"Null":{"@":"false"}}"#)), key(Severity::Medium));
    assert_eq!(alone(&allow(decrypt, r#"{"StringEquals":{"@:PCR":"$A"}}"#)), key(Severity::Medium));
    // With a known key it only looks like more.
    let two = r#"{"StringEquals":{"@:PCR0":"$A"},"StringNotEquals":{"@:PCR99":"$A"}}"#;
    assert_eq!(alone(&allow(decrypt, two)), key(Severity::Medium));
    // In a Deny it is the other way round.
    assert_eq!(alone(&deny(decrypt, r#"{"Null":{"@":"true"}}"#)), key(Severity::Medium));
    assert_eq!(alone(&deny(decrypt, r#"{"StringEquals":{"@:Image":"$A"}}"#)), key(Severity::High));
    // Condition keys have any case.
    assert_eq!(
        alone(&allow(decrypt, IS_A).replace("kms:RecipientAttestation", "KMS:RECIPIENTATTESTATION")),
        []
    );
}

#[test]
fn conditions_that_hold_without_a_document_are_named() {
    let decrypt = r#""kms:Decrypt""#;
    let high = |rule| vec![(rule, Severity::High)];
    for condition in [
        r#"{"StringNotEquals":{"@:PCR0":"$A"}}"#,
        r#"{"StringEqualsIfExists":{"@:PCR0":"$A"}}"#,
        r#"{"Null":{"@:PCR0":"true"}}"#,
        r#"{"Null":{"@:PCR0":["false","true"]}}"#,
        r#"{"ArnNotLike":{"@:PCR0":"$A"}}"#,
    ] {
        assert_eq!(alone(&allow(decrypt, condition)), high("absent-document"), "{condition}");
    }
    let all = r#"{"ForAllValues:StringEquals":{"@:PCR0":"$A"}}"#;
    assert_eq!(alone(&allow(decrypt, all)), high("for-all-values"));
    // With a Deny that only asks for a document, it is any document.
    let null = deny(SECRETS, r#"{"Null":{"@:PCR0":"true"}}"#);
    let medium = |rule: &'static str| vec![(rule, Severity::Medium, "#1".to_owned())];
    assert_eq!(found(&policy(&[&allow(decrypt, all), &null])), medium("for-all-values"));
    let negated = allow(decrypt, r#"{"StringNotEquals":{"@:PCR0":"$A"}}"#);
    assert_eq!(found(&policy(&[&negated, &null])), medium("absent-document"));
    let bare = allow(decrypt, "{}");
    assert_eq!(found(&policy(&[&bare, &null])), medium("allow-without-attestation"));
    // Null with false on another key requires a document, but not that PCR.
    let other = r#"{"ForAllValues:StringEquals":{"@:PCR8":"$A"},"StringEquals":{"@:PCR0":"$A"}}"#;
    assert_eq!(alone(&allow(decrypt, other)), [("for-all-values", Severity::Low)]);
}

#[test]
fn operations_without_a_recipient_are_named() {
    let rule = |severity| vec![("operation-without-recipient", severity)];
    assert_eq!(alone(&allow(r#""kms:Sign""#, IS_A)), rule(Severity::Medium));
    assert_eq!(alone(&allow(r#"["kms:Decrypt","kms:Verify"]"#, IS_A)), rule(Severity::Medium));
    assert_eq!(alone(&allow(r#""kms:*""#, IS_A)), rule(Severity::Low));
    assert_eq!(alone(&allow(r#""kms:Sign""#, NOT_A)), rule(Severity::Medium));
    assert_eq!(alone(&deny(r#""kms:Sign""#, NOT_A)), rule(Severity::Medium));
    assert_eq!(alone(&deny(r#""kms:GenerateDataKey*""#, NOT_A)), rule(Severity::Low));
    assert_eq!(alone(&deny(r#""kms:Sign""#, IS_A)), []);
    assert_eq!(alone(&allow(r#""kms:GenerateRandom""#, IS_A)), []);
}

#[test]
fn values_that_fix_no_image_are_named() {
    let of = |condition: &str| alone(&allow(r#""kms:Decrypt""#, condition));
    let zeroes = "0".repeat(96);
    let pcr = |key: &str, value: &str| format!(r#"{{"StringEqualsIgnoreCase":{{"@:{key}":"{value}"}}}}"#);
    assert_eq!(of(&pcr("ImageSha384", &zeroes)), [("zero-pcr", Severity::High)]);
    assert_eq!(of(&pcr("PCR0", "0")), [("zero-pcr", Severity::High)]);
    // Role and instance are those of the parent, in debug mode, too.
    let with = |pcr: u8| format!(r#"{{"StringEquals":{{"@:PCR0":"{A}","@:PCR{pcr}":"{zeroes}"}}}}"#);
    assert_eq!(of(&with(3)), [("zero-pcr", Severity::Medium)]);
    assert_eq!(of(&with(4)), [("value-form", Severity::Low)]);
    let user = format!(r#"{{"StringEquals":{{"@:PCR0":"{A}","@:PCR16":"{zeroes}"}}}}"#);
    assert_eq!(of(&user), [("zero-pcr", Severity::Medium)]);
    for (key, severity) in [
        ("PCR3", Severity::High),
        ("PCR4", Severity::High),
        ("PCR16", Severity::High),
        ("PCR8", Severity::Medium),
        ("PCR1", Severity::Medium),
        ("PCR2", Severity::Medium),
    ] {
        assert_eq!(of(&pcr(key, A)), [("no-image-pcr", severity)], "{key}");
    }
    let three = format!(r#"{{"StringEquals":{{"@:PCR3":"{A}","@:PCR4":"{A}","@:PCR8":"{A}"}}}}"#);
    assert_eq!(of(&three), [("no-image-pcr", Severity::Medium)]);
    assert_eq!(of(r#"{"Null":{"@:ImageSha384":"false"}}"#), [("any-document", Severity::High)]);
    assert_eq!(of(&pcr("NitroTPMPCR0", A)), [("no-boot-pcr", Severity::Medium)]);
    assert_eq!(of(&pcr("NitroTPMPCR4", A)), [("no-boot-pcr", Severity::Low)]);
    let mixed = format!(r#"{{"StringEquals":{{"@:PCR0":"{A}","@:NitroTPMPCR4":"{A}"}}}}"#);
    assert_eq!(of(&mixed), [("mixed-documents", Severity::Medium)]);
    assert_eq!(of(r#"{"StringLike":{"@:PCR0":"*"}}"#), [("pattern-value", Severity::High)]);
    for any in ["**", "?*", &"?".repeat(96)] {
        let like = r#"{"StringLike":{"@:PCR0":"$"}}"#.replace('$', any);
        assert_eq!(of(&like), [("pattern-value", Severity::High)], "{any}");
    }
    // The principal says which image it is.
    let variable = pcr("PCR0", "${aws:PrincipalTag/pcr0}");
    assert_eq!(of(&variable), [("variable-value", Severity::High)]);
    let list = format!(r#"{{"StringEqualsIgnoreCase":{{"@:PCR0":["{A}","0x${{aws:username}}"]}}}}"#);
    assert_eq!(of(&list), [("variable-value", Severity::High)]);
    let exempts = deny(SECRETS, r#"{"StringNotEquals":{"@:PCR0":"${aws:PrincipalTag/pcr0}"}}"#);
    assert_eq!(alone(&exempts), [("variable-value", Severity::High)]);
    assert_eq!(of(r#"{"StringLike":{"@:PCR0":"ab?d*"}}"#), [("pattern-value", Severity::Medium)]);
    for condition in [
        pcr("PCR0", "abcd"),
        pcr("PCR0", ""),
        pcr("PCR0", &"g".repeat(96)),
        format!(r#"{{"StringEquals":{{"@:PCR0":"{}"}}}}"#, A.to_uppercase()),
        r#"{"NumericEquals":{"@:PCR0":7}}"#.to_owned(),
    ] {
        assert_eq!(of(&condition), [("value-form", Severity::Low)], "{condition}");
    }
    assert_eq!(of(&pcr("PCR0", &A.to_uppercase())), []);
}

#[test]
fn ways_around_the_conditions_are_named() {
    let admin = |actions: &str| {
        statement("Allow", r#"{"AWS":"arn:aws:iam::111122223333:role/admin"}"#, actions, "{}")
    };
    assert_eq!(alone(&admin(r#""kms:CreateGrant""#)), [("indirect-access", Severity::Medium)]);
    assert_eq!(alone(&admin(r#""kms:ReEncrypt*""#)), [("indirect-access", Severity::Medium)]);
    assert_eq!(
        alone(&admin(r#"["kms:PutKeyPolicy","kms:ReplicateKey"]"#)),
        [("indirect-access", Severity::Low)]
    );
    for everyone in [r#""Principal":"*""#, r#""NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/a"}"#] {
        for action in ["CreateGrant", "ReEncryptFrom", "PutKeyPolicy", "ReplicateKey"] {
            let open = format!(r#"{{"Effect":"Allow",{everyone},"Action":"kms:{action}","Resource":"*"}}"#);
            assert_eq!(alone(&open), [("indirect-access", Severity::High)], "{open}");
        }
    }
}

/// The examples that AWS publishes: they pin the image, or PCR 1 alone.
#[test]
fn the_examples_of_aws() {
    let actions = r#"["kms:Decrypt","kms:GenerateDataKey","kms:GenerateRandom"]"#;
    assert_eq!(alone(&allow(actions, IS_A)), []);
    let kernel = r#"{"StringEqualsIgnoreCase":{"@:PCR1":"0x$A"}}"#;
    assert_eq!(alone(&allow(r#""kms:Decrypt""#, kernel)), [("no-image-pcr", Severity::Medium)]);
    let tpm = r#"{"StringEqualsIgnoreCase":{"@:NitroTPMPCR4":"$A","@:NitroTPMPCR12":"$A"}}"#;
    assert_eq!(alone(&allow(actions, tpm)), []);
    // What KMS gives to a key that is made without a policy.
    assert_eq!(found(&policy(&[ROOT])), [("root-without-deny", Severity::High, "Root".to_owned())]);
}

#[test]
fn the_output_of_the_aws_command_line_is_read() {
    let inner = policy(&[ROOT]);
    let outer = serde_json::json!({ "Policy": inner, "PolicyName": "default" }).to_string();
    assert_eq!(found(&outer), found(&inner));
    let one = inner.replace(['[', ']'], "");
    assert_eq!(found(&one), found(&inner));
}

#[test]
fn every_sentence_names_its_statement_and_says_who_gets_in() {
    let lint = lint_key_policy(policy(&[ROOT, &allow(r#""kms:Decrypt""#, "{}")]).as_bytes()).unwrap();
    assert_eq!((lint.statements, lint.gravest()), (2, Some(Severity::High)));
    let said: Vec<_> =
        lint.findings.iter().map(|one| (one.statement_id(), one.statement, one.lets_in.as_str())).collect();
    assert_eq!(
        said,
        [
            (
                "Root".to_owned(),
                1,
                "lets in everyone whom an IAM policy of arn:aws:iam::111122223333:root allows kms:Decrypt, kms:DeriveSharedSecret, kms:GenerateDataKey, kms:GenerateDataKeyPair, without an enclave"
            ),
            (
                "#2".to_owned(),
                2,
                "lets arn:aws:iam::111122223333:role/enclave use kms:Decrypt without an enclave"
            ),
        ]
    );
}

#[test]
fn what_is_no_policy_is_refused_with_its_place() {
    let form = |policy: &str| match lint_key_policy(policy.as_bytes()) {
        Err(KeyPolicyError::Form { path, .. }) => path,
        other => panic!("{policy}: {other:?}"),
    };
    let with = |statement: &str| policy(&[statement]);
    for (text, path) in [
        ("[]".to_owned(), "policy"),
        ("{}".to_owned(), "Statement"),
        (policy(&[]), "Statement"),
        (r#"{"Version":"2020-01-01","Statement":[]}"#.to_owned(), "Version"),
        (r#"{"Statements":[]}"#.to_owned(), "Statements"),
        (r#"{"Statement":[{}]}"#.to_owned(), "Statement[1].Effect"),
        (with(&ROOT.replace(r#""Resource":"*""#, r#""Resource":7"#)), "Statement[1].Resource"),
        (
            with(&ROOT.replace(r#""Resource":"*""#, r#""Resource":"*","NotResource":"*""#)),
            "Statement[1].NotResource",
        ),
        (policy(&[ROOT, "7"]), "Statement[2]"),
        (with(&ROOT.replace("Allow", "allow")), "Statement[1].Effect"),
        (with(&ROOT.replace(r#""Effect":"Allow","#, "")), "Statement[1].Effect"),
        (with(&ROOT.replace("Principal", "Principals")), "Statement[1].Principals"),
        (with(&ROOT.replace("AWS", "aws")), "Statement[1].Principal.aws"),
        (
            with(&ROOT.replace(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, r#""root""#)),
            "Statement[1].Principal",
        ),
        (with(&ROOT.replace(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, "{}")), "Statement[1].Principal"),
        (with(&ROOT.replace(r#""Resource":"*""#, r#""NotAction":"kms:*""#)), "Statement[1].NotAction"),
        (with(&ROOT.replace(r#""kms:*""#, "7")), "Statement[1].Action"),
        (
            with(&allow(r#""kms:*""#, r#"{"StringEqual":{"@:PCR0":"$A"}}"#)),
            "Statement[1].Condition.StringEqual",
        ),
        (
            with(&allow(r#""kms:*""#, r#"{"StringEquals":{"@:PCR0":{}}}"#)),
            "Statement[1].Condition.StringEquals.kms:RecipientAttestation:PCR0",
        ),
        (r#"{"Policy":"[]"}"#.to_owned(), "policy"),
    ] {
        assert_eq!(form(&text), path, "{text}");
    }
    let error = lint_key_policy(br#"{"Version":"2012-10-17","Version":"2012-10-17"}"#).unwrap_err();
    assert!(
        matches!(&error, KeyPolicyError::Json { line: 1, what, .. } if what.contains("\"Version\" twice")),
        "{error}"
    );
    assert!(!error.hint().is_empty());
    assert_eq!(lint_key_policy(&[0xff]), Err(KeyPolicyError::NotText));
}

#[test]
fn large_policies_are_refused_and_none_takes_long() {
    let limit = |bytes: Vec<u8>| match lint_key_policy(&bytes) {
        Err(KeyPolicyError::TooLarge { limit, .. }) => limit,
        other => panic!("{other:?}"),
    };
    assert_eq!(limit(vec![b' '; MAX_KEY_POLICY_FILE + 1]), MAX_KEY_POLICY_FILE);
    let padded = format!("{}{}", policy(&[ROOT]), " ".repeat(MAX_KEY_POLICY));
    assert!(lint_key_policy(padded.as_bytes()).is_ok(), "blanks around a policy are not counted");
    let long = ROOT.replace("Root", &"x".repeat(MAX_KEY_POLICY));
    assert_eq!(limit(policy(&[&long]).into_bytes()), MAX_KEY_POLICY);
    let wrapped = serde_json::json!({ "Policy": policy(&[&long]) }).to_string();
    assert_eq!(limit(wrapped.into_bytes()), MAX_KEY_POLICY);
    // As many statements as fit, each of which is compared with every other; and patterns that match late.
    let short = r#"{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}"#;
    let allow = short.replace("Deny", "Allow");
    let count = (MAX_KEY_POLICY - 100) / (short.len() + allow.len() + 2);
    let statements: Vec<&str> = (0..count).flat_map(|_| [short, &*allow]).collect();
    let begin = std::time::Instant::now();
    assert!(lint_key_policy(policy(&statements).as_bytes()).is_ok());
    let stars = "*?".repeat(MAX_KEY_POLICY / 2 - 200);
    assert!(lint_key_policy(policy(&[&short.replace("kms:*", &stars)]).as_bytes()).is_ok());
    assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
}

/// Each condition has a finding, which names the statement and the principal.
#[test]
fn long_names_are_not_repeated_whole() {
    let keys: Vec<_> = (0..300).map(|number| format!(r#""@:PCR{}":"$A""#, 32 + number)).collect();
    let condition = format!(r#"{{"StringNotEquals":{{{}}}}}"#, keys.join(",").replace("$A", "a"));
    let long = "é".repeat(4_000);
    let principal = format!(r#"{{"AWS":"{long}"}}"#);
    let one = statement("Allow", &principal, r#""kms:Decrypt""#, &condition);
    let one = one.replacen('{', &format!(r#"{{"Sid":"{long}","#), 1);
    let text = policy(&[&one]);
    assert!(text.len() > 27_000 && text.len() <= MAX_KEY_POLICY, "{}", text.len());
    let lint = lint_key_policy(text.as_bytes()).unwrap();
    assert_eq!(lint.findings.len(), 300);
    let shown = "é".repeat(256) + "…";
    for finding in &lint.findings {
        assert_eq!(finding.sid.as_ref(), Some(&shown));
        assert!(finding.lets_in.starts_with(&format!("lets {shown} use kms:Decrypt")));
        assert!(finding.lets_in.len() < 1_000, "{}", finding.lets_in.len());
    }
}

/// The policy that docs/kms.md recommends, and the same without one of its parts.
#[test]
fn the_policy_of_the_page_is_one_to_copy() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/kms.md")).unwrap();
    let policy = page.split_once("```json\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    assert_eq!(found(policy), [("indirect-access", Severity::Low, "Account".to_owned())]);
    for (from, to) in [
        ("NotEquals", "Equals"),
        ("ImageSha384", "Image"),
        ("kms:ReEncryptFrom", "kms:Sign"),
        ("Deny", "Allow"),
    ] {
        let gravest = lint_key_policy(policy.replace(from, to).as_bytes()).unwrap().gravest();
        assert!(gravest > Some(Severity::Low), "{from}: {gravest:?}");
    }
}

/// Every rule is found by one of the tests above, and the page has the table.
#[test]
fn the_page_has_the_rules() {
    let ids: BTreeSet<_> = KEY_POLICY_RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), KEY_POLICY_RULES.len());
    let own = [
        include_str!("main.rs"),
        include_str!("bypass.rs"),
        include_str!("exempted.rs"),
        include_str!("required.rs"),
        include_str!("values.rs"),
    ]
    .concat();
    for rule in KEY_POLICY_RULES {
        assert!(!rule.finds.contains('|') && !rule.hint.contains('|') && !rule.severities.is_empty());
        assert!(own.contains(&format!("\"{}\"", rule.id)), "{}: no test", rule.id);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/kms.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("| rule | severity |").expect("docs/kms.md has no table of rules");
    let (_, after) = rest.split_once("\n\n").expect("docs/kms.md: the table is followed by a blank line");
    let wanted = format!("{before}{}\n{after}", rules_markdown());
    if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert!(page == wanted, "docs/kms.md is out of date: run this test with TEEPROOF_WRITE_TABLES=1");
}
