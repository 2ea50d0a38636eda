//! `teeproof vtpm ak` and `teeproof vtpm ek`: attestation key and endorsement key, and their certificates.

use clap::Args;
use serde::Serialize;
use teeproof_core::Hex;
use teeproof_vtpm::PublicObject;

use crate::input::tpm::{TpmArgs, TpmKey, key_fault, tpm_fault};
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;

/// Arguments of both verbs.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// Write the certificate as DER, without the padding of its NV index
    #[arg(long)]
    certificate: bool,
}

impl KeyArgs {
    /// A file with --certificate.
    pub(super) const fn product_form(&self) -> ProductForm {
        if self.certificate { ProductForm::File } else { ProductForm::Answer }
    }
}

/// Runs the verb.
pub(super) fn run(
    which: &TpmKey,
    args: &KeyArgs,
    tpm: &TpmArgs,
    context: &Context,
) -> Result<Product, Fault> {
    let mut tpm = tpm.open()?;
    if args.certificate {
        let certificate = (which.certificate)(tpm.as_mut()).map_err(|error| tpm_fault(&error))?;
        return certificate.map(Product::file).ok_or_else(|| {
            Fault::device(format!("expected a certificate of the {}, found none", which.name), which.hint)
        });
    }
    let key = tpm.read_public(which.handle).map_err(|error| key_fault(which, &error))?;
    if context.is_json() {
        return Product::json(&KeyJson::of(which, &key), 0);
    }
    Ok(Product::of(page(which, &key)))
}

fn page(which: &TpmKey, key: &PublicObject) -> Page {
    let mut page = Page::new();
    page.line(format_args!("handle          {:#010x}", which.handle));
    page.line(format_args!("name            {}", Hex(&key.name)));
    page.line(format_args!("qualified name  {}", Hex(&key.qualified_name)));
    page.line(format_args!("TPMT_PUBLIC     {}", Hex(&key.public)));
    page
}

/// A key of the TPM, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "TpmKey"))]
pub(crate) struct KeyJson {
    /// The form: `teeproof/tpm-key/2`.
    schema: &'static str,
    /// Its handle: `0x81000003`.
    handle: String,
    /// Its name in hex: the hash algorithm and the hash of its TPMT_PUBLIC.
    name: String,
    /// Its qualified name in hex.
    qualified_name: String,
    /// Its TPMT_PUBLIC in hex.
    tpmt_public: String,
}

impl KeyJson {
    fn of(which: &TpmKey, key: &PublicObject) -> Self {
        Self {
            schema: "teeproof/tpm-key/2",
            handle: format!("{:#010x}", which.handle),
            name: Hex(&key.name).to_string(),
            qualified_name: Hex(&key.qualified_name).to_string(),
            tpmt_public: Hex(&key.public).to_string(),
        }
    }
}
