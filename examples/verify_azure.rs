//! A bundle with the evidence of an Azure confidential VM, under a policy file.
//!
//! ```sh
//! cargo run -p teeproof-examples --bin verify_azure -- testdata/minted/azure-genoa.bundle \
//!     examples/policies/azure-snp.toml minted-for-the-readme 1768478400 \
//!     testdata/minted/ark.der testdata/minted/ak-root.der
//! ```
//! The anchors are those of the minted evidence; real evidence needs none.

use teeproof::{Anchors, Evidence, Freshness, Inputs, Policy, Request, Technology, Time, verify};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, policy, nonce, seconds, anchors @ ..] = arguments.as_slice() else {
        return Err("usage: verify_azure BUNDLE POLICY NONCE SECONDS [ANCHOR...]".into());
    };
    let anchors = anchors.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let anchors: Vec<&[u8]> = anchors.iter().map(Vec::as_slice).collect();
    let policy = Policy::from_toml(policy, &std::fs::read_to_string(policy)?)?;

    let mut inputs = Inputs::new();
    inputs.add(&std::fs::read(bundle)?, None)?;
    let endorsements = inputs.endorsements();
    let at = Time(seconds.parse()?);
    let freshness = Freshness::nonce(nonce.as_bytes())?;
    let crypto = &teeproof_aws_lc::TABLE;
    let request = Request::for_inputs(&endorsements, Technology::AzureSnp, freshness, at, crypto)
        .anchors(Anchors::and(&anchors))
        .policy(&policy);
    let result = verify(&Evidence::from_inputs(&inputs)?, &request)?;
    println!("{}", serde_json::to_string_pretty(&result)?);
    result.accepted().map(drop).ok_or_else(|| "the machine is not accepted".into())
}
