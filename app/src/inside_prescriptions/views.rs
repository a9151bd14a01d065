//! The box of a visit's 院内処方, and the setting.

use askama::Template;
use domain::prescription::inside::{InpatientTiming, InsideStatus as Status};
use domain::{EncounterId, PatientId, clock};
use tenancy::Error;
use uuid::Uuid;

use super::entity::registration::Model;
use super::store;
use crate::web::{Chrome, FormState, PatientStripe, Subjects};

/// One registration as the box shows it.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: Uuid,
    pub version: i32,
    pub label: &'static str,
    pub tone: &'static str,
    pub mark: &'static str,
    pub says: String,
    pub can_be_changed: bool,
    pub has_draft: bool,
    pub can_be_sent_again: bool,
}

impl Line {
    /// `stands`: the 処方 is neither taken back nor replaced.
    pub fn of(row: &Model, has_draft: bool, stands: bool) -> Result<Self, Error> {
        let status = store::status(row)?;
        let (tone, mark) = match status {
            Status::Refused => ("stop", "x-c"),
            Status::Registered => ("ok", "check"),
            Status::Held => ("info", "clock"),
            Status::Pending | Status::Changing | Status::Withdrawing => ("warn", "clock"),
            Status::Changed | Status::Withdrawn => ("plain", "undo"),
        };
        Ok(Self {
            id: row.id,
            version: row.version,
            label: status.label(),
            tone,
            mark,
            says: says(row, status),
            can_be_changed: stands && !has_draft && status.can_be_changed(),
            has_draft,
            can_be_sent_again: stands && status == Status::Refused,
        })
    }
}

fn says(row: &Model, status: Status) -> String {
    let given_up = row.service_code == "given_up";
    match status {
        Status::Held => "退院(会計)のときに登録します。".into(),
        Status::Pending | Status::Withdrawing if given_up => "自動の送信は止まっています。後処理で再送してください。".into(),
        Status::Pending => match row.sent_from {
            Some(at) => format!("{} に登録します。", clock::jst(at).format("%m/%d %H:%M")),
            None => "電子処方箋管理サービスに送っています。".into(),
        },
        Status::Refused => row.service_said.clone(),
        Status::Registered if !row.service_said.is_empty() => format!("取り消せませんでした。{}", row.service_said),
        Status::Registered => "ほかの医療機関・薬局の重複投薬等チェックに使われます。".into(),
        Status::Changing => "変更した処方を送っています。".into(),
        Status::Changed => "変更した処方に替わりました。".into(),
        Status::Withdrawing => "電子処方箋管理サービスで取り消しています。".into(),
        Status::Withdrawn => String::new(),
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "inside_prescriptions/_box.html")]
pub struct InsideBox {
    pub encounter_id: EncounterId,
    pub patient_id: PatientId,
    pub lines: Vec<Line>,
    pub is_on: bool,
    /// Handed out and never registered.
    pub unregistered: Vec<(Uuid, i32)>,
    pub act_key: Uuid,
    pub can_write: bool,
}

impl Subjects for InsideBox {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// The box as a page.
#[derive(Template)]
#[template(path = "inside_prescriptions/show.html")]
pub struct InsidePage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub content: InsideBox,
}

impl Subjects for InsidePage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.content.patient_id]
    }
}

#[derive(Template)]
#[template(path = "inside_prescriptions/setting.html")]
pub struct SettingPage {
    pub chrome: Chrome,
    pub form: FormState,
    pub is_hospital: bool,
    pub saved: bool,
}

crate::no_subjects!(SettingPage);

impl SettingPage {
    pub fn choices(&self) -> [(&'static str, &'static str); 2] {
        [("no", "登録しない"), ("yes", "登録する")]
    }

    pub fn timings(&self) -> Vec<(&'static str, &'static str)> {
        InpatientTiming::ALL.iter().map(|timing| (timing.code(), timing.label())).collect()
    }
}

#[cfg(test)]
mod samples {
    use chrono::DateTime;

    use super::*;
    use crate::web::Nav;
    use crate::web::samples::{errors, show};

    fn row(status: Status) -> Model {
        Model {
            tenant_id: Uuid::nil(),
            id: Uuid::nil(),
            version: 2,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: status.code().into(),
            digest: vec![],
            patient_id: Uuid::nil(),
            encounter_id: Uuid::nil(),
            message_id: None,
            care: "2".into(),
            sent_from: Some(DateTime::UNIX_EPOCH),
            register_id: String::new(),
            replaces_id: None,
            service_code: "SIMC025E".into(),
            service_said: "RP 1 は<ダミーコード>のため登録できません。".into(),
        }
    }

    #[test]
    fn every_state() {
        let lines: Vec<Line> = Status::ALL.iter().map(|status| Line::of(&row(*status), false, true).unwrap()).collect();
        let content = InsideBox {
            encounter_id: EncounterId::new(Uuid::nil()),
            patient_id: PatientStripe::sample().patient_id,
            lines,
            is_on: true,
            unregistered: vec![(Uuid::nil(), 2)],
            act_key: Uuid::nil(),
            can_write: true,
        };
        let page = show("inside", &InsidePage { chrome: Chrome::sample(Nav::Today), stripe: PatientStripe::sample(), content });
        assert!(page.contains("登録し直す") && page.contains("変更する") && !page.contains("<ダミーコード>"));
    }

    #[test]
    fn the_setting() {
        let form = FormState::default().set("timing", "closing").with_errors(errors(&[("closing_day", "締め日は1から28、または31です")]));
        show("inside-setting", &SettingPage { chrome: Chrome::sample(Nav::Clinic), form, is_hospital: true, saved: true });
    }
}
