//! The lines of README's embedding section, compiled: both blocks are below word for word.
#![allow(clippy::unwrap_used, clippy::needless_borrow)]

// begin
use teeproof::{Certificate, Evidence, Freshness, Inputs, Policy, Request, Rule, Technology, Time, verify};

// end

type Outcome = Result<bool, Box<dyn core::error::Error>>;

#[rustfmt::skip]
fn report_is_accepted(report: &[u8], vcek: &[u8], nonce: &[u8], now: i64, measurement: [u8; 48]) -> Outcome {
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

#[rustfmt::skip]
fn files_are_accepted(files: &[&[u8]], nonce: &[u8], now: i64, policy: &str) -> Outcome {
    // begin
    let mut inputs = Inputs::new();
    for file in files {
        inputs.add(file, None)?;
    }
    let endorsements = inputs.endorsements();
    let policy = Policy::from_toml("prod.toml", policy)?;
    let (freshness, crypto) = (Freshness::nonce(&nonce)?, &teeproof_aws_lc::TABLE);
    let request =
        Request::for_inputs(&endorsements, Technology::ALL, freshness, Time(now), crypto).policy(&policy);
    let result = verify(&Evidence::from_inputs(&inputs)?, &request)?;
    for finding in result.failures() {
        println!("{}: {}", finding.check.id, finding.because.as_deref().unwrap_or_default());
    }
    // end
    Ok(result.accepted().is_some())
}

/// The lines between the marks, without their indentation.
fn blocks() -> Vec<String> {
    let own = include_str!("readme.rs").lines();
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in own {
        let line = line.strip_prefix("    ").unwrap_or(line);
        match (line, &mut open) {
            ("// begin", _) => open = Some(String::new()),
            ("// end", _) => blocks.extend(open.take()),
            (line, Some(block)) => block.extend([line, "\n"]),
            _ => {}
        }
    }
    blocks
}

#[test]
fn the_readme_has_these_lines() {
    let readme = include_str!("../../README.md");
    let [uses, report, files] = blocks().try_into().unwrap();
    assert!(report.lines().count() <= 10);
    assert!(readme.contains(&format!("```rust\n{uses}{report}```\n")));
    assert!(readme.contains(&format!("```rust\n{files}```\n")));
}

#[test]
fn an_snp_report_verifies() {
    let report = include_bytes!("../../testdata/snp/milan-report.bin");
    let vcek = include_bytes!("../../testdata/snp/milan-vcek.der");
    let (data, measurement) = (&report[0x50..0x90], report[0x90..0xc0].try_into().unwrap());
    let now = 1_790_000_000;
    assert!(report_is_accepted(report, vcek, data, now, measurement).unwrap());
    assert!(!report_is_accepted(report, vcek, data, now, [0; 48]).unwrap());
    assert!(!report_is_accepted(report, vcek, b"another nonce of ours", now, measurement).unwrap());

    let policy = "version = 1\n[snp]\ndebug = { exactly = false }\nunlisted = { waived = \"a test\" }\n";
    assert!(files_are_accepted(&[vcek, report], data, now, policy).unwrap());
    assert!(!files_are_accepted(&[vcek, report], b"another nonce of ours", now, policy).unwrap());
    let refusing = policy.replace("false", "true");
    assert!(!files_are_accepted(&[vcek, report], data, now, &refusing).unwrap());
}
