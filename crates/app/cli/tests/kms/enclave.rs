//! An enclave twin, and a KMS twin whose key is for its image alone.

use std::path::PathBuf;

use teeproof_twin::kms::{self, KeyPolicy, Kms};
use teeproof_twin::nsm::{self, Nsm};

use super::support::{Run, folder, hex, teeproof};

/// PCR0 of the image that the key is for.
pub(crate) const IMAGE: [u8; 48] = [0xa5; 48];
pub(crate) const CONTEXT: [&str; 2] = ["--context", "purpose=tls-key"];

pub(crate) struct Enclave {
    pub(crate) folder: PathBuf,
    nsm: nsm::Running,
    pub(crate) kms: kms::Running,
}

/// The key policy: everything for an enclave of the image, and nothing else.
fn policy() -> KeyPolicy {
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":"*","Action":["kms:Decrypt","kms:GenerateDataKey",
        "kms:GenerateDataKeyPair","kms:GenerateRandom"],"Resource":"*","Condition":{{"StringEqualsIgnoreCase":
        {{"kms:RecipientAttestation:ImageSha384":"{}"}}}}}}}}"#,
        hex(&IMAGE)
    );
    KeyPolicy::parse(&policy).unwrap()
}

impl Enclave {
    /// A healthy one, in a folder of its own.
    pub(crate) fn start(test: &str) -> Self {
        Self::with(test, |_| (), |_| ())
    }

    pub(crate) fn with(
        test: &str,
        enclave: impl FnOnce(&mut nsm::Settings),
        service: impl FnOnce(&mut kms::Settings),
    ) -> Self {
        let mut settings = nsm::Settings { pcrs: vec![(0, IMAGE)], ..nsm::Settings::default() };
        enclave(&mut settings);
        let nsm = Nsm::start(&settings).unwrap();
        let mut settings = kms::Settings::new(policy()).unwrap().anchor(nsm.root_der());
        service(&mut settings);
        Self { folder: folder(test), nsm, kms: Kms::start(settings).unwrap() }
    }

    /// The command with these words in the environment of the enclave. `KEY` is the key of the twin.
    pub(crate) fn run(&self, words: &str) -> Run {
        let words = words.split(' ').map(|word| if word == "KEY" { self.kms.key_arn() } else { word });
        let mut run = teeproof(words).in_folder(&self.folder);
        for (name, value) in self.kms.environment().into_iter().chain(self.nsm.environment()) {
            run = run.env(name, &value);
        }
        let home = self.folder.to_str().unwrap();
        run.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_SESSION_TOKEN", "").env("HOME", home)
    }

    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).unwrap()
    }

    /// The files in its folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<_> = entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A data key, and its ciphertext in `wrapped`.
pub(crate) const DATA_KEY: &str =
    "kms generate-data-key --key KEY --context purpose=tls-key --ciphertext wrapped -o key";
