//! List, register, edit.

use actix_web::{Either, web};
use domain::StaffId;
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::StaffManage;
use tenancy::sign_in::SignIn;
use tenancy::{Access, Act, Audit, Error, InfoClass, Receipt, Role, TenantTx};
use uuid::Uuid;

use super::forms::{Facts, NewPerson, RawStaffForm};
use super::initial_password::InitialPassword;
use super::store::Person;
use super::views::{PasswordPage, StaffListPage, StaffNewPage, StaffRow, StaffShowPage};
use super::{rules, store};
use crate::error::AppError;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

pub type Admin = Access<StaffManage>;
pub type Answer = Either<Redirect, Page>;

const REGISTER: &str = "staff.register";

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    done: String,
}

pub(super) fn chrome(access: &Admin) -> Chrome {
    Chrome::of(access.principal(), Nav::Clinic)
}

pub(super) fn managed(id: StaffId) -> Audit {
    Audit::of(Act::Manage, InfoClass::Staff).entity("staff", id)
}

/// 職員の一覧.
pub async fn list(access: Admin) -> Result<Page, AppError> {
    let today = access.clock().today_jst();
    let tx = access.begin().await?;
    let (people, enrolled) = (store::everyone(&tx).await?, store::enrolled(&tx).await?);
    let receipt = tx.commit(Audit::viewed(InfoClass::Staff)).await?;
    let rows = people.iter().map(|person| StaffRow::of(person, enrolled.contains(&person.row.id), today)).collect();
    Page::full(receipt, &StaffListPage { chrome: chrome(&access), rows })
}

pub async fn new(access: Admin) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let raw = RawStaffForm::begun(access.clock().today_jst(), tx.new_id());
    let receipt = tx.commit(Audit::viewed(InfoClass::Staff)).await?;
    Page::full(receipt, &StaffNewPage { chrome: chrome(&access), form: FormState::of(&raw) })
}

