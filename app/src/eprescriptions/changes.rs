//! 変更, 取消UNDO and 変更UNDO (FN-EP-12). A change is another 処方箋 that names the one it replaces: it is written, checked and signed as
//! any other, and the service exchanges one for the other in one go, so that both never stand and neither is ever lost.

use domain::outbox::Errand;
use domain::prescription::head::{IssueForm, RxStatus};
use domain::prescription::registration::{RegistrationEvent as Event, RegistrationRefusal, RegistrationStatus as Status};
use domain::{EncounterId, clock};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::acts;
use super::content::{self, Problem};
use super::entity::change;
use super::entity::registration::Model;
use super::store;
use crate::encounters::store as encounters;
use crate::prescriptions::entity::prescription;
use crate::prescriptions::store::{self as prescriptions, heads, lines};

/// Why a change is not begun.
#[derive(Debug)]
pub enum NotBegun {
    Registration(RegistrationRefusal),
    /// Lines nobody has signed yet stand in the way.
    DraftOpen,
    /// A drug is no longer in the master; its name.
    DrugEnded(String),
    /// 分割: what was parted is not changed, part by part.
    Split,
}

/// 変更: what is registered comes again as a draft. Nothing changes at the service before it is signed.
pub async fn begin(tx: &TenantTx, row: &Model) -> Result<Result<(), NotBegun>, Error> {
    if let Err(refusal) = store::status(row)?.after(Event::Change) {
        return Ok(Err(NotBegun::Registration(refusal)));
    }
    if row.part.is_some() {
        return Ok(Err(NotBegun::Split));
    }
    let head = match draft_of(tx, row.id, EncounterId::new(row.encounter_id)).await? {
        Ok(head) => head,
        Err(why) => return Ok(Err(why)),
    };
    link(tx, head.id, Some(row.id)).await?;
    Ok(Ok(()))
}

/// The lines of a signed 処方 once more as drafts of its visit, under the same head content.
pub async fn draft_of(tx: &TenantTx, signed: Uuid, encounter: EncounterId) -> Result<Result<prescription::Model, NotBegun>, Error> {
    let all = prescriptions::lines(tx, encounter).await?;
    if all.iter().any(|line| line.status == prescriptions::DRAFT) {
        return Ok(Err(NotBegun::DraftOpen));
    }
    let (visit, today) = (encounters::get(tx, encounter).await?, clock::today(tx.now()));
    let mut content = heads::content_of(&heads::get(tx, signed).await?);
    content.valid_to = content.valid_to.filter(|last| *last >= today);
    let head = match heads::of_encounter(tx, encounter).await?.into_iter().find(|head| heads::status(head).is_open()) {
        Some(mut head) => {
            heads::state(&mut head, &content);
            heads::update(tx, head).await?
        }
        None => heads::begin(tx, &visit, &content).await?,
    };
    let known = content::known(tx, &all, today).await?;
    let mut line_no = all.iter().map(|line| line.line_no).max().unwrap_or_default();
    for line in all.iter().filter(|line| line.prescription_id == Some(signed)) {
        let Some(drug) = known.iter().find(|drug| drug.code == line.drug_code && drug.is_in_force(today)) else {
            return Ok(Err(NotBegun::DrugEnded(line.drug_name.clone())));
        };
        line_no += 1;
        lines::repeat(tx, &visit, head.id, line_no, drug, line.days, line).await?;
    }
    Ok(Ok(head))
}

async fn link(tx: &TenantTx, prescription: Uuid, replaced: Option<Uuid>) -> Result<(), Error> {
    use change::Column as C;
    let row = change::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        prescription_id: prescription,
        replaced_id: replaced,
        begun_at: tx.now(),
        begun_by: tx.actor().as_uuid(),
    };
    let anew = OnConflict::columns([C::TenantId, C::PrescriptionId]).update_columns([C::ReplacedId, C::BegunAt, C::BegunBy]).to_owned();
    change::Entity::insert(row.into_active_model().reset_all()).on_conflict(anew).exec_without_returning(tx).await?;
    Ok(())
}

/// 変更をやめる, before it was signed: its drafts are taken out, what is registered stays as it was.
pub async fn abandon(tx: &TenantTx, row: &Model) -> Result<bool, Error> {
    let encounter = EncounterId::new(row.encounter_id);
    let links = of_encounter(tx, encounter).await?;
    let Some(link) = links.iter().find(|link| link.replaced_id == Some(row.id) && link.is_open) else { return Ok(false) };
    discard_drafts(tx, encounter, link.prescription_id).await?;
    self::link(tx, link.prescription_id, None).await?;
    Ok(true)
}

/// Takes the unsigned lines of one 処方箋 out again.
pub async fn discard_drafts(tx: &TenantTx, encounter: EncounterId, prescription: Uuid) -> Result<(), Error> {
    for line in prescriptions::lines(tx, encounter).await? {
        if line.prescription_id == Some(prescription) && line.status == prescriptions::DRAFT {
            lines::withdraw(tx, line).await?;
        }
    }
    Ok(())
}

/// One change of a visit.
#[derive(Debug, Clone)]
pub struct Link {
    pub prescription_id: Uuid,
    pub replaced_id: Option<Uuid>,
    /// Its lines are not signed yet.
    pub is_open: bool,
}

