//! A Nitro document, verified at its own time stamp.
//!
//! ```sh
//! cargo run -p teeproof-examples --bin verify_nitro -- testdata/nitro/production-eu-central-1-2025-01.cose
//! ```

use teeproof::{Evidence, Freshness, Moment, Policy, Request, Technology, Verified, verify};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let document = std::env::args_os().nth(1).ok_or("usage: verify_nitro DOCUMENT")?;
    let document = std::fs::read(document)?;

    let policy = Policy::genuine();
    // Live: Freshness::nonce(&nonce)? and the present time.
    let freshness = Freshness::Waived("an archived document");
    let request = Request::new(Technology::Nitro, freshness, Moment::OfDocument, &teeproof_aws_lc::TABLE)
        .policy(&policy);
    let result = verify(&Evidence::Nitro(&document), &request)?;
    let Some(Verified::Nitro(enclave)) = result.accepted() else {
        return Err(format!("not accepted: {:?}", result.failures().collect::<Vec<_>>()).into());
    };
    println!("{} {}", result.verdict().as_str(), enclave.document().module_id);
    Ok(())
}
