//! 重複投薬等チェック: what the national service finds when a draft is put beside what other places prescribed and dispensed.

use crate::codes;
use crate::warning::{Level, Warning};

codes! {
    /// チェックの結末, as it is kept when a 処方箋 is issued.
    CheckOutcome {
        /// Nothing is issued while it stands.
        Barred "0" "重複あり・未許可"
        Allowed "1" "重複あり・許可"
        Clear "2" "重複なし"
        /// The service was away, or there was nothing to ask by; why is kept beside it.
        Unchecked "none" "チェックなし"
    }
}

/// One finding, as far as everybody may read it: no word of who gave the other drug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// 重複投薬, 併用禁忌
    pub category: String,
    /// The drug of the draft.
    pub drug_code: String,
    pub drug_name: String,
    pub ingredient: String,
}

impl Finding {
    /// The stable name an answer is kept under: the same finding of another check is the same question.
    fn code(&self) -> String {
        format!("rx.national:{}:{}:{}", self.category, self.drug_code, self.ingredient)
    }

    fn warning(&self) -> Warning {
        let text = match self.category.as_str() {
            "併用禁忌" => "ほかで出ている薬と併用禁忌です。薬を替えるか、理由を残してください。".to_owned(),
            "重複投薬" => "同じ成分の薬がほかで出ています。薬を外すか、理由を残してください。".to_owned(),
            other => format!("{other}の指摘があります。内容を確かめ、理由を残してください。"),
        };
        Warning::new(Level::Reason, self.code(), &self.drug_name, text).source("国の重複投薬等チェック").at("duplicate-check")
    }
}

/// How the check of one draft stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody asked, or something was changed since.
    NotAsked,
    Waiting,
    /// No answer comes; in words why.
    Away(String),
    Answered(Vec<Finding>),
}

impl Standing {
    /// What the panel before 確定 says of it. `is_required`: what is issued will be registered.
    pub fn warnings(&self, is_required: bool) -> Vec<Warning> {
        let about = |level, code: &str, says: &str| {
            Warning::new(level, format!("rx.national.{code}"), "国の重複投薬等チェック", says).at("duplicate-check")
        };
        match self {
            Self::NotAsked if is_required => {
                vec![about(Level::Block, "none", "いまの処方をまだ照会していません。処方欄で「照会する」を押してください。").absolute()]
            }
            Self::Waiting if is_required => vec![about(Level::Block, "waiting", "照会の結果を待っています。数秒で届きます。").absolute()],
            Self::NotAsked | Self::Waiting => Vec::new(),
            Self::Away(why) => vec![about(Level::Info, "away", &format!("{why}チェックをしないで発行したことを記録します。"))],
            Self::Answered(findings) => findings.iter().map(Finding::warning).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(category: &str) -> Finding {
        Finding {
            category: category.into(), drug_code: "699999001".into(), drug_name: "見本錠".into(), ingredient: "見本成分".into()
        }
    }

    /// FN-EP-04
    #[test]
    fn only_a_current_answer_lets_a_registered_prescription_through() {
        for (standing, required, otherwise) in [
            (Standing::NotAsked, true, false),
            (Standing::Waiting, true, false),
            (Standing::Away("つながりません。".into()), false, false),
            (Standing::Answered(vec![]), false, false),
            (Standing::Answered(vec![finding("重複投薬")]), true, true),
        ] {
            let bars = |is_required| standing.warnings(is_required).iter().any(Warning::is_open);
            assert_eq!((bars(true), bars(false)), (required, otherwise), "{standing:?}");
        }
    }

    #[test]
    fn the_same_finding_is_the_same_question_and_another_is_not() {
        let [one, other] = [finding("重複投薬"), finding("併用禁忌")].map(|f| f.warning().code);
        assert!(one != other && one == finding("重複投薬").warning().code);
        assert!(finding("新しい区分").warning().text.contains("新しい区分"), "an unknown category is shown as it is");
    }
}
