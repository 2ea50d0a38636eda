//! Probes of an enclave: its security module, PCRs, mode, vsock, and the parent's proxy to KMS.

use std::path::Path;
use std::time::Duration;

use teeproof_nsm::road::RoadAddress;
use teeproof_nsm::{DEVICE, ModuleDescription, Nsm, NsmAddress};

use super::probe::Probe;
use crate::input::nsm::{ModuleArgs, PATIENCE, is_debug, ranges, road_address};
use crate::output::fault::Fault;
use crate::output::hints;
use crate::settings::context::Context;

/// The proxy to KMS as AWS's unit for the parent starts it.
const KMS_PROXY: RoadAddress = RoadAddress::Vsock { cid: RoadAddress::PARENT, port: 8000 };
/// The time for a connection to the proxy.
const PROXY_PATIENCE: Duration = Duration::from_secs(3);

/// Whether this is an enclave, or one is meant: the device is there, or the address of a module is given.
pub(super) fn is_enclave(args: &ModuleArgs) -> bool {
    args.is_given() || has_device()
}

fn has_device() -> bool {
    Path::new(DEVICE).exists()
}

/// All probes of an enclave; only the first if the module cannot be opened.
pub(super) fn probe_enclave(
    args: &ModuleArgs,
    kms_proxy: Option<&str>,
    context: &Context,
) -> Result<Vec<Probe>, Fault> {
    const NAME: &str = "NSM";
    let address = args.address()?;
    let kms_proxy = kms_proxy.map(|text| road_address(text, "--kms-proxy")).transpose()?;
    let opened = address.open(context.network.timeout.unwrap_or(PATIENCE));
    let described = opened.and_then(|mut nsm| nsm.describe().map(|description| (nsm, description)));
    let mut probes = match described {
        Ok((mut nsm, description)) => of_module(nsm.as_mut(), &description, &address),
        Err(error) => vec![Probe::bad(NAME, error.to_string(), hints::of_nsm(&error))],
    };
    probes.push(vsock());
    probes.push(proxy(kms_proxy, context));
    Ok(probes)
}

fn of_module(nsm: &mut dyn Nsm, description: &ModuleDescription, address: &NsmAddress) -> Vec<Probe> {
    let ModuleDescription { version: [major, minor, patch], module_id, .. } = description;
    let found = format!("{address}, {module_id}, version {major}.{minor}.{patch}");
    vec![Probe::good("NSM", found), pcrs(description), mode(nsm)]
}

/// The locked PCRs, which are those of documents.
fn pcrs(description: &ModuleDescription) -> Probe {
    const NAME: &str = "PCRs";
    let ModuleDescription { max_pcrs, locked_pcrs, digest, .. } = description;
    let found = format!("{max_pcrs} of {digest}, locked: {}", ranges(locked_pcrs));
    if (0..16).all(|index| locked_pcrs.contains(&index)) {
        return Probe::good(NAME, found);
    }
    let fix = "lock them with teeproof nsm pcr lock-range 16: the enclave's programs can extend them, and documents lack \
               them";
    Probe::poor(NAME, format!("{found}; expected PCR0 to PCR15 locked"), fix)
}

fn mode(nsm: &mut dyn Nsm) -> Probe {
    const NAME: &str = "mode";
    match is_debug(nsm) {
        Ok(false) => Probe::good(NAME, "production"),
        Ok(true) => Probe::poor(
            NAME,
            "debug: PCR0, PCR1 or PCR2 is zero, and builtin:genuine refuses its documents",
            "start the enclave without --debug-mode",
        ),
        Err(error) => Probe::bad(NAME, error.to_string(), hints::of_nsm(&error)),
    }
}

/// Whether the kernel has vsock sockets; none is opened.
fn vsock() -> Probe {
    const NAME: &str = "vsock";
    let device = Path::new("/dev/vsock");
    match device.exists() {
        true => Probe::good(NAME, device.display().to_string()),
        false => Probe::poor(
            NAME,
            "/dev/vsock is missing: teeproof nsm serve needs it",
            "load the modules vsock and vmw_vsock_virtio_transport, or use a kernel that has them built in",
        ),
    }
}

/// Whether the parent's proxy to KMS accepts a connection: in an enclave, or where an address is given.
fn proxy(given: Option<RoadAddress>, context: &Context) -> Probe {
    const NAME: &str = "KMS proxy";
    if context.network.offline {
        return Probe::skipped(NAME, "not checked, --offline was given");
    }
    let address = match given {
        // A CID means something inside of an enclave alone: elsewhere nothing is dialled.
        Some(address) if address.is_vsock() && !has_device() => {
            return Probe::skipped(
                NAME,
                format!("{address} not checked, {DEVICE} is missing: this is not an enclave"),
            );
        }
        Some(address) => address,
        None if has_device() => KMS_PROXY,
        None => return Probe::skipped(NAME, "not checked, no --kms-proxy was given"),
    };
    match teeproof_nsm::road::is_reachable(&address, PROXY_PATIENCE) {
        Ok(()) => Probe::good(NAME, format!("{address} accepts connections")),
        Err(error) => Probe::poor(
            NAME,
            error.to_string(),
            "on the parent, start nitro-enclaves-vsock-proxy, and check its allow-list; needed only for teeproof kms",
        ),
    }
}
