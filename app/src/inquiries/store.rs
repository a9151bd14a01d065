//! Inquiries as rows: asking, repeating, answering.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::check_in::CareSetting;
use domain::coverage::CoverageContent;
use domain::eligibility::FaceResult;
use domain::outbox::{Delivery, Errand};
use domain::patient::Patient;
use domain::{InquiryId, MessageId, PatientId, ReaderResultId};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect};
use tenancy::versioned::sha256;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{Column, Entity, Model};
use crate::adapters::eligibility::{Question, ReaderFile};
use crate::encounters::reader_store;
use crate::outbox::entity::message;
use crate::outbox::{Posting, put};
use crate::patients::entity::patient;

pub const PENDING: &str = "pending";
pub const ANSWERED: &str = "answered";
pub const UNAVAILABLE: &str = "unavailable";
pub const SIGHTED: &str = "manual_verified";

const LINES: u64 = 100;
/// How long what is answered stays on the list.
const SHOWN_FOR: TimeDelta = TimeDelta::hours(12);

/// The numbers somebody reads off a 資格確認書.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    pub insurer_number: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
    pub birth_date: NaiveDate,
    pub limit_consent: bool,
    /// Where the treatment takes place: each has an interface of its own.
    pub setting: CareSetting,
}

/// Writes the inquiry and its message together.
pub async fn ask(tx: &TenantTx, id: InquiryId, patient: Option<PatientId>, numbers: &Numbers) -> Result<(), Error> {
    begin(tx, id, patient, numbers, PENDING).await
}

/// Received by sight: the coverage waits on 再照会 until somebody answers for it. A card without numbers cannot be asked about, and
/// what is being asked about already is not asked twice.
pub async fn ask_sighted(tx: &TenantTx, patient: &Patient, coverage: &CoverageContent) -> Result<(), Error> {
    if !coverage.kind.is_main_insurance() || coverage.insurer_number.is_empty() || coverage.insured_number.is_empty() {
        return Ok(());
    }
    let open = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.eq(patient.id.as_uuid()))
        .filter(Column::Status.is_in([PENDING, UNAVAILABLE, SIGHTED]))
        .filter(Column::InsurerNumber.eq(&coverage.insurer_number))
        .filter(Column::InsuredNumber.eq(&coverage.insured_number))
        .lock_exclusive()
        .one(tx)
        .await?;
    if let Some(row) = open {
        return if row.status == SIGHTED { Ok(()) } else { sighted(tx, row).await };
    }
    let numbers = Numbers {
        insurer_number: coverage.insurer_number.clone(),
        insured_symbol: coverage.insured_symbol.clone(),
        insured_number: coverage.insured_number.clone(),
        branch_number: coverage.branch_number.clone(),
        birth_date: patient.demographics.birth_date,
        limit_consent: false,
        setting: CareSetting::Outpatient,
    };
    begin(tx, InquiryId::new(tx.new_id()), Some(patient.id), &numbers, SIGHTED).await
}

async fn begin(tx: &TenantTx, id: InquiryId, patient: Option<PatientId>, numbers: &Numbers, status: &str) -> Result<(), Error> {
    let id = id.as_uuid();
    let message_id = post(tx, id, 1, patient, numbers).await?;
    let row = Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id,
        version: 1,
        patient_id: patient.map(PatientId::as_uuid),
        message_id: message_id.as_uuid(),
        insurer_number: numbers.insurer_number.clone(),
        insured_symbol: numbers.insured_symbol.clone(),
        insured_number: numbers.insured_number.clone(),
        branch_number: numbers.branch_number.clone(),
        birth_date: numbers.birth_date,
        limit_consent: numbers.limit_consent,
        setting: numbers.setting.code().to_owned(),
        status: status.to_owned(),
        reader_result_id: None,
        asked_at: tx.now(),
        asked_by_id: tx.actor().as_uuid(),
        changed_at: tx.now(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

async fn post(tx: &TenantTx, id: Uuid, round: i32, patient: Option<PatientId>, numbers: &Numbers) -> Result<MessageId, Error> {
    let question = Question {
        institution_code: institution_code(tx).await?,
        insurer_number: numbers.insurer_number.clone(),
        insured_symbol: numbers.insured_symbol.clone(),
        insured_number: numbers.insured_number.clone(),
        branch_number: numbers.branch_number.clone(),
        birth_date: numbers.birth_date,
        limit_consent: numbers.limit_consent,
        asked_on: domain::clock::today(tx.now()),
        setting: numbers.setting,
    };
    let posting = Posting {
        errand: Errand::QualificationConfirm,
        key: format!("inquiry/{id}/{round}"),
        lane: id,
        patient_id: patient,
        encounter_id: None,
        payload: &serde_json::to_vec(&question).map_err(Error::internal)?,
        not_before: None,
    };
    put(tx, posting).await
}

/// 医療機関コード, ten digits.
pub async fn institution_code(tx: &TenantTx) -> Result<String, Error> {
    let query = Query::select().column("institution_code").from("tenant").and_where(Expr::col("id").eq(tx.tenant_id().as_uuid())).take();
    let row = tx.query_one(&query).await?.ok_or(Error::NotFound)?;
    Ok(row.try_get("", "institution_code")?)
}

impl Model {
    pub fn numbers(&self) -> Numbers {
        Numbers {
            insurer_number: self.insurer_number.clone(),
            insured_symbol: self.insured_symbol.clone(),
            insured_number: self.insured_number.clone(),
            branch_number: self.branch_number.clone(),
            birth_date: self.birth_date,
            limit_consent: self.limit_consent,
            setting: CareSetting::from_code(&self.setting).unwrap_or(CareSetting::Outpatient),
        }
    }
}

/// 再照会: the same question anew.
pub async fn repeat(tx: &TenantTx, mut row: Model) -> Result<(), Error> {
    let message_id = post(tx, row.id, row.version + 1, row.patient_id.map(PatientId::new), &row.numbers()).await?;
    row.message_id = message_id.as_uuid();
    row.status = PENDING.to_owned();
    save(tx, row).await
}

/// 目視: received by sight; the question goes on by itself.
pub async fn sighted(tx: &TenantTx, mut row: Model) -> Result<(), Error> {
    row.status = SIGHTED.to_owned();
    save(tx, row).await
}

/// The answer, kept as a reader's file is; the same bytes again are the same result.
pub async fn answer(tx: &TenantTx, id: InquiryId, file: &ReaderFile, result: &FaceResult) -> Result<(), Error> {
    let mut row = lock(tx, id).await?;
    let digest = sha256(&file.bytes);
    let result = match reader_store::find_content(tx, &digest).await? {
        Some(known) => ReaderResultId::new(known.id),
        None => reader_store::keep(tx, file, digest, result).await?,
    };
    row.reader_result_id = Some(result.as_uuid());
    row.status = ANSWERED.to_owned();
    save(tx, row).await
}

/// Nothing more is tried by itself.
pub async fn given_up(tx: &TenantTx, id: InquiryId) -> Result<(), Error> {
    let mut row = lock(tx, id).await?;
    if row.status == PENDING {
        row.status = UNAVAILABLE.to_owned();
    }
    save(tx, row).await
}

pub async fn lock(tx: &TenantTx, id: InquiryId) -> Result<Model, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id.as_uuid()));
    own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

