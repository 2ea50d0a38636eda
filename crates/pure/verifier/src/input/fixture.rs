//! Evidence as the fixtures of attested-tls keep it: YAML with the members of its JSON.
//!
//! Only what these files use is read, line by line, and made into JSON: members by indentation,
//! literal blocks (`|-`), lists of numbers, and `null`. It is no reader of YAML, which has many ways to
//! say one thing.

use alloc::string::{String, ToString};
use core::iter::Peekable;

use super::InputError;

/// Whether text begins like such a file.
pub(super) fn looks_like(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    FIRST.iter().any(|member| first.strip_prefix(member).is_some_and(|rest| rest.starts_with(':')))
}

const FIRST: [&str; 3] = ["tdx_quote_base64", "hcl_report_base64", "tpm_attestation"];
/// The evidence, the TPM's part, its quote.
const MAX_DEPTH: usize = 3;

/// The same as JSON.
///
/// # Errors
/// The first line that is not of a form that these files use.
pub(super) fn to_json(text: &str) -> Result<String, InputError> {
    let mut reader = Reader { lines: text.lines().zip(1_usize..).peekable(), json: String::new() };
    reader.members(0)?;
    match reader.lines.next() {
        None => Ok(reader.json),
        Some((_, line)) => Err(InputError::Fixture { line }),
    }
}

struct Reader<'t, L: Iterator<Item = (&'t str, usize)>> {
    lines: Peekable<L>,
    json: String,
}

impl<'t, L: Iterator<Item = (&'t str, usize)>> Reader<'t, L> {
    /// Members at this depth, two spaces for each level, until a line stands further left.
    fn members(&mut self, depth: usize) -> Result<(), InputError> {
        let mut separator = '{';
        while let Some((content, line)) = self.next_at(depth)? {
            let wrong = InputError::Fixture { line };
            let (name, value) = content.split_once(':').ok_or(wrong)?;
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if name.is_empty() || !name.bytes().all(plain) || depth >= MAX_DEPTH {
                return Err(wrong);
            }
            self.json.push(separator);
            separator = ',';
            self.text(name);
            self.json.push(':');
            match value.trim() {
                "|-" => self.block(depth.saturating_add(1)),
                "null" => self.json.push_str("null"),
                "" => self.below(depth.saturating_add(1))?,
                list => self.list(list, line)?,
            }
        }
        // An object without members says nothing, and nothing that these files hold is one.
        let end = self.lines.peek().map_or(0, |(_, line)| *line);
        if separator == '{' {
            return Err(InputError::Fixture { line: end });
        }
        self.json.push('}');
        Ok(())
    }

    /// The next line's content, if it stands at this depth; none where it stands further left.
    fn next_at(&mut self, depth: usize) -> Result<Option<(&'t str, usize)>, InputError> {
        while self.lines.next_if(|(line, _)| line.trim().is_empty()).is_some() {}
        let Some((text, line)) = self.lines.peek().copied() else { return Ok(None) };
        let content = text.trim_start_matches(' ');
        let (indent, wanted) = (text.len().saturating_sub(content.len()), depth.saturating_mul(2));
        if indent > wanted {
            return Err(InputError::Fixture { line });
        }
        if indent < wanted {
            return Ok(None);
        }
        self.lines.next();
        Ok(Some((content, line)))
    }

    /// A literal block: every line that is empty or stands at this depth.
    fn block(&mut self, depth: usize) {
        let indent = depth.saturating_mul(2);
        let mut text = String::new();
        let inside = |line: &str| {
            line.trim().is_empty() || line.len().saturating_sub(line.trim_start_matches(' ').len()) >= indent
        };
        while let Some((line, _)) = self.lines.next_if(|(line, _)| inside(line)) {
            text.push_str(line.get(indent..).unwrap_or_default());
            text.push('\n');
        }
        self.text(text.trim_end_matches('\n'));
    }

    /// Members one level further in, or a list of lists.
    fn below(&mut self, depth: usize) -> Result<(), InputError> {
        while self.lines.next_if(|(line, _)| line.trim().is_empty()).is_some() {}
        if !self.lines.peek().is_some_and(|(line, _)| line.trim_start().starts_with("- ")) {
            return self.members(depth);
        }
        let mut separator = '[';
        while let Some((content, line)) = self.next_at(depth)? {
            self.json.push(separator);
            separator = ',';
            let entry = content.strip_prefix("- ").ok_or(InputError::Fixture { line })?;
            self.list(entry.trim(), line)?;
        }
        self.json.push(']');
        Ok(())
    }

    /// A list of numbers, over as many lines as it takes.
    fn list(&mut self, first: &str, line: usize) -> Result<(), InputError> {
        if !first.starts_with('[') {
            return Err(InputError::Fixture { line });
        }
        let (mut part, mut line) = (first, line);
        loop {
            let numbers = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'[' | b']' | b',' | b' ');
            if !part.bytes().all(numbers) {
                return Err(InputError::Fixture { line });
            }
            self.json.push_str(part);
            if part.ends_with(']') {
                return Ok(());
            }
            let (next, number) = self.lines.next().ok_or(InputError::Fixture { line })?;
            (part, line) = (next.trim(), number);
        }
    }

    /// A text as JSON writes it.
    fn text(&mut self, text: &str) {
        self.json.push_str(&serde_json::Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const FILE: &str = "tdx_quote_base64: |-\n  AAEC\n\ntpm_attestation:\n  ak_certificate_pem: |-\n    a\n    b\n\n  quote:\n    signature: [\n      1, 2,\n      3\n    ]\n    pcrs:\n      - [0, 1]\n      - [2, 3]\n\n  instance_info: null\n";

    #[test]
    fn members_blocks_and_lists_become_json() {
        assert!(looks_like(FILE));
        let json: serde_json::Value = serde_json::from_str(&to_json(FILE).unwrap()).unwrap();
        let expected = r#"{"tdx_quote_base64":"AAEC","tpm_attestation":{"ak_certificate_pem":"a\nb",
            "quote":{"signature":[1,2,3],"pcrs":[[0,1],[2,3]]},"instance_info":null}}"#;
        assert_eq!(json, serde_json::from_str::<serde_json::Value>(expected).unwrap());
    }

    #[test]
    fn what_these_files_do_not_use_is_refused() {
        for (bent, line) in [
            ("tdx_quote_base64: \"AAEC\"\n".to_string(), 1),
            ("tdx_quote_base64: &a |-\n".to_string(), 1),
            ("tpm_attestation:\n".to_string(), 0),
            ("tpm_attestation:\n    quote: [1]\n".to_string(), 2),
            ("tpm_attestation:\n  quote: [1\n".to_string(), 2),
            ("tpm_attestation:\n  quote: [1, x]\n".to_string(), 2),
            (format!("{FILE}x\n"), 19),
        ] {
            assert_eq!(to_json(&bent), Err(InputError::Fixture { line }), "{bent}");
        }
    }
}
