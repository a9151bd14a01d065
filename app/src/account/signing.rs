//! 電子署名: whether this doctor may sign right now, and the ways in: a card in one of the clinic's readers, or the key service
//! (カードレス署名).

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use tenancy::permission::PrescriptionSign;
use tenancy::{Access, Act, Audit, InfoClass};

use super::certificates;
use crate::adapters::eprescription::{PrescriptionSigner, SeenCard, SigningRefusal, SigningSession};
use crate::eprescriptions::signing_sentence;
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page};

type Me = Access<PrescriptionSign>;
type Signer = web::Data<dyn PrescriptionSigner>;

/// A card as a line of the page.
#[derive(Debug, Clone)]
pub struct CardLine {
    pub fingerprint: String,
    pub subject: String,
    pub until: String,
    /// Why it cannot sign; empty when it can.
    pub refusal: String,
}

#[derive(Debug, Clone, Template)]
#[template(path = "account/signing.html")]
pub struct SigningPage {
    pub chrome: Chrome,
    pub session: SigningSession,
    /// Where the key service asks who one is; present once the person has begun.
    pub address: Option<String>,
    /// A reader is asking for the PIN.
    pub is_asking: bool,
    /// There is a key service to sign in to.
    pub has_service: bool,
    pub cards: Vec<CardLine>,
    /// The registered certificate: whose, until when, its version.
    pub certificate: Option<(String, String, i32)>,
    pub said: String,
}

impl SigningPage {
    pub fn said_mark(&self) -> &'static str {
        if self.session.is_in() { "check-c" } else { "tri" }
    }
}

crate::no_subjects!(SigningPage);

impl CardLine {
    fn of(card: SeenCard) -> Self {
        Self {
            fingerprint: card.fingerprint,
            subject: card.subject,
            until: domain::clock::today(card.valid_to).to_string(),
            refusal: card.refusal.map(signing_sentence).unwrap_or_default(),
        }
    }
}

fn away(refusal: SigningRefusal) -> AppError {
    AppError::Unavailable(format!("signing service: {refusal}"))
}

/// What a step adds to the page.
#[derive(Default)]
struct Step {
    name: Option<&'static str>,
    address: Option<String>,
    is_asking: bool,
    said: String,
}

async fn answer(me: &Me, signer: &Signer, step: Step) -> Result<Page, AppError> {
    let (clinic, doctor) = (me.tenant_id(), me.principal().staff_id);
    let session = signer.session(clinic, doctor).await.map_err(away)?;
    let cards = signer.cards(clinic).await.map_err(away)?;
    let tx = me.begin().await?;
    let certificate = certificates::own(&tx).await?;
    let page = SigningPage {
        chrome: Chrome::of(me.principal(), Nav::Account),
        session,
        address: step.address,
        is_asking: step.is_asking,
        has_service: signer.has_service(),
        cards: cards.into_iter().map(CardLine::of).collect(),
        certificate: certificate.map(|row| (row.subject, domain::clock::today(row.valid_to).to_string(), row.version)),
        said: step.said,
    };
    let audit = match step.name {
        Some(name) => Audit::of(Act::SignIn, InfoClass::Account).detail("signing", name),
        None => Audit::viewed(InfoClass::Account),
    };
    Page::full(tx.commit(audit.entity("staff", doctor)).await?, &page)
}

pub async fn show(me: Me, signer: Signer) -> Result<Page, AppError> {
    answer(&me, &signer, Step::default()).await
}

/// サインインを始める: a fresh way in; an earlier session ends.
pub async fn begin(me: Me, signer: Signer) -> Result<Page, AppError> {
    let address = signer.begin_session(me.tenant_id(), me.principal().staff_id).await.map_err(away)?;
    answer(&me, &signer, Step { name: Some("begun"), address, ..Step::default() }).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CardForm {
    fingerprint: String,
    version: String,
}

/// このカードで: its reader asks for the PIN.
pub async fn begin_with_card(me: Me, signer: Signer, form: web::Form<CardForm>) -> Result<Page, AppError> {
    let step = match signer.begin_with_card(me.tenant_id(), me.principal().staff_id, &form.fingerprint).await {
        Ok(()) => Step { name: Some("card"), is_asking: true, ..Step::default() },
        Err(SigningRefusal::Away) => return Err(away(SigningRefusal::Away)),
        Err(SigningRefusal::NoKey) => Step {
            said: "カードが抜かれたか、見えなくなりました。差し直してください".into(), ..Step::default()
        },
        Err(refusal) => Step { name: Some("refused"), said: signing_sentence(refusal), ..Step::default() },
    };
    answer(&me, &signer, step).await
}

/// サインインした: asks whether that is so.
pub async fn finish(me: Me, signer: Signer) -> Result<Page, AppError> {
    let step = match signer.finish_session(me.tenant_id(), me.principal().staff_id).await {
        Ok(true) => Step {
            name: Some("finished"), said: "サインインしました。このまま処方を確定できます".into(), ..Step::default()
        },
        Ok(false) => Step {
            name: Some("waiting"),
            said: "まだサインインを確かめられません。本人確認かPINの入力を終えてから、もう一度押してください".into(),
            ..Step::default()
        },
        Err(SigningRefusal::Away) => return Err(away(SigningRefusal::Away)),
        Err(refusal) => Step { name: Some("refused"), said: signing_sentence(refusal), ..Step::default() },
    };
    answer(&me, &signer, step).await
}

/// 署名のサインインを終える.
pub async fn end(me: Me, signer: Signer) -> Result<Page, AppError> {
    signer.end_session(me.tenant_id(), me.principal().staff_id).await.map_err(away)?;
    answer(&me, &signer, Step { name: Some("ended"), said: "電子署名のサインインを終えました".into(), ..Step::default() }).await
}

/// 登録を外す: the next signature registers the certificate it is made with.
pub async fn remove_certificate(me: Me, signer: Signer, form: web::Form<CardForm>) -> Result<Page, AppError> {
    let tx = me.begin().await?;
    let version = form.version.parse().map_err(|_| AppError::Invalid("画面を開き直してからもう一度押してください。".into()))?;
    let removed = certificates::remove(&tx, version).await?;
    let audit = Audit::of(Act::Update, InfoClass::Account).entity("staff", me.principal().staff_id).detail("certificate", "removed");
    tx.commit(audit).await?;
    let said = if removed {
        "証明書の登録を外しました。次の署名に使った証明書が登録されます"
    } else {
        "登録された証明書はありません"
    };
    answer(&me, &signer, Step { said: said.into(), ..Step::default() }).await
}
