//! 電子署名: whether this doctor may sign right now, and the way in where the key lies with a service (カードレス署名).

use actix_web::web;
use askama::Template;
use tenancy::permission::PrescriptionSign;
use tenancy::{Access, Act, Audit, InfoClass};

use crate::adapters::eprescription::{PrescriptionSigner, SigningRefusal, SigningSession};
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page};

type Me = Access<PrescriptionSign>;

#[derive(Debug, Clone, Template)]
#[template(path = "account/signing.html")]
pub struct SigningPage {
    pub chrome: Chrome,
    pub session: SigningSession,
    /// Where the key service asks who one is; present once the person has begun.
    pub address: Option<String>,
    pub said: &'static str,
}

impl SigningPage {
    pub fn said_mark(&self) -> &'static str {
        if self.session.is_in() { "check-c" } else { "tri" }
    }
}

crate::no_subjects!(SigningPage);

fn away(refusal: SigningRefusal) -> AppError {
    AppError::Unavailable(format!("signing service: {refusal}"))
}

async fn answer(me: &Me, page: SigningPage, step: Option<&'static str>) -> Result<Page, AppError> {
    let audit = match step {
        Some(step) => Audit::of(Act::SignIn, InfoClass::Account).detail("signing", step),
        None => Audit::viewed(InfoClass::Account),
    };
    Page::full(me.begin().await?.commit(audit.entity("staff", me.principal().staff_id)).await?, &page)
}

fn page(me: &Me, session: SigningSession) -> SigningPage {
    SigningPage { chrome: Chrome::of(me.principal(), Nav::Account), session, address: None, said: "" }
}

pub async fn show(me: Me, signer: web::Data<dyn PrescriptionSigner>) -> Result<Page, AppError> {
    let session = signer.session(me.tenant_id(), me.principal().staff_id).await.map_err(away)?;
    answer(&me, page(&me, session), None).await
}

/// サインインを始める: a fresh way in; an earlier session ends.
pub async fn begin(me: Me, signer: web::Data<dyn PrescriptionSigner>) -> Result<Page, AppError> {
    let address = signer.begin_session(me.tenant_id(), me.principal().staff_id).await.map_err(away)?;
    let session = signer.session(me.tenant_id(), me.principal().staff_id).await.map_err(away)?;
    answer(&me, SigningPage { address, ..page(&me, session) }, Some("begun")).await
}

/// サインインした: asks the service whether that is so.
pub async fn finish(me: Me, signer: web::Data<dyn PrescriptionSigner>) -> Result<Page, AppError> {
    let is_in = signer.finish_session(me.tenant_id(), me.principal().staff_id).await.map_err(away)?;
    let session = signer.session(me.tenant_id(), me.principal().staff_id).await.map_err(away)?;
    let said = if is_in {
        "サインインしました。このまま処方を確定できます"
    } else {
        "まだサインインを確かめられません。開いた画面で本人確認を終えてから、もう一度押してください"
    };
    answer(&me, SigningPage { said, ..page(&me, session) }, Some(if is_in { "finished" } else { "waiting" })).await
}
