//! 受付登録 of a walk-in, and the 番号票 it ends with.

use askama::Template;
use domain::PatientId;
use domain::reception::WaitsAt;
use tenancy::Principal;

use super::day_words;
use crate::encounters::entity::encounter;
use crate::web::{Chrome, FormState, PatientStripe, Subjects};

type Choices = Vec<(&'static str, &'static str)>;

#[derive(Debug, Clone, Template)]
#[template(path = "encounters/reception.html")]
pub struct ReceptionPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub form: FormState,
    pub doctors: Vec<(String, String)>,
    pub classes: [(&'static str, &'static str); 3],
    pub kinds: Choices,
    pub waiting_places: Choices,
    /// `2026-08-20`, and whether that is long ago.
    pub last_visit: Option<(String, bool)>,
    pub coverage: Option<String>,
    /// Nobody has confirmed the insurance: it can be taken as seen and asked again later.
    pub can_be_sighted: bool,
    /// Visits of today that are still open: a second one is possible, but asked about.
    pub already: Vec<String>,
}

impl Subjects for ReceptionPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// 番号票: a number and no name, because it is carried through the waiting room.
#[derive(Debug, Clone, Template)]
#[template(path = "encounters/ticket.html")]
pub struct TicketPage {
    pub clinic: String,
    pub day: String,
    pub number: i32,
    pub arrived: String,
    pub doctor: Option<String>,
    pub waits_at: &'static str,
    pub patient_id: PatientId,
    pub encounter_id: uuid::Uuid,
    /// The QR code of the patient's own page, and its address.
    pub qr_svg: Option<String>,
    pub url: String,
}

impl TicketPage {
    pub fn of(principal: &Principal, visit: &encounter::Model, doctors: Vec<(String, String)>, waits_at: WaitsAt) -> Self {
        let doctor = visit.doctor_id.and_then(|id| doctors.into_iter().find(|(known, _)| *known == id.to_string()));
        Self {
            clinic: principal.tenant_name.clone(),
            day: day_words(visit.reception_date),
            number: visit.reception_number,
            arrived: domain::clock::jst(visit.arrived_at).format("%H:%M").to_string(),
            doctor: doctor.map(|(_, name)| name),
            waits_at: waits_at.label(),
            patient_id: PatientId::new(visit.patient_id),
            encounter_id: visit.id,
            qr_svg: None,
            url: String::new(),
        }
    }
}

impl Subjects for TicketPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}
