//! An SNP report under its VCEK: bytes in, verdict out.
//!
//! ```sh
//! cargo run -p teeproof-examples --bin verify_snp -- testdata/snp/milan-report.bin testdata/snp/milan-vcek.der
//! ```

use std::time::{SystemTime, UNIX_EPOCH};

use teeproof::{Certificate, Evidence, Freshness, Policy, Request, Technology, Time, verify};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut files = std::env::args_os().skip(1);
    let (report, vcek) = files.next().zip(files.next()).ok_or("usage: verify_snp REPORT VCEK")?;
    let (report, vcek) = (std::fs::read(report)?, std::fs::read(vcek)?);
    let now = Time(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?);

    let certificates = [Certificate::parse(&vcek)?];
    let policy = Policy::genuine();
    let freshness = Freshness::Waived("an archived report"); // live: Freshness::nonce(&nonce)?
    let request = Request::new(Technology::Snp, freshness, now, &teeproof_aws_lc::TABLE)
        .endorsements(&certificates)
        .policy(&policy);
    let result = verify(&Evidence::Snp(&report), &request)?;
    println!("{}", result.verdict().as_str());
    for finding in result.failures().chain(result.waivers()).chain(result.warnings()) {
        println!("{}: {}", finding.check.id, finding.because.as_deref().unwrap_or_default());
    }
    result.accepted().map(drop).ok_or_else(|| "the report is not accepted".into())
}
