//! 変更, the two UNDOs, and 処方箋ID検索.

use actix_web::{Either, HttpRequest, web};
use domain::prescription::head::{DispensedAt, RxStatus};
use domain::prescription::registration::{RegistrationRefusal, RegistrationStatus};
use domain::{EncounterId, PatientId};
use serde::Deserialize;
use tenancy::permission::{PrescriptionRead, PrescriptionSign, PrescriptionWrite};
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::changes::{self, NotBegun};
use super::handlers::{ActForm, Answer, audit, done, refused};
use super::views::SearchPage;
use super::{registering, results, store};
use crate::error::AppError;
use crate::live::Live;
use crate::prescriptions::store::heads;
use crate::web::act_form::{check_token, check_version, key_of};
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect, Subjects};

/// 変更する: the chart goes on with a draft of what is registered.
pub async fn begin(access: Access<PrescriptionWrite>, path: web::Path<Uuid>, form: web::Form<ActForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = form.row(&tx, *path).await?;
    let back = format!("/encounters/{}#prescription", row.encounter_id);
    let audit = audit(&row, Act::Update).detail("change", "begun");
    if !form.is_first(&tx, "eprescription.change", *path).await? {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, back));
    }
    check_version(&form.version, row.version)?;
    changes::begin(&tx, &row).await?.map_err(not_begun)?;
    Ok(Redirect::to(tx.commit(audit).await?, back))
}

/// Why no draft was made.
pub fn not_begun(why: NotBegun) -> AppError {
    match why {
        NotBegun::Registration(refusal) => refused(refusal),
        NotBegun::DraftOpen => AppError::Refused("署名していない処方があります。先に署名するか、外してから変更してください。".into()),
        NotBegun::Split => AppError::Refused("分割した処方箋は変更できません。取り消してから処方し直してください。".into()),
        NotBegun::DrugEnded(name) => AppError::Refused(format!(
            "「{name}」は今日の医薬品マスターにないため、写して変更できません。取り消してから処方し直してください。"
        )),
    }
}

/// 変更をやめる: what is registered stays as it is.
pub async fn abandon(access: Access<PrescriptionWrite>, path: web::Path<Uuid>, form: web::Form<ActForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = form.row(&tx, *path).await?;
    let back = format!("/encounters/{}#prescription", row.encounter_id);
    let audit = audit(&row, Act::Update).detail("change", "given_up");
    if form.is_first(&tx, "eprescription.abandon", *path).await? && !changes::abandon(&tx, &row).await? {
        return Err(AppError::Refused("変更の下書きはもうありません。画面を開き直してください。".into()));
    }
    Ok(Redirect::to(tx.commit(audit).await?, back))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LateForm {
    patient_token: String,
    idempotency_key: String,
}

/// あとから登録 of a paper that is out: the service learns what it says, and gives it a number.
pub async fn register_late(
    access: Access<PrescriptionSign>,
    path: web::Path<Uuid>,
    form: web::Form<LateForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let head = heads::get(&tx, *path).await?;
    check_token(&form.patient_token, head.patient_id)?;
    let back = format!("/encounters/{}/eprescription", head.encounter_id);
    let audit = Audit::of(Act::Update, InfoClass::Prescription)
        .subject(PatientId::new(head.patient_id))
        .entity("prescription", head.id)
        .detail("late", true);
    let key = tx.act_key(key_of(&form.idempotency_key)?, "eprescription.late", &path.to_string());
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, back));
    }
    let is_out = matches!(heads::status(&head), RxStatus::Signed | RxStatus::IssuedPaper);
    let content = heads::content_of(&head);
    let standing = store::find(&tx, head.id).await?.map(|row| store::status(&row)).transpose()?;
    let is_free = standing.is_none_or(|status| status == RegistrationStatus::Paper);
    if !is_out || !is_free || content.dispensed_at != DispensedAt::Outside || content.split > 0 {
        return Err(AppError::Refused("紙で出した院外の処方箋(分割を除く)だけ、あとから登録できます。".into()));
    }
    tx.remember(key, serde_json::json!({})).await?;
    registering::register_late(&tx, &head).await?.map_err(AppError::Refused)?;
    Ok(Redirect::to(tx.commit(audit).await?, back))
}

