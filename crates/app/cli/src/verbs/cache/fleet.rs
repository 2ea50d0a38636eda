//! Fleets: files and folders of evidence, and lists with a chip or a platform on each line.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use teeproof_core::from_hex;
use teeproof_endorse::{AmdKey, Endpoints, HttpUrl, PckCa, Question, Vcek};
use teeproof_wire::snp::{Product, Tcb};

use crate::endorsements::questions::{AmdChains, Need, Which, needs};
use crate::input::evidence_files::Files;
use crate::input::source;
use crate::input::time::now;
use crate::output::fault::Fault;
use crate::output::files::path::is_standard_stream;
use crate::output::streams::Messages;
use crate::settings::context::Context;

/// What the machines of a fleet need.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    /// Each once, in the order in which they are named; several are alternatives.
    pub(super) needs: Vec<Vec<Question>>,
    /// Files that cannot be read.
    pub(super) unreadable: Vec<Fault>,
    seen: HashSet<Vec<Question>>,
}

/// The most files of a folder.
const MAX_FILES: usize = 20_000;
const LIST_HINT: &str =
    "write PRODUCT CHIP_ID BL TEE SNP UCODE (and FMC for Turin), fmspc HEX, or a URL; docs/cache.md";

impl Fleet {
    /// Reads these files and folders.
    pub(super) fn read(paths: &[PathBuf], endpoints: &Endpoints, context: &Context) -> Result<Self, Fault> {
        let mut fleet = Self::default();
        for path in paths {
            if !is_standard_stream(path) && path.is_dir() {
                for file in files_of(path)? {
                    fleet.add_file(&file, endpoints, context);
                }
            } else {
                fleet.add_file(path, endpoints, context);
            }
        }
        Ok(fleet)
    }

    /// Adds a file; one that cannot be read does not end the run.
    fn add_file(&mut self, path: &Path, endpoints: &Endpoints, context: &Context) {
        let name = source::path_name(path);
        if let Err(fault) = self.add(path, &name, endpoints, context) {
            self.unreadable.push(fault.in_file(name));
        }
    }

    fn add(
        &mut self,
        path: &Path,
        name: &str,
        endpoints: &Endpoints,
        context: &Context,
    ) -> Result<(), Fault> {
        let bytes = context.source.read(path)?;
        if let Some(text) = list(&bytes) {
            return self.add_list(text, name, endpoints, &context.messages);
        }
        let files = Files::of_bytes(&bytes, name)?;
        let found = needs(files.inputs(), now(), AmdChains::Pinned, Which::All);
        for gap in &found.gaps {
            context.messages.say(&format!("warning: {name}: cannot be fetched: {gap}"));
        }
        if found.needs.is_empty() {
            context.messages.say(&format!("{name}: nothing to fetch"));
        }
        for Need { questions, .. } in found.needs {
            self.push(questions);
        }
        Ok(())
    }

    fn push(&mut self, questions: Vec<Question>) {
        if self.seen.insert(questions.clone()) {
            self.needs.push(questions);
        }
    }

    fn add_list(
        &mut self,
        text: &str,
        name: &str,
        endpoints: &Endpoints,
        messages: &Messages,
    ) -> Result<(), Fault> {
        let mut is_empty = true;
        for (number, line) in (1_usize..).zip(text.lines()) {
            let Some(line) = significant(line) else { continue };
            is_empty = false;
            let questions = line_questions(line, endpoints)
                .map_err(|what| Fault::malformed(what, LIST_HINT).in_file(format!("{name}:{number}")))?;
            questions.into_iter().for_each(|question| self.push(vec![question]));
        }
        if is_empty {
            messages.say(&format!("{name}: nothing to fetch: the list has comments alone"));
        }
        Ok(())
    }
}

/// The regular files of a folder, sorted.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, Fault> {
    let wrong = |error: std::io::Error| {
        Fault::usage(format!("cannot be read: {error}"), "check the directory").in_file(path.display())
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(wrong)? {
        let file = entry.map_err(wrong)?.path();
        if file.is_file() {
            files.push(file);
        }
        if files.len() > MAX_FILES {
            let message = format!("expected a directory of at most {MAX_FILES} files, got more");
            return Err(Fault::usage(message, "split it, or write a list").in_file(path.display()));
        }
    }
    files.sort();
    Ok(files)
}

