//! The lines of README's embedding section, compiled: the blocks are below word for word.
#![allow(clippy::unwrap_used, clippy::needless_borrow)]

// begin
use teeproof::{Certificate, Evidence, Freshness, Inputs, Policy, Request, Rule, Technology, Time, verify};

// end
use teeproof::{Anchors, Moment};

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
fn files_are_accepted(files: &[&[u8]], nonce: &[u8], now: i64, policy_text: &str) -> Outcome {
    // begin
    let mut inputs = Inputs::new();
    for file in files {
        inputs.add(file, None)?;
    }
    let endorsements = inputs.endorsements();
    let policy = Policy::from_toml("production", policy_text)?;
    let (freshness, crypto) = (Freshness::nonce(&nonce)?, &teeproof_aws_lc::TABLE);
    let request =
        Request::for_inputs(&endorsements, Technology::ALL, freshness, Time(now), crypto).policy(&policy);
    let result = verify(&Evidence::from_inputs(&inputs)?, &request)?;
    for finding in result.failures() {
        let reason = finding.because.as_deref().unwrap_or(finding.check.title);
        let [expected, actual] = [&finding.expected, &finding.actual].map(|text| text.as_deref().unwrap_or("-"));
        println!("{}: {reason}: expected {expected}, got {actual}. {}", finding.check.id, finding.hint());
    }
    // end
    Ok(result.accepted().is_some())
}

#[rustfmt::skip]
fn minted_bundle_is_accepted(bundle: &[u8], ark: &[u8], root: &[u8]) -> Outcome {
    let mut inputs = Inputs::new();
    inputs.add(bundle, None)?;
    let (endorsements, policy) = (inputs.endorsements(), Policy::genuine());
    let (freshness, at) = (Freshness::nonce(b"minted-for-the-readme")?, Time(1_768_478_400));
    let request = Request::for_inputs(&endorsements, Technology::ALL, freshness, at, &teeproof_aws_lc::TABLE)
        .policy(&policy);
    let evidence = Evidence::from_inputs(&inputs)?;
    assert!(verify(&evidence, &request)?.accepted().is_none(), "accepted without its anchors");
    let (ark, root) = (ark.to_vec(), root.to_vec());
    // begin
    let anchors = [ark.as_slice(), root.as_slice()];
    let request = request.anchors(Anchors::and(&anchors));
    // end
    Ok(verify(&evidence, &request)?.accepted().is_some())
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
    let [uses, report, files, anchors] = blocks().try_into().unwrap();
    assert!(report.lines().count() <= 10);
    assert!(readme.contains(&format!("```rust\n{uses}{report}```\n")));
    assert!(readme.contains(&format!("```rust\n{files}```\n")));
    assert!(readme.contains(&format!("```rust\n{anchors}```\n")));
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

#[test]
fn minted_evidence_verifies_under_its_anchors() {
    let bundle = include_bytes!("../../testdata/minted/azure-genoa.bundle");
    let ark = include_bytes!("../../testdata/minted/ark.der");
    let root = include_bytes!("../../testdata/minted/ak-root.der");
    assert!(minted_bundle_is_accepted(bundle, ark, root).unwrap());
}

#[test]
fn an_archived_document_verifies_at_its_own_time() {
    let document = include_bytes!("../../testdata/nitro/production-eu-central-1-2025-01.cose");
    let accepted = |at: Moment| {
        let policy = Policy::genuine();
        let crypto = &teeproof_aws_lc::TABLE;
        let request =
            Request::new(Technology::Nitro, Freshness::Waived("a test"), at, crypto).policy(&policy);
        verify(&Evidence::Nitro(document), &request).unwrap().accepted().is_some()
    };
    assert!(accepted(Moment::OfDocument));
    assert!(!accepted(Time(1_790_000_000).into()));
}
