//! Command line of EC2.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use teeproof_twin::ec2::{Fault, Settings};

use super::{address, seconds};

/// Settings of an EC2.
#[derive(Debug, Args)]
pub(crate) struct Ec2Args {
    /// Where moto listens, without TLS
    #[arg(long, value_name = "URL", value_parser = upstream)]
    upstream: SocketAddr,
    /// Where it listens (HTTP), for at most 256 connections at a time. Port 0 means any
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// The region of signatures, and so of moto's instances
    #[arg(long, value_name = "NAME", default_value = "eu-central-1")]
    region: String,
    /// How long no call finds a new instance, but the repeated launch: eventual consistency
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    hidden_seconds: Duration,
    /// How long a terminated instance is described; without it as long as moto runs
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    terminated_seconds: Option<Duration>,
    /// Repeat moto's answers to Describe calls until another action is received: moto takes seconds for long lists
    #[arg(long)]
    repeat_lists: bool,
    /// How long every answer takes at least
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    delay_seconds: Duration,
    /// What goes wrong: a JSON list of faults
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

impl Ec2Args {
    /// The settings, with the faults of their file.
    pub(crate) fn settings(&self) -> Result<Settings, Box<dyn core::error::Error>> {
        let mut settings = Settings::new(self.upstream)?;
        settings.listen = self.listen;
        settings.region.clone_from(&self.region);
        settings.hidden = self.hidden_seconds;
        settings.terminated = self.terminated_seconds;
        settings.repeats_lists = self.repeat_lists;
        settings.delay = self.delay_seconds;
        if let Some(path) = &self.faults {
            let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            settings.faults = Fault::list(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(settings)
    }
}

/// The address of a URL.
fn upstream(text: &str) -> Result<SocketAddr, String> {
    let host = text.strip_prefix("http://").ok_or("expected http:// and an address")?;
    address(host.strip_suffix('/').unwrap_or(host))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Twin};

    fn parse(line: &str) -> Result<Ec2Args, clap::Error> {
        match Cli::try_parse_from(line.split_whitespace())?.twin {
            Twin::Ec2(args) => Ok(args),
            _ => panic!(),
        }
    }

    #[test]
    fn settings_follow_the_flags() {
        let line = "teeproof-twin ec2 --upstream http://127.0.0.1:5000/ --listen 127.0.0.1:7 --region us-east-1 \
                    --hidden-seconds 1.5 --terminated-seconds 2 --delay-seconds 0.25 --repeat-lists";
        let settings = parse(line).unwrap().settings().unwrap();
        assert_eq!((settings.upstream.port(), settings.listen.port()), (5000, 7));
        assert_eq!(settings.region, "us-east-1");
        assert_eq!(settings.hidden, Duration::from_millis(1500));
        assert_eq!(settings.terminated, Some(Duration::from_secs(2)));
        assert_eq!(settings.delay, Duration::from_millis(250));
        assert!(settings.repeats_lists && settings.faults.is_empty());
        for wrong in ["", "--upstream 127.0.0.1:5000", "--upstream https://127.0.0.1:5000"] {
            assert!(parse(&format!("teeproof-twin ec2 {wrong}")).is_err(), "{wrong}");
        }
        let missing = "teeproof-twin ec2 --upstream http://127.0.0.1:1 --faults /nowhere/faults.json";
        let missing = parse(missing).unwrap().settings().unwrap_err();
        assert!(missing.to_string().starts_with("/nowhere/faults.json: "));
    }
}
