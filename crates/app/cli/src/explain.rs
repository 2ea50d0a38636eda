//! `teeproof explain`: what a check or an exit code means, and what to do about it.

mod exits;
mod human;

use clap::Args;
use serde::Serialize;
use teeproof::core::Check;
use teeproof::{all_checks, find_check};

use crate::context::Context;
use crate::fault::Fault;
use crate::product::Product;
use crate::usage::nearest;
use exits::{EXITS, Exit};

/// Explain a check or an exit code, or list them all
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A check's id such as snp.vek.tcb, or an exit code such as 7
    #[arg(value_name = "CHECK|EXIT")]
    topic: Option<String>,
}

/// Runs the verb.
pub(crate) fn run(args: &ExplainArgs, context: &Context) -> Result<Product, Fault> {
    let explanation = match &args.topic {
        None => Explanation::All { exits: EXITS, checks: all_checks().map(Explained::of).collect() },
        Some(topic) => one(topic)?,
    };
    if context.is_json() {
        let schema = "teeproof/explanation/1";
        Product::json(&Json { schema, explanation: &explanation }, 0)
    } else {
        Ok(Product::of(human::text(&explanation)))
    }
}

fn one(topic: &str) -> Result<Explanation, Fault> {
    if let Ok(code) = topic.parse::<u8>() {
        let exit = EXITS.iter().find(|exit| exit.code == code);
        return exit.map(Explanation::Exit).ok_or_else(|| {
            let known: Vec<_> = EXITS.iter().map(|exit| exit.code.to_string()).collect();
            Fault::usage(
                format!("{topic} is no exit code of teeproof"),
                format!("the exit codes are {}", known.join(", ")),
            )
        });
    }
    let check = find_check(topic).ok_or_else(|| {
        let near = nearest(topic, all_checks().map(|check| check.id));
        let hint = near.map_or_else(
            || "teeproof explain, without anything, lists all checks and exit codes".to_string(),
            |near| format!("did you mean {near}?"),
        );
        Fault::usage(format!("{topic} is neither a check nor an exit code"), hint)
    })?;
    Ok(Explanation::Check(Explained::of(check)))
}

/// What is explained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Explanation {
    Check(Explained),
    Exit(&'static Exit),
    #[serde(untagged)]
    All {
        exits: &'static [Exit],
        checks: Vec<Explained>,
    },
}

/// A check, explained.
#[derive(Debug, Serialize)]
struct Explained {
    id: &'static str,
    title: &'static str,
    proves: &'static str,
    hint: &'static str,
    source: &'static str,
    exits: &'static [u8],
}

impl Explained {
    fn of(check: &'static Check) -> Self {
        let Check { id, title, proves, hint, source, exits } = check;
        Self { id, title, proves, hint, source, exits }
    }
}

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    #[serde(flatten)]
    explanation: &'a Explanation,
}
