//! The staff of the morning, and how somebody comes to be on their board.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use chrono::{FixedOffset, Utc};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use crate::counter;
use crate::plan::{Arrival, Ending, Plan};
use crate::story::Acknowledged;
use crate::visitor::{Person, Street};
use loadtests::html::{self, Form};

/// The doctor who begins today.
const THIRD: &str = "朝倉 望";
/// Words in the names of the three, in the order of [`Clinic::doctor_for`].
const DOCTORS: [&str; 3] = ["藍沢", "紺野", THIRD];
/// The desk's own words for what is left open in the evening.
const EXPLAINED: &str = "朝の台本で残したもの";

pub struct Clinic {
    pub run: String,
    pub simulators: String,
    pub clerk: Person,
    pub nurse: Person,
    pub admin: Person,
    /// Nobody in particular: a patient's own telephone.
    pub phone: Person,
    doctors: Vec<(Person, Mutex<()>)>,
    schedule: String,
}

/// Somebody who is here.
pub struct Arrived {
    pub patient: Uuid,
    pub visit: Uuid,
    pub inquiries: Vec<Uuid>,
}

/// Signing in as the demo prints it.
pub struct Keys {
    pub password: String,
    pub secret: String,
}

impl Clinic {
    /// Everybody signs in; a third doctor begins work today; the desk opens a book of its own for the morning.
    pub async fn open(street: &Arc<Street>, simulators: &str, run: &str, keys: &Keys) -> anyhow::Result<Self> {
        let person = |login: &str, role| Person::new(street, login, role, &keys.password, &keys.secret);
        let (doctor, director) = (person("doctor", "doctor"), person("director", "doctor"));
        let (clerk, nurse, admin) = (person("clerk", "clerk"), person("nurse", "nurse"), person("admin", "clinic_admin"));
        let signed = tokio::join!(doctor.sign_in(), director.sign_in(), clerk.sign_in(), nurse.sign_in(), admin.sign_in());
        for each in [signed.0, signed.1, signed.2, signed.3, signed.4] {
            each?;
        }
        let third = hire(street, &admin, run).await?;
        let doctors = [doctor, director, third].map(|person| (person, Mutex::new(()))).into();
        let schedule = open_book(&clerk, run).await?;
        let (simulators, run, phone) = (simulators.to_owned(), run.to_owned(), person("", ""));
        Ok(Self { run, simulators, clerk, nurse, admin, phone, doctors, schedule })
    }

    /// Words no other save of any run has.
    pub fn mark(&self, number: usize, letter: char) -> String {
        format!("[{}-{number}-{letter}]", self.run)
    }

    pub async fn doctor_for(&self, number: usize) -> (&Person, MutexGuard<'_, ()>) {
        let (person, busy) = &self.doctors[number % self.doctors.len()];
        (person, busy.lock().await)
    }

    /// Sends finished visits to the simulated receipt computer.
    pub async fn connect_receipt_computer(&self, login_of_third: &str) -> anyhow::Result<()> {
        let page = "/clinic/receipt-computer";
        let physicians = format!("doctor 10001\ndirector 10002\n{login_of_third} 10003");
        let form = self.admin.get(page).await?.form(page)?;
        let form = form.with("status", "on").with("url", format!("{}/orca/api", self.simulators)).with("user_name", "ormaster");
        let form = form.with("password", "ormaster-mihon").with("department_code", "01").with("physicians", physicians);
        self.admin.send(&form).await?.moved().map(drop)
    }

    /// On the board.
    pub async fn arrive(&self, plan: &Plan) -> anyhow::Result<Arrived> {
        if let Arrival::Card(is_cp932) = plan.arrival {
            let (patient, visit) = self.by_card(plan, is_cp932).await?;
            return Ok(Arrived { patient, visit, inquiries: vec![] });
        }
        let patient = self.register(plan).await?;
        self.insure(patient, plan).await?;
        let inquiries = vec![self.ask_about().await?];
        let visit = match plan.arrival {
            Arrival::Booking => self.by_booking(patient).await?,
            arrival => self.receive(patient, plan.number, false, arrival == Arrival::BySight).await?,
        };
        Ok(Arrived { patient, visit, inquiries })
    }

    /// Of one patient of this run.
    pub fn insured_number(&self, number: usize) -> anyhow::Result<String> {
        let unique = u32::from_str_radix(&self.run[..6], 16)? as usize + number;
        Ok(format!("{:07}", unique % 10_000_000))
    }

