//! 処方箋情報 (SJ1) as the service checks it: the form of every record, then what the records say.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::draft::{Item, items};

/// One remark of CsvCheckResultList.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark(pub &'static str, pub String);

/// Usage codes of the 用法マスタ this simulator knows (見本).
const USAGES: [&str; 5] = ["1011000400000000", "1013044400000000", "1012040400000000", "1011100000000000", "1050110000000000"];

/// Records that must occur once, with the number of fields after the record number.
const ONCE: [(&str, usize); 7] = [("1", 4), ("3", 3), ("4", 3), ("5", 3), ("12", 1), ("13", 1), ("51", 1)];

/// What the service remembers of a prescription.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub institution: String,
    pub patient: String,
    pub insurer: String,
    pub number: String,
    pub issued_on: String,
    pub institution_name: String,
    pub drugs: Vec<String>,
    pub items: Vec<Item>,
    /// The records as they came.
    pub csv: String,
    /// 総使用回数; 1 when it is no リフィル
    pub uses: usize,
    /// 分割: which part of how many
    pub part: Option<(u32, u32)>,
}

pub(super) fn rows(csv: &[u8]) -> Result<Vec<Vec<&str>>, Vec<Remark>> {
    let Ok(text) = std::str::from_utf8(csv) else { return Err(vec![Remark("SIMC001E", "UTF-8 で記録してください。".into())]) };
    if text.contains('\r') {
        return Err(vec![Remark("EPSB0052E", "改行コードはLFで記録してください。".into())]);
    }
    let Some(body) = text.strip_prefix("SJ1\n") else { return Err(vec![Remark("SIMC002E", "1行目は SJ1 です。".into())]) };
    Ok(body.lines().map(|line| line.split(',').collect()).collect())
}

pub fn check(csv: &[u8], today: NaiveDate) -> Result<Summary, Vec<Remark>> {
    let rows = rows(csv)?;
    let mut wrong = Vec::new();
    order(&rows, &mut wrong);
    let head = once(&rows, &mut wrong);
    person(&rows, &mut wrong);
    insurance(&rows, &mut wrong);
    dates(&head, &rows, today, &mut wrong);
    lines(&rows, &mut wrong);
    parts(&rows, &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let field = |record: &str, at: usize| first(&rows, record).and_then(|row| row.get(at)).map(|v| (*v).to_owned()).unwrap_or_default();
    Ok(Summary {
        institution: format!("{}{}{}", field("1", 3), field("1", 1), field("1", 2)),
        patient: field("11", 2),
        insurer: field("22", 1),
        number: field("23", 2),
        issued_on: field("51", 1),
        institution_name: field("1", 4),
        items: items(&rows),
        csv: String::from_utf8_lossy(csv).into_owned(),
        part: number(&field("63", 2)).zip(number(&field("63", 1))),
        uses: field("64", 1).parse().unwrap_or(1),
        drugs: rows.iter().filter(|r| r[0] == "201").filter_map(|r| r.get(6)).map(|v| (*v).to_owned()).collect(),
    })
}

fn first<'a, 'b>(rows: &'a [Vec<&'b str>], record: &str) -> Option<&'a Vec<&'b str>> {
    rows.iter().find(|row| row[0] == record)
}

fn digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

/// Record numbers ascend up to the first RP; behind it every record belongs to the RP that was opened.
pub(super) fn order(rows: &[Vec<&str>], wrong: &mut Vec<Remark>) {
    let (mut last, mut rp) = (0, 0);
    for row in rows {
        let Some(record) = number(row[0]) else {
            wrong.push(Remark("SIMC003E", format!("レコード番号「{}」を読めません。", row[0])));
            continue;
        };
        if record < 101 {
            if rp > 0 || record < last {
                wrong.push(Remark("SIMC004E", format!("レコード {record} の順序が違います。")));
            }
        } else {
            let of = row.get(1).and_then(|v| number(v)).unwrap_or(0);
            let opens = record == 101 && of == rp + 1;
            if !opens && (of != rp || record < last) {
                wrong.push(Remark("SIMC004E", format!("RP {of} のレコード {record} の順序が違います。")));
            }
            rp = of;
        }
        last = record;
    }
    if rp == 0 {
        wrong.push(Remark("SIMC005E", "処方がありません。".into()));
    }
}

