//! Pages of the intake: what the reader said, whose it may be, what would change.

use askama::Template;
use chrono::NaiveDate;
use domain::check_in::CheckChannel;
use domain::clock::jst;
use domain::consent::Consent;
use domain::coverage::{CoverageContent, Difference, limit_words};
use domain::eligibility::{EligibilityStatus, FaceResult, Qualification, ServiceMessage};
use domain::patient::{Age, PatientError};
use domain::{PatientId, wareki};
use uuid::Uuid;

use super::entity::reader_result;
use super::intake::{IntakeError, advice, ticket_advice};
use super::matching::{Candidate, FoundBy};
use super::reader_store::Line;
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::coverages::subsidies::insurance_beside;
use crate::patients::forms::{kana_message, text_message};
use crate::web::face::{self, Face};
use crate::web::page::Subjects;
use crate::web::{Chrome, FormErrors, FormState};

/// A result of the list.
#[derive(Debug, Clone)]
pub struct ListRow {
    pub id: Uuid,
    pub at: String,
    pub file_name: String,
    pub face: Face,
    pub patient: Option<(PatientId, String)>,
    pub is_reflected: bool,
}

/// カード読取の取込: give in a file, see what came.
#[derive(Debug, Clone, Template)]
#[template(path = "encounters/reader_list.html")]
pub struct ReaderListPage {
    pub chrome: Chrome,
    pub rows: Vec<ListRow>,
    pub error: Option<String>,
}

impl ReaderListPage {
    pub fn of(chrome: Chrome, lines: Vec<Line>, error: Option<String>) -> Self {
        let row = |line: Line| ListRow {
            id: line.id,
            at: jst(line.received_at).format("%m/%d %H:%M").to_string(),
            face: face::eligibility(EligibilityStatus::from_code(&line.validity).unwrap_or(EligibilityStatus::Unchecked)),
            is_reflected: line.is_reflected(),
            patient: line.patient_id.map(PatientId::new).zip(line.name_ideographic),
            file_name: line.file_name,
        };
        Self { chrome, rows: lines.into_iter().map(row).collect(), error }
    }
}

impl Subjects for ReaderListPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.rows.iter().filter_map(|row| row.patient.as_ref().map(|(id, _)| *id)).collect()
    }
}

/// A qualification to point at, when there are several.
#[derive(Debug, Clone)]
pub struct QualificationRow {
    pub at: usize,
    pub words: String,
    pub is_current: bool,
}

/// Somebody the card may belong to.
#[derive(Debug, Clone)]
pub struct CandidateRow {
    pub id: PatientId,
    pub name: String,
    pub kana: String,
    pub number: String,
    pub birth: String,
    pub sex: &'static str,
    pub address: String,
    pub why: &'static str,
    pub is_doubtful: bool,
    pub is_chosen: bool,
}

/// Gathered by the handler, put into words by the page.
pub struct IntakeFacts {
    row: reader_result::Model,
    result: FaceResult,
    namesakes: u64,
    form: FormState,
    at: usize,
    looked_at: Option<Qualification>,
    candidates: Vec<Candidate>,
    chosen: Option<PatientId>,
    is_new: bool,
    differences: Vec<Difference>,
    has_known: bool,
    beside: Option<String>,
    pub listed: Option<i32>,
}

impl IntakeFacts {
    pub fn new(row: &reader_result::Model, result: &FaceResult, namesakes: u64, form: FormState) -> Self {
        Self {
            row: row.clone(),
            result: result.clone(),
            namesakes,
            form,
            at: 0,
            looked_at: None,
            candidates: Vec::new(),
            chosen: None,
            is_new: false,
            differences: Vec::new(),
            has_known: false,
            beside: None,
            listed: None,
        }
    }

    pub fn look_at(&mut self, at: usize, q: &Qualification, candidates: Vec<Candidate>, chosen: Option<PatientId>, is_new: bool) {
        self.at = at;
        self.looked_at = Some(q.clone());
        self.candidates = candidates;
        self.chosen = chosen;
        self.is_new = is_new;
    }

    /// Old beside new. Nothing known: everything is new, and the page says so in words.
    pub fn compare(&mut self, known: &[coverage::Model], new: &CoverageContent) {
        let beside = self.looked_at.as_ref().and_then(|q| insurance_beside(q, known, new.verified_on));
        if let Some(insurance) = beside {
            self.beside = Some(coverages::words(insurance));
            return;
        }
        if let Some(old) = coverages::counterpart(known, new) {
            self.has_known = true;
            self.differences = coverages::content_of(old).differences(new);
        }
    }
}

