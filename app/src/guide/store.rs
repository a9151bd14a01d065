//! What a clinic has already, in one statement.

use domain::Role;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};

/// Whether each step of the first day is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Done {
    pub address: bool,
    pub places: bool,
    pub doctor: bool,
    pub clerk: bool,
    pub slots: bool,
    pub masters: bool,
    pub patients: bool,
    pub backup: bool,
}

impl Done {
    /// Steps that wait to be done.
    pub fn left(&self) -> usize {
        [self.address, self.places, self.doctor && self.clerk, self.slots, self.masters, self.patients, self.backup]
            .into_iter()
            .filter(|done| !done)
            .count()
    }
}

pub async fn done(tx: &TenantTx) -> Result<Done, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let own =
        |table: &'static str| Query::select().expr(Expr::val(1)).from(table).and_where(Expr::col((table, "tenant_id")).eq(tenant)).take();
    let with = |mut query: SelectStatement, table: &'static str, column: &'static str, value: &str| {
        query.and_where(Expr::col((table, column)).eq(value)).take()
    };
    let address = Query::select()
        .expr(Expr::val(1))
        .from("tenant")
        .and_where(Expr::col(("tenant", "id")).eq(tenant))
        .and_where(Expr::col(("tenant", "address")).ne(""))
        .and_where(Expr::col(("tenant", "tel")).ne(""))
        .take();
    let places = own("place").and_where(Expr::col(("place", "retired_at")).is_null()).take();
    let masters =
        Query::select().expr(Expr::val(1)).from("master_release").and_where(Expr::col(("master_release", "kind")).eq("drug")).take();
    let query = Query::select()
        .expr_as(Expr::exists(address), "address")
        .expr_as(Expr::exists(places), "places")
        .expr_as(Expr::exists(with(own("staff_role"), "staff_role", "role", Role::Doctor.code())), "doctor")
        .expr_as(Expr::exists(with(own("staff_role"), "staff_role", "role", Role::Clerk.code())), "clerk")
        .expr_as(Expr::exists(with(own("slot_template"), "slot_template", "status", "active")), "slots")
        .expr_as(Expr::exists(masters), "masters")
        .expr_as(Expr::exists(own("patient")), "patients")
        .expr_as(Expr::exists(with(own("backup_run"), "backup_run", "state", "succeeded")), "backup")
        .take();
    let row = tx.query_one(&query).await?.ok_or(Error::NotFound)?;
    Ok(Done::from_query_result(&row, "")?)
}
