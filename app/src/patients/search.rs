//! The list behind the search box: at most [`LIMIT`] rows, exact matches first.
//!
//! Every predicate is leak-proof (`=`, ranges on `COLLATE "C"` text), so it can use an index under row-level security; a plan test
//! holds each statement to that.

use chrono::NaiveDate;
use domain::patient_search::{CodePart, NamePart, PatientSearch};
use domain::search_key::PrefixRange;
use domain::{PatientId, TenantId};
use sea_orm::sea_query::{
    Alias, CaseStatement, CommonTableExpression, Cond, Condition, Expr, ExprTrait, Func, IntoColumnRef, Order, Query, SelectStatement,
    UnionType,
};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::patient::{ACTIVE, Column, Entity};
use super::{entity::patient_alias, last_visit};

pub const LIMIT: usize = 20;
const LAST_VISIT: &str = "last_visit";

/// What a list shows of a patient: no more than that is read.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Hit {
    pub id: Uuid,
    pub patient_number: String,
    pub name_ideographic: String,
    pub name_syllabic: String,
    pub kana_key: String,
    pub kanji_key: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub tel: String,
    pub mobile: String,
    pub deceased_on: Option<NaiveDate>,
    pub last_visit: Option<NaiveDate>,
}

impl Hit {
    pub fn patient_id(&self) -> PatientId {
        PatientId::new(self.id)
    }
}

const COLUMNS: [Column; 11] = [
    Column::Id,
    Column::PatientNumber,
    Column::NameIdeographic,
    Column::NameSyllabic,
    Column::KanaKey,
    Column::KanjiKey,
    Column::Sex,
    Column::BirthDate,
    Column::Tel,
    Column::Mobile,
    Column::DeceasedOn,
];

#[derive(Debug, Default)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// There are more than the list shows.
    pub has_more: bool,
    /// `kana_key`s carried by more than one patient (同姓同名).
    pub shared_keys: Vec<String>,
}

pub async fn search(tx: &TenantTx, search: &PatientSearch) -> Result<Found, Error> {
    if search.is_empty() {
        return Ok(Found::default());
    }
    let mut hits: Vec<Hit> = Vec::with_capacity(LIMIT + 1);
    for row in tx.query_all(&statement(tx.tenant_id(), search)).await? {
        let hit = Hit::from_query_result(&row, "")?;
        if !hits.iter().any(|known| known.id == hit.id) {
            hits.push(hit);
        }
    }
    let mut shared_keys = adjacent_keys(&hits);
    if !shows_all_namesakes(search) && !hits.is_empty() {
        shared_keys = keys_in_use_twice(tx, &hits).await?;
    }
    let has_more = hits.len() > LIMIT;
    hits.truncate(LIMIT);
    Ok(Found { hits, has_more, shared_keys })
}

/// A reading's namesakes stand beside each other in a list by reading that nothing else narrows: no second question is needed.
fn shows_all_namesakes(search: &PatientSearch) -> bool {
    matches!(search, PatientSearch { name: Some(NamePart::Kana(_)), code: None, birth_date: None })
}

fn adjacent_keys(hits: &[Hit]) -> Vec<String> {
    hits.windows(2).filter(|pair| pair[0].kana_key == pair[1].kana_key).map(|pair| pair[0].kana_key.clone()).collect()
}

async fn keys_in_use_twice(tx: &TenantTx, hits: &[Hit]) -> Result<Vec<String>, Error> {
    let rows = tx.query_all(&namesake_statement(tx.tenant_id(), hits.iter().map(|hit| hit.kana_key.clone()))).await?;
    rows.iter().map(|row| row.try_get("", "kana_key").map_err(Error::from)).collect()
}

