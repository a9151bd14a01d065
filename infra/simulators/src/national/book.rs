//! What the services say was done with them, for whoever compares their books with a clinic's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::{Faults, National};

/// Questions by number that were answered, as institution and the asker's own name of the question.
#[derive(Clone, Default)]
pub struct Answered(Arc<Mutex<Vec<(String, String)>>>);

/// Older ones are nobody's business any more.
const KEPT: usize = 20_000;

impl Answered {
    fn rows(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, institution: &str, identifier: &str) {
        let mut rows = self.rows();
        if rows.len() >= KEPT {
            rows.drain(..KEPT / 2);
        }
        rows.push((institution.to_owned(), identifier.to_owned()));
    }

    fn all(&self) -> Vec<(String, String)> {
        self.rows().clone()
    }
}

/// `GET /national/state`
pub async fn show(national: web::Data<National>) -> HttpResponse {
    let prescriptions: Vec<Value> = national
        .shelf
        .all()
        .iter()
        .map(|held| {
            json!({
                "institution": held.summary.institution, "name": held.identifier, "id": held.id,
                "access_code": held.access_code, "stands": held.stands(),
            })
        })
        .collect();
    HttpResponse::Ok().json(json!({
        "prescriptions": prescriptions,
        "answered": national.answered.all(),
        "oqs": weather(&national.faults),
        "eps": weather(&national.eps_faults),
        "terminal": weather(&national.terminal_faults),
    }))
}

fn weather(faults: &Faults) -> Value {
    let (answers, happened) = faults.happened();
    json!({ "answers": answers, "happened": happened })
}
