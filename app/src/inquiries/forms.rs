//! The numbers as typed.

use chrono::NaiveDate;
use domain::check_in::CareSetting;
use domain::insurer::{InsurerNumberError, parse_insurer_number};
use domain::wareki;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::Numbers;
use crate::web::FormErrors;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawInquiry {
    pub idempotency_key: String,
    pub patient_token: String,
    pub insurer_number: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
    pub birth_date: String,
    pub limit_consent: String,
    pub setting: String,
}

impl RawInquiry {
    pub fn begun(key: Uuid) -> Self {
        Self { idempotency_key: key.to_string(), setting: CareSetting::Outpatient.code().into(), ..Self::default() }
    }

    pub fn read(&self, today: NaiveDate) -> Result<(Uuid, Numbers), FormErrors> {
        let mut errors = FormErrors::default();
        let folded = domain::text::without_spaces;
        let insurer = errors.take("insurer_number", parse_insurer_number(&self.insurer_number), |error| insurer_message(*error));
        let number = folded(&self.insured_number);
        if number.is_empty() || number.chars().count() > 20 {
            errors.add("insured_number", "番号を20文字までで入れてください");
        }
        let symbol = self.insured_symbol.trim().to_owned();
        if symbol.chars().count() > 20 || symbol.chars().any(char::is_control) {
            errors.add("insured_symbol", "記号は20文字までです");
        }
        let branch = folded(&self.branch_number);
        if branch.len() > 2 || !branch.bytes().all(|b| b.is_ascii_digit()) {
            errors.add("branch_number", "枝番は2桁の数字です。分からなければ空のままにしてください");
        }
        let birth = errors.take("birth_date", wareki::parse_past(&self.birth_date, today), |_| {
            "生年月日を S50.4.1 か 1975-04-01 の形で入れてください".into()
        });
        let setting = if self.setting.is_empty() { Some(CareSetting::Outpatient) } else { CareSetting::from_code(&self.setting) };
        let setting = errors.take("setting", setting.ok_or(()), |()| "診療の場を選んでください".into());
        match (self.idempotency_key.parse(), birth, insurer.zip(setting)) {
            (Ok(key), Some(birth_date), Some((insurer, setting))) if errors.is_empty() => {
                let branch_number = if branch.is_empty() { branch } else { format!("{branch:0>2}") };
                let limit_consent = self.limit_consent == "yes";
                Ok((
                    key,
                    Numbers {
                        insurer_number: insurer,
                        insured_symbol: symbol,
                        insured_number: number,
                        branch_number,
                        birth_date,
                        limit_consent,
                        setting,
                    },
                ))
            }
            (Err(_), ..) if errors.is_empty() => {
                errors.add("insurer_number", "画面を開き直してから照会してください");
                Err(errors)
            }
            _ => Err(errors),
        }
    }
}

fn insurer_message(error: InsurerNumberError) -> String {
    match error {
        InsurerNumberError::Empty => "保険者番号を入れてください".into(),
        InsurerNumberError::NotDigits | InsurerNumberError::WrongLength => "保険者番号は6桁か8桁の数字です".into(),
        InsurerNumberError::CheckDigit { .. } => "保険者番号の最後の桁(検証番号)が合いません。券面を確かめてください".into(),
    }
}
