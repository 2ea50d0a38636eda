//! Judgement of fetched endorsements by verifications under them: which are not genuine, and which no chain uses.
//!
//! Fetching verifies no signature, so that a service, a mirror or somebody who writes to the cache can have a forged
//! object that fits its request.

use teeproof::{AttestationResult, Verified};
use teeproof_endorse::Question;
use teeproof_evidence::{InputKind, Inputs};
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{ListUse, Problem, VerifiedPath};

use crate::endorsements::completion::{Added, Completed, add};
use crate::endorsements::questions::kind;
use crate::output::exits;

/// What a verification says about fetched endorsements.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    exit: u8,
    is_authentic: bool,
    /// The id of the first check that failed, and why.
    failure: Option<(&'static str, String)>,
    /// The revocation lists that no chain of authentic evidence uses, although it has an issuer of their name.
    unused: Vec<Question>,
}

impl Trial {
    /// The judgement of a result on endorsements that were added.
    pub(crate) fn of(result: &AttestationResult<'_>, completed: &Completed) -> Self {
        let failure = result.failures().next().map(|finding| {
            let because = finding.because.as_deref().unwrap_or(finding.check.title);
            (finding.check.id, because.to_owned())
        });
        let verified = result.authentic();
        let is_unused = |added: &&Added| verified.is_some_and(|verified| is_unused(added, verified));
        let unused = completed.added.iter().filter(is_unused).map(|added| added.question.clone());
        Self {
            exit: exits::of_result(result),
            is_authentic: verified.is_some(),
            failure,
            unused: unused.collect(),
        }
    }

    /// The failed check and its reason in words.
    fn reason(&self) -> String {
        self.failure.as_ref().map_or_else(String::new, |(check, because)| format!("{check}: {because}"))
    }

    /// Whether revocation failed for another reason than the lists themselves: a certificate is revoked or has no list.
    fn is_of_certificates(&self) -> bool {
        let reasons = [Problem::Revoked, Problem::NoRevocationList, Problem::TooManySignatures];
        let is_of = |because: &String| reasons.iter().any(|problem| because.contains(&problem.to_string()));
        self.failure.as_ref().is_some_and(|(_, because)| is_of(because))
    }
}

/// An endorsement that was added and is not genuine, or used by no chain.
#[derive(Clone, Debug)]
pub(crate) struct Unfit {
    pub(crate) question: Question,
    /// The URL that it was fetched from.
    pub(crate) url: String,
    /// Why, in words.
    pub(crate) because: String,
}

impl Unfit {
    fn new(added: &Added, because: &str) -> Self {
        let (question, url) = (added.question.clone(), added.endorsement.url.clone());
        Self { question, url, because: because.to_owned() }
    }
}

/// Which revocation lists a trial demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    /// Those that the user demands.
    AsDemanded,
    /// None, so that the chains are known which could use them.
    Optional,
}

/// Verifies the evidence again under other endorsements.
pub(crate) type Verify<'a> = dyn Fn(&Inputs, Lists) -> Option<Trial> + 'a;

/// The judge of one completion.
pub(crate) struct Judge<'a> {
    /// The files before the completion.
    pub(crate) given: &'a Inputs,
    pub(crate) completed: &'a Completed,
    pub(crate) verify: &'a Verify<'a>,
}

