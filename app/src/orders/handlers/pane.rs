//! 検査・処置 on the chart.

use actix_web::http::Method;
use actix_web::{Either, HttpRequest, web};
use domain::encounter::VisitStatus;
use domain::order::{OrderAct, OrderStatus};
use domain::{EncounterId, PatientId, ServiceRequestId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{MasterRead, OrderPerform, OrderRead, OrderWrite, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::{check_token, check_version, key_of, refusal};
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::notes::neighbours;
use crate::orders::catalog::{self, Item, SHORTEST};
use crate::orders::forms::{OrderContent, RawOrderForm};
use crate::orders::store;
use crate::orders::views::{ItemOptions, OrderPage, OrderPane, OrderRow, chosen};
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect, is_htmx};

const ADD: &str = "order.add";
const ADD_SET: &str = "order.add_set";
type Answer = Either<Redirect, Page>;

/// 検査・処置: the box for the chart, else a page.
pub async fn show(access: Access<OrderRead>, path: web::Path<EncounterId>, req: HttpRequest) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let form = FormState::of(&RawOrderForm::begun(tx.new_id()));
    shown(&access, tx, &visit, &req, (form, vec![]), Audit::viewed(InfoClass::Order), false).await
}

/// The pane as it is now: the fragment for the chart, a page for everybody else.
async fn shown<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    req: &HttpRequest,
    (form, options): (FormState, Vec<Item>),
    audit: Audit,
    is_invalid: bool,
) -> Result<Page, AppError> {
    let person = neighbours::person(&tx, PatientId::new(visit.patient_id)).await?;
    let orders = store::of_encounter(&tx, EncounterId::new(visit.id)).await?;
    let results = store::results_of(&tx, &orders.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let is_open = visit.status != VisitStatus::Cancelled.code();
    let pane = OrderPane {
        encounter_id: visit.id.to_string(),
        patient_id: visit.patient_id.to_string(),
        shown: person.stripe.patient_id,
        rows: orders.iter().map(|row| OrderRow::of(row, &results)).collect(),
        form,
        options,
        sets: catalog::sets()?,
        act_key: tx.new_id(),
        can_order: is_open && access.may::<OrderWrite>(),
        can_perform: access.may::<OrderPerform>(),
    };
    let audit = audit.subjects([PatientId::new(visit.patient_id), pane.shown]);
    let receipt = tx.commit(audit).await?;
    if is_htmx(req) {
        return Ok(match is_invalid {
            true => Page::invalid(receipt, &pane)?,
            false if req.method() == Method::POST => Page::full(receipt, &pane)?.event("chart-changed"),
            false => Page::full(receipt, &pane)?,
        });
    }
    let page = OrderPage { chrome: Chrome::of(access.principal(), Nav::Today), stripe: person.stripe, pane };
    if is_invalid { Page::invalid(receipt, &page) } else { Page::full(receipt, &page) }
}

async fn done<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    req: &HttpRequest,
    audit: Audit,
) -> Result<Answer, AppError> {
    if !is_htmx(req) {
        let receipt = tx.commit(audit.subject(PatientId::new(visit.patient_id))).await?;
        return Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{}/orders", visit.id))));
    }
    let form = FormState::of(&RawOrderForm::begun(tx.new_id()));
    shown(access, tx, visit, req, (form, vec![]), audit, false).await.map(Either::Right)
}

async fn open_visit(tx: &TenantTx, id: EncounterId, token: &str) -> Result<encounter::Model, AppError> {
    let visit = encounters::get(tx, id).await?;
    check_token(token, visit.patient_id)?;
    if visit.status == VisitStatus::Cancelled.code() {
        return Err(AppError::Refused("受付が取り消されているため、オーダーを出せません。".into()));
    }
    Ok(visit)
}

/// 項目の候補 while typing. Posted, as no order belongs into an address.
pub async fn items(access: Access<MasterRead>, form: web::Form<RawOrderForm>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let options = search(&tx, &form).await?;
    let receipt = tx.commit(Audit::searched(InfoClass::Master)).await?;
    let code = chosen(&options, &form.code);
    Page::full(receipt, &ItemOptions { typed: form.order_q.clone(), options, code })
}

async fn search(tx: &TenantTx, form: &RawOrderForm) -> Result<Vec<Item>, AppError> {
    let text: String = form.order_q.chars().filter(|c| !c.is_control()).take(60).collect();
    Ok(catalog::search(tx, &text, clock::today(tx.now())).await?)
}