/// The list's statement. Never LIKE, never a function of a column.
pub fn statement(tenant: TenantId, search: &PatientSearch) -> SelectStatement {
    let mut list = match (&search.name, &search.code) {
        (Some(name), None) if search.birth_date.is_none() => by_name(tenant, name),
        (Some(name), _) => by_figures_then_name(tenant, search, name),
        (None, Some(code)) => by_code(tenant, search, code),
        (None, None) => by_figures(tenant, search),
    };
    if search.name.is_none() && search.code.is_some() {
        list.order_by(Alias::new("exactness"), Order::Asc);
    }
    let by = if matches!(search.name, Some(NamePart::Kanji(_))) { "kanji_key" } else { "kana_key" };
    list.order_by(Alias::new(by), Order::Asc).order_by(Alias::new("id"), Order::Asc);
    // One more than is shown tells whether there are more.
    list.limit(LIMIT as u64 + 1).take()
}

fn by_name(tenant: TenantId, name: &NamePart) -> SelectStatement {
    active(tenant).cond_where(within(col(name_column(name)), name.range())).take()
}

/// Figures find few, a common surname finds many: the few are found first, whatever the planner guesses about unknown values.
fn by_figures_then_name(tenant: TenantId, search: &PatientSearch, name: &NamePart) -> SelectStatement {
    let few = Alias::new("few");
    let mut found = CommonTableExpression::new();
    found.query(by_figures(tenant, search)).table_name(few.clone()).materialized(true);
    Query::select()
        .columns(COLUMNS)
        .column(Alias::new(LAST_VISIT))
        .from(few)
        .cond_where(within(Expr::col(name_column(name)), name.range()))
        .with_cte(found)
        .take()
}

fn by_figures(tenant: TenantId, search: &PatientSearch) -> SelectStatement {
    let mut list = active(tenant);
    if let Some(code) = &search.code {
        list.cond_where(code_condition(code));
    }
    if let Some(day) = search.birth_date {
        list.and_where(col(Column::BirthDate).eq(day));
    }
    list
}

/// Whose number it is comes before whose telephone ends like it.
fn by_code(tenant: TenantId, search: &PatientSearch, code: &CodePart) -> SelectStatement {
    let is_number = if code.numbers.is_empty() { Expr::val(false) } else { number_condition(Column::PatientNumber, code) };
    let exactness: Expr = CaseStatement::new().case(is_number, 0).finally(1).into();
    let mut list = by_figures(tenant, search);
    list.expr_as(exactness, Alias::new("exactness"));
    if !code.numbers.is_empty() {
        list.union(UnionType::All, by_old_number(tenant, code, search.birth_date));
    }
    list
}

fn name_column(name: &NamePart) -> Column {
    match name {
        NamePart::Kana(_) => Column::KanaKey,
        NamePart::Kanji(_) => Column::KanjiKey,
    }
}

/// Patients in use, with what a list shows.
pub(super) fn active(tenant: TenantId) -> SelectStatement {
    Query::select()
        .columns(COLUMNS.map(|column| (Entity, column)))
        .expr_as(Expr::col((Entity, Alias::new(last_visit::COLUMN))), Alias::new(LAST_VISIT))
        .from(Entity)
        .and_where(col(Column::TenantId).eq(tenant.as_uuid()))
        .and_where(col(Column::Status).eq(ACTIVE))
        .take()
}

/// A number given up in a merge finds the survivor.
fn by_old_number(tenant: TenantId, code: &CodePart, birth_date: Option<NaiveDate>) -> SelectStatement {
    use patient_alias::{Column as Old, Entity as Alias_};
    let mut list = active(tenant);
    list.expr_as(Expr::val(0), Alias::new("exactness"))
        .inner_join(
            Alias_,
            Cond::all()
                .add(Expr::col((Alias_, Old::TenantId)).equals((Entity, Column::TenantId)))
                .add(Expr::col((Alias_, Old::PatientId)).equals((Entity, Column::Id))),
        )
        .and_where(Expr::col((Alias_, Old::TenantId)).eq(tenant.as_uuid()))
        .and_where(Expr::col((Alias_, Old::PatientNumber)).is_in(code.numbers.clone()));
    if let Some(day) = birth_date {
        list.and_where(col(Column::BirthDate).eq(day));
    }
    list
}