/// One result.
#[derive(Debug, Clone, Template)]
#[template(path = "encounters/reader_result.html")]
pub struct ReaderResultPage {
    pub chrome: Chrome,
    pub id: Uuid,
    pub file_name: String,
    pub received_at: String,
    pub namesakes: u64,
    pub face: Face,
    pub is_valid: bool,
    pub advice: &'static str,
    /// What an otherwise valid 医療扶助 lacks.
    pub ticket_advice: &'static str,
    pub message: Option<ServiceMessage>,
    pub is_reflected: bool,
    pub visit_id: Option<Uuid>,
    pub patient_id: Option<PatientId>,
    pub several: Vec<QualificationRow>,
    pub choice: usize,
    pub card: Vec<(&'static str, String)>,
    pub candidates: Vec<CandidateRow>,
    pub chosen: Option<PatientId>,
    pub is_new: bool,
    pub differences: Vec<Difference>,
    pub has_known: bool,
    /// The insurance a 併用の医療扶助 will stand beside.
    pub beside: Option<String>,
    pub listed: Option<i32>,
    pub channel: CheckChannel,
    pub form: FormState,
}

impl ReaderResultPage {
    pub fn of(chrome: Chrome, facts: IntakeFacts, today: NaiveDate) -> Self {
        let status = facts.result.status();
        let has_several = facts.result.qualifications.len() > 1;
        let several = facts.result.qualifications.iter().enumerate().filter(|_| has_several).map(|(at, q)| QualificationRow {
            at,
            words: format!("{} {} {}", q.name, wareki::short(q.birth_date), q.insurer_name.as_deref().unwrap_or(&q.insurer_number)),
            is_current: facts.looked_at.is_some() && at == facts.at,
        });
        let kana = facts.looked_at.as_ref().and_then(|q| q.name_kana.as_ref()).map(|kana| kana.as_str().to_owned()).unwrap_or_default();
        let form = if facts.form.value("name_syllabic").is_empty() && facts.form.is_valid() {
            facts.form.clone().set("name_syllabic", kana)
        } else {
            facts.form.clone()
        };
        let channel = CheckChannel::from_code(&facts.row.channel).unwrap_or(facts.result.channel());
        let form = if form.value("channel").is_empty() { form.set("channel", channel.code()) } else { form };
        // A consent from somebody's own device usually comes before the visit does.
        let is_ahead = facts.result.setting.is_remote() && facts.listed.is_none();
        let form = if form.value("visit").is_empty() { form.set("visit", if is_ahead { "none" } else { "today" }) } else { form };
        Self {
            chrome,
            id: facts.row.id,
            received_at: jst(facts.row.received_at).format("%Y-%m-%d %H:%M").to_string(),
            namesakes: facts.namesakes,
            face: face::eligibility(status),
            is_valid: status == EligibilityStatus::Valid,
            advice: advice(status),
            ticket_advice: facts.looked_at.as_ref().map_or("", |q| ticket_advice(q, today)),
            message: facts.result.message.clone(),
            is_reflected: facts.row.is_reflected(),
            visit_id: facts.row.encounter_id,
            patient_id: facts.row.patient_id.map(PatientId::new),
            several: several.collect(),
            choice: facts.at,
            card: facts.looked_at.as_ref().map(|q| card(q, today)).unwrap_or_default(),
            candidates: facts.candidates.iter().map(|c| candidate(c, facts.chosen)).collect(),
            chosen: facts.chosen,
            is_new: facts.is_new,
            differences: facts.differences,
            has_known: facts.has_known,
            beside: facts.beside,
            listed: facts.listed,
            channel,
            file_name: facts.row.file_name,
            form,
        }
    }

    /// What somebody at a reader may have held.
    fn channels(&self) -> Vec<(&'static str, &'static str)> {
        let ways = CheckChannel::ALL.iter().filter(|way| self.channel.is_at_reader() && way.is_at_reader());
        ways.map(|way| (way.code(), way.label())).collect()
    }

    /// An answer that may be taken over without a visit.
    fn is_remote(&self) -> bool {
        self.channel.is_by_card() && !self.channel.is_at_reader()
    }

    /// Something can be taken over from this page as it stands.
    pub fn can_reflect(&self) -> bool {
        !self.is_reflected && !self.card.is_empty() && (self.chosen.is_some() || self.is_new)
    }
}

impl Subjects for ReaderResultPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.candidates.iter().map(|c| c.id).chain(self.patient_id).collect()
    }
}

