//! Asking the receipt computer: one exchange may be several questions, each read before the next is asked.
//!
//! Only 中途終了データ登録 and its deletion change what a visit costs; whatever comes back unreadable from those may have been done,
//! and is looked for before anything is sent again. Every other question may simply be asked again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::outbox::Trouble;
use reqwest::{Client, Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::content::{ClaimContent, CoverageFacts};
use super::meaning;
use super::reply::{Node, Reply};
use super::request;
use crate::outbox::{Exchange, Outcome};

/// No real answer is larger.
const REPLY_MAX: usize = 2 * 1024 * 1024;

/// Where the clinic's receipt computer is and as whom we ask.
#[derive(Clone, Serialize, Deserialize)]
pub struct Connection {
    /// Up to and including `/api` where there is one.
    pub url: String,
    pub user: String,
    pub password: String,
    /// 中途終了データ of the version before, as far as it is known.
    pub earlier_uid: String,
    /// 中途終了データ of the patient's other visits of the day: never taken for this visit's.
    #[serde(default)]
    pub other_uids: Vec<String>,
}

/// What comes back from a registered visit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accepted {
    pub uid: String,
    /// Remarks in the receipt computer's own words.
    pub remarks: Vec<String>,
}

/// The day's bill as the receipt computer has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Priced {
    pub points: i32,
    pub due_yen: i32,
    pub self_pay_yen: i32,
    /// Code, name and points of each part.
    pub parts: Vec<(String, String, i32)>,
}

/// Why a question ended the exchange.
enum Stop {
    /// Not asked, or certainly not done.
    Again(Trouble),
    /// May have been done.
    Perhaps(Trouble),
    No {
        code: String,
        said: String,
    },
}

impl Stop {
    fn no(code: &str, said: &str) -> Self {
        Self::No { code: code.to_owned(), said: meaning::sentence(code, said) }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Again(trouble) => Outcome::Retry(trouble),
            Self::Perhaps(trouble) => Outcome::Unknown(trouble),
            Self::No { code, said } => Outcome::Refused { code, said },
        }
    }
}

/// One exchange in progress, with everything that went over the wire.
pub struct Talk<'a> {
    http: &'a Client,
    connection: &'a Connection,
    patience: Duration,
    sent: Vec<u8>,
    received: Vec<u8>,
}

/// Does asking it twice do anything twice?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Harmless,
    Counts,
}

impl<'a> Talk<'a> {
    /// `patience` is for one question.
    pub fn new(http: &'a Client, connection: &'a Connection, patience: Duration) -> Self {
        Self { http, connection, patience, sent: Vec::new(), received: Vec::new() }
    }

    fn ended(self, outcome: Outcome) -> Exchange {
        Exchange { outcome, sent: self.sent, received: self.received }
    }

    /// Patient, insurance, and the visit's acts in place of an earlier version.
    pub async fn send(mut self, content: &ClaimContent) -> Exchange {
        let outcome = self.registered(content).await.unwrap_or_else(Stop::outcome);
        self.ended(outcome)
    }

    /// Is what was sent there? An unfinished record that is not the earlier version's is ours; a bill means it was used already.
    pub async fn look(mut self, content: &ClaimContent) -> Exchange {
        let outcome = self.found(content).await.unwrap_or_else(Stop::outcome);
        self.ended(outcome)
    }

    /// The bill of the day; not there yet means asking again later.
    pub async fn read(mut self, number: &str, day: &str, department: &str) -> Exchange {
        let outcome = match self.priced(number, day, department).await {
            Ok(Some(priced)) => done(&priced),
            Ok(None) => Outcome::Retry(Trouble::Unfinished),
            Err(stop) => stop.outcome(),
        };
        self.ended(outcome)
    }

    async fn registered(&mut self, content: &ClaimContent) -> Result<Outcome, Stop> {
        let combination = self.patient(content).await?;
        let earlier = self.unfinished(content).await?;
        match earlier {
            Some(uid) if uid == self.connection.earlier_uid => self.delete(content, &uid).await?,
            Some(_) => return Err(Stop::no("80", "")),
            None if self.is_billed(content).await? => return Err(Stop::no("local:billed", "")),
            None => {}
        }
        let acts = request::register_acts(content, &combination);
        let reply = self.post("/api21/medicalmodv2?class=01", &acts, "medicalres", Effect::Counts).await?;
        match reply.result.as_str() {
            _ if reply.is_done() => {}
            // A moment ago there was none: this one is ours, sent twice on the way.
            "80" => return Err(Stop::Perhaps(Trouble::Unreadable)),
            "90" => return Err(Stop::Again(Trouble::Busy)),
            code => return Err(Stop::no(code, &reply.message)),
        }
        let uid = reply.body.at("Medical_Uid").to_owned();
        if uid.is_empty() {
            return Err(Stop::Perhaps(Trouble::Unreadable));
        }
        Ok(done(&Accepted { uid, remarks: remarks(&reply.body) }))
    }

