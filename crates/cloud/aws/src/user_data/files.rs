//! The files of a parent, and the cloud-config that writes them.

use super::quoting::{shell, yaml, yaml_text};
use super::{AmazonLinux, ParentConfig, ParentFile, UserData};

/// A file of a parent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserDataFile {
    /// Its absolute path.
    pub path: &'static str,
    /// Its mode, in octal digits.
    pub mode: &'static str,
    /// Its text.
    pub text: String,
}

/// The commands of the first boot.
pub(super) const COMMANDS: &[&[&str]] = &[
    &["systemctl", "daemon-reload"],
    &["systemctl", "enable", "teeproof-status.socket", "teeproof-enclave.service"],
    &["systemctl", "start", "teeproof-status.socket"],
    &["systemctl", "start", "--no-block", "teeproof-enclave.service"],
];

/// The same for every deployment.
const SETUP: &str = include_str!("setup.sh");
const STATUS: &str = include_str!("status.sh");
const RELAY: &str = include_str!("relay.py");
const ENCLAVE_SERVICE: &str = include_str!("enclave.service");
const KMS_PROXY_SERVICE: &str = include_str!("kms-proxy.service");
const ROAD_SERVICE: &str = include_str!("road.service");
const STATUS_SERVICE: &str = include_str!("status.service");

/// The user data of values that were checked.
pub(super) fn user_data(config: &ParentConfig) -> UserData {
    let files = files(config);
    let mut text = String::from("#cloud-config\nwrite_files:\n");
    for file in &files {
        let (path, mode, content) = (yaml(file.path), yaml(file.mode), yaml_text(&file.text, "   "));
        text.push_str(&format!("- path: {path}\n  permissions: {mode}\n  content: {content}\n"));
    }
    text.push_str("runcmd:\n");
    for command in COMMANDS {
        let words: Vec<String> = command.iter().map(|word| yaml(word)).collect();
        text.push_str(&format!("- [{}]\n", words.join(", ")));
    }
    UserData { text, files }
}

fn files(config: &ParentConfig) -> Vec<UserDataFile> {
    let file = |path, mode, text: &str| UserDataFile { path, mode, text: text.to_owned() };
    let (cpus, memory) = (config.cpus, config.memory_mib);
    let host = yaml(&config.kms_host());
    let status = format!(
        "{}Accept=yes\nMaxConnections=16\nTriggerLimitIntervalSec=0\n",
        socket(&[config.status_port])
    );
    let mut ports = vec![config.road_port];
    ports.extend(&config.ports);
    vec![
        file("/etc/teeproof/parent.env", "0644", &environment(config)),
        // The allocator skips everything before this line.
        file(
            "/etc/teeproof/allocator.yaml",
            "0644",
            &format!("---\nmemory_mib: {memory}\ncpu_count: {cpus}\n"),
        ),
        file(
            "/etc/teeproof/vsock-proxy.yaml",
            "0644",
            &format!("allowlist:\n- {{address: {host}, port: 443}}\n"),
        ),
        file("/usr/local/libexec/teeproof/setup", "0755", &script(SETUP)),
        file("/usr/local/libexec/teeproof/status", "0755", &script(STATUS)),
        file("/usr/local/libexec/teeproof/relay", "0755", &script(RELAY)),
        file("/etc/systemd/system/teeproof-enclave.service", "0644", ENCLAVE_SERVICE),
        file("/etc/systemd/system/teeproof-kms-proxy.service", "0644", KMS_PROXY_SERVICE),
        file("/etc/systemd/system/teeproof-road.service", "0644", ROAD_SERVICE),
        file("/etc/systemd/system/teeproof-road.socket", "0644", &socket(&ports)),
        file("/etc/systemd/system/teeproof-status@.service", "0644", STATUS_SERVICE),
        file(
            "/etc/systemd/system/teeproof-status.socket",
            "0644",
            &format!("{status}\n[Install]\nWantedBy=sockets.target\n"),
        ),
    ]
}

/// A script without its comments, which would be a tenth of the user data.
fn script(text: &str) -> String {
    let mut lines = text.lines();
    let interpreter = lines.next().unwrap_or_default();
    let rest = lines.filter(|line| !line.trim_start().starts_with("# "));
    core::iter::once(interpreter).chain(rest).map(|line| format!("{line}\n")).collect()
}

/// A socket unit that listens at these TCP ports.
fn socket(ports: &[u16]) -> String {
    let ports: String = ports.iter().map(|port| format!("ListenStream={port}\n")).collect();
    format!("[Socket]\n{ports}")
}

/// The values, as `setup` and systemd read them.
fn environment(config: &ParentConfig) -> String {
    let [eif_url, eif_digest, eif_path] = config.image.values();
    let [program_url, program_digest, program_path] =
        config.program.as_ref().map(ParentFile::values).unwrap_or_default();
    let system = match config.system {
        None => "any",
        Some(AmazonLinux::Al2023) => "al2023",
        Some(AmazonLinux::Al2) => "al2",
    };
    let values = [
        ("DEPLOYMENT", config.deployment.clone()),
        ("SYSTEM", system.to_owned()),
        ("PROGRAM_URL", program_url),
        ("PROGRAM_SHA256", program_digest),
        ("PROGRAM_PATH", program_path),
        ("EIF_URL", eif_url),
        ("EIF_SHA256", eif_digest),
        ("EIF_PATH", eif_path),
        ("CPU_COUNT", config.cpus.to_string()),
        ("MEMORY_MIB", config.memory_mib.to_string()),
        ("ENCLAVE_CID", config.cid.map_or_else(|| "auto".to_owned(), |cid| cid.to_string())),
        ("KMS_HOST", config.kms_host()),
        ("ROAD_PORT", config.road_port.to_string()),
        ("ROAD_SECONDS", config.road_seconds.to_string()),
    ];
    values.iter().map(|(name, value)| format!("{name}={}\n", shell(value))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test ends")]

    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::user_data::Download;

    fn config(text: &str) -> ParentConfig {
        let mut config = ParentConfig::new(text, text, ParentFile::InAmi(text.to_owned()));
        config.program = Some(ParentFile::Url(Download { url: text.to_owned(), sha256: [7; 32] }));
        config.kms_host = Some(text.to_owned());
        config
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Without validation: quoting alone keeps hostile values apart from the scripts.
        #[test]
        fn no_value_leaves_its_quotes(text in "[ -~\n\r\t\u{80}-\u{ff}\u{2028}]{0,60}") {
            let text = format!("{text}'\"$(id)`id`\\");
            let script = format!(
                "{}printf '%s\\0' \"$DEPLOYMENT\" \"$PROGRAM_URL\" \"$EIF_PATH\" \"$KMS_HOST\" \"$ROAD_SECONDS\"",
                environment(&config(&text))
            );
            let done = Command::new("bash").args(["-c", &script]).output().expect("bash starts");
            let expected = format!("{text}\0{text}\0{text}\0{text}\0180\0");
            prop_assert_eq!(String::from_utf8_lossy(&done.stdout), expected);
            let text = user_data(&config(&text)).text;
            prop_assert!(text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')));
        }
    }

    #[test]
    fn scripts_are_printable_files() {
        for file in files(&config("a")) {
            assert!(file.text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')), "{}", file.path);
            assert!(file.text.ends_with('\n') && !file.text.starts_with([' ', '\n']), "{}", file.path);
        }
    }
}
