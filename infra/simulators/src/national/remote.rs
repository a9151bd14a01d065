//! マイナ在宅受付: people who consent on a device of their own, and what a clinic may ask because of it (OQSsihvq01, OQSsionq01, OQSmuhvq,
//! OQSmuonq, OQSsihvd01). Names of the single interfaces' numerals and of the elements for a continuing consent are ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};

use super::bulk;
use super::eligibility;
use super::envelope::{insured, xml_answer};
use super::{Fault, National};
use crate::reader::answers::{self, Asked, RemoteAnswer};
use crate::reader::now;
use crate::reader::people::{self, PEOPLE, Person};

const INSURED: [&str; 5] = ["InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber", "Birthdate"];
const LISTING: [&str; 3] = ["ConsentDateFrom", "ConsentDateTo", "MedicalTreatmentFlag"];
/// A consent for one visit, and the look at one's records after each question.
const LASTS: TimeDelta = TimeDelta::hours(24);

/// What one person allowed for one 診療区分.
#[derive(Clone)]
pub struct Given {
    pub person: &'static Person,
    pub subjects: Vec<&'static str>,
    at: DateTime<FixedOffset>,
    /// 継続: until that day.
    pub continuing: Option<NaiveDate>,
}

#[derive(Clone, Default)]
pub struct Remote(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// By 診療区分 and key of the person.
    given: HashMap<(String, &'static str), Given>,
    cancelled: Vec<&'static str>,
    /// Lists asked for: 診療区分 and the days.
    lists: HashMap<String, (String, String, String)>,
}

impl Remote {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A person consents; `flag` is 2 訪問 or 3 オンライン.
    pub fn consent(&self, person: &str, flag: &str, subjects: &[&'static str], continuing: Option<NaiveDate>) {
        let person = people::find(person);
        let given = Given { person, subjects: subjects.to_vec(), at: now(), continuing };
        let mut kept = self.kept();
        kept.cancelled.retain(|key| *key != person.key);
        kept.given.insert((flag.to_owned(), person.key), given);
    }

    /// 継続的な同意 of the person for 訪問診療等, for tests that look whether it is gone.
    pub fn is_continuing(&self, person: &str) -> bool {
        self.kept().given.get(&("2".to_owned(), people::find(person).key)).is_some_and(|given| given.continuing.is_some())
    }

    fn holding(&self, flag: &str, person: &Person) -> Option<Given> {
        let given = self.kept().given.get(&(flag.to_owned(), person.key)).cloned()?;
        let at = now();
        let holds = given.continuing.map_or(at <= given.at + LASTS, |until| at.date_naive() <= until);
        holds.then_some(given)
    }
}

pub async fn home(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    confirm(&national, &req, &body, "2").await
}

pub async fn online(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    confirm(&national, &req, &body, "3").await
}

async fn confirm(national: &National, req: &HttpRequest, body: &[u8], flag: &str) -> HttpResponse {
    let fault = match national.admit(req).await {
        Ok(fault) => fault,
        Err(shut) => return shut,
    };
    xml_answer(match eligibility::read(body).and_then(|asked| told(national, asked, flag, fault)) {
        Ok(answer) => answer,
        Err(reason) => eligibility::refusal(&reason),
    })
}

fn told(national: &National, asked: Asked, flag: &str, fault: Option<Fault>) -> Result<Vec<u8>, String> {
    let person = PEOPLE.iter().find(|person| asked.is_about(person)).ok_or("該当する資格がありません")?;
    let given = national.remote.holding(flag, person).ok_or("マイナ在宅受付での同意がないか、終わっています")?;
    // An answer for a visit to the clinic, given to a question about one at home.
    let flag_said = if fault == Some(Fault::OtherQuestion) { "1" } else { flag };
    Ok(answers::remote(&asked, &answer_of(national, &given, flag, flag_said)))
}

/// Records may be looked at for a day after each question.
fn answer_of(national: &National, given: &Given, flag: &str, flag_said: &str) -> RemoteAnswer {
    let person = given.person;
    given.subjects.iter().for_each(|subject| national.consents.grant(person.number, &format!("{flag}:{subject}"), now() + LASTS));
    let continuing = given.continuing.map(|day| day.format("%Y%m%d").to_string());
    let reference = national.register.reference(person.number, person.branch).unwrap_or_default();
    RemoteAnswer { person, reference, subjects: given.subjects.clone(), flag: flag_said.to_owned(), continuing }
}

pub async fn submit_home(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    submit(&national, &req, &body, "2").await
}

pub async fn submit_online(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    submit(&national, &req, &body, "3").await
}

async fn submit(national: &National, req: &HttpRequest, body: &[u8], flag: &str) -> HttpResponse {
    bulk::answer(national, req, body, |asked, _| {
        asked.body.only(&LISTING)?;
        let (from, to) = (asked.body.must("ConsentDateFrom")?, asked.body.must("ConsentDateTo")?);
        let is_day = |text: &str| text.len() == 8 && NaiveDate::parse_from_str(text, "%Y%m%d").is_ok();
        if !is_day(from) || !is_day(to) || from > to {
            return Err("ConsentDateFrom と ConsentDateTo は yyyyMMdd で、この順です".into());
        }
        if asked.body.must("MedicalTreatmentFlag")? != flag {
            return Err(format!("MedicalTreatmentFlag は {flag} です"));
        }
        let number = uuid::Uuid::new_v4().simple().to_string();
        national.remote.kept().lists.insert(number.clone(), (flag.to_owned(), from.to_owned(), to.to_owned()));
        Ok(format!("<ReceptionNumber>{number}</ReceptionNumber>"))
    })
    .await
}

pub async fn collect(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    bulk::answer(&national, &req, &body, |asked, _| {
        asked.body.only(&["ReceptionNumber"])?;
        let number = asked.body.must("ReceptionNumber")?;
        let (flag, from, to) = national.remote.kept().lists.get(number).cloned().ok_or("その受付番号はありません")?;
        if !req.path().contains(if flag == "2" { "hvq02" } else { "onq02" }) {
            return Err("その受付番号は別のインタフェースのものです".into());
        }
        let mut given: Vec<Given> =
            national.remote.kept().given.iter().filter(|((of, _), _)| *of == flag).map(|(_, given)| given.clone()).collect();
        given.sort_by_key(|given| given.person.number);
        let within = |given: &Given| {
            let day = given.at.format("%Y%m%d").to_string();
            from <= day && day <= to && national.remote.holding(&flag, given.person).is_some()
        };
        let units = given.iter().filter(|given| within(given)).map(|given| {
            let result = answers::result_list(&answer_of(&national, given, &flag, &flag));
            format!("<BulkConfirmUnit><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity>{result}</BulkConfirmUnit>")
        });
        Ok(units.collect())
    })
    .await
}

/// OQSsihvd01: the clinic gives a continuing consent up. The same again changes nothing.
pub async fn cancel(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    bulk::answer(&national, &req, &body, |asked, _| {
        asked.body.only(&["ViewingConsentCancelInfo"])?;
        let one = asked.body.child("ViewingConsentCancelInfo").ok_or("取消の内容がありません")?;
        one.only(&INSURED)?;
        insured(one)?;
        let (number, birth) = (one.must("InsuredIdentificationNumber")?, one.must("Birthdate")?);
        let person = PEOPLE.iter().find(|p| p.number == number && p.birth_date == birth).ok_or("該当する資格がありません")?;
        let mut kept = national.remote.kept();
        let gone = kept.given.remove(&("2".to_owned(), person.key));
        if gone.is_none() && !kept.cancelled.contains(&person.key) {
            return Err("取り消す同意がありません".into());
        }
        kept.cancelled.push(person.key);
        crate::reader::subjects().iter().for_each(|subject| national.consents.revoke(number, &format!("2:{subject}")));
        Ok("<ProcessingResultStatus>1</ProcessingResultStatus>".into())
    })
    .await
}

/// What the person chooses on their own device.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Choice {
    person: String,
    flag: String,
    continuing: String,
}

pub async fn show() -> HttpResponse {
    page("")
}

pub async fn choose(national: web::Data<National>, form: web::Form<Choice>) -> HttpResponse {
    let flag = if form.flag == "3" { "3" } else { "2" };
    let until = (flag == "2" && !form.continuing.is_empty()).then(|| now().date_naive() + TimeDelta::days(365));
    national.remote.consent(&form.person, flag, &["PharmacistsInfo", "DiagnosisInfo", "SpecificHealthCheckupsInfo"], until);
    page("<p role=\"status\"><strong>同意を受け付けました。</strong></p>")
}

fn page(done: &str) -> HttpResponse {
    let people: String = PEOPLE.iter().map(|p| format!("<option value=\"{}\">{}</option>", p.key, p.name)).collect();
    let body = format!(
        "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><title>マイナ在宅受付(模擬)</title><h1>マイナ在宅受付(模擬)</h1>{done}\
         <p>患者が自分の端末で、訪問診療・オンライン診療のための同意をします。実在しない人です。</p><form method=\"post\" action=\"/mobile-reception\">\
         <p><label>だれが <select name=\"person\">{people}</select></label></p><p><label>診療の場 <select name=\"flag\"><option value=\"2\">訪問診療等</option>\
         <option value=\"3\">オンライン診療等</option></select></label></p><p><label><input type=\"checkbox\" name=\"continuing\" value=\"1\" checked> 継続して同意する(訪問診療等)</label></p>\
         <button>薬剤・診療・健診の閲覧に同意する</button></form></html>"
    );
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body)
}
