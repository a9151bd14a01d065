//! Names of the staff a page shows, and the doctors who can take responsibility: one statement for both.

use std::collections::{BTreeSet, HashMap};

use domain::{Role, StaffId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, JoinType, Query};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use crate::notes::record::Names;
use crate::notes::views::chart::Doctor;

/// People by id, and the doctors in force today.
#[derive(Debug, Clone, Default)]
pub struct Staff {
    pub names: Names,
    pub doctors: Vec<Doctor>,
}

/// Names of `ids` and every doctor whose period of service includes today.
pub async fn staff(tx: &TenantTx, ids: impl IntoIterator<Item = StaffId>) -> Result<Staff, Error> {
    let ids: BTreeSet<Uuid> = ids.into_iter().map(StaffId::as_uuid).collect();
    let (s, r) = (Alias::new("s"), Alias::new("r"));
    let col = |t: &Alias, c: &'static str| Expr::col((t.clone(), Alias::new(c)));
    let today = crate::notes::views::labels::jst(tx.now()).date_naive();
    let in_force = Condition::all()
        .add(col(&r, "role").is_not_null())
        .add(col(&s, "valid_from").lte(today))
        .add(Condition::any().add(col(&s, "valid_to").is_null()).add(col(&s, "valid_to").gte(today)));
    let query = Query::select()
        .expr(col(&s, "id"))
        .expr(col(&s, "name"))
        .expr_as(in_force.clone(), Alias::new("is_doctor"))
        .from_as(Alias::new("staff"), s.clone())
        .join_as(
            JoinType::LeftJoin,
            Alias::new("staff_role"),
            r.clone(),
            Condition::all()
                .add(col(&r, "tenant_id").eq(tx.tenant_id().as_uuid()))
                .add(col(&r, "staff_id").equals((s.clone(), Alias::new("id"))))
                .add(col(&r, "role").eq(Role::Doctor.code())),
        )
        .and_where(col(&s, "tenant_id").eq(tx.tenant_id().as_uuid()))
        .cond_where(Condition::any().add(col(&s, "id").is_in(ids)).add(in_force))
        .order_by((s.clone(), Alias::new("name_kana")), sea_orm::Order::Asc)
        .take();
    let (mut names, mut doctors) = (HashMap::new(), Vec::new());
    for row in tx.query_all(&query).await? {
        let (id, name): (Uuid, String) = (row.try_get("", "id")?, row.try_get("", "name")?);
        if row.try_get::<Option<bool>>("", "is_doctor")?.unwrap_or(false) {
            doctors.push(Doctor { id: StaffId::new(id), name: name.clone() });
        }
        names.insert(StaffId::new(id), name);
    }
    Ok(Staff { names: Names(names), doctors })
}

/// Whether this person is a doctor in force today.
pub async fn is_doctor(tx: &TenantTx, id: StaffId) -> Result<bool, Error> {
    Ok(staff(tx, []).await?.doctors.iter().any(|d| d.id == id))
}