    async fn found(&mut self, content: &ClaimContent) -> Result<Outcome, Stop> {
        match self.unfinished(content).await? {
            Some(uid) if self.connection.other_uids.contains(&uid) => Ok(Outcome::Absent),
            Some(uid) if uid != self.connection.earlier_uid => Ok(done(&Accepted { uid, remarks: vec![] })),
            // A bill of the day may be the other visit's: sending again is refused there, and said to a person.
            None if self.connection.other_uids.is_empty() && self.is_billed(content).await? => {
                Ok(done(&Accepted { uid: String::new(), remarks: vec![] }))
            }
            _ => Ok(Outcome::Absent),
        }
    }

    /// The patient stands there with the visit's insurance: its 保険組合せ番号.
    async fn patient(&mut self, content: &ClaimContent) -> Result<String, Stop> {
        let number = &content.patient.number;
        let reply = self.get(&format!("/api01rv2/patientgetv2?id={number}"), "patientinfores").await?;
        if reply.is_done() {
            return self.insurance(content, &reply.body).await;
        }
        if reply.result != "10" {
            return Err(refusal(&reply));
        }
        let path = "/orca12/patientmodv2?class=01";
        let reply = self.post(path, &request::register_patient(content), "patientmodres", Effect::Harmless).await?;
        if !reply.is_done() {
            return Err(refusal(&reply));
        }
        let reply = self.get(&format!("/api01rv2/patientgetv2?id={number}"), "patientinfores").await?;
        if reply.is_done() { self.combination(content, &reply.body) } else { Err(refusal(&reply)) }
    }

    async fn insurance(&mut self, content: &ClaimContent, body: &Node) -> Result<String, Stop> {
        let facts = body.child("Patient_Information").ok_or(Stop::Again(Trouble::Unreadable))?;
        let patient = &content.patient;
        if facts.at("BirthDate") != patient.birth || facts.at("Sex") != patient.sex {
            return Err(Stop::no("local:person", ""));
        }
        let Some(coverage) = content.coverage.as_ref().filter(|_| real_insurances(facts).next().is_none()) else {
            return self.combination(content, body);
        };
        let reply = self.add_insurance(content, coverage).await?;
        if !reply.is_done() {
            return Err(refusal(&reply));
        }
        let reply = self.get(&format!("/api01rv2/patientgetv2?id={}", patient.number), "patientinfores").await?;
        if reply.is_done() { self.combination(content, &reply.body) } else { Err(refusal(&reply)) }
    }

    async fn add_insurance(&mut self, content: &ClaimContent, coverage: &CoverageFacts) -> Result<Reply, Stop> {
        self.post("/orca12/patientmodv2?class=04", &request::add_insurance(content, coverage), "patientmodres", Effect::Harmless).await
    }

    fn combination(&self, content: &ClaimContent, body: &Node) -> Result<String, Stop> {
        let facts = body.child("Patient_Information").ok_or(Stop::Again(Trouble::Unreadable))?;
        let insurances = facts.list("HealthInsurance_Information");
        let fits = |record: &&Node| match &content.coverage {
            Some(coverage) => {
                record.at("InsuranceProvider_Number") == coverage.insurer_number
                    && narrow(record.at("HealthInsuredPerson_Number")) == coverage.number
            }
            None => record.at("InsuranceProvider_Class") == "980",
        };
        let found = insurances.into_iter().find(fits).map(|record| record.at("Insurance_Combination_Number").to_owned());
        found.filter(|number| !number.is_empty()).ok_or_else(|| Stop::no("local:insurance", ""))
    }

    /// The unfinished record of this patient, day and department.
    async fn unfinished(&mut self, content: &ClaimContent) -> Result<Option<String>, Stop> {
        let reply = self.post("/api01rv2/tmedicalgetv2", &request::list_unfinished(content), "tmedicalgetres", Effect::Harmless).await?;
        match reply.result.as_str() {
            _ if reply.is_done() => {}
            // 対象なし
            "10" | "15" | "21" => return Ok(None),
            _ => return Err(refusal(&reply)),
        }
        let mut rows = reply.body.list("Tmedical_List_Information");
        let own = rows.find(|row| {
            let number = row.at("Patient_Information/Patient_ID");
            row.at("Department_Code") == content.department && same_number(number, &content.patient.number)
        });
        Ok(own.map(|row| row.at("Medical_Uid").to_owned()))
    }

    async fn delete(&mut self, content: &ClaimContent, uid: &str) -> Result<(), Stop> {
        let path = "/api21/medicalmodv2?class=02";
        let reply = self.post(path, &request::delete_acts(content, uid), "medicalres", Effect::Counts).await?;
        match reply.result.as_str() {
            _ if reply.is_done() => Ok(()),
            // Gone already.
            "30" | "31" | "32" | "33" | "34" => Ok(()),
            _ => Err(refusal(&reply)),
        }
    }

    async fn is_billed(&mut self, content: &ClaimContent) -> Result<bool, Stop> {
        Ok(self.priced(&content.patient.number, &content.performed_on, &content.department).await?.is_some())
    }