async fn save(tx: &TenantTx, mut row: Model) -> Result<(), Error> {
    let id = row.id;
    row.version += 1;
    row.changed_at = tx.now();
    Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// One inquiry with where its message stands.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Line {
    pub id: Uuid,
    pub version: i32,
    pub status: String,
    pub insurer_number: String,
    pub insured_number: String,
    pub birth_date: NaiveDate,
    pub setting: String,
    pub asked_at: DateTime<Utc>,
    pub reader_result_id: Option<Uuid>,
    pub patient_id: Option<Uuid>,
    pub patient_number: Option<String>,
    pub name_ideographic: Option<String>,
    pub state: String,
    pub code: String,
    pub said: String,
    pub next_attempt_at: DateTime<Utc>,
}

impl Line {
    /// Nothing more is tried by itself.
    pub fn is_settled(&self) -> bool {
        Delivery::from_code(&self.state).is_some_and(Delivery::is_settled)
    }

    /// The service did not answer at the first go, or said no, or the question was taken back: reception should not wait.
    pub fn is_away(&self) -> bool {
        self.reader_result_id.is_none() && (self.is_settled() || !self.code.is_empty())
    }
}

pub async fn find(tx: &TenantTx, id: InquiryId) -> Result<Line, Error> {
    lines_where(tx, Expr::col((Entity, Column::Id)).eq(id.as_uuid()).into()).await?.pop().ok_or(Error::NotFound)
}

/// 再照会: what is open, the oldest first, then today's answers.
pub async fn lines(tx: &TenantTx) -> Result<Vec<Line>, Error> {
    let open = Expr::col((Entity, Column::Status)).is_in([PENDING, UNAVAILABLE, SIGHTED]);
    let recent = Expr::col((Entity, Column::AskedAt)).gte(tx.now() - SHOWN_FOR);
    lines_where(tx, Cond::any().add(open).add(recent)).await
}

async fn lines_where(tx: &TenantTx, which: Cond) -> Result<Vec<Line>, Error> {
    use Column as C;
    use message::Column as M;
    use patient::Column as P;
    let tenant = tx.tenant_id().as_uuid();
    let query = Query::select()
        .columns(
            [
                C::Id,
                C::Version,
                C::Status,
                C::InsurerNumber,
                C::InsuredNumber,
                C::BirthDate,
                C::Setting,
                C::AskedAt,
                C::ReaderResultId,
                C::PatientId,
            ]
            .map(|c| (Entity, c)),
        )
        .columns([M::State, M::Code, M::Said, M::NextAttemptAt].map(|c| (message::Entity, c)))
        .expr_as(Expr::col((patient::Entity, P::PatientNumber)), Alias::new("patient_number"))
        .expr_as(Expr::col((patient::Entity, P::NameIdeographic)), Alias::new("name_ideographic"))
        .from(Entity)
        .inner_join(
            message::Entity,
            Cond::all()
                .add(Expr::col((message::Entity, M::TenantId)).eq(tenant))
                .add(Expr::col((message::Entity, M::Id)).equals((Entity, C::MessageId))),
        )
        .left_join(
            patient::Entity,
            Cond::all()
                .add(Expr::col((patient::Entity, P::TenantId)).eq(tenant))
                .add(Expr::col((patient::Entity, P::Id)).equals((Entity, C::PatientId))),
        )
        .and_where(Expr::col((Entity, C::TenantId)).eq(tenant))
        .cond_where(which)
        .order_by((Entity, C::AskedAt), Order::Desc)
        .limit(LINES)
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Line::from_query_result(row, "").map_err(Error::from)).collect()
}
