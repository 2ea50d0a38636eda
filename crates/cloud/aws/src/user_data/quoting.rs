//! Quoting of values for their context: shells and systemd's environment files, and YAML. Any text keeps its meaning, also
//! one that validation refuses.

use core::fmt::Write as _;

/// A word of a shell, and a value of an environment file of systemd. A shell has no words with NUL.
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A double-quoted scalar of YAML, in printable ASCII.
pub(super) fn yaml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        let number = u32::from(character);
        // Writing to a String does not fail.
        let _ = match character {
            '"' | '\\' => write!(quoted, "\\{character}"),
            '\n' => write!(quoted, "\\n"),
            ' '..='~' => write!(quoted, "{character}"),
            _ if number <= 0xff => write!(quoted, "\\x{number:02x}"),
            _ if number <= 0xffff => write!(quoted, "\\u{number:04x}"),
            _ => write!(quoted, "\\U{number:08x}"),
        };
    }
    quoted.push('"');
    quoted
}

/// A text as the value of a key: a literal block whose lines are indented by `indent` where it can be one, otherwise a
/// double-quoted scalar.
pub(super) fn yaml_text(text: &str, indent: &str) -> String {
    let is_printable = text.chars().all(|character| matches!(character, '\n' | ' '..='~'));
    let has_one_end = text.ends_with('\n') && !text.ends_with("\n\n");
    if !is_printable || !has_one_end || text.starts_with([' ', '\n']) {
        return yaml(text);
    }
    let mut block = String::from("|");
    for line in text.lines() {
        block.push('\n');
        if !line.is_empty() {
            block.push_str(indent);
            block.push_str(line);
        }
    }
    block
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test ends")]

    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    /// Text with many characters that mean something to shells and to YAML.
    fn hostile() -> impl Strategy<Value = String> {
        let special = prop::sample::select(
            "'\"\\$`(){}[];&|<>*?!#%@,:-~=\n\r\t \u{7f}\u{85}\u{2028}\u{feff}ü😀".chars().collect::<Vec<_>>(),
        );
        let character = prop_oneof![4 => special, 1 => any::<char>()];
        prop::collection::vec(character, 0..40)
            .prop_map(|all| all.into_iter().filter(|character| *character != '\0').collect())
    }

    /// What a program makes of this input.
    fn output(program: &mut Command, input: &[u8]) -> Vec<u8> {
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell starts");
        child.stdin.take().expect("a pipe").write_all(input).expect("the input is taken");
        let done = child.wait_with_output().expect("it ends");
        assert!(done.status.success());
        done.stdout
    }

    /// PyYAML, which cloud-init reads user data with.
    fn py_yaml() -> Option<Command> {
        let mut probe = Command::new("/usr/bin/python3");
        let is_there = probe.args(["-c", "import yaml"]).output().is_ok_and(|done| done.status.success());
        if !is_there {
            eprintln!("skipped: python3-yaml is not installed: apt-get install python3-yaml");
            return None;
        }
        let program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer)))";
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", program]);
        Some(command)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn shells_read_what_was_quoted(values in prop::collection::vec(hostile(), 1..20)) {
            for program in ["bash", "sh"] {
                let lines = values.iter().map(|value| format!("V={}\nprintf '%s\\0' \"$V\"\n", shell(value)));
                let script: String = lines.collect();
                let expected: String = values.iter().map(|value| format!("{value}\0")).collect();
                prop_assert_eq!(output(&mut Command::new(program), script.as_bytes()), expected.as_bytes());
            }
        }

        #[test]
        fn quoted_yaml_is_printable_ascii_on_one_line(value in hostile()) {
            let quoted = yaml(&value);
            prop_assert!(quoted.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", quoted);
            let inside = &quoted[1..quoted.len() - 1];
            let mut is_escaped = false;
            for byte in inside.bytes() {
                prop_assert!(is_escaped || byte != b'"', "{}", quoted);
                is_escaped = !is_escaped && byte == b'\\';
            }
            prop_assert!(!is_escaped);
        }
    }

    #[test]
    fn pyyaml_reads_what_was_quoted() {
        let mut runner =
            proptest::test_runner::TestRunner::new(ProptestConfig { cases: 8, ..ProptestConfig::default() });
        let texts = prop::collection::vec((hostile(), prop::bool::ANY), 1..200);
        let outcome = runner.run(&texts, |texts| {
            let Some(mut python) = py_yaml() else { return Ok(()) };
            // Half of them end as files do, and can be literal blocks.
            let texts =
                texts.into_iter().map(|(text, is_file)| if is_file { format!("a{text}b\n") } else { text });
            let texts: Vec<String> = texts.collect();
            let list: String =
                texts.iter().map(|text| format!("- key: {}\n", yaml_text(text, "   "))).collect();
            let read: Vec<serde_json::Value> =
                serde_json::from_slice(&output(&mut python, list.as_bytes())).expect("a list");
            let read: Vec<&str> = read.iter().filter_map(|entry| entry.get("key")?.as_str()).collect();
            prop_assert_eq!(read, texts);
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn plain_files_are_blocks() {
        assert_eq!(yaml_text("a: b\n\n  c\n", "  "), "|\n  a: b\n\n    c");
        for text in ["", "a", " a\n", "\na\n", "a\n\n", "a\tb\n", "ü\n"] {
            assert!(yaml_text(text, "  ").starts_with('"'), "{text:?}");
        }
    }
}
