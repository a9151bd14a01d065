//! 証 beside an insurance: 限度額適用認定証, 特定疾病療養受療証, 医療券・調剤券.

use chrono::NaiveDate;

use crate::billing::grouped;

/// 限度額適用認定証等の区分.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitCertificate {
    /// OQSCD012, such as `A03`; unknown codes kept.
    pub category: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// 特定疾病療養受療証.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecificDisease {
    /// OQSCD013; unknown codes kept.
    pub category: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub self_pay_yen: Option<u32>,
}

impl SpecificDisease {
    /// 区分 and 自己負担限度額; an unknown code is shown as it came.
    pub fn words(&self) -> String {
        let category = match self.category.as_str() {
            "1" => "人工透析".to_owned(),
            "2" => "血友病".to_owned(),
            "3" => "HIV".to_owned(),
            other => format!("区分 {other}"),
        };
        self.self_pay_yen.map_or(category.clone(), |yen| format!("{category} {yen}円"))
    }
}

/// OQSCD018
const KINDS: [(&str, &str); 2] = [("01", "医療券"), ("02", "調剤券")];
/// OQSCD020
const COMBINATIONS: [(&str, &str); 2] = [("01", "単独"), ("02", "併用")];
/// OQSCD019
const TREATMENTS: [(&str, &str); 5] = [("01", "入院"), ("02", "入院外"), ("03", "歯科"), ("04", "調剤"), ("05", "訪問看護")];

/// 医療券・調剤券 of 医療扶助.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MedicalTicket {
    /// OQSCD018: `01` 医療券, `02` 調剤券; unknown codes kept.
    pub kind: String,
    /// 診療年月, `yyyyMM`
    pub month: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub issue_number: String,
    /// 指定医療機関: whether it is this facility (OQSCD026).
    pub is_ours: Option<bool>,
    pub institution_name: String,
    /// OQSCD019
    pub treatment: String,
    pub injuries: Vec<String>,
    pub self_pay_yen: Option<u32>,
    /// OQSCD020: `01` 単独, `02` 併用
    pub combination: String,
    pub contact: String,
    /// 処方箋発行元医療機関, of a 調剤券
    pub prescriber_name: String,
}

impl MedicalTicket {
    /// A 医療券 this facility may treat on that day.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.kind == "01" && self.is_ours != Some(false) && holds(self.valid_from, self.valid_to, day)
    }

    /// 併用: it stands beside an insurance and pays what that leaves.
    pub fn is_combined(&self) -> bool {
        self.combination == "02"
    }

    /// `医療券 202611 併用 入院外 本人負担 3,000円`; codes we do not know are shown as they came.
    pub fn words(&self) -> String {
        let pay = self.self_pay_yen.map(|yen| format!("本人負担 {}円", grouped(yen.into()))).unwrap_or_default();
        let named = |code: &str, table: &[(&str, &str)], what: &str| match table.iter().find(|(known, _)| *known == code) {
            Some((_, word)) => (*word).to_owned(),
            None if code.is_empty() => String::new(),
            None => format!("{what} {code}"),
        };
        let from = Some(&self.prescriber_name).filter(|name| !name.is_empty()).map(|name| format!("処方元 {name}"));
        let parts = [
            named(&self.kind, &KINDS, "券種"),
            self.month.clone(),
            named(&self.combination, &COMBINATIONS, "単独・併用"),
            named(&self.treatment, &TREATMENTS, "診療別"),
            pay,
            from.unwrap_or_default(),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// Between two days, either of which may be open.
pub(super) fn holds(from: Option<NaiveDate>, to: Option<NaiveDate>, day: NaiveDate) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_of_another_facility_or_for_a_pharmacy_is_none_to_treat_under() {
        let day = "2026-11-20".parse().unwrap();
        let ticket = MedicalTicket {
            kind: "01".into(),
            month: "202611".into(),
            valid_from: "2026-11-01".parse().ok(),
            valid_to: "2026-11-30".parse().ok(),
            issue_number: String::new(),
            is_ours: Some(true),
            institution_name: String::new(),
            treatment: "02".into(),
            injuries: Vec::new(),
            self_pay_yen: None,
            combination: "01".into(),
            contact: String::new(),
            prescriber_name: String::new(),
        };
        assert!(ticket.holds(day));
        assert!(!ticket.holds("2026-12-01".parse().unwrap()));
        assert!(!MedicalTicket { is_ours: Some(false), ..ticket.clone() }.holds(day));
        let pharmacy =
            MedicalTicket { kind: "02".into(), treatment: "09".into(), prescriber_name: "架空医院".into(), ..ticket.clone() };
        assert!(!pharmacy.holds(day));
        assert_eq!(pharmacy.words(), "調剤券 202611 単独 診療別 09 処方元 架空医院");
        let combined = MedicalTicket { combination: "02".into(), self_pay_yen: Some(3_000), ..ticket.clone() };
        assert_eq!(combined.words(), "医療券 202611 併用 入院外 本人負担 3,000円");
        assert!(combined.is_combined() && !ticket.is_combined());
    }
}
