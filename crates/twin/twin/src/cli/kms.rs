//! Command line of KMS.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use teeproof_twin::kms::{Fault, KeyPolicy, Settings};

use super::address;

/// Settings of a KMS.
#[derive(Debug, Args)]
pub(crate) struct KmsArgs {
    /// Where it listens (HTTP), for at most 64 connections at a time. Port 0 means any
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// A trust anchor of attestation documents, in PEM or DER, besides the roots of AWS. May be repeated
    #[arg(long, value_name = "FILE")]
    anchor: Vec<PathBuf>,
    /// The policy of its key and of keys that are created without one, in JSON; without it the account may do everything
    #[arg(long, value_name = "FILE")]
    key_policy: Option<PathBuf>,
    /// The caller, whom policies may name. Its account is that of the keys
    #[arg(long, value_name = "ARN", default_value = "arn:aws:iam::123456789012:role/teeproof-twin", value_parser = caller)]
    caller: String,
    /// The region of its ARNs and of signatures
    #[arg(long, value_name = "NAME", default_value = "eu-central-1")]
    region: String,
    /// What goes wrong
    #[arg(long, value_name = "FAULT")]
    fault: Option<Fault>,
    /// How many requests are refused with --fault throttling before the first is served
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    throttled: u32,
}

impl KmsArgs {
    /// The settings, with the files that they name.
    pub(crate) fn settings(&self) -> Result<Settings, Box<dyn core::error::Error>> {
        let account = self.caller.split(':').nth(4).unwrap_or_default();
        let policy = match &self.key_policy {
            Some(path) => {
                let text =
                    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
                KeyPolicy::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?
            }
            None => KeyPolicy::default_of(account),
        };
        let mut settings = Settings::new(policy)?;
        settings.listen = self.listen;
        settings.caller.clone_from(&self.caller);
        settings.region.clone_from(&self.region);
        settings.fault = self.fault;
        settings.throttled = self.throttled;
        for path in &self.anchor {
            settings.anchors.push(anchor(path).map_err(|error| format!("{}: {error}", path.display()))?);
        }
        Ok(settings)
    }
}

fn anchor(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    match bytes.first() {
        Some(0x30) => Ok(bytes),
        _ => CertificateDer::from_pem_slice(&bytes)
            .map(|der| der.to_vec())
            .map_err(|_| "expected a certificate in PEM or DER".to_owned()),
    }
}

fn caller(text: &str) -> Result<String, String> {
    let mut fields = text.splitn(6, ':');
    let is_arn = fields.next() == Some("arn")
        && fields
            .nth(3)
            .is_some_and(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
        && fields.next().is_some_and(|resource| !resource.is_empty());
    if is_arn { Ok(text.to_owned()) } else { Err("expected an ARN with an account of 12 digits".to_owned()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Twin};

    fn parse(line: &str) -> Result<KmsArgs, clap::Error> {
        match Cli::try_parse_from(line.split_whitespace())?.twin {
            Twin::Kms(args) => Ok(args),
            _ => panic!(),
        }
    }

    #[test]
    fn settings_follow_the_flags() {
        let line = "teeproof-twin kms --listen 127.0.0.1:7 --caller arn:aws:sts::000000000001:assumed-role/r/i-1 \
                    --region us-east-1 --fault other-key --throttled 3";
        let settings = parse(line).unwrap().settings().unwrap();
        assert_eq!((settings.listen.port(), settings.fault), (7, Some(Fault::OtherKey)));
        assert_eq!(settings.caller, "arn:aws:sts::000000000001:assumed-role/r/i-1");
        assert_eq!((settings.region.as_str(), settings.throttled), ("us-east-1", 3));
        assert!(settings.key_policy.as_str().contains("arn:aws:iam::000000000001:root"));
        assert!(settings.anchors.is_empty());
        for caller in ["me", "arn:aws:iam::12345678901:role/r", "arn:aws:iam::123456789012:"] {
            assert!(parse(&format!("teeproof-twin kms --caller {caller}")).is_err(), "{caller}");
        }
        let missing = parse("teeproof-twin kms --anchor /nowhere/root.pem").unwrap().settings().unwrap_err();
        assert!(missing.to_string().starts_with("/nowhere/root.pem: "));
    }
}
