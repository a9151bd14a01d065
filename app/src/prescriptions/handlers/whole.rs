//! Acts on the whole prescription: Do, 日数合わせ, the head, undo.

use actix_web::{HttpRequest, web};
use domain::EncounterId;
use domain::encounter::EncounterClass;
use domain::prescription::head::{DispensedAt, HeadContent, IssueForm};
use domain::prescription::supply_days::days_until;
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::PrescriptionWrite;
use tenancy::{Access, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::{Answer, check_version, done, key_of, open_visit, refused};
use crate::adapters::eprescription::PrescriptionSigner;
use crate::encounters::entity::encounter;
use crate::error::AppError;
use crate::prescriptions::entity::medication_request;
use crate::prescriptions::forms::RawHeadForm;
use crate::prescriptions::pane::{Extra, Loaded};
use crate::prescriptions::safety::split_bar;
use crate::prescriptions::store::undo::{self, Written};
use crate::prescriptions::store::{self, heads, lines};
use crate::web::FormErrors;

const REPEAT: &str = "prescription.repeat";
const FIT: &str = "prescription.fit";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WholeForm {
    patient_token: String,
    idempotency_key: String,
    /// Do: the visit whose prescription comes again.
    from: String,
    /// Undo: `id:version` of each line the act wrote.
    rows: String,
}

/// `id:version id:version`.
pub fn read_pairs(text: &str) -> Option<Written> {
    let pair = |word: &str| word.split_once(':').and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
    text.split_whitespace().map(pair).collect()
}

/// Do: an earlier prescription again, its days fitted to the next booking.
pub async fn repeat(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<WholeForm>,
    req: HttpRequest,
    signer: web::Data<dyn PrescriptionSigner>,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let audit = Audit::created(InfoClass::Prescription).entity("encounter", *path);
    let key = tx.act_key(key_of(&form.idempotency_key)?, REPEAT, &format!("{} {}", *path, form.from));
    if tx.idempotent(key).await?.is_some() {
        return done(&access, tx, &visit, &req, audit, Extra::default()).await;
    }
    let from: Uuid = form.from.parse().map_err(|_| AppError::Invalid("どの処方を繰り返すか選んでください。".into()))?;
    let loaded = Loaded::read(&tx, &visit).await?;
    if loaded.earlier_of(from).next().is_none() {
        return Err(AppError::NotFound);
    }
    tx.remember(key, json!({})).await?;
    let (written, left_out) = copy(&tx, &visit, &loaded, from, signer.is_on()).await?;
    let said = sentence(written.len(), &left_out);
    let audit = audit.detail("lines", written.len());
    done(&access, tx, &visit, &req, audit, Extra { done: Some((said, written)), ..Extra::default() }).await
}

/// Lines whose drug is still in the master and not on the page yet; the names of the others come back.
async fn copy(
    tx: &TenantTx,
    visit: &encounter::Model,
    loaded: &Loaded,
    from: Uuid,
    can_sign: bool,
) -> Result<(Written, Vec<String>), AppError> {
    let (mut written, mut left_out) = (Written::new(), Vec::new());
    let mut line_no = loaded.lines.iter().map(|row| row.line_no).max().unwrap_or_default();
    let fitted = loaded.next.and_then(|next| days_until(loaded.today, next, 0)).map(i32::from);
    let head = heads::open(tx, visit, can_sign).await?;
    for earlier in loaded.earlier_of(from) {
        if loaded.lines.iter().any(|row| row.status == store::DRAFT && row.drug_code == earlier.drug_code) {
            continue;
        }
        let Some(drug) = loaded.drugs.iter().find(|drug| drug.code == earlier.drug_code && drug.is_in_force(loaded.today)) else {
            left_out.push(earlier.drug_name.clone());
            continue;
        };
        line_no += 1;
        let days = earlier.days.map(|days| fitted.unwrap_or(days));
        let row = lines::repeat(tx, visit, head.id, line_no, drug, days, earlier).await?;
        written.push((row.id, row.version));
    }
    Ok((written, left_out))
}

fn sentence(count: usize, left_out: &[String]) -> String {
    let done = if count > 0 { format!("Do で{count}剤を入れました") } else { "足す薬はありませんでした".to_owned() };
    if left_out.is_empty() {
        done
    } else {
        format!("{done}。マスターで終わっている「{}」は入れていません", left_out.join("」「"))
    }
}

/// 日数合わせ: every draft line lasts until the next booking.
pub async fn fit(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<WholeForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let audit = Audit::updated(InfoClass::Prescription).entity("encounter", *path);
    let key = tx.act_key(key_of(&form.idempotency_key)?, FIT, &path.to_string());
    if tx.idempotent(key).await?.is_some() {
        return done(&access, tx, &visit, &req, audit, Extra::default()).await;
    }
    let loaded = Loaded::read(&tx, &visit).await?;
    let next = loaded.next.ok_or_else(|| AppError::Refused("次回の予約がありません。予約を取ってから合わせてください。".into()))?;
    tx.remember(key, json!({})).await?;
    let mut written = Written::new();
    for mut row in loaded.lines.into_iter().filter(|row| row.status == store::DRAFT && row.days.is_some()) {
        let leftover = u16::try_from(row.leftover_days).unwrap_or_default();
        let Some(days) = days_until(loaded.today, next, leftover).map(i32::from).filter(|days| row.days != Some(*days)) else { continue };
        row.days = Some(days);
        let row = lines::update(&tx, row).await?;
        written.push((row.id, row.version));
    }
    let said = format!("{}剤の日数を次回{}に合わせました", written.len(), next.format("%m/%d"));
    let audit = audit.detail("lines", written.len());
    done(&access, tx, &visit, &req, audit, Extra { done: Some((said, written)), ..Extra::default() }).await
}

/// 元に戻す.
pub async fn undo(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<WholeForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let rows = read_pairs(&form.rows).ok_or_else(|| AppError::Invalid("画面を開き直してください。".into()))?;
    if !undo::undo(&tx, *path, &rows).await? {
        return Err(AppError::Refused("元に戻せる時間(30秒)を過ぎたか、そのあとに変わっています。行の「編集」で直してください。".into()));
    }
    let audit = Audit::updated(InfoClass::Prescription).entity("encounter", *path).detail("undo", true);
    done(&access, tx, &visit, &req, audit, Extra::default()).await
}

/// 院外・院内、紙・電子、使用期限、リフィル、分割、残薬の対応、備考.
pub async fn state_head(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<RawHeadForm>,
    req: HttpRequest,
    signer: web::Data<dyn PrescriptionSigner>,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let mut read = form.read(domain::clock::today(tx.now())).and_then(|content| issuable(content, &visit, signer.is_on()));
    if let Ok(content) = read {
        read = splittable(content, &lines::lines(&tx, *path).await?);
    }
    let content = match read {
        Ok(content) => content,
        Err(errors) => {
            return refused(&access, tx, &visit, &req, Extra { head: Some((form.into_inner(), errors)), ..Extra::default() }).await;
        }
    };
    let open = heads::of_encounter(&tx, *path).await?.into_iter().find(|head| heads::status(head).is_open());
    let row = match open {
        None if form.version.is_empty() => heads::begin(&tx, &visit, &content).await?,
        None => return Err(AppError::Conflict),
        Some(mut head) => {
            check_version(&form.version, head.version)?;
            heads::state(&mut head, &content);
            heads::update(&tx, head).await?
        }
    };
    let audit = Audit::updated(InfoClass::Prescription).entity("prescription", row.id);
    done(&access, tx, &visit, &req, audit, Extra::default()).await
}

/// 分割 is of the days of every line that is written already.
fn splittable(content: HeadContent, lines: &[medication_request::Model]) -> Result<HeadContent, FormErrors> {
    let mut errors = FormErrors::default();
    for row in lines.iter().filter(|row| row.status == store::DRAFT) {
        if let Some(bar) = split_bar(&content, row) {
            errors.add("split_days", format!("「{}」: {bar}", row.drug_name));
            return Err(errors);
        }
    }
    Ok(content)
}

/// 電子 is chosen only where somebody can sign it, 退院時 only where somebody goes home.
fn issuable(content: HeadContent, visit: &encounter::Model, can_sign: bool) -> Result<HeadContent, FormErrors> {
    let mut errors = FormErrors::default();
    if content.dispensed_at == DispensedAt::Discharge && visit.class != EncounterClass::Inpatient.code() {
        errors.add("dispensed_at", "退院時の院内処方は、入院の受診だけで選べます");
        return Err(errors);
    }
    if content.issue_form == IssueForm::Electronic && !can_sign {
        errors.add("issue_form", "この医院では電子処方箋の署名が設定されていません。「紙」を選んでください");
        return Err(errors);
    }
    Ok(content)
}