/// A line without its comment; `None` if nothing is left.
fn significant(line: &str) -> Option<&str> {
    let line = line.split('#').next().unwrap_or_default().trim();
    Some(line).filter(|line| !line.is_empty())
}

/// The text of a list: one of its lines begins as those of a list do, or has the form of a chip. A mistake in the first
/// line is then reported with its number. No line of evidence that is text does: of PEM, JSON, hex and base64.
///
/// So is a text of nothing but comments, of which there is one at least: a list without a line.
fn list(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?;
    // A byte order mark, which editors write.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().filter_map(significant).peekable();
    let is_list = match lines.peek() {
        Some(_) => lines.any(is_line),
        None => text.trim_start().starts_with('#'),
    };
    is_list.then_some(text)
}

fn is_line(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().take(MAX_WORDS).collect();
    let Some((word, rest)) = words.split_first() else { return false };
    let is_url = word.starts_with("https://") || word.starts_with("http://");
    let is_chip = matches!(rest, [chip_id, levels @ ..]
        if hex(chip_id).is_some_and(|id| id.len() >= 8)
            && levels.len() >= 4
            && levels.iter().all(|level| level.parse::<u8>().is_ok()));
    is_url || is_chip || word.eq_ignore_ascii_case("fmspc") || product(word).is_some()
}

/// The most words of a line, of which one more is a mistake.
const MAX_WORDS: usize = 8;

/// The product line of this name in any case; Siena is of Genoa.
fn product(name: &str) -> Option<Product> {
    let is_name = |product: &Product| product.product_names().any(|own| own.eq_ignore_ascii_case(name));
    Product::ALL.iter().copied().find(is_name)
}

/// The questions of a line. With a chip, the revocation list of its product line; with a platform, all collateral.
fn line_questions(line: &str, endpoints: &Endpoints) -> Result<Vec<Question>, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (first, rest) = words.split_first().ok_or("expected a line with words")?;
    if first.contains("://") {
        let url = HttpUrl::parse(first).map_err(|error| error.to_string())?;
        let question =
            Question::of_url(&url, endpoints).or_else(|| Question::of_url(&url, &Endpoints::vendors()));
        return match (question, rest) {
            (Some(question), []) => Ok(vec![question]),
            (Some(_), _) => Err("expected nothing after the URL".to_owned()),
            (None, _) => Err(format!("{url} is not the URL of an endorsement")),
        };
    }
    if first.eq_ignore_ascii_case("fmspc") {
        let [digits] = rest else { return Err("expected fmspc and 12 hexadecimal digits".to_owned()) };
        let fmspc = hex(digits).and_then(|bytes| <[u8; 6]>::try_from(bytes).ok());
        let fmspc = fmspc.ok_or_else(|| format!("fmspc: expected 12 hexadecimal digits, got {digits}"))?;
        let lists = PckCa::ALL.iter().copied().map(Question::PckCrl);
        let one = [Question::TdxTcbInfo { fmspc }, Question::TdQeIdentity, Question::IntelRootCrl];
        return Ok(one.into_iter().chain(lists).collect());
    }
    let product = product(first)
        .ok_or_else(|| format!("expected milan, genoa, siena, turin, fmspc or a URL, got {first}"))?;
    let (chip_id, levels) = rest.split_first().ok_or("expected a chip id after the product line")?;
    let chip_id = hex(chip_id).ok_or("chip id: expected hexadecimal digits")?;
    let levels: Option<Vec<u8>> = levels.iter().map(|level| level.parse().ok()).collect();
    let levels = levels.ok_or("TCB: expected levels from 0 to 255")?;
    let (tcb, fmc) = match levels.as_slice() {
        [bootloader, tee, snp, microcode] => ([*bootloader, *tee, *snp, *microcode], None),
        [bootloader, tee, snp, microcode, fmc] => ([*bootloader, *tee, *snp, *microcode], Some(*fmc)),
        other => return Err(format!("TCB: expected 4 levels, or 5 for Turin, got {}", other.len())),
    };
    let [bootloader, tee, snp, microcode] = tcb;
    let tcb = Tcb { fmc, bootloader, tee, snp, microcode };
    let chip = Vcek::new(product, &chip_id, tcb).map_err(|error| error.to_string())?;
    Ok(vec![Question::Vcek(chip), Question::AmdCrl { product, key: AmdKey::Vcek }])
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| from_hex(*pair)).collect()
}