#[derive(Clone, Copy)]
enum Undo {
    Cancel,
    Change,
}

impl Undo {
    /// The act, what becomes of the registration, and why there may be nothing to undo.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Cancel => (
                "eprescription.restore",
                "restored",
                "取消を戻せません。取消のあとに別の処方箋を出したか、登録されていなかった処方箋です。",
            ),
            Self::Change => ("eprescription.revert", "reverted", "変更した処方箋ではないため、戻すものがありません。"),
        }
    }
}

/// 取消UNDO.
pub async fn restore(
    access: Access<PrescriptionSign>,
    path: web::Path<Uuid>,
    form: web::Form<ActForm>,
    live: web::Data<Live>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    undo(Undo::Cancel, access, *path, &form, &live, &req).await
}

/// 変更UNDO.
pub async fn revert(
    access: Access<PrescriptionSign>,
    path: web::Path<Uuid>,
    form: web::Form<ActForm>,
    live: web::Data<Live>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    undo(Undo::Change, access, *path, &form, &live, &req).await
}

async fn undo(
    what: Undo,
    access: Access<PrescriptionSign>,
    id: Uuid,
    form: &ActForm,
    live: &Live,
    req: &HttpRequest,
) -> Result<Answer, AppError> {
    let (act, to, ended) = what.words();
    let tx = access.begin().await?;
    let row = form.row(&tx, id).await?;
    let audit = audit(&row, Act::Update).detail("to", to);
    if form.is_first(&tx, act, id).await? {
        check_version(&form.version, row.version)?;
        let undone = match what {
            Undo::Cancel => changes::restore(&tx, id).await?,
            Undo::Change => changes::revert(&tx, id).await?,
        };
        undone.map_err(|refusal| not_undone(refusal, ended))?;
    }
    done(&access, tx, &row, req, live, audit).await
}

fn not_undone(refusal: RegistrationRefusal, ended: &str) -> AppError {
    if refusal == RegistrationRefusal::Ended { AppError::Refused(ended.to_owned()) } else { refused(refusal) }
}

#[derive(Debug, Default, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct SearchForm {
    register_id: String,
}

/// 処方箋ID検索, and 調剤結果 nobody has read yet.
pub async fn search_page(access: Access<PrescriptionRead>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = search_view(&access, &tx, FormState::of(&SearchForm::default())).await?;
    let audit = Audit::viewed(InfoClass::Prescription).subjects(page.subjects());
    Page::full(tx.commit(audit).await?, &page)
}

async fn search_view(access: &Access<PrescriptionRead>, tx: &TenantTx, form: FormState) -> Result<SearchPage, AppError> {
    Ok(SearchPage { chrome: Chrome::of(access.principal(), Nav::Today), form, unread: results::store::unread(tx).await? })
}

/// The visit whose prescription has this id.
pub async fn search(access: Access<PrescriptionRead>, form: web::Form<SearchForm>) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let typed = form.register_id.trim().to_lowercase();
    let found = if typed.is_empty() { None } else { store::by_register_id(&tx, &typed).await? };
    if let Some(row) = found {
        let audit = Audit::viewed(InfoClass::Prescription).subject(PatientId::new(row.patient_id)).entity("prescription", row.id);
        let receipt = tx.commit(audit).await?;
        return Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{}/eprescription", EncounterId::new(row.encounter_id)))));
    }
    let says = match typed.is_empty() {
        true => "処方箋IDを入れてください",
        false => "この医院から登録した処方箋に、このIDはありません。控えのIDと見比べてください",
    };
    let mut errors = FormErrors::default();
    errors.add("register_id", says);
    let page = search_view(&access, &tx, FormState::of(&form.into_inner()).with_errors(errors)).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Prescription).subjects(page.subjects()).detail("found", false)).await?;
    Page::invalid(receipt, &page).map(Either::Right)
}
