//! 電子処方箋管理サービス as a clinic meets it: registration (EPS-IF 201), withdrawal (203), status (217), search (220),
//! and the check of drafts (101, 219).
//! Element names are the documents'; addresses and what is marked 独自 are ours. Everything sent is checked before it is believed.

pub mod check;
mod document;
pub mod draft;
pub mod inside;
pub mod page;
pub mod record;
pub mod signature;
pub mod state;
pub mod tree;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeDelta, Utc};
use futures_util::stream;
use uuid::Uuid;

use self::document::{Findings, Request};
use self::state::{Dispensed, Held, Refusal, Status};
use super::National;
use super::faults::Fault;
use super::xml::{self, Node};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/eps/healthz", web::get().to(health))
        .route("/eps/v1/EPS-IF-101", web::post().to(check::prefetch))
        .route("/eps/v1/EPS-IF-219", web::post().to(check::check))
        .route("/eps/v1/EPS-IF-201", web::post().to(register))
        .route("/eps/v1/EPS-IF-205", web::post().to(change))
        .route("/eps/v1/EPS-IF-207", web::post().to(restore))
        .route("/eps/v1/EPS-IF-209", web::post().to(revert))
        .route("/eps/v1/EPS-IF-203", web::post().to(withdraw))
        .route("/eps/v1/EPS-IF-217", web::post().to(status))
        .route("/eps/v1/EPS-IF-220", web::post().to(search))
        .configure(inside::routes);
}

async fn health(national: web::Data<National>) -> HttpResponse {
    if national.eps_faults.is_down() { HttpResponse::ServiceUnavailable().finish() } else { HttpResponse::Ok().body("ok\n") }
}

/// Who asks, what they ask, and how it will go wrong.
struct Question {
    institution: String,
    identifier: String,
    body: Node,
}

/// What every interface does around its own part; `work` is not reached by what the service refuses to read.
async fn serve(national: &National, req: &HttpRequest, bytes: &[u8], work: impl FnOnce(&Question) -> Reply) -> HttpResponse {
    national.count_eps();
    if !national.knows(req) {
        return HttpResponse::Unauthorized().finish();
    }
    let fault = national.eps_faults.take();
    match fault {
        Some(Fault::Closed) => return HttpResponse::ServiceUnavailable().insert_header(("retry-after", "3600")).finish(),
        Some(Fault::Failing) => return HttpResponse::InternalServerError().finish(),
        Some(Fault::RateLimited) => return HttpResponse::TooManyRequests().finish(),
        Some(Fault::Timeout) => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return HttpResponse::GatewayTimeout().finish();
        }
        Some(Fault::Cut) => return cut(),
        Some(Fault::Late) => tokio::time::sleep(Duration::from_secs(12)).await,
        _ => {}
    }
    let is_check = ["EPS-IF-101", "EPS-IF-219"].iter().any(|check| req.path().ends_with(check));
    national.think(if is_check { 1 } else { 2 }).await;
    let answer = match read(bytes) {
        Ok(question) if fault == Some(Fault::Refused) => {
            Reply::error("SIME001E", "登録できない処方箋です(模擬の障害)。").of(&question.identifier)
        }
        Ok(question) => work(&question).of(&question.identifier),
        Err(words) => unread(&words),
    };
    let before = national.last_reply(&answer);
    match fault {
        Some(Fault::LostReply) => cut(),
        Some(Fault::Malformed) => xml_answer(answer.as_bytes()[..answer.len() / 2].to_vec()),
        Some(Fault::Cp932) => xml_answer(encoding_rs::SHIFT_JIS.encode(&answer.replace("UTF-8", "Shift_JIS")).0.into_owned()),
        Some(Fault::Duplicate) => xml_answer(before.unwrap_or(answer).into_bytes()),
        _ => xml_answer(answer.into_bytes()),
    }
}

/// The connection ends in the middle of the answer.
pub(super) fn cut() -> HttpResponse {
    let broken = stream::once(async { Err::<web::Bytes, _>(std::io::Error::other("cut")) });
    HttpResponse::Ok().content_type("application/xml").streaming(broken)
}

fn xml_answer(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/xml").body(body)
}

