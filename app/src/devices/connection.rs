//! 国のサービスへのつなぎ方: Web API, or the folders of the clinic's 資格確認端末.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use tenancy::{Error, TenantTx};

use super::entity::connection::{Column as C, Entity, Model};

pub const WEB: &str = "web";
pub const FOLDER: &str = "folder";
pub const TRANSPORTS: [(&str, &str); 2] = [(WEB, "Web API"), (FOLDER, "連携端末のフォルダ")];

/// Version 0 where nobody has chosen: Web API.
pub async fn read(tx: &TenantTx) -> Result<(String, i32), Error> {
    let row = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).one(tx).await?;
    Ok(row.map_or_else(|| (WEB.to_owned(), 0), |row| (row.transport, row.version)))
}

pub async fn is_folder(tx: &TenantTx) -> Result<bool, Error> {
    Ok(read(tx).await?.0 == FOLDER)
}

/// Writes over `version`; anything newer is a conflict.
pub async fn write(tx: &TenantTx, transport: &str, version: i32) -> Result<(), Error> {
    let tenant = tx.tenant_id().as_uuid();
    let current = read(tx).await?.1;
    if current != version {
        return Err(Error::Conflict { current_version: current });
    }
    if version == 0 {
        let row = Model {
            tenant_id: tenant,
            id: tenant,
            version: 1,
            transport: transport.to_owned(),
            changed_at: tx.now(),
            changed_by_id: tx.actor().as_uuid(),
        };
        return match Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await.map_err(Error::from) {
            Err(Error::Duplicate { .. }) => Err(Error::Conflict { current_version: 1 }),
            other => other.map(drop),
        };
    }
    let changed = Entity::update_many()
        .col_expr(C::Transport, Expr::value(transport))
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .col_expr(C::ChangedAt, Expr::value(tx.now()))
        .col_expr(C::ChangedById, Expr::value(tx.actor().as_uuid()))
        .filter(C::TenantId.eq(tenant))
        .filter(C::Version.eq(version))
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 { Err(Error::Conflict { current_version: version + 1 }) } else { Ok(()) }
}
