//! Writes the loose files of one minted machine on Azure, as a guest would collect them:
//! `azure_evidence DIR [--nonce utf8:TEXT | --nonce hex:DIGITS]`. No file is written over: minted evidence in the
//! place of genuine is worse than none.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::azure::{Evidence, Vm};
use teeproof_mint::snp::Product;

const USAGE: &str = "usage: azure_evidence DIR [--nonce utf8:TEXT | --nonce hex:DIGITS]";

/// A file: its name, what it is, its bytes.
type File = (&'static str, &'static str, Vec<u8>);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("azure_evidence: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let (folder, nonce) = arguments()?;
    let vm = Vm::snp(Product::Genoa).nonce(&nonce);
    let evidence = vm.evidence().map_err(|error| error.to_string())?;
    let files = files(evidence)?;
    write_new(&folder, &files)?;
    for (name, what, bytes) in &files {
        println!("{name:<15} {:>5} bytes  {what}", bytes.len());
    }
    println!();
    println!("Minted, not genuine: every key is a throwaway that is already gone. The two anchors,");
    println!("ark.der and ak-root.der, are trusted by nobody who was not handed them on purpose.");
    println!("Certificates hold around {DEFAULT_TIME} seconds since 1970 (2026-01-15T12:00:00Z).");
    Ok(())
}

/// Writes all of them, or none where one of their names is taken.
fn write_new(folder: &Path, files: &[File]) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| said(folder, &error))?;
    let paths: Vec<_> = files.iter().map(|(name, ..)| folder.join(name)).collect();
    if let Some(taken) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(format!("{}: there is such a file; name a new directory", taken.display()));
    }
    for (path, (_, _, bytes)) in paths.iter().zip(files) {
        let new = fs::File::create_new(path);
        new.and_then(|mut file| file.write_all(bytes)).map_err(|error| said(path, &error))?;
    }
    Ok(())
}

fn arguments() -> Result<(PathBuf, Vec<u8>), String> {
    let mut folder = None;
    let mut nonce = Vec::new();
    let mut rest = env::args_os().skip(1);
    while let Some(argument) = rest.next() {
        if argument == "--nonce" {
            let value = rest.next().and_then(|value| value.into_string().ok());
            nonce = value.as_deref().and_then(bytes_of).ok_or(USAGE)?;
        } else if folder.is_none() && !argument.to_string_lossy().starts_with("--") {
            folder = Some(PathBuf::from(argument));
        } else {
            return Err(USAGE.to_owned());
        }
    }
    Ok((folder.ok_or(USAGE)?, nonce))
}

/// The bytes that `utf8:…` or `hex:…` stands for.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if let Some(text) = text.strip_prefix("utf8:") {
        return Some(text.as_bytes().to_vec());
    }
    let digits = text.strip_prefix("hex:")?.as_bytes();
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
        }
        _ => None,
    });
    pairs.collect()
}

fn files(evidence: Evidence) -> Result<Vec<File>, String> {
    let pcrs = evidence.pcrs_yaml().into_bytes();
    let log = evidence.event_log.ok_or("the machine has no event log")?;
    let ak_ca = evidence.ak_intermediates.into_iter().next().ok_or("the chain has no intermediate")?;
    Ok(vec![
        ("hcl-report.bin", "the paravisor's report, NV index 0x01400001", evidence.hcl_report),
        ("quote.msg", "the quote, TPMS_ATTEST", evidence.quote_message),
        ("quote.sig", "its signature, RSASSA with SHA-256", evidence.quote_signature),
        ("pcrs.txt", "the registers as tpm2_pcrread prints them", pcrs),
        ("event-log.bin", "the log that explains the registers", log),
        ("vcek.der", "the certificate of the chip's key", evidence.vek),
        ("ask.der", "the authority above it", evidence.intermediate),
        ("ark.der", "AMD's root, minted: an anchor", evidence.ark),
        ("ak.der", "the certificate of the attestation key", evidence.ak_certificate),
        ("ak-ca.der", "the authority above it", ak_ca),
        ("ak-root.der", "Azure's root of virtual TPMs, minted: an anchor", evidence.ak_root),
    ])
}

fn said(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_written_over() {
        let folder = env::temp_dir().join(format!("azure-evidence-{}", std::process::id()));
        let files = [("quote.msg", "", b"minted".to_vec()), ("vcek.der", "", b"minted".to_vec())];
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("vcek.der"), "genuine").unwrap();
        let refused = write_new(&folder, &files).unwrap_err();
        assert!(refused.ends_with("vcek.der: there is such a file; name a new directory"), "{refused}");
        assert_eq!(fs::read(folder.join("vcek.der")).unwrap(), b"genuine");
        assert!(!folder.join("quote.msg").exists());
        fs::remove_file(folder.join("vcek.der")).unwrap();
        write_new(&folder, &files).unwrap();
        assert_eq!(fs::read(folder.join("vcek.der")).unwrap(), b"minted");
        fs::remove_dir_all(folder).unwrap();
    }
}
