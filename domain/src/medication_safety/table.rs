//! Rules as a table: one a row, under the headings of [`COLUMNS`]. A file is taken whole or not at all; what is wrong names its line and
//! its column.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::rule::{Condition, Rule};
use crate::prescription::Dose;
use crate::warning::Level;

const ID: &str = "規則ID";
const LEVEL: &str = "水準";
const KIND: &str = "種類";
const DRUGS: &str = "薬";
const OTHERS: &str = "相手";
const LIMIT: &str = "限度";
const UNIT: &str = "単位";
const FROM_AGE: &str = "年齢から";
const UNTIL_AGE: &str = "年齢まで";
const WITHIN: &str = "何日以内";
const SOURCE: &str = "出典";
const FROM: &str = "開始日";
const TO: &str = "終了日";
const ADVICE: &str = "助言";

/// The headings of the first line, in any order.
pub const COLUMNS: [&str; 14] = [ID, LEVEL, KIND, DRUGS, OTHERS, LIMIT, UNIT, FROM_AGE, UNTIL_AGE, WITHIN, SOURCE, FROM, TO, ADVICE];
/// What only a kind of rule uses; elsewhere it must be empty, so that a shifted row is noticed.
const OF_KIND: [&str; 7] = [DRUGS, OTHERS, LIMIT, UNIT, FROM_AGE, UNTIL_AGE, WITHIN];

const TEXT_MAX: usize = 200;
const DAYS_MAX: u16 = 3650;
const AGE_MAX: u16 = 150;

/// One field that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadField {
    pub line: u64,
    pub column: &'static str,
    pub reason: String,
}

/// The rules of a table, or everything that is wrong with it. `own` are names the product itself uses.
pub fn read(headings: &[String], lines: &[(u64, Vec<String>)], own: &BTreeSet<&str>) -> Result<Vec<Rule>, Vec<BadField>> {
    let mut places = BTreeMap::new();
    let mut bad = Vec::new();
    for column in COLUMNS {
        let at: Vec<usize> = headings.iter().enumerate().filter(|(_, heading)| heading.trim() == column).map(|(at, _)| at).collect();
        match at[..] {
            [at] => drop(places.insert(column, at)),
            [] => bad.push(BadField { line: 1, column, reason: "見出しがありません".into() }),
            _ => bad.push(BadField { line: 1, column, reason: "見出しが二つあります".into() }),
        }
    }
    for heading in headings.iter().filter(|heading| !COLUMNS.contains(&heading.trim())) {
        let shown: String = heading.chars().take(20).collect();
        bad.push(BadField { line: 1, column: "見出し", reason: format!("「{shown}」は知らない見出しです") });
    }
    if !bad.is_empty() {
        return Err(bad);
    }
    let (mut rules, mut seen) = (Vec::new(), BTreeMap::new());
    for (line, fields) in lines {
        let mut row = Row { line: *line, fields, places: &places, bad: &mut bad };
        let Some(rule) = row.rule(headings.len()) else { continue };
        if own.contains(rule.id.as_str()) {
            row.wrong(ID, "製品の規則の名前です。別の名前にしてください");
        }
        match seen.get(&rule.id) {
            Some(first) => row.wrong(ID, &format!("{first}行目と同じ名前です")),
            None => drop(seen.insert(rule.id.clone(), *line)),
        }
        rules.push(rule);
    }
    if bad.is_empty() { Ok(rules) } else { Err(bad) }
}

struct Row<'a> {
    line: u64,
    fields: &'a [String],
    places: &'a BTreeMap<&'static str, usize>,
    bad: &'a mut Vec<BadField>,
}

