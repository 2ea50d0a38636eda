//! The lines of README's embedding section, compiled: they stand in the function below word for word.
#![allow(clippy::unwrap_used, clippy::needless_borrow)]

use teeproof::{Certificate, Evidence, Freshness, Policy, Request, Rule, Technology, Time, verify};

#[rustfmt::skip]
fn accepted(report: &[u8], vcek: &[u8], nonce: &[u8], now: i64, measurement: [u8; 48]) -> Result<bool, Box<dyn core::error::Error>> {
    // begin
    let certificates = [Certificate::parse(&vcek)?];
    let policy = Policy::genuine().snp(|snp| snp.measurement(Rule::exactly(measurement)));
    let request = Request::new(Technology::Snp, Freshness::nonce(&nonce)?, Time(now), &teeproof_aws_lc::TABLE)
        .endorsements(&certificates)
        .policy(&policy);
    let result = verify(&Evidence::Snp(&report), &request)?;
    let accepted = result.accepted().is_some();
    // end
    Ok(accepted)
}

#[test]
fn the_readme_has_these_lines_and_they_verify() {
    let own = include_str!("readme.rs");
    let (_, rest) = own.split_once("    // begin\n").unwrap();
    let (body, _) = rest.split_once("    // end\n").unwrap();
    let lines: String =
        body.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap())).collect();
    assert!(lines.lines().count() <= 10);
    assert!(include_str!("../../README.md").contains(&format!("```rust\n{lines}```\n")));

    let report = include_bytes!("../../testdata/snp/milan-report.bin");
    let vcek = include_bytes!("../../testdata/snp/milan-vcek.der");
    let (data, measurement) = (&report[0x50..0x90], report[0x90..0xc0].try_into().unwrap());
    assert!(accepted(report, vcek, data, 1_790_000_000, measurement).unwrap());
    assert!(!accepted(report, vcek, data, 1_790_000_000, [0; 48]).unwrap());
    assert!(!accepted(report, vcek, b"another nonce of ours", 1_790_000_000, measurement).unwrap());
}
