//! Why somebody goes on in spite of a warning, and which superior agreed to it. Both are kept for ever.

use std::collections::HashMap;

use domain::note::Reason;
use domain::warning::Warning;
use domain::{EncounterId, PatientId, StaffId};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, JoinType, Query};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use crate::notes::entity::{warning_answer, warning_approval};

/// One reason, as given.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Answer {
    pub id: Uuid,
    pub code: String,
    pub reason: String,
    answered_by: Uuid,
    approver: Option<String>,
}

impl Answer {
    pub fn is_by(&self, who: StaffId) -> bool {
        self.answered_by == who.as_uuid()
    }
}

/// The reasons given at one visit, by the code of the warning.
#[derive(Debug, Clone, Default)]
pub struct Answers(HashMap<String, Answer>);

impl Answers {
    pub fn get(&self, code: &str) -> Option<&Answer> {
        self.0.get(code)
    }

    /// Puts each reason beside the warning it belongs to.
    pub fn settle(&self, warnings: &mut [Warning]) {
        for warning in warnings {
            let Some(answer) = self.get(&warning.code) else { continue };
            (warning.answer, warning.approved_by) = (Some(answer.reason.clone()), answer.approver.clone());
        }
    }
}

/// Reasons and agreements of a visit, in one statement.
pub async fn of_encounter(tx: &TenantTx, encounter: EncounterId) -> Result<Answers, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let a = |name: &'static str| Alias::new(name);
    let col = |table: &'static str, column: &'static str| Expr::col((Alias::new(table), Alias::new(column)));
    let approval = Cond::all().add(col("p", "tenant_id").eq(tenant)).add(col("p", "answer_id").equals((a("w"), a("id"))));
    let approver = Cond::all().add(col("s", "tenant_id").eq(tenant)).add(col("s", "id").equals((a("p"), a("approved_by"))));
    let query = Query::select()
        .columns(["id", "code", "reason", "answered_by"].map(|column| (Alias::new("w"), Alias::new(column))))
        .expr_as(col("s", "name"), a("approver"))
        .from_as(a("warning_answer"), a("w"))
        .join_as(JoinType::LeftJoin, a("warning_approval"), a("p"), approval)
        .join_as(JoinType::LeftJoin, a("staff"), a("s"), approver)
        .and_where(col("w", "tenant_id").eq(tenant))
        .and_where(col("w", "encounter_id").eq(encounter.as_uuid()))
        .take();
    let rows = tx.query_all(&query).await?;
    let answers = rows.iter().map(|row| Answer::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    Ok(Answers(answers.into_iter().map(|answer| (answer.code.clone(), answer)).collect()))
}

/// Keeps why somebody goes on. The first reason stands: a second one for the same warning is an [`Error::Duplicate`].
pub async fn answer(tx: &TenantTx, patient: PatientId, encounter: EncounterId, warning: &Warning, reason: &Reason) -> Result<(), Error> {
    let row = warning_answer::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        encounter_id: Set(encounter.as_uuid()),
        patient_id: Set(patient.as_uuid()),
        code: Set(warning.code.clone()),
        subject: Set(warning.subject.clone()),
        reason: Set(reason.as_str().to_owned()),
        answered_by: Set(tx.actor().as_uuid()),
        answered_at: Set(tx.now()),
    };
    warning_answer::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// A superior agrees to a reason. The first agreement stands, as the first reason does.
pub async fn approve(tx: &TenantTx, patient: PatientId, encounter: EncounterId, answer: &Answer) -> Result<(), Error> {
    let row = warning_approval::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        answer_id: Set(answer.id),
        encounter_id: Set(encounter.as_uuid()),
        patient_id: Set(patient.as_uuid()),
        approved_by: Set(tx.actor().as_uuid()),
        approved_at: Set(tx.now()),
    };
    warning_approval::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
