//! 証 beside an insurance: 限度額適用認定証, 特定疾病療養受療証, 医療券・調剤券.

use chrono::NaiveDate;

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
}

impl MedicalTicket {
    /// A 医療券 this facility may treat on that day.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.kind == "01" && self.is_ours != Some(false) && holds(self.valid_from, self.valid_to, day)
    }

    pub fn kind_label(&self) -> String {
        match self.kind.as_str() {
            "01" => "医療券".into(),
            "02" => "調剤券".into(),
            other => format!("券種 {other}"),
        }
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
        };
        assert!(ticket.holds(day));
        assert!(!ticket.holds("2026-12-01".parse().unwrap()));
        assert!(!MedicalTicket { is_ours: Some(false), ..ticket.clone() }.holds(day));
        assert!(!MedicalTicket { kind: "02".into(), ..ticket }.holds(day));
    }
}
