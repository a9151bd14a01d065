//! 電文の閲覧: the bytes of both sides of an exchange, as they went over the wire. They are kept sealed; an administrator opens one at a
//! time and says why, and both are audited.

use actix_web::web;
use askama::Template;
use chrono::{Days, NaiveDate};
use domain::PatientId;
use domain::clock::{self, jst};
use domain::outbox::{Errand, ExchangePurpose};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use serde::Deserialize;
use tenancy::permission::ExchangeRead;
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::entity::{exchange, message};
use crate::adapters::eligibility::unpacked;
use crate::error::AppError;
use crate::patients::entity::patient;
use crate::web::act_form::check_token;
use crate::web::{Chrome, Nav, Page, Subjects};

/// Lines of one day, newest first.
const LINES: u64 = 300;
/// Longer messages are shown up to here.
const SHOWN_CHARS: usize = 200_000;

/// One exchange: never the content.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Line {
    id: Uuid,
    started_at: chrono::DateTime<chrono::Utc>,
    elapsed_ms: i32,
    attempt: i32,
    task: String,
    outcome: String,
    errand: String,
    patient_id: Option<Uuid>,
    name_ideographic: Option<String>,
}

impl Line {
    fn at(&self) -> String {
        jst(self.started_at).format("%m/%d %H:%M:%S").to_string()
    }

    fn errand(&self) -> &str {
        Errand::from_code(&self.errand).map_or(self.errand.as_str(), |errand| errand.label())
    }

    fn service(&self) -> &'static str {
        Errand::from_code(&self.errand).map_or("", |errand| errand.service().label())
    }

    fn what(&self) -> &'static str {
        match (self.outcome.as_str(), self.task.as_str()) {
            ("done", _) => "回答あり",
            ("refused", _) => "先方が受付けず",
            ("absent", _) => "届いていなかった",
            ("retry", _) => "届かず",
            (_, "look") => "確かめられず",
            _ => "届いたか不明",
        }
    }

    fn token(&self) -> String {
        self.patient_id.map(|id| id.to_string()).unwrap_or_default()
    }
}

async fn lines(tx: &TenantTx, which: Cond) -> Result<Vec<Line>, Error> {
    use exchange::Column as E;
    use message::Column as M;
    use patient::Column as P;
    let tenant = tx.tenant_id().as_uuid();
    let query = Query::select()
        .columns([E::Id, E::StartedAt, E::ElapsedMs, E::Attempt, E::Task, E::Outcome].map(|c| (exchange::Entity, c)))
        .columns([M::Errand, M::PatientId].map(|c| (message::Entity, c)))
        .expr_as(Expr::col((patient::Entity, P::NameIdeographic)), Alias::new("name_ideographic"))
        .from(exchange::Entity)
        .inner_join(
            message::Entity,
            Cond::all()
                .add(Expr::col((message::Entity, M::TenantId)).eq(tenant))
                .add(Expr::col((message::Entity, M::Id)).equals((exchange::Entity, E::MessageId))),
        )
        .left_join(
            patient::Entity,
            Cond::all()
                .add(Expr::col((patient::Entity, P::TenantId)).eq(tenant))
                .add(Expr::col((patient::Entity, P::Id)).equals((message::Entity, M::PatientId))),
        )
        .and_where(Expr::col((exchange::Entity, E::TenantId)).eq(tenant))
        .cond_where(which)
        .order_by((exchange::Entity, E::StartedAt), Order::Desc)
        .limit(LINES)
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Line::from_query_result(row, "").map_err(Error::from)).collect()
}

async fn line(tx: &TenantTx, id: Uuid) -> Result<Line, Error> {
    let own = Cond::all().add(Expr::col((exchange::Entity, exchange::Column::Id)).eq(id));
    lines(tx, own).await?.pop().ok_or(Error::NotFound)
}

#[derive(Debug, Template)]
#[template(path = "outbox/exchanges.html")]
pub struct ExchangesPage {
    pub chrome: Chrome,
    pub day: NaiveDate,
    pub lines: Vec<Line>,
}

impl ExchangesPage {
    fn other(&self, days: u64, is_later: bool) -> NaiveDate {
        let days = Days::new(days);
        let other = if is_later { self.day.checked_add_days(days) } else { self.day.checked_sub_days(days) };
        other.unwrap_or(self.day)
    }
}

impl Subjects for ExchangesPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.lines.iter().filter_map(|line| line.patient_id).map(PatientId::new).collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OfDay {
    day: String,
}

/// A day's exchanges.
pub async fn list(access: Access<ExchangeRead>, of: web::Query<OfDay>) -> Result<Page, AppError> {
    use exchange::Column as E;
    let tx = access.begin().await?;
    let day = of.day.parse().unwrap_or_else(|_| clock::today(tx.now()));
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let at = || Expr::col((exchange::Entity, E::StartedAt));
    let which = Cond::all().add(at().gte(clock::midnight(day))).add(at().lt(clock::midnight(next)));
    let page = ExchangesPage { chrome: Chrome::of(access.principal(), Nav::Clinic), day, lines: lines(&tx, which).await? };
    let receipt = tx.commit(Audit::viewed(InfoClass::Exchange).subjects(page.subjects())).await?;
    Page::full(receipt, &page)
}

