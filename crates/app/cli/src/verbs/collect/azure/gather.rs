//! The order of collecting: report, quote, AK certificate, event log, VCEK chain.

use std::borrow::Cow;

use teeproof::wire::OwnedCertificate;
use teeproof::wire::hcl::ReportType;
use teeproof::wire::tpm::SHA256;
use teeproof_endorse::vcek_chain;
use teeproof_evidence::{InputError, Inputs, Kind, Part, Sha256Pcrs};
use teeproof_vtpm::{PcrValues, Tpm, ak_certificate, handles, quote, read_event_log};

use super::args::{Asked, AzureArgs};
use crate::input::azure::http;
use crate::input::tpm::fault;
use crate::input::{tpm_keys, tpm_report};
use crate::output::fault::Fault;
use crate::settings::context::Context;

/// Collects everything.
pub(super) fn all(args: &AzureArgs, asked: &Asked, context: &Context) -> Result<Inputs, Fault> {
    let mut tpm = args.tpm.open()?;
    let mut inputs = Inputs::new();
    let report = match asked.fresh {
        true => tpm_report::fresh(tpm.as_mut(), &asked.user_data, context.timeout, &context.messages)?,
        false => tpm_report::boot(tpm.as_mut(), &context.messages)?,
    };
    let hardware = ReportType::peek(report.bytes());
    add(&mut inputs, Kind::HclReport, report.bytes())?;
    quoted(tpm.as_mut(), args, asked, context, &mut inputs)?;
    match ak_certificate(tpm.as_mut()).map_err(|error| fault(&error))? {
        Some(certificate) => match OwnedCertificate::parse(certificate) {
            Ok(certificate) => {
                context.messages.say("attestation key: its certificate came along");
                let part = Part::Certificate(certificate);
                inputs.add_part(part).map_err(|error| Fault::input(&error))?;
            }
            Err((error, _)) => context
                .messages
                .say(&format!("attestation key: no certificate, its index holds none: {error}")),
        },
        None => context.messages.say("attestation key: this TPM has no certificate of it"),
    }
    log(args, context, &mut inputs)?;
    if hardware == Some(ReportType::SNP) {
        for certificate in vcek_certificates(args, context) {
            add(&mut inputs, Kind::Certificate, certificate)?;
        }
    } else {
        context.messages.say("endorsements: none, a TD quote is not collected yet");
    }
    Ok(inputs)
}

fn quoted(
    tpm: &mut dyn Tpm,
    args: &AzureArgs,
    asked: &Asked,
    context: &Context,
    inputs: &mut Inputs,
) -> Result<(), Fault> {
    let quoted = quote(tpm, handles::AK, &asked.nonce, &[args.pcrs.0])
        .map_err(|error| tpm_keys::failed(&tpm_keys::AK, &error))?;
    context.messages.say(&format!("quote: over {}", args.pcrs));
    add(inputs, Kind::TpmQuote, quoted.signed.message)?;
    add(inputs, Kind::TpmSignature, quoted.signed.signature)?;
    for PcrValues { selection, values } in quoted.registers {
        let numbered = selection.indices().zip(values);
        let numbered = numbered.map(|(index, value)| Some((index, <[u8; 32]>::try_from(value).ok()?)));
        let pcrs = match selection.bank {
            SHA256 => numbered.collect::<Option<Vec<_>>>().and_then(Sha256Pcrs::from_numbered),
            bank => return Err(Fault::input(&InputError::OtherBank(bank))),
        };
        let part = pcrs.map(Part::Pcrs).ok_or_else(|| Fault::input(&InputError::Registers))?;
        inputs.add_part(part).map_err(|error| Fault::input(&error))?;
    }
    Ok(())
}

fn log(args: &AzureArgs, context: &Context, inputs: &mut Inputs) -> Result<(), Fault> {
    if args.no_event_log {
        context.messages.say("boot log: left out");
        return Ok(());
    }
    match read_event_log(&args.event_log.event_log) {
        Ok(log) => {
            context.messages.say(&format!("boot log: {} bytes", log.len()));
            add(inputs, Kind::EventLog, log)
        }
        // The registers are quoted all the same; what is missing is their explanation.
        Err(none) => {
            context.messages.say(&format!("boot log: none, {none}; {}", none.hint()));
            Ok(())
        }
    }
}

fn add<'b>(inputs: &mut Inputs, kind: Kind, bytes: impl Into<Cow<'b, [u8]>>) -> Result<(), Fault> {
    let part = Part::new(kind, bytes).map_err(InputError::from);
    part.and_then(|part| inputs.add_part(part)).map_err(|error| Fault::input(&error))
}

/// The certificates; none if the service cannot be reached, which is said and is no failure: a
/// verifier can have them from elsewhere.
fn vcek_certificates(args: &AzureArgs, context: &Context) -> Vec<Vec<u8>> {
    if context.offline {
        context.messages.say("endorsements: left out, --offline was given");
        return Vec::new();
    }
    match vcek_chain(&http(context.timeout), &args.metadata.imds) {
        Ok(chain) => {
            context.messages.say(&format!("endorsements: {} certificates of the chip", chain.len()));
            chain
        }
        Err(error) => {
            context.messages.say(&format!("endorsements: none, {error}; {}", error.hint()));
            Vec::new()
        }
    }
}
