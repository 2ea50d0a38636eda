//! Claims as JSON: known members have the right form, unknown members are kept, duplicates refused.

use teeproof_core::Class;
use teeproof_hcl::{ClaimsProblem, Error, HardwareSealingPolicy, UnknownMember};
use teeproof_mint::azure::{Claims, Generation, Json, Object};

use crate::support::{Bag, refused, vm};

/// Claims with these bytes in place of the JSON, rightly hashed.
fn raw(bytes: &[u8]) -> Bag {
    Bag::of(&vm().with_claims(|claims| claims.raw = Some(bytes.to_vec()))).without_quote()
}

fn text() -> String {
    String::from_utf8(vm().claims.bytes().unwrap()).unwrap()
}

#[track_caller]
fn malformed(change: impl FnOnce(&mut Claims), problem: ClaimsProblem) {
    refused(|vm| vm.with_claims(change), Error::Claims(problem), Class::Malformed);
}

#[track_caller]
fn configured(name: &'static str, value: impl Into<Json>) {
    malformed(|claims| claims.configuration.set(name, value), ClaimsProblem::Member(name));
}

/// Whether these are the only unknown members, by name and JSON.
#[track_caller]
fn assert_unknown(members: &[UnknownMember], expected: [&str; 2]) {
    let members: Vec<_> = members.iter().map(|member| [&*member.name, &*member.json]).collect();
    assert_eq!(members, [expected]);
}

#[test]
fn what_is_no_json() {
    let whole = text();
    for bytes in [
        b"".as_slice(),
        b"{",
        b"\x00",
        b"nonsense",
        &whole.as_bytes()[..whole.len() - 1],
        format!("{whole}{whole}").as_bytes(),
        format!("{whole}}}").as_bytes(),
        format!("\u{feff}{whole}").as_bytes(),
        // A single quote, a comment, a comma too many, a number too large.
        whole.replacen('"', "'", 1).as_bytes(),
        format!("/**/{whole}").as_bytes(),
        whole.replacen("\"keys\"", "\"x\":[1,],\"keys\"", 1).as_bytes(),
        whole.replacen("\"keys\"", "\"x\":1e999,\"keys\"", 1).as_bytes(),
        &whole.bytes().map(|byte| if byte == b'H' { 0xff } else { byte }).collect::<Vec<_>>(),
    ] {
        let error = raw(bytes).verify().unwrap_err();
        assert!(matches!(error, Error::Claims(ClaimsProblem::Json { .. })), "{error}");
        assert_eq!((error.class(), error.check().id), (Class::Malformed, "hcl.claims"));
    }
    for other in ["[]", "null", "1", "\"keys\""] {
        raw(other.as_bytes())
            .refused(Error::Claims(ClaimsProblem::Member("the top level")), Class::Malformed);
    }
    // White space is JSON, and is hashed like the rest.
    raw(format!(" {whole}\n").as_bytes()).verify().unwrap();
}

#[test]
fn depth_is_bounded() {
    // As deep as the largest NV index has room for: 10,000 levels cannot even get this far.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let levels = 2600 / (open.len() + close.len());
        let deep = format!("{}0{}", open.repeat(levels), close.repeat(levels));
        for nested in [deep.clone(), open.repeat(2600 / open.len())] {
            let mut bag = raw(nested.as_bytes());
            bag.certificates.truncate(2);
            let error = bag.verify().unwrap_err();
            // Where it was given up tells how far it went.
            let Error::Claims(ClaimsProblem::Json { line: 1, column }) = error else { panic!("{error}") };
            assert!(column <= 128 * open.len() + 1, "{column}");
        }
    }
    let ten_thousand = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let error = raw(ten_thousand.as_bytes()).verify().unwrap_err();
    assert_eq!(error.check().id, "hcl.format");
    // Some depth is nobody's harm.
    let some = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let claims = raw(text().replacen("\"keys\"", &format!("\"x\":{some},\"keys\""), 1).as_bytes());
    assert_unknown(claims.verify().unwrap().claims.unknown(), ["x", &some]);
}

