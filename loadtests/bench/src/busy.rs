//! A hundred busy clinics: in each a visit every ninety seconds from the desk to 確定, five boards open, and every board asking for
//! the row that changed. What the staff wait for is timed by kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use loadtests::html::{self, Form};
use reqwest::{RequestBuilder, Response};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::visitor::Visitor;

/// Of each clinic's boards.
pub const BOARDS: usize = 5;
/// Forty visits an hour.
const EVERY: Duration = Duration::from_secs(90);
/// Between two acts of one person.
const THINK: Duration = Duration::from_millis(400);

/// What is waited for, with its budget for the server's 95th percentile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Tab,
    Chart,
    TypeAhead,
    Save,
    /// The row that changed, asked for by every board.
    Row,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Tab, Self::Chart, Self::TypeAhead, Self::Save, Self::Row];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Tab => "list or tab",
            Self::Chart => "chart with its panes' page",
            Self::TypeAhead => "type-ahead",
            Self::Save => "save",
            Self::Row => "row of a board after a change",
        }
    }

    pub const fn budget_ms(self) -> f64 {
        match self {
            Self::Tab | Self::Row => 150.0,
            Self::Chart => 300.0,
            Self::TypeAhead => 80.0,
            Self::Save => 100.0,
        }
    }
}

#[derive(Clone, Default)]
pub struct Times(Arc<Mutex<BTreeMap<Kind, Vec<Duration>>>>);

impl Times {
    fn add(&self, kind: Kind, took: Duration) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).entry(kind).or_default().push(took);
    }

    /// How many, and the 95th percentile in milliseconds.
    pub fn p95_ms(&self, kind: Kind) -> (usize, f64) {
        let mut times = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&kind).cloned().unwrap_or_default();
        times.sort();
        let at = times.get((times.len() * 95 / 100).min(times.len().saturating_sub(1)));
        (times.len(), at.copied().unwrap_or_default().as_secs_f64() * 1e3)
    }
}

/// One clinic's people, all of them its doctor.
#[derive(Clone)]
struct Staff {
    visitor: Visitor,
    times: Times,
}

impl Staff {
    async fn timed(&self, kind: Kind, request: RequestBuilder) -> anyhow::Result<(u16, String, String)> {
        let began = Instant::now();
        let answer: Response = request.send().await?;
        let (status, path) = (answer.status().as_u16(), answer.url().path().to_owned());
        let to = answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let body = answer.text().await?;
        self.times.add(kind, began.elapsed());
        ensure!(status < 400, "{path} answered {status}");
        Ok((status, to, body))
    }

    async fn get(&self, kind: Kind, path: &str) -> anyhow::Result<String> {
        Ok(self.timed(kind, self.visitor.http.get(format!("{}{path}", self.visitor.base))).await?.2)
    }

    async fn fragment(&self, kind: Kind, path: &str) -> anyhow::Result<String> {
        let request = self.visitor.http.get(format!("{}{path}", self.visitor.base)).header("HX-Request", "true");
        Ok(self.timed(kind, request).await?.2)
    }

    async fn send(&self, kind: Kind, form: &Form) -> anyhow::Result<(String, String)> {
        let request = self.visitor.http.post(format!("{}{}", self.visitor.base, form.action)).form(form.fields());
        let (_, to, body) = self.timed(kind, request).await?;
        tokio::time::sleep(THINK).await;
        Ok((to, body))
    }

    async fn visit(&self) -> anyhow::Result<()> {
        self.get(Kind::Tab, "/board").await?;
        let patient = self.find().await?;
        let visit = self.receive(patient).await?;
        self.measure(visit).await?;
        self.move_to(visit, "in_consult").await?;
        self.consult(patient, visit).await?;
        self.sign(patient, visit).await?;
        self.get(Kind::Tab, "/board").await.map(drop)
    }

    /// Types three letters and takes somebody of the list.
    async fn find(&self) -> anyhow::Result<Uuid> {
        let mut list = String::new();
        for typed in ["サ", "サト", "サトウ"] {
            let request = self.visitor.http.post(format!("{}/patients/search", self.visitor.base)).header("HX-Request", "true");
            list = self.timed(Kind::TypeAhead, request.form(&[("q", typed)])).await?.2;
        }
        let ids: Vec<Uuid> = list.split("/patients/").skip(1).filter_map(|rest| rest.get(..36)?.parse().ok()).collect();
        let at = usize::from(Uuid::new_v4().as_bytes()[0]) % ids.len().max(1);
        ids.get(at).copied().context("nobody on the list")
    }

