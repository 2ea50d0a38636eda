//! Appraisal policies: built in, typed, or from a file.

#[cfg(feature = "policy-file")]
mod age;
#[cfg(feature = "policy-file")]
mod azure;
#[cfg(feature = "policy-file")]
mod computed;
#[cfg(feature = "policy-file")]
mod contradictions;
#[cfg(feature = "policy-file")]
mod event_log;
#[cfg(feature = "policy-file")]
mod file;
#[cfg(feature = "policy-file")]
mod images;
#[cfg(feature = "policy-file")]
mod kinds;
#[cfg(feature = "policy-file")]
mod lines;
#[cfg(feature = "policy-file")]
mod nitro;
#[cfg(feature = "policy-file")]
mod nitro_tpm;
#[cfg(feature = "policy-file")]
mod node;
mod pcr_advice;
#[cfg(feature = "policy-file")]
mod pcrs;
#[cfg(feature = "policy-file")]
mod problems;
#[cfg(feature = "policy-file")]
mod propose;
#[cfg(feature = "policy-file")]
mod rule;
#[cfg(feature = "policy-file")]
mod section;
#[cfg(feature = "policy-file")]
mod snp;
#[cfg(feature = "policy-file")]
mod suggest;
#[cfg(feature = "policy-file")]
mod table;
#[cfg(feature = "policy-file")]
mod tcb;
#[cfg(feature = "policy-file")]
mod tdx;
#[cfg(feature = "policy-file")]
mod tpm;
#[cfg(feature = "policy-file")]
mod unsuitable;
mod warnings;

#[cfg(feature = "policy-file")]
pub use images::{EnclaveImage, ImageMeasurements, InstanceImage, NotMeasurements};
#[cfg(feature = "policy-file")]
pub use lines::MixedFact;
#[cfg(feature = "policy-file")]
pub use problems::{PolicyError, PolicyProblem};
#[cfg(feature = "policy-file")]
pub use propose::{NoProposal, Proposal, ProposalChoices};
#[cfg(feature = "policy-file")]
pub use table::PolicyKey;
#[cfg(feature = "policy-file")]
pub use unsuitable::Unsuitable;
pub use warnings::PolicyWarning;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{FieldRule, Technology};

/// Appraisal policy: the rules for each technology that the relying party accepts.
///
/// ```
/// use teeproof::{Policy, Rule};
///
/// let measurement = [0x5a; 48];
/// let policy = Policy::genuine().snp(|snp| snp.measurement(Rule::exactly(measurement)).guest_svn(Rule::at_least(2)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// The policy's name in results.
    pub name: String,
    /// The rules for SNP reports; `None` accepts none.
    pub snp: Option<teeproof_snp::SnpPolicy<'static>>,
    /// The rules for Azure confidential VMs on SEV-SNP; `None` accepts none.
    pub azure_snp: Option<AzureSnpPolicy>,
    /// The rules for TD quotes; `None` accepts none.
    pub tdx: Option<teeproof_tdx::TdxPolicy<'static>>,
    /// The rules for Azure confidential VMs on TDX; `None` accepts none.
    pub azure_tdx: Option<AzureTdxPolicy>,
    /// The rules for Nitro documents of enclaves; `None` accepts none.
    pub nitro: Option<teeproof_nitro::NitroPolicy<'static>>,
    /// The rules for NitroTPM documents; `None` accepts none.
    pub nitro_tpm: Option<teeproof_nitro::nitrotpm::NitroTpmPolicy<'static>>,
}

/// The rules for an Azure confidential VM on SEV-SNP.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AzureSnpPolicy {
    /// The rules for the paravisor's SNP report.
    pub snp: teeproof_snp::SnpPolicy<'static>,
    /// The rules for runtime claims, quote, PCRs and event log.
    pub vm: teeproof_hcl::HclPolicy<'static>,
}

impl AzureSnpPolicy {
    /// The rules of `builtin:genuine`: debugging disabled, chip id not masked. Of the origin there is no rule: it is in
    /// the result, and only reports of another known origin are refused.
    #[must_use]
    pub fn genuine() -> Self {
        Self { snp: teeproof_snp::SnpPolicy::genuine(), vm: teeproof_hcl::HclPolicy::genuine() }
    }

    /// Rules that waive every field for this reason.
    #[must_use]
    pub fn waived(reason: &'static str) -> Self {
        Self { snp: teeproof_snp::SnpPolicy::waived(reason), vm: teeproof_hcl::HclPolicy::waived(reason) }
    }

