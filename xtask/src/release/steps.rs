//! Named steps, each with its result and duration; the following steps run even after a failure.

use crate::shell::Outcome;
use std::time::Instant;

/// The steps so far.
#[derive(Default)]
pub(super) struct Steps {
    failed: Vec<&'static str>,
    lines: Vec<String>,
}

impl Steps {
    /// Runs one step; what it found, unless it failed.
    pub(super) fn step<T>(
        &mut self,
        name: &'static str,
        body: impl FnOnce() -> Outcome<(T, String)>,
    ) -> Option<T> {
        println!("==== {name}");
        let begin = Instant::now();
        let outcome = body();
        let seconds = begin.elapsed().as_secs_f64();
        let (word, text, value) = match outcome {
            Ok((value, text)) => ("ok", text, Some(value)),
            Err(reason) => ("FAILED", reason, None),
        };
        println!("{word}: {text}\n");
        let first = text.lines().next().unwrap_or_default();
        self.lines.push(format!("{word:<7} {seconds:>7.1} s  {name}: {first}"));
        if value.is_none() {
            self.failed.push(name);
        }
        value
    }

    /// The summary, and whether everything went well.
    pub(super) fn finish(self) -> Outcome {
        println!("==== summary");
        for line in &self.lines {
            println!("{line}");
        }
        if self.failed.is_empty() { Ok(()) } else { Err(format!("release: {}", self.failed.join(", "))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_is_enough() {
        let mut steps = Steps::default();
        assert_eq!(steps.step("a", || Ok((1, String::new()))), Some(1));
        assert_eq!(steps.step::<()>("b", || Err("no".to_owned())), None);
        assert_eq!(steps.step("c", || Ok((2, String::new()))), Some(2));
        assert_eq!(steps.finish(), Err("release: b".to_owned()));
    }
}
