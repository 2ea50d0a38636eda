//! Parents with the user data of this crate: its configuration from that of a launch, and the runtime's report from theirs.

use teeproof_runtime::{Image, MachineReport, Problem};

use crate::launch::{Parent, UserDataInput};
use crate::user_data::{self, Download, ParentConfig, ParentFile, ParentReport, ParentState};

impl Default for Parent {
    /// Parents with the user data of [`crate::user_data`].
    fn default() -> Self {
        Self { user_data: write_user_data, report: read_report }
    }
}

fn write_user_data(input: &UserDataInput<'_>) -> Result<String, Vec<Problem>> {
    let image = match input.image {
        Image::Url { url, sha256 } => ParentFile::Url(Download { url: url.clone(), sha256: sha256.0 }),
        Image::InMachineImage { path } => ParentFile::InAmi(path.clone()),
        other => {
            return Err(vec![Problem {
                what: "image".to_owned(),
                why: format!("expected a URL or a path of the machine image, got {other:?}"),
                hint: "give the enclave image file by URL and SHA-256, or by its path".to_owned(),
            }]);
        }
    };
    let mut config = ParentConfig::new(input.deployment.as_str(), input.region, image);
    config.program = input.program.cloned().map(ParentFile::Url);
    config.cpus = input.allocation.processors;
    config.memory_mib = input.allocation.memory_mib;
    config.road_port = input.road_port;
    config.status_port = input.status_port;
    config.ports = input.ports.to_vec();
    let written = config.user_data().map(|user_data| user_data.as_str().to_owned());
    written.map_err(|problems| {
        let problems = problems.into_iter().map(|problem| Problem {
            what: problem.field.to_owned(),
            why: problem.why,
            hint: "change the request or the configuration: user data takes no other value".to_owned(),
        });
        problems.collect()
    })
}

fn read_report(body: &[u8]) -> Result<MachineReport, String> {
    let report = ParentReport::from_json(body).map_err(|error| error.to_string())?;
    let step = || report.current_step().map_or_else(|| "start".to_owned(), |step| step.step.clone());
    Ok(match report.state {
        ParentState::Ready => MachineReport::Ready,
        ParentState::Failed => MachineReport::Failed {
            step: step(),
            report: report.failed_step().map(user_data::ParentStep::details).unwrap_or_default(),
        },
        ParentState::Starting | ParentState::Running => MachineReport::Step { step: step() },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends")]

    use teeproof_runtime::{DeployRequest, Launch};

    use super::*;
    use crate::{Ec2Config, Ports, samples};

    fn written(config: &Ec2Config, request: &DeployRequest) -> Result<String, Vec<Problem>> {
        let id = samples::id();
        let launch = Launch { id: &id, request, created: 0 };
        (Parent::default().user_data)(&UserDataInput::new(config, &launch, "eu-west-1", Ports::default()))
    }

    #[test]
    fn user_data_has_the_values_of_the_launch() {
        let mut request = samples::public();
        request
            .environment
            .insert("TOKEN".to_owned(), teeproof_runtime::SecretText::new("hunter2".to_owned()));
        let text = written(&samples::full(), &request).unwrap();
        let digest = "0f".repeat(32);
        for value in [
            "#cloud-config",
            "tp-abcdefghijklmnopqrstuvwxyz",
            "https://images.example/a.eif",
            &digest,
            "4096",
            "8443",
        ] {
            assert!(text.contains(value), "{value}");
        }
        assert!(!text.contains("hunter2") && !text.contains("TOKEN"));
        assert_eq!(text, written(&samples::full(), &request).unwrap());
    }

    #[test]
    fn what_user_data_lacks_is_a_problem() {
        // The seed's environment is enough.
        assert!(written(&samples::least(), &samples::private()).is_ok());
        let mut request = samples::private();
        request.image = Image::InMachineImage { path: "../a b".to_owned() };
        request.ports = vec![22, 5733];
        let problems = written(&samples::full(), &request).unwrap_err();
        let names: Vec<_> = problems.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(names, ["ports", "ports", "image"]);
    }

    #[test]
    fn reports_of_parents_are_those_of_the_runtime() {
        let read = |text: &str| read_report(text.as_bytes());
        assert_eq!(read(r#"{"version":1,"state":"ready","steps":[]}"#), Ok(MachineReport::Ready));
        let step = |step: &str| Ok(MachineReport::Step { step: step.to_owned() });
        assert_eq!(read(r#"{"version":1,"state":"starting","steps":[]}"#), step("start"));
        let running = r#"{"version":1,"state":"running","steps":[{"step":"system","state":"ok"},{"step":"image","state":"running"}]}"#;
        assert_eq!(read(running), step("image"));
        let failed = r#"{"version":1,"state":"failed","steps":[{"step":"enclave","state":"failed","code":"E26","text":"t","log":"l"}]}"#;
        let report = "E26: t\nl".to_owned();
        assert_eq!(read(failed), Ok(MachineReport::Failed { step: "enclave".to_owned(), report }));
        assert!(read("<html>").is_err());
    }
}