fn card(q: &Qualification, today: NaiveDate) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let day = |value: Option<NaiveDate>| value.map(|d| d.to_string()).unwrap_or_default();
    let insured =
        [text(&q.insured_symbol), q.insured_number.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("・");
    let branch = q.branch_number.as_ref().map(|n| format!(" (枝番) {n}")).unwrap_or_default();
    let period = |from: Option<NaiveDate>, to: Option<NaiveDate>| format!("{} 〜 {}", day(from), day(to));
    let limit = q.limit.as_ref().map(|l| format!("{} {}", limit_words(&l.category), period(l.valid_from, l.valid_to))).unwrap_or_default();
    let elderly = q.elderly_copay_percent.map(|p| format!("{p}% {}", period(q.elderly_from, q.elderly_to))).unwrap_or_default();
    let diseases = q.specific_diseases.iter().map(|d| format!("{} {}", d.words(), period(d.valid_from, d.valid_to)));
    let tickets = q.assisted().into_iter().flat_map(|a| &a.tickets).map(|t| {
        let place = if t.is_ours == Some(false) { format!("指定は{}", t.institution_name) } else { String::new() };
        let words = [t.words(), period(t.valid_from, t.valid_to), t.injuries.join("・"), place, t.contact.clone()];
        words.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let assistance =
        q.assistance.as_ref().map(|a| format!("{} {} 受給者番号 {}", a.insurer_number, text(&a.insurer_name), a.insured_number));
    let share = q.copay_on(today).map(|percent| format!("{percent}%")).unwrap_or_default();
    let continuing = q.continuing.map(|c| c.until.map_or_else(|| "取り消すまで".into(), |until| format!("{until} まで")));
    let subsidies = q.subsidies.iter().map(|s| {
        let terms = [s.words(), period(s.valid_from, s.valid_to), s.terms()];
        terms.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let given: Vec<&str> = q.consents.iter().filter(|c| c.is_given()).map(Consent::subject_label).collect();
    [
        ("氏名", q.name.clone()),
        ("カナ", q.name_kana.as_ref().map(|kana| kana.as_str().to_owned()).unwrap_or_default()),
        ("生年月日", format!("{} ({}) {}", wareki::short(q.birth_date), q.birth_date, Age::on(q.birth_date, today))),
        ("性別", q.sex.label().to_owned()),
        ("住所", text(&q.address)),
        ("保険者", format!("{} {}", q.insurer_number, text(&q.insurer_name))),
        ("記号・番号", format!("{insured}{branch}")),
        ("負担割合", share),
        ("資格取得日", day(q.qualified_on)),
        ("資格喪失日", day(q.disqualified_on)),
        ("高齢受給者", elderly),
        ("限度額区分", limit),
        ("特定疾病", diseases.collect::<Vec<_>>().join("、")),
        ("医療扶助(併用)", assistance.unwrap_or_default()),
        ("医療券・調剤券", tickets.collect::<Vec<_>>().join("、")),
        ("医療費助成", subsidies.collect::<Vec<_>>().join("、")),
        ("同意", given.join("・")),
        ("継続の同意", continuing.unwrap_or_default()),
        ("照会番号", text(&q.reference_number)),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .collect()
}

fn candidate(c: &Candidate, chosen: Option<PatientId>) -> CandidateRow {
    let d = &c.patient.demographics;
    CandidateRow {
        id: c.patient.id,
        name: d.name.ideographic.clone(),
        kana: d.name.syllabic.as_str().to_owned(),
        number: c.patient.number.as_str().to_owned(),
        birth: format!("{} ({})", wareki::short(d.birth_date), d.birth_date),
        sex: d.sex.label(),
        address: d.address.clone().unwrap_or_default(),
        why: match c.found_by {
            FoundBy::Reference => "照会番号と生年月日が一致",
            FoundBy::ReferenceOnly => "照会番号は一致、生年月日が違う",
            FoundBy::Name => "氏名と生年月日が一致",
        },
        is_doubtful: c.found_by == FoundBy::ReferenceOnly,
        is_chosen: chosen == Some(c.patient.id),
    }
}

/// What the person at the desk can mend.
pub fn intake_errors(error: &IntakeError) -> FormErrors {
    use domain::name::NameError;
    let mut errors = FormErrors::default();
    match error {
        IntakeError::Name(NameError::Syllabic(kana)) => errors.add("name_syllabic", kana_message(*kana)),
        IntakeError::Name(NameError::Ideographic(text)) => errors.add("name_syllabic", text_message("カードの氏名", *text)),
        IntakeError::Patient(PatientError::NumbersExhausted) => {
            errors.add("name_syllabic", "患者番号の連番を使い切りました。管理者に連絡してください")
        }
        IntakeError::Patient(_) => errors.add("name_syllabic", "患者番号が同時に使われました。もう一度反映してください"),
    }
    errors
}
