//! 院内処方等 (EPS-IF 401 to 408) as a clinic meets it: the same checks as for a 処方箋, and nothing that only a pharmacy needs. No
//! 引換番号, no 控え, no pharmacy. The 処方区分 and the sender's own name in the search are ours (独自).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::document::{Findings, form};
use super::record::{self, Remark, Summary};
use super::state::Refusal;
use super::{National, Question, Reply, serve, tree};

/// Records that speak to a pharmacy.
const PHARMACYS: [&str; 5] = ["52", "62", "63", "64", "82"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Registered,
    Withdrawn,
    Changed,
}

#[derive(Clone, Debug)]
pub struct Given {
    pub id: Uuid,
    pub identifier: String,
    /// 処方区分: 1 外来, 2 入院, 3 退院
    pub care: String,
    pub summary: Summary,
    pub status: Status,
    pub created_at: DateTime<Utc>,
}

/// What clinics handed out themselves.
#[derive(Clone, Default)]
pub struct Cabinet(Arc<Mutex<Vec<Given>>>);

impl Cabinet {
    fn rows(&self) -> MutexGuard<'_, Vec<Given>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn all(&self) -> Vec<Given> {
        self.rows().clone()
    }

    /// One for the other in one go where an id is named.
    fn keep(&self, new: Given, replaces: Option<&str>) -> Result<Uuid, Refusal> {
        let mut rows = self.rows();
        let own = |given: &Given| given.summary.institution == new.summary.institution;
        if rows.iter().any(|given| given.identifier == new.identifier && own(given)) {
            return Err(Refusal("SIMD001E", "同じ院内処方がすでに登録されています。".into()));
        }
        if let Some(id) = replaces {
            let old = rows.iter_mut().find(|given| given.id.to_string() == id && own(given));
            let old = old.ok_or_else(|| Refusal("SIMS001E", "該当する院内処方がありません。".into()))?;
            if old.status != Status::Registered {
                return Err(Refusal("SIMS002E", "すでに取り消されているか、変更されています。".into()));
            }
            old.status = Status::Changed;
        }
        rows.push(new.clone());
        Ok(new.id)
    }

    fn withdraw(&self, institution: &str, id: &str) -> Result<(), Refusal> {
        let mut rows = self.rows();
        let own = rows.iter_mut().find(|given| given.id.to_string() == id && given.summary.institution == institution);
        let given = own.ok_or_else(|| Refusal("SIMS001E", "該当する院内処方がありません。".into()))?;
        if given.status != Status::Registered {
            return Err(Refusal("SIMS002E", "すでに取り消されているか、変更されています。".into()));
        }
        given.status = Status::Withdrawn;
        Ok(())
    }
}

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/eps/v1/EPS-IF-401", web::post().to(register))
        .route("/eps/v1/EPS-IF-403", web::post().to(withdraw))
        .route("/eps/v1/EPS-IF-405", web::post().to(change))
        .route("/eps/v1/EPS-IF-407", web::post().to(search));
}

async fn register(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |question| {
        taken(&national, question, &["InHospitalPrescriptionInfo", "InHospitalPrescriptionType"], None)
    })
    .await
}

async fn change(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    const KNOWN: [&str; 3] = ["InHospitalPrescriptionId", "InHospitalPrescriptionInfo", "InHospitalPrescriptionType"];
    serve(&national, &req, &body, |question| match question.body.must("InHospitalPrescriptionId") {
        Ok(id) => taken(&national, question, &KNOWN, Some(id)),
        Err(words) => Reply::error("SIMX002E", &words),
    })
    .await
}

