//! 統合 and its way back (clinic_admin).

use actix_web::{Either, web};
use domain::patient::{Patient, PatientError};
use domain::patient_search::PatientSearch;
use domain::{MergeId, PatientId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::PatientMerge;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::duplicates::Probe;
use super::handlers::{Answer, MERGED_AWAY, candidates};
use super::views::{MergePage, MergeParty, MergeShowPage, MergeSide, moment};
use super::{merge as merges, overview, search, store};
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page, Redirect};

const MERGE: &str = "patient.merge";

#[derive(Debug, Deserialize)]
pub struct Pair {
    a: PatientId,
    b: Option<PatientId>,
    #[serde(default)]
    b_number: String,
}

/// Two charts side by side; with one of them, who the other might be.
pub async fn compare(access: Access<PatientMerge>, query: web::Query<Pair>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = merge_page(&access, &tx, &query).await?;
    let subjects = crate::web::Subjects::subjects(&page);
    let receipt = tx.commit(Audit::viewed(InfoClass::Patient).subjects(subjects)).await?;
    Page::full(receipt, &page)
}

async fn merge_page(access: &Access<PatientMerge>, tx: &TenantTx, pair: &Pair) -> Result<MergePage, AppError> {
    let today = access.clock().today_jst();
    let first = store::get(tx, pair.a).await?;
    let (other, message) = second(tx, &first, pair).await?;
    let candidates = match other {
        Some(_) => vec![],
        None => candidates(tx, &Probe::of(&first.demographics, Some(first.id.as_uuid())), today).await?,
    };
    Ok(MergePage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        survivor: other.as_ref().map(|other| older_number(&first, other)).unwrap_or_default(),
        b: match &other {
            Some(other) => Some(side(tx, other).await?),
            None => None,
        },
        a: side(tx, &first).await?,
        candidates,
        b_number: pair.b_number.clone(),
        message,
        idempotency_key: tx.new_id().to_string(),
    })
}

/// The other chart, or why there is none to compare with.
async fn second(tx: &TenantTx, first: &Patient, pair: &Pair) -> Result<(Option<Patient>, Option<String>), AppError> {
    let id = match pair.b {
        Some(id) => Some(id),
        None if pair.b_number.trim().is_empty() => return Ok((None, None)),
        None => {
            let found = search::search(tx, &PatientSearch::parse(&pair.b_number)).await?;
            found.hits.iter().map(search::Hit::patient_id).find(|id| *id != first.id)
        }
    };
    let Some(id) = id else { return Ok((None, Some("その番号の別の患者は見つかりません".into()))) };
    let other = store::get(tx, id).await?;
    Ok(match first.check_mergeable(&other) {
        Ok(()) => (Some(other), None),
        Err(refusal) => (None, Some(refusal_sentence(refusal).into())),
    })
}

/// The chart with the real card, else the older one, is offered to stay.
fn older_number(a: &Patient, b: &Patient) -> String {
    let order = |patient: &Patient| (patient.number.is_provisional(), patient.id);
    if order(a) <= order(b) { a.id.to_string() } else { b.id.to_string() }
}

async fn side(tx: &TenantTx, patient: &Patient) -> Result<MergeSide, Error> {
    let group = store::group_ids(tx, patient.id).await?;
    Ok(MergeSide::of(patient, &overview::load(tx, &group).await?))
}

