//! Reads what the pane shows: a fixed number of statements, however long the patient has been coming.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::encounter::EncounterClass;
use domain::medication_safety::RuleSet;
use domain::prescription::head::{DispensedAt, HeadContent, IssueForm};
use domain::warning::Warning;
use domain::{EncounterId, PatientId, clock};
use tenancy::permission::{Permission, PrescriptionPrint, PrescriptionSign, PrescriptionWrite};
use tenancy::{Access, Error, TenantTx};
use uuid::Uuid;

use super::drugs::{self, Drug};
use super::entity::{medication_request, prescription};
use super::forms::{RawHeadForm, RawLineForm};
use super::rules;
use super::safety::{self, Body, Chart};
use super::set_views::SetView;
use super::store::{self, heads, lines, sets};
use super::views::{Earlier, Head, PrescriptionPane, Row, Stopped};
use crate::allergies;
use crate::appointments::store as appointments;
use crate::encounters::entity::encounter;
use crate::eprescriptions::EprescriptionBox;
use crate::patients::store::{self as patients, Group};
use crate::web::{FormErrors, FormState};

/// What a request adds to the pane as stored.
#[derive(Debug, Default)]
pub struct Extra {
    /// The line being typed, with what is wrong with it.
    pub adding: Option<(RawLineForm, FormErrors)>,
    /// The line being changed.
    pub editing: Option<(Uuid, Option<(RawLineForm, FormErrors)>)>,
    /// Days that were not accepted, beside their line.
    pub days: Option<(Uuid, String, String)>,
    pub head: Option<(RawHeadForm, FormErrors)>,
    pub options: Vec<Drug>,
    /// What was just done, and the lines that go back when it is undone.
    pub done: Option<(String, store::undo::Written)>,
}

/// Everything the pane and its acts look at.
pub struct Loaded {
    pub group: Group,
    pub lines: Vec<medication_request::Model>,
    pub heads: Vec<prescription::Model>,
    pub earlier: Vec<medication_request::Model>,
    pub drugs: Vec<Drug>,
    pub allergies: Vec<allergies::entity::Model>,
    rules: Arc<RuleSet>,
    body: Body,
    pub next: Option<NaiveDate>,
    pub today: NaiveDate,
}

impl Loaded {
    pub async fn read(tx: &TenantTx, visit: &encounter::Model) -> Result<Self, Error> {
        let (id, today) = (EncounterId::new(visit.id), clock::today(tx.now()));
        let group = patients::get_group(tx, PatientId::new(visit.patient_id)).await?;
        let ids = group.ids();
        let (lines, earlier) = lines::with_earlier(tx, &ids, id).await?;
        let codes = safety::codes(lines.iter().chain(&earlier));
        let drugs = drugs::of_codes(tx, &codes, today).await?;
        let heads = heads::of_encounter(tx, id).await?;
        let allergies = allergies::store::of_patients(tx, &ids).await?;
        let rules = rules::in_force(tx, today).await?;
        let body = safety::body(tx, &rules, &ids, &lines, &drugs).await?;
        let next = appointments::next_of(tx, &ids, today).await?;
        Ok(Self { group, lines, heads, earlier, drugs, allergies, rules, body, next, today })
    }

    pub fn warnings(&self) -> Result<Vec<Warning>, Error> {
        let drafts: Vec<_> = self.lines.iter().filter(|row| row.status == store::DRAFT).cloned().collect();
        safety::find(&Chart {
            rules: &self.rules,
            today: self.today,
            patient: &self.group.patient,
            drafts: &drafts,
            earlier: &self.earlier,
            drugs: &self.drugs,
            allergies: &self.allergies,
            body: &self.body,
        })
    }

    /// The lines of one earlier visit.
    pub fn earlier_of(&self, encounter: Uuid) -> impl Iterator<Item = &medication_request::Model> {
        self.earlier.iter().filter(move |row| row.encounter_id == encounter)
    }

    /// The visit before, to compare with.
    pub fn previous(&self) -> Option<Uuid> {
        self.earlier.first().map(|row| row.encounter_id)
    }

    /// 医薬品マスターの版 of this visit's drugs.
    fn masters(&self) -> String {
        let own = |drug: &&Drug| self.lines.iter().any(|line| line.drug_code == drug.code);
        let labels: BTreeSet<&str> = self.drugs.iter().filter(own).map(|drug| drug.release.as_str()).collect();
        labels.into_iter().collect::<Vec<_>>().join("、")
    }