fn once<'a>(rows: &'a [Vec<&'a str>], wrong: &mut Vec<Remark>) -> BTreeMap<&'static str, &'a Vec<&'a str>> {
    let mut found = BTreeMap::new();
    for (record, fields) in ONCE {
        match rows.iter().filter(|row| row[0] == record).collect::<Vec<_>>()[..] {
            [row] if row.len() == fields + 1 => drop(found.insert(record, row)),
            [_] => wrong.push(Remark("SIMC006E", format!("レコード {record} の項目数が違います。"))),
            [] => wrong.push(Remark("SIMC007E", format!("レコード {record} は必須です。"))),
            _ => wrong.push(Remark("SIMC008E", format!("レコード {record} が二つあります。"))),
        }
    }
    if let Some(row) = found.get("1")
        && (row[1] != "1" || !digits(row[2], 7) || !digits(row[3], 2) || row[4].is_empty())
    {
        wrong.push(Remark("SIMC009E", "医療機関の記録が正しくありません。".into()));
    }
    if let Some(row) = found.get("5")
        && (row[3].is_empty() || row[3].chars().count() > 20)
    {
        wrong.push(Remark("SIMC010E", "医師の漢字氏名は20文字までで必須です。".into()));
    }
    found
}

fn person(rows: &[Vec<&str>], wrong: &mut Vec<Remark>) {
    let named =
        first(rows, "11").is_some_and(|row| row.len() == 4 && !(row[2].is_empty() && row[3].is_empty()) && row[2].chars().count() <= 20);
    let kana = first(rows, "11").is_none_or(|row| row.get(3).is_none_or(|kana| kana.chars().all(|c| c == ' ' || ('｡'..='ﾟ').contains(&c))));
    if !named || !kana {
        wrong.push(Remark("SIMC011E", "患者の氏名がないか、カナが半角ではありません。".into()));
    }
    if !first(rows, "12").is_some_and(|row| matches!(row.get(1), Some(&"1" | &"2"))) {
        wrong.push(Remark("SIMC012E", "性別は 1 か 2 です。".into()));
    }
}

fn insurance(rows: &[Vec<&str>], wrong: &mut Vec<Remark>) {
    let insurer = first(rows, "22").and_then(|row| row.get(1)).copied().unwrap_or_default();
    let is_right = matches!(insurer.len(), 6 | 8) && super::super::envelope::check_digit(insurer);
    if !insurer.is_empty() && !is_right {
        wrong.push(Remark("SIMC013E", "保険者番号の検証番号が違います。".into()));
    }
    if !insurer.is_empty() && !first(rows, "23").is_some_and(|row| row.len() == 5 && !row[2].is_empty() && matches!(row[3], "1" | "2")) {
        wrong.push(Remark("SIMC014E", "被保険者の番号か本人・家族の別がありません。".into()));
    }
    for row in rows.iter().filter(|row| matches!(row[0], "27" | "28" | "29")) {
        if !row.get(1).is_some_and(|payer| digits(payer, 8) && super::super::envelope::check_digit(payer)) {
            wrong.push(Remark("SIMC015E", "公費負担者番号の検証番号が違います。".into()));
        }
    }
    if let Some(row) = first(rows, "31")
        && !row.get(1).is_some_and(|kind| digits(kind, 4))
    {
        wrong.push(Remark("SIMC016E", "レセプト種別は4桁です。".into()));
    }
}

fn dates(head: &BTreeMap<&str, &Vec<&str>>, rows: &[Vec<&str>], today: NaiveDate, wrong: &mut Vec<Remark>) {
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| digits(text, 8));
    if let Some(row) = head.get("13")
        && day(row[1]).is_none_or(|born| born > today)
    {
        wrong.push(Remark("SIMC017E", "生年月日が正しくありません。".into()));
    }
    let issued = head.get("51").and_then(|row| day(row[1]));
    if issued.is_none_or(|issued| issued > today) {
        wrong.push(Remark("SIMC018E", "交付年月日がないか、未来です。".into()));
    }
    if let Some(row) = first(rows, "52")
        && row.get(1).and_then(|v| day(v)).zip(issued).is_none_or(|(until, from)| until < from)
    {
        wrong.push(Remark("SIMC019E", "使用期限が正しくありません。".into()));
    }
    if let Some(row) = first(rows, "61")
        && (row.len() != 4 || row[1..].iter().any(|field| field.is_empty()))
    {
        wrong.push(Remark("SIMC033E", "麻薬の免許番号・患者住所・電話は必須です。".into()));
    }
    if let Some(row) = first(rows, "64")
        && !matches!(row.get(1), Some(&"2" | &"3"))
    {
        wrong.push(Remark("SIMC020E", "リフィルの総使用回数は 2 か 3 です。".into()));
    }
}

