//! The guest's record, compared with the expected results of its steps.

/// One step of a guest.
pub struct Step {
    /// Its name, for people.
    pub name: &'static str,
    /// Shell, of which the last command's exit code counts.
    pub line: &'static str,
    /// The expected exit code.
    pub exit: u8,
    /// Each of these stands somewhere in what the line writes.
    pub says: &'static [&'static str],
}

/// What is not as expected of the steps.
pub fn faults(record: &str, steps: &[Step]) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let fault = match ran(record, number) {
            None => Some("was not reached, or did not end".to_owned()),
            Some(ran) => ran.fault(step),
        };
        faults.extend(fault.map(|fault| format!("{}: {fault}", step.name)));
    }
    faults
}

/// The fault of a guest that did not come to the end of its steps.
pub fn fault_of_end(record: &str) -> Option<String> {
    let ended = record.lines().any(|line| line.starts_with("END "));
    (!ended).then(|| "the guest did not come to its end".into())
}

/// The output of one step, if it was reached and ended.
pub fn output(record: &str, number: usize) -> Option<&str> {
    ran(record, number).map(|ran| ran.output)
}

/// The result of one step.
struct Ran<'a> {
    exit: &'a str,
    output: &'a str,
}

impl Ran<'_> {
    fn fault(&self, step: &Step) -> Option<String> {
        if self.exit != step.exit.to_string() {
            return Some(format!("exit code {}, expected {}", self.exit, step.exit));
        }
        let missing = step.says.iter().find(|words| !self.output.contains(**words));
        missing.map(|words| format!("does not say `{words}`"))
    }
}

fn ran(record: &str, number: usize) -> Option<Ran<'_>> {
    let (_, rest) = record.split_once(&format!("STEP {number:02}\n"))?;
    let (output, rest) = rest.split_once("\nEXIT=")?;
    // The next step's exit code is not this one's.
    if output.contains("\nSTEP ") {
        return None;
    }
    let exit = rest.lines().next()?;
    Some(Ran { exit, output })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[Step] = &[
        Step { name: "first", line: "", exit: 0, says: &["hello"] },
        Step { name: "second", line: "", exit: 9, says: &[] },
    ];
    const GOOD: &str = "STEP 00\nhello there\n\nEXIT=0\nSTEP 01\n\nEXIT=9\nEND 3.21\n";

    fn bent(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from));
        faults(&GOOD.replace(from, to), STEPS).join("; ")
    }

    #[test]
    fn a_good_record_has_no_fault() {
        assert_eq!(faults(GOOD, STEPS), Vec::<String>::new());
        assert_eq!(fault_of_end(GOOD), None);
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(bent("hello", "hullo"), "first: does not say `hello`");
        assert_eq!(bent("EXIT=9", "EXIT=0"), "second: exit code 0, expected 9");
        assert_eq!(bent("EXIT=0\nSTEP 01", "STEP 01"), "first: was not reached, or did not end");
        assert_eq!(faults("", STEPS).len(), 2);
        assert!(fault_of_end("STEP 00\n").is_some());
    }
}