#[test]
fn nothing_is_there_twice() {
    for (from, to) in [
        ("\"keys\":", "\"keys\":[],\"keys\":"),
        ("\"kid\":", "\"kid\":\"HCLEkPub\",\"kid\":"),
        ("\"n\":", "\"n\":\"AA\",\"n\":"),
        ("\"secure-boot\":", "\"secure-boot\":false,\"secure-boot\":"),
        ("\"user-data\":", "\"user-data\":\"\",\"user-data\":"),
        // The same name, written otherwise.
        ("\"keys\":", "\"\\u006beys\":[],\"keys\":"),
        // In what is not known, at any depth.
        ("\"keys\":", "\"x\":{\"a\":1,\"a\":1},\"keys\":"),
        ("\"keys\":", "\"x\":[[{\"y\":{\"a\":1,\"b\":2,\"a\":3}}]],\"keys\":"),
    ] {
        let bytes = text().replacen(from, to, 1);
        assert_ne!(bytes, text());
        let error = raw(bytes.as_bytes()).verify().unwrap_err();
        assert!(matches!(error, Error::Claims(ClaimsProblem::Duplicate { line: 1, .. })), "{error}");
        assert_eq!(error.class(), Class::Malformed);
    }
}

#[test]
fn members_that_have_to_be_there() {
    malformed(
        |claims| claims.raw = Some(b"{\"vm-configuration\":{}}".to_vec()),
        ClaimsProblem::Missing("keys"),
    );
    malformed(
        |claims| claims.raw = Some(b"{\"keys\":[]}".to_vec()),
        ClaimsProblem::Missing("vm-configuration"),
    );
    for name in ["kid", "kty", "e", "n"] {
        malformed(|claims| claims.keys[1].remove(name), ClaimsProblem::Missing(name));
    }
    // Nothing else has to: no configuration at all, no operations.
    let bare = vm().with_claims(|claims| {
        claims.configuration = Object::default();
        claims.user_data = None;
        claims.keys[0].remove("key_ops");
    });
    let claims = Bag::of(&bare).verify().unwrap().claims;
    assert_eq!(claims.vm_configuration(), &teeproof_hcl::VmConfiguration::default());
    assert!(claims.ak().key_ops.is_empty() && claims.user_data().is_none());
}

#[test]
fn members_of_another_form() {
    for name in ["console-enabled", "secure-boot", "tpm-enabled", "tpm-persisted"] {
        configured(name, Json::Null);
        configured(name, "true");
        configured(name, 1);
    }
    configured("interactive-console-enabled", Json::Array(vec![]));
    configured("filtered-vpci-devices-allowed", "no");
    configured("current-time", "1678652405");
    configured("current-time", Json::Raw("-1".into()));
    configured("current-time", Json::Raw("1.5".into()));
    configured("root-cert-thumbprint", "6nZZnYaJc4KqUZ_yvA-mucFdYNouvlPnITnNMXsHl-");
    configured("root-cert-thumbprint", "6nZZnYaJc4KqUZ/yvA+mucFdYNouvlPnITnNMXsHl+0");
    configured("root-cert-thumbprint", "AAAA");
    configured("vmgs-provisioner", "somebody");
    configured("hardware-sealing-policy", true);
    for id in [
        "",
        "26F8BC30774E42908E7A535F3B672AEE",
        "26F8BC30-774E-4290-8E7A-535F3B672AE",
        "26F8BC30-774E-4290-8E7A-535F3B672AEG",
        "26F8BC3-0774E-4290-8E7A-535F3B672AEE",
        "26F8BC30-774E-4290-8E7A-535F3B672AEE-",
        "{26F8BC30-774E-4290-8E7A-535F3B672AEE}",
        "26F8BC30-774E-4290-8E7A-5é5F3B672AE",
    ] {
        configured("vmUniqueId", id);
    }
    malformed(|claims| claims.keys[1].set("key_ops", "sign"), ClaimsProblem::Member("key_ops"));
    malformed(
        |claims| claims.keys[1].set("key_ops", Json::numbers(b"\x01")),
        ClaimsProblem::Member("key_ops"),
    );
    for number in ["AQAB=", "AQA B", "+/", "A"] {
        malformed(|claims| claims.keys[0].set("e", number), ClaimsProblem::Member("e"));
    }
    malformed(|claims| claims.keys[0].set("n", Json::numbers(&[0x80; 256])), ClaimsProblem::Member("n"));
    malformed(
        |claims| claims.raw = Some(b"{\"keys\":{},\"vm-configuration\":{}}".to_vec()),
        ClaimsProblem::Member("keys"),
    );
    malformed(
        |claims| claims.raw = Some(b"{\"keys\":[1],\"vm-configuration\":{}}".to_vec()),
        ClaimsProblem::Member("keys"),
    );
    malformed(
        |claims| claims.raw = Some(b"{\"keys\":[],\"vm-configuration\":[]}".to_vec()),
        ClaimsProblem::Member("vm-configuration"),
    );
}

