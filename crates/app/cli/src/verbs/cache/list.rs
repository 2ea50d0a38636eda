//! `teeproof cache list`.

use serde::Serialize;
use teeproof_core::Time;
use teeproof_endorse::{CacheRow, Endpoints, HttpUrl, Question};

use super::opened::{endorsements, is_missing, open_existing, size};
use crate::input::time::{now, shown};
use crate::output::fault::Fault;
use crate::output::page::{LOUD, NAME, Page};
use crate::output::product::Product;
use crate::settings::context::Context;
use crate::settings::network::Reach;

/// The content of the cache, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "CacheList"))]
pub(crate) struct ListJson {
    /// The form: `teeproof/cache-list/1`.
    schema: &'static str,
    /// The directory of the cache.
    directory: String,
    /// Bytes of all endorsements.
    bytes: u64,
    /// The endorsements in the order of their URLs.
    endorsements: Vec<EntryJson>,
}

/// An endorsement in the cache.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "CachedEndorsement"))]
struct EntryJson {
    /// What it is, such as `VCEK of a Milan chip`; null of a URL of services that were in use before.
    what: Option<String>,
    /// The URL that it was fetched from.
    url: String,
    /// When it was fetched, RFC 3339; null if the entry has an impossible time.
    fetched: Option<String>,
    /// The last second for which it says that it is valid, RFC 3339; null if the entry has an impossible time.
    valid_until: Option<String>,
    /// Whether it has expired.
    expired: bool,
    /// When it was last used, RFC 3339; null if its file has an impossible time.
    last_used: Option<String>,
    /// Its size on disk, in bytes.
    bytes: u64,
}

impl EntryJson {
    fn of(row: CacheRow, endpoints: [&Endpoints; 2], now: Time) -> Self {
        let url = HttpUrl::parse(&row.url).ok();
        let question = |url| endpoints.into_iter().find_map(|endpoints| Question::of_url(url, endpoints));
        Self {
            what: url.as_ref().and_then(question).map(|question| question.title()),
            fetched: shown(row.fetched_at),
            valid_until: shown(row.valid_until),
            expired: row.valid_until < now,
            last_used: shown(row.last_used),
            bytes: row.bytes,
            url: row.url,
        }
    }
}

/// Runs the verb.
pub(super) fn run(context: &Context) -> Result<Product, Fault> {
    let (cache, directory) = open_existing(context)?;
    let network = context.network.open(Reach::CacheOnly, &context.messages)?;
    let (vendors, now) = (Endpoints::vendors(), now());
    let is_cache = cache.is_some();
    let mut rows = cache.map(|cache| cache.list()).unwrap_or_default();
    rows.sort_by(|a, b| a.url.cmp(&b.url));
    let bytes = rows.iter().fold(0_u64, |sum, row| sum.saturating_add(row.bytes));
    let entries = rows.into_iter().map(|row| EntryJson::of(row, [network.endpoints(), &vendors], now));
    let list =
        ListJson { schema: "teeproof/cache-list/1", directory, bytes, endorsements: entries.collect() };
    if context.is_json() {
        return Product::json(&list, 0);
    }
    if !is_cache {
        return Ok(Product::of(Page::of_line(is_missing(&list.directory))));
    }
    Ok(Product::of(page(&list, context)))
}

fn page(list: &ListJson, context: &Context) -> Page {
    let mut page = Page::new();
    for entry in list.endorsements.iter().filter(|_| !context.quiet) {
        let EntryJson { what, url, .. } = entry;
        let time = |time: &Option<String>| time.clone().unwrap_or_else(|| "at an impossible time".to_owned());
        let (fetched, valid_until, last_used) =
            (time(&entry.fetched), time(&entry.valid_until), time(&entry.last_used));
        page.paint(NAME, what.as_deref().unwrap_or("endorsement of another service"));
        page.add(format_args!(", fetched {fetched}, "));
        if entry.expired {
            page.paint(LOUD, "EXPIRED").line(format_args!(" {valid_until}"));
        } else {
            page.line(format_args!("valid until {valid_until}"));
        }
        page.line(format_args!("  {url}"));
        if context.verbose {
            page.line(format_args!("  {} bytes, last used {last_used}", entry.bytes));
        }
    }
    let count = endorsements(list.endorsements.len());
    page.line(format_args!("{count}, {}, in {}", size(list.bytes), list.directory));
    page
}
