//! 確定前の確認: what every slice has to say before 確定, in one list, with the reasons already given.

use domain::EncounterId;
use domain::note::{AmendmentKind, Section};
use domain::warning::{self, Level, Warning};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, JoinType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use tenancy::{Error, TenantTx};

use super::entity::{note, note_amendment, section_conflict};
use super::store::answers;
use crate::allergies;
use crate::patients::store::Group;

/// What the panel shows: the warnings, most severe first, and whether anything is left to sign.
#[derive(Debug, Default)]
pub struct Found {
    pub warnings: Vec<Warning>,
    pub is_open: bool,
    /// The patient's, in force, as they were looked through.
    pub allergies: Vec<allergies::entity::Model>,
}

/// Everything there is to look at, whose records were looked through once. A slice adds its line here.
pub async fn of_encounter(tx: &TenantTx, group: &Group, encounter: EncounterId) -> Result<Found, Error> {
    let (mut warnings, is_open) = of_notes(tx, encounter).await?;
    warnings.extend(crate::conditions::warnings(tx, &group.ids()).await?);
    let allergies = allergies::store::of_patients(tx, &group.ids()).await?;
    warnings.extend(crate::prescriptions::warnings(tx, group, encounter, &allergies).await?);
    answers::of_encounter(tx, encounter).await?.settle(&mut warnings);
    warning::sort(&mut warnings);
    Ok(Found { warnings, is_open, allergies })
}

/// R2: a text nobody has compared yet must not be signed away. And whether there is a note to sign at all.
async fn of_notes(tx: &TenantTx, encounter: EncounterId) -> Result<(Vec<Warning>, bool), Error> {
    use section_conflict::Column as C;
    let tenant = tx.tenant_id().as_uuid();
    let void = note_amendment::Entity::find()
        .select_only()
        .column(note_amendment::Column::NoteId)
        .filter(note_amendment::Column::TenantId.eq(tenant))
        .filter(note_amendment::Column::Kind.eq(AmendmentKind::Void.code()))
        .into_query();
    let kept = Cond::all()
        .add(Expr::col((section_conflict::Entity, C::TenantId)).eq(tenant))
        .add(Expr::col((section_conflict::Entity, C::NoteId)).equals((note::Entity, note::Column::Id)))
        .add(Expr::col((section_conflict::Entity, C::ResolvedAt)).is_null());
    let query = Query::select()
        .expr_as(Expr::col((note::Entity, note::Column::SignedAt)).is_not_null(), Alias::new("is_signed"))
        .column((section_conflict::Entity, C::Section))
        .from(note::Entity)
        .join(JoinType::LeftJoin, section_conflict::Entity, kept)
        .and_where(Expr::col((note::Entity, note::Column::TenantId)).eq(tenant))
        .and_where(Expr::col((note::Entity, note::Column::EncounterId)).eq(encounter.as_uuid()))
        .and_where(Expr::col((note::Entity, note::Column::Id)).not_in_subquery(void))
        .take();
    let (mut is_any, mut is_any_open, mut letters) = (false, false, vec![]);
    for row in tx.query_all(&query).await? {
        is_any = true;
        if row.try_get::<bool>("", "is_signed")? {
            continue;
        }
        is_any_open = true;
        letters.extend(row.try_get::<Option<String>>("", "section")?);
    }
    let sections = Section::ALL.into_iter().filter(|s| letters.iter().any(|letter| letter == s.letter()));
    Ok((sections.map(uncompared).collect(), is_any_open || !is_any))
}

fn uncompared(section: Section) -> Warning {
    let subject = format!("{} {}", section.letter(), section.label());
    let says = "二人の文が見比べられていません。どちらを残すか決めてください。";
    Warning::new(Level::Block, format!("note.uncompared.{section}"), subject, says).absolute().at(format!("sec-{section}"))
}
