//! PCRs of an enclave from two sides: read through the kernel's driver, and computed from the image.

use serde_json::Value;
use std::collections::BTreeMap;
use xtask_support::shell::Outcome;

/// Values in hexadecimal digits, by number.
pub(crate) type Pcrs = BTreeMap<u8, String>;

/// The PCRs in the JSON of `teeproof nsm pcr describe`, which stands between other output.
pub(crate) fn described(text: &str) -> Outcome<Pcrs> {
    let json = text.find('{').map_or("", |at| &text[at..]);
    let json = json.rfind('}').map_or("", |at| &json[..=at]);
    let value: Value = serde_json::from_str(json).map_err(|e| format!("nsm pcr describe: {e}\n{text}"))?;
    let pcr = |pcr: &Value| {
        let number = u8::try_from(pcr.get("index")?.as_u64()?).ok()?;
        Some((number, pcr.get("value")?.as_str()?.to_owned()))
    };
    let pcrs = value.get("pcrs").and_then(Value::as_array).into_iter().flatten();
    pcrs.map(|each| pcr(each).ok_or_else(|| format!("nsm pcr describe: not a PCR: {each}"))).collect()
}

/// The PCRs in the JSON of `teeproof eif measure`.
pub(crate) fn computed(json: &str) -> Outcome<Pcrs> {
    let value: Value = serde_json::from_str(json).map_err(|e| format!("eif measure: {e}\n{json}"))?;
    let members = value.get("Measurements").and_then(Value::as_object).into_iter().flatten();
    let pcr = |(name, value): (&String, &Value)| {
        Some((name.strip_prefix("PCR")?.parse().ok()?, value.as_str()?.to_owned()))
    };
    let pcrs: Pcrs = members.filter_map(pcr).collect();
    if pcrs.is_empty() { Err(format!("eif measure: no PCRs in {json}")) } else { Ok(pcrs) }
}

/// The PCRs that the image and its parent decide.
const COMPARED: &[u8] = &[0, 1, 2, 3, 4, 8];

/// Both sides of one PCR.
pub(crate) struct Row<'a> {
    number: u8,
    driver: &'a str,
    computed: &'a str,
}

impl Row<'_> {
    pub(crate) fn is_equal(&self) -> bool {
        self.driver == self.computed
    }
}

impl std::fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, driver, computed } = self;
        let verdict = if self.is_equal() { "equal" } else { "DIFFERENT" };
        write!(f, "  PCR{number}  driver   {driver}\n        measure  {computed}  {verdict}")
    }
}

/// A row for each compared PCR. One that is not computed from the image is zero.
pub(crate) fn rows<'a>(driver: &'a Pcrs, computed: &'a Pcrs) -> Outcome<Vec<Row<'a>>> {
    let row = |number: &u8| {
        let driver = driver.get(number).ok_or_else(|| format!("the driver gave no PCR{number}"))?;
        let computed = computed.get(number).map_or(ZERO, String::as_str);
        Ok(Row { number: *number, driver, computed })
    };
    COMPARED.iter().map(row).collect()
}

const ZERO: &str = "000000000000000000000000000000000000000000000000\
                    000000000000000000000000000000000000000000000000";

#[cfg(test)]
mod tests {
    use super::*;

    fn pcrs(values: &[(u8, &str)]) -> Pcrs {
        values.iter().map(|(number, value)| (*number, (*value).to_owned())).collect()
    }

    #[test]
    fn a_difference_is_seen() {
        let driver = pcrs(&[(0, "aa"), (1, "bb"), (2, "cc"), (3, ZERO), (4, "ee"), (8, ZERO)]);
        let computed = pcrs(&[(0, "aa"), (1, "bb"), (2, "cd"), (4, "ee")]);
        let rows = rows(&driver, &computed).unwrap_or_default();
        let different: Vec<u8> = rows.iter().filter(|row| !row.is_equal()).map(|row| row.number).collect();
        assert_eq!((rows.len(), different), (6, vec![2]));
        assert!(rows[2].to_string().ends_with("driver   cc\n        measure  cd  DIFFERENT"));
    }

    #[test]
    fn a_missing_value_of_the_driver_is_not_zero() {
        assert!(rows(&pcrs(&[(0, "aa")]), &Pcrs::new()).is_err_and(|reason| reason.contains("PCR1")));
    }

    #[test]
    fn the_command_s_json_is_read() {
        let text = "warning: x\n{\"schema\": \"teeproof/nsm-pcrs/1\", \"pcrs\": [\n  \
                    {\"index\": 0, \"locked\": true, \"value\": \"aa\"}]}\n\n";
        assert_eq!(described(text), Ok(pcrs(&[(0, "aa")])));
        assert!(described("error: no device\n").is_err());
        assert!(described("{\"pcrs\": [{\"index\": 300, \"value\": \"aa\"}]}").is_err());
        let text = "{\"Measurements\": {\"HashAlgorithm\": \"x\", \"PCR0\": \"aa\", \"PCR8\": \"bb\"}}";
        assert_eq!(computed(text), Ok(pcrs(&[(0, "aa"), (8, "bb")])));
        assert!(computed("{}").is_err());
    }

    #[test]
    fn zero_is_48_bytes() {
        assert_eq!(ZERO.len(), 96);
    }
}
