//! The page of one visit's measuring, and the box the chart includes.

use askama::Template;
use domain::clock::jst;
use domain::vital_signs::{Acuity, JCS, VitalItem, is_unusual};
use domain::{EncounterId, PatientId};
use uuid::Uuid;

use super::entity::vital_signs::Model;
use super::store;
use super::trend::{self, Chart};
use crate::web::{Chrome, FormState, PatientStripe, Subjects};

/// One field of the form.
#[derive(Debug, Clone)]
pub struct Field {
    pub item: VitalItem,
    pub last: Option<String>,
    /// In the unit, for the page's own amber.
    pub usual: Option<String>,
    /// Shown in amber after a first press.
    pub is_unusual: bool,
}

/// One round in the table.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: Uuid,
    pub version: i32,
    pub at: String,
    /// When it was written, if that was later.
    pub written_at: Option<String>,
    pub values: Vec<(VitalItem, String, bool)>,
    pub more: String,
    pub is_of_this_visit: bool,
}

#[derive(Debug, Clone, Template)]
#[template(path = "observations/show.html")]
pub struct VitalsPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    pub form: FormState,
    pub fields: Vec<Field>,
    pub lines: Vec<Line>,
    pub charts: Vec<Chart>,
    pub jcs: Vec<(&'static str, &'static str)>,
    pub acuities: Vec<(&'static str, &'static str)>,
    pub may_write: bool,
    /// Asked to look again before it is kept.
    pub has_unseen: bool,
}

impl VitalsPage {
    pub fn new(
        chrome: Chrome,
        stripe: PatientStripe,
        encounter_id: EncounterId,
        form: FormState,
        rounds: &[Model],
        unseen: &[VitalItem],
        may_write: bool,
    ) -> Self {
        let field = |item: VitalItem| Field {
            item,
            last: rounds.iter().find_map(|round| round.values().get(item)).map(|value| item.words(value)),
            usual: store::usual(rounds, item).map(|value| item.words(value)),
            is_unusual: unseen.contains(&item),
        };
        Self {
            chrome,
            stripe,
            encounter_id,
            form,
            fields: VitalItem::ALL.into_iter().map(field).collect(),
            lines: (0..rounds.len()).map(|at| line(rounds, at, encounter_id)).collect(),
            charts: trend::charts(rounds),
            jcs: JCS.map(|code| (code, if code == "0" { "0 清明" } else { code })).to_vec(),
            acuities: Acuity::ALL.map(|acuity| (acuity.code(), acuity.label())).to_vec(),
            may_write,
            has_unseen: !unseen.is_empty(),
        }
    }
}

impl Subjects for VitalsPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

fn line(rounds: &[Model], at: usize, encounter_id: EncounterId) -> Line {
    let round = &rounds[at];
    let values = round.values();
    let marked = |item: VitalItem| {
        let value = values.get(item)?;
        let is_marked = store::usual(&rounds[at + 1..], item).is_some_and(|usual| is_unusual(value, usual));
        Some((item, item.words(value), is_marked))
    };
    let is_late = round.recorded_at - round.measured_at > chrono::Duration::minutes(5);
    let jcs = (!round.jcs.is_empty() && round.jcs != "0").then(|| format!("JCS {}", round.jcs));
    let acuity = Acuity::from_code(&round.acuity).filter(|acuity| *acuity != Acuity::Routine).map(|acuity| acuity.label().to_owned());
    Line {
        id: round.id,
        version: round.version,
        at: jst(round.measured_at).format("%m/%d %H:%M").to_string(),
        written_at: is_late.then(|| jst(round.recorded_at).format("%m/%d %H:%M").to_string()),
        values: VitalItem::ALL.into_iter().filter_map(marked).collect(),
        more: jcs.into_iter().chain(acuity).collect::<Vec<_>>().join(" "),
        is_of_this_visit: round.encounter_id == encounter_id.as_uuid(),
    }
}

/// The last round of the visit, with a button that takes it into O.
#[derive(Debug, Clone, Template)]
#[template(path = "observations/pane.html")]
pub struct VitalsPane {
    pub encounter_id: EncounterId,
    pub patient_id: PatientId,
    pub last: Option<Line>,
    /// What stands in O after the press.
    pub text: String,
    pub may_write: bool,
}

impl VitalsPane {
    pub fn of(encounter_id: EncounterId, patient_id: PatientId, last: Option<Model>, may_write: bool) -> Self {
        let text = last.as_ref().map(|round| {
            let jcs = if round.jcs.is_empty() { String::new() } else { format!(" JCS {}", round.jcs) };
            format!("{}{jcs} ({} 測定)", round.values().words(), jst(round.measured_at).format("%H:%M"))
        });
        let line = last.map(|round| line(&[round], 0, encounter_id));
        Self { encounter_id, patient_id, last: line, text: text.unwrap_or_default(), may_write }
    }

    /// The page the box belongs to.
    pub fn page(&self) -> String {
        format!("/encounters/{}/vitals", self.encounter_id)
    }
}

impl Subjects for VitalsPane {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}
