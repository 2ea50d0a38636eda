//! The proof on targets that have no std: a bare processor, and WebAssembly.

use super::compiler::Compiler;
use super::{EXAMPLE, FRONT_DOOR, MINIMAL, build};
use crate::shell::{Outcome, capture, exists, root, run, run_within, target_dir};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Targets without an operating system, the preferred one first.
pub(super) const BARE: &[&str] = &["thumbv7em-none-eabihf", "x86_64-unknown-none"];
/// WebAssembly without a host.
pub(super) const WASM: &str = "wasm32-unknown-unknown";

/// Both variants and the example compile where there is no std to link.
pub(super) fn prove_bare(compiler: &Compiler) -> Outcome {
    for variant in [MINIMAL, FRONT_DOOR, EXAMPLE] {
        let mut command = build(&variant);
        compiler.apply(&mut command);
        run(command.args(["--crate-type", "rlib", "--", "--cfg", "teeproof_freestanding"]))?;
        println!("nostd: {} ({}): {}", compiler.target, compiler.name(), variant.name);
    }
    Ok(())
}

/// The front door as a WebAssembly module that asks nothing of its host, run where Node is.
pub(super) fn prove_wasm(compiler: &Compiler) -> Outcome {
    let mut command = build(&FRONT_DOOR);
    compiler.apply(&mut command);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker()?);
    run(command.args(["--crate-type", "cdylib", "--", "--cfg", "teeproof_freestanding"]))?;
    let module = target_dir().join("nostd").join(WASM).join("release").join("teeproof_nostd_proof.wasm");
    let bytes = std::fs::read(&module).map_err(|e| format!("{}: {e}", module.display()))?;
    match has_imports(&bytes) {
        Some(false) => {}
        Some(true) => return Err("the WebAssembly module imports something from its host".into()),
        None => return Err(format!("{} is no WebAssembly module", module.display())),
    }
    println!("nostd: {WASM} ({}): {} bytes, no imports: {}", compiler.name(), bytes.len(), FRONT_DOOR.name);
    if !exists("node") {
        println!("nostd: !!! no `node` here: the WebAssembly module was NOT run !!!");
        return Ok(());
    }
    let mut node = Command::new("node");
    node.arg(root().join("xtask/nostd/run.mjs")).arg(&module).arg(root().join("testdata"));
    run_within(&mut node, Duration::from_secs(120))
}

/// The linker that rustup's toolchains bring, or one from the system.
fn linker() -> Outcome<PathBuf> {
    let mut rustc = Command::new("rustc");
    let sysroot = capture(rustc.args(["--print", "sysroot"]).current_dir(root()))?;
    let hosts = PathBuf::from(sysroot.trim()).join("lib/rustlib");
    let hosts = std::fs::read_dir(hosts).into_iter().flatten().flatten();
    let bundled = hosts.map(|host| host.path().join("bin/rust-lld")).find(|path| path.is_file());
    match bundled {
        Some(path) => Ok(path),
        None if exists("wasm-ld") => Ok(PathBuf::from("wasm-ld")),
        None => Err("no linker for WebAssembly: install LLVM's lld".into()),
    }
}

/// Whether a module has a non-empty import section; `None` when it is no module.
fn has_imports(module: &[u8]) -> Option<bool> {
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    while let Some((id, after)) = rest.split_first() {
        let (length, after) = leb128(after)?;
        let (body, after) = after.split_at_checked(length)?;
        if *id == IMPORT_SECTION {
            return Some(leb128(body)?.0 > 0);
        }
        rest = after;
    }
    Some(false)
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

const IMPORT_SECTION: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_seen() {
        let head = b"\0asm\x01\0\0\0".to_vec();
        assert_eq!(has_imports(&head), Some(false));
        assert_eq!(has_imports(b"MZ"), None);
        // A type section, then one import of the function `a.b`.
        let types = [1, 4, 1, 0x60, 0, 0];
        let import = [2, 7, 1, 1, b'a', 1, b'b', 0, 0];
        assert_eq!(has_imports(&[&head[..], &types, &import].concat()), Some(true));
        assert_eq!(has_imports(&[&head[..], &types, &[2, 1, 0]].concat()), Some(false));
        assert_eq!(has_imports(&[&head[..], &[2, 0x80]].concat()), None);
    }
}