    async fn priced(&mut self, number: &str, day: &str, department: &str) -> Result<Option<Priced>, Stop> {
        let reply = self.post("/api01rv2/incomeinfv2", &request::income(number, day), "private_objects", Effect::Harmless).await?;
        match reply.result.as_str() {
            _ if reply.is_done() => {}
            "10" | "13" | "21" | "0010" | "0013" | "0021" => return Ok(None),
            _ => return Err(refusal(&reply)),
        }
        let mut bills = reply.body.list("Income_Information");
        let own = bills.find(|bill| bill.at("Perform_Date") == day && bill.at("Department_Code") == department);
        own.map(priced_of).transpose()
    }

    async fn get(&mut self, path: &str, root: &str) -> Result<Reply, Stop> {
        self.ask(Method::GET, path, String::new(), root, Effect::Harmless).await
    }

    async fn post(&mut self, path: &str, body: &str, root: &str, effect: Effect) -> Result<Reply, Stop> {
        self.ask(Method::POST, path, body.to_owned(), root, effect).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: String, root: &str, effect: Effect) -> Result<Reply, Stop> {
        self.sent.extend(format!("{method} {path}\n{body}\n").into_bytes());
        let pass = STANDARD.encode(format!("{}:{}", self.connection.user, self.connection.password));
        let question = self
            .http
            .request(method, format!("{}{path}", self.connection.url.trim_end_matches('/')))
            .timeout(self.patience)
            .header("authorization", format!("Basic {pass}"))
            .header("content-type", "application/xml; charset=UTF-8")
            .body(body);
        let unsure = |trouble| if effect == Effect::Counts { Stop::Perhaps(trouble) } else { Stop::Again(trouble) };
        let response = question.send().await.map_err(|error| match () {
            () if error.is_connect() => Stop::Again(Trouble::Unreachable),
            () if error.is_timeout() => unsure(Trouble::Timeout),
            () => unsure(Trouble::Unreachable),
        })?;
        let status = response.status();
        let bytes = read(response).await.ok_or_else(|| unsure(Trouble::Unreadable))?;
        self.received.extend(format!("{}\n", status.as_u16()).into_bytes());
        self.received.extend_from_slice(&bytes);
        match status {
            StatusCode::OK => Reply::parse(&bytes, root).map_err(|_| unsure(Trouble::Unreadable)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Stop::no("401", "")),
            StatusCode::NOT_FOUND => Err(Stop::no("404", "")),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Err(Stop::Again(Trouble::Busy)),
            _ => Err(unsure(Trouble::Failing)),
        }
    }
}

/// Bounded: a partner that never stops sending is not read to the end.
async fn read(mut response: reqwest::Response) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > REPLY_MAX {
            return None;
        }
    }
    Some(bytes)
}

fn refusal(reply: &Reply) -> Stop {
    match reply.result.as_str() {
        "90" => Stop::Again(Trouble::Busy),
        code => Stop::no(code, &reply.message),
    }
}

fn done(value: &impl Serialize) -> Outcome {
    serde_json::to_vec(value).map_or(Outcome::Unknown(Trouble::Unreadable), Outcome::Done)
}

/// 保険 other than 自費 and 公費-only combinations.
fn real_insurances(facts: &Node) -> impl Iterator<Item = &Node> {
    facts.list("HealthInsurance_Information").filter(|record| !record.at("InsuranceProvider_Number").is_empty())
}

fn remarks(body: &Node) -> Vec<String> {
    let warnings = body.list("Medical_Message_Information/Medical_Warning_Info");
    warnings.map(|w| format!("{} {}", w.at("Medical_Warning"), w.at("Medical_Warning_Message"))).collect()
}

/// The receipt computer pads numbers with zeros to its own length.
fn same_number(theirs: &str, ours: &str) -> bool {
    theirs.trim_start_matches('0') == ours.trim_start_matches('0')
}

/// Full-width digits and letters back to half-width.
fn narrow(text: &str) -> String {
    let half = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFF01 + 0x21).unwrap_or(c),
        c => c,
    };
    text.chars().map(half).collect()
}

/// `     1,230` → 1230.
fn amount(text: &str) -> Result<i32, Stop> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
    if digits.is_empty() {
        return Ok(0);
    }
    digits.parse().map_err(|_| Stop::Again(Trouble::Unreadable))
}

fn priced_of(bill: &Node) -> Result<Priced, Stop> {
    let mut parts = Vec::new();
    for part in bill.list("Ac_Point_Information/Ac_Point_Detail") {
        let points = amount(part.at("AC_Point"))?;
        if points > 0 {
            parts.push((part.at("AC_Point_Code").to_owned(), part.at("AC_Point_Name").to_owned(), points));
        }
    }
    Ok(Priced {
        points: amount(bill.at("Ac_Point_Information/Ac_Ttl_Point"))?,
        due_yen: amount(bill.at("Cd_Information/Ac_Money"))?,
        self_pay_yen: amount(bill.at("Cd_Information/Oe_Money"))?,
        parts,
    })
}
