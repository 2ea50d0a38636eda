//! Writes a minted NitroTPM document and its root: `nitrotpm_document DIR`. No file is written over: minted evidence
//! in the place of genuine is worse than none.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::nitro::Enclave;

const USAGE: &str = "usage: nitrotpm_document DIR";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (folder, rest) = (arguments.next().map(PathBuf::from), arguments.next());
    let written = match (folder, rest) {
        (Some(folder), None) => write(&folder),
        _ => Err(USAGE.to_owned()),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("nitrotpm_document: {message}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> Result<(), String> {
    let minted = Enclave::nitrotpm().mint().map_err(|error| error.to_string())?;
    fs::create_dir_all(folder).map_err(|error| said(folder, &error))?;
    for (name, bytes) in [("nitrotpm.cose", &minted.document[..]), ("nitro-root.der", minted.root())] {
        let path = folder.join(name);
        let new = fs::File::create_new(&path);
        new.and_then(|mut file| file.write_all(bytes)).map_err(|error| said(&path, &error))?;
    }
    println!(
        "Minted, not genuine: every key is a throwaway that is already gone. nitro-root.der is trusted by"
    );
    println!(
        "nobody who was not handed it on purpose. Certificates hold around {DEFAULT_TIME} seconds since 1970."
    );
    Ok(())
}

fn said(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
