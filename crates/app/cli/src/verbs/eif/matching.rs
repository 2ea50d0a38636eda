//! `teeproof eif match`: the PCRs of an image compared with those of a document or of nitro-cli.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;
use teeproof::{Evidence, Request, Verified};
use teeproof_core::{Freshness, Hex, Technology};
use teeproof_eif::{MAGIC, MeasuredImage, Measurements, MeasurementsError};
use teeproof_evidence::InputKind;
use teeproof_wire::nitro::{Document, Limits};
use teeproof_x509::Anchors;

use super::signer::{SignatureJson, UNSIGNED};
use crate::input::evidence_files::{self, Backing, Files};
use crate::input::image_file::{Wanted, is_image, measure_image};
use crate::input::source::path_name;
use crate::input::time::At;
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::hints;
use crate::output::page::{BAD, GOOD, LOUD, NAME, Page};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Compare an image with a document or with the measurements of nitro-cli
///
/// PCR0, PCR1, PCR2 and PCR8 are compared; files are not, because two builds of one source differ in their metadata and
/// have equal PCRs. The document is verified, at its own time and without a nonce, unless --at is given: a match shows
/// that an enclave of this image made it at that time. Measurements are signed by nobody and are compared only with
/// --unverified. An enclave in debug mode has no measurements, so that its document matches no image.
///
/// Exit code 0 if all are equal and the image's signature is valid or absent, 6 if one differs, and that of the failed
/// check if the document is not authentic. An image whose signature is invalid matches nothing: exit code 4; one whose
/// signature is of an unsupported algorithm: 3.
#[derive(Debug, Args)]
pub(super) struct MatchArgs {
    /// The image
    #[arg(value_name = "IMAGE", value_hint = ValueHint::FilePath)]
    image: PathBuf,

    /// A document of an enclave, or with --unverified the JSON of nitro-cli build-enclave, describe-eif or of eif
    /// measure; - is stdin
    #[arg(value_name = "DOC", value_hint = ValueHint::FilePath)]
    document: PathBuf,

    /// When the document is verified: document (its own time stamp), now, or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "document", value_parser = At::parse)]
    at: At,

    /// Do not verify DOC: anybody could have written its PCRs. Required for measurements, which nobody signs
    #[arg(long, conflicts_with_all = ["at", "anchor", "endorsements", "require_revocation_lists"])]
    unverified: bool,

    #[command(flatten)]
    backing: Backing,
}

/// The comparison of an image with a document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "EifMatch"))]
pub(crate) struct MatchJson<'a> {
    /// The form: `teeproof/eif-match/1`.
    schema: &'static str,
    /// The exit code of the command.
    exit_code: u8,
    /// The image's name as it was given.
    file: &'a str,
    /// The name of the document, or of the measurements.
    document: &'a str,
    /// `nitro-document`, or `nitro-cli` for measurements, which nobody signs.
    kind: &'static str,
    /// Whether the document was verified.
    verified: bool,
    /// `pinned` or `added`: where the chain of a verified document ends; null of others.
    anchor: Option<&'static str>,
    /// When the document was made, RFC 3339, by itself; null of measurements.
    made: Option<String>,
    /// The enclave, by the document; null of measurements.
    module_id: Option<String>,
    /// Whether the document is of an enclave in debug mode, which has no measurements.
    debug: bool,
    /// The signature of the image; null of an image that is not signed.
    signature: Option<SignatureJson>,
    /// Whether every PCR is that of the image, and its signature is valid or absent: exit code 0.
    matches: bool,
    /// PCR0, PCR1, PCR2 and PCR8.
    pcrs: Vec<PcrJson>,
}

/// A PCR of the image and of the document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "ComparedPcr"))]
struct PcrJson {
    /// The number of the PCR.
    pcr: u8,
    /// Its value by the image; null for PCR8 of an image that is not signed.
    image: Option<String>,
    /// Its value in the document; null where it has none.
    document: Option<String>,
    /// Whether they are equal. A PCR8 of zeros is that of an image that is not signed.
    equal: bool,
}

/// The PCRs that an image is compared with, and where they are from.
struct Compared {
    kind: &'static str,
    verified: bool,
    anchor: Option<&'static str>,
    made: Option<String>,
    module_id: Option<String>,
    /// PCR0, PCR1, PCR2 and PCR8.
    pcrs: [Option<[u8; 48]>; 4],
}

const NUMBERS: [u8; 4] = [0, 1, 2, 8];

/// Runs the verb.
pub(super) fn run(args: &MatchArgs, context: &Context) -> Result<Product, Fault> {
    let (file, document) = (path_name(&args.image), path_name(&args.document));
    let compared = compared(args, context)?;
    let image = measure_image(&args.image, Wanted::default(), &context.source)?;
    let json = compare(&image, compared, &file, &document);
    if context.is_json() {
        return Product::json(&json, json.exit_code);
    }
    Ok(Product::ending(page(&json, context), json.exit_code))
}