    pub async fn register(&self, plan: &Plan) -> anyhow::Result<Uuid> {
        self.register_as(plan, "female").await
    }

    /// Somebody the cards of the reader's simulator could be about.
    pub async fn register_man(&self, plan: &Plan) -> anyhow::Result<Uuid> {
        self.register_as(plan, "male").await
    }

    async fn register_as(&self, plan: &Plan, sex: &str) -> anyhow::Result<Uuid> {
        let form = self.clerk.get("/patients/new").await?.form("/patients")?;
        let form = form.with("name_ideographic", format!("朝{} {}", plan.number + 1, plan.given));
        let form = form.with("name_syllabic", format!("{} {}", plan.family, plan.given)).with("birth_date", plan.birth.clone());
        let to = self.clerk.send(&form.with("sex", sex)).await?.moved()?;
        id_in(&to, "/patients/")
    }

    pub async fn receive(&self, patient: Uuid, number: usize, is_again: bool, is_by_sight: bool) -> anyhow::Result<Uuid> {
        let mut form = self.clerk.get(&format!("/patients/{patient}/reception")).await?.form("/encounters")?;
        let doctor = form.choice("doctor_id", DOCTORS[number % DOCTORS.len()]).unwrap_or_default().to_owned();
        form = form.with("purpose", "頭痛").with("memo", "朝の台本").with("doctor_id", doctor);
        if is_again {
            form = form.with("again", "yes");
        }
        if is_by_sight {
            form = form.with("sighted", "yes");
        }
        let to = self.clerk.send(&form).await?.moved()?;
        id_in(&to, "moved=")
    }

    /// The reader's file of somebody with this birthday and a number of their own.
    pub async fn card(&self, scenario: &str, encoding: &str, birth: &str, number: usize) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}/reader/face-result?person=taro&scenario={scenario}&encoding={encoding}&consents=none", self.simulators);
        let bytes = reqwest::get(url).await?.error_for_status()?.bytes().await?;
        let bytes = replaced(&bytes, b"19750401", birth.replace('-', "").as_bytes());
        Ok(replaced(&bytes, b"9000001", self.insured_number(number)?.as_bytes()))
    }

    pub async fn upload(&self, bytes: &[u8]) -> anyhow::Result<crate::visitor::Answer> {
        self.clerk.upload("/reception/reader-results", "OQSsiquc01res_face_asa.xml", bytes).await
    }

    async fn by_card(&self, plan: &Plan, is_cp932: bool) -> anyhow::Result<(Uuid, Uuid)> {
        let encoding = if is_cp932 { "cp932" } else { "utf8" };
        let file = self.card("valid", encoding, &plan.birth, plan.number).await?;
        let path = self.upload(&file).await?.moved()?;
        let form = self.clerk.get(&format!("{path}?choice=0&patient=new")).await?.form("/reflection")?;
        let form = if form.value("name_syllabic").is_empty() { form.with("name_syllabic", "カクウ タロウ") } else { form };
        let answer = self.clerk.send(&form.with("purpose", "頭痛")).await?;
        // An answer that was lost has counted: the result's own page names its visit.
        let to = if answer.status == 303 { answer.location } else { self.clerk.get(&path).await?.body };
        let visit = id_in(&to, "moved=")?;
        let menu = self.clerk.get(&format!("/encounters/{visit}/moves")).await?.form("/status")?;
        Ok((menu.value("patient_token").parse()?, visit))
    }

    async fn by_booking(&self, patient: Uuid) -> anyhow::Result<Uuid> {
        let day = today();
        let (key, token, slot) = (Uuid::new_v4().to_string(), patient.to_string(), format!("{}/{day}/{}", self.schedule, 24 * 60 - 15));
        let fields = [("patient_token", token.as_str()), ("purpose", "再診"), ("idempotency_key", &key), ("day", &day), ("slot", &slot)];
        let form = fields.iter().fold(Form::to("/appointments"), |form, (name, value)| form.with(name, *value));
        let booked = self.clerk.send(&form).await?.moved()?;
        let page = format!("/appointments/{}", id_in(&booked, "/appointments/")?);
        let answer = self.clerk.send(&self.clerk.get(&page).await?.form("/arrival")?).await?;
        let to = if answer.status == 303 { answer.location } else { self.clerk.get(&page).await?.body };
        id_in(&to, "moved=").or_else(|_| id_in(&to, "/encounters/"))
    }

    pub async fn settle(&self, ending: Ending, told: &mut Acknowledged) -> anyhow::Result<()> {
        counter::pay(&self.clerk, ending, told).await
    }

    /// 日締め: what is left open gets a reason, the cash is counted; a day closed before is opened first.
    pub async fn close_day(&self) -> anyhow::Result<()> {
        self.reopen_day().await?;
        let (mut form, mut last) = (self.clerk.get("/day-close").await?.form("/day-close")?, String::new());
        for _ in 0..6 {
            form = form.names_starting("why_").into_iter().fold(form, |form, name| form.with(&name, EXPLAINED)).with("float_yen", "50000");
            let answer = self.clerk.send(&form).await?;
            if answer.status == 303 || answer.again {
                return Ok(());
            }
            ensure!(answer.status == 422, "日締め answered {}: {}", answer.status, answer.said());
            (form, last) = (answer.form("/day-close")?, answer.said());
        }
        anyhow::bail!("the day could not be closed: {last}")
    }

    /// The demo goes on after us.
    pub async fn reopen_day(&self) -> anyhow::Result<()> {
        let page = self.admin.get("/day-close").await?;
        let Some(form) = html::form(&page.body, "/reopening") else { return Ok(()) };
        let answer = self.admin.send(&form.with("reason", EXPLAINED)).await?;
        ensure!(answer.status == 303 || answer.again, "開き直す answered {}: {}", answer.status, answer.said());
        Ok(())
    }
}

