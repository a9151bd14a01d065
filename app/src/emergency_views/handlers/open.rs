//! 開く: privilege, grounds, reason and a fresh second factor, then one row and one question.

use actix_web::{Either, web};
use domain::PatientId;
use domain::emergency::Grounds;
use domain::text;
use serde_json::json;
use tenancy::permission::EmergencyOpen;
use tenancy::{Access, Act, Audit, Error, InfoClass, Receipt, TenantTx, second_factor};
use uuid::Uuid;

use crate::emergency_views::basis::{Basis, Unasked, unasked};
use crate::emergency_views::forms::RawLook;
use crate::emergency_views::store::{self, Why};
use crate::emergency_views::views::{NewLookPage, Standing};
use crate::error::AppError;
use crate::notes::neighbours::{self, Person};
use crate::sign_in::visitor::Visitor;
use crate::web::act_form::{check_token, key_of};
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

type Opener = Access<EmergencyOpen>;
type Answer = Either<Redirect, Page>;

const OPEN: &str = "emergency_view.open";
const WRONG: &str = "コードが合いません。認証アプリにいま出ている6桁を入れてください。5回続けて違うと15分待ちになります";

/// The reason asked for, or why it cannot be opened now.
pub async fn new(access: Opener, path: web::Path<PatientId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, *path).await?;
    named(&access, &tx).await?;
    let form = FormState::of(&RawLook::default().kept(tx.new_id()));
    let page = page(&access, &tx, person, form).await?;
    let receipt = tx.commit(viewed(*path, &page)).await?;
    Page::full(receipt, &page)
}

fn viewed(asked: PatientId, page: &NewLookPage) -> Audit {
    Audit::viewed(InfoClass::EmergencyRecord).subjects([asked, page.stripe.patient_id])
}

/// 救急閲覧権限 of the person, whatever the role.
async fn named(access: &Opener, tx: &TenantTx) -> Result<(), AppError> {
    if store::is_named(tx, access.principal().staff_id).await? { Ok(()) } else { Err(AppError::Forbidden) }
}

async fn page(access: &Opener, tx: &TenantTx, person: Person, form: FormState) -> Result<NewLookPage, AppError> {
    let has_authenticator = second_factor::has_totp(tx, access.principal().staff_id).await?;
    let standing = match unasked(tx, &person.group).await? {
        None => Standing::NobodyUnasked,
        Some(_) if !has_authenticator => Standing::NoAuthenticator,
        Some(_) => Standing::Open,
    };
    Ok(NewLookPage { chrome: Chrome::of(access.principal(), Nav::Patients), stripe: person.stripe, standing, form })
}

/// The same pressing again leads to the same look. The code is used up with it, so that a second press cannot be a second look.
pub async fn open(access: Opener, visitor: Visitor, path: web::Path<PatientId>, form: web::Form<RawLook>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, *path).await?;
    check_token(&form.patient_token, person.stripe.patient_id)?;
    named(&access, &tx).await?;
    let key = key_of(&form.idempotency_key)?;
    let why = match form.read(Grounds::Emergency) {
        Ok(why) => why,
        Err(errors) => return again(&access, tx, person, form.into_inner(), errors).await,
    };
    let asked = Asked { patient: person.stripe.patient_id, group: &person.group, why: &why, key, code: &form.code };
    let done = match once(&access, &visitor, tx, &asked).await {
        // The other half of a double press got there first; its look is there now.
        Err(AppError::Conflict) => once(&access, &visitor, access.begin().await?, &asked).await?,
        done => done?,
    };
    match done {
        Some((receipt, id)) => Ok(Either::Left(Redirect::to(receipt, format!("/emergency-views/{id}")))),
        None => {
            let mut errors = FormErrors::default();
            errors.add("code", WRONG);
            again(&access, access.begin().await?, person, form.into_inner(), errors).await
        }
    }
}

struct Asked<'a> {
    patient: PatientId,
    group: &'a [PatientId],
    why: &'a Why,
    key: Uuid,
    code: &'a str,
}

/// `None` when the second factor was not right.
async fn once(access: &Opener, visitor: &Visitor, tx: TenantTx, asked: &Asked<'_>) -> Result<Option<(Receipt, Uuid)>, AppError> {
    let key = tx.act_key(asked.key, OPEN, &format!("{} {:?}", asked.patient, asked.why));
    let audit = Audit::of(Act::EmergencyView, InfoClass::EmergencyRecord).subject(asked.patient);
    if let Some(outcome) = tx.idempotent(key).await? {
        let id: Uuid = outcome["id"].as_str().and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let receipt = tx.commit(audit.entity("emergency_view", id).detail("repeated", true)).await?;
        return Ok(Some((receipt, id)));
    }
    let found = unasked(&tx, asked.group).await?.ok_or_else(nobody)?;
    let id = tx.new_id();
    tx.remember(key, json!({"id": id})).await?;
    let Some(attempt) = visitor.sign_in.attempt_again(access.principal(), &visitor.meta).await? else { return Ok(None) };
    if !second_factor::check_totp(&tx, tx.keyring()?, access.principal().staff_id, &text::without_spaces(asked.code)).await? {
        drop(tx);
        visitor.sign_in.refused_again(access.principal(), &visitor.meta).await?;
        return Ok(None);
    }
    let receipt = begin(tx, id, asked, &found, audit).await?;
    visitor.sign_in.accepted_again(access.principal(), attempt).await?;
    Ok(Some((receipt, id)))
}

async fn begin(tx: TenantTx, id: Uuid, asked: &Asked<'_>, found: &Unasked, audit: Audit) -> Result<Receipt, Error> {
    store::open(&tx, id, asked.patient, &Basis::Unasked(found), asked.why).await?;
    let audit = audit.entity("emergency_view", id).detail("opened", true).detail("reason", asked.why.reason.code());
    tx.commit(audit).await
}

fn nobody() -> AppError {
    AppError::Refused("この24時間に、同意が「取得困難」と記録されたマイナ保険証の読み取りがありません。先に読み取ってください。".into())
}

async fn again(access: &Opener, tx: TenantTx, person: Person, raw: RawLook, errors: FormErrors) -> Result<Answer, AppError> {
    let asked = person.stripe.patient_id;
    let form = FormState::of(&raw.kept(tx.new_id())).with_errors(errors);
    let page = page(access, &tx, person, form).await?;
    let receipt = tx.commit(viewed(asked, &page)).await?;
    Ok(Either::Right(Page::invalid(receipt, &page)?))
}