/// The PCRs of the document or of the measurements.
fn compared(args: &MatchArgs, context: &Context) -> Result<Compared, Fault> {
    let name = path_name(&args.document);
    let of_image = || Err(Fault::from(NotADocument::Image).in_file(&name));
    // An image can be larger than what is read into memory.
    if is_image(&args.document) {
        return of_image();
    }
    let bytes = context.source.read(&args.document)?;
    if bytes.starts_with(&MAGIC) {
        return of_image();
    }
    let mut files = Files::shared(&args.backing, &context.source, &context.messages)?;
    match files.inputs_mut().add(&bytes, None) {
        Ok(sniffed)
            if sniffed.kind == InputKind::NitroDocument
                || sniffed.parts.contains(&InputKind::NitroDocument) => {}
        // Whether anything is verified is the caller's decision, never that of the file.
        other => match (other, looks_like_measurements(&bytes)) {
            (_, Some(text)) if args.unverified => {
                let pcrs = Measurements::from_nitro_cli(text);
                let fault = |error: MeasurementsError| {
                    Fault::of_class(error.class(), error.to_string(), error.hint()).in_file(&name)
                };
                return pcrs.map(|pcrs| Compared::of_measurements(&pcrs)).map_err(fault);
            }
            (_, Some(_)) => return Err(Fault::from(NotADocument::Measurements).in_file(name)),
            (Err(error), None) => return Err(Fault::input(&error).in_file(name)),
            (Ok(sniffed), None) => return Err(Fault::from(NotADocument::Other(sniffed.kind)).in_file(name)),
        },
    }
    let evidence = files.evidence()?;
    if args.unverified {
        return unverified(&evidence).map_err(|fault| fault.in_file(name));
    }
    let (endorsements, anchors) = (files.inputs().endorsements(), files.anchors());
    let crypto = context.crypto(None);
    let freshness = Freshness::Waived("an image is compared with a document of any time");
    let revocation =
        evidence_files::revocation(&endorsements.revocation_lists, args.backing.require_revocation_lists);
    let request =
        Request::for_inputs(&endorsements, &[Technology::Nitro], freshness, args.at.moment(), &crypto)
            .revocation(revocation)
            .anchors(Anchors::and(&anchors));
    let result = teeproof::verify(&evidence, &request)
        .map_err(|error| Fault::usage(error.to_string(), hints::of_request(&error)).in_file(&name))?;
    match result.authentic() {
        Some(Verified::Nitro(verified)) => {
            let anchor = if verified.is_production() { "pinned" } else { "added" };
            Ok(Compared::of_document(verified.document(), Some(anchor)))
        }
        _ => {
            let failure = result.failures().next();
            let message = failure.map_or_else(
                || "the document is not authentic".to_owned(),
                |finding| format!("{}: {}", finding.check.id, finding.because.as_deref().unwrap_or("failed")),
            );
            let hint = failure.map(|finding| hints::with_recorded_remedy(finding.hint(), finding.remedy()));
            let class = result.class().unwrap_or(teeproof_core::Class::NotAuthentic);
            let hint = hint.unwrap_or_else(|| "see its checks with teeproof verify".to_owned());
            Err(Fault::of_class(class, message, hint).in_file(name))
        }
    }
}

/// What DOC is instead of a document of an enclave.
#[derive(Clone, Copy)]
enum NotADocument {
    Image,
    Measurements,
    Other(InputKind),
}

impl From<NotADocument> for Fault {
    fn from(found: NotADocument) -> Self {
        match found {
            NotADocument::Image => Self::usage(
                "DOC is an enclave image (EIF)",
                "give IMAGE first, then the document; for the PCRs of an image, use teeproof eif measure",
            ),
            NotADocument::Measurements => Self::usage(
                "expected a document of an enclave, found measurements, which nobody signs",
                "compare with measurements that you trust with --unverified: teeproof eif match IMAGE DOC --unverified",
            ),
            NotADocument::Other(kind) => Self::usage(
                format!("expected a document of an enclave, found {}", kind.with_article()),
                "give a Nitro document; or with --unverified the JSON that nitro-cli build-enclave or describe-eif prints",
            ),
        }
    }
}

/// The text, if it may be JSON of nitro-cli or of `eif measure`.
fn looks_like_measurements(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_json = text.trim_start().starts_with(['{', '[']);
    (is_json && (text.contains("\"PCR0\"") || text.contains("\"Measurements\""))).then_some(text)
}

/// The PCRs of a document that is not verified.
fn unverified(evidence: &Evidence<'_>) -> Result<Compared, Fault> {
    let Evidence::Nitro(bytes) = evidence else {
        return Err(Fault::usage(
            "expected a document of an enclave, found other evidence",
            "give a Nitro document of an enclave",
        ));
    };
    let fault = |error: teeproof_wire::Error| {
        Fault::malformed(error.to_string(), "see its content with teeproof inspect")
    };
    let envelope = teeproof_wire::cose::Sign1::parse(bytes).map_err(fault)?;
    let document = Document::parse(envelope.payload(), envelope.payload_offset(), &Limits::USUAL);
    Ok(Compared::of_document(&document.map_err(fault)?, None))
}

