//! Which 処方箋 of a visit go on paper, and which are given as 控え: one slip for each, and one for each part of a 分割.

use domain::prescription::head::IssueForm;
use domain::prescription::registration::RegistrationStatus;
use domain::prescription::split::Part;
use uuid::Uuid;

use super::entity::medication_request::Model;
use super::entity::prescription;
use super::issue::{Issue, is_inside};
use super::store::heads;
use crate::eprescriptions::entity::registration;
use crate::error::AppError;

/// One 処方箋 as it is printed, or one part of it.
pub struct Slip {
    pub head: Option<prescription::Model>,
    pub part: Option<Part>,
    /// The registration whose numbers it carries.
    pub registration: Option<registration::Model>,
    pub lines: Vec<Model>,
    /// Nothing of another stands beside it: a symbol may speak for it.
    pub is_alone: bool,
}

impl Issue {
    /// What goes on paper: each 処方箋 in parts by itself, and of the others the last that the service neither has as an electronic one,
    /// nor may have.
    pub fn for_paper(&self) -> Result<Vec<Slip>, AppError> {
        if self.signed.iter().all(is_inside) && !self.signed.is_empty() {
            return Err(AppError::Refused("院内の処方です。処方箋は出しません。お薬手帳と薬袋のラベルを印刷できます。".into()));
        }
        let outside = || self.signed.iter().filter(|head| !is_inside(head));
        let mut slips: Vec<Slip> = outside().filter(|head| is_in_parts(head)).flat_map(|head| self.part_slips(head)).collect();
        let plain = outside().rfind(|head| !is_in_parts(head) && !self.is_barred(head.id));
        slips.extend(plain.map(|head| self.slip(head)));
        if slips.is_empty() {
            return Err(AppError::Refused(
                "電子処方箋として登録中か登録済み、または引換番号を待っているため、紙の処方箋は出せません。控えを渡すか、カルテの処方で紙へ切り替えてください。"
                    .into(),
            ));
        }
        Ok(slips)
    }

    /// A 処方箋 that is handed out in one. A numbered one stands alone; plain ones of a visit share their paper.
    fn slip(&self, head: &prescription::Model) -> Slip {
        let numbered = self.held.iter().find(|row| row.id == head.id).filter(|row| is_numbered(row)).cloned();
        let is_beside = |of: Option<Uuid>| {
            let other = self.signed.iter().find(|head| Some(head.id) == of);
            other.is_none_or(|other| !is_inside(other) && !is_in_parts(other) && !self.held.iter().any(|row| row.id == other.id))
        };
        let lines = self
            .lines
            .iter()
            .filter(|line| line.prescription_id == Some(head.id) || (numbered.is_none() && is_beside(line.prescription_id)));
        let lines: Vec<_> = lines.cloned().collect();
        let is_alone = lines.iter().all(|line| line.prescription_id == Some(head.id));
        Slip { head: Some(head.clone()), part: None, registration: numbered, lines, is_alone }
    }

    /// The parts of a 処方箋 that are on paper; of one that gets its numbers none before the last has come.
    fn part_slips(&self, head: &prescription::Model) -> Vec<Slip> {
        let content = heads::content_of(head);
        let row_of = |no| self.parts.iter().find(|row| row.prescription_id() == head.id && row.part_no() == Some(no));
        if content.issue_form == IssueForm::Numbered && self.is_barred(head.id) {
            return Vec::new();
        }
        let slip = |part: Part| {
            let registration = match row_of(part.no) {
                Some(row) if row.status == RegistrationStatus::Paper.code() => None,
                Some(row) if is_given_up(row) || self.bars(row) => return None,
                Some(row) => Some(row).filter(|row| is_numbered(row)),
                None => None,
            };
            Some(self.part_slip(head, part, registration.cloned()))
        };
        Part::all(&content.split_days).filter_map(slip).collect()
    }

    fn part_slip(&self, head: &prescription::Model, part: Part, registration: Option<registration::Model>) -> Slip {
        let lines = self.lines.iter().filter(|line| line.prescription_id == Some(head.id)).cloned().collect();
        Slip { head: Some(head.clone()), part: Some(part), registration, lines, is_alone: true }
    }

    fn is_barred(&self, prescription: Uuid) -> bool {
        self.held.iter().any(|row| row.prescription_id() == prescription && self.bars(row))
    }

    /// 控え: of the electronic prescription where there is one, once it has its numbers; of one in parts, of each.
    pub fn for_copy(&self) -> Result<Vec<Slip>, AppError> {
        if self.held.iter().all(registration::Model::is_on_paper) {
            return Ok(vec![Slip { head: None, part: None, registration: None, lines: self.lines.clone(), is_alone: false }]);
        }
        let electronic = || self.held.iter().filter(|row| !row.is_on_paper());
        let last = electronic().rfind(|row| !row.register_id.is_empty()).map(registration::Model::prescription_id);
        let rows: Vec<_> = electronic().filter(|row| Some(row.prescription_id()) == last).collect();
        let head = self.signed.iter().find(|head| Some(head.id) == last);
        let Some(head) = head.filter(|_| rows.iter().all(|row| !row.register_id.is_empty())) else {
            return Err(AppError::Refused(
                "電子処方箋の登録が済んでいないため、控えはまだ出せません。引換番号が出るまでお待ちください。".into(),
            ));
        };
        let parts: Vec<Part> = Part::all(&heads::content_of(head).split_days).collect();
        let slip = |row: &registration::Model| match parts.iter().find(|part| Some(part.no) == row.part_no()) {
            Some(part) => self.part_slip(head, *part, Some(row.clone())),
            None => {
                let lines = self.lines.iter().filter(|line| line.prescription_id == Some(head.id)).cloned().collect();
                Slip { head: Some(head.clone()), part: None, registration: Some(row.clone()), lines, is_alone: true }
            }
        };
        let mut slips: Vec<Slip> = rows.into_iter().map(slip).collect();
        slips.sort_by_key(|slip| slip.part.map(|part| part.no));
        Ok(slips)
    }
}

fn is_in_parts(head: &prescription::Model) -> bool {
    !heads::content_of(head).split_days.is_empty()
}

fn is_numbered(row: &registration::Model) -> bool {
    row.is_on_paper() && !row.register_id.is_empty()
}

/// Taken back: neither on paper nor registered.
fn is_given_up(row: &registration::Model) -> bool {
    matches!(RegistrationStatus::from_code(&row.status), Some(RegistrationStatus::Withdrawn | RegistrationStatus::Changed))
}
