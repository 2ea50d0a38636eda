//! URLs: what is accepted is the same for the client's own parser, byte for byte.

use proptest::prelude::*;
use teeproof_endorse::{AllowedHosts, HttpUrl, Scheme};

/// Texts that look like URLs, with what parsers disagree about.
fn url_like() -> impl Strategy<Value = String> {
    let scheme =
        prop_oneof![4 => Just("http://"), 4 => Just("https://"), 1 => Just("HTTP://"), 1 => Just("http:/")];
    let part = prop_oneof![
        Just("127.0.0.1".to_owned()),
        Just("[::1]".to_owned()),
        Just("localhost".to_owned()),
        Just("kdsintf.amd.com".to_owned()),
        Just("0x7f.1".to_owned()),
        Just("@".to_owned()),
        Just(":80".to_owned()),
        Just("\\".to_owned()),
        Just("%2e".to_owned()),
        Just("..".to_owned()),
        Just("/".to_owned()),
        Just("?".to_owned()),
        Just("#".to_owned()),
        Just("\t".to_owned()),
        Just("\u{ff0e}".to_owned()),
        Just("[::ffff:127.0.0.1]".to_owned()),
        Just("/%2E%2e".to_owned()),
        Just("/.".to_owned()),
        Just("/x".to_owned()),
        Just("%41".to_owned()),
        Just("%27'".to_owned()),
        Just("HOST".to_owned()),
        Just("host".to_owned()),
        Just("xn--a".to_owned()),
        Just("[0::0:1]:080/".to_owned()),
        "[a-zA-Z0-9.:@/?-]{0,8}",
        "/[ -~]{0,8}",
        ".{0,4}",
    ];
    (scheme, prop::collection::vec(part, 0..6)).prop_map(|(scheme, parts)| [scheme, &parts.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_parsers_see_one_url(text in url_like()) {
        if let Ok(own) = HttpUrl::parse(&text) {
            // The client refuses what its parser refuses, such as Punycode that decodes to nothing.
            let Ok(theirs) = reqwest::Url::parse(own.as_str()) else { return Ok(()) };
            let slash = if own.path().is_empty() { "/" } else { "" };
            prop_assert_eq!(theirs.as_str(), [own.as_str(), slash].concat(), "{}", text);
            prop_assert_eq!(&HttpUrl::parse(own.as_str()).unwrap(), &own);
            let scheme = if own.origin().scheme() == Scheme::Https { "https" } else { "http" };
            prop_assert_eq!(theirs.scheme(), scheme);
            prop_assert_eq!(theirs.port_or_known_default(), Some(own.origin().port()));
            let host = theirs.host_str().unwrap().trim_matches(['[', ']']);
            let same_address = host.parse::<std::net::IpAddr>().ok() == own.origin().host().parse().ok();
            prop_assert!(host == own.origin().host() || (host.contains(':') && same_address), "{}", text);
            prop_assert_eq!((theirs.username(), theirs.password(), theirs.fragment()), ("", None, None));
            // What the client is allowed to request is loopback or instance metadata.
            if AllowedHosts::metadata().contains(&own) {
                prop_assert!(own.origin().is_loopback() || own.origin().host() == "169.254.169.254");
            }
        }
    }
}
