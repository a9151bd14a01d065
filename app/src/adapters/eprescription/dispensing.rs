//! 調剤結果 as the service hands it over: for each time what was given, when, and when next. The wrapping of the list is ours until the
//! interface specification is at hand; the records inside are of the family of 処方箋情報.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::adapters::eligibility::xml::Element;

/// One time a prescription was dispensed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispensing {
    /// 1, and up to 3 for a リフィル
    pub use_no: u8,
    pub dispensed_on: Option<NaiveDate>,
    /// 次回調剤予定日
    pub next_on: Option<NaiveDate>,
    pub pharmacy: String,
    pub message: String,
    /// Each drug in words.
    pub drugs: Vec<String>,
}

/// What an answer carries; a result that cannot be read is left out, and is asked for again.
pub fn dispensings(body: &Element) -> Vec<Dispensing> {
    let Some(list) = body.child("DispensingResultList") else { return Vec::new() };
    list.children_named("DispensingResultInfo").filter_map(dispensing).collect()
}

fn dispensing(info: &Element) -> Option<Dispensing> {
    let text = |name, most| info.value(name).unwrap_or_default().chars().filter(|c: &char| !c.is_control()).take(most).collect();
    let day = |name| info.value(name).and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok());
    Some(Dispensing {
        use_no: info.value("DispensingNumber")?.parse().ok().filter(|no| (1..=99).contains(no))?,
        dispensed_on: day("DispensingDate"),
        next_on: day("NextDispensingDate"),
        pharmacy: text("PharmacyName", 120),
        message: text("PharmacyMessage", 400),
        drugs: drugs(&String::from_utf8(STANDARD.decode(info.value("DispensingResult")?).ok()?).ok()?),
    })
}

/// `見本錠 1錠 1日1回朝食後 14日分`, RP by RP.
fn drugs(csv: &str) -> Vec<String> {
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let field = |record: &str, rp: &str, at: usize| {
        let row = rows.iter().find(|row| row[0] == record && row.get(1) == Some(&rp));
        row.and_then(|row| row.get(at)).copied().unwrap_or_default()
    };
    let words = |row: &Vec<&str>| {
        let (rp, of) = (row.get(1).copied().unwrap_or_default(), |at: usize| row.get(at).copied().unwrap_or_default());
        let supply = match field("101", rp, 2) {
            "1" => format!("{}日分", field("101", rp, 4)),
            "2" => format!("{}回分", field("101", rp, 4)),
            _ => String::new(),
        };
        let parts = [of(6), &format!("{}{}", of(7), of(9)), field("111", rp, 4), &supply].map(str::to_owned);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    rows.iter().filter(|row| row[0] == "201").map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::eligibility::xml;

    /// FN-EP-10: drugs in words; what cannot be read is left out, never guessed.
    #[test]
    fn results_are_read_time_by_time() {
        let csv = STANDARD.encode("SJ1\n101,1,1,,14\n111,1,1,,1日1回朝食後,\n201,1,1,1,2,699999001,見本錠,1,1,錠\n");
        let info = |no: &str, csv: &str| {
            format!(
                "<DispensingResultInfo><DispensingNumber>{no}</DispensingNumber><DispensingDate>20261120</DispensingDate><DispensingResult>{csv}</DispensingResult></DispensingResultInfo>"
            )
        };
        let list = format!(
            "<B><DispensingResultList>{}{}{}{}</DispensingResultList></B>",
            info("1", &csv),
            info("0", &csv),
            info("x", &csv),
            info("2", "***")
        );
        let read = dispensings(&xml::parse(&list).unwrap());
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].use_no, read[0].drugs.as_slice()), (1, ["見本錠 1錠 1日1回朝食後 14日分".to_owned()].as_slice()));
        assert!(dispensings(&xml::parse("<B/>").unwrap()).is_empty());
    }
}
