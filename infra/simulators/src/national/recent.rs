//! 処方・調剤情報 of 電子処方箋 (ShPrInf, CzDiInf): there within the day, weeks before the claims tell of the same medicines.

use chrono::TimeDelta;

use crate::reader::now;

/// Drug as (code, name, ingredient, amount, unit, usage, days).
type Line = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const AMLO: Line = ("620000001", "架空アムロ錠５ｍｇ", "架空アムロジピン", "1", "錠", "１日１回朝食後　服用", "28");
/// As it was ordered; the claim tells of seven days.
const LOXO: Line = ("620000002", "架空ロキソ錠６０ｍｇ", "架空ロキソプロフェン", "3", "錠", "１日３回毎食後　服用", "14");
const CREAM: Line = ("620000009", "架空軟膏０．１％", "架空ステロイド", "20", "ｇ", "１日２回　塗布", "1");
const FRESH: Line = ("620000010", "架空アレルギ錠１０ｍｇ", "架空アレルギン", "1", "錠", "１日１回就寝前　服用", "14");

/// What was prescribed and handed out lately, told by nobody's claim yet or by one of them too.
pub fn recent() -> String {
    let yesterday = now() - TimeDelta::days(1);
    let (day, month) = (yesterday.format("%Y%m%d").to_string(), yesterday.format("%Y%m").to_string());
    let prescribed =
        [prescribed("202610", "架空内科クリニック", "20261004", &[AMLO, LOXO]), prescribed(&month, "架空耳鼻科", &day, &[FRESH])];
    let dispensed = [
        dispensed("202610", "架空内科クリニック", ("20261004", "20261004"), &[AMLO]),
        dispensed("202611", "架空皮膚科", ("20261102", "20261101"), &[CREAM]),
    ];
    format!("<ShPrInf>{}</ShPrInf><CzDiInf>{}</CzDiInf>", prescribed.concat(), dispensed.concat())
}

fn prescribed(month: &str, prescriber: &str, on: &str, lines: &[Line]) -> String {
    format!(
        "<ShPrMonthInf><ShPrOrg>2</ShPrOrg><ShPrHNm>{prescriber}</ShPrHNm><ShPrMonth>{month}</ShPrMonth><ShPrCl>2</ShPrCl><ShPrDateInfs><ShPrDateInf>\
         <PrDate>{on}</PrDate><DrugInfs>{}</DrugInfs></ShPrDateInf></ShPrDateInfs></ShPrMonthInf>",
        drugs(lines)
    )
}

fn dispensed(month: &str, prescriber: &str, (on, prescribed_on): (&str, &str), lines: &[Line]) -> String {
    format!(
        "<CzDiMonthInf><CzDiOrg>2</CzDiOrg><CzPrlsHNm>{prescriber}</CzPrlsHNm><CzDiMonth>{month}</CzDiMonth><CzPrCl>4</CzPrCl><CzDiDateInfs><CzDiDateInf>\
         <DiDate>{on}</DiDate><PrDate>{prescribed_on}</PrDate><DrugInfs>{}</DrugInfs></CzDiDateInf></CzDiDateInfs></CzDiMonthInf>",
        drugs(lines)
    )
}

fn drugs(lines: &[Line]) -> String {
    lines
        .iter()
        .map(|(code, name, ingredient, amount, unit, usage, days)| {
            format!(
                "<DrugInf><DrugC>{code}</DrugC><DrugN>{name}</DrugN><IngreN>{ingredient}</IngreN><Qua1>{amount}</Qua1><Unit>{unit}</Unit>\
                 <UsageN>{usage}</UsageN><Times>{days}</Times></DrugInf>"
            )
        })
        .collect()
}
