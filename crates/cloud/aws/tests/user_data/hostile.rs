//! Values that mean something to a shell, to YAML, to systemd or to options of programs: none is accepted.

use proptest::prelude::*;
use teeproof_aws::user_data::{ParentConfig, ParentFile, UserDataProblem};

use crate::golden::download;

fn config() -> ParentConfig {
    let image = ParentFile::Url(download("https://host/app.eif", 1));
    ParentConfig::new("tp-a", "eu-central-1", image)
}

/// The fields that are refused.
fn refused(config: &ParentConfig) -> Vec<&'static str> {
    let problems = config.user_data().err().unwrap_or_default();
    problems.iter().map(|problem: &UserDataProblem| problem.field).collect()
}

/// Puts a text into a field.
type Set = fn(&mut ParentConfig, &str);

/// Sets every text of a configuration, and names its fields in the order of their problems.
const TEXTS: &[(&str, Set)] = &[
    ("deployment", |config, text| config.deployment = format!("tp-{text}a")),
    ("region", |config, text| config.region = format!("eu-{text}central-1")),
    ("kms_host", |config, text| config.kms_host = Some(format!("kms.{text}example.com"))),
    ("image", |config, text| config.image = ParentFile::InAmi(format!("/opt/{text}app.eif"))),
    ("image", |config, text| config.image = ParentFile::Url(download(&format!("https://ho{text}st/a"), 1))),
    ("image", |config, text| config.image = ParentFile::Url(download(&format!("https://host/a{text}b"), 1))),
    ("image", |config, text| {
        config.image = ParentFile::Url(download(&format!("https://host/a?versionId=a{text}b"), 1));
    }),
    ("program", |config, text| {
        config.program = Some(ParentFile::Url(download(&format!("https://host/a{text}b"), 1)));
    }),
    ("program", |config, text| config.program = Some(ParentFile::InAmi(format!("/opt/{text}teeproof")))),
];

fn special() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "'",
        "\"",
        "\\",
        "$(id)",
        "`id`",
        "${IFS}",
        "\n",
        "\r",
        "\t",
        "\0",
        " ",
        ";",
        "&&",
        "|",
        ">",
        "<",
        "*",
        "!",
        "#",
        "{",
        "}",
        "[",
        "]",
        "&a",
        "*a",
        "? ",
        ": ",
        "- ",
        "|\n",
        ">-\n",
        "%{}",
        "\u{1b}[2J",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{202e}",
        "ü",
        "😀",
        "'; id; '",
        "\\\n",
        "a\"\n- [id]\n",
    ]);
    let hostile = "[^a-zA-Z0-9._/%+=:@,~-]";
    prop_oneof![fixed.prop_map(str::to_owned), hostile.prop_map(|text| text)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn hostile_texts_are_refused_by_name(text in special(), before in "[a-z]{0,3}", after in "[a-z]{0,3}") {
        // Query and fragment are tested by name below.
        prop_assume!(!text.contains('?'));
        for (field, set) in TEXTS {
            let mut config = config();
            set(&mut config, &format!("{before}{text}{after}"));
            prop_assert_eq!(refused(&config), vec![*field], "{:?}", config);
        }
    }

    #[test]
    fn what_is_accepted_has_only_characters_of_the_allow_lists(text in "\\PC{0,20}") {
        for (_, set) in TEXTS {
            let mut config = config();
            set(&mut config, &text);
            if let Ok(user_data) = config.user_data() {
                let environment = &user_data.files()[0].text;
                for line in environment.lines() {
                    let (_, value) = line.split_once('=').unwrap();
                    let inside = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
                    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%+=:@,?[]".contains(&byte);
                    prop_assert!(inside.bytes().all(is_plain), "{}", line);
                }
            }
        }
    }

    #[test]
    fn every_number_is_in_its_range(cpus: u32, memory: u32, cid: u32, road: u16, status: u16, port: u16, seconds: u16) {
        let mut config = config();
        (config.cpus, config.memory_mib, config.cid) = (cpus, memory, Some(cid));
        (config.road_port, config.status_port, config.ports) = (road, status, vec![port]);
        config.road_seconds = seconds;
        if config.user_data().is_ok() {
            prop_assert!((1..=4096).contains(&cpus) && (64..=33_554_432).contains(&memory));
            prop_assert!((4..u32::MAX).contains(&cid) && (1..=1800).contains(&seconds));
            prop_assert!(road != status && port != road && port != status);
            prop_assert!([road, status, port].iter().all(|port| ![0, 22].contains(port)));
        }
    }
}

#[test]
fn every_problem_is_named_at_once() {
    let mut config = config();
    config.deployment = "a b".to_owned();
    config.region = "Frankfurt".to_owned();
    config.image = ParentFile::Url(download("https://user:password@host/a", 1));
    config.program = Some(ParentFile::Url(download("https://host/a?X-Amz-Signature=00", 1)));
    (config.cpus, config.memory_mib, config.cid) = (0, 63, Some(3));
    (config.road_port, config.ports) = (22, vec![80, 80, 5734, 0]);
    config.road_seconds = 0;
    let fields = [
        "deployment",
        "region",
        "cpus",
        "memory_mib",
        "cid",
        "road_seconds",
        "road_port",
        "ports",
        "ports",
        "ports",
        "image",
        "program",
    ];
    assert_eq!(refused(&config), fields);
    let problems = config.user_data().unwrap_err();
    let texts: Vec<String> = problems.iter().map(UserDataProblem::to_string).collect();
    assert!(texts.contains(&"cpus: expected 1 to 4096, got 0".to_owned()), "{texts:?}");
}

#[test]
fn many_ports_are_refused_quickly() {
    let mut config = config();
    config.ports = (1..=u16::MAX).collect();
    assert!(refused(&config).contains(&"ports"));
}