fn read(bytes: &[u8]) -> Result<Question, String> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if text.contains(&b'\n') || text.contains(&b'\r') {
        return Err("電文に改行を入れられません".into());
    }
    let root = xml::parse(bytes)?;
    if root.name != "XmlMsg" {
        return Err("最も外側は XmlMsg です".into());
    }
    root.only(&["MessageHeader", "MessageBody"])?;
    let header = root.child("MessageHeader").ok_or("MessageHeader がありません")?;
    header.only(&["MedicalInstitutionCode", "ArbitraryFileIdentifier"])?;
    let institution = header.must("MedicalInstitutionCode")?;
    if institution.len() != 10 || !institution.bytes().all(|b| b.is_ascii_digit()) {
        return Err("MedicalInstitutionCode は10桁です".into());
    }
    Ok(Question {
        institution: institution.to_owned(),
        identifier: header.must("ArbitraryFileIdentifier")?.to_owned(),
        body: root.child("MessageBody").ok_or("MessageBody がありません")?.clone(),
    })
}

/// The body of an answer: whether it went well, and what it says.
struct Reply {
    is_ok: bool,
    body: String,
}

impl Reply {
    fn ok(body: String) -> Self {
        Self { is_ok: true, body }
    }

    fn error(code: &str, words: &str) -> Self {
        let body = format!("<ProcessingResultCode>{code}</ProcessingResultCode><ProcessingResultMessage>{words}</ProcessingResultMessage>");
        Self { is_ok: false, body }
    }

    fn of(self, identifier: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><XmlMsg><MessageHeader><ArbitraryFileIdentifier>{identifier}</ArbitraryFileIdentifier>\
             <SegmentOfResult>1</SegmentOfResult><CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader><MessageBody>\
             <ProcessingResultStatus>{}</ProcessingResultStatus>{}</MessageBody></XmlMsg>",
            if self.is_ok { 1 } else { 2 },
            self.body
        )
    }
}

impl From<Refusal> for Reply {
    fn from(Refusal(code, words): Refusal) -> Self {
        Self::error(code, &words)
    }
}

fn unread(words: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><XmlMsg><MessageHeader><SegmentOfResult>9</SegmentOfResult><ErrorCode>SIMX001E</ErrorCode>\
         <ErrorMessage>{words}</ErrorMessage><CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader></XmlMsg>"
    )
}

/// IF-201: only what passes every check is held.
async fn register(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |question| taken(&national, question, false, |held| national.shelf.register(held))).await
}

/// IF-205: the same checks, and the id it takes the place of.
async fn change(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |question| match question.body.must("PrescriptionId") {
        Ok(id) => taken(&national, question, true, |held| national.shelf.change(id, held)),
        Err(words) => Reply::error("SIMX002E", &words),
    })
    .await
}

fn taken(national: &National, question: &Question, is_change: bool, keep: impl FnOnce(Held) -> Result<Held, Refusal>) -> Reply {
    let today = (Utc::now() + TimeDelta::hours(9)).date_naive();
    let request = match Request::read(&question.body, is_change) {
        Ok(request) => request,
        Err(words) => return Reply::error("SIMX002E", &words),
    };
    let (summary, signer) = match request.check(&national.anchors, Utc::now(), today) {
        Ok(checked) => checked,
        Err(findings) => return findings.reply(),
    };
    if summary.institution != question.institution {
        return Findings::record("SIMC030E", "処方箋の医療機関が送信元と違います。").reply();
    }
    let held = Held {
        id: Uuid::new_v4(),
        access_code: String::new(),
        identifier: question.identifier.clone(),
        signer,
        summary,
        status: Status::Registered,
        pharmacy: String::new(),
        message: String::new(),
        created_at: Utc::now(),
        results: Vec::new(),
        replaces: None,
    };
    match keep(held) {
        Ok(held) => {
            let ids = format!("<PrescriptionId>{}</PrescriptionId><AccessCode>{}</AccessCode>", held.id, held.access_code);
            Reply::ok(format!("{ids}<VerifyResultList><Status>1</Status><Message>検証に成功しました。</Message></VerifyResultList>"))
        }
        Err(refusal) => refusal.into(),
    }
}

/// IF-207.
async fn restore(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |q| about_one(q, |id| national.shelf.restore(&q.institution, id))).await
}

/// IF-209.
async fn revert(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |q| about_one(q, |id| national.shelf.revert(&q.institution, id))).await
}

fn about_one(q: &Question, act: impl FnOnce(&str) -> Result<(), Refusal>) -> Reply {
    match q.body.only(&["PrescriptionId"]).and_then(|()| q.body.must("PrescriptionId")) {
        Ok(id) => act(id).map_or_else(Reply::from, |()| Reply::ok(String::new())),
        Err(words) => Reply::error("SIMX002E", &words),
    }
}

