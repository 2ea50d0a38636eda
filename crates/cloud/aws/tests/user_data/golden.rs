//! The whole text for each system. `TEEPROOF_WRITE_TABLES=1` writes it anew.

use std::fs;
use std::path::PathBuf;

use teeproof_aws::user_data::{AmazonLinux, Download, MAX_USER_DATA, ParentConfig, ParentFile, UserData};

/// The folder of the texts.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/user_data/golden")
}

pub(crate) fn download(url: &str, byte: u8) -> Download {
    Download { url: url.to_owned(), sha256: [byte; 32] }
}

fn al2023() -> ParentConfig {
    let image = download(
        "https://images.s3.eu-central-1.amazonaws.com/app.eif?versionId=3HL4kqtJlcpXroDTDmJ_rmSp",
        0xe1,
    );
    let program = download("https://images.s3.eu-central-1.amazonaws.com/teeproof-x86_64", 0x7e);
    let mut config =
        ParentConfig::new("tp-abcdefghijklmnopqrstuvwxyz", "eu-central-1", ParentFile::Url(image));
    config.program = Some(ParentFile::Url(program));
    config.system = Some(AmazonLinux::Al2023);
    config.ports = vec![443, 8080];
    config
}

fn al2() -> ParentConfig {
    let image = ParentFile::InAmi("/opt/images/app.eif".to_owned());
    let mut config = ParentConfig::new("tp-abcdefghijklmnopqrstuvwxyz", "cn-north-1", image);
    config.program = Some(ParentFile::InAmi("/opt/images/teeproof".to_owned()));
    config.system = Some(AmazonLinux::Al2);
    (config.cpus, config.memory_mib, config.cid) = (4, 6144, Some(88));
    (config.road_port, config.status_port) = (6000, 6001);
    config
}

pub(crate) fn texts() -> Vec<(&'static str, UserData)> {
    vec![("al2023.yaml", al2023().user_data().unwrap()), ("al2.yaml", al2().user_data().unwrap())]
}

#[test]
fn the_text_of_each_system() {
    for (name, user_data) in texts() {
        let path = folder().join(name);
        if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
            fs::write(&path, user_data.as_str()).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(user_data.as_str() == expected, "{name} differs: TEEPROOF_WRITE_TABLES=1 writes it anew");
    }
}

#[test]
fn the_systems_differ_in_values_alone() {
    let [(_, one), (_, other)] = texts().try_into().unwrap();
    let differ = one.files().iter().zip(other.files()).filter(|(one, other)| one.text != other.text);
    let paths: Vec<&str> = differ.map(|(one, _)| one.path).collect();
    assert_eq!(
        paths,
        [
            "/etc/teeproof/parent.env",
            "/etc/teeproof/allocator.yaml",
            "/etc/teeproof/vsock-proxy.yaml",
            "/etc/systemd/system/teeproof-road.socket",
            "/etc/systemd/system/teeproof-status.socket",
        ]
    );
}

/// The longest URL fits; the longest of everything does not, and that is an error.
#[test]
fn the_limit_of_ec2_is_checked() {
    for (name, user_data) in texts() {
        let bytes = user_data.as_str().len();
        println!("{name}: {bytes} of {MAX_USER_DATA} bytes");
        assert!(bytes < MAX_USER_DATA - 1024, "{name}: no room for longer URLs: {bytes}");
    }
    let mut config = al2023();
    let long = format!("https://host/{}", "a".repeat(1024 - 13));
    config.image = ParentFile::Url(download(&long, 1));
    assert!(config.user_data().unwrap().as_str().len() <= MAX_USER_DATA);
    config.program = Some(ParentFile::Url(download(&long, 2)));
    config.ports = (10_000..10_032).collect();
    let problems = config.user_data().unwrap_err();
    assert_eq!(problems.len(), 1);
    let text = problems[0].to_string();
    assert!(text.starts_with("user data: expected at most 16384 bytes in all, got 1"), "{text}");
}

/// No step asks the metadata service, which needs a token and answers whoever is on the instance.
#[test]
fn nothing_of_the_metadata_service_and_no_tracing() {
    for (name, user_data) in texts() {
        for word in [
            "169.254",
            "fd00:ec2",
            "latest/meta-data",
            "set -x",
            "jq ",
            "debug-mode",
            "AWS_SECRET",
            "--enclave-cid 16",
        ] {
            assert!(!user_data.as_str().contains(word), "{name}: {word}");
        }
    }
}
