//! Random fleets: minted machines whose every value can be changed.

use proptest::prelude::*;
use teeproof::Evidence;
use teeproof::{AttestationResult, Policy, Request, verify};
use teeproof_core::{Freshness, Technology, Time};
use teeproof_evidence::Inputs;
use teeproof_mint::azure::{Event, EventLog, Vm};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine, Product, Tcb, amd};
use teeproof_mint::{DEFAULT_TIME, Kind};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Revocation};

/// A processor and the guest's report. Every fact of the report can be changed alone.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) product: Product,
    pub(crate) provider: Option<&'static str>,
    /// Reported, committed, current, launch.
    pub(crate) tcbs: [Tcb; 4],
    pub(crate) svn: u32,
    pub(crate) vmpl: u32,
    pub(crate) policy: u64,
    pub(crate) key_info: u32,
    pub(crate) is_masked: bool,
    pub(crate) platform_info: u64,
    pub(crate) measurement: u8,
    pub(crate) id_key: [u8; 48],
    pub(crate) author_key: Option<u8>,
    /// Family, image, host data.
    pub(crate) ids: [u8; 3],
}

/// An Azure VM on such a host.
#[derive(Clone, Debug)]
pub(crate) struct AzureVm {
    pub(crate) host: Host,
    pub(crate) is_certified: bool,
    pub(crate) is_quoted: bool,
    /// Whether it booted with secure boot, where its event log comes along.
    pub(crate) secure_boot: Option<bool>,
    /// What its event log, and the PCRs with it, leaves out.
    pub(crate) unlogged: Unlogged,
    /// Whether the quote signs some PCRs only.
    pub(crate) has_few_pcrs: bool,
    /// PCRs that were extended outside of the log, with their values.
    pub(crate) extended: Vec<(usize, u8)>,
    /// Members of the VM's configuration that are set.
    pub(crate) configuration: Vec<(&'static str, bool)>,
}

/// What a log that explains its PCRs does not tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unlogged {
    Nothing,
    /// What was started: PCR 4 holds its reset value.
    Programs,
    /// Secure boot: PCR 7 has a separator alone.
    SecureBoot,
}

/// One machine of a fleet.
#[derive(Clone, Debug)]
pub(crate) enum Guest {
    Snp(Host),
    Azure(AzureVm),
    /// The values of PCRs by their numbers.
    Nitro(Vec<(u64, u8)>),
}

/// The PCRs that some quotes sign alone.
pub(crate) const FEW: [u8; 6] = [0, 2, 4, 5, 7, 11];

/// Evidence and the roots that it ends at.
pub(crate) struct Carried {
    pub(crate) inputs: Inputs,
    pub(crate) anchors: Vec<Vec<u8>>,
}

impl Host {
    fn machine(&self) -> Machine {
        let machine = match self.provider {
            None => Machine::vcek(self.product),
            Some(name) => {
                Machine::vlek(self.product).with_vek(|link| link.certificate.set_extension(amd::csp_id(name)))
            }
        };
        let machine = machine.authority_keys(Kind::Rsa2048).tcb(self.tcbs[0]);
        machine.with_report(|report| {
            let [_, committed, current, launch] = self.tcbs.map(|tcb| self.product.tcb_bytes(tcb));
            (report.committed_tcb, report.current_tcb, report.launch_tcb) = (committed, current, launch);
            (report.guest_svn, report.vmpl, report.policy) = (self.svn, self.vmpl, self.policy);
            report.platform_info = self.platform_info;
            report.measurement = [self.measurement; 48];
            report.id_key_digest = self.id_key;
            let [family, image, host_data] = self.ids;
            (report.family_id, report.image_id, report.host_data) =
                ([family; 16], [image; 16], [host_data; 32]);
            report.key_info |= self.key_info;
            if let Some(author) = self.author_key {
                report.key_info |= 1;
                report.author_key_digest = [author; 48];
            }
            if self.is_masked {
                report.chip_id = [0; 64];
            }
        })
    }
}

