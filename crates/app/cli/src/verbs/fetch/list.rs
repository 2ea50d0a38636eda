//! The list of fetched endorsements, for people and for programs.

use serde::Serialize;
use teeproof_endorse::Error;

use crate::endorsements::completion::{Added, Completed, Missing};
use crate::endorsements::questions::REDACTED;
use crate::output::exits;
use crate::output::fault::{Fault, FaultJson};
use crate::output::page::{BAD, GOOD, HINT, LOUD, Page, Verbosity};

/// The endorsements that evidence needs: those that were fetched or cached, and those that there are not.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "FetchedEndorsements"))]
pub(crate) struct ListJson<'a> {
    /// The form: `teeproof/fetched-endorsements/1`.
    schema: &'static str,
    /// The endorsements that the evidence lacked, in the order of the requests.
    endorsements: Vec<FetchedJson>,
    /// Those that there are not.
    missing: Vec<MissingJson<'a>>,
    /// What no service can be requested for, with the reason.
    not_served: &'a [String],
    /// The exit code of the command.
    exit_code: u8,
}

/// An endorsement that was fetched or cached.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "FetchedEndorsement"))]
struct FetchedJson {
    /// What it is, in a few words.
    what: String,
    /// The URL that it was fetched from.
    url: String,
    /// `cache`, or `network` where this run fetched it.
    from: &'static str,
    /// When it was fetched, RFC 3339.
    fetched_at: String,
    /// Until when it is valid as it says itself, RFC 3339.
    valid_until: String,
    /// Its size in bytes.
    bytes: usize,
    /// The SHA-256 of its bytes, in hex.
    sha256: String,
    /// Why it is not in the cache; null where it is, or where there is no cache.
    not_cached: Option<String>,
}

/// An endorsement that there is not.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "MissingEndorsement"))]
struct MissingJson<'a> {
    /// What it is, in a few words.
    what: &'a str,
    /// Whether the exit code is that of the error; otherwise it is a warning.
    is_fatal: bool,
    /// The reason.
    error: FaultJson<'a>,
    #[serde(skip)]
    fault: &'a Fault,
}

impl<'a> ListJson<'a> {
    /// The list of what was completed.
    pub(super) fn of(completed: &'a Completed) -> Self {
        let missing = completed.missing.iter();
        let fatal = missing.clone().filter(|missing| missing.is_fatal).map(|missing| missing.fault.exit);
        let not_served = completed.gaps.as_slice();
        // What no service has is as missing as what a service does not have.
        let gaps = not_served.iter().map(|_| INCOMPLETE);
        Self {
            schema: "teeproof/fetched-endorsements/1",
            endorsements: completed.added.iter().map(FetchedJson::of).collect(),
            missing: missing.map(MissingJson::of).collect(),
            not_served,
            exit_code: fatal.chain(gaps).fold(0, exits::gravest),
        }
    }

    pub(super) const fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// The list as a page: each with its source; under --quiet only what there is not.
    pub(super) fn to_page(&self, verbosity: Verbosity) -> Page {
        let mut page = Page::new();
        if verbosity != Verbosity::Quiet {
            for one in &self.endorsements {
                let FetchedJson { what, url, from, fetched_at, valid_until, .. } = one;
                page.paint(GOOD, "✔").line(format_args!(" {what}"));
                page.line(format_args!(
                    "    from the {from}, fetched {fetched_at}, valid until {valid_until}"
                ));
                page.line(format_args!("    {url}"));
                if let Some(reason) = &one.not_cached {
                    page.line(format_args!("    not cached: {reason}"));
                }
            }
        }
        for MissingJson { what, is_fatal, fault, .. } in &self.missing {
            let (style, mark) = if *is_fatal { (BAD, "✘") } else { (LOUD, "!") };
            page.paint(style, mark).line(format_args!(" {what}"));
            fault.print_below(&mut page);
        }
        for reason in self.not_served {
            page.paint(BAD, "✘").line(format_args!(" {reason}"));
            let hint = if reason == REDACTED { ORIGINAL } else { GIVE };
            page.add("    ").paint(HINT, "hint:").add(" ").line(hint);
        }
        if self.endorsements.is_empty() && self.missing.is_empty() && self.not_served.is_empty() {
            page.line("the evidence lacks nothing that a service has");
        }
        page
    }
}

impl FetchedJson {
    fn of(added: &Added) -> Self {
        let source = added.source();
        let body = added.endorsement.answer.body();
        Self {
            what: source.what,
            url: source.url,
            from: source.from.as_str(),
            fetched_at: source.fetched_at.to_string(),
            valid_until: source.valid_until.to_string(),
            bytes: body.len(),
            sha256: teeproof_core::Hex(&teeproof_aws_lc::TABLE.sha256.digest(&[body])).to_string(),
            not_cached: added.endorsement.not_stored.as_ref().map(Error::to_string),
        }
    }
}

impl<'a> MissingJson<'a> {
    fn of(missing: &'a Missing) -> Self {
        let Missing { what, is_fatal, fault, .. } = missing;
        Self { what, is_fatal: *is_fatal, error: fault.json(), fault }
    }
}

const ORIGINAL: &str = "fetch for the original, and redact the bundle again";
const GIVE: &str = "give it as a file with --endorsements";
/// The exit code of a missing endorsement.
const INCOMPLETE: u8 = exits::of_class(teeproof_core::Class::Incomplete);
