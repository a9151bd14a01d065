//! The consents in words.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::consent::ConsentSubject;
use domain::{EncounterId, PatientId};
use uuid::Uuid;

use super::entity::record;
use super::store::{self, Consents, Given, Kind};
use crate::web::page::Subjects;
use crate::web::{Chrome, PatientStripe};

/// What this person may open.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    pub medication: bool,
    pub care: bool,
    pub checkup: bool,
    pub fetch: bool,
    /// 救急時の閲覧, where the reader noted 取得困難.
    pub emergency: bool,
    /// 災害時の照会, while it is declared.
    pub disaster: bool,
}

impl Doors {
    const fn to(self, subject: ConsentSubject) -> Option<&'static str> {
        match subject {
            ConsentSubject::Medication | ConsentSubject::Prescription if self.medication => Some("medication"),
            ConsentSubject::Care | ConsentSubject::Surgery if self.care => Some("care"),
            ConsentSubject::Checkup if self.checkup => Some("checkup"),
            _ => None,
        }
    }
}

/// One consent.
#[derive(Debug, Clone)]
pub struct Line {
    pub subject: String,
    pub tone: &'static str,
    pub mark: &'static str,
    pub word: String,
    pub until: String,
    /// The last part of the address where its content is; none when nobody may look now.
    pub door: Option<&'static str>,
    /// Where the fetching stands.
    pub state: String,
}

/// Something to fetch again.
#[derive(Debug, Clone)]
pub struct Failed {
    pub id: Uuid,
    pub version: i32,
    pub what: &'static str,
    pub why: String,
}

/// 同意 as a list that renews itself when something arrives.
#[derive(Debug, Clone, Template)]
#[template(path = "consents/_list.html")]
pub struct ConsentList {
    pub patient_id: PatientId,
    pub encounter_id: Option<EncounterId>,
    pub lines: Vec<Line>,
    pub failed: Vec<Failed>,
    pub may_open_unasked: bool,
    pub may_ask_without_card: bool,
}

impl ConsentList {
    pub fn of(
        patient_id: PatientId,
        encounter_id: Option<EncounterId>,
        consents: &Consents,
        records: &[record::Model],
        doors: Doors,
        now: DateTime<Utc>,
    ) -> Self {
        let mut given: Vec<&Given> = consents.0.iter().collect();
        given.sort_by_key(|g| ConsentSubject::ALL.iter().position(|s| g.consent.is_about(*s)).unwrap_or(usize::MAX));
        let is_open = |row: &record::Model| {
            consents.0.iter().any(|g| {
                let kind = ConsentSubject::from_code(&g.consent.subject).and_then(Kind::of);
                g.reader_result_id == row.reader_result_id && g.consent.is_open(now) && kind.is_some_and(|kind| kind.code() == row.kind)
            })
        };
        let failed = records.iter().filter(|row| doors.fetch && is_open(row)).filter_map(failed).collect();
        let lines = given.into_iter().map(|g| line(g, records, doors, now)).collect();
        Self { patient_id, encounter_id, lines, failed, may_open_unasked: doors.emergency, may_ask_without_card: doors.disaster }
    }

    /// What may stay open on the page.
    fn open(&self) -> String {
        self.lines.iter().filter_map(|line| line.door).collect::<Vec<_>>().join(" ")
    }

    fn href(&self) -> String {
        let at = self.encounter_id.map(|id| format!("&encounter={id}")).unwrap_or_default();
        format!("/patients/{}/consents?part=list{at}", self.patient_id)
    }

    fn live(&self) -> String {
        self.encounter_id.map(|id| id.to_string()).unwrap_or_default()
    }
}

impl Subjects for ConsentList {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

fn line(given: &Given, records: &[record::Model], doors: Doors, now: DateTime<Utc>) -> Line {
    let consent = &given.consent;
    let subject = ConsentSubject::from_code(&consent.subject);
    let is_open = consent.is_open(now);
    let is_of_certificate = subject.is_some_and(ConsentSubject::is_of_certificate);
    let until = consent.available_until.map(|until| until.format("%m/%d %H:%M まで").to_string());
    let (tone, mark, word) = match (is_open, consent.is_given()) {
        (true, _) => ("ok", "check", consent.flag_label()),
        (false, true) if is_of_certificate => ("ok", "check", consent.flag_label()),
        (false, true) if until.is_none() => ("warn", "tri", "同意あり・期限なし".to_owned()),
        (false, true) => ("plain", "clock", "閲覧期間の終了".to_owned()),
        (false, false) => ("plain", "off", consent.flag_label()),
    };
    let record = subject.and_then(Kind::of).and_then(|kind| store::under(records, given, kind));
    let state = match record.map(|row| row.status.as_str()) {
        _ if !is_open => "",
        Some(store::PENDING) => "取り寄せ中",
        Some(store::RECEIVED) => "届いています",
        Some(_) => "取り寄せられませんでした",
        None => "",
    };
    Line {
        subject: consent.subject_label().to_owned(),
        tone,
        mark,
        word,
        until: until.unwrap_or_default(),
        door: subject.filter(|_| is_open).and_then(|subject| doors.to(subject)),
        state: state.to_owned(),
    }
}

pub(super) fn failed(row: &record::Model) -> Option<Failed> {
    let why = match row.status.as_str() {
        store::REFUSED if row.said.is_empty() => "サービスが受け付けませんでした".to_owned(),
        store::REFUSED => row.said.clone(),
        store::UNAVAILABLE => "時間内に返事がありませんでした".to_owned(),
        _ => return None,
    };
    let what = if row.kind == Kind::Checkup.code() { "特定健診等情報" } else { "薬剤・診療情報" };
    Some(Failed { id: row.id, version: row.version, what, why })
}

#[derive(Debug, Template)]
#[template(path = "consents/show.html", blocks = ["box"])]
pub struct ConsentPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub list: ConsentList,
}

impl Subjects for ConsentPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
