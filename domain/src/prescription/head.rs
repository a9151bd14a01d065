//! 処方箋 as a whole: where it is dispensed, on what it is issued, how often it may be used, and where it stands.

use chrono::NaiveDate;

use super::{PrescriptionError, check_comment, usable_until};
use crate::codes;

codes! {
    /// 院外・院内.
    DispensedAt { Outside "outside" "院外" Inside "inside" "院内" Discharge "discharge" "院内(退院時)" }
}

codes! {
    /// 発行形態.
    IssueForm {
        Paper "paper" "紙"
        Electronic "electronic" "電子"
        /// 紙+登録: the paper is the original, and the service has it too
        Numbered "numbered" "紙(引換番号あり)"
    }
}

impl DispensedAt {
    pub const fn is_inside(self) -> bool {
        !matches!(self, Self::Outside)
    }
}

impl IssueForm {
    /// What a card reader says the patient chose (`PrescriptionIssueSelect`); anything else is no choice.
    pub fn of_reader(choice: &str) -> Option<Self> {
        match choice {
            "1" => Some(Self::Electronic),
            "2" => Some(Self::Paper),
            _ => None,
        }
    }

    /// The service gets it when it is signed.
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Electronic | Self::Numbered)
    }
}

codes! {
    /// 調剤時に残薬を確認した場合の対応.
    Leftover { Unsaid "" "指示なし" Query "query" "疑義照会した上で調剤" Report "report" "情報提供" }
}

codes! {
    /// `RxStatus`: where a 処方箋 stands.
    RxStatus {
        Draft "draft" "下書き"
        Checked "checked" "点検済"
        Signed "signed" "署名済"
        Registered "registered" "登録済(電子)"
        IssuedPaper "issued_paper" "紙交付"
        Dispensed "dispensed" "調剤済"
        Changed "changed" "変更"
        Withdrawn "withdrawn" "取消"
    }
}

impl RxStatus {
    /// No longer a prescription: its lines are history.
    pub const ENDED: [Self; 2] = [Self::Changed, Self::Withdrawn];

    /// Whether lines may still be written.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Checked)
    }

    /// 取消: a signed one may be taken back until a pharmacy has it; a registered one is taken back at the national service first.
    pub const fn can_be_withdrawn(self) -> bool {
        matches!(self, Self::Signed | Self::IssuedPaper)
    }
}

/// What the doctor chose for the whole 処方箋.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadContent {
    pub dispensed_at: DispensedAt,
    pub issue_form: IssueForm,
    /// 使用期限 when it is not the usual four days.
    pub valid_to: Option<NaiveDate>,
    /// リフィル: total uses, 0 when there is none
    pub refill: u8,
    /// 分割: number of parts, 0 when there is none
    pub split: u8,
    /// Days of each part; none without 分割.
    pub split_days: Vec<u8>,
    pub leftover: Leftover,
    pub remark: String,
}

impl HeadContent {
    /// What a 処方箋 begins with: the form the patient wished, where it can be issued.
    pub fn begun(wish: Option<IssueForm>, can_sign: bool) -> Self {
        let issue_form = wish.filter(|form| can_sign || *form != IssueForm::Electronic).unwrap_or(IssueForm::Paper);
        Self { issue_form, ..Self::default() }
    }
}

impl Default for HeadContent {
    fn default() -> Self {
        Self {
            dispensed_at: DispensedAt::Outside,
            issue_form: IssueForm::Paper,
            valid_to: None,
            refill: 0,
            split: 0,
            split_days: Vec::new(),
            leftover: Leftover::Unsaid,
            remark: String::new(),
        }
    }
}

/// Why a head is not accepted; each names its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    #[error("refill and split together")]
    RefillAndSplit,
    #[error("refill or split of what is handed out here")]
    InsideRepeated,
    #[error("days of the parts")]
    SplitDays,
    #[error("valid_to before the day of issue or later than a year")]
    ValidTo,
    #[error(transparent)]
    Remark(#[from] PrescriptionError),
}