impl AzureVm {
    fn vm(&self) -> Vm {
        let log = if self.secure_boot == Some(false) {
            EventLog::booted_insecurely()
        } else {
            EventLog::booted_securely()
        };
        let mut log = log;
        let is_left_out = |event: &Event| match self.unlogged {
            Unlogged::Nothing => false,
            Unlogged::Programs => event.register == 4,
            Unlogged::SecureBoot => event.register == 7 && event.kind != Event::SEPARATOR,
        };
        log.events.retain(|event| !is_left_out(event));
        let mut vm = Vm::snp(self.host.product).log(log);
        vm.machine = self.host.machine();
        for (index, value) in &self.extended {
            vm.pcrs[*index] = [*value; 32];
        }
        if self.secure_boot.is_none() {
            vm.log = None;
        }
        if self.has_few_pcrs {
            vm = vm.pcr_selection(&FEW);
        }
        vm.with_claims(|claims| {
            for (name, value) in &self.configuration {
                claims.configuration.set(name, *value);
            }
        })
    }

    fn carried(&self) -> Carried {
        let minted = self.vm().evidence().unwrap();
        let mut files = vec![minted.hcl_report.clone(), minted.vek.clone(), minted.intermediate.clone()];
        if self.is_certified {
            files.push(minted.ak_certificate.clone());
            files.extend(minted.ak_intermediates.iter().cloned());
        }
        if self.is_quoted {
            files.extend([minted.quote_message.clone(), minted.quote_signature.clone()]);
            files.push(if self.has_few_pcrs {
                minted.pcr_concatenation_of(&FEW.map(usize::from))
            } else {
                minted.pcr_concatenation()
            });
            files.extend(minted.event_log.clone());
        }
        Carried::of(&files, &[&minted.ark, &minted.ak_root])
    }
}

impl Carried {
    fn of(files: &[Vec<u8>], anchors: &[&[u8]]) -> Self {
        let mut inputs = Inputs::new();
        for file in files {
            inputs.add(file, None).unwrap();
        }
        Self { inputs, anchors: anchors.iter().map(|root| root.to_vec()).collect() }
    }

    /// Verifies it and hands over the result.
    pub(crate) fn ask<T>(
        &self,
        policy: Option<&Policy>,
        then: impl FnOnce(&AttestationResult<'_>) -> T,
    ) -> T {
        let certificates = self.inputs.certificates();
        let anchors: Vec<&[u8]> = self.anchors.iter().map(Vec::as_slice).collect();
        let evidence = Evidence::from_inputs(&self.inputs).unwrap();
        let request = request(&certificates, &anchors, policy);
        then(&verify(&evidence, &request).unwrap())
    }
}

/// A request with these endorsements and no nonce.
pub(crate) fn request<'r>(
    certificates: &'r [Certificate<'r>],
    anchors: &'r [&'r [u8]],
    policy: Option<&'r Policy>,
) -> Request<'r> {
    Request::new(
        Technology::ALL,
        Freshness::Waived("the test asks nothing"),
        Time(i64::try_from(DEFAULT_TIME).unwrap()),
        &teeproof_aws_lc::TABLE,
    )
    .endorsements(certificates)
    .revocation(Revocation::Unchecked("the test gives no list"))
    .anchors(Anchors::and(anchors))
    .policy(policy)
}

impl Guest {
    pub(crate) fn carried(&self) -> Carried {
        match self {
            Self::Snp(host) => {
                let minted = host.machine().mint().unwrap();
                Carried::of(&[minted.report, minted.vek, minted.intermediate], &[&minted.ark])
            }
            Self::Azure(vm) => vm.carried(),
            Self::Nitro(pcrs) => {
                let enclave =
                    |enclave: Enclave, (index, value): &(u64, u8)| enclave.pcr(*index, &[*value; 48]);
                let minted = pcrs.iter().fold(Enclave::new(), enclave).mint().unwrap();
                Carried::of(std::slice::from_ref(&minted.document), &[minted.root()])
            }
        }
    }

    pub(crate) const fn technology(&self) -> Technology {
        match self {
            Self::Snp(_) => Technology::Snp,
            Self::Azure(_) => Technology::AzureSnp,
            Self::Nitro(_) => Technology::Nitro,
        }
    }

    /// The host, where there is one that reports.
    pub(crate) fn host(&self) -> Option<&Host> {
        match self {
            Self::Snp(host) | Self::Azure(AzureVm { host, .. }) => Some(host),
            Self::Nitro(_) => None,
        }
    }

    /// The same with another host.
    pub(crate) fn with_host(&self, change: impl FnOnce(&mut Host)) -> Self {
        let mut guest = self.clone();
        if let Self::Snp(host) | Self::Azure(AzureVm { host, .. }) = &mut guest {
            change(host);
        }
        guest
    }
}

