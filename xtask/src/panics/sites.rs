//! Calls of panic functions in linked code, with their source lines.

use super::build::Linked;
use super::machinery::panics;
use crate::shell::{Outcome, capture};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A place that can panic, as in the list: by file and not by line or function, so that the list survives changes
/// of other lines and of inlining.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The inspected crate, or the program.
    pub(super) part: String,
    /// Our file; else the package whose code it is; else the file of the standard library.
    pub(super) at: String,
    /// The panic function.
    pub(super) kind: String,
}

/// One call.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) place: Place,
    /// `function file:line`, what was inlined first.
    pub(super) frames: Vec<String>,
}

/// All calls in a linked file, but for those that panic functions make among themselves.
pub(super) fn of(part: &Linked) -> Outcome<Vec<Site>> {
    let words = ["--disassemble", "--reloc", "--demangle", "--no-show-raw-insn"];
    let code = capture(Command::new("objdump").args(words).arg(&part.file))?;
    if !code.contains(" <") {
        return Err(format!("{}: no machine code found", part.file.display()));
    }
    let calls = calls(&code);
    let mut lines = Command::new("addr2line");
    lines.args(["--inlines", "--functions", "--demangle", "--addresses", "--exe"]).arg(&part.file);
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let frames = frames(&capture(lines.args(calls.keys().map(|address| format!("{address:#x}"))))?);
    let site = |(address, (function, kind)): (&u64, &(String, String))| {
        let frames = frames.get(address).cloned().unwrap_or_default();
        let at = place(function, &frames);
        let at = if part.coarse { coarse(&at).to_owned() } else { at };
        let place = Place { part: part.name.clone(), at, kind: kind.clone() };
        Site { place, frames: frames.iter().map(Frame::shown).collect() }
    };
    Ok(calls.iter().map(site).collect())
}

/// The address of each call, the function it stands in, and what it calls.
fn calls(code: &str) -> BTreeMap<u64, (String, String)> {
    let mut found = BTreeMap::new();
    let (mut function, mut address) = (String::new(), 0);
    for line in code.lines() {
        if let Some(name) = head(line) {
            function = name.to_owned();
            continue;
        }
        let Some((at, rest)) = line.trim_start().split_once(':') else { continue };
        let Ok(at) = u64::from_str_radix(at, 16) else { continue };
        // A relocation stands on a line of its own after its instruction, and names its target.
        let target = match rest.trim_start().strip_prefix("R_") {
            Some(relocation) => relocation.split_once('\t').map(|(_, target)| target),
            None => {
                address = at;
                called(rest)
            }
        };
        let kind = target.and_then(panics).filter(|_| panics(&function).is_none());
        if let Some(kind) = kind {
            found.insert(address, (function.clone(), kind.to_owned()));
        }
    }
    found
}

/// `0000000000001000 <name>:`
fn head(line: &str) -> Option<&str> {
    let (address, name) = line.split_once(" <")?;
    let is_address = address.len() >= 8 && address.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.strip_suffix(">:").filter(|_| is_address)
}

/// The function in `call 8040 <name>`, without the offset of a jump into its middle.
fn called(instruction: &str) -> Option<&str> {
    let (_, name) = instruction.split_once(" <")?;
    let name = name.strip_suffix('>')?;
    Some(name.rsplit_once("+0x").map_or(name, |(name, _)| name))
}

/// One function at one line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    function: String,
    file: String,
}

impl Frame {
    /// The function without what it was made for, and the line without where its sources lie.
    fn shown(&self) -> String {
        let function = self.function.split('<').next().filter(|name| !name.is_empty());
        let roots = ["/crates/pure/", "/library/", "/registry/src/"];
        let line =
            roots.iter().find_map(|root| self.file.split_once(root)).map_or(&*self.file, |(_, line)| line);
        format!("{} {line}", function.unwrap_or(&self.function))
    }

    fn path(&self) -> &str {
        self.file.rsplit_once(':').map_or(&self.file, |(path, _)| path)
    }
}

/// What addr2line says: an address, and then two lines for each frame.
fn frames(text: &str) -> BTreeMap<u64, Vec<Frame>> {
    let mut found: BTreeMap<u64, Vec<Frame>> = BTreeMap::new();
    let mut address = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match line.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
            Some(next) => address = next,
            None => {
                let frame = Frame { function: line.to_owned(), file: lines.next().unwrap_or("?").to_owned() };
                found.entry(address).or_default().push(frame);
            }
        }
    }
    found
}

