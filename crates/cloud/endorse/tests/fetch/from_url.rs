//! Questions from URLs: the reverse of every URL, and of no other.

use proptest::prelude::*;
use teeproof_endorse::{AmdKey, Endpoints, HttpUrl, PckCa, Question, Service, Vcek};
use teeproof_wire::snp::{Product, Tcb};

use crate::questions::{authority_access, issuer};

/// Any question.
fn any_question() -> impl Strategy<Value = Question> {
    let product = prop::sample::select(Product::ALL);
    let key = prop::sample::select(vec![AmdKey::Vcek, AmdKey::Vlek]);
    let vcek = (product.clone(), any::<[u8; 64]>(), any::<[u8; 5]>()).prop_filter_map(
        "a masked chip",
        |(product, id, [fmc, bootloader, tee, snp, microcode])| {
            let fmc = product.tcb_layout().has_fmc().then_some(fmc);
            let tcb = Tcb { fmc, bootloader, tee, snp, microcode };
            Some(Question::Vcek(Vcek::new(product, id.get(..product.hwid_bytes())?, tcb).ok()?))
        },
    );
    let host = prop::sample::select(vec!["primary-cdn.pki.core.windows.net", "www.microsoft.com"]);
    let issuer = (host, "([a-z0-9_-]{1,4}/){0,3}([a-z0-9_-]|%20){1,8}").prop_map(|(host, path)| {
        issuer(&authority_access(&[&format!("http://{host}/{path}.cer")])).remove(0)
    });
    prop_oneof![
        8 => vcek,
        2 => (product.clone(), key.clone()).prop_map(|(product, key)| Question::AmdChain { product, key }),
        2 => (product, key).prop_map(|(product, key)| Question::AmdCrl { product, key }),
        2 => any::<[u8; 6]>().prop_map(|fmspc| Question::TdxTcbInfo { fmspc }),
        1 => Just(Question::TdQeIdentity),
        1 => prop::sample::select(PckCa::ALL).prop_map(Question::PckCrl),
        1 => Just(Question::IntelRootCrl),
        1 => issuer,
    ]
}

/// A text that differs from another one in a character, or is a part of it.
fn spoilt(text: &str, at: usize, with: char) -> String {
    let at = at % text.len();
    [&text[..at], &with.to_string(), &text[at + 1..]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_question_is_found_by_its_url(question in any_question(), at in any::<usize>(), with in "[a-z0-9/?&=%.]") {
        let mut overridden = Endpoints::vendors();
        overridden.set(Service::Kds, "https://mirror.example/kds/").unwrap();
        overridden.set(Service::Pcs, "https://mirror.example").unwrap();
        overridden.set(Service::Issuers, "https://mirror.example/aia").unwrap();
        overridden.set(Service::IntelRootCrl, "http://127.0.0.1:1/root.crl").unwrap();
        for endpoints in [&Endpoints::vendors(), &overridden] {
            let url = question.url(endpoints).unwrap();
            let found = Question::of_url(&url, endpoints).unwrap();
            // The URL of an issuer's certificate does not say the issuer's name.
            prop_assert!(found == question || matches!(question, Question::Issuer(_)));
            prop_assert_eq!(found.url(endpoints).unwrap(), url.clone());
            // Another URL never is this question, but in another spelling.
            let other = HttpUrl::parse(&spoilt(url.as_str(), at, with.chars().next().unwrap()));
            if let Ok(other) = other && let Some(found) = Question::of_url(&other, endpoints) {
                let same = found.url(endpoints).unwrap() == url;
                let spelling = |url: &HttpUrl| url.as_str().to_ascii_lowercase().replace('0', "");
                prop_assert!(!same || spelling(&other) == spelling(&url), "{other}");
            }
        }
    }
}
