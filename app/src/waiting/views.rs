//! 順番表, and what a patient sees of it.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::PatientId;
use domain::clock::jst;
use domain::encounter::VisitStatus;
use domain::reception::WaitsAt;
use domain::waiting::{InLine, NEAR, ahead, predicted};
use uuid::Uuid;

use super::store::{Line, Person};
use crate::encounters::entity::encounter;
use crate::web::Chrome;
use crate::web::page::Subjects;

/// One in the line.
#[derive(Debug, Clone)]
pub struct Place {
    pub id: Uuid,
    pub patient_id: PatientId,
    pub number: i32,
    pub name: String,
    pub kana: String,
    pub patient_number: String,
    pub phone: String,
    pub ahead: usize,
    pub at: String,
    /// Few enough ahead to be called near.
    pub is_near: bool,
    /// In the house; else a number taken ahead.
    pub is_here: bool,
    pub where_words: &'static str,
    /// 呼出 as `10:42`.
    pub called: Option<String>,
    pub version: i32,
}

/// 順番表.
#[derive(Debug, Template)]
#[template(path = "waiting/queue.html")]
pub struct QueuePage {
    pub chrome: Chrome,
    pub places: Vec<Place>,
    pub pace_min: i64,
    pub taken: Option<i32>,
    pub can_receive: bool,
    pub can_cancel: bool,
    pub at: String,
}

impl QueuePage {
    pub fn of(
        chrome: Chrome,
        line: &Line,
        people: Vec<Person>,
        now: DateTime<Utc>,
        taken: Option<i32>,
        (can_receive, can_cancel): (bool, bool),
    ) -> Self {
        let (waiting, pace_min) = (line.waiting(), line.pace_min());
        let places = waiting.iter().filter_map(|one| place(line, &waiting, one, &people, pace_min, now)).collect();
        Self { chrome, places, pace_min, taken, can_receive, can_cancel, at: jst(now).format("%H:%M").to_string() }
    }

    /// Those to be called near: away from the waiting room, with few ahead.
    fn near(&self) -> usize {
        self.places.iter().filter(|place| place.is_near).count()
    }
}

fn place(line: &Line, waiting: &[InLine], one: &InLine, people: &[Person], pace_min: i64, now: DateTime<Utc>) -> Option<Place> {
    let visit = line.visits.iter().find(|visit| visit.id == one.id);
    let ticket = line.tickets.iter().find(|ticket| ticket.id == one.id);
    let patient = visit.map(|visit| visit.patient_id).or(ticket.map(|ticket| ticket.patient_id))?;
    let person = people.iter().find(|person| person.id == patient)?;
    let ahead = ahead(waiting, one);
    let waits_at = visit.map(|visit| WaitsAt::from_code(&visit.waits_at).unwrap_or_default());
    let is_away = waits_at != Some(WaitsAt::Lobby);
    let called = visit.and_then(|visit| visit.called_at);
    Some(Place {
        id: one.id,
        patient_id: PatientId::new(patient),
        number: one.number,
        name: person.name_ideographic.clone(),
        kana: person.name_syllabic.clone(),
        patient_number: person.patient_number.clone(),
        phone: if person.mobile.is_empty() { person.tel.clone() } else { person.mobile.clone() },
        ahead,
        at: jst(predicted(now, ahead, pace_min)).format("%H:%M").to_string(),
        is_near: ahead <= NEAR && is_away && called.is_none(),
        is_here: visit.is_some(),
        where_words: waits_at.map_or("まだ来ていません", WaitsAt::label),
        called: called.map(|at| jst(at).format("%H:%M").to_string()),
        version: ticket.map_or(0, |ticket| ticket.version),
    })
}

impl Subjects for QueuePage {
    fn subjects(&self) -> Vec<PatientId> {
        self.places.iter().map(|place| place.patient_id).collect()
    }
}

/// A patient's own place, on their phone.
#[derive(Debug, Template)]
#[template(path = "waiting/place.html")]
pub struct PlacePage {
    pub clinic: String,
    pub number: i32,
    pub said: &'static str,
    /// How many are ahead and when one is likely called, while there is something to wait for.
    pub ahead: Option<(usize, String)>,
    pub at: String,
}

impl PlacePage {
    pub fn of(clinic: String, visit: &encounter::Model, line: &Line, now: DateTime<Utc>) -> Self {
        let waiting = line.waiting();
        let own = waiting.iter().find(|one| one.id == visit.id);
        let count = own.map(|one| ahead(&waiting, one));
        Self {
            clinic,
            number: visit.reception_number,
            said: said(visit, count),
            ahead: count.map(|count| (count, jst(predicted(now, count, line.pace_min())).format("%H:%M").to_string())),
            at: jst(now).format("%H:%M").to_string(),
        }
    }
}

fn said(visit: &encounter::Model, ahead: Option<usize>) -> &'static str {
    use VisitStatus as V;
    match (VisitStatus::from_code(&visit.status), ahead) {
        (_, Some(_)) if visit.called_at.is_some() => "お呼びしました。診察室へお越しください。",
        (_, Some(ahead)) if ahead <= NEAR => "まもなくお呼びします。お近くでお待ちください。",
        (_, Some(_)) => "お待ちください。",
        (Some(V::InConsult | V::Treatment), _) => "診察・処置中です。",
        (Some(V::BillingWait), _) => "会計の準備をしています。番号でお呼びします。",
        (Some(V::Paid | V::LeftUnpaid | V::Cancelled), _) => "今日の受診は終わりました。お大事になさってください。",
        _ => "受付にお声がけください。",
    }
}

/// The same sentence for a link that ended and for one that never was.
#[derive(Debug, Template)]
#[template(path = "waiting/over.html")]
pub struct OverPage;