impl Row<'_> {
    fn wrong(&mut self, column: &'static str, reason: &str) {
        self.bad.push(BadField { line: self.line, column, reason: reason.to_owned() });
    }

    fn text(&self, column: &'static str) -> &str {
        self.places.get(column).and_then(|at| self.fields.get(*at)).map_or("", |field| field.trim())
    }

    /// A value, or a note of what is wrong.
    fn take<T>(&mut self, column: &'static str, value: Option<T>, reason: &str) -> Option<T> {
        if value.is_none() {
            self.wrong(column, reason);
        }
        value
    }

    fn rule(&mut self, columns: usize) -> Option<Rule> {
        if self.fields.len() != columns {
            self.wrong("行", &format!("{columns}列のはずが{}列あります", self.fields.len()));
            return None;
        }
        let id = self.text(ID).to_owned();
        let is_name = !id.is_empty() && id.len() <= 60 && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        let id = self.take(ID, is_name.then_some(id), "半角の英数字と - _ . の60文字までで入れてください");
        let level = Level::ALL.into_iter().find(|level| level.label() == self.text(LEVEL));
        let level = self.take(LEVEL, level, "止める・理由・情報のどれかにしてください");
        let valid_from = day(self.text(FROM));
        let valid_from = self.take(FROM, valid_from, "日付を 2026-04-01 のように入れてください");
        let valid_to = match self.text(TO) {
            "" => Some(None),
            text => day(text).filter(|last| valid_from.is_none_or(|first| *last >= first)).map(Some),
        };
        let valid_to = self.take(TO, valid_to, "開始日より前ではない日付にしてください(続くなら空)");
        let source = self.words(SOURCE);
        let advice = self.words(ADVICE);
        let condition = self.condition();
        Some(Rule {
            id: id?,
            level: level?,
            source: source?,
            valid_from: valid_from?,
            valid_to: valid_to?,
            advice: advice?,
            condition: condition?,
        })
    }

    fn words(&mut self, column: &'static str) -> Option<String> {
        let text = self.text(column).to_owned();
        let fits = text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control);
        self.take(column, fits.then_some(text), "200文字までの一行で入れてください")
    }

    fn condition(&mut self) -> Option<Condition> {
        let kind = self.text(KIND).to_owned();
        let used: &[&str] = match kind.as_str() {
            "上限量" => &[DRUGS, LIMIT, UNIT],
            "投与日数" => &[DRUGS, LIMIT],
            "併用禁忌" | "病名禁忌" => &[DRUGS, OTHERS],
            "同じ系統" | "妊娠・授乳" => &[DRUGS],
            "検査値" => &[DRUGS, OTHERS, LIMIT, WITHIN],
            "年齢" => &[DRUGS, FROM_AGE, UNTIL_AGE],
            _ => {
                self.wrong(KIND, "上限量・投与日数・併用禁忌・同じ系統・病名禁忌・妊娠・授乳・検査値・年齢のどれかにしてください");
                return None;
            }
        };
        let stray: Vec<_> = OF_KIND.into_iter().filter(|column| !used.contains(column) && !self.text(column).is_empty()).collect();
        for column in stray {
            self.wrong(column, &format!("「{kind}」では使いません。空にしてください"));
        }
        let drugs = self.list(DRUGS, is_yj, "個別医薬品コード(YJ)の先頭4文字以上を、空白で区切って入れてください");
        match kind.as_str() {
            "上限量" => {
                let (per_day, unit) = (self.amount(), self.unit());
                Some(Condition::MaximumDose { drugs: drugs?, per_day: per_day?, unit: unit? })
            }
            "投与日数" => {
                let days = self.number(LIMIT, 1, DAYS_MAX);
                Some(Condition::DaysLimit { drugs: drugs?, days: days? })
            }
            "併用禁忌" => {
                let with = self.list(OTHERS, is_yj, "相手の個別医薬品コード(YJ)の先頭4文字以上を、空白で区切って入れてください");
                Some(Condition::Contraindication { drugs: drugs?, with: with? })
            }
            "病名禁忌" => {
                let icd10 = self.list(OTHERS, is_icd10, "ICD-10の先頭3文字以上を、空白で区切って入れてください(例 J45)");
                Some(Condition::Disease { drugs: drugs?, icd10: icd10? })
            }
            "同じ系統" => Some(Condition::SameClass { classes: drugs? }),
            "妊娠・授乳" => Some(Condition::Pregnancy { drugs: drugs? }),
            "検査値" => {
                let results = self.list(OTHERS, |code| (2..=20).contains(&code.chars().count()), "検査項目のコードを入れてください");
                let (below, within_days) = (self.amount(), self.number(WITHIN, 1, DAYS_MAX));
                Some(Condition::Result { drugs: drugs?, results: results?, below: below?, within_days: within_days? })
            }
            _ => self.age(drugs?),
        }
    }

    fn age(&mut self, drugs: Vec<String>) -> Option<Condition> {
        let optional =
            |row: &mut Self, column| if row.text(column).is_empty() { Some(None) } else { row.number(column, 0, AGE_MAX).map(Some) };
        let (from, until) = (optional(self, FROM_AGE), optional(self, UNTIL_AGE));
        let (from, until) = (from?, until?);
        if from.is_none() && until.is_none() {
            self.wrong(FROM_AGE, "「年齢から」か「年齢まで」を入れてください");
            return None;
        }
        Some(Condition::Age { drugs, from, until })
    }

    fn list(&mut self, column: &'static str, is_right: impl Fn(&str) -> bool, reason: &str) -> Option<Vec<String>> {
        let words: Vec<String> = self.text(column).split_whitespace().map(str::to_owned).collect();
        let fits = !words.is_empty() && words.len() <= 500 && words.iter().all(|word| is_right(word));
        self.take(column, fits.then_some(words), reason)
    }

    fn amount(&mut self) -> Option<String> {
        let limit = Dose::parse(self.text(LIMIT)).ok().map(|limit| limit.as_str().to_owned());
        self.take(LIMIT, limit, "0より大きい数(整数6桁・小数5桁まで)を入れてください")
    }

    fn unit(&mut self) -> Option<String> {
        let unit = self.text(UNIT).to_owned();
        let fits = (1..=6).contains(&unit.chars().count());
        self.take(UNIT, fits.then_some(unit), "6文字までの単位を入れてください")
    }

    fn number(&mut self, column: &'static str, least: u16, most: u16) -> Option<u16> {
        let number = self.text(column).parse::<u16>().ok().filter(|number| (least..=most).contains(number));
        self.take(column, number, &format!("{least}から{most}までの整数を入れてください"))
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(text, "%Y/%m/%d")).ok()
}