/// 登録. The answer shows the initial password, once; the same form posted again leads to the person without it.
pub async fn create(access: Admin, sign_in: web::Data<SignIn>, form: web::Form<RawStaffForm>) -> Result<Answer, AppError> {
    let raw = form.into_inner();
    let new = match raw.new_person() {
        Ok(new) => new,
        Err(errors) => return refuse_new(&access, &raw, errors).await,
    };
    let password = InitialPassword::draw(sign_in.hasher()).await?;
    let key = raw.idempotency_key.parse().ok();
    let done = match register_once(&access, &new, &password, key).await {
        // The other half of a double press got there first; the next try finds its answer.
        Err(Error::Duplicate { constraint }) if constraint.starts_with("idempotency_key") => {
            register_once(&access, &new, &password, key).await
        }
        done => done,
    };
    match done {
        Ok(answer) => answer.shown(&access, &new, password),
        Err(Error::Duplicate { constraint }) if constraint.starts_with("staff") => {
            let mut errors = FormErrors::default();
            errors.add("login_id", "このユーザーIDはほかの職員が使っています");
            refuse_new(&access, &raw, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

enum Registered {
    Now(Receipt),
    Before(Receipt, StaffId),
}

impl Registered {
    fn shown(self, access: &Admin, new: &NewPerson, password: InitialPassword) -> Result<Answer, AppError> {
        match self {
            Self::Before(receipt, id) => Ok(Either::Left(Redirect::to(receipt, format!("/staff/{id}?done=repeated")))),
            Self::Now(receipt) => {
                let page = PasswordPage {
                    chrome: chrome(access),
                    tenant_code: access.principal().tenant_code.clone(),
                    login_id: new.login_id.to_string(),
                    name: new.facts.name.clone(),
                    password: password.plain,
                    is_new: true,
                };
                Ok(Either::Right(Page::full(receipt, &page)?))
            }
        }
    }
}

async fn register_once(access: &Admin, new: &NewPerson, password: &InitialPassword, key: Option<Uuid>) -> Result<Registered, Error> {
    let tx = access.begin().await?;
    let id = StaffId::new(tx.new_id());
    if let Some(key) = key.map(|key| tx.act_key(key, REGISTER, &format!("{new:?}"))) {
        if let Some(earlier) = tx.idempotent(key).await? {
            let id: StaffId = earlier["staff_id"].as_str().and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
            let receipt = tx.commit(Audit::viewed(InfoClass::Staff).entity("staff", id).detail("repeated", true)).await?;
            return Ok(Registered::Before(receipt, id));
        }
        tx.remember(key, json!({"staff_id": id})).await?;
    }
    store::insert(&tx, id, new, password.phc.clone()).await?;
    let audit = managed(id).detail("changed", "registered").detail("roles", codes(&new.facts.roles));
    Ok(Registered::Now(tx.commit(audit).await?))
}

pub(super) fn codes(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.code()).collect()
}

async fn refuse_new(access: &Admin, raw: &RawStaffForm, errors: FormErrors) -> Result<Answer, AppError> {
    let receipt = access.begin().await?.commit(Audit::viewed(InfoClass::Staff)).await?;
    let page = StaffNewPage { chrome: chrome(access), form: FormState::of(raw).with_errors(errors) };
    Ok(Either::Right(Page::invalid(receipt, &page)?))
}

/// One person: what is stated about them, their password and their second factor.
pub async fn show(access: Admin, path: web::Path<StaffId>, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let person = store::get(&tx, *path).await?;
    let mut page = page_of(&access, &tx, &person, FormState::of(&RawStaffForm::of(&person))).await?;
    page.done = done_message(&query.done);
    let receipt = tx.commit(Audit::viewed(InfoClass::Staff).entity("staff", *path)).await?;
    Page::full(receipt, &page)
}

fn done_message(code: &str) -> Option<&'static str> {
    match code {
        "saved" => Some("保存しました"),
        "ended" => Some("保存しました。この人の開いていた画面はすべて閉じました"),
        "repeated" => Some("この操作は済んでいます。パスワードを控えていなければ、作り直してください"),
        "second-factor" => Some("本人確認の登録を消しました。次のサインインで登録し直します"),
        _ => None,
    }
}

async fn page_of(access: &Admin, tx: &TenantTx, person: &Person, form: FormState) -> Result<StaffShowPage, AppError> {
    let is_enrolled = store::enrolled(tx).await?.contains(&person.row.id);
    Ok(StaffShowPage {
        chrome: chrome(access),
        person: StaffRow::of(person, is_enrolled, access.clock().today_jst()),
        form,
        is_own: person.id() == access.principal().staff_id,
        key: tx.new_id().to_string(),
        is_stale: false,
        done: None,
    })
}

/// 保存. A stale version keeps the input and shows what is stored now.
pub async fn update(
    access: Admin,
    sign_in: web::Data<SignIn>,
    path: web::Path<StaffId>,
    form: web::Form<RawStaffForm>,
) -> Result<Answer, AppError> {
    let (raw, today) = (form.into_inner(), access.clock().today_jst());
    let tx = access.begin().await?;
    let everyone = store::everyone_held(&tx).await?;
    let current = everyone.iter().find(|person| person.id() == *path).ok_or(AppError::NotFound)?;
    let facts = match raw.facts() {
        Ok(facts) => facts,
        Err(errors) => return refuse_edit(&access, tx, current, &raw, errors).await,
    };
    if facts == current.facts() {
        return saved(tx, Audit::viewed(InfoClass::Staff).entity("staff", *path), *path, "saved").await;
    }
    if raw.version != current.row.version.to_string() {
        return stale(&access, tx, current, raw).await;
    }
    let errors = rules::objections(&everyone, current, &facts, access.principal().staff_id, today);
    if !errors.is_empty() {
        return refuse_edit(&access, tx, current, &raw, errors).await;
    }
    keep(&access, &sign_in, tx, current, &facts).await
}

/// Stores the edit, then closes what must not stay open (GL-08).
async fn keep(access: &Admin, sign_in: &SignIn, tx: TenantTx, current: &Person, facts: &Facts) -> Result<Answer, AppError> {
    let id = current.id();
    let ends = rules::ends_sessions(current, facts, access.clock().today_jst());
    store::update(&tx, current, facts).await?;
    let audit = managed(id).detail("changed", "facts").detail("roles", codes(&facts.roles)).detail("sessions_ended", ends);
    let answer = saved(tx, audit, id, if ends { "ended" } else { "saved" }).await?;
    if ends {
        sign_in.end_everywhere(access.tenant_id(), id).await?;
    }
    Ok(answer)
}

async fn saved(tx: TenantTx, audit: Audit, id: StaffId, done: &str) -> Result<Answer, AppError> {
    let receipt = tx.commit(audit).await?;
    Ok(Either::Left(Redirect::to(receipt, format!("/staff/{id}?done={done}"))))
}

async fn refuse_edit(access: &Admin, tx: TenantTx, current: &Person, raw: &RawStaffForm, errors: FormErrors) -> Result<Answer, AppError> {
    let page = page_of(access, &tx, current, FormState::of(raw).with_errors(errors)).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Staff).entity("staff", current.row.id)).await?;
    Ok(Either::Right(Page::invalid(receipt, &page)?))
}

/// The input again, now on the version that is stored: saving once more is a decision made in sight of it.
async fn stale(access: &Admin, tx: TenantTx, current: &Person, raw: RawStaffForm) -> Result<Answer, AppError> {
    let raw = RawStaffForm { version: current.row.version.to_string(), ..raw };
    let page = StaffShowPage { is_stale: true, ..page_of(access, &tx, current, FormState::of(&raw)).await? };
    let audit = Audit::viewed(InfoClass::Staff).entity("staff", current.row.id).detail("conflict", true);
    Ok(Either::Right(Page::conflict(tx.commit(audit).await?, &page)?))
}
