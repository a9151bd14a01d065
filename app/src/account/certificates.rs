//! 証明書と人の結び付け (FN-EP-06): the first certificate a doctor signs with is theirs from then on. Another person's, or another one of
//! their own that they did not register, signs nothing here, whichever way it was made.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use self::entity::{Column, Entity, Model};
use crate::adapters::eprescription::card::fingerprint;
use crate::adapters::eprescription::{SigningRefusal, certificate_facts, certificate_of};

const ACTIVE: &str = "active";
const REMOVED: &str = "removed";

pub mod entity {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "signing_certificate")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub recorded_at: DateTimeUtc,
        pub author_id: Uuid,
        pub entered_by_id: Uuid,
        pub status: String,
        pub digest: Vec<u8>,
        pub staff_id: Uuid,
        pub fingerprint: String,
        pub subject: String,
        pub serial: String,
        pub valid_to: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "signing_certificate");
}

/// The certificate of the person at work.
pub async fn own(tx: &TenantTx) -> Result<Option<Model>, Error> {
    find(tx, Column::StaffId.eq(tx.actor().as_uuid())).await
}

async fn find(tx: &TenantTx, which: sea_orm::sea_query::SimpleExpr) -> Result<Option<Model>, Error> {
    let active = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Status.eq(ACTIVE));
    Ok(active.filter(which).one(tx).await?)
}

/// Whose signature this document carries: the actor's, or a refusal.
pub async fn claim(tx: &TenantTx, document: &str) -> Result<Result<(), SigningRefusal>, Error> {
    let Some((der, facts)) = certificate_of(document).and_then(|der| certificate_facts(&der).map(|facts| (der, facts))) else {
        return Ok(Err(SigningRefusal::BadKey));
    };
    let (fingerprint, actor) = (fingerprint(&der), tx.actor().as_uuid());
    if let Some(row) = find(tx, Column::Fingerprint.eq(&fingerprint)).await? {
        return Ok(if row.staff_id == actor { Ok(()) } else { Err(SigningRefusal::OtherPerson) });
    }
    if own(tx).await?.is_some() {
        return Ok(Err(SigningRefusal::OtherCertificate));
    }
    let row = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.to_owned(),
        digest: Vec::new(),
        staff_id: actor,
        fingerprint,
        subject: facts.subject,
        serial: facts.serial,
        valid_to: facts.valid_to,
    };
    // Two first signatures at once meet on a unique rule; the second finds the first when it is pressed again.
    versioned::insert(tx, row, Authorship::own(tx)).await.map(|_| Ok(()))
}

/// 登録を外す, before another one is used: the next signature registers its own.
pub async fn remove(tx: &TenantTx, version: i32) -> Result<bool, Error> {
    let Some(mut row) = own(tx).await? else { return Ok(false) };
    if row.version != version {
        return Err(Error::Conflict { current_version: row.version });
    }
    row.status = REMOVED.to_owned();
    versioned::update(tx, row, Authorship::own(tx), "").await?;
    Ok(true)
}
