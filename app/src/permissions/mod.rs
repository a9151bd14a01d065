//! 職種と権限: the one table of rights as a page that also prints, and as a file (GL-06). Read-only: rights are the product's, the
//! same for every clinic; who holds which 職種 is the clinic's.

use askama::Template;
use domain::Role;
use tenancy::permission::{RoleMatrixRead, TABLE};
use tenancy::{Access, Audit, InfoClass};

use crate::error::AppError;
use crate::web::{Chrome, Download, Nav, Page, Routes};

pub fn routes(r: &mut Routes) {
    r.get("/permissions", show);
    r.get("/permissions.csv", export);
}

#[derive(Template)]
#[template(path = "permissions/show.html")]
pub struct PermissionsPage {
    pub chrome: Chrome,
    pub roles: Vec<&'static str>,
    pub classes: Vec<ClassRows>,
}

/// The acts on one class of information.
pub struct ClassRows {
    pub class: &'static str,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub act: &'static str,
    pub name: &'static str,
    pub hospitals_only: bool,
    /// One for each role, in the order of the head.
    pub allowed: Vec<bool>,
}

crate::no_subjects!(PermissionsPage);

fn classes() -> Vec<ClassRows> {
    let rows = |class: InfoClass| -> Vec<Row> {
        let of_class = TABLE.iter().filter(|right| right.class == class);
        of_class
            .map(|right| Row {
                act: right.act.label(),
                name: right.name,
                hospitals_only: right.hospitals_only,
                allowed: Role::ALL.iter().map(|role| right.allows(*role)).collect(),
            })
            .collect()
    };
    InfoClass::ALL.iter().map(|class| ClassRows { class: class.label(), rows: rows(*class) }).filter(|c| !c.rows.is_empty()).collect()
}

pub async fn show(access: Access<RoleMatrixRead>) -> Result<Page, AppError> {
    let receipt = access.begin().await?.commit(Audit::viewed(InfoClass::Staff)).await?;
    let roles = Role::ALL.iter().map(|role| role.label()).collect();
    Page::full(receipt, &PermissionsPage { chrome: Chrome::of(access.principal(), Nav::Clinic), roles, classes: classes() })
}

pub async fn export(access: Access<RoleMatrixRead>) -> Result<Download, AppError> {
    let receipt = access.begin().await?.commit(Audit::of(tenancy::Act::Export, InfoClass::Staff)).await?;
    Download::of(receipt, &[], "text/csv; charset=utf-8", "attachment", "permissions.csv", csv()?.into_bytes())
}

fn csv() -> Result<String, AppError> {
    let mut out = csv::Writer::from_writer(vec![]);
    let head = ["情報区分", "業務", "権限"].into_iter().chain(Role::ALL.iter().map(|role| role.label()));
    out.write_record(head).map_err(AppError::internal)?;
    for class in classes() {
        for row in class.rows {
            let marks = row.allowed.iter().map(|allowed| if *allowed { "可" } else { "" });
            let act = if row.hospitals_only { format!("{}(病院のみ)", row.act) } else { row.act.to_owned() };
            out.write_record([class.class, &act, row.name].into_iter().chain(marks)).map_err(AppError::internal)?;
        }
    }
    String::from_utf8(out.into_inner().map_err(AppError::internal)?).map_err(AppError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_on_the_page_and_in_the_file() {
        let shown: usize = classes().iter().map(|c| c.rows.len()).sum();
        assert_eq!(shown, TABLE.len());
        assert_eq!(csv().unwrap().lines().count(), TABLE.len() + 1);
    }
}
