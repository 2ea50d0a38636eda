//! What is wrong with a policy file, and where.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A policy file cannot be used. Every problem of the file is here, not only the first; of files
/// that have very many, the first hundred that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyError {
    /// The problems, in the order of the file.
    pub problems: Vec<PolicyProblem>,
    /// How many more there are at least.
    pub more: usize,
}

/// One problem of a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyProblem {
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// The key: `snp.reported-tcb.at-least.snp`; empty where the problem is the file's.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What a person can write instead.
    pub hint: Option<String>,
}

/// `12:3: snp.measurement: the message`, without the hint.
impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// One line for each problem, and one that says how many more there are, if any.
impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.iter().enumerate().try_for_each(|(index, problem)| {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            problem.fmt(f)
        })?;
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl core::error::Error for PolicyError {}
