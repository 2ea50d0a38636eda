//! What is asked of evidence: everything of a request that does not come with the evidence, and so
//! is the same for many pieces of it.

use teeproof::{AttestationResult, NitroOptions, Policy, Request};
use teeproof_core::Crypto;
use teeproof_evidence::InputWarning;
use teeproof_nitro::Moment;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::Anchors;

use crate::input::bytes;
use crate::input::evidence_files::{self, Files};
use crate::input::nonce;
use crate::input::policy_file::{self, PolicyChoice};
use crate::output::fault::Fault;
use crate::output::library_hints;
use crate::output::page::Page;
use crate::output::result_page;
use crate::settings::context::Context;
use crate::verification::args::VerifyArgs;

/// What is asked.
pub(crate) struct Asked<'a> {
    args: &'a VerifyArgs,
    nonce: Option<Vec<u8>>,
    user_data: Option<Vec<u8>>,
    at: Moment,
    choice: Option<PolicyChoice>,
    policy: Option<Policy>,
    crypto: Crypto<'static>,
}

impl<'a> Asked<'a> {
    /// Reads what the arguments name, and the clock if it is needed.
    pub(crate) fn read(args: &'a VerifyArgs, context: &Context) -> Result<Self, Fault> {
        let nonce = nonce_of(args, context)?;
        let choice = match &args.policy {
            Some(policy) => Some(PolicyChoice::parse(policy)?),
            None => context.config.policy.clone(),
        };
        let policy = choice.as_ref().map(|choice| policy_file::load(choice, &context.source)).transpose()?;
        let user_data = user_data(args, context)?;
        let crypto = context.crypto(args.crypto);
        Ok(Self { args, nonce, user_data, at: args.at.moment(), choice, policy, crypto })
    }

    /// The request for evidence that is endorsed by these.
    pub(crate) fn request<'r>(
        &'r self,
        certificates: &'r [Certificate<'r>],
        lists: &'r [RevocationList<'r>],
        anchors: &'r [&'r [u8]],
        warnings: &'r [InputWarning],
    ) -> Result<Request<'r>, Fault> {
        let freshness = nonce::freshness(self.nonce.as_deref())?;
        let request = Request::new(self.args.accepted(), freshness, self.at, &self.crypto)
            .endorsements(certificates)
            .revocation(evidence_files::revocation(lists, self.args.backing.require_revocation_lists))
            .anchors(Anchors::and(anchors))
            .user_data(self.user_data.as_deref())
            .nitro(NitroOptions::USUAL.skew_secs(self.args.skew))
            .input_warnings(warnings)
            .policy(self.policy.as_ref());
        Ok(request)
    }

    /// The nonce, if there is to be one.
    pub(crate) fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// The cryptography to verify with.
    pub(crate) const fn crypto(&self) -> &Crypto<'static> {
        &self.crypto
    }

    /// The policy's name, if there is one.
    pub(crate) fn policy(&self) -> Option<&str> {
        self.policy.as_ref().map(|policy| policy.name.as_str())
    }

    /// Whether the policy is the built-in one.
    pub(crate) fn is_genuine(&self) -> bool {
        self.choice == Some(PolicyChoice::Genuine)
    }
}

/// What must be said about freshness: there is no default.
fn nonce_of(args: &VerifyArgs, context: &Context) -> Result<Option<Vec<u8>>, Fault> {
    let Some(text) = &args.nonce else {
        return if args.no_nonce {
            Ok(None)
        } else {
            Err(Fault::usage(
                "neither --nonce nor --no-nonce was given",
                "--nonce hex:… demands the nonce that you sent; --no-nonce says that you do without",
            ))
        };
    };
    nonce::read(text, "--nonce", &context.source).map(Some)
}

/// What user-data must hold. More than 64 bytes could never be held.
fn user_data(args: &VerifyArgs, context: &Context) -> Result<Option<Vec<u8>>, Fault> {
    let Some(text) = &args.user_data else { return Ok(None) };
    let bytes = bytes::resolve(text, "--user-data", &context.source)?;
    if bytes.len() > 64 {
        let message = format!("--user-data: {} bytes are given, user-data has room for 64", bytes.len());
        return Err(Fault::usage(message, "give what the guest wrote, or its hash if it wrote a hash"));
    }
    Ok(Some(bytes))
}

/// Verifies what the arguments name, and hands the result on, which borrows the files.
pub(crate) fn with_result<T>(
    args: &VerifyArgs,
    asked: &Asked<'_>,
    context: &Context,
    then: impl FnOnce(&AttestationResult<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let files = Files::read(&args.files, args.kind, &args.backing, &context.source, &context.messages)?;
    let evidence = files.evidence()?;
    let certificates = files.certificates();
    let lists = files.revocation_lists();
    let anchors = files.anchors();
    let request = asked.request(&certificates, &lists, &anchors, files.inputs().warnings())?;
    let mut result = teeproof::verify(&evidence, &request).map_err(|error| {
        Fault::usage(error.to_string(), library_hints::of_request(&error)).in_file(files.name())
    })?;
    result.rewrite_hints(library_hints::with_options);
    then(&result)
}

/// The result for people.
pub(crate) fn page(result: &AttestationResult<'_>, asked: &Asked<'_>, context: &Context) -> Page {
    result_page::page(result, asked.is_genuine(), context.verbosity())
}