/// Whose code it is. Generic code of the standard library that was compiled into a function
/// belongs to that function's file; a function of its own is listed by its outermost file.
fn place(function: &str, frames: &[Frame]) -> String {
    let owned = frames.iter().find_map(|frame| owner(frame.path()));
    let std = || frames.last().and_then(|frame| frame.path().split_once("/library/"));
    match (owned, std()) {
        (Some(owner), _) => owner,
        (None, Some((_, file))) => file.to_owned(),
        (None, None) => function.to_owned(),
    }
}

/// `verifier/src`, the package, or `std`.
fn coarse(at: &str) -> &str {
    match at.split_once("/src/") {
        Some(("core" | "alloc", file)) if file.ends_with(".rs") => "std",
        Some((_, file)) => at.strip_suffix(file).map_or(at, |head| head.trim_end_matches('/')),
        None => at,
    }
}

fn owner(path: &str) -> Option<String> {
    let ours = ["/crates/pure/", "/xtask/nostd/"].iter().find_map(|room| path.split_once(room));
    if let Some((_, file)) = ours {
        return Some(file.to_owned());
    }
    // `…/registry/src/<registry>/<package>-<version>/src/…`
    let (_, package) = path.split_once("/registry/src/")?;
    let package = package.split('/').nth(1)?;
    let version = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let words = package.split('-').take_while(|part| !version(part));
    Some(words.collect::<Vec<_>>().join("-"))
}

/// Places, each once.
pub(super) type Places = BTreeSet<Place>;

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "\
0000000000001000 <teeproof_snp::verify::verify>:
    1000:\tmov    %rsp,%rbp
    1004:\tcall   8040 <core::panicking::panic>
    1009:\tcall   *0x2f8a(%rip)        # 3fd8 <_DYNAMIC+0x1d0>
\t\t\t100b: R_X86_64_GOTPCREL\tcore::slice::index::slice_index_fail-0x4
    1010:\tcall   2000 <teeproof_wire::der::element>

0000000000008010 <core::panicking::panic_fmt>:
    8010:\tjmp    8014 <core::panicking::panic_fmt+0x4>

0000000000008040 <core::panicking::panic>:
    8044:\tcall   8010 <core::panicking::panic_fmt>
";

    #[test]
    fn calls_are_found_by_name_and_by_relocation() {
        let function = || "teeproof_snp::verify::verify".to_owned();
        let expected =
            [(0x1004, (function(), "panic".into())), (0x1009, (function(), "slice_index_fail".into()))];
        assert_eq!(calls(CODE), BTreeMap::from(expected));
    }

    #[test]
    fn frames_belong_to_their_address() {
        let text = "0x0000000000001004\ninner\n/a/b.rs:1\nouter\n/a/c.rs:2\n0x0000000000001009\nf\n??:0\n";
        let found = frames(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found.get(&0x1004).map(Vec::len), Some(2));
    }

    #[test]
    fn a_coarse_place_is_a_crate() {
        for (at, expected) in [
            ("verifier/src/bundle/name.rs", "verifier/src"),
            ("alloc/src/str.rs", "std"),
            ("serde_json", "serde_json"),
        ] {
            assert_eq!(coarse(at), expected);
        }
    }

    #[test]
    fn code_belongs_to_whoever_asked_for_it() {
        let frame = |file: &str| Frame { function: "f".into(), file: file.into() };
        let core = frame("/rustc/0123/library/core/src/option.rs:1016");
        let sort = frame("/rustc/0123/library/core/src/slice/sort.rs:7");
        let serde =
            frame("/any/.cargo/registry/src/index-00/serde_json-1.0.154/src/de.rs:9 (discriminator 2)");
        let toml = frame("/any/.cargo/registry/src/index-00/toml-1.2.1+spec-1.1.0/src/de.rs:9");
        let ours = frame("/any/teeproof/crates/pure/snp/src/verify.rs:80");
        for (frames, expected) in [
            (vec![core.clone(), ours.clone()], "snp/src/verify.rs"),
            (vec![core.clone(), serde, ours], "serde_json"),
            (vec![core.clone(), toml], "toml"),
            (vec![core, sort], "core/src/slice/sort.rs"),
            (vec![], "function"),
        ] {
            assert_eq!(place("function", &frames), expected);
        }
    }
}
