//! Last step: where and as what the person works today.

use actix_web::http::StatusCode;
use actix_web::web;
use domain::{PlaceId, Role};
use serde::Deserialize;
use tenancy::sign_in::{Pending, Profile, Step};
use uuid::Uuid;

use super::views::PlacePage;
use super::visitor::{Visitor, safe_next};
use crate::error::AppError;
use crate::web::{FormErrors, FormState, PublicPage};

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct PlaceForm {
    #[serde(default)]
    place: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    next: String,
}

pub async fn show(visitor: Visitor, query: web::Query<Arrival>) -> Result<PublicPage, AppError> {
    match visitor.at(Step::Place).await? {
        Ok((_, pending)) => {
            let profile = visitor.sign_in.profile(pending.tenant_id(), pending.staff_id(), &visitor.meta).await?;
            let other = visitor.sign_in.sessions().count_of(pending.tenant_id(), pending.staff_id()).await?;
            let role = profile.roles.first().map_or("", |r| r.code());
            let form = FormState::default().set("role", role).set("place", visitor.last_place().unwrap_or_default());
            PublicPage::new(&page(&profile, form, other, &query.next))
        }
        Err(elsewhere) => Ok(elsewhere),
    }
}

fn page(profile: &Profile, form: FormState, other_sessions: u32, next: &str) -> PlacePage {
    PlacePage {
        form,
        staff_name: profile.staff.name.clone(),
        clinic: profile.tenant.name.clone(),
        other_sessions,
        places: profile.places.iter().map(|p| (p.id.to_string(), p.name.clone())).collect(),
        roles: profile.roles.iter().map(|r| (r.code().to_owned(), r.label().to_owned())).collect(),
        next: safe_next(next),
    }
}

pub async fn submit(visitor: Visitor, form: web::Form<PlaceForm>) -> Result<PublicPage, AppError> {
    let (token, pending) = match visitor.at(Step::Place).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let profile = visitor.sign_in.profile(pending.tenant_id(), pending.staff_id(), &visitor.meta).await?;
    let (role, place) = match choose(&profile, &form) {
        Ok(choice) => choice,
        Err(errors) => {
            let shown = FormState::default().set("role", form.role.as_str()).set("place", form.place.as_str()).with_errors(errors);
            return PublicPage::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page(&profile, shown, 0, &form.next));
        }
    };
    enter(&visitor, token, pending, role, place, &form.next).await
}

fn choose(profile: &Profile, form: &PlaceForm) -> Result<(Role, Option<PlaceId>), FormErrors> {
    let mut errors = FormErrors::default();
    let place = form.place.parse::<Uuid>().ok().filter(|id| profile.places.iter().any(|p| p.id == *id));
    if place.is_none() && !profile.places.is_empty() {
        errors.add("place", "勤務場所を選んでください。");
    }
    let role = Role::from_code(&form.role).filter(|r| profile.roles.contains(r));
    match role {
        Some(role) if errors.is_empty() => Ok((role, place.map(PlaceId::new))),
        Some(_) => Err(errors),
        None => {
            errors.add("role", "職種を選んでください。");
            Err(errors)
        }
    }
}

async fn enter(
    visitor: &Visitor,
    token: tenancy::session::Token,
    pending: Pending,
    role: Role,
    place: Option<PlaceId>,
    next: &str,
) -> Result<PublicPage, AppError> {
    let device = visitor.device().unwrap_or_else(|| tenancy::versioned::new_id(visitor.sign_in.clock().now()));
    if let Some((old, _)) = visitor.session().await? {
        visitor.sign_in.sessions().end(&old).await?;
    }
    let Some((session, principal)) = visitor.sign_in.complete(&token, pending, role, place, device, &visitor.meta).await? else {
        return Ok(PublicPage::redirect("/login?ended=expired"));
    };
    visitor.sign_in.remember_on(&principal).await?;
    Ok(PublicPage::redirect(&safe_next(next))
        .cookie(visitor.session_cookie(&session))
        .cookie(visitor.device_cookie(device))
        .cookie(visitor.place_cookie(place.map(|p| p.to_string()).unwrap_or_default()))
        .cookie(visitor.forget_pending()))
}