impl Judge<'_> {
    /// The endorsements that are not genuine, after this verification under all of them.
    pub(crate) fn unfit(&self, trial: &Trial) -> Vec<Unfit> {
        let added = &self.completed.added;
        if !trial.is_authentic {
            return self.unfit_of_failure();
        }
        let unused = added.iter().filter(|added| trial.unused.contains(&added.question));
        let unused = unused.map(|added| Unfit::new(added, UNUSED));
        unused.chain(self.hidden_documents()).collect()
    }

    /// Collateral that is not genuine, while that of the files is, which may be older.
    fn hidden_documents(&self) -> Vec<Unfit> {
        let is_given = self.given.parts().iter().any(|part| is_document(part.kind()));
        if !is_given || !self.completed.added.iter().any(|added| is_document(kind(&added.question))) {
            return Vec::new();
        }
        let trial = self.without_files(|_| true).and_then(|inputs| (self.verify)(&inputs, Lists::Optional));
        trial.map_or_else(Vec::new, |trial| self.about(&trial, is_document))
    }

    /// Those of evidence that is not authentic under them. Lists and collateral of the files are left out: they are the
    /// fault of nobody but their sender.
    fn unfit_of_failure(&self) -> Vec<Unfit> {
        let is_list = |added: &Added| kind(&added.question) == InputKind::RevocationList;
        let verify =
            |inputs: Option<Inputs>| inputs.and_then(|inputs| (self.verify)(&inputs, Lists::Optional));
        let Some(bare) = verify(self.without_files(|added| !is_list(added))) else { return Vec::new() };
        if !bare.is_authentic {
            return self.about(&bare, |_| true);
        }
        let mut unfit = Vec::new();
        for list in self.completed.added.iter().filter(|added| is_list(added)) {
            let with_it =
                verify(self.without_files(|added| !is_list(added) || added.question == list.question));
            match with_it {
                Some(trial) if !trial.is_authentic && !trial.is_of_certificates() => {
                    unfit.push(Unfit::new(list, &trial.reason()));
                }
                Some(trial) if trial.unused.contains(&list.question) => unfit.push(Unfit::new(list, UNUSED)),
                _ => {}
            }
        }
        unfit
    }

    /// Those that a failed check is about, if they are of these kinds.
    fn about(&self, trial: &Trial, is_of: impl Fn(InputKind) -> bool) -> Vec<Unfit> {
        let Some((check, _)) = trial.failure.as_ref().filter(|_| !trial.is_of_certificates()) else {
            return Vec::new();
        };
        let of_check = |added: &&Added| is_of(kind(&added.question)) && is_about(check, &added.question);
        let mut found: Vec<&Added> = self.completed.added.iter().filter(of_check).collect();
        // A chain above a certificate of the files that does not verify may be genuine.
        if found.iter().all(|added| matches!(added.question, Question::AmdChain { .. })) {
            found.clear();
        }
        found.into_iter().map(|added| Unfit::new(added, &trial.reason())).collect()
    }

    /// The issuers of an attestation key under which the evidence fails, and without which it fails less gravely or not
    /// at all: they are optional.
    pub(crate) fn harmful_issuers(&self, trial: &Trial) -> Vec<Unfit> {
        let is_issuer = |added: &Added| matches!(added.question, Question::Issuer(_));
        let issuers: Vec<&Added> = self.completed.added.iter().filter(|added| is_issuer(added)).collect();
        if issuers.is_empty() {
            return Vec::new();
        }
        let mut inputs = self.given.clone();
        let mut others = self.completed.added.iter().filter(|added| !is_issuer(added));
        if others.try_for_each(|added| add(&mut inputs, added)).is_err() {
            return Vec::new();
        }
        let Some(without) = (self.verify)(&inputs, Lists::AsDemanded) else { return Vec::new() };
        if without.exit == trial.exit || exits::gravest(without.exit, trial.exit) != trial.exit {
            return Vec::new();
        }
        issuers.into_iter().map(|added| Unfit::new(added, &trial.reason())).collect()
    }

    /// The files without their lists and collateral, with some of what was added.
    fn without_files(&self, is_wanted: impl Fn(&Added) -> bool) -> Option<Inputs> {
        let is_replaced = |kind: InputKind| kind == InputKind::RevocationList || is_document(kind);
        let mut inputs = Inputs::new();
        if self.given.parts().iter().any(|part| is_replaced(part.kind())) {
            let parts = self.given.parts().iter().filter(|part| !is_replaced(part.kind()));
            parts.cloned().try_for_each(|part| inputs.add_part(part)).ok()?;
        } else {
            inputs = self.given.clone();
        }
        let mut wanted = self.completed.added.iter().filter(|added| is_wanted(added));
        wanted.try_for_each(|added| add(&mut inputs, added)).ok()?;
        Some(inputs)
    }
}

const UNUSED: &str = "no certificate is checked against it: its issuer has the name of an authority of the evidence, and \
                      another distinguished name or key";

/// The endorsements without which a service has none that is genuine, in words.
pub(crate) fn in_words(unfit: &[Unfit]) -> String {
    let words = unfit.iter().map(|Unfit { question, url, because }| {
        format!("{}, fetched from {url}, is not genuine: {because}", question.title())
    });
    words.collect::<Vec<_>>().join("; ")
}

const fn is_document(kind: InputKind) -> bool {
    matches!(kind, InputKind::TcbInfo | InputKind::QeIdentity)
}

/// Whether a check that fails is about an object of this kind, where no list is verified.
fn is_about(check: &str, question: &Question) -> bool {
    match question {
        Question::Vcek(_) | Question::AmdChain { .. } => {
            ["snp.chain", "snp.vek.type", "snp.vek.product"].contains(&check)
        }
        Question::TdxTcbInfo { .. } => ["tdx.tcb-info", "tdx.collateral.signer"].contains(&check),
        Question::TdQeIdentity => ["tdx.qe-identity", "tdx.collateral.signer"].contains(&check),
        _ => false,
    }
}

/// Whether a revocation list is of the name of an authority of the chains, and none of them uses it.
fn is_unused(added: &Added, verified: &Verified<'_>) -> bool {
    if kind(&added.question) != InputKind::RevocationList {
        return false;
    }
    let (path, ak) = match verified {
        Verified::Snp(report) => (report.path(), None),
        Verified::Tdx(td) => (td.quote().path(), None),
        Verified::AzureSnp(vm) => (vm.report().path(), vm.ak_path()),
        Verified::AzureTdx(vm) => (vm.td_quote().path(), vm.ak_path()),
        _ => return false,
    };
    let Ok(list) = RevocationList::parse(added.endorsement.answer.body()) else { return true };
    let paths = || core::iter::once(path).chain(ak.map(|ak| ak.path()));
    let is_used = |path: &VerifiedPath<'_>| {
        matches!(ListUse::of(&list, path), ListUse::Used | ListUse::IssuerSignsNoLists)
    };
    let has_name = |path: &VerifiedPath<'_>| {
        let below = path.path().below();
        let mut issuers = core::iter::once(path.path().root()).chain(below).take(below.len());
        issuers.any(|issuer| issuer.subject().common_name() == list.issuer().common_name())
    };
    paths().any(has_name) && !paths().any(is_used)
}