pub fn login_of_third(run: &str) -> String {
    format!("asa{}", &run[..8])
}

/// A doctor's first day: registered by the administrator, then a password and an authenticator of one's own.
async fn hire(street: &Arc<Street>, admin: &Person, run: &str) -> anyhow::Result<Person> {
    let login = login_of_third(run);
    let form = admin.get("/staff/new").await?.form("/staff")?.with("login_id", login.clone());
    let form = form
        .with("name", THIRD)
        .with("name_kana", "アサクラ ノゾミ")
        .with("role_doctor", "on")
        .with("license_no", "499999")
        .with("department", "内科");
    let page = admin.send(&form.with("valid_from", "2026-01-01")).await?;
    let given = page.body.split("id=\"initial-password\">").nth(1).and_then(|rest| rest.split('<').next());
    let given = given.with_context(|| format!("no first password on a page answered {}: {}", page.status, page.said()))?;
    Person::first_day(street, &login, given, "あさの だいほん 12人の列").await
}

/// Slots of a quarter of an hour around the clock, so that a booking of today exists at any hour.
async fn open_book(clerk: &Person, run: &str) -> anyhow::Result<String> {
    let form = clerk.get("/schedules").await?.form("/schedules")?;
    let doctor = form.choice("doctor_id", THIRD).unwrap_or_default().to_owned();
    let opened = clerk.send(&form.with("doctor_id", doctor).with("name", format!("朝の台本 {run}"))).await?.moved()?;
    let schedule = id_in(&opened, "/schedules/")?.to_string();
    let key = Uuid::new_v4().to_string();
    let mut form = Form::to(format!("/schedules/{schedule}/templates"));
    for (name, value) in [
        ("starts", "0:00"),
        ("ends", "24:00"),
        ("interval_min", "15"),
        ("capacity", "50"),
        ("overbook_limit", "0"),
        ("visibility", "staff"),
        ("purposes", "再診"),
        ("valid_from", "2020-01-01"),
        ("idempotency_key", &key),
    ] {
        form = form.with(name, value);
    }
    for day in 1..=7 {
        form = form.with(&format!("day_{day}"), "on");
    }
    clerk.send(&form).await?.moved()?;
    Ok(schedule)
}

pub fn today() -> String {
    let jst = FixedOffset::east_opt(9 * 3600).map(|jst| Utc::now().with_timezone(&jst).date_naive());
    jst.unwrap_or_else(|| Utc::now().date_naive()).to_string()
}

/// The id after a mark in an address or a page.
pub fn id_in(text: &str, mark: &str) -> anyhow::Result<Uuid> {
    let mut rest = text.split(mark).skip(1);
    rest.find_map(|rest| rest.get(..36)?.parse().ok()).with_context(|| format!("no id after {mark}"))
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}