fn code_condition(code: &CodePart) -> Condition {
    let mut any = Cond::any();
    if !code.numbers.is_empty() {
        any = any.add(number_condition(Column::PatientNumber, code));
    }
    if let Some(last4) = &code.phone_last4 {
        any = any.add(phone_condition(Column::TelLast4, last4)).add(phone_condition(Column::MobileLast4, last4));
    }
    if let Some(day) = code.birth_date {
        any = any.add(col(Column::BirthDate).eq(day));
    }
    // Digits that mean nothing (too many of them) find nobody.
    if any.is_empty() { Cond::all().add(Expr::val(false)) } else { any }
}

fn number_condition(column: Column, code: &CodePart) -> Expr {
    col(column).is_in(code.numbers.clone())
}

/// The empty string is written into the statement, as in the partial index: a bound value could not be proven to match it.
pub(super) fn phone_condition(column: Column, last4: &str) -> Condition {
    Cond::all().add(col(column).eq(last4)).add(col(column).ne(Expr::Constant("".into())))
}

fn within(key: Expr, range: &PrefixRange) -> Condition {
    let from = Cond::all().add(key.clone().gte(range.lower.clone()));
    match &range.upper {
        Some(upper) => from.add(key.lt(upper.clone())),
        None => from,
    }
}

fn namesake_statement(tenant: TenantId, keys: impl IntoIterator<Item = String>) -> SelectStatement {
    Query::select()
        .column((Entity, Column::KanaKey))
        .from(Entity)
        .and_where(col(Column::TenantId).eq(tenant.as_uuid()))
        .and_where(col(Column::Status).eq(ACTIVE))
        .and_where(col(Column::KanaKey).is_in(keys))
        .group_by_col((Entity, Column::KanaKey))
        .and_having(Func::count(col(Column::Id)).gt(1))
        .take()
}

pub(super) fn col(column: Column) -> Expr {
    Expr::col((Entity, column).into_column_ref())
}

/// Every list query of the slice with typical input, for the plan test.
pub fn plans(tenant: TenantId) -> Vec<(&'static str, SelectStatement)> {
    let of = |text: &str| statement(tenant, &PatientSearch::parse(text));
    vec![
        ("kana", of("サイトウ")),
        ("kanji", of("齋藤")),
        ("number or telephone", of("1207")),
        ("card code", of("T00041")),
        ("birth date", of("S34.2.11")),
        ("date or number", of("19590211")),
        ("kana and telephone", of("サイトウ 4471")),
        ("kana and birth date", of("サイトウ S34.2.11")),
        ("namesakes", namesake_statement(tenant, ["サイトウチズコ".to_owned(), "スズキタロウ".to_owned()])),
        ("duplicates", super::duplicates::statement(tenant, &super::duplicates::Probe::sample())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::sea_query::PostgresQueryBuilder;

    fn sql(text: &str) -> String {
        let tenant = TenantId::new(Uuid::nil());
        statement(tenant, &PatientSearch::parse(text)).to_string(PostgresQueryBuilder)
    }

    #[test]
    fn prefix_search_is_a_range() {
        let sql = sql("さいとう ち");
        assert!(sql.contains(r#""kana_key" >= 'サイトウチ'"#) && sql.contains(r#""kana_key" < 'サイトウヂ'"#), "{sql}");
        assert!(!sql.contains("LIKE"));
    }

    #[test]
    fn digits_also_look_at_old_numbers() {
        let sql = sql("1207");
        assert!(sql.contains("UNION ALL") && sql.contains("'001207'"), "{sql}");
        assert!(sql.contains(r#""tel_last4" <> ''"#), "{sql}");
        assert!(sql.contains(r#"ORDER BY "exactness" ASC, "kana_key" ASC"#), "{sql}");
    }

    #[test]
    fn every_statement_names_its_clinic_as_often_as_its_tables() {
        for (name, statement) in plans(TenantId::new(Uuid::nil())) {
            let sql = statement.to_string(PostgresQueryBuilder);
            assert!(sql.matches(r#""tenant_id" = '"#).count() >= sql.matches(r#"FROM "patient""#).count(), "{name}: {sql}");
        }
    }
}
