//! `teeproof vtpm nv`: NV indexes.

use clap::{Args, Subcommand};
use serde::Serialize;
use teeproof_core::Hex;
use teeproof_vtpm::{NvAttributes, NvPublic, Tpm, all_handles, handles, hash_name, read_index, write_index};

use crate::input::bytes;
use crate::input::tpm::{TpmArgs, tpm_fault};
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Verbs for NV indexes.
#[derive(Debug, Subcommand)]
pub(super) enum NvCommand {
    /// List the defined indexes
    List,
    /// Write the content of an index
    Read(IndexArgs),
    Write(WriteArgs),
    Define(DefineArgs),
    /// Delete an index of the owner hierarchy and its content
    Undefine(IndexArgs),
}

/// The index.
#[derive(Debug, Args)]
pub(super) struct IndexArgs {
    /// The handle of the index: 0x01400001
    #[arg(value_name = "INDEX", value_parser = parse_handle)]
    index: u32,
}

/// Store bytes in an index
#[derive(Debug, Args)]
pub(super) struct WriteArgs {
    #[command(flatten)]
    index: IndexArgs,

    /// The bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(value_name = "BYTES")]
    bytes: String,

    /// The offset of the first byte
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    offset: u16,
}

/// Define an index in the owner hierarchy
#[derive(Debug, Args)]
pub(super) struct DefineArgs {
    #[command(flatten)]
    index: IndexArgs,

    /// The size of the index
    #[arg(long, value_name = "BYTES")]
    size: u16,

    /// The attributes, in the form of tpm2_nvdefine
    #[arg(long, value_name = "A|B|…", default_value = "ownerwrite|ownerread|authwrite|authread")]
    attributes: String,

    /// The digest of the authorization policy: hex:…, b64:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES")]
    policy: Option<String>,
}

/// Runs the verb.
pub(super) fn run(command: &NvCommand, tpm: &TpmArgs, context: &Context) -> Result<Product, Fault> {
    let failed = |error| tpm_fault(&error);
    match command {
        NvCommand::List => list(tpm.open()?.as_mut(), context),
        NvCommand::Read(args) => {
            read_index(tpm.open()?.as_mut(), args.index).map(Product::file).map_err(failed)
        }
        NvCommand::Write(args) => {
            let data = bytes::resolve_bytes(&args.bytes, "BYTES", &context.source)?;
            write_index(tpm.open()?.as_mut(), args.index.index, args.offset, &data).map_err(failed)?;
            context.messages.say(&format!("{:#010x}: {} bytes written", args.index.index, data.len()));
            Ok(Product::none())
        }
        NvCommand::Define(args) => {
            let public = args.public(context)?;
            tpm.open()?.nv_define(&public).map_err(failed)?;
            context.messages.say(&format!("{:#010x}: defined", public.index));
            Ok(Product::none())
        }
        NvCommand::Undefine(args) => {
            tpm.open()?.nv_undefine(args.index).map_err(failed)?;
            context.messages.say(&format!("{:#010x}: undefined", args.index));
            Ok(Product::none())
        }
    }
}

impl DefineArgs {
    fn public(&self, context: &Context) -> Result<NvPublic, Fault> {
        let policy = self.policy.as_ref().map(|text| bytes::resolve_bytes(text, "--policy", &context.source));
        let mut attributes = NvAttributes::empty();
        for word in self.attributes.split('|').map(str::trim) {
            let known = NvAttributes::from_name(&word.to_ascii_uppercase());
            attributes |= known.ok_or_else(|| {
                let names: Vec<_> =
                    NvAttributes::all().iter_names().map(|(name, _)| name.to_ascii_lowercase()).collect();
                Fault::usage(
                    format!("--attributes: expected an attribute of tpm2_nvdefine, got {word}"),
                    format!("use {}", names.join(", ")),
                )
            })?;
        }
        Ok(NvPublic {
            index: self.index.index,
            name_algorithm: teeproof_wire::tpm::SHA256,
            attributes,
            policy: policy.transpose()?.unwrap_or_default(),
            data_size: self.size,
        })
    }
}

/// Parses a handle, hexadecimal with 0x, decimal without.
pub(super) fn parse_handle(text: &str) -> Result<u32, String> {
    let read = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    read.map_err(|_| "expected a handle such as 0x01400001".to_owned())
}

fn list(tpm: &mut dyn Tpm, context: &Context) -> Result<Product, Fault> {
    let failed = |error| tpm_fault(&error);
    let mut found = Vec::new();
    for index in all_handles(tpm, handles::FIRST_NV_INDEX).map_err(failed)? {
        found.push(tpm.nv_public(index).map_err(failed)?);
    }
    if context.is_json() {
        let indexes = found.iter().map(IndexJson::of).collect();
        return Product::json(&ListJson { schema: "teeproof/nv-indexes/2", indexes }, 0);
    }
    let mut page = Page::new();
    for public in &found {
        let what = known(public.index).map(|what| format!("  {what}")).unwrap_or_default();
        page.line(format_args!("{:#010x}  {:>5} bytes{what}", public.index, public.data_size));
        page.line(format_args!("            {}", names(public.attributes).join("|")));
    }
    Ok(Product::of(page))
}

fn names(attributes: NvAttributes) -> Vec<String> {
    attributes.iter_names().map(|(name, _)| name.to_ascii_lowercase()).collect()
}

/// The purpose of an index that Azure defines.
const fn known(index: u32) -> Option<&'static str> {
    match index {
        handles::REPORT => Some("HCL report"),
        handles::INPUT => Some("user data for the report"),
        handles::AK_CERTIFICATE => Some("certificate of the attestation key"),
        handles::EK_CERTIFICATE => Some("certificate of the endorsement key"),
        _ => None,
    }
}

/// NV indexes, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "NvIndexes"))]
pub(crate) struct ListJson {
    /// The form: `teeproof/nv-indexes/2`.
    schema: &'static str,
    /// The indexes in the order of their handles.
    indexes: Vec<IndexJson>,
}

/// One NV index, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "NvIndex"))]
struct IndexJson {
    /// Its handle: `0x01400001`.
    index: String,
    /// Its size in bytes.
    size: u16,
    /// The hash of its name: `sha256`; null where the algorithm is not known.
    name_algorithm: Option<&'static str>,
    /// Its attributes as tpm2-tools write them: `ownerread`.
    attributes: Vec<String>,
    /// The digest of its policy in hex; empty where it has none.
    policy: String,
}

impl IndexJson {
    fn of(public: &NvPublic) -> Self {
        Self {
            index: format!("{:#010x}", public.index),
            size: public.data_size,
            name_algorithm: hash_name(public.name_algorithm),
            attributes: names(public.attributes),
            policy: Hex(&public.policy).to_string(),
        }
    }
}
