//! Reader of a run's record: tab-separated lines, as the benches write them.

use xtask_support::shell::Outcome;

/// One turn of one case, between two measurements of R; nanoseconds for each repetition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slice {
    pub(crate) round: u32,
    pub(crate) case: String,
    pub(crate) nanos: f64,
    pub(crate) before: f64,
    pub(crate) after: f64,
}

/// One turn of one case on one thread and on two, and the same of the bare signature; repetitions
/// a second.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scaling {
    pub(crate) case: String,
    pub(crate) alone: f64,
    pub(crate) together: f64,
    pub(crate) bare_alone: f64,
    pub(crate) bare_together: f64,
}

/// Something that was not measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// Everything that one program measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) slices: Vec<Slice>,
    pub(crate) scalings: Vec<Scaling>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Record {
    /// Reads the lines. A line that is not understood is an error: half a record gives no table.
    pub(crate) fn read(text: &str) -> Outcome<Self> {
        let mut record = Self::default();
        for (line, number) in text.lines().zip(1..) {
            record.take(line).ok_or_else(|| format!("record, line {number}: `{line}`"))?;
        }
        Ok(record)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split('\t').collect();
        match *words.as_slice() {
            ["slice", round, case, nanos, before, after] => self.slices.push(Slice {
                round: round.parse().ok()?,
                case: case.to_owned(),
                nanos: positive(nanos)?,
                before: positive(before)?,
                after: positive(after)?,
            }),
            ["scaling", _, case, alone, together, bare_alone, bare_together] => {
                self.scalings.push(Scaling {
                    case: case.to_owned(),
                    alone: positive(alone)?,
                    together: positive(together)?,
                    bare_alone: positive(bare_alone)?,
                    bare_together: positive(bare_together)?,
                });
            }
            ["skipped", what, why] => {
                self.skipped.push(Skipped { what: what.to_owned(), why: why.to_owned() });
            }
            _ => return None,
        }
        Some(())
    }
}

/// Everything is divided by something else.
fn positive(word: &str) -> Option<f64> {
    word.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_is_read() {
        let text = "skipped\tsev\tno OpenSSL\nslice\t3\tsnp/cold/aws-lc\t360.5\t255.0\t257.0\n\
                    scaling\t0\tsnp/cold/aws-lc\t2000\t3000\t4000\t6100\n";
        let record = Record::read(text).unwrap_or_default();
        assert_eq!(record.skipped, [Skipped { what: "sev".into(), why: "no OpenSSL".into() }]);
        let slice =
            Slice { round: 3, case: "snp/cold/aws-lc".into(), nanos: 360.5, before: 255.0, after: 257.0 };
        assert_eq!(record.slices, [slice]);
        assert_eq!(record.scalings.len(), 1);
        assert!((record.scalings[0].bare_together - 6100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_no_record_is_refused_with_its_line() {
        for wrong in [
            "slice\t3\tx\t360.5\t255.0",
            "slice\t3\tx\t0\t255.0\t1",
            "slice\t3\tx\tNaN\t255.0\t1",
            "slice\t-3\tx\t1\t255.0\t1",
            "warning: something",
        ] {
            let text = format!("skipped\ta\tb\n{wrong}\n");
            assert!(Record::read(&text).is_err_and(|reason| reason.contains("line 2")), "{wrong}");
        }
    }
}
