//! 院内処方の登録の設定. Inpatients' timing is a hospital's; a clinic has none to choose for.

use actix_web::{Either, web};
use domain::prescription::inside::{InpatientRule, InpatientTiming};
use serde::{Deserialize, Serialize};
use tenancy::permission::ClinicManage;
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};

use super::settings::{self, Setting};
use super::views::SettingPage;
use crate::clinic::store as clinic;
use crate::error::AppError;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

const HOSPITAL: &str = "hospital";

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawSetting {
    version: String,
    is_on: String,
    timing: String,
    closing_day: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Arrival {
    saved: bool,
}

impl From<Setting> for RawSetting {
    fn from(setting: Setting) -> Self {
        Self {
            version: setting.version.to_string(),
            is_on: if setting.is_on { "yes" } else { "no" }.to_owned(),
            timing: setting.rule.timing.code().to_owned(),
            closing_day: setting.rule.closing_day.to_string(),
        }
    }
}

impl RawSetting {
    /// `known` stands for what a clinic's page does not ask.
    fn read(&self, known: Setting, is_hospital: bool) -> Result<Setting, FormErrors> {
        let mut e = FormErrors::default();
        let is_on = match self.is_on.as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(()),
        };
        let is_on = e.take("is_on", is_on, |()| "登録するかどうかを選んでください".into());
        let version = e.take("is_on", self.version.parse().map_err(drop), |()| "画面を開き直してください".into());
        let mut rule = known.rule;
        if is_hospital {
            let timing = InpatientTiming::from_code(&self.timing).ok_or(());
            let timing = e.take("timing", timing, |()| "入院の登録の時期を選んでください".into());
            let day = self.closing_day.trim().parse().ok().filter(|day| InpatientRule::is_sound(*day)).ok_or(());
            let day = e.take("closing_day", day, |()| "締め日は1から28、または末日の31を数字で入れてください".into());
            rule = InpatientRule { timing: timing.unwrap_or(rule.timing), closing_day: day.unwrap_or(rule.closing_day) };
        }
        match (is_on, version) {
            (Some(is_on), Some(version)) if e.is_empty() => Ok(Setting { is_on, rule, version }),
            _ => Err(e),
        }
    }
}

pub async fn show(access: Access<ClinicManage>, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let form = FormState::of(&RawSetting::from(settings::read(&tx).await?));
    let page = page(&access, &tx, form, query.saved).await?;
    Page::full(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)
}

async fn page(access: &Access<ClinicManage>, tx: &TenantTx, form: FormState, saved: bool) -> Result<SettingPage, AppError> {
    let is_hospital = clinic::get(tx).await?.kind == HOSPITAL;
    Ok(SettingPage { chrome: Chrome::of(access.principal(), Nav::Clinic), form, is_hospital, saved })
}

pub async fn save(access: Access<ClinicManage>, form: web::Form<RawSetting>) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let known = settings::read(&tx).await?;
    match form.read(known, clinic::get(&tx).await?.kind == HOSPITAL) {
        Err(errors) => {
            let page = page(&access, &tx, FormState::of(&*form).with_errors(errors), false).await?;
            Ok(Either::Right(Page::invalid(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)?))
        }
        Ok(setting) => {
            // The same press again finds what it wrote.
            if (Setting { version: known.version, ..setting }) != known {
                settings::write(&tx, setting).await?;
            }
            let audit = Audit::of(Act::Manage, InfoClass::Clinic).detail("inside", setting.is_on);
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, "/eprescriptions/inside?saved=true")))
        }
    }
}