/// The item chosen, or the only one the text can mean; the error is the sentence for the search box.
async fn meant(tx: &TenantTx, form: &RawOrderForm) -> Result<Result<Item, String>, AppError> {
    if !form.code.is_empty() {
        let found = catalog::find(tx, &form.code, clock::today(tx.now())).await?;
        return Ok(found.ok_or_else(|| "選んだ項目が一覧にありません。もう一度探してください".into()));
    }
    let mut options = search(tx, form).await?;
    Ok(match options.len() {
        1 => Ok(options.remove(0)),
        0 if form.order_q.chars().count() < SHORTEST => Err(format!("項目の名前を{SHORTEST}文字以上入れて、候補から選んでください")),
        0 => Err("その名前の項目がありません。別の言葉で探してください".into()),
        _ => Err("候補がいくつかあります。一つ選んでください".into()),
    })
}

/// One item more. Posting twice adds once.
pub async fn add(
    access: Access<OrderWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<RawOrderForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let key = tx.act_key(key_of(&form.idempotency_key)?, ADD, &format!("{} {:?}", *path, *form));
    let audit = Audit::created(InfoClass::Order);
    if tx.idempotent(key).await?.is_some() {
        return done(&access, tx, &visit, &req, audit.entity("encounter", *path)).await;
    }
    let item = meant(&tx, &form).await?;
    match read(&form, item) {
        Ok((item, content)) => {
            tx.remember(key, json!({})).await?;
            let row = store::add(&tx, &visit, &item, &content, store::next_position(&tx, &visit).await?).await?;
            done(&access, tx, &visit, &req, audit.entity("service_request", row.id)).await
        }
        Err(errors) => {
            let options = search(&tx, &form).await?;
            let raw = RawOrderForm { idempotency_key: tx.new_id().to_string(), ..form.into_inner() };
            let typed = (FormState::of(&raw).with_errors(errors), options);
            shown(&access, tx, &visit, &req, typed, Audit::viewed(InfoClass::Order), true).await.map(Either::Right)
        }
    }
}

fn read(form: &RawOrderForm, item: Result<Item, String>) -> Result<(Item, OrderContent), FormErrors> {
    let content = form.read();
    match (item, content) {
        (Ok(item), Ok(content)) => Ok((item, content)),
        (item, content) => {
            let mut errors = FormErrors::default();
            if let Err(says) = item {
                errors.add("order_q", says);
            }
            for (field, says) in content.err().iter().flat_map(FormErrors::iter) {
                errors.add(field, says);
            }
            Err(errors)
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetForm {
    patient_token: String,
    idempotency_key: String,
    set: String,
}

/// セット: its items that are not ordered yet.
pub async fn add_set(
    access: Access<OrderWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<SetForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let key = tx.act_key(key_of(&form.idempotency_key)?, ADD_SET, &format!("{} {}", *path, form.set));
    let audit = Audit::created(InfoClass::Order).entity("encounter", *path);
    if tx.idempotent(key).await?.is_some() {
        return done(&access, tx, &visit, &req, audit).await;
    }
    let items = catalog::of_set(&form.set)?.ok_or_else(|| AppError::Invalid("セットを選んでください。".into()))?;
    tx.remember(key, json!({})).await?;
    let known = store::of_encounter(&tx, *path).await?;
    let content = OrderContent { quantity: 1, ..OrderContent::default() };
    let first = store::next_position(&tx, &visit).await?;
    let new = items.iter().filter(|item| !known.iter().any(|row| row.code == item.code));
    for (position, item) in (first..).zip(new) {
        store::add(&tx, &visit, item, &content, position).await?;
    }
    done(&access, tx, &visit, &req, audit).await
}

/// 発行 before 確定: the patient goes to the examination while the note is still open.
pub async fn issue(
    access: Access<OrderWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<SetForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let drafts: Vec<_> =
        store::of_encounter(&tx, *path).await?.into_iter().filter(|row| store::status(row) == OrderStatus::Draft).collect();
    let count = drafts.len();
    for row in drafts {
        store::act(&tx, row, OrderAct::Issue, access.principal().role).await?.map_err(refusal)?;
    }
    let audit = Audit::updated(InfoClass::Order).entity("encounter", *path).detail("issued", count);
    done(&access, tx, &visit, &req, audit).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CancelForm {
    patient_token: String,
    version: String,
}

/// 取消 before it is begun, 中止 after.
pub async fn cancel(
    access: Access<OrderWrite>,
    path: web::Path<ServiceRequestId>,
    form: web::Form<CancelForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    check_token(&form.patient_token, row.patient_id)?;
    check_version(&form.version, row.version)?;
    let visit = encounters::get(&tx, EncounterId::new(row.encounter_id)).await?;
    let act = if store::status(&row) == OrderStatus::InProgress { OrderAct::Stop } else { OrderAct::Cancel };
    let id: Uuid = row.id;
    let row = store::act(&tx, row, act, access.principal().role).await?.map_err(refusal)?;
    let audit = Audit::updated(InfoClass::Order).entity("service_request", id).detail("status", row.status);
    done(&access, tx, &visit, &req, audit).await
}
