//! One call of `verify`: minted evidence, and everything that a relying party decides.

use teeproof::Evidence;
use teeproof::{AttestationResult, Finding, Policy, Request, SignedJson, Verdict, find_check, verify};
use teeproof_core::{Class, Freshness, Outcome, Technology, Time};
use teeproof_evidence::Inputs;
use teeproof_mint::DEFAULT_TIME;
use teeproof_x509::{Anchors, Revocation};

/// The files and the request.
pub(crate) struct Ask {
    pub(crate) inputs: Inputs,
    pub(crate) anchors: Vec<Vec<u8>>,
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) user_data: Option<Vec<u8>>,
    pub(crate) at: i64,
    pub(crate) policy: Policy,
    pub(crate) accept: Vec<Technology>,
}

impl Ask {
    /// Files that belong together, under anchors of their own, appraised as genuine.
    pub(crate) fn of(files: &[&[u8]], anchors: &[&[u8]]) -> Self {
        let mut inputs = Inputs::new();
        for file in files {
            inputs.add(file, None).unwrap();
        }
        Self::about(inputs, anchors)
    }

    /// The same for files that were taken in already.
    pub(crate) fn about(inputs: Inputs, anchors: &[&[u8]]) -> Self {
        Self {
            inputs,
            anchors: anchors.iter().map(|der| der.to_vec()).collect(),
            nonce: None,
            user_data: None,
            at: i64::try_from(DEFAULT_TIME).unwrap(),
            policy: Policy::genuine(),
            accept: Technology::ALL.to_vec(),
        }
    }

    /// With one thing changed.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The checks that fail, and the class.
    pub(crate) fn answer(&self) -> (Vec<&'static str>, Option<Class>) {
        self.result(|result| (result.failures().map(|finding| finding.check.id).collect(), result.class()))
    }

    /// Outcome and reason of every finding of a check.
    pub(crate) fn findings(&self, id: &str) -> Vec<(Outcome, String)> {
        let of = |finding: &&Finding| finding.check.id == id;
        let outcome = |finding: &Finding| (finding.outcome, finding.because.clone().unwrap_or_default());
        self.result(|result| result.findings().iter().filter(of).map(outcome).collect())
    }

    fn result<T>(&self, then: impl FnOnce(&AttestationResult<'_>) -> T) -> T {
        let anchors: Vec<&[u8]> = self.anchors.iter().map(Vec::as_slice).collect();
        let certificates = self.inputs.certificates();
        let lists = self.inputs.revocation_lists();
        let collateral: Vec<_> = self
            .inputs
            .endorsements()
            .collateral
            .iter()
            .map(|text| SignedJson::parse(text).unwrap())
            .collect();
        let crypto = teeproof_aws_lc::TABLE;
        let request = Request::new(
            &*self.accept,
            match &self.nonce {
                Some(nonce) => Freshness::nonce(nonce).unwrap(),
                None => Freshness::Waived("the test asks nothing"),
            },
            Time(self.at),
            &crypto,
        )
        .endorsements(&certificates)
        .collateral(&collateral)
        .revocation(match lists.as_slice() {
            [] => Revocation::Unchecked("the test gives no list"),
            lists => Revocation::Lists(lists),
        })
        .anchors(Anchors::and(&anchors))
        .user_data(self.user_data.as_deref())
        .input_warnings(self.inputs.warnings())
        .policy(&self.policy);
        let evidence = Evidence::from_inputs(&self.inputs).unwrap();
        let result = verify(&evidence, &request).unwrap();
        assert_eq!(result.verdict() == Verdict::Accepted, result.class().is_none());
        then(&result)
    }
}

/// The check fails, in a class that the check names.
#[track_caller]
pub(crate) fn fails(id: &str, ask: &Ask) {
    let (failed, class) = ask.answer();
    assert!(failed.contains(&id), "{id} does not fail, but {failed:?} ({class:?})");
    let check = find_check(id).unwrap();
    assert!(
        class.is_some_and(|class| check.classes.contains(&class)),
        "{id} ends in {class:?}, and names {:?}",
        check.classes
    );
}

/// Nothing fails: what the cases bend was straight before.
#[track_caller]
pub(crate) fn holds(ask: &Ask) {
    assert_eq!(ask.answer(), (vec![], None));
}

/// Declares tests that each make one check fail, and the list of them.
macro_rules! make_fail {
    ($($name:ident: $id:literal = $ask:expr;)*) => {
        pub(crate) fn cases() -> Vec<crate::Case> {
            let mut all: Vec<crate::Case> =
                vec![$(($id.to_string(), concat!(module_path!(), "::", stringify!($name)).to_string())),*];
            all.extend(more());
            all
        }
        $(
            #[test]
            fn $name() {
                crate::ask::fails($id, &$ask);
            }
        )*
    };
}
pub(crate) use make_fail;