    /// With changed rules for the paravisor's SNP report: `change` gets the present ones.
    #[must_use]
    pub fn snp(
        mut self,
        change: impl FnOnce(teeproof_snp::SnpPolicy<'static>) -> teeproof_snp::SnpPolicy<'static>,
    ) -> Self {
        self.snp = change(self.snp);
        self
    }

    /// With changed rules for runtime claims, quote, PCRs and event log: `change` gets the present ones.
    #[must_use]
    pub fn vm(
        mut self,
        change: impl FnOnce(teeproof_hcl::HclPolicy<'static>) -> teeproof_hcl::HclPolicy<'static>,
    ) -> Self {
        self.vm = change(self.vm);
        self
    }
}

/// The rules for an Azure confidential VM on TDX.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AzureTdxPolicy {
    /// The rules for the TD quote.
    pub tdx: teeproof_tdx::TdxPolicy<'static>,
    /// The rules for runtime claims, quote, PCRs and event log.
    pub vm: teeproof_hcl::HclPolicy<'static>,
}

impl AzureTdxPolicy {
    /// The rules of `builtin:genuine`: debugging disabled, TCB not revoked. Of the origin there is no rule: it is in the
    /// result.
    #[must_use]
    pub fn genuine() -> Self {
        Self { tdx: teeproof_tdx::TdxPolicy::genuine(), vm: teeproof_hcl::HclPolicy::genuine() }
    }

    /// Rules that waive every field for this reason.
    #[must_use]
    pub fn waived(reason: &'static str) -> Self {
        Self { tdx: teeproof_tdx::TdxPolicy::waived(reason), vm: teeproof_hcl::HclPolicy::waived(reason) }
    }