/// 分割: 63 once, 102 of every RP, each less than the whole that 101 says; and none of both otherwise.
fn parts(rows: &[Vec<&str>], wrong: &mut Vec<Remark>) {
    let heads: Vec<_> = rows.iter().filter(|row| row[0] == "63").collect();
    let of_rp =
        |record: &'static str, rp: &str| rows.iter().filter(move |row| row[0] == record && row.get(1) == Some(&rp)).collect::<Vec<_>>();
    let is_right = |row: &[&str]| match row {
        ["63", of, no] => number(of).zip(number(no)).is_some_and(|(of, no)| (2..=3).contains(&of) && (1..=of).contains(&no)),
        _ => false,
    };
    match heads[..] {
        [] if rows.iter().any(|row| row[0] == "102") => {
            wrong.push(Remark("SIMC034E", "分割でない処方にレコード 102 は置けません。".into()))
        }
        [] => return,
        [row] if is_right(row) => {}
        _ => wrong.push(Remark("SIMC035E", "分割回数は 2 か 3、分割回はその回数までです。".into())),
    }
    if !heads.is_empty() && first(rows, "64").is_some() {
        wrong.push(Remark("SIMC036E", "分割とリフィルは一緒に記録できません。".into()));
    }
    for row in rows.iter().filter(|row| row[0] == "101") {
        let rp = row.get(1).copied().unwrap_or_default();
        let whole = row.get(4).and_then(|v| number(v)).unwrap_or(0);
        let is_whole = |part: u32| if matches!(row.get(2), Some(&"1" | &"2")) { part < whole } else { part <= whole };
        let is_told = match of_rp("102", rp)[..] {
            [told] => {
                matches!(told[..], [_, _, part, all] if number(all) == Some(whole) && number(part).is_some_and(|part| part > 0 && is_whole(part)))
            }
            [] => heads.is_empty(),
            _ => false,
        };
        if !is_told {
            wrong.push(Remark("SIMC037E", format!("RP {rp} の分割回ごとの調剤数量が正しくありません。")));
        }
    }
}

pub(super) fn lines(rows: &[Vec<&str>], wrong: &mut Vec<Remark>) {
    let of = |record: &str, rp: &str| rows.iter().filter(|r| r[0] == record && r.get(1) == Some(&rp)).count();
    for row in rows.iter().filter(|row| row[0] == "101") {
        let rp = row.get(1).copied().unwrap_or_default();
        let amount = row.get(4).and_then(|v| number(v)).is_some_and(|n| (1..=999).contains(&n));
        if row.len() != 5 || !matches!(row[2], "1" | "2" | "3" | "4" | "5" | "6" | "9") || !amount {
            wrong.push(Remark("SIMC021E", format!("RP {rp} の剤形か調剤数量が正しくありません。")));
        }
        if of("111", rp) != 1 || of("201", rp) == 0 {
            wrong.push(Remark("SIMC022E", format!("RP {rp} に用法か薬がありません。")));
        }
    }
    for row in rows.iter().filter(|row| row[0] == "111") {
        let known = match row.get(2) {
            Some(&"1") => row.get(3) == Some(&""),
            Some(&"2" | &"3") => row.get(3).is_some_and(|code| USAGES.contains(code)),
            _ => false,
        };
        if row.len() != 6 || !known || row.get(4).is_none_or(|name| name.is_empty() || name.chars().count() > 50) {
            wrong.push(Remark("SIMC023E", format!("RP {} の用法が用法マスタにありません。", row.get(1).unwrap_or(&""))));
        }
    }
    for row in rows.iter().filter(|row| row[0] == "201") {
        wrong.extend(drug(row));
    }
}

