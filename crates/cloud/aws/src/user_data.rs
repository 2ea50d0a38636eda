//! User data of a parent instance: a cloud-config for Amazon Linux 2023 and 2 that starts the enclave at every boot.
//!
//! It has files and four commands. Values are in one environment file; scripts and units are the same for every deployment
//! and read them from there. Nothing in it is secret, because everybody who can describe the instance reads it: the
//! workload's variables are never part of it.

mod files;
mod quoting;
mod report;
mod values;

use core::fmt;

use crate::{ROAD_PORT, STATUS_PORT};

pub use files::UserDataFile;
pub use report::{MAX_PARENT_REPORT, ParentReport, ParentReportError, ParentState, ParentStep, StepState};

/// The most bytes of user data, before base64: the limit of EC2.
pub const MAX_USER_DATA: usize = 16 * 1024;

/// What a parent instance does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParentConfig {
    /// The deployment: 1 to 64 letters, digits and `-`. It names the report.
    pub deployment: String,
    /// The region, for KMS.
    pub region: String,
    /// The host of KMS, where it is not that of the region: an endpoint of a VPC, or of FIPS.
    pub kms_host: Option<String>,
    /// The system that the machine image must have; without it, either.
    pub system: Option<AmazonLinux>,
    /// The image of the enclave.
    pub image: ParentFile,
    /// A static `teeproof` for the parent, which requests a document before the parent is ready. Without it, an enclave
    /// that accepts a connection is ready.
    pub program: Option<ParentFile>,
    /// CPUs of the enclave: whole cores.
    pub cpus: u32,
    /// Memory of the enclave in MiB: at least four times its image.
    pub memory_mib: u32,
    /// The CID of the enclave, from 4 upwards; without it, one that nitro-cli chooses.
    pub cid: Option<u32>,
    /// The port of the enclave's server of documents, over vsock in the enclave and over TCP on the parent.
    pub road_port: u16,
    /// The TCP port of the parent that returns the report.
    pub status_port: u16,
    /// TCP ports of the parent that are forwarded to the same vsock ports of the enclave.
    pub ports: Vec<u16>,
    /// How long the enclave may take to answer, in seconds.
    pub road_seconds: u16,
}

/// A file that the parent downloads, and compares with its digest at every boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// An http or https URL without user information and without signature.
    pub url: String,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// A file that the parent needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParentFile {
    /// A file that the parent downloads.
    Url(Download),
    /// A file of the machine image, by its absolute path.
    InAmi(String),
}

/// The systems that start enclaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AmazonLinux {
    /// Amazon Linux 2023.
    Al2023,
    /// Amazon Linux 2.
    Al2,
}

/// A value that user data cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserDataProblem {
    /// The field of [`ParentConfig`].
    pub field: &'static str,
    /// What was expected, and got.
    pub why: String,
}

impl fmt::Display for UserDataProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

impl core::error::Error for UserDataProblem {}

/// As many listening sockets as a relay needs in practice.
const MAX_PORTS: usize = 32;

impl ParentConfig {
    /// A parent with the ports 5733 and 5734, no other ports, two CPUs and 512 MiB, a CID that nitro-cli chooses, either
    /// system, no program, and three minutes for the enclave to answer.
    #[must_use]
    pub fn new(deployment: &str, region: &str, image: ParentFile) -> Self {
        Self {
            deployment: deployment.to_owned(),
            region: region.to_owned(),
            kms_host: None,
            system: None,
            image,
            program: None,
            cpus: 2,
            memory_mib: 512,
            cid: None,
            road_port: ROAD_PORT,
            status_port: STATUS_PORT,
            ports: Vec::new(),
            road_seconds: 180,
        }
    }

    /// The user data.
    ///
    /// # Errors
    /// Every value that is not of its allow-list; or that all of it is longer than [`MAX_USER_DATA`].
    pub fn user_data(&self) -> Result<UserData, Vec<UserDataProblem>> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let user_data = files::user_data(self);
        let bytes = user_data.text.len();
        if bytes > MAX_USER_DATA {
            let why =
                format!("expected at most {MAX_USER_DATA} bytes in all, got {bytes}: shorten URLs and paths");
            return Err(vec![UserDataProblem { field: "user data", why }]);
        }
        Ok(user_data)
    }

    /// The host of KMS.
    fn kms_host(&self) -> String {
        self.kms_host.clone().unwrap_or_else(|| values::kms_host(&self.region))
    }

    fn problems(&self) -> Vec<UserDataProblem> {
        let mut problems = Vec::new();
        let mut check = |field: &'static str, is_right: bool, expected: &str, got: &dyn fmt::Debug| {
            if !is_right {
                problems.push(UserDataProblem { field, why: format!("expected {expected}, got {got:?}") });
            }
        };
        let deployment = "1 to 64 letters, digits and -, the first not -";
        check("deployment", values::is_deployment(&self.deployment), deployment, &self.deployment);
        check("region", values::is_region(&self.region), "the form of eu-central-1", &self.region);
        if let Some(host) = &self.kms_host {
            check("kms_host", values::is_host(host), "the name of a host", host);
        }
        check("cpus", (1..=4096).contains(&self.cpus), "1 to 4096", &self.cpus);
        check("memory_mib", (64..=33_554_432).contains(&self.memory_mib), "64 to 33554432", &self.memory_mib);
        if let Some(cid) = self.cid {
            check("cid", (4..u32::MAX).contains(&cid), "4 to 4294967294", &cid);
        }
        check("road_seconds", (1..=1800).contains(&self.road_seconds), "1 to 1800", &self.road_seconds);
        check("ports", self.ports.len() <= MAX_PORTS, "at most 32 ports", &self.ports.len());
        let mut ports = vec![("road_port", self.road_port), ("status_port", self.status_port)];
        ports.extend(self.ports.iter().map(|port| ("ports", *port)));
        let mut before = Vec::new();
        for (field, port) in ports.into_iter().take(MAX_PORTS.saturating_add(2)) {
            check(field, ![0, 22].contains(&port), "another port than 0 and that of SSH", &port);
            check(field, !before.contains(&port), "each port once", &port);
            before.push(port);
        }
        problems.extend(self.image.problem("image"));
        problems.extend(self.program.as_ref().and_then(|program| program.problem("program")));
        problems
    }
}

impl ParentFile {
    fn problem(&self, field: &'static str) -> Option<UserDataProblem> {
        let (expected, got) = match self {
            Self::Url(download) => (values::check_url(&download.url).err()?, &download.url),
            Self::InAmi(path) if values::is_path(path) => return None,
            Self::InAmi(path) => ("expected an absolute path of letters, digits and -._", path),
        };
        Some(UserDataProblem { field, why: format!("{expected}, got {got:?}") })
    }

    /// URL, digest and path, as `setup` reads them.
    fn values(&self) -> [String; 3] {
        match self {
            Self::Url(download) => {
                let digest = download.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
                [download.url.clone(), digest, String::new()]
            }
            Self::InAmi(path) => [String::new(), String::new(), path.clone()],
        }
    }
}

/// User data, with the files and commands that it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserData {
    text: String,
    files: Vec<UserDataFile>,
}

impl UserData {
    /// The cloud-config: printable ASCII, at most [`MAX_USER_DATA`] bytes, without base64.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The files that it writes.
    #[must_use]
    pub fn files(&self) -> &[UserDataFile] {
        &self.files
    }

    /// The commands that it runs at the first boot, after the files are written. At later boots systemd starts what they
    /// enabled.
    #[must_use]
    pub const fn commands() -> &'static [&'static [&'static str]] {
        files::COMMANDS
    }
}
