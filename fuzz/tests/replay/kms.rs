//! Seeds of KMS: envelopes in each shape, made by hand, and key policies that reach every rule.

use teeproof_fuzz::{bounds, kms};

use crate::hostile::reached;

/// A value with a definite length.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let head = match contents.len() {
        0..=0x7f => vec![tag, length[1]],
        0x80..=0xff => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, contents].concat()
}

/// The same of indefinite length.
fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat()
}

const PKCS: [u8; 7] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01];
const NIST: [u8; 7] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04];

fn oid(base: [u8; 7], end: [u8; 2]) -> Vec<u8> {
    tlv(6, &[&base, &end])
}

fn with_content(wrap: fn(u8, &[&[u8]]) -> Vec<u8>, content: &[u8]) -> Vec<u8> {
    let sha256 = tlv(0x30, &[&oid(NIST, [2, 1]), &[5, 0]]);
    let mgf1 = tlv(0x30, &[&oid(PKCS, [1, 8]), &sha256]);
    let oaep = tlv(0x30, &[&tlv(0xa0, &[&sha256]), &tlv(0xa1, &[&mgf1])]);
    let algorithm = tlv(0x30, &[&oid(PKCS, [1, 7]), &oaep]);
    let recipient =
        tlv(0x30, &[&[2, 1, 2], &tlv(0x80, &[&[0x11; 32]]), &algorithm, &tlv(4, &[&[0x5a; 256]])]);
    let aes = tlv(0x30, &[&oid(NIST, [1, 42]), &tlv(4, &[&[0x22; 16]])]);
    let encrypted = wrap(0x30, &[&oid(PKCS, [7, 1]), &aes, content]);
    let enveloped = wrap(0x30, &[&[2, 1, 2], &tlv(0x31, &[&recipient]), &encrypted]);
    wrap(0x30, &[&oid(PKCS, [7, 3]), &wrap(0xa0, &[&enveloped])])
}

pub(crate) fn kms_envelope() -> Vec<Vec<u8>> {
    let chunk = tlv(4, &[&[0x77; 1_000]]);
    let chunks = indefinite(0xa0, &[&chunk, &chunk, &tlv(4, &[&[0x78; 48]])]);
    vec![
        with_content(indefinite, &indefinite(0xa0, &[&tlv(4, &[&[0x77; 16]])])),
        with_content(indefinite, &tlv(0x80, &[&[0x77; 16]])),
        with_content(indefinite, &chunks),
        with_content(tlv, &tlv(0x80, &[&[0x77; 48]])),
    ]
}

/// An envelope of 64 KiB whose content has one byte in each chunk.
pub(crate) fn longest_envelope() -> Vec<u8> {
    with_content(indefinite, &indefinite(0xa0, &[&[4, 1, 0x77].repeat(21_600)]))
}

fn policy(statements: &str) -> String {
    format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{statements}]}}")
}

fn statement(effect: &str, condition: &str) -> String {
    let condition = condition.replace('@', "kms:RecipientAttestation").replace('$', &"a0".repeat(48));
    format!(
        "{{\"Sid\":\"s\",\"Effect\":\"{effect}\",\"Principal\":{{\"AWS\":\"111122223333\"}},\
         \"Action\":[\"kms:Decrypt\",\"kms:Generate*\"],\"Resource\":\"*\",\"Condition\":{condition}}}"
    )
}

pub(crate) fn key_policy() -> Vec<Vec<u8>> {
    let conditions = [
        "{}",
        "{\"StringEqualsIgnoreCase\":{\"@:ImageSha384\":\"$\"}}",
        "{\"StringEquals\":{\"@:PCR8\":[\"$\",\"0\"],\"@:PCR99\":\"$\"}}",
        "{\"ForAllValues:StringLike\":{\"@:PCR0\":\"*\"},\"Null\":{\"@\":true}}",
        "{\"StringNotEqualsIfExists\":{\"@:NitroTPMPCR4\":\"$\"},\"Bool\":{\"aws:SecureTransport\":\"true\"}}",
    ];
    let allows = conditions.map(|condition| statement("Allow", condition));
    let denies = conditions.map(|condition| statement("Deny", condition));
    let whole = policy(&[allows.join(","), denies.join(",")].join(","));
    let wrapped = serde_json::json!({ "Policy": whole, "PolicyName": "default" }).to_string();
    let mut seeds = vec![whole.clone().into_bytes(), wrapped.into_bytes()];
    seeds.extend(allows.iter().chain(&denies).map(|statement| policy(statement).into_bytes()));
    seeds
}

/// Policies near the limit of KMS: of many statements, many values, many members, and deep ones.
pub(crate) fn largest_policies() -> Vec<Vec<u8>> {
    const ROOM: usize = 32_600;
    let repeated = |text: &str| vec![text; ROOM / (text.len() + 1)].join(",");
    let allow = "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}";
    let values = statement(
        "Allow",
        &format!("{{\"StringEquals\":{{\"@:PCR0\":[{}]}}}}", vec!["\"\""; 10_500].join(",")),
    );
    let actions = format!(
        "{{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Resource\":\"*\",\"Action\":[{}]}}",
        vec!["\"*\""; 7_900].join(",")
    );
    let members: Vec<_> = (0..3_000).map(|name| format!("\"{name:x}\":[]")).collect();
    let members = format!(
        "{{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{{\"Null\":{{{}}}}}}}",
        members.join(",")
    );
    let nothing = format!("{{\"a\":[{}]}}", repeated("[]"));
    // Each Allow next to each Deny; and a finding for each condition, under a long name.
    let short = |effect: &str, pcr: u8| {
        statement(effect, &format!("{{\"StringNotEquals\":{{\"@:PCR{pcr}\":\"0\"}}}}"))
    };
    let pairs = repeated(&[short("Allow", 8), short("Deny", 3), short("Deny", 4)].join(","));
    let keys: Vec<_> = (0..350).map(|number| format!("\"@:PCR{}\":\"0\"", 32 + number)).collect();
    let named = statement("Allow", &format!("{{\"StringNotEquals\":{{{}}}}}", keys.join(",")));
    let named = named.replace("\"s\"", &format!("\"{}\"", "s".repeat(18_000)));
    let policies = [
        policy(&repeated(allow)),
        policy(&values),
        policy(&actions),
        policy(&members),
        policy(&pairs),
        policy(&named),
        nothing,
    ];
    policies.map(String::into_bytes).to_vec()
}

#[test]
fn envelopes_of_kms_made_to_cost() {
    assert!(kms::envelope(&longest_envelope()));
    assert!(!kms::envelope(&[longest_envelope(), vec![0; 1 << 20]].concat()));
    reached(&bounds::KMS_ENVELOPE, [90, 90, 0, 0]);
    reached(&bounds::KMS_DECRYPT, [25, 25, 0, 0]);
}

#[test]
fn key_policies_made_to_cost() {
    let taken = largest_policies().iter().filter(|policy| kms::key_policy(policy)).count();
    assert_eq!(taken, 6);
    reached(&bounds::KEY_POLICY, [20, 10, 0, 0]);
}