    /// With changed rules for the TD quote: `change` gets the present ones.
    #[must_use]
    pub fn tdx(
        mut self,
        change: impl FnOnce(teeproof_tdx::TdxPolicy<'static>) -> teeproof_tdx::TdxPolicy<'static>,
    ) -> Self {
        self.tdx = change(self.tdx);
        self
    }

    /// With changed rules for runtime claims, quote, PCRs and event log: `change` gets the present ones.
    #[must_use]
    pub fn vm(
        mut self,
        change: impl FnOnce(teeproof_hcl::HclPolicy<'static>) -> teeproof_hcl::HclPolicy<'static>,
    ) -> Self {
        self.vm = change(self.vm);
        self
    }
}

impl Policy {
    /// The policy `builtin:genuine`: authentic evidence of a guest or enclave in production mode, or of an instance
    /// with NitroTPM whose firmware measured the boot.
    ///
    /// It has no rule for measurements: any software is accepted.
    #[must_use]
    pub fn genuine() -> Self {
        Self {
            name: "builtin:genuine".to_string(),
            snp: Some(teeproof_snp::SnpPolicy::genuine()),
            tdx: Some(teeproof_tdx::TdxPolicy::genuine()),
            azure_snp: Some(AzureSnpPolicy::genuine()),
            azure_tdx: Some(AzureTdxPolicy::genuine()),
            nitro: Some(teeproof_nitro::NitroPolicy::genuine()),
            nitro_tpm: Some(teeproof_nitro::nitrotpm::NitroTpmPolicy::genuine()),
        }
    }

    /// A policy of this name that accepts no technology. Each of [`Policy::snp`], [`Policy::tdx`],
    /// [`Policy::azure_snp`], [`Policy::azure_tdx`], [`Policy::nitro`] and [`Policy::nitro_tpm`] adds one.
    #[must_use]
    pub fn empty(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            snp: None,
            tdx: None,
            azure_snp: None,
            azure_tdx: None,
            nitro: None,
            nitro_tpm: None,
        }
    }

    /// With another name in results.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With changed rules for SNP reports: `change` gets the present ones or, if SNP is not accepted yet, those of
    /// [`Policy::genuine`].
    #[must_use]
    pub fn snp(
        mut self,
        change: impl FnOnce(teeproof_snp::SnpPolicy<'static>) -> teeproof_snp::SnpPolicy<'static>,
    ) -> Self {
        self.snp = Some(change(self.snp.unwrap_or_else(teeproof_snp::SnpPolicy::genuine)));
        self
    }

    /// With changed rules for Azure confidential VMs on SEV-SNP, as [`Policy::snp`].
    #[must_use]
    pub fn azure_snp(mut self, change: impl FnOnce(AzureSnpPolicy) -> AzureSnpPolicy) -> Self {
        self.azure_snp = Some(change(self.azure_snp.unwrap_or_else(AzureSnpPolicy::genuine)));
        self
    }

    /// With changed rules for TD quotes, as [`Policy::snp`].
    #[must_use]
    pub fn tdx(
        mut self,
        change: impl FnOnce(teeproof_tdx::TdxPolicy<'static>) -> teeproof_tdx::TdxPolicy<'static>,
    ) -> Self {
        self.tdx = Some(change(self.tdx.unwrap_or_else(teeproof_tdx::TdxPolicy::genuine)));
        self
    }

    /// With changed rules for Azure confidential VMs on TDX, as [`Policy::snp`].
    #[must_use]
    pub fn azure_tdx(mut self, change: impl FnOnce(AzureTdxPolicy) -> AzureTdxPolicy) -> Self {
        self.azure_tdx = Some(change(self.azure_tdx.unwrap_or_else(AzureTdxPolicy::genuine)));
        self
    }

    /// With changed rules for Nitro documents of enclaves, as [`Policy::snp`].
    #[must_use]
    pub fn nitro(
        mut self,
        change: impl FnOnce(teeproof_nitro::NitroPolicy<'static>) -> teeproof_nitro::NitroPolicy<'static>,
    ) -> Self {
        self.nitro = Some(change(self.nitro.unwrap_or_else(teeproof_nitro::NitroPolicy::genuine)));
        self
    }

    /// With changed rules for NitroTPM documents, as [`Policy::snp`].
    #[must_use]
    pub fn nitro_tpm(
        mut self,
        change: impl FnOnce(
            teeproof_nitro::nitrotpm::NitroTpmPolicy<'static>,
        ) -> teeproof_nitro::nitrotpm::NitroTpmPolicy<'static>,
    ) -> Self {
        let genuine = teeproof_nitro::nitrotpm::NitroTpmPolicy::genuine;
        self.nitro_tpm = Some(change(self.nitro_tpm.unwrap_or_else(genuine)));
        self
    }

    /// Parses a policy file (TOML, docs/policy.md); `name` is the policy's name if the file has none.
    ///
    /// Nothing has a default: each field of each section is an expectation or a waiver with a reason. Each rule keeps
    /// its line for findings.
    ///
    /// # Errors
    /// Every problem of the file with line and column, at most the first hundred: invalid TOML, unknown keys, missing
    /// fields, invalid values, more than 256 KiB.
    #[cfg(feature = "policy-file")]
    pub fn from_toml(name: &str, text: &str) -> Result<Self, PolicyError> {
        file::read(name, text)
    }

    /// Every field of policy files, section by section.
    #[cfg(feature = "policy-file")]
    #[must_use]
    pub fn keys() -> Vec<PolicyKey> {
        [
            snp::reference(Technology::Snp),
            tdx::reference(Technology::Tdx),
            snp::reference(Technology::AzureSnp),
            azure::reference(Technology::AzureSnp),
            tdx::reference(Technology::AzureTdx),
            azure::reference(Technology::AzureTdx),
            nitro::reference(Technology::Nitro),
            nitro_tpm::reference(Technology::NitroTpm),
        ]
        .concat()
    }

    /// Calls `take` with each rule and each waiver of each accepted technology.
    pub fn field_rules(&self, take: &mut dyn FnMut(Technology, FieldRule<'_>)) {
        if let Some(snp) = &self.snp {
            snp.field_rules(&mut |demand| take(Technology::Snp, demand));
        }
        if let Some(tdx) = &self.tdx {
            tdx.field_rules(&mut |demand| take(Technology::Tdx, demand));
        }
        if let Some(azure) = &self.azure_snp {
            azure.snp.field_rules(&mut |demand| take(Technology::AzureSnp, demand));
            azure.vm.field_rules(&mut |demand| take(Technology::AzureSnp, demand));
        }
        if let Some(azure) = &self.azure_tdx {
            azure.tdx.field_rules(&mut |demand| take(Technology::AzureTdx, demand));
            azure.vm.field_rules(&mut |demand| take(Technology::AzureTdx, demand));
        }
        if let Some(nitro) = &self.nitro {
            nitro.field_rules(&mut |demand| take(Technology::Nitro, demand));
        }
        if let Some(nitro_tpm) = &self.nitro_tpm {
            nitro_tpm.field_rules(&mut |demand| take(Technology::NitroTpm, demand));
        }
    }

    /// Weak rules: those that accept any software, pin values that vary without a change of software, or rest on values
    /// that anybody can make. None of them makes the policy invalid.
    #[must_use]
    pub fn warnings(&self) -> Vec<PolicyWarning> {
        warnings::of(self)
    }

    /// Whether the policy has rules for this technology; without, its evidence is refused.
    #[must_use]
    pub const fn accepts_technology(&self, technology: Technology) -> bool {
        match technology {
            Technology::Snp => self.snp.is_some(),
            Technology::Tdx => self.tdx.is_some(),
            Technology::AzureSnp => self.azure_snp.is_some(),
            Technology::AzureTdx => self.azure_tdx.is_some(),
            Technology::Nitro => self.nitro.is_some(),
            Technology::NitroTpm => self.nitro_tpm.is_some(),
            _ => false,
        }
    }
}
