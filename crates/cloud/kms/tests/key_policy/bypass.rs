//! Actions that bypass the conditions on the secrets: grants, re-encryption, another policy.

use super::*;

const INDIRECT: &str = "indirect-access";
const RE_ENCRYPT: &str = r#""kms:ReEncryptFrom""#;
const GRANT: &str = r#""kms:CreateGrant""#;

fn of(statements: &[&str]) -> Vec<(&'static str, Severity, String)> {
    found(&policy(statements))
}

fn indirect(severity: Severity, statement: usize) -> (&'static str, Severity, String) {
    (INDIRECT, severity, format!("#{statement}"))
}

/// A grant can be for re-encryption, after which the ciphertext is decrypted under another key.
#[test]
fn a_grant_is_limited_by_a_deny_of_everything_that_it_hands_out() {
    let (grant, secrets) = (allow(GRANT, "{}"), deny(SECRETS, NOT_A));
    assert_eq!(of(&[&grant, &secrets]), [indirect(Severity::Medium, 1)]);
    let re_encrypt = deny(RE_ENCRYPT, "{}");
    assert_eq!(of(&[&grant, &secrets, &re_encrypt]), []);
    // Its requests have no document, so that any condition on one keeps everybody from it.
    let conditional = deny(RE_ENCRYPT, r#"{"StringNotEquals":{"@:PCR3":"$A"}}"#);
    let found = of(&[&grant, &secrets, &conditional]);
    assert!(found.iter().all(|(rule, ..)| *rule != INDIRECT), "{found:?}");
    // The grantee can be anybody.
    let role = r#"{"AWS":"arn:aws:iam::111122223333:role/enclave"}"#;
    let for_the_role = statement("Deny", role, SECRETS, NOT_A);
    assert_eq!(of(&[&grant, &for_the_role, &re_encrypt]), [indirect(Severity::Medium, 1)]);
    let for_others = statement("Deny", r#"{"AWS":"*"}"#, SECRETS, NOT_A);
    assert_eq!(of(&[&grant, &for_others, &re_encrypt]), []);
}

/// The Deny must ask for an image of the grantee, too.
#[test]
fn a_grant_is_not_limited_by_a_deny_that_asks_for_no_image() {
    let (decrypt, grant) = (allow(r#""kms:Decrypt""#, IS_A), allow(GRANT, "{}"));
    let re_encrypt = deny(RE_ENCRYPT, "{}");
    for condition in [
        r#"{"Null":{"@:PCR0":"true"}}"#,
        r#"{"StringNotEquals":{"@:PCR3":"$A"}}"#,
        r#"{"StringNotEquals":{"@:PCR0":"$A","@:PCR3":"$A"}}"#,
    ] {
        let secrets = deny(SECRETS, condition);
        let expected = [indirect(Severity::Medium, 2)];
        assert_eq!(of(&[&decrypt, &grant, &secrets]), expected, "{condition}");
        assert_eq!(of(&[&decrypt, &grant, &secrets, &re_encrypt]), expected, "{condition}");
    }
    let everyone = statement("Allow", r#""*""#, GRANT, "{}");
    let secrets = deny(SECRETS, r#"{"Null":{"@:PCR0":"true"}}"#);
    assert_eq!(of(&[&decrypt, &everyone, &secrets]), [indirect(Severity::High, 2)]);
}

/// Requests of these actions have none of the keys, so that a test that holds then is no limit.
#[test]
fn conditions_on_attestation_are_no_limit_for_these_actions() {
    let both = r#"["kms:CreateGrant","kms:ReEncryptFrom"]"#;
    let everyone = statement("Allow", r#""*""#, both, NOT_A);
    assert_eq!(
        alone(&everyone),
        [("operation-without-recipient", Severity::Medium), (INDIRECT, Severity::High)]
    );
    // With a condition of another kind, it is not open to everyone.
    let via = r#"{"StringNotEquals":{"@:PCR0":"$A"},"StringEquals":{"kms:ViaService":"s3.amazonaws.com"}}"#;
    let via = statement("Allow", r#""*""#, both, via);
    assert_eq!(
        alone(&via),
        [("operation-without-recipient", Severity::Medium), (INDIRECT, Severity::Medium)]
    );
    let admin = allow(r#"["kms:CreateGrant","kms:PutKeyPolicy"]"#, r#"{"Null":{"@:PCR0":"true"}}"#);
    let found = of(&[&admin, &deny(SECRETS, NOT_A)]);
    assert!(found.contains(&indirect(Severity::Medium, 1)), "{found:?}");
    // A test that fails then keeps everybody from them.
    assert_eq!(
        alone(&statement("Allow", r#""*""#, both, IS_A)),
        [("operation-without-recipient", Severity::Medium)]
    );
}

/// What a Deny for everyone takes away is not found.
#[test]
fn denied_actions_are_no_bypass() {
    let secrets = deny(SECRETS, NOT_A);
    let all = allow(r#"["kms:CreateGrant","kms:ReEncryptFrom","kms:PutKeyPolicy","kms:ReplicateKey"]"#, "{}");
    let others = r#"["kms:CreateGrant","kms:ReEncrypt*","kms:PutKeyPolicy","kms:ReplicateKey"]"#;
    assert_eq!(of(&[&all, &secrets, &deny(others, "{}")]), []);
    assert_eq!(of(&[&all, &deny(r#""kms:*""#, "{}")]), []);
    let policies = deny(r#"["kms:PutKeyPolicy","kms:ReplicateKey"]"#, "{}");
    assert_eq!(of(&[&all, &secrets, &policies]), [indirect(Severity::Medium, 1)]);
    let half = deny(r#"["kms:CreateGrant","kms:ReEncryptFrom","kms:ReplicateKey"]"#, "{}");
    assert_eq!(of(&[&all, &secrets, &half]), [indirect(Severity::Low, 1)]);
    // For services of AWS, as their key policies have it: a limit of the Allow, and none of the Deny.
    let service = deny(GRANT, r#"{"Bool":{"kms:GrantIsForAWSResource":"false"}}"#);
    let grant = allow(GRANT, "{}");
    assert_eq!(of(&[&grant, &secrets, &service]), [indirect(Severity::Medium, 1)]);
    // NotAction of a Deny: everything but what is named.
    let but = r#"{"Effect":"Deny","Principal":"*","NotAction":"kms:Describe*","Resource":"*"}"#;
    assert_eq!(of(&[&all, but]), []);
    let but = but.replace("kms:Describe*", "kms:CreateGrant");
    assert_eq!(of(&[&all, &but]), []);
    let but = but.replace("kms:CreateGrant", "kms:*Key*");
    assert_eq!(of(&[&all, &secrets, &but]), [indirect(Severity::Low, 1)]);
}

/// A Deny for all but some covers an Allow for all but the same, or for fewer.
#[test]
fn exceptions_of_a_deny_are_compared_with_those_of_an_allow() {
    let but = |effect: &str, principals: &str, condition: &str| {
        let whole = statement(effect, "$P", SECRETS, condition);
        whole.replace(r#""Principal":$P"#, &format!(r#""NotPrincipal":{{"AWS":{principals}}}"#))
    };
    let (one, two) = (
        r#""arn:aws:iam::111122223333:role/a""#,
        r#"["arn:aws:iam::111122223333:role/b","arn:aws:iam::111122223333:role/a"]"#,
    );
    let open = [("allow-without-attestation", Severity::High, "#1".to_owned())];
    assert_eq!(of(&[&but("Allow", one, "{}"), &but("Deny", one, NOT_A)]), []);
    assert_eq!(of(&[&but("Allow", two, "{}"), &but("Deny", one, NOT_A)]), []);
    assert_eq!(of(&[&but("Allow", one, "{}"), &but("Deny", two, NOT_A)]), open);
    assert_eq!(of(&[&allow(SECRETS, "{}"), &but("Deny", one, NOT_A)]), open);
    let everyone = statement("Allow", r#""*""#, SECRETS, "{}");
    assert_eq!(of(&[&everyone, &but("Deny", one, NOT_A)]), open);
    assert_eq!(of(&[&but("Allow", one, "{}"), &deny(SECRETS, NOT_A)]), []);
    // All but everyone is nobody.
    let nobody = r#"{"Effect":"Allow","NotPrincipal":"*","Action":"kms:*","Resource":"*"}"#;
    assert_eq!(alone(nobody), []);
    // Two Deny statements with the same exceptions count together.
    let skips = r#"{"StringNotEquals":{"@:PCR0":"$A"},"Null":{"@:PCR0":"false"}}"#;
    let absent = r#"{"Null":{"@:PCR0":"true"}}"#;
    assert_eq!(of(&[&but("Deny", one, skips), &but("Deny", one, absent)]), []);
    assert_eq!(
        of(&[&but("Deny", one, skips), &but("Deny", two, absent)]),
        [("deny-skips-absent", Severity::High, "#1".to_owned())]
    );
}

/// The hint is about the actions of the finding.
#[test]
fn the_hint_names_the_actions_that_were_found() {
    let hint = |actions: &str| {
        let admin = allow(actions, "{}");
        let lint = lint_key_policy(policy(&[&admin]).as_bytes()).unwrap();
        let [finding] = lint.findings.as_slice() else { panic!("{lint:?}") };
        assert!(finding.lets_in.contains(" bypass the conditions with "), "{finding:?}");
        finding.hint.clone().into_owned()
    };
    let (grantee, another) = ("kms:GranteePrincipal", "deny kms:ReEncryptFrom");
    let policies = hint(r#"["kms:PutKeyPolicy","kms:ReplicateKey"]"#);
    assert_eq!(policies, "allow kms:PutKeyPolicy, kms:ReplicateKey to as few principals as possible");
    let grant = hint(GRANT);
    assert!(
        grant.contains(grantee) && !grant.contains("PutKeyPolicy") && !grant.contains(another),
        "{grant}"
    );
    let re_encrypt = hint(RE_ENCRYPT);
    assert!(re_encrypt.contains(another) && !re_encrypt.contains("CreateGrant"), "{re_encrypt}");
    let both = hint(r#"["kms:CreateGrant","kms:ReEncryptFrom"]"#);
    assert!(both.contains(grantee) && both.contains(another), "{both}");
    // Other rules have one hint.
    let lint = lint_key_policy(policy(&[ROOT]).as_bytes()).unwrap();
    assert!(lint.findings.iter().all(|finding| finding.hint == finding.rule.hint));
}
