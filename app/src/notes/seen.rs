//! 確定 takes along what stood on the page and nothing else (R2): the page names the rows it showed with their versions, and a row
//! somebody added, changed or took away meanwhile is told before anything is signed.

use std::collections::BTreeMap;

use domain::{EncounterId, StaffId};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use crate::patients::store::Group;

/// Rows by id, with the version that was shown.
pub type Shown = BTreeMap<Uuid, i32>;

/// What the page showed when 確定 was pressed. A list of drafts has none of its own when the page showed none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub prescription: Shown,
    pub orders: Shown,
    /// 病名 are not sealed with the note; a page without their box, such as the list of approvals, says nothing about them.
    pub conditions: Option<Shown>,
}

impl Seen {
    /// `id:version` words, as the page writes them; `None` when they cannot be read.
    pub fn parse(text: &str) -> Option<Shown> {
        let pair = |word: &str| word.split_once(':').and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
        text.split_whitespace().map(pair).collect()
    }

    fn of(&self, kind: Kind) -> Option<&Shown> {
        match kind {
            Kind::Prescription => Some(&self.prescription),
            Kind::Order => Some(&self.orders),
            Kind::Condition => self.conditions.as_ref(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Prescription,
    Order,
    Condition,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Prescription, Self::Order, Self::Condition];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Prescription => "処方",
            Self::Order => "検査・処置",
            Self::Condition => "病名",
        }
    }

    /// The hidden field that names what was shown.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Prescription => "seen_prescription",
            Self::Order => "seen_orders",
            Self::Condition => "seen_conditions",
        }
    }
}

/// One row 確定 would take along, told by its slice.
#[derive(Debug, Clone)]
pub struct Pending {
    pub kind: Kind,
    pub id: Uuid,
    pub version: i32,
    pub text: String,
    pub by: StaffId,
}

/// What happened to a row since the page was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Added,
    Changed,
    Gone,
}

/// What the doctor has not seen yet, and what stands now.
#[derive(Debug, Clone, Default)]
pub struct Unseen {
    pub changes: Vec<(Change, Kind, Option<Pending>)>,
    pub now: Vec<Pending>,
}

impl Unseen {
    /// The hidden fields of a page that shows these rows: one for each kind, also when there are none.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let words = |kind| self.now.iter().filter(move |row| row.kind == kind).map(|row| format!("{}:{}", row.id, row.version));
        Kind::ALL.into_iter().map(|kind| (kind.field(), words(kind).collect::<Vec<_>>().join(" "))).collect()
    }
}

/// Everything a signature at this visit takes along or rests on. A slice adds its line here.
async fn pending(tx: &TenantTx, group: &Group, encounter: EncounterId) -> Result<Vec<Pending>, Error> {
    let mut rows = crate::prescriptions::pending(tx, encounter).await?;
    rows.extend(crate::orders::pending(tx, encounter).await?);
    rows.extend(crate::conditions::pending(tx, &group.ids()).await?);
    Ok(rows)
}

/// The difference between the page and the tables; `None` when there is none.
pub async fn difference(tx: &TenantTx, group: &Group, encounter: EncounterId, seen: &Seen) -> Result<Option<Unseen>, Error> {
    let now = pending(tx, group, encounter).await?;
    let changes = compare(seen, &now);
    Ok((!changes.is_empty()).then_some(Unseen { changes, now }))
}

fn compare(seen: &Seen, now: &[Pending]) -> Vec<(Change, Kind, Option<Pending>)> {
    let mut changes = vec![];
    for kind in Kind::ALL {
        let Some(shown) = seen.of(kind) else { continue };
        for row in now.iter().filter(|row| row.kind == kind) {
            match shown.get(&row.id) {
                Some(version) if *version == row.version => {}
                Some(_) => changes.push((Change::Changed, kind, Some(row.clone()))),
                None => changes.push((Change::Added, kind, Some(row.clone()))),
            }
        }
        let gone = shown.keys().filter(|id| !now.iter().any(|row| row.kind == kind && row.id == **id));
        changes.extend(gone.map(|_| (Change::Gone, kind, None)));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: Kind, n: u128, version: i32) -> Pending {
        Pending { kind, id: Uuid::from_u128(n), version, text: String::new(), by: StaffId::new(Uuid::nil()) }
    }

    #[test]
    fn what_was_shown_is_no_difference_and_everything_else_is() {
        let seen = Seen { prescription: [(Uuid::from_u128(1), 2), (Uuid::from_u128(2), 1)].into(), ..Seen::default() };
        let now = [row(Kind::Prescription, 1, 2), row(Kind::Prescription, 2, 1)];
        assert!(compare(&seen, &now).is_empty());
        let later = [row(Kind::Prescription, 1, 3), row(Kind::Prescription, 3, 1), row(Kind::Order, 2, 1)];
        let told: Vec<_> = compare(&seen, &later).into_iter().map(|(change, kind, _)| (change, kind)).collect();
        let (rx, order) = (Kind::Prescription, Kind::Order);
        assert_eq!(told, [(Change::Changed, rx), (Change::Added, rx), (Change::Gone, rx), (Change::Added, order)]);
    }

    #[test]
    fn a_page_without_names_says_nothing_about_them() {
        assert!(compare(&Seen::default(), &[row(Kind::Condition, 1, 1)]).is_empty());
        let seen = Seen { conditions: Some(Shown::new()), ..Seen::default() };
        assert_eq!(compare(&seen, &[row(Kind::Condition, 1, 1)]).len(), 1);
    }

    #[test]
    fn the_words_of_the_page_are_read_back() {
        let unseen = Unseen { changes: vec![], now: vec![row(Kind::Order, 7, 3)] };
        let fields = unseen.fields();
        assert_eq!(fields[0], ("seen_prescription", String::new()));
        assert_eq!(Seen::parse(&fields[1].1), Some([(Uuid::from_u128(7), 3)].into()));
        assert_eq!(Seen::parse("x:1"), None);
    }
}
