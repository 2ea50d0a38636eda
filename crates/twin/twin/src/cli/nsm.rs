//! Command line of the security module.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use teeproof_twin::Error;
use teeproof_twin::nsm::{Address, Fault, Identity, Settings, image_pcrs};

use super::{address, seconds};

/// Settings of a security module.
#[derive(Debug, Args)]
pub(crate) struct NsmArgs {
    /// Where it listens, for at most 64 connections at a time: unix:PATH or tcp:HOST:PORT. Port 0 means any
    #[arg(long, value_name = "ADDRESS", default_value = "tcp:127.0.0.1:0", value_parser = listen)]
    listen: Address,
    /// Serve the device /dev/NAME in place of a socket, by CUSE: needs the kernel's module cuse, and root
    #[arg(long, value_name = "NAME", conflicts_with = "listen", value_parser = device)]
    pub(crate) cuse: Option<String>,
    /// The folder for its trust anchor, which it writes to root.pem there
    ///
    /// A file of a twin that has ended is replaced, every other file stays as it is.
    #[arg(long, value_name = "DIR", default_value = "twin-chain")]
    pub(crate) chain: PathBuf,
    /// An enclave in debug mode: PCR0, PCR1, PCR2 and PCR8 are zero
    #[arg(long)]
    debug: bool,
    /// The IAM role of the parent instance, for PCR3; without it PCR3 is zero
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// The parent instance, for PCR4 and the module id
    #[arg(long, value_name = "ID", default_value = "i-0123456789abcdef0", value_parser = instance)]
    instance: String,
    /// The number of the enclave in the module id, in hexadecimal; without it a random one
    #[arg(long, value_name = "HEX", value_parser = enclave)]
    enclave: Option<u64>,
    /// The region in the names of the chain
    #[arg(long, value_name = "NAME", default_value = "eu-central-1")]
    region: String,
    /// The image of the enclave (EIF), for PCR0, PCR1, PCR2, and PCR8 if it is signed
    #[arg(long, value_name = "FILE")]
    eif: Option<PathBuf>,
    /// The value of a PCR from 0 to 15 at launch, in 96 hexadecimal digits, also in place of the image's. May be
    /// repeated
    #[arg(long, value_name = "N=HEX", value_parser = pcr)]
    pcr: Vec<(u8, [u8; 48])>,
    /// What goes wrong
    #[arg(long, value_name = "FAULT")]
    fault: Option<Fault>,
    /// How late answers are with --fault slow
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    delay_seconds: Duration,
}

/// Settings of signing a payload.
#[derive(Debug, Args)]
pub(crate) struct ResignArgs {
    /// The document: a COSE_Sign1, whatever its signature
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The file for the signed document, which is replaced
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The folder for the trust anchor, which is written to root.pem there
    #[arg(long, value_name = "DIR", default_value = "twin-chain")]
    pub(crate) chain: PathBuf,
    /// The region in the names of the chain
    #[arg(long, value_name = "NAME", default_value = "eu-central-1")]
    pub(crate) region: String,
}

impl NsmArgs {
    /// The settings, with the PCRs of the image.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        let mut pcrs = self.eif.as_deref().map(image_pcrs).transpose()?.unwrap_or_default();
        // Later values replace earlier ones.
        pcrs.extend_from_slice(&self.pcr);
        Ok(Settings {
            listen: self.listen.clone(),
            identity: Identity {
                instance: self.instance.clone(),
                enclave: self.enclave.unwrap_or_else(random),
                region: self.region.clone(),
                tpm: false,
            },
            role: self.role.clone(),
            debug: self.debug,
            pcrs,
            fault: self.fault,
            delay: self.delay_seconds,
        })
    }
}

fn listen(text: &str) -> Result<Address, String> {
    match text.split_once(':') {
        Some(("unix", path)) if !path.is_empty() => Ok(Address::Unix(path.into())),
        Some(("tcp", rest)) => address(rest).map(Address::Tcp),
        _ => Err("expected unix:PATH or tcp:HOST:PORT".to_owned()),
    }
}

fn device(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_name { Ok(text.to_owned()) } else { Err("expected the name of a device, such as nsm".to_owned()) }
}

pub(super) fn instance(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("i-").filter(|digits| digits.len() == 17);
    let is_id =
        digits.is_some_and(|digits| digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    if is_id { Ok(text.to_owned()) } else { Err("expected i- and 17 hexadecimal digits".to_owned()) }
}

fn enclave(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16).map_err(|_| "expected at most 16 hexadecimal digits".to_owned())
}

fn pcr(text: &str) -> Result<(u8, [u8; 48]), String> {
    let expected = || "expected an index from 0 to 15, =, and 96 hexadecimal digits".to_owned();
    let (index, digits) = text.split_once('=').ok_or_else(expected)?;
    let index = index.parse().ok().filter(|index| *index < 16).ok_or_else(expected)?;
    let mut value = [0; 48];
    if digits.len() != 96 || !digits.is_ascii() {
        return Err(expected());
    }
    for (at, byte) in value.iter_mut().enumerate() {
        let pair = digits.get(2 * at..2 * at + 2).ok_or_else(expected)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| expected())?;
    }
    Ok((index, value))
}

/// Not a secret: two twins only should not have one module id.
fn random() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Twin};

    fn parse(line: &str) -> Result<NsmArgs, clap::Error> {
        match Cli::try_parse_from(line.split_whitespace())?.twin {
            Twin::Nsm(args) => Ok(args),
            _ => panic!(),
        }
    }

    #[test]
    fn settings_follow_the_flags() {
        let pcr8 = "8=".to_owned() + &"0f".repeat(48);
        let line = format!(
            "teeproof-twin nsm --listen unix:/run/nsm --chain c --debug --role arn:aws:iam::1:role/r --enclave ff \
             --instance i-0fffffffffffffff0 --region us-east-1 --pcr {pcr8} --fault half-frame --delay-seconds 0.5"
        );
        let settings = parse(&line).unwrap().settings().unwrap();
        assert_eq!(settings.listen, Address::Unix("/run/nsm".into()));
        assert_eq!(settings.identity.module_id(), "i-0fffffffffffffff0-enc00000000000000ff");
        assert_eq!(settings.identity.region, "us-east-1");
        assert_eq!(settings.role.as_deref(), Some("arn:aws:iam::1:role/r"));
        assert_eq!((settings.debug, settings.fault), (true, Some(Fault::HalfFrame)));
        assert_eq!(settings.pcrs, [(8, [0x0f; 48])]);
        assert_eq!(settings.delay.as_millis(), 500);
        assert_eq!(parse("teeproof-twin nsm --cuse nsm").unwrap().cuse.as_deref(), Some("nsm"));
        let tcp = parse("teeproof-twin nsm --listen tcp:127.0.0.1:7").unwrap().settings().unwrap();
        assert_eq!(tcp.listen.to_string(), "tcp:127.0.0.1:7");
    }

    #[test]
    fn values_of_another_form_are_refused() {
        for flags in [
            "--listen 127.0.0.1:7",
            "--listen unix:",
            "--instance i-123",
            "--instance i-0FFFFFFFFFFFFFFF0",
            "--enclave g",
            "--pcr 0=00",
            "--fault none",
            "--cuse ../nsm",
            "--cuse nsm --listen unix:s",
        ] {
            assert!(parse(&format!("teeproof-twin nsm {flags}")).is_err(), "{flags}");
        }
        let sixteen = format!("teeproof-twin nsm --pcr 16={}", "00".repeat(48));
        assert!(parse(&sixteen).is_err());
    }
}