impl HeadContent {
    /// 使用期限 as printed.
    pub fn usable_until(&self, issued_on: NaiveDate) -> NaiveDate {
        self.valid_to.unwrap_or_else(|| usable_until(issued_on))
    }

    /// Rules over several fields. What is handed out in the clinic itself has no 発行形態 and no 使用期限.
    pub fn check(self, today: NaiveDate) -> Result<Self, HeadError> {
        if self.dispensed_at.is_inside() {
            if self.refill > 0 || self.split > 0 {
                return Err(HeadError::InsideRepeated);
            }
            return Ok(Self { dispensed_at: self.dispensed_at, remark: check_comment(&self.remark)?, ..Self::default() });
        }
        if self.refill > 0 && self.split > 0 {
            return Err(HeadError::RefillAndSplit);
        }
        if self.split_days.len() != usize::from(self.split) {
            return Err(HeadError::SplitDays);
        }
        if self.valid_to.is_some_and(|last| last < today || (last - today).num_days() > 365) {
            return Err(HeadError::ValidTo);
        }
        let remark = check_comment(&self.remark)?;
        Ok(Self { remark, ..self })
    }
}

/// `0`, `2` or `3`; everything else is not a number of uses.
pub fn uses(text: &str) -> Option<u8> {
    match text.trim() {
        "" | "0" => Some(0),
        "2" => Some(2),
        "3" => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-11-20".parse().unwrap()
    }

    /// FN-EP-03
    #[test]
    fn a_prescription_begins_as_the_patient_wished_where_that_can_be_issued() {
        let begun = |choice: &str, can_sign| HeadContent::begun(IssueForm::of_reader(choice), can_sign).issue_form;
        assert_eq!((begun("1", true), begun("2", true)), (IssueForm::Electronic, IssueForm::Paper));
        assert_eq!(begun("1", false), IssueForm::Paper, "nobody could sign it");
        for unsaid in ["", "0", "3", "電子"] {
            assert_eq!(begun(unsaid, true), IssueForm::Paper, "{unsaid}");
        }
    }

    #[test]
    fn refill_and_split_exclude_each_other() {
        let both = HeadContent { refill: 3, split: 2, split_days: vec![14, 14], ..HeadContent::default() };
        assert_eq!(both.check(today()), Err(HeadError::RefillAndSplit));
        assert!(HeadContent { refill: 3, ..HeadContent::default() }.check(today()).is_ok());
        let parts = |split_days: &[u8]| HeadContent { split: 2, split_days: split_days.to_vec(), ..HeadContent::default() };
        assert!(parts(&[14, 14]).check(today()).is_ok());
        assert_eq!(parts(&[14]).check(today()), Err(HeadError::SplitDays));
        let inside = HeadContent { dispensed_at: DispensedAt::Inside, ..parts(&[14, 14]) };
        assert_eq!(inside.check(today()), Err(HeadError::InsideRepeated));
        for (text, expected) in [("", Some(0)), ("2", Some(2)), ("3", Some(3)), ("1", None), ("4", None), ("二", None)] {
            assert_eq!(uses(text), expected, "{text}");
        }
    }

    #[test]
    fn a_date_of_its_own_lies_between_today_and_a_year() {
        let until = |day: &str| HeadContent { valid_to: day.parse().ok(), ..HeadContent::default() }.check(today());
        assert!(until("2026-11-20").is_ok());
        assert_eq!(until("2026-11-19"), Err(HeadError::ValidTo));
        assert_eq!(until("2028-01-01"), Err(HeadError::ValidTo));
        assert_eq!(HeadContent::default().usable_until(today()).to_string(), "2026-11-23");
    }

    #[test]
    fn only_what_no_pharmacy_holds_is_taken_back() {
        let open: Vec<_> = RxStatus::ALL.iter().filter(|s| s.can_be_withdrawn()).map(|s| s.code()).collect();
        assert_eq!(open, ["signed", "issued_paper"]);
        for status in RxStatus::ALL {
            assert_eq!(RxStatus::from_code(status.code()), Some(*status));
        }
    }
}