/// The ID-block key of Azure's paravisor on Milan and Genoa, and a security version of it.
fn paravisor() -> ([u8; 48], u32) {
    let report = Vm::snp(Product::Genoa).machine.report;
    (report.id_key_digest, report.guest_svn)
}

fn host() -> impl Strategy<Value = Host> {
    let product = prop_oneof![Just(Product::Milan), Just(Product::Genoa), Just(Product::Turin)];
    let provider = prop_oneof![3 => Just(None), 1 => Just(Some("cloud"))];
    let levels = proptest::array::uniform5(1..4_u8);
    let author = prop_oneof![Just(None), Just(Some(0xa0)), Just(Some(0xa1))];
    let small = (1..9_u32, 0..3_u32, 0..2_u8, any::<bool>(), any::<bool>());
    (product, provider, levels, author, small).prop_map(
        |(product, provider, levels, author_key, (svn, vmpl, measurement, smt, is_masked))| {
            let [fmc, bootloader, tee, snp, microcode] = levels;
            let fmc = if product == Product::Turin { fmc } else { 0 };
            let tcb = Tcb { fmc, bootloader, tee, snp: snp + 8, microcode: microcode + 80 };
            Host {
                product,
                provider,
                tcbs: [tcb; 4],
                svn,
                vmpl,
                policy: 0x3_001f,
                key_info: 0,
                is_masked: is_masked && provider.is_none(),
                platform_info: 0x24 | u64::from(smt),
                measurement: 0x40 + measurement,
                id_key: [0x1d; 48],
                author_key,
                ids: [1, 2, measurement],
            }
        },
    )
}

fn azure() -> impl Strategy<Value = AzureVm> {
    let flags = proptest::array::uniform4(prop_oneof![1 => Just(false), 4 => Just(true)]);
    let secure_boot = prop_oneof![3 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)];
    let outside = prop_oneof![Just(9_usize), Just(10), Just(11), Just(12), Just(13), Just(15)];
    let extended = proptest::collection::vec((outside, 0xa0..0xa2_u8), 0..3);
    let member = prop_oneof![Just("secure-boot"), Just("console-enabled"), Just("tpm-persisted")];
    let configuration = proptest::collection::vec((member, any::<bool>()), 0..2);
    let unlogged = prop_oneof![4 => Just(Unlogged::Nothing), 1 => Just(Unlogged::Programs), 1 => Just(Unlogged::SecureBoot)];
    (host(), flags, (secure_boot, unlogged), extended, configuration, any::<bool>()).prop_map(
        |(
            mut host,
            [is_known, is_certified, is_quoted, has_all_pcrs],
            (secure_boot, unlogged),
            extended,
            configuration,
            other,
        )| {
            let (id_key, svn) = paravisor();
            // The paravisor runs at VMPL 0, and confidential VMs have no host data.
            (host.vmpl, host.ids[2], host.author_key) = (0, 0, host.author_key.filter(|_| other));
            if is_known {
                (host.id_key, host.svn) = (id_key, svn);
            }
            let has_few_pcrs = !has_all_pcrs;
            AzureVm {
                host,
                is_certified,
                is_quoted,
                secure_boot,
                unlogged,
                has_few_pcrs,
                extended,
                configuration,
            }
        },
    )
}

fn nitro() -> impl Strategy<Value = Vec<(u64, u8)>> {
    let values = (1..3_u8, 1..3_u8, 0..2_u8, 1..3_u8, 0..2_u8, 0..2_u8);
    values.prop_map(|(image, app, role, instance, signer, own)| {
        vec![(0, image), (1, 7), (2, app), (3, role), (4, instance), (8, signer), (9, own)]
    })
}

/// One to three machines of one technology, and sometimes one of each.
pub(crate) fn fleet() -> impl Strategy<Value = Vec<Guest>> {
    let [snp, other_snp] = [(); 2].map(|()| host().prop_map(Guest::Snp));
    let [vm, other_vm] = [(); 2].map(|()| azure().prop_map(Guest::Azure));
    let [enclave, other_enclave] = [(); 2].map(|()| nitro().prop_map(Guest::Nitro));
    prop_oneof![
        3 => proptest::collection::vec(snp, 1..4),
        4 => proptest::collection::vec(vm, 1..4),
        2 => proptest::collection::vec(enclave, 1..4),
        2 => (other_snp, other_vm, other_enclave).prop_map(|(one, two, three)| vec![one, two, three]),
    ]
}