fn drug(row: &[&str]) -> Option<Remark> {
    let rp = row.get(1).copied().unwrap_or_default();
    if row.len() != 10 {
        return Some(Remark("SIMC024E", format!("RP {rp} の薬の項目数が違います。")));
    }
    let (kind, code, name, dose, unit) = (row[4], row[5], row[6], row[7], row[9]);
    if code.starts_with("7777") {
        return Some(Remark("SIMC025E", format!("RP {rp} はダミーコードのため登録できません。")));
    }
    let known = match kind {
        "2" => digits(code, 9) && code.starts_with('6'),
        "4" => code.len() == 12 && code[..7].bytes().all(|b| b.is_ascii_digit()),
        "7" => code.len() == 12 && code.ends_with("ZZZ"),
        _ => return Some(Remark("SIMC026E", format!("RP {rp} の薬品コード種別 {kind} は使えません。"))),
    };
    if !known {
        return Some(Remark("SIMC027E", format!("RP {rp} の薬品コード {code} がマスタにありません。")));
    }
    let (whole, decimals) = dose.split_once('.').unwrap_or((dose, ""));
    let counted = (1..=6).contains(&whole.len()) && decimals.len() <= 5 && dose.parse::<f64>().is_ok_and(|dose| dose > 0.0);
    if name.is_empty() || name.chars().count() > 40 || !counted || unit.is_empty() || unit.chars().count() > 6 {
        return Some(Remark("SIMC028E", format!("RP {rp} の薬品名・用量・単位が正しくありません。")));
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GOOD: &str = "SJ1\n1,1,9999999,13,架空診療所\n3,03-0000-0000,,\n4,2,01,内科\n5,,,架空　医師\n11,42,架空　太郎,ｶｸｳ ﾀﾛｳ\n12,1\n13,19750401\n21,1\n\
        22,01139997\n23,12345678,9000001,1,00\n24,030,070\n31,1112\n51,20261120\n64,3\n101,1,1,,14\n111,1,3,1011000400000000,１日１回朝食後　服用,1\n\
        201,1,1,1,7,2171022F1ZZZ,【般】アムロジピン錠２．５ｍｇ,1,1,錠\n";

    #[test]
    fn the_example_of_the_notes_passes_and_each_fault_is_named() {
        let today: NaiveDate = "2026-11-20".parse().unwrap();
        assert_eq!(check(GOOD.as_bytes(), today).unwrap().institution, "1319999999");
        for (from, to, code) in [
            ("\n3,", "\r\n3,", "EPSB0052E"),
            ("SJ1\n", "SJ2\n", "SIMC002E"),
            ("13,19750401\n", "", "SIMC007E"),
            ("12,1\n13,", "12,3\n13,", "SIMC012E"),
            ("ﾀﾛｳ", "タロウ", "SIMC011E"),
            ("01139997", "01139998", "SIMC013E"),
            ("51,20261120", "51,20261121", "SIMC018E"),
            ("64,3", "64,4", "SIMC020E"),
            ("64,3", "63,3,1\n64,3", "SIMC036E"),
            ("64,3", "63,4,1", "SIMC035E"),
            ("64,3", "63,2,3", "SIMC035E"),
            ("64,3", "63,2", "SIMC035E"),
            ("64,3", "63,2,1", "SIMC037E"),
            ("101,1,1,,14", "101,1,1,,14\n102,1,7,14", "SIMC034E"),
            ("64,3", "61,第1号,,03\n64,3", "SIMC033E"),
            ("101,1,1,,14", "101,2,1,,14", "SIMC004E"),
            ("101,1,1,,14", "101,1,1,,0", "SIMC021E"),
            ("1011000400000000", "1011000400000009", "SIMC023E"),
            (",7,2171022F1ZZZ", ",2,777770000", "SIMC025E"),
            (",7,2171022F1ZZZ", ",3,2171022F1", "SIMC026E"),
            (",7,2171022F1ZZZ", ",2,999999999", "SIMC027E"),
            (",1,1,錠", ",0,1,錠", "SIMC028E"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let wrong = check(GOOD.replacen(from, to, 1).as_bytes(), today).unwrap_err();
            assert!(wrong.iter().any(|remark| remark.0 == code), "{from} -> {to}: {wrong:?}");
        }
    }

    #[test]
    fn a_part_is_less_than_the_whole_it_names() {
        let today: NaiveDate = "2026-11-20".parse().unwrap();
        let part = |told: &str| GOOD.replace("64,3", "63,3,2").replace("101,1,1,,14\n", &format!("101,1,1,,14\n{told}"));
        let held = check(part("102,1,4,14\n").as_bytes(), today).unwrap();
        assert_eq!((held.part, held.uses, held.items[0].days), (Some((2, 3)), 1, 4));
        for told in ["102,1,4,10\n", "102,1,14,14\n", "102,1,0,14\n", "102,1,x,14\n", "102,1,4\n", "102,1,4,14\n102,1,4,14\n"] {
            let wrong = check(part(told).as_bytes(), today).unwrap_err();
            assert!(wrong.iter().any(|remark| remark.0 == "SIMC037E"), "{told}: {wrong:?}");
        }
    }
}