/// IF-203.
async fn withdraw(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |q| about_one(q, |id| national.shelf.withdraw(&q.institution, id))).await
}

/// IF-217.
async fn status(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |q| match q.body.must("PrescriptionId") {
        Ok(id) => national.shelf.find(&q.institution, id).map_or_else(Reply::from, |held| standing(&held)),
        Err(words) => Reply::error("SIMX002E", &words),
    })
    .await
}

fn standing(held: &Held) -> Reply {
    let pharmacy = if held.pharmacy.is_empty() {
        String::new()
    } else {
        let name = escaped(&held.pharmacy);
        format!("<ReceptionPharmacyCode>1349999991</ReceptionPharmacyCode><ReceptionPharmacyName>{name}</ReceptionPharmacyName>")
    };
    // The words of the message travel in the dispensing result; the plain element is ours (独自).
    let message = if held.message.is_empty() {
        "<MessageFlg>1</MessageFlg>".to_owned()
    } else {
        format!("<MessageFlg>2</MessageFlg><PharmacyMessage>{}</PharmacyMessage>", escaped(&held.message))
    };
    Reply::ok(format!("<PrescriptionStatus>{}</PrescriptionStatus>{pharmacy}{message}{}", held.status.sentence(), results(held)))
}

/// 調剤結果 of each time; the list around the records is ours (独自).
fn results(held: &Held) -> String {
    let records = |line: &&str| ["SJ1", "101", "111", "201"].contains(&line.split(',').next().unwrap_or_default());
    let csv: String = held.summary.csv.lines().filter(records).map(|line| format!("{}\n", handed_out(&held.summary.csv, line))).collect();
    let one = |(at, result): (usize, &Dispensed)| {
        let next = result.next.map(|day| format!("<NextDispensingDate>{}</NextDispensingDate>", day.format("%Y%m%d"))).unwrap_or_default();
        format!(
            "<DispensingResultInfo><DispensingNumber>{}</DispensingNumber><DispensingDate>{}</DispensingDate>{next}<PharmacyName>{}</PharmacyName>\
             <PharmacyMessage>{}</PharmacyMessage><DispensingResult>{}</DispensingResult></DispensingResultInfo>",
            at + 1,
            result.day.format("%Y%m%d"),
            escaped(&result.pharmacy),
            escaped(&result.message),
            STANDARD.encode(&csv),
        )
    };
    let list: String = held.results.iter().enumerate().map(one).collect();
    if list.is_empty() { list } else { format!("<DispensingResultList>{list}</DispensingResultList>") }
}

/// 101 of a part, with what this part handed out.
fn handed_out(csv: &str, line: &str) -> String {
    let fields: Vec<&str> = line.split(',').collect();
    let [record @ "101", rp, form, name, _] = fields[..] else { return line.to_owned() };
    let told = csv.lines().find_map(|line| line.strip_prefix(&format!("102,{rp},"))?.split(',').next());
    told.map_or_else(|| line.to_owned(), |own| format!("{record},{rp},{form},{name},{own}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// IF-220: what this clinic registered for one insured person in a period; the sender's own name of each request is added (独自).
async fn search(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    const KNOWN: [&str; 6] =
        ["InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber", "IssueDateFrom", "IssueDateTo"];
    serve(&national, &req, &body, |q| {
        if let Err(words) = q.body.only(&KNOWN).and_then(|()| q.body.must("IssueDateFrom").map(drop)) {
            return Reply::error("SIMX002E", &words);
        }
        let (from, to) = (q.body.text_of("IssueDateFrom"), q.body.text_of("IssueDateTo"));
        let found = national.shelf.all().into_iter().filter(|held| {
            let s = &held.summary;
            let issued = s.issued_on.as_str() >= from && (to.is_empty() || s.issued_on.as_str() <= to);
            let insured = s.insurer == q.body.text_of("InsurerNumber") && s.number == q.body.text_of("InsuredIdentificationNumber");
            held.stands() && s.institution == q.institution && issued && insured
        });
        let line = |held: Held| {
            format!(
                "<PrescriptionIdList><PrescriptionId>{}</PrescriptionId><AccessCode>{}</AccessCode><CreateDateTime>{}</CreateDateTime>\
                 <ArbitraryFileIdentifier>{}</ArbitraryFileIdentifier></PrescriptionIdList>",
                held.id,
                held.access_code,
                held.created_at.format("%Y%m%d%H%M%S"),
                held.identifier
            )
        };
        Reply::ok(found.map(line).collect())
    })
    .await
}