    fn open_head(&self) -> Option<&prescription::Model> {
        self.heads.iter().find(|head| heads::status(head).is_open())
    }
}

/// The pane as this person sees it.
pub async fn pane<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    visit: &encounter::Model,
    loaded: &Loaded,
    extra: Extra,
) -> Result<PrescriptionPane, Error> {
    let warnings = loaded.warnings()?;
    let previous: Vec<_> = loaded.previous().map(|id| loaded.earlier_of(id).collect()).unwrap_or_default();
    let mut rows: Vec<Row> = loaded.lines.iter().enumerate().map(|(at, row)| Row::of(at + 1, row, &previous, loaded, &warnings)).collect();
    if let Some((id, typed, says)) = &extra.days {
        for row in rows.iter_mut().filter(|row| row.id == *id) {
            (row.count, row.error) = (typed.clone(), Some(says.clone()));
        }
    }
    let editing = extra.editing.and_then(|(id, typed)| {
        let row = loaded.lines.iter().find(|row| row.id == id && row.status == store::DRAFT)?;
        let form = match typed {
            Some((raw, errors)) => FormState::of(&raw).with_errors(errors),
            None => FormState::of(&RawLineForm::of(row, tx.new_id())),
        };
        Some((id, form))
    });
    let adding = match extra.adding {
        Some((raw, errors)) => FormState::of(&RawLineForm { idempotency_key: tx.new_id().to_string(), ..raw }).with_errors(errors),
        None => FormState::of(&RawLineForm::begun(tx.new_id())),
    };
    let head = loaded.open_head();
    let content = head.map(heads::content_of).unwrap_or_default();
    let (raw, errors) =
        extra.head.unwrap_or_else(|| (RawHeadForm::of(&content, head.map(|h| h.version), tx.new_id()), FormErrors::default()));
    let electronic = crate::eprescriptions::read_brief(access, tx, EncounterId::new(visit.id), PatientId::new(visit.patient_id)).await?;
    let is_cancelled = visit.status == domain::encounter::VisitStatus::Cancelled.code();
    Ok(PrescriptionPane {
        encounter_id: visit.id.to_string(),
        patient_id: visit.patient_id.to_string(),
        shown: loaded.group.patient.id,
        stopped: Stopped::of(&previous, &loaded.lines),
        rows,
        editing,
        form: adding,
        options: extra.options,
        earlier: Earlier::of(&loaded.earlier, loaded.today),
        sets: sets::visible(tx).await?.iter().map(SetView::of).collect(),
        head: Head::of(&content, head, &loaded.heads, &electronic, loaded.today),
        electronic,
        head_form: FormState::of(&raw).with_errors(errors),
        next: loaded.next,
        days_to_next: loaded.next.and_then(|next| domain::prescription::supply_days::days_until(loaded.today, next, 0)),
        done: extra.done,
        act_key: tx.new_id(),
        can_write: !is_cancelled && access.may::<PrescriptionWrite>(),
        can_sign: !is_cancelled && access.may::<PrescriptionSign>(),
        can_print: access.may::<PrescriptionPrint>(),
        has_inside: loaded.heads.iter().any(|head| head.signed_at.is_some() && heads::content_of(head).dispensed_at.is_inside()),
        is_inpatient: visit.class == EncounterClass::Inpatient.code(),
        masters: loaded.masters(),
    })
}

impl Head {
    fn of(
        content: &HeadContent,
        open: Option<&prescription::Model>,
        heads: &[prescription::Model],
        electronic: &EprescriptionBox,
        today: NaiveDate,
    ) -> Self {
        let wish = open.and_then(|head| IssueForm::from_code(&head.wished_form));
        Self {
            dispensed_at: content.dispensed_at.label(),
            is_inside: content.dispensed_at.is_inside(),
            issue_form: content.issue_form.label(),
            usable_until: content.usable_until(today).format("%m/%d").to_string(),
            refill: content.refill,
            split: content.split,
            split_days: domain::prescription::split::words(&content.split_days),
            wish: wish.map_or("", IssueForm::label),
            differs: content.dispensed_at == DispensedAt::Outside
                && wish.is_some_and(|wish| (wish == IssueForm::Electronic) != (content.issue_form == IssueForm::Electronic)),
            signed: heads
                .iter()
                .filter(|head| heads::status(head).can_be_withdrawn() && !electronic.holds(head.id))
                .map(|head| (head.id, head.version, heads::status(head).label()))
                .collect(),
        }
    }
}