#[test]
fn user_data_is_exactly_64_bytes() {
    for data in
        ["", "00", &"0".repeat(126), &"0".repeat(127), &"0".repeat(130), &"0g".repeat(64), &"é".repeat(64)]
    {
        malformed(|claims| claims.user_data = Some(data.into()), ClaimsProblem::Member("user-data"));
    }
    malformed(|claims| claims.user_data = Some(Json::Null), ClaimsProblem::Member("user-data"));
    malformed(|claims| claims.set_user_data(&[1; 65]), ClaimsProblem::Member("user-data"));
    let mixed = vm().with_claims(|claims| claims.user_data = Some("aB".repeat(64).into()));
    assert_eq!(Bag::of(&mixed).verify().unwrap().claims.user_data(), Some(&[0xab; 64]));
}

#[test]
fn what_is_not_known_is_kept() {
    let vm = vm().generation(Generation::OpenVmm).with_claims(|claims| {
        claims.configuration.set("root-cert-thumbprint", "");
        claims.configuration.set("hardware-sealing-policy", "moon");
        claims.configuration.push("new", Json::Array(vec![Json::Null, 7.into(), "a\"b".into()]));
        claims.keys[0].push("alg", "RS256");
        claims.others.push("later", Object::default().with("deep", true).with("n", Json::Raw("-2.5".into())));
        let provisioner = Object::default().with("id", 7).with("signer", Object::default()).with("z", false);
        claims.configuration.set("vmgs-provisioner", provisioner);
    });
    let claims = Bag::of(&vm).verify().unwrap().claims;
    let configured = claims.vm_configuration();
    assert_unknown(claims.unknown(), ["later", "{\"deep\":true,\"n\":-2.5}"]);
    assert_unknown(&configured.unknown, ["new", "[null,7,\"a\\\"b\"]"]);
    assert_unknown(&claims.ak().unknown, ["alg", "\"RS256\""]);
    assert_eq!(configured.root_cert_thumbprint, None);
    assert_eq!(configured.hardware_sealing_policy, Some(HardwareSealingPolicy::Other("moon".into())));
    let made = configured.vmgs_provisioner.as_ref().unwrap();
    assert_eq!((made.id.as_deref(), made.signer.as_deref()), (Some("7"), Some("{}")));
    assert_unknown(&made.unknown, ["z", "false"]);
    for (word, policy) in [("hash", HardwareSealingPolicy::Hash), ("signer", HardwareSealingPolicy::Signer)] {
        let vm = vm.clone().with_claims(|claims| claims.configuration.set("hardware-sealing-policy", word));
        let found = Bag::of(&vm).verify().unwrap().claims.vm_configuration().hardware_sealing_policy.clone();
        assert_eq!((found, policy.to_string().as_str()), (Some(policy.clone()), word));
    }
}
