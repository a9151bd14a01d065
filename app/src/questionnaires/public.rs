//! The patient's side, without sign-in. Whoever does not hold a good link learns nothing, not even that there is a clinic.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, web};
use domain::questionnaire::{AnswerError, Answers, ITEMS};
use domain::wareki;
use tenancy::access::RequestContext;
use tenancy::patient_link::{LinkPurpose, LinkToken, PatientLink};
use tenancy::{Act, Audit, Gate, InfoClass, RequestMeta, TenantTx};

use super::store;
use super::views::{PhonePage, SaidPage};
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::patients::store as patients;
use crate::web::{FormErrors, PublicPage};

/// A filled form is a few kilobytes.
const LIMIT: usize = 32 * 1024;
/// Requests of one address in [`WINDOW_S`]; a clinic's waiting room shares one.
const ALLOWED: u64 = 120;
const WINDOW_S: u64 = 600;
const BIRTH: &str = "birth_date";
const OVER: SaidPage = SaidPage {
    title: "この問診票は使えません",
    text: "期限が過ぎたか、すでに終わっています。お手数ですが、受付でもう一度QRコードをお受け取りください。",
};
const DONE: SaidPage = SaidPage {
    title: "問診票を受け付けました",
    text: "ご記入ありがとうございました。この画面は閉じて、番号が呼ばれるまでお待ちください。",
};

type Sent = BTreeMap<String, Vec<String>>;

/// The form, for the holder of a good link.
pub async fn show(path: web::Path<String>, req: HttpRequest, gate: web::Data<Gate>) -> Result<PublicPage, AppError> {
    let Some((tx, link)) = open(&path, &req, &gate).await? else { return PublicPage::with_status(StatusCode::NOT_FOUND, &OVER) };
    if link.is_used {
        return PublicPage::new(&DONE);
    }
    let page = page(&tx, &link, Sent::new(), FormErrors::default()).await?;
    tx.commit(Audit::viewed(InfoClass::Observation).subject(link.patient_id).detail("link", true)).await?;
    PublicPage::new(&page)
}

/// The answers, once. A second press finds them kept.
pub async fn submit(
    path: web::Path<String>,
    req: HttpRequest,
    form: web::Form<Vec<(String, String)>>,
    gate: web::Data<Gate>,
    live: web::Data<Live>,
) -> Result<PublicPage, AppError> {
    let sent = by_name(form.into_inner())?;
    let Some((tx, link)) = open(&path, &req, &gate).await? else { return PublicPage::with_status(StatusCode::NOT_FOUND, &OVER) };
    if link.is_used {
        return PublicPage::new(&DONE);
    }
    let patient = patients::get(&tx, link.patient_id).await?;
    let said = sent.get(BIRTH).and_then(|values| values.first()).map_or("", String::as_str);
    if wareki::parse(said).ok() != Some(patient.demographics.birth_date) {
        return wrong_birth_date(tx, &link, sent).await;
    }
    let answers = match Answers::read(&sent) {
        Ok(answers) => answers,
        Err(errors) => return again(tx, &link, sent, said_of(&errors)).await,
    };
    if link.use_up(&tx).await? {
        store::keep(&tx, link.encounter_id, link.patient_id, &answers).await?;
        let audit = Audit::of(Act::Create, InfoClass::Observation).subject(link.patient_id).entity("encounter", link.encounter_id);
        let tenant_id = tx.tenant_id();
        tx.commit(audit.detail("link", true)).await?;
        live.announce(tenant_id, Topic::Visit(link.encounter_id));
    }
    PublicPage::new(&DONE)
}

async fn open(token: &str, req: &HttpRequest, gate: &Gate) -> Result<Option<(TenantTx, PatientLink)>, AppError> {
    let meta = meta(req)?;
    if gate.sessions().count_within("link", &meta.source_ip, WINDOW_S).await? > ALLOWED {
        return Err(AppError::Unavailable("too many requests of one address".into()));
    }
    let Some(token) = LinkToken::parse(token) else { return Ok(None) };
    Ok(gate.begin_by_link(&token, LinkPurpose::Questionnaire, meta).await?)
}

fn meta(req: &HttpRequest) -> Result<RequestMeta, AppError> {
    req.extensions().get::<RequestContext>().map(|context| context.meta.clone()).ok_or_else(|| AppError::internal("no request context"))
}

/// Everything sent, by name; a name may come several times.
fn by_name(pairs: Vec<(String, String)>) -> Result<Sent, AppError> {
    if pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LIMIT {
        return Err(AppError::TooLarge);
    }
    let mut sent = Sent::new();
    for (name, value) in pairs {
        sent.entry(name).or_default().push(value);
    }
    Ok(sent)
}

/// Counted, so that a found slip of paper cannot be tried for long.
async fn wrong_birth_date(tx: TenantTx, link: &PatientLink, sent: Sent) -> Result<PublicPage, AppError> {
    link.count_try(&tx).await?;
    let mut errors = FormErrors::default();
    errors.add(BIRTH, "生年月日が受付の記録と合いません。確かめて入れ直してください(例: S35.4.1、1960-04-01)");
    again(tx, link, sent, errors).await
}

async fn again(tx: TenantTx, link: &PatientLink, sent: Sent, errors: FormErrors) -> Result<PublicPage, AppError> {
    let page = page(&tx, link, sent, errors).await?;
    tx.commit(Audit::viewed(InfoClass::Observation).subject(link.patient_id).detail("link", true)).await?;
    PublicPage::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn said_of(found: &[(&'static str, AnswerError)]) -> FormErrors {
    let mut errors = FormErrors::default();
    for &(key, error) in found {
        let sentence = match error {
            AnswerError::Missing => "お答えください".to_owned(),
            AnswerError::TooLong(longest) => format!("{longest}文字までで書いてください"),
            AnswerError::UnknownChoice => "選び直してください".to_owned(),
            AnswerError::Unreadable => "読めない文字が入っています。入れ直してください".to_owned(),
        };
        errors.add(key, sentence);
    }
    errors
}

async fn page(tx: &TenantTx, link: &PatientLink, sent: Sent, errors: FormErrors) -> Result<PhonePage, AppError> {
    let visit = encounters::get(tx, link.encounter_id).await?;
    Ok(PhonePage { clinic: crate::clinic::store::get(tx).await?.name, number: visit.reception_number, items: ITEMS, sent, errors })
}
