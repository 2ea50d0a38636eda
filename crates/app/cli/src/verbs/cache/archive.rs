//! `teeproof cache export` and `teeproof cache import`.

use std::io::BufReader;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;
use teeproof_endorse::{CacheArchive, Error, ExpiredEntries, Imported, archive_head, archive_line};

use super::opened::{endorsements, is_missing, open, open_existing};
use crate::input::source::path_name;
use crate::input::time::now;
use crate::output::exits::gravest;
use crate::output::fault::{Fault, FaultJson};
use crate::output::page::{BAD, Page};
use crate::output::product::Product;
use crate::settings::context::Context;
use crate::settings::network::Reach;

/// Write the endorsements to one file, for a machine without a network
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Include endorsements that have expired, to verify evidence at an earlier time
    #[arg(long)]
    all: bool,
}

/// Add the endorsements of a file that cache export wrote
///
/// An endorsement is added if it is the one that its URL names, and newer than the one in the cache: issued later, or
/// issued at the same time and fetched later. Its URL is that of a vendor's service or of the services in use. Exit code
/// 3 if the file is malformed, or has anything else.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// Add endorsements that have expired, to verify evidence at an earlier time
    #[arg(long)]
    all: bool,
}

/// Runs `teeproof cache export`.
pub(super) fn export(args: &ExportArgs, context: &Context) -> Result<Product, Fault> {
    let (cache, directory) = open_existing(context)?;
    let cache = cache.ok_or_else(|| {
        let hint = "give the directory with --cache-dir, or fill it with teeproof fetch or cache prefetch";
        Fault::usage(is_missing(&directory), hint)
    })?;
    let mut text = archive_head().to_owned();
    let mut count = 0_usize;
    for entry in cache.entries((!args.all).then(now)) {
        text.push_str(&archive_line(&entry));
        count = count.saturating_add(1);
    }
    context.messages.say(&format!("exported {}", endorsements(count)));
    Ok(Product::text(text))
}

/// What an import did, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "CacheImport"))]
pub(crate) struct ImportJson<'a> {
    /// The form: `teeproof/cache-import/1`.
    schema: &'static str,
    /// The exit code of the command.
    exit_code: u8,
    /// The file's name as it was given.
    file: &'a str,
    /// The number of endorsements that were added.
    added: usize,
    /// The number of those that are not newer than those of the cache.
    not_newer: usize,
    /// The number of those that have expired, which were not added.
    expired: usize,
    /// The number of lines that were refused.
    refused_lines: usize,
    /// The first 20 lines that were refused.
    refused: Vec<RefusedJson<'a>>,
}

/// A line that was refused.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "RefusedLine"))]
struct RefusedJson<'a> {
    /// The line, counted from 1.
    line: u64,
    /// Why.
    error: FaultJson<'a>,
}

/// The most refused lines that are named. A file can have as many as it likes.
const NAMED_LINES: usize = 20;

/// Runs `teeproof cache import`.
pub(super) fn import(args: &ImportArgs, context: &Context) -> Result<Product, Fault> {
    let file = path_name(&args.file);
    let (cache, directory) = open(context)?;
    let network = context.network.open(Reach::CacheOnly, &context.messages)?;
    let reader = BufReader::new(context.source.stream(&args.file)?);
    let archive = CacheArchive::new(reader).map_err(|error| malformed(&error).in_file(&file))?;
    let (mut added, mut not_newer, mut expired) = (0_usize, 0_usize, 0_usize);
    let (mut refused_lines, mut refused, mut exit) = (0_usize, Vec::new(), 0);
    let of_expired = if args.all { ExpiredEntries::Stored } else { ExpiredEntries::LeftOut };
    let now = now();
    for entry in archive {
        let line = match &entry {
            Ok(entry) => entry.line,
            Err(Error::Archive { line, .. }) => *line,
            Err(_) => 0,
        };
        let count = match entry.and_then(|entry| cache.import(&entry, network.endpoints(), now, of_expired)) {
            Ok(Imported::Stored) => &mut added,
            Ok(Imported::NotNewer) => &mut not_newer,
            Ok(Imported::Expired) => &mut expired,
            // Without room on the disk, no line can be added.
            Err(error @ (Error::Cache { .. } | Error::CacheFull { .. })) => return Err(Fault::fetch(&error)),
            Err(error) => {
                let fault = malformed(&error).in_file(&file);
                exit = gravest(exit, fault.exit);
                if refused.len() < NAMED_LINES {
                    refused.push((line, fault));
                }
                &mut refused_lines
            }
        };
        *count = count.saturating_add(1);
    }
    if context.is_json() {
        let refused = refused.iter().map(|(line, fault)| RefusedJson { line: *line, error: fault.json() });
        let json = ImportJson {
            schema: "teeproof/cache-import/1",
            exit_code: exit,
            file: &file,
            added,
            not_newer,
            expired,
            refused_lines,
            refused: refused.collect(),
        };
        return Product::json(&json, exit);
    }
    let mut page = Page::new();
    for (line, fault) in &refused {
        page.paint(BAD, "REFUSED").line(format_args!(" line {line}"));
        fault.print_below(&mut page);
    }
    let unnamed = refused_lines.saturating_sub(refused.len());
    if unnamed > 0 {
        page.line(format_args!("and {unnamed} more refused lines"));
    }
    page.line(format_args!(
        "added {}, {not_newer} not newer, {expired} expired, {refused_lines} refused; {directory}",
        endorsements(added)
    ));
    Ok(Product::ending(page, exit))
}

/// The fault of a line.
fn malformed(error: &Error) -> Fault {
    let hint = match error {
        Error::Archive { .. } => error.hint(),
        _ => "the file was altered, or another program wrote it: export it again",
    };
    Fault::malformed(error.to_string(), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_mistake_of_usage() {
        let (path, reason) = (String::new(), String::new());
        assert_eq!(Fault::fetch(&Error::CacheFull { path: path.clone(), reason: reason.clone() }).exit, 1);
        assert_eq!(Fault::fetch(&Error::CacheRefused { path, reason }).exit, 2);
    }
}
