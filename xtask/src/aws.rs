//! The AWS SDK: not in default builds, compiled without optimisation, on one TLS stack; and the suites that need it.

use crate::shell::{self, Outcome, capture, cargo, root};
use crate::skip;
use std::collections::BTreeSet;

/// Checks the trees, then runs clippy and the tests of each package with the SDK; `--all` includes those whose SDK takes long.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let all = words.contains(&"--all");
    let words: Vec<_> = words.iter().filter(|word| **word != "--all").collect();
    let overrides = overrides()?;
    for Suite { package, .. } in SUITES {
        let without = packages(&["-p", package, "--edges", "normal,build"])?;
        if let Some(stranger) = without.iter().find(|name| is_of_sdk(name)) {
            return Err(format!("a default build of {package} has {stranger}"));
        }
        let sdk = packages(&["-p", package, "--features", "aws", "--edges", "normal,build"])?;
        let wrong = faults(&sdk, &overrides);
        if !wrong.is_empty() {
            return Err(wrong.join("\n"));
        }
        let count = sdk.iter().filter(|name| is_of_sdk(name)).count();
        println!("aws: no package of the SDK in a default build of {package}, {count} with its feature");
    }
    for Suite { package, tests, long } in SUITES {
        if let Some(why) = long.filter(|_| !all) {
            skip::aloud(&format!("{package} with the SDK"), why);
            continue;
        }
        let mut clippy = cargo();
        clippy.args(["clippy", "--locked", "--all-targets", "-p", package, "--features", "aws"]);
        shell::run(clippy.args(["--", "-D", "warnings"]))?;
        let mut test = cargo();
        test.args(["test", "--locked", "-p", package, "--features", "aws"]).args(*tests).args(&words);
        shell::run(&mut test)?;
    }
    Ok(())
}

/// What is wrong with the tree of a build with the SDK: its packages, and those with an override in the profiles.
fn faults(packages: &BTreeSet<String>, overrides: &BTreeSet<String>) -> Vec<String> {
    let sdk: Vec<_> = packages.iter().filter(|name| is_of_sdk(name)).collect();
    let mut wrong = Vec::new();
    if sdk.is_empty() {
        wrong.push("the feature aws brings no package of the SDK in".to_owned());
    }
    let missing = sdk.iter().filter(|name| !overrides.contains(**name));
    wrong.extend(missing.map(|name| {
        format!("Cargo.toml: [profile.dev.package] lacks {name} = {{ opt-level = 0, debug = false }}")
    }));
    let second = SECOND_STACKS.iter().filter(|name| packages.contains(**name));
    wrong.extend(second.map(|name| format!("the feature aws brings {name} in: TLS is rustls on aws-lc")));
    wrong
}

/// Packages of the SDK; aws-lc is the library of cryptography.
fn is_of_sdk(name: &str) -> bool {
    name.starts_with("aws-") && !name.starts_with("aws-lc-") && !name.starts_with("aws-nitro-")
}

/// The names of the packages in a tree.
fn packages(words: &[&str]) -> Outcome<BTreeSet<String>> {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--prefix", "none", "--format", "{p}"]).args(words);
    let text = capture(&mut tree)?;
    Ok(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

/// The packages that the development profile neither optimises nor gives debug information.
fn overrides() -> Outcome<BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
    let manifest: toml::Table = text.parse().map_err(|e| format!("Cargo.toml: {e}"))?;
    let packages = ["profile", "dev", "package"]
        .iter()
        .try_fold(&manifest, |table, key| table.get(*key).and_then(toml::Value::as_table))
        .ok_or("Cargo.toml: no [profile.dev.package]")?;
    let is_cheap = |settings: &toml::Value| {
        settings.get("opt-level").and_then(toml::Value::as_integer) == Some(0)
            && settings.get("debug").and_then(toml::Value::as_bool) == Some(false)
    };
    Ok(packages.iter().filter(|(_, settings)| is_cheap(settings)).map(|(name, _)| name.clone()).collect())
}

/// The tests of a package with the feature.
struct Suite {
    package: &'static str,
    /// Which of them; all without words.
    tests: &'static [&'static str],
    /// Why `ci` does not run them.
    long: Option<&'static str>,
}

const SUITES: &[Suite] = &[
    Suite { package: "teeproof-kms", tests: &[], long: None },
    // The SDK for EC2 is the largest of all and is not in the command yet: `ci` takes it up with the command's verbs.
    Suite {
        package: "teeproof-aws",
        tests: &[],
        long: Some("the SDK for EC2 compiles for ten minutes; `cargo xtask aws --all` runs it"),
    },
    Suite {
        package: "teeproof-cli",
        tests: &["--bin", "teeproof", "--test", "kms", "--test", "story_nitro"],
        long: None,
    },
];

/// Other libraries of TLS and cryptography.
const SECOND_STACKS: &[&str] =
    &["ring", "openssl", "openssl-sys", "native-tls", "s2n-tls", "aws-lc-fips-sys"];

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_package_without_an_override_is_seen() {
        let tree = set(&["aws-sdk-kms", "aws-lc-rs", "aws-smithy-types", "tokio"]);
        assert!(faults(&tree, &set(&["aws-sdk-kms", "aws-smithy-types"])).is_empty());
        assert_eq!(faults(&tree, &set(&["aws-sdk-kms"])).len(), 1);
        assert_eq!(faults(&set(&["aws-lc-rs"]), &set(&[])).len(), 1);
        assert_eq!(faults(&set(&["aws-types", "ring"]), &set(&["aws-types"])).len(), 1);
    }

    #[test]
    fn the_overrides_are_read() -> Outcome {
        let found = overrides()?;
        assert!(found.contains("aws-sdk-kms") && !found.contains("sha2") && !found.contains("tokio"));
        Ok(())
    }
}
