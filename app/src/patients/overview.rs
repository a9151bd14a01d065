//! What a patient's page shows beside the person: insurance and the latest visits, over the whole merge group.

use chrono::{DateTime, NaiveDate, Utc};
use domain::PatientId;
use sea_orm::sea_query::{self, Cond, Expr, ExprTrait, NullOrdering, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult, Iden};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

pub const VISITS_SHOWN: u64 = 20;
const COVERAGES_SHOWN: u64 = 10;

#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct CoverageLine {
    pub id: Uuid,
    pub kind: String,
    pub insurer_number: String,
    pub insurer_name: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
    pub relation: String,
    pub copay_percent: Option<i32>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub verified_on: Option<NaiveDate>,
    pub eligibility: String,
    pub verification: String,
    pub priority: i32,
    pub cap_yen: Option<i32>,
    pub limit_category: String,
    pub specific_diseases: String,
    pub medical_ticket: String,
}

#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct VisitLine {
    pub id: Uuid,
    pub reception_date: NaiveDate,
    pub arrived_at: DateTime<Utc>,
    pub status: String,
    pub purpose: String,
    pub doctor: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Overview {
    pub coverages: Vec<CoverageLine>,
    pub visits: Vec<VisitLine>,
}

pub async fn load(tx: &TenantTx, group: &[PatientId]) -> Result<Overview, Error> {
    let ids: Vec<Uuid> = group.iter().map(|id| id.as_uuid()).collect();
    Ok(Overview {
        coverages: rows(tx, &coverages(tx.tenant_id().as_uuid(), &ids)).await?,
        visits: rows(tx, &visits(tx.tenant_id().as_uuid(), &ids)).await?,
    })
}

async fn rows<T: FromQueryResult>(tx: &TenantTx, query: &SelectStatement) -> Result<Vec<T>, Error> {
    tx.query_all(query).await?.iter().map(|row| T::from_query_result(row, "").map_err(Error::from)).collect()
}

fn coverages(tenant: Uuid, group: &[Uuid]) -> SelectStatement {
    use Coverage as C;
    Query::select()
        .columns([C::Id, C::Kind, C::InsurerNumber, C::InsurerName, C::InsuredSymbol, C::InsuredNumber, C::BranchNumber, C::Relation])
        .columns([C::CopayPercent, C::ValidFrom, C::ValidTo, C::VerifiedOn, C::Eligibility])
        .columns([C::Verification, C::Priority, C::CapYen, C::LimitCategory, C::SpecificDiseases, C::MedicalTicket])
        .from(C::Table)
        .and_where(Expr::col(C::TenantId).eq(tenant))
        .and_where(Expr::col(C::PatientId).is_in(group.iter().copied()))
        .order_by_with_nulls(C::ValidFrom, Order::Desc, NullOrdering::Last)
        .order_by(C::Id, Order::Desc)
        .limit(COVERAGES_SHOWN)
        .take()
}

fn visits(tenant: Uuid, group: &[Uuid]) -> SelectStatement {
    use Encounter as E;
    Query::select()
        .columns([(E::Table, E::Id), (E::Table, E::ReceptionDate), (E::Table, E::ArrivedAt), (E::Table, E::Status), (E::Table, E::Purpose)])
        .expr_as(Expr::col((Staff::Table, Staff::Name)), "doctor")
        .from(E::Table)
        .left_join(
            Staff::Table,
            Cond::all()
                .add(Expr::col((Staff::Table, Staff::TenantId)).eq(tenant))
                .add(Expr::col((Staff::Table, Staff::Id)).equals((E::Table, E::DoctorId))),
        )
        .and_where(Expr::col((E::Table, E::TenantId)).eq(tenant))
        .and_where(Expr::col((E::Table, E::PatientId)).is_in(group.iter().copied()))
        .order_by((E::Table, E::ArrivedAt), Order::Desc)
        .limit(VISITS_SHOWN)
        .take()
}

#[derive(Iden, Clone, Copy)]
enum Coverage {
    Table,
    TenantId,
    Id,
    PatientId,
    Kind,
    InsurerNumber,
    InsurerName,
    InsuredSymbol,
    InsuredNumber,
    BranchNumber,
    Relation,
    CopayPercent,
    ValidFrom,
    ValidTo,
    VerifiedOn,
    Eligibility,
    Verification,
    Priority,
    CapYen,
    LimitCategory,
    SpecificDiseases,
    MedicalTicket,
}

#[derive(Iden, Clone, Copy)]
enum Encounter {
    Table,
    TenantId,
    Id,
    PatientId,
    ReceptionDate,
    ArrivedAt,
    DoctorId,
    Status,
    Purpose,
}

#[derive(Iden, Clone, Copy)]
enum Staff {
    Table,
    TenantId,
    Id,
    Name,
}
