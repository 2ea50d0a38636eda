//! Endpoints of services: by option, variable and configuration file, and which are refused.

use crate::kds::*;
use crate::support::*;

#[test]
fn an_endpoint_is_set_by_option_before_variable_before_file() {
    let (kds, folder) = (with_vcek(), folder("services"));
    let config = folder.join("teeproof.toml");
    let settings = |url: &str| {
        format!("kds-url = \"{url}\"\ncache-dir = \"cache\"\nretries = 0\ntimeout = 5\noffline = false\n")
    };
    let run = || verify(REPORT, &[&GENUINE_WITHOUT_NONCE, &["--fetch", "--config"]]).args([&config]);
    std::fs::write(&config, settings(&kds.url)).unwrap();
    run().exits(0);
    // The directory is relative to that of the file.
    assert!(folder.join("cache/entries").is_dir());
    std::fs::write(&config, settings("http://127.0.0.1:1")).unwrap();
    run().exits(8);
    run().env("TEEPROOF_KDS_URL", &kds.url).exits(0);
    run().env("TEEPROOF_KDS_URL", "http://127.0.0.1:1").args(["--kds-url", &kds.url]).exits(0);
    std::fs::write(&config, settings(&kds.url).replace("false", "true")).unwrap();
    run().args(["--cache-dir", folder.join("empty").to_str().unwrap()]).fails(7, &["offline"]);
    for wrong in ["\"long\"", "0"] {
        std::fs::write(&config, format!("timeout = {wrong}\n")).unwrap();
        run().fails(2, &["teeproof.toml:1:1", "expected a number from 1"]);
    }
}

#[test]
fn plain_http_is_for_loopback() {
    let cache = folder("services-plain");
    for url in ["http://kds.example", "http://10.0.0.1:80", "http://169.254.169.254"] {
        let run = verify(REPORT, &[&GENUINE_WITHOUT_NONCE, &["--fetch"]]);
        with(run, url, &cache)
            .fails(2, &["TEEPROOF_KDS_URL: ", "plain HTTP to another machine", "https URL"]);
    }
    for (variable, option) in [
        ("TEEPROOF_KDS_URL", "--kds-url"),
        ("TEEPROOF_PCS_URL", "--pcs-url"),
        ("TEEPROOF_INTEL_ROOT_CRL_URL", "--intel-root-crl-url"),
        ("TEEPROOF_AIA_URL", "--aia-url"),
    ] {
        let run = || verify(REPORT, &[&GENUINE_WITHOUT_NONCE, &["--fetch"]]);
        run().env(variable, "kds.example").fails(2, &[variable, "is not a URL"]);
        run().args([option, "ftp://kds.example"]).fails(2, &[variable, "is not a URL"]);
    }
}

#[test]
fn a_cache_that_cannot_be_used_is_an_error_where_it_was_named() {
    let (kds, folder) = (with_vcek(), folder("services-cache"));
    std::fs::write(folder.join("file"), "").unwrap();
    let cache = folder.join("file/cache");
    verify_report(&kds.url, &cache).args(["--fetch"]).fails(2, &["cache: ", "--cache-dir"]);
    // The user's own is done without.
    let run = verify(REPORT, &[&GENUINE_WITHOUT_NONCE, &["--fetch", "--retries", "0"]]);
    let ran = run
        .env("TEEPROOF_KDS_URL", &kds.url)
        .env("XDG_CACHE_HOME", folder.join("file").to_str().unwrap())
        .exits(0);
    assert!(ran.stderr.contains("note: the cache is not used: cache: "), "{ran:#?}");
}