    async fn receive(&self, patient: Uuid) -> anyhow::Result<Uuid> {
        let page = self.get(Kind::Tab, &format!("/patients/{patient}/reception")).await?;
        let form = found(&page, "/encounters")?.with("purpose", "頭痛").with("again", "yes");
        let request = self.visitor.http.post(format!("{}{}", self.visitor.base, form.action)).form(form.fields());
        id_in(&self.timed(Kind::Save, request).await?.1, "moved=")
    }

    async fn measure(&self, visit: Uuid) -> anyhow::Result<()> {
        let page = self.get(Kind::Tab, &format!("/encounters/{visit}/vitals")).await?;
        let form = found(&page, "/vitals")?.with("bt", "36.7").with("sbp", "128").with("dbp", "76").with("hr", "72");
        self.send(Kind::Save, &form).await.map(drop)
    }

    async fn move_to(&self, visit: Uuid, to: &str) -> anyhow::Result<()> {
        let menu = self.fragment(Kind::Tab, &format!("/encounters/{visit}/moves")).await?;
        self.send(Kind::Save, &found(&menu, "/status")?.with("to", to)).await.map(drop)
    }

    /// The chart with its panes as a browser loads them, four sections saved three times each, one drug.
    async fn consult(&self, patient: Uuid, visit: Uuid) -> anyhow::Result<()> {
        self.get(Kind::Chart, &format!("/encounters/{visit}")).await?;
        for pane in panes(patient, visit) {
            self.fragment(Kind::Tab, &pane).await?;
        }
        for letter in ["S", "O", "A", "P"] {
            self.write(patient, visit, letter).await?;
        }
        let rx = self.fragment(Kind::Tab, &format!("/encounters/{visit}/prescription")).await?;
        let mut line = found(&rx, "/prescription-lines")?;
        for name in ["dose", "usage", "count", "supply", "drug_code"] {
            line = line.with(name, "");
        }
        let mut options = String::new();
        for typed in ["みほん", "みほんみゅ", "みほんみゅ 3t 5"] {
            line = line.with("q", typed);
            options = self.send(Kind::TypeAhead, &line.clone().at("/drugs")).await?.1;
        }
        let code = options.split("name=\"drug_code\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        self.send(Kind::Save, &line.with("drug_code", code.context("no drug offered")?)).await.map(drop)
    }

    async fn write(&self, patient: Uuid, visit: Uuid, letter: &str) -> anyhow::Result<()> {
        let mut version = 0;
        for text in ["朝から", "朝から頭が重い。", "朝から頭が重い。吐き気なし。"] {
            let form = Form::to(format!("/encounters/{visit}/note/sections/{letter}"));
            let form = form.with("body", text).with("version", version.to_string()).with("patient_token", patient.to_string());
            let form = form.with("idempotency_key", Uuid::new_v4().to_string());
            let request = self.visitor.http.post(format!("{}{}", self.visitor.base, form.action)).header("accept", "application/json");
            let saved: serde_json::Value = serde_json::from_str(&self.timed(Kind::Save, request.form(form.fields())).await?.2)?;
            version = saved["version"].as_i64().context("a save without a version")?;
            tokio::time::sleep(THINK).await;
        }
        Ok(())
    }

    async fn sign(&self, patient: Uuid, visit: Uuid) -> anyhow::Result<()> {
        let panel = self.fragment(Kind::Tab, &format!("/encounters/{visit}/warnings")).await?;
        for form in html::forms(&panel).into_iter().filter(|form| form.action.ends_with("/warnings")) {
            self.send(Kind::Save, &form.with("reason", "医学的に必要")).await?;
        }
        let mut form = found(&self.get(Kind::Chart, &format!("/encounters/{visit}")).await?, "/finalization")?;
        for pane in panes(patient, visit) {
            for (name, value) in html::fields_for(&self.fragment(Kind::Tab, &pane).await?, "note") {
                form = form.with(&name, value);
            }
        }
        self.send(Kind::Save, &form).await.map(drop)
    }

    /// An open board: hears of a change and asks for the row, as its page does.
    async fn watch(self) -> anyhow::Result<()> {
        let mut stream = open_stream(&self.visitor).await?;
        let mut text = String::new();
        while let Some(chunk) = stream.chunk().await? {
            text.push_str(&String::from_utf8_lossy(&chunk));
            while let Some(end) = text.find("\n\n") {
                let frame: String = text.drain(..end + 2).collect();
                if let Some(id) = frame.split("event: visit\ndata: ").nth(1).and_then(|rest| rest.get(..36)) {
                    let request = self.visitor.http.get(format!("{}/board/rows?ids={id}", self.visitor.base));
                    self.timed(Kind::Row, request.header("HX-Request", "true").header("X-Background", "1")).await?;
                }
            }
        }
        Ok(())
    }
}

fn panes(patient: Uuid, visit: Uuid) -> [String; 3] {
    [
        format!("/encounters/{visit}/prescription"),
        format!("/encounters/{visit}/orders"),
        format!("/patients/{patient}/conditions?encounter={visit}"),
    ]
}

fn found(page: &str, action: &str) -> anyhow::Result<Form> {
    html::form(page, action).with_context(|| format!("no form {action}"))
}

fn id_in(text: &str, mark: &str) -> anyhow::Result<Uuid> {
    text.split(mark).skip(1).find_map(|rest| rest.get(..36)?.parse().ok()).with_context(|| format!("no id after {mark}"))
}

async fn open_stream(visitor: &Visitor) -> anyhow::Result<Response> {
    let request = visitor.http.get(format!("{}/live", visitor.base)).header("accept", "text/event-stream").header("X-Background", "1");
    Ok(request.send().await?.error_for_status()?)
}

/// Runs the load for so long; visits that have begun are finished.
pub async fn run(clinics: &[Visitor], how_long: Duration) -> anyhow::Result<Times> {
    let times = Times::default();
    let (mut boards, mut visits) = (JoinSet::new(), JoinSet::new());
    for visitor in clinics {
        for _ in 0..BOARDS {
            boards.spawn(Staff { visitor: visitor.clone(), times: times.clone() }.watch());
        }
    }
    let (began, step) = (Instant::now(), EVERY / u32::try_from(clinics.len().max(1))?);
    for visitor in clinics.iter().cycle() {
        if began.elapsed() >= how_long {
            break;
        }
        let staff = Staff { visitor: visitor.clone(), times: times.clone() };
        visits.spawn(async move { staff.visit().await });
        tokio::time::sleep(step).await;
    }
    while let Some(visit) = visits.join_next().await {
        visit??;
    }
    boards.abort_all();
    Ok(times)
}

/// Fills one clinic's day to so many visits.
pub async fn fill_board(visitor: &Visitor, visits: usize) -> anyhow::Result<()> {
    let staff = Staff { visitor: visitor.clone(), times: Times::default() };
    for _ in 0..visits {
        staff.receive(staff.find().await?).await?;
    }
    Ok(())
}

/// A status change in one clinic while all boards of all clinics are open: from the press to the last of its boards that heard it.
/// The slowest of `changes`.
pub async fn fan_out(clinics: &[Visitor], changes: usize) -> anyhow::Result<Duration> {
    let mut boards = Vec::new();
    for visitor in clinics {
        let mut own = Vec::new();
        for _ in 0..BOARDS {
            let mut stream = open_stream(visitor).await?;
            stream.chunk().await?.context("a board was not greeted")?;
            own.push(stream);
        }
        boards.push((visitor, own));
    }
    let mut slowest = Duration::ZERO;
    for (visitor, streams) in boards.iter_mut().take(changes) {
        let staff = Staff { visitor: visitor.clone(), times: Times::default() };
        let visit = staff.receive(staff.find().await?).await?;
        let menu = staff.fragment(Kind::Tab, &format!("/encounters/{visit}/moves")).await?;
        let form = found(&menu, "/status")?.with("to", "waiting");
        let began = Instant::now();
        let change = format!("event: visit\ndata: {visit}");
        let heard = streams.iter_mut().map(|stream| hear(stream, &change, 2));
        // The reception was told first, then the change of state.
        let (sent, heard) = tokio::join!(staff.send(Kind::Save, &form), futures_util::future::try_join_all(heard));
        sent?;
        slowest = slowest.max(heard?.into_iter().max().context("no boards")?.duration_since(began));
    }
    Ok(slowest)
}

/// When the stream has said it so often.
async fn hear(stream: &mut Response, what: &str, times: usize) -> anyhow::Result<Instant> {
    let mut text = String::new();
    while text.matches(what).count() < times {
        let chunk = stream.chunk().await?.context("a board's stream ended")?;
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    Ok(Instant::now())
}
