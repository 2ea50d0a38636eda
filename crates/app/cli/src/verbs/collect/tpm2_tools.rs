//! The script of `collect azure --explain`: tpm2-tools commands that collect the same.

use std::fmt::Write;

use teeproof_core::{Hex, is_shown_as_it_is};
use teeproof_endorse::certification_url;
use teeproof_vtpm::USER_DATA_BYTES;
use teeproof_vtpm::handles::{AK, AK_CERTIFICATE, INPUT, REPORT};

use super::args::AzureArgs;

/// The commands, with a comment on each.
pub(super) fn script(args: &AzureArgs, nonce: &[u8], user_data: Option<&[u8; USER_DATA_BYTES]>) -> String {
    let mut out = String::from("#!/bin/sh -e\n");
    if let Some(user_data) = user_data {
        fresh(&mut out, user_data);
    } else {
        out.push_str("# The report of the paravisor, of the last boot.\n");
        let _ = writeln!(out, "tpm2_nvread -C o {REPORT:#010x} > hcl-report.bin");
    }
    let list = args.pcrs;
    out.push_str("# The quote of the attestation key, and the values of the quoted PCRs.\n");
    let nonce = if nonce.is_empty() { String::new() } else { format!(" -q {}", Hex(nonce)) };
    let _ = writeln!(
        out,
        "tpm2_quote -c {AK:#010x} -l {list}{nonce} -g sha256 -m quote.msg -s quote.sig -f plain"
    );
    let _ = writeln!(out, "tpm2_pcrread {list} > pcrs.txt");
    out.push_str("# The certificate of the attestation key, padded with zeros.\n");
    let _ = writeln!(out, "tpm2_nvread -C o {AK_CERTIFICATE:#010x} > ak.der");
    if !args.no_event_log {
        let log = quoted(&args.event_log.event_log.to_string_lossy());
        let _ = writeln!(out, "# The event log.\ncp {log} event-log.bin");
    }
    out.push_str("# The VCEK and the certificates above it, from the instance metadata.\n");
    let imds = quoted(&certification_url(&args.metadata.imds));
    let _ = writeln!(out, "curl -s --noproxy '*' -H Metadata:true {imds} > thim.json");
    out.push_str("# One bundle of all files.\n");
    out.push_str("teeproof bundle create hcl-report.bin quote.msg quote.sig pcrs.txt ak.der");
    out.push_str(if args.no_event_log { " thim.json" } else { " event-log.bin thim.json" });
    out.push_str(" -o vm.bundle\n");
    out
}

fn fresh(out: &mut String, user_data: &[u8; USER_DATA_BYTES]) {
    let user_data = Hex(user_data);
    out.push_str("# The NV index for the user data of the report, unless it is defined.\n");
    let _ = writeln!(
        out,
        "tpm2_nvdefine {INPUT:#010x} -C o -s 64 -a 'ownerwrite|ownerread|authwrite|authread' || true"
    );
    let _ = writeln!(out, "printf {user_data} | xxd -r -p | tpm2_nvwrite {INPUT:#010x} -C o -i -");
    out.push_str("# The paravisor renews its report when it is read, at most once in two seconds.\n");
    out.push_str("sleep 2.1\n");
    let _ = writeln!(out, "tpm2_nvread -C o {REPORT:#010x} > hcl-report.bin");
    out.push_str("# Without this check, it may be an old report.\n");
    let _ = writeln!(out, "grep -aqi '\"user-data\":\"{user_data}\"' hcl-report.bin");
}

/// Text as one quoted word of the shell. Control characters are written in octal.
fn quoted(text: &str) -> String {
    let word = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    if text.chars().all(is_shown_as_it_is) {
        return word(text);
    }
    let mut octal = String::new();
    for character in text.chars() {
        match character {
            '\\' => octal.push_str(r"\\"),
            shown if is_shown_as_it_is(shown) => octal.push(shown),
            other => {
                for byte in other.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(octal, r"\0{byte:03o}");
                }
            }
        }
    }
    format!("\"$(printf %b {})\"", word(&octal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_shell_stays_one() {
        assert_eq!(quoted("/sys/a b"), "'/sys/a b'");
        assert_eq!(quoted("$(a)'; b"), r"'$(a)'\''; b'");
        assert_eq!(quoted("a\u{1b}[2J\\'\n\u{9b}1"), r#""$(printf %b 'a\0033[2J\\'\''\0012\0302\02331')""#);
    }
}