/// The two texts.
#[derive(Debug)]
pub struct Texts {
    pub sent: String,
    pub received: String,
}

#[derive(Debug, Template)]
#[template(path = "outbox/exchange.html")]
pub struct ExchangePage {
    pub chrome: Chrome,
    pub line: Line,
    pub error: Option<&'static str>,
    pub texts: Option<Texts>,
}

impl ExchangePage {
    fn purposes(&self) -> &'static [ExchangePurpose] {
        ExchangePurpose::ALL
    }
}

impl Subjects for ExchangePage {
    fn subjects(&self) -> Vec<PatientId> {
        self.line.patient_id.map(PatientId::new).into_iter().collect()
    }
}

fn audit(page: &ExchangePage) -> Audit {
    Audit::viewed(InfoClass::Exchange).subjects(page.subjects()).entity("outbox_exchange", page.line.id)
}

/// One exchange, still closed.
pub async fn show(access: Access<ExchangeRead>, id: web::Path<Uuid>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = ExchangePage { chrome: Chrome::of(access.principal(), Nav::Clinic), line: line(&tx, *id).await?, error: None, texts: None };
    Page::full(tx.commit(audit(&page)).await?, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OpenForm {
    patient_token: String,
    purpose: String,
}

/// The bytes, for somebody who said why.
pub async fn open(access: Access<ExchangeRead>, id: web::Path<Uuid>, form: web::Form<OpenForm>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let mut page =
        ExchangePage { chrome: Chrome::of(access.principal(), Nav::Clinic), line: line(&tx, *id).await?, error: None, texts: None };
    if form.patient_token != page.line.token() {
        check_token(&form.patient_token, page.line.patient_id.unwrap_or_default())?;
    }
    let Some(purpose) = ExchangePurpose::from_code(&form.purpose) else {
        page.error = Some("開く理由を選んでください");
        let receipt = tx.commit(audit(&page)).await?;
        return Page::invalid(receipt, &page);
    };
    page.texts = Some(texts(&tx, *id).await?);
    let receipt = tx.commit(audit(&page).detail("opened", true).detail("purpose", purpose.code())).await?;
    Page::full(receipt, &page)
}

async fn texts(tx: &TenantTx, id: Uuid) -> Result<Texts, Error> {
    let own = exchange::Entity::find().filter(exchange::Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(exchange::Column::Id.eq(id));
    let row = own.one(tx).await?.ok_or(Error::NotFound)?;
    Ok(Texts {
        sent: readable(&tx.open("outbox.sent", &row.sent).await?),
        received: readable(&tx.open("outbox.received", &row.received).await?),
    })
}

/// UTF-8, else Shift_JIS; what is neither is shown with its damage, and of a pack what is in it.
fn readable(bytes: &[u8]) -> String {
    let message = match unpacked(bytes) {
        Ok(message) => message,
        Err(refusal) => return refusal.sentence(),
    };
    let text = match std::str::from_utf8(&message) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS.decode(&message).0.into_owned(),
    };
    let lines = text.replace("><", ">\n<");
    match lines.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}\n…", &lines[..end]),
        None => lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::show;

    fn line() -> Line {
        Line {
            id: Uuid::nil(),
            started_at: chrono::DateTime::from_timestamp(1_795_008_800, 0).unwrap(),
            elapsed_ms: 4021,
            attempt: 1,
            task: "send".into(),
            outcome: "done".into(),
            errand: "care_history".into(),
            patient_id: Some(Uuid::nil()),
            name_ideographic: Some("架空 太郎".into()),
        }
    }

    #[test]
    fn pages() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let chrome = || Chrome::sample(Nav::Clinic);
        assert!(show("exchanges", &ExchangesPage { chrome: chrome(), day, lines: vec![line()] }).contains("薬剤・診療情報の取得"));
        show("exchanges-empty", &ExchangesPage { chrome: chrome(), day, lines: vec![] });
        let closed = ExchangePage { chrome: chrome(), line: line(), error: Some("開く理由を選んでください"), texts: None };
        assert!(show("exchange", &closed).contains("患者からの開示の求め"));
        let texts = Texts { sent: readable("<a><b>１</b></a>".as_bytes()), received: readable(&[0x83, 0x65, 0x83, 0x58, 0x83, 0x67]) };
        assert_eq!(texts.received, "テスト");
        show("exchange-open", &ExchangePage { chrome: chrome(), line: line(), error: None, texts: Some(texts) });
    }

    #[test]
    fn long_messages_end_somewhere() {
        assert!(readable("あ".repeat(SHOWN_CHARS + 5).as_bytes()).ends_with("\n…"));
    }
}
