//! `teeproof eif measure`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;
use teeproof_core::{Hex, InstanceId, RoleArn};
use teeproof_eif::MeasuredImage;
use teeproof_nitro::{pcr3_of_role, pcr4_of_instance};

use super::json::{MeasurementsJson, summary};
use super::signer::{SignatureJson, UNSIGNED};
use crate::input::image_file::{Wanted, measure_image};
use crate::input::source::path_name;
use crate::output::fault::Fault;
use crate::output::page::{DIM, NAME, Page};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Print the PCRs that an enclave of an image has
///
/// PCR0, PCR1 and PCR2, and PCR8 of a signed image, whose signature is verified: with exit code 4 if it is invalid. PCR3
/// and PCR4 are those of an enclave on a parent instance with this role and this id. An enclave in debug mode has zeros
/// in place of PCR0, PCR1, PCR2 and PCR8.
#[derive(Debug, Args)]
pub(super) struct MeasureArgs {
    /// The image; - is standard input
    #[arg(value_name = "IMAGE", value_hint = ValueHint::FilePath)]
    image: PathBuf,

    /// The ARN of the IAM role of the parent instance, for PCR3
    #[arg(long, value_name = "ARN")]
    role: Option<String>,

    /// The id of the parent instance, for PCR4
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
}

/// The PCRs of an image. `Measurements` has the names and the form of nitro-cli.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "EifMeasurements"))]
pub(crate) struct MeasureJson<'a> {
    /// The form: `teeproof/eif-measurements/1`.
    schema: &'static str,
    /// The exit code of the command.
    exit_code: u8,
    /// The file's name as it was given.
    file: &'a str,
    /// The PCRs, as nitro-cli prints them.
    #[serde(rename = "Measurements")]
    measurements: MeasurementsJson,
    /// The signature of the image; null of an image that is not signed.
    signature: Option<SignatureJson>,
}

impl<'a> MeasureJson<'a> {
    /// The PCRs of an image, without those of a parent instance.
    pub(super) fn of(file: &'a str, image: &MeasuredImage) -> Self {
        let signature = SignatureJson::of(image);
        Self {
            schema: "teeproof/eif-measurements/1",
            exit_code: signature.as_ref().map_or(0, SignatureJson::exit),
            file,
            measurements: MeasurementsJson::of(image),
            signature,
        }
    }
}

/// Runs the verb.
pub(super) fn run(args: &MeasureArgs, context: &Context) -> Result<Product, Fault> {
    let crypto = &teeproof_aws_lc::TABLE;
    let role = args.role.as_deref().map(role_arn).transpose()?;
    let instance = args.instance.as_deref().map(instance_id).transpose()?;
    let image = measure_image(&args.image, Wanted::default(), &context.source)?;
    let file = path_name(&args.image);
    let hex = |pcr: [u8; 48]| Hex(&pcr).to_string();
    let mut json = MeasureJson::of(&file, &image);
    json.measurements.pcr3 = role.map(|role| hex(pcr3_of_role(role.as_str(), crypto)));
    json.measurements.pcr4 = instance.map(|instance| hex(pcr4_of_instance(instance.as_str(), crypto)));
    if context.is_json() {
        return Product::json(&json, json.exit_code);
    }
    let MeasureJson { exit_code, measurements, signature, .. } = json;
    let mut page = Page::new();
    if !context.quiet {
        page.paint(NAME, &file).line(format_args!(": {}", summary(&image)));
    }
    let mut pcrs: Vec<_> = image.measurements().pcrs().map(|(pcr, value)| (pcr, hex(*value), "")).collect();
    pcrs.extend(role.zip(measurements.pcr3).map(|(role, value)| (3, value, role.as_str())));
    pcrs.extend(instance.zip(measurements.pcr4).map(|(instance, value)| (4, value, instance.as_str())));
    pcrs.sort();
    for (pcr, value, of) in pcrs {
        page.add(format_args!("PCR{pcr}  {value}"));
        if !of.is_empty() {
            page.add("  ").paint(DIM, of);
        }
        page.end();
    }
    match &signature {
        Some(signature) => signature.print(&mut page),
        None if !context.quiet => _ = page.line(UNSIGNED),
        None => {}
    }
    Ok(Product::ending(page, exit_code))
}

/// The ARN of a role.
fn role_arn(text: &str) -> Result<RoleArn<'_>, Fault> {
    RoleArn::parse(text).map_err(|error| Fault::usage(format!("--role: {error}: {text}"), error.hint()))
}

/// The id of an instance.
fn instance_id(text: &str) -> Result<InstanceId<'_>, Fault> {
    InstanceId::parse(text)
        .map_err(|error| Fault::usage(format!("--instance: {error}, got {text}"), error.hint()))
}
