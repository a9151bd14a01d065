//! 救急閲覧権限: whom the administrator names, beside what the role allows.

use actix_web::web;
use askama::Template;
use domain::{Role, StaffId};
use serde::Deserialize;
use tenancy::permission::{EmergencyOpen, EmergencyPrivilegeManage, Permission};
use tenancy::{Access, Act, Audit, Error, InfoClass};
use uuid::Uuid;

use super::store;
use crate::error::AppError;
use crate::staff::store as staff;
use crate::web::{Chrome, Nav, Page, Redirect};

/// One person who could be named.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: Uuid,
    pub name: String,
    pub roles: String,
    pub is_held: bool,
    pub version: i32,
    /// When it was last changed; empty for never.
    pub changed_on: String,
}

#[derive(Debug, Template)]
#[template(path = "emergency_views/privileges.html")]
pub struct PrivilegesPage {
    pub chrome: Chrome,
    pub rows: Vec<Row>,
}

crate::no_subjects!(PrivilegesPage);

fn could_hold(roles: &[Role]) -> bool {
    roles.iter().any(|role| EmergencyOpen::RIGHT.allows(*role))
}

pub async fn list(access: Access<EmergencyPrivilegeManage>) -> Result<Page, AppError> {
    let today = access.clock().today_jst();
    let tx = access.begin().await?;
    let held = store::privileges(&tx).await?;
    let could = staff::everyone(&tx).await?.into_iter().filter(|p| could_hold(&p.roles) && p.facts().is_active && p.row.is_valid_on(today));
    let rows = could.map(|person| {
        let known = held.get(&person.row.id);
        Row {
            id: person.row.id,
            roles: person.roles.iter().map(|role| role.label()).collect::<Vec<_>>().join("・"),
            name: person.row.name,
            is_held: known.is_some_and(|row| row.is_held),
            version: known.map_or(0, |row| row.version),
            changed_on: known.map(|row| domain::clock::jst(row.changed_at).format("%Y-%m-%d").to_string()).unwrap_or_default(),
        }
    });
    let page = PrivilegesPage { chrome: Chrome::of(access.principal(), Nav::Clinic), rows: rows.collect() };
    Page::full(tx.commit(Audit::viewed(InfoClass::Staff)).await?, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangeForm {
    version: String,
    /// `yes` or `no`
    held: String,
}

/// 与える・外す. A press twice is stopped by the version; taking it back works at the person's next act.
pub async fn change(
    access: Access<EmergencyPrivilegeManage>,
    path: web::Path<StaffId>,
    form: web::Form<ChangeForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let person = staff::get(&tx, *path).await?;
    let is_held = form.held == "yes";
    if is_held && !could_hold(&person.roles) {
        return Err(AppError::Refused("医師・看護師・薬剤師のどれかの職種がある人だけに与えられます。".into()));
    }
    let seen = form.version.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))?;
    match store::name(&tx, *path, is_held, seen).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(Error::Duplicate { .. }) => return Err(AppError::Conflict),
        Err(error) => return Err(error.into()),
    }
    let audit = Audit::of(Act::Manage, InfoClass::Staff).entity("staff", *path).detail("emergency_privilege", is_held);
    Ok(Redirect::to(tx.commit(audit).await?, "/emergency-privileges"))
}
