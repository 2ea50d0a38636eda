//! The report of a parent: what `setup` on the machine has done, as its status port returns it.
//!
//! It is not evidence: whoever has the machine can say anything. Its texts are foreign, and escaped before they are printed.

use core::fmt;

use serde::Deserialize;

/// The longest report in bytes.
pub const MAX_PARENT_REPORT: usize = 64 * 1024;
/// The most steps of a report.
const MAX_STEPS: usize = 64;

/// The report of a parent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ParentReport {
    version: u32,
    /// The deployment that its user data names; empty before the first step.
    #[serde(default)]
    pub deployment: String,
    /// The id of this boot: another one after a stop and a start. Empty before the first step.
    #[serde(default)]
    pub boot: String,
    /// How far it is.
    pub state: ParentState,
    /// The steps so far, in their order.
    pub steps: Vec<ParentStep>,
}

/// How far a parent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ParentState {
    /// No step has begun since it booted.
    Starting,
    /// The last step is running.
    Running,
    /// The enclave has answered a nonce.
    Ready,
    /// The last step failed.
    Failed,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ParentStep {
    /// Its name: `system`, `install`, `allocator`, `program`, `image`, `kms-proxy`, `enclave`, `road`.
    pub step: String,
    /// How it went.
    pub state: StepState,
    /// Of a failure: `E26` of nitro-cli, `curl-22`, `exit-1`, `sha256`.
    #[serde(default)]
    pub code: String,
    /// Of a failure: what is wrong.
    #[serde(default)]
    pub text: String,
    /// Of a failure: the end of the log.
    #[serde(default)]
    pub log: String,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StepState {
    /// It is running.
    Running,
    /// It is done.
    Ok,
    /// It failed.
    Failed,
}

/// Bytes that are no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentReportError(String);

impl fmt::Display for ParentReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "report of the parent: {}", self.0)
    }
}

impl core::error::Error for ParentReportError {}

impl ParentReport {
    /// Parses the body of an answer.
    ///
    /// # Errors
    /// More than [`MAX_PARENT_REPORT`] bytes, not JSON of this form, another version, or more than 64 steps.
    pub fn from_json(body: &[u8]) -> Result<Self, ParentReportError> {
        if body.len() > MAX_PARENT_REPORT {
            let bytes = body.len();
            return Err(ParentReportError(format!(
                "expected at most {MAX_PARENT_REPORT} bytes, got {bytes}"
            )));
        }
        let report: Self =
            serde_json::from_slice(body).map_err(|error| ParentReportError(error.to_string()))?;
        if report.version != 1 {
            return Err(ParentReportError(format!("expected version 1, got {}", report.version)));
        }
        if report.steps.len() > MAX_STEPS {
            return Err(ParentReportError(format!("expected at most 64 steps, got {}", report.steps.len())));
        }
        Ok(report)
    }

    /// The step that is running, or failed.
    #[must_use]
    pub fn current_step(&self) -> Option<&ParentStep> {
        self.steps.iter().rev().find(|step| step.state != StepState::Ok)
    }

    /// The step that failed.
    #[must_use]
    pub fn failed_step(&self) -> Option<&ParentStep> {
        self.steps.iter().find(|step| step.state == StepState::Failed)
    }
}

impl ParentStep {
    /// Code, text and the end of the log.
    #[must_use]
    pub fn details(&self) -> String {
        format!("{}: {}\n{}", self.code, self.text, self.log)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test ends")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_failure_is_read() {
        let text = br#"{"version":1,"deployment":"tp-a","boot":"b","state":"failed","steps":[
            {"step":"system","state":"ok"},
            {"step":"enclave","state":"failed","code":"E26","text":"Insufficient memory requested","log":"l\n"}]}"#;
        let report = ParentReport::from_json(text).expect("a report");
        assert_eq!(report.state, ParentState::Failed);
        assert_eq!(report.current_step(), report.failed_step());
        let details = report.failed_step().map(ParentStep::details);
        assert_eq!(details.as_deref(), Some("E26: Insufficient memory requested\nl\n"));
    }

    #[test]
    fn other_bytes_are_refused() {
        for (wrong, why) in [
            ("", "EOF"),
            (r#"{"version":2,"state":"ready","steps":[]}"#, "expected version 1, got 2"),
            (r#"{"version":1,"state":"done","steps":[]}"#, "unknown variant"),
            (r#"{"version":1,"state":"ready"}"#, "missing field"),
        ] {
            let error = ParentReport::from_json(wrong.as_bytes()).expect_err(wrong).to_string();
            assert!(error.contains(why), "{error}");
        }
        let steps = vec![r#"{"step":"a","state":"ok"}"#; 65].join(",");
        let many = format!(r#"{{"version":1,"state":"ready","steps":[{steps}]}}"#);
        assert!(ParentReport::from_json(many.as_bytes()).is_err());
        assert!(ParentReport::from_json(&vec![b' '; MAX_PARENT_REPORT + 1]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_report_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ParentReport::from_json(&bytes);
        }
    }
}