fn refusal_sentence(refusal: PatientError) -> &'static str {
    match refusal {
        PatientError::SamePatient => "同じ患者どうしは統合できません。",
        PatientError::UndoExpired => "元に戻せる期限を過ぎたか、すでに元へ戻されています。",
        PatientError::LaterMerge => "この後に行った統合があります。新しい統合から順に元へ戻してください。",
        _ => MERGED_AWAY,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MergeForm {
    a: String,
    a_version: String,
    b: String,
    b_version: String,
    survivor: String,
    confirmed: String,
    idempotency_key: String,
}

impl MergeForm {
    /// Survivor first, each with the version that was compared.
    fn read(&self) -> Result<[(PatientId, i32); 2], AppError> {
        let unreadable = || AppError::Invalid("統合する二人を読み取れませんでした。見比べの画面からやり直してください。".into());
        let side = |id: &str, version: &str| Some((id.parse::<PatientId>().ok()?, version.parse::<i32>().ok()?));
        let a = side(&self.a, &self.a_version).ok_or_else(unreadable)?;
        let b = side(&self.b, &self.b_version).ok_or_else(unreadable)?;
        if self.confirmed != "yes" {
            return Err(AppError::Invalid("同じ人であることの確認に印を付けてください。".into()));
        }
        match self.survivor.parse::<PatientId>() {
            Ok(id) if id == a.0 => Ok([a, b]),
            Ok(id) if id == b.0 => Ok([b, a]),
            _ => Err(AppError::Invalid("残すカルテを選んでください。".into())),
        }
    }
}

/// 統合. Posting twice merges once; a chart changed since it was compared is a conflict.
pub async fn merge(access: Access<PatientMerge>, form: web::Form<MergeForm>) -> Result<Redirect, AppError> {
    let [survivor, merged] = form.read()?;
    let key: Option<Uuid> = form.idempotency_key.parse().ok();
    let tx = access.begin().await?;
    let audit = Audit::of(Act::Merge, InfoClass::Patient).subject(survivor.0).subject(merged.0);
    let key = key.map(|key| tx.act_key(key, MERGE, &format!("{survivor:?} {merged:?}")));
    if let Some(key) = key
        && let Some(outcome) = tx.idempotent(key).await?
    {
        let receipt = tx.commit(audit.detail("repeated", true)).await?;
        return Ok(Redirect::to(receipt, format!("/patients/merges/{}", outcome["merge_id"].as_str().unwrap_or_default())));
    }
    let id = match merges::merge(&tx, survivor, merged).await? {
        Ok(id) => id,
        Err(refusal) => return Err(AppError::Refused(refusal_sentence(refusal).into())),
    };
    if let Some(key) = key {
        tx.remember(key, json!({"merge_id": id})).await?;
    }
    let receipt = tx.commit(audit.entity("patient_merge", id)).await?;
    Ok(Redirect::to(receipt, format!("/patients/merges/{id}")))
}

/// The record of a merge, with the way back while there is one.
pub async fn show(access: Access<PatientMerge>, path: web::Path<MergeId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let now = tx.now();
    let merge = merges::get(&tx, *path).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Patient).subject(merge.survivor.id).subject(merge.merged.id)).await?;
    let page = MergeShowPage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        merge_id: merge.id,
        survivor: MergeParty::of(&merge.survivor),
        merged: MergeParty::of(&merge.merged),
        merged_at: moment(merge.merged_at),
        undo_until: moment(merge.undo_until),
        undone_at: merge.undone_at.map(moment),
        refusal: merge.check_undo(now).err().map(refusal_sentence),
    };
    Page::full(receipt, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UndoForm {
    patient_token: String,
}

/// Takes a merge back.
pub async fn undo(access: Access<PatientMerge>, path: web::Path<MergeId>, form: web::Form<UndoForm>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    if merges::get(&tx, *path).await?.merged.id.to_string() != form.patient_token {
        return Err(AppError::WrongPatient);
    }
    let merge = match merges::undo(&tx, *path).await? {
        Ok(merge) => merge,
        Err(refusal) => return Err(AppError::Refused(refusal_sentence(refusal).into())),
    };
    let audit = Audit::of(Act::Merge, InfoClass::Patient).subject(merge.survivor.id).subject(merge.merged.id).detail("undone", true);
    let receipt = tx.commit(audit.entity("patient_merge", *path)).await?;
    Ok(Either::Left(Redirect::to(receipt, format!("/patients/{}", merge.merged.id))))
}