pub async fn of_encounter(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Link>, Error> {
    use change::Column as C;
    use prescription::Column as P;
    let tenant = tx.tenant_id().as_uuid();
    let query = Query::select()
        .columns([C::PrescriptionId, C::ReplacedId].map(|column| (change::Entity, column)))
        .column((prescription::Entity, P::Status))
        .from(change::Entity)
        .inner_join(
            prescription::Entity,
            Cond::all()
                .add(Expr::col((prescription::Entity, P::TenantId)).eq(tenant))
                .add(Expr::col((prescription::Entity, P::Id)).equals((change::Entity, C::PrescriptionId))),
        )
        .and_where(Expr::col((change::Entity, C::TenantId)).eq(tenant))
        .and_where(Expr::col((prescription::Entity, P::EncounterId)).eq(encounter.as_uuid()))
        .take();
    let mut links = Vec::new();
    for row in tx.query_all(&query).await? {
        let status: String = row.try_get("", "status")?;
        links.push(Link {
            prescription_id: row.try_get("", "prescription_id")?,
            replaced_id: row.try_get("", "replaced_id")?,
            is_open: RxStatus::from_code(&status).is_some_and(RxStatus::is_open),
        });
    }
    Ok(links)
}

/// The registration this 処方箋 was written to replace, held until the transaction ends.
pub async fn replaced(tx: &TenantTx, prescription: Uuid) -> Result<Option<Model>, Error> {
    use change::Column as C;
    let found =
        change::Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::PrescriptionId.eq(prescription)).one(tx).await?;
    match found.and_then(|link| link.replaced_id) {
        Some(id) => store::lock(tx, id).await.map(Some),
        None => Ok(None),
    }
}

/// What the 処方箋 that is being issued replaces at the service: its 処方箋ID there. From now on the old one waits.
pub async fn exchange(tx: &TenantTx, head: &prescription::Model) -> Result<Result<Option<String>, Problem>, Error> {
    let Some(old) = replaced(tx, head.id).await? else { return Ok(Ok(None)) };
    let says = match store::status(&old)? {
        Status::Registered if heads::content_of(head).split > 0 => {
            "変更では分割にできません。元の処方箋を取り消してから処方し直してください。"
        }
        Status::Registered if !keeps_form(&old, head) => {
            "変更では発行形態を変えられません。変えるときは、元の処方箋を取り消してから処方し直してください。"
        }
        Status::Registered => {
            let register_id = old.register_id.clone();
            return Ok(store::turn(tx, old, Event::Change).await?.map(|_| Some(register_id)).map_err(|refusal| refusal.to_string()));
        }
        status if !status.bars_paper() => return Ok(Ok(None)),
        Status::Received | Status::Dispensed | Status::Collected => "元の電子処方箋を薬局が受け付けたため、変更できません。",
        _ => "元の電子処方箋をいま確かめています。結果が出てからもう一度押してください。",
    };
    Ok(Err(says.to_owned()))
}

fn keeps_form(old: &Model, head: &prescription::Model) -> bool {
    let form = heads::content_of(head).issue_form;
    if old.is_on_paper() { form == IssueForm::Numbered } else { form == IssueForm::Electronic }
}

/// How the change ended, for the one it was to replace.
pub async fn settle(tx: &TenantTx, prescription: Uuid, event: Event) -> Result<(), Error> {
    let Some(mut old) = replaced(tx, prescription).await? else { return Ok(()) };
    if store::status(&old)?.after(event).is_err() {
        return Ok(());
    }
    if event == Event::Replaced {
        old.reason = "変更".to_owned();
    }
    let Ok(old) = store::turn(tx, old, event).await? else { return Ok(()) };
    if store::status(&old)?.is_watched() {
        let key = format!("rx/{}/status/after/{}", old.id, old.version);
        acts::ask(tx, &old, key, true, None).await?;
    }
    Ok(())
}

/// 取消UNDO. Refused when something was signed after it, on paper or not: two would stand.
pub async fn restore(tx: &TenantTx, id: Uuid) -> Result<Result<(), RegistrationRefusal>, Error> {
    let row = store::lock(tx, id).await?;
    let (whole, before) = (row.prescription_id(), row.part.map(|no| no - 1));
    for part in store::of_prescription(tx, whole).await?.iter().filter(|part| part.part.is_some() && part.part == before) {
        if !store::status(part)?.bars_paper() {
            return Ok(Err(RegistrationRefusal::EarlierPart));
        }
    }
    let signed_at = heads::get(tx, whole).await?.signed_at;
    let is_another = |head: &prescription::Model| head.id != whole && head.signed_at > signed_at;
    let newer = heads::of_encounter(tx, EncounterId::new(row.encounter_id)).await?.iter().any(is_another);
    if newer || row.register_id.is_empty() || replaced(tx, id).await?.is_some_and(|old| store::status(&old).is_ok_and(Status::bars_paper)) {
        return Ok(Err(RegistrationRefusal::Ended));
    }
    undo(tx, row, Errand::RevokeUndo, Event::Restore).await
}

/// 変更UNDO: what stood before comes back under its own numbers.
pub async fn revert(tx: &TenantTx, id: Uuid) -> Result<Result<(), RegistrationRefusal>, Error> {
    let row = store::lock(tx, id).await?;
    let is_change = replaced(tx, id).await?.is_some_and(|old| old.status == Status::Changed.code());
    if !is_change {
        return Ok(Err(RegistrationRefusal::Ended));
    }
    undo(tx, row, Errand::ChangeUndo, Event::Revert).await
}

async fn undo(tx: &TenantTx, mut row: Model, errand: Errand, event: Event) -> Result<Result<(), RegistrationRefusal>, Error> {
    let key = format!("rx/{}/{}/{}", row.id, errand.code(), row.version);
    if let Err(refusal) = store::status(&row)?.after(event) {
        return Ok(Err(refusal));
    }
    row.message_id = acts::send(tx, errand, key, &row).await?;
    (row.service_code, row.service_said) = Default::default();
    Ok(store::turn(tx, row, event).await?.map(drop))
}