impl Compared {
    fn of_measurements(pcrs: &Measurements) -> Self {
        Self {
            kind: "nitro-cli",
            verified: false,
            anchor: None,
            made: None,
            module_id: None,
            pcrs: [Some(pcrs.pcr0), Some(pcrs.pcr1), Some(pcrs.pcr2), pcrs.pcr8],
        }
    }

    /// A document; with where its chain ends, if it was verified.
    fn of_document(document: &Document<'_>, anchor: Option<&'static str>) -> Self {
        Self {
            kind: InputKind::NitroDocument.as_str(),
            verified: anchor.is_some(),
            anchor,
            made: Some(teeproof_core::Time::from_millis(document.timestamp).to_string()),
            module_id: Some(document.module_id.to_owned()),
            pcrs: NUMBERS.map(|number| document.pcrs.get(number).copied()),
        }
    }

    /// Whether PCR0, PCR1 or PCR2 is zero or missing.
    fn is_debug(&self) -> bool {
        self.pcrs.iter().take(3).any(|pcr| pcr.is_none_or(|pcr| pcr == [0; 48]))
    }
}

fn compare<'a>(image: &MeasuredImage, compared: Compared, file: &'a str, document: &'a str) -> MatchJson<'a> {
    let Measurements { pcr0, pcr1, pcr2, pcr8 } = *image.measurements();
    let of_image = [Some(pcr0), Some(pcr1), Some(pcr2), pcr8];
    let debug = compared.is_debug();
    let hex = |pcr: [u8; 48]| Hex(&pcr).to_string();
    let pcrs: Vec<_> = (NUMBERS.into_iter().zip(of_image).zip(compared.pcrs))
        .map(|((pcr, image), document)| PcrJson {
            pcr,
            equal: image.unwrap_or([0; 48]) == document.unwrap_or([0; 48]),
            image: image.map(hex),
            document: document.map(hex),
        })
        .collect();
    let signature = SignatureJson::of(image);
    let are_equal = !debug && pcrs.iter().all(|pcr| pcr.equal);
    let exit_code = match signature.as_ref().map_or(0, SignatureJson::exit) {
        0 if are_equal => 0,
        0 => exits::of_class(teeproof_core::Class::Refused),
        of_signature => of_signature,
    };
    MatchJson {
        schema: "teeproof/eif-match/1",
        exit_code,
        file,
        document,
        kind: compared.kind,
        verified: compared.verified,
        anchor: compared.anchor,
        made: compared.made,
        module_id: compared.module_id,
        debug,
        signature,
        matches: exit_code == 0,
        pcrs,
    }
}

fn page(json: &MatchJson<'_>, context: &Context) -> Page {
    let mut page = Page::new();
    let signature = json.signature.as_ref();
    let (style, word) = match (signature.map_or(0, SignatureJson::exit), json.debug, json.matches) {
        (0, true, _) => (BAD, "DEBUG"),
        (0, false, true) => (GOOD, "MATCH"),
        (0, false, false) => (BAD, "DIFFERENT"),
        (4, ..) => (BAD, "INVALID SIGNATURE"),
        _ => (BAD, "SIGNATURE NOT VERIFIED"),
    };
    page.paint(style, word).add("  ").paint(NAME, json.file).add(" and ").paint(NAME, json.document);
    page.line(format_args!("  exit {}", json.exit_code));
    match (json.kind, json.anchor) {
        ("nitro-cli", _) => _ = page.paint(LOUD, "UNVERIFIED").line(": measurements that nobody signs"),
        (_, Some("pinned")) => {
            page.line("verified: signed by AWS' Nitro hypervisor; no nonce was expected");
        }
        (_, Some(_)) => {
            _ = page.paint(LOUD, "NON-PRODUCTION ANCHOR").line(": verified under an added anchor")
        }
        (_, None) => _ = page.paint(LOUD, "UNVERIFIED").line(": anybody could have written this document"),
    }
    if let (Some(made), Some(module)) = (&json.made, &json.module_id) {
        page.line(format_args!("made {made} by {module}"));
    }
    if json.debug {
        page.line(
            "an enclave in debug mode: its PCR0, PCR1 or PCR2 is zero, and says nothing about an image",
        );
    }
    for pcr in json.pcrs.iter().filter(|_| !context.quiet) {
        let (style, mark) = if pcr.equal { (GOOD, "✔") } else { (BAD, "✘") };
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        page.add(" ").paint(style, mark).add(format_args!(" PCR{}  ", pcr.pcr));
        if pcr.equal {
            page.line(shown(&pcr.image));
        } else {
            page.line(format_args!("image     {}", shown(&pcr.image)));
            page.line(format_args!("         document  {}", shown(&pcr.document)));
        }
    }
    match signature {
        Some(signature) => signature.print(&mut page),
        None if !context.quiet => _ = page.line(UNSIGNED),
        None => {}
    }
    page
}