fn is_yj(code: &str) -> bool {
    (4..=12).contains(&code.len())
        && code.bytes().take(4).all(|b| b.is_ascii_digit())
        && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn is_icd10(code: &str) -> bool {
    let bytes = code.as_bytes();
    (3..=8).contains(&bytes.len())
        && bytes[0].is_ascii_uppercase()
        && bytes[1..3].iter().all(u8::is_ascii_digit)
        && bytes[3..].iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: &[&str]) -> (Vec<String>, Vec<(u64, Vec<String>)>) {
        let lines = rows.iter().enumerate().map(|(at, row)| (at as u64 + 2, row.split(',').map(str::to_owned).collect()));
        (COLUMNS.map(str::to_owned).to_vec(), lines.collect())
    }

    fn wrong(row: &str) -> Vec<(u64, &'static str)> {
        let (headings, lines) = sheet(&[row]);
        read(&headings, &lines, &BTreeSet::from(["allergy"])).unwrap_err().into_iter().map(|bad| (bad.line, bad.column)).collect()
    }

    #[test]
    fn every_kind_is_read() {
        let (headings, lines) = sheet(&[
            "dose,理由,上限量,9999001,,2,錠,,,,見本集,2026-01-01,,",
            "days,止める,投与日数,9999010,,30,,,,,見本集,2026-01-01,2026-12-31,30日以内に",
            "pair,止める,併用禁忌,9999003 9999004,9999012,,,,,,見本集,2026/1/1,,",
            "class,情報,同じ系統,999901,,,,,,,見本集,2026-01-01,,",
            "disease,止める,病名禁忌,9999003,J45 J46,,,,,,見本集,2026-01-01,,",
            "pregnancy,止める,妊娠・授乳,9999012,,,,,,,見本集,2026-01-01,,",
            "renal,理由,検査値,9999011,SMP-EGFR,30,,,,180,見本集,2026-01-01,,",
            "age,理由,年齢,9999013,,,,15,,,見本集,2026-01-01,,",
        ]);
        let rules = read(&headings, &lines, &BTreeSet::new()).unwrap();
        let labels: Vec<_> = rules.iter().map(|rule| rule.condition.label()).collect();
        assert_eq!(labels, ["上限量", "投与日数", "併用禁忌", "同じ系統", "病名禁忌", "妊娠・授乳", "検査値", "年齢"]);
        let expected =
            Condition::Result { drugs: vec!["9999011".into()], results: vec!["SMP-EGFR".into()], below: "30".into(), within_days: 180 };
        assert_eq!(rules[6].condition, expected);
    }

    #[test]
    fn each_wrong_field_is_named() {
        for (row, column) in [
            (",理由,同じ系統,9999,,,,,,,,2026-01-01,,", ID),
            ("a:b,理由,同じ系統,9999,,,,,,,,2026-01-01,,", ID),
            ("allergy,理由,同じ系統,9999,,,,,,,,2026-01-01,,", ID),
            ("a,block,同じ系統,9999,,,,,,,,2026-01-01,,", LEVEL),
            ("a,理由,アレルギー,9999,,,,,,,,2026-01-01,,", KIND),
            ("a,理由,同じ系統,,,,,,,,,2026-01-01,,", DRUGS),
            ("a,理由,同じ系統,99x9,,,,,,,,2026-01-01,,", DRUGS),
            ("a,理由,併用禁忌,9999,,,,,,,,2026-01-01,,", OTHERS),
            ("a,理由,病名禁忌,9999,喘息,,,,,,,2026-01-01,,", OTHERS),
            ("a,理由,上限量,9999,,0,錠,,,,,2026-01-01,,", LIMIT),
            ("a,理由,上限量,9999,,2,,,,,,2026-01-01,,", UNIT),
            ("a,理由,投与日数,9999,,3.5,,,,,,2026-01-01,,", LIMIT),
            ("a,理由,検査値,9999,EGFR,30,,,,0,,2026-01-01,,", WITHIN),
            ("a,理由,年齢,9999,,,,,,,,2026-01-01,,", FROM_AGE),
            ("a,理由,年齢,9999,,,,,999,,,2026-01-01,,", UNTIL_AGE),
            ("a,理由,同じ系統,9999,,5,,,,,,2026-01-01,,", LIMIT),
            ("a,理由,同じ系統,9999,,,,,,,,2026-13-01,,", FROM),
            ("a,理由,同じ系統,9999,,,,,,,,2026-01-01,2025-12-31,", TO),
            ("a,理由,同じ系統,9999,,,,,,,,2026-01-01", "行"),
        ] {
            assert_eq!(wrong(row), [(2, column)], "{row}");
        }
        let long = format!("a,理由,同じ系統,9999,,,,,,,{},2026-01-01,,", "あ".repeat(201));
        assert_eq!(wrong(&long), [(2, SOURCE)]);
    }

    #[test]
    fn a_table_is_taken_whole_or_not_at_all() {
        let good = "a,理由,同じ系統,9999,,,,,,,,2026-01-01,,";
        let (headings, lines) = sheet(&[good, good]);
        let bad = read(&headings, &lines, &BTreeSet::new()).unwrap_err();
        assert_eq!((bad.len(), bad[0].line, bad[0].reason.as_str()), (1, 3, "2行目と同じ名前です"));
        let bad = read(&headings[1..], &lines, &BTreeSet::new()).unwrap_err();
        assert_eq!((bad.len(), bad[0].line, bad[0].column), (1, 1, ID));
        let strange: Vec<String> = headings.iter().cloned().chain(["備考".to_owned()]).collect();
        assert!(read(&strange, &lines, &BTreeSet::new()).unwrap_err()[0].reason.contains("備考"));
    }
}
