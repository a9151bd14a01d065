//! Taking files in: several at once from a plain form, one by one from the script.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{Either, HttpRequest, web};
use domain::attachment::{FileRefusal, check_title};
use domain::{EncounterId, PatientId};
use serde_json::json;
use tenancy::permission::AttachmentWrite;
use tenancy::{Access, Receipt};

use super::{check_token, listing, visit_of};
use crate::attachments::add::{self, Arrival};
use crate::attachments::cabinet::Cabinet;
use crate::attachments::content;
use crate::attachments::store::Reach;
use crate::attachments::upload::{self, Sent, SentFile};
use crate::error::AppError;
use crate::patients::store as patients;
use crate::web::{Json, Page, Redirect, wants_json};

type Answer = Either<Json, Either<Redirect, Page>>;

/// 画像・文書を足す.
pub async fn upload(
    access: Access<AttachmentWrite>,
    path: web::Path<PatientId>,
    form: Multipart,
    cabinet: web::Data<Cabinet>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    patients::get(&access.begin().await?, *path).await?;
    cabinet.store()?;
    let _turn = cabinet.turn().await?;
    let sent = upload::read(form).await?;
    let encounter = addressed(&access, *path, &sent).await?;
    let (mut refusals, mut receipt) = (vec![], None);
    for file in &sent.files {
        match keep(&access, &cabinet, (*path, encounter), &sent, file).await {
            Ok(kept) => receipt = Some(kept),
            Err(says) => refusals.push((file.name.clone(), says?)),
        }
    }
    if sent.files.is_empty() {
        refusals.push((String::new(), "ファイルを選んでください。".into()));
    }
    answer(&access, *path, encounter, &cabinet, (refusals, receipt), &req).await
}

/// The visit it is for; R3 before anything is kept.
async fn addressed(access: &Access<AttachmentWrite>, patient: PatientId, sent: &Sent) -> Result<Option<EncounterId>, AppError> {
    let token: PatientId = sent.hidden("patient_token")?;
    let tx = access.begin().await?;
    check_token(&tx, token, patient).await?;
    visit_of(&tx, patient, sent.text("encounter_id")).await
}

/// Keeps one file; the error is the sentence beside its name, or why nothing more can be done at all.
async fn keep(
    access: &Access<AttachmentWrite>,
    cabinet: &Cabinet,
    (patient, encounter): (PatientId, Option<EncounterId>),
    sent: &Sent,
    file: &SentFile,
) -> Result<Receipt, Result<String, AppError>> {
    let refused = |refusal: FileRefusal| Ok(refusal.sentence().to_owned());
    let judged = if file.is_cut { Err(FileRefusal::TooLarge) } else { content::judge(&file.bytes) }.map_err(refused)?;
    let kind = Reach::of(access).filed_as(judged.content);
    let title = match sent.text("title").trim() {
        "" => check_title(stem(&file.name)).unwrap_or_else(|_| kind.label().to_owned()),
        typed => check_title(typed).map_err(|e| Ok(e.sentence().to_owned()))?,
    };
    let key = sent.key().map_err(Err)?;
    let arrival = Arrival { patient, encounter, kind, title, bytes: &file.bytes, judged, drawing: String::new(), key, replaces: None };
    match add::keep(access, cabinet, &arrival).await {
        Ok((_, receipt)) => Ok(receipt),
        Err(AppError::Unavailable(cause)) => {
            tracing::error!(cause, "an upload could not be kept");
            Err(Ok("保管先につながらないため、保存していません。少し待ってから、もう一度送ってください。".into()))
        }
        Err(error) => Err(Err(error)),
    }
}

/// The name without its ending.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

async fn answer(
    access: &Access<AttachmentWrite>,
    patient: PatientId,
    encounter: Option<EncounterId>,
    cabinet: &Cabinet,
    (refusals, receipt): (Vec<(String, String)>, Option<Receipt>),
    req: &HttpRequest,
) -> Result<Answer, AppError> {
    match (receipt, refusals.first()) {
        (Some(receipt), None) if wants_json(req) => {
            Ok(Either::Left(Json::of(receipt, StatusCode::CREATED, &[], &json!({ "kept": true }))?))
        }
        (_, Some((_, says))) if wants_json(req) => Err(AppError::Refused(says.clone())),
        (Some(receipt), None) => {
            let beside = encounter.map(|id| format!("?encounter={id}")).unwrap_or_default();
            Ok(Either::Right(Either::Left(Redirect::to(receipt, format!("/patients/{patient}/attachments{beside}")))))
        }
        _ => {
            let query = listing::ListQuery { encounter: encounter.map(|id| id.to_string()).unwrap_or_default(), ..Default::default() };
            Ok(Either::Right(Either::Right(listing::page(access, patient, &query, cabinet, refusals, req).await?)))
        }
    }
}