fn taken(national: &National, question: &Question, known: &[&str], replaces: Option<&str>) -> Reply {
    let (document, care) = match read(question, known) {
        Ok(read) => read,
        Err(words) => return Reply::error("SIMX002E", &words),
    };
    let summary = match judged(&document, question) {
        Ok(summary) => summary,
        Err(findings) => return findings.reply(),
    };
    let given = Given {
        id: Uuid::new_v4(),
        identifier: question.identifier.clone(),
        care,
        summary,
        status: Status::Registered,
        created_at: Utc::now(),
    };
    match national.cabinet.keep(given, replaces) {
        Ok(id) => Reply::ok(format!("<InHospitalPrescriptionId>{id}</InHospitalPrescriptionId>")),
        Err(refusal) => refusal.into(),
    }
}

fn read(question: &Question, known: &[&str]) -> Result<(Vec<u8>, String), String> {
    question.body.only(known)?;
    let document = STANDARD.decode(question.body.must("InHospitalPrescriptionInfo")?);
    let document = document.map_err(|_| "InHospitalPrescriptionInfo が base64 ではありません")?;
    match question.body.must("InHospitalPrescriptionType")? {
        care @ ("1" | "2" | "3") => Ok((document, care.to_owned())),
        other => Err(format!("InHospitalPrescriptionType {other} は使えません")),
    }
}

/// A signature may stand there and is not looked at.
fn judged(document: &[u8], question: &Question) -> Result<Summary, Findings> {
    let root = tree::parse(document).map_err(Findings::Form)?;
    let prescription = form(&root, false).or_else(|_| form(&root, true)).map_err(Findings::Form)?;
    let csv = prescription.one("", "PrescriptionDocument").map_err(Findings::Form)?;
    let csv = STANDARD.decode(csv.text()).map_err(|_| Findings::Form("PrescriptionDocument が base64 ではありません".into()))?;
    let today = (Utc::now() + TimeDelta::hours(9)).date_naive();
    let summary = record::check(&csv, today).map_err(Findings::Records)?;
    if let Some(row) = record::rows(&csv).map_err(Findings::Records)?.iter().find(|row| PHARMACYS.contains(&row[0])) {
        return Err(Findings::Records(vec![Remark("SIMC032E", format!("院内処方にレコード {} は置けません。", row[0]))]));
    }
    if summary.institution != question.institution {
        return Err(Findings::record("SIMC030E", "院内処方の医療機関が送信元と違います。"));
    }
    Ok(summary)
}

async fn withdraw(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |q| {
        let id = q.body.only(&["InHospitalPrescriptionId"]).and_then(|()| q.body.must("InHospitalPrescriptionId"));
        match id {
            Ok(id) => national.cabinet.withdraw(&q.institution, id).map_or_else(Reply::from, |()| Reply::ok(String::new())),
            Err(words) => Reply::error("SIMX002E", &words),
        }
    })
    .await
}

async fn search(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    const KNOWN: [&str; 6] =
        ["InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber", "IssueDateFrom", "IssueDateTo"];
    serve(&national, &req, &body, |q| {
        if let Err(words) = q.body.only(&KNOWN).and_then(|()| q.body.must("IssueDateFrom").map(drop)) {
            return Reply::error("SIMX002E", &words);
        }
        let (from, to) = (q.body.text_of("IssueDateFrom"), q.body.text_of("IssueDateTo"));
        let asked = |given: &Given| {
            let s = &given.summary;
            let issued = s.issued_on.as_str() >= from && (to.is_empty() || s.issued_on.as_str() <= to);
            let insured = s.insurer == q.body.text_of("InsurerNumber") && s.number == q.body.text_of("InsuredIdentificationNumber");
            given.status == Status::Registered && s.institution == q.institution && issued && insured
        };
        let line = |given: &Given| {
            format!(
                "<InHospitalPrescriptionIdList><InHospitalPrescriptionId>{}</InHospitalPrescriptionId><CreateDateTime>{}</CreateDateTime>\
                 <ArbitraryFileIdentifier>{}</ArbitraryFileIdentifier></InHospitalPrescriptionIdList>",
                given.id,
                given.created_at.format("%Y%m%d%H%M%S"),
                given.identifier
            )
        };
        Reply::ok(national.cabinet.all().iter().filter(|given| asked(given)).map(line).collect())
    })
    .await
}
