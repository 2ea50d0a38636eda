//! `teeproof nsm describe`: the module of this enclave.

use clap::Args;
use serde::Serialize;

use crate::input::nsm::{ModuleArgs, is_debug, nsm_fault, ranges};
use crate::output::fault::Fault;
use crate::output::page::{LOUD, Page};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Print version, module id, locked PCRs, and whether this is a debug enclave
#[derive(Debug, Args)]
pub(super) struct DescribeArgs {
    #[command(flatten)]
    module: ModuleArgs,
}

/// A module, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "SecurityModule"))]
pub(crate) struct ModuleJson {
    /// The form: `teeproof/nsm/1`.
    schema: &'static str,
    /// The address of the module: `device:/dev/nsm`.
    address: String,
    /// The version of the module: `1.0.0`.
    version: String,
    /// The module id: `i-…-enc…`.
    module_id: String,
    /// The hash of the PCRs: `SHA384`.
    digest: String,
    /// The number of PCRs.
    max_pcrs: u16,
    /// The locked PCRs, ascending. Documents have them and no others.
    locked_pcrs: Vec<u16>,
    /// Whether this is a debug enclave: PCR0, PCR1 or PCR2 is zero.
    debug: bool,
}

/// Runs the verb.
pub(super) fn run(args: &DescribeArgs, context: &Context) -> Result<Product, Fault> {
    let address = args.module.address()?.to_string();
    let mut nsm = args.module.open(context.network.timeout)?;
    let description = nsm.describe().map_err(|error| nsm_fault(&error))?;
    let debug = is_debug(nsm.as_mut()).map_err(|error| nsm_fault(&error))?;
    let module = ModuleJson {
        schema: "teeproof/nsm/1",
        address,
        version: description.version.map(|number| number.to_string()).join("."),
        module_id: description.module_id,
        digest: description.digest,
        max_pcrs: description.max_pcrs,
        locked_pcrs: description.locked_pcrs,
        debug,
    };
    if context.is_json() { Product::json(&module, 0) } else { Ok(Product::of(module.page())) }
}

impl ModuleJson {
    fn page(&self) -> Page {
        let mut page = Page::new();
        page.add("module id    ").line(&self.module_id);
        page.add("version      ").line(&self.version);
        page.add("PCRs         ").line(format_args!("{}, {}", self.max_pcrs, self.digest));
        page.add("locked       ").line(ranges(&self.locked_pcrs));
        page.add("mode         ");
        match self.debug {
            true => page.paint(LOUD, "debug: PCR0, PCR1 or PCR2 is zero, and the console is readable").end(),
            false => page.line("production"),
        };
        page
    }
}
