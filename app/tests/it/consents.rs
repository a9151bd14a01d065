//! 同意にもとづく閲覧 against the simulator: fetched in the background, shown only in time, every look and every refusal audited.
//! FN-OQ-05, FN-OQ-06, FN-OQ-07, FN-CS-17.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use domain::clock::jst;
use simulators::national::{Fault, National};
use sqlx::Row;
use tenancy::operator::Operator;
use tenancy::{Clock, TenantPool};
use tsumugi::inquiries::EligibilityDriver;
use tsumugi::outbox::Driver;
use tsumugi::outbox::deliver::Postman;
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::eligibility_query::{national, way};
use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Client, Harness, keyring, role_url};

const DRUGS: &str = "PharmacistsInfo";
const CARE: &str = "DiagnosisInfo";
const SURGERY: &str = "OperationInfo";
const CHECKUP: &str = "SpecificHealthCheckupsInfo";

/// A reception and a doctor beside the simulated services.
pub struct Desk {
    pub h: &'static Harness,
    pub here: Clinic,
    pub neighbour: Clinic,
    pub clerk: Client,
    pub doctor: Client,
    pub services: National,
    url: String,
    ahead: Arc<Mutex<TimeDelta>>,
    operator: Operator,
}

pub async fn desk() -> Desk {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let (clerk, doctor) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await);
    let (services, url) = national();
    let ahead = Arc::new(Mutex::new(TimeDelta::zero()));
    let clock = Clock::from_fn({
        let ahead = ahead.clone();
        move || Utc::now() + *ahead.lock().unwrap()
    });
    let tenants = TenantPool::new(&role_url("APP_DATABASE_URL", &h.database), 4, clock).unwrap().with_keyring(keyring());
    let operator = Operator::new(&role_url("OPERATOR_DATABASE_URL", &h.database), tenants).unwrap();
    Desk { h, here, neighbour, clerk, doctor, services, url, ahead, operator }
}

fn stamp(at: DateTime<Utc>) -> String {
    jst(at).format("%Y%m%d%H%M%S").to_string()
}

impl Desk {
    pub async fn deliver(&self) {
        let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(EligibilityDriver::new(way(&self.url), None))];
        let postman = Postman::new(self.operator.clone(), drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(self.here.id);
        while postman.round().await.unwrap() > 0 {}
    }

    /// A person touches the reader and allows these subjects until then; reception takes the result over.
    async fn touch(&self, subjects: &[&str], until: DateTime<Utc>) -> String {
        for subject in subjects {
            self.services.consents.grant("9000001", subject, jst(until));
        }
        self.take_over(&card(subjects, until, "1"), "new").await
    }

    /// Gives the patient's id.
    pub async fn take_over(&self, file: &str, patient: &str) -> String {
        let part = reqwest::multipart::Part::bytes(file.as_bytes().to_vec()).file_name("OQSsiquc01res_face_1.xml");
        let request = self.clerk.request("POST", "/reception/reader-results").multipart(reqwest::multipart::Form::new().part("file", part));
        let path = self.clerk.send(request).await.expect(303).header("location").to_owned();
        let token = if patient == "new" { "" } else { patient };
        let form = [("patient", patient), ("patient_token", token), ("choice", "0"), ("name_syllabic", "カクウ タロウ")];
        self.clerk.post(&format!("{path}/reflection"), &form).await.expect(303);
        let sql = "SELECT id FROM patient WHERE tenant_id = $1";
        let row = sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_one(&mut self.h.superuser().await).await.unwrap();
        row.get::<Uuid, _>(0).to_string()
    }

    async fn look(&self, patient: &str, door: &str, status: u16) -> String {
        self.doctor.get(&format!("/patients/{patient}/consents/{door}")).await.expect(status).body
    }

    /// How many events of this class and outcome name the patient (refusals name none).
    async fn audited(&self, class: &str, outcome: &str) -> i64 {
        let sql = "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND (info_class = $2 OR $2 = '') AND outcome = $3";
        let query = sqlx::query(sql).bind(self.here.id.as_uuid()).bind(class.to_owned()).bind(outcome.to_owned());
        query.fetch_one(&mut self.h.superuser().await).await.unwrap().get(0)
    }
}

pub fn card(subjects: &[&str], until: DateTime<Utc>, salt: &str) -> String {
    let given = stamp(until - TimeDelta::hours(24));
    let consents: String = [DRUGS, CARE, SURGERY, CHECKUP, "GenomeInfo"]
        .iter()
        .map(|subject| match subjects.contains(subject) {
            true => format!(
                "<{subject}ConsFlg>1</{subject}ConsFlg><{subject}ConsTime>{given}</{subject}ConsTime><{subject}AvailableTime>{}</{subject}AvailableTime>",
                stamp(until)
            ),
            false => format!("<{subject}ConsFlg>{}</{subject}ConsFlg>", if *subject == "GenomeInfo" { "7" } else { "0" }),
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><ArbitraryFileIdentifier>{salt}</ArbitraryFileIdentifier>\
         <ReferenceClassification>1</ReferenceClassification><SegmentOfResult>1</SegmentOfResult><CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader>\
         <MessageBody><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity><ResultList><ResultOfQualificationConfirmation>\
         <InsuredCardClassification>01</InsuredCardClassification><InsurerNumber>01139997</InsurerNumber><InsuredCardSymbol>12345678</InsuredCardSymbol>\
         <InsuredIdentificationNumber>9000001</InsuredIdentificationNumber><InsuredBranchNumber>00</InsuredBranchNumber><PersonalFamilyClassification>1</PersonalFamilyClassification>\
         <Name>架空　太郎</Name><NameKana>ｶｸｳ ﾀﾛｳ</NameKana><Sex1>1</Sex1><Birthdate>19750401</Birthdate><QualificationDate>20200401</QualificationDate>\
         <InsurerName>架空保険</InsurerName>{consents}</ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>"
    )
}

pub fn tomorrow() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(23)
}

/// FN-OQ-05: no consent is a refusal that is recorded; with it the list is there; each look is audited under its own class.
#[tokio::test]
async fn drugs_are_seen_under_their_consent_and_every_look_is_audited() {
    let d = desk().await;
    let patient = d.touch(&[DRUGS], tomorrow()).await;
    assert!(d.look(&patient, "medication", 200).await.contains("取り寄せています"), "nobody waits for the service");
    d.deliver().await;
    let page = d.look(&patient, "medication", 200).await;
    for words in ["架空アムロ錠５ｍｇ", "架空内科クリニック", "レセプト", "架空軟膏０．１％", "調剤結果", "旧品目コードの薬"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("data-shown-for=\"82") && !page.contains("特定疾患療養管理料"));
    assert_eq!(d.audited("medication_history", "success").await, 2);
    assert_eq!(d.audited("", "refused").await, 0);
    for door in ["care", "checkup"] {
        assert!(d.look(&patient, door, 403).await.contains("患者の同意がない"), "{door}");
    }
    assert_eq!(d.audited("", "refused").await, 2);
    assert!(d.doctor.get(&format!("/patients/{patient}/consents/medication")).await.expect(200).statements() <= 12);
    let list = d.doctor.get_fragment(&format!("/patients/{patient}/consents")).await.expect(200);
    assert!(list.body.contains("届いています") && list.body.contains("GenomeInfo") && list.body.contains("区分 7"), "{}", list.body);
    assert!(!list.body.contains("<html") && list.statements() <= 12);
    // 医療事務 sees that there is a consent, and nothing under it; the neighbour sees nothing at all.
    let seen = d.clerk.get(&format!("/patients/{patient}/consents")).await.expect(200).body;
    assert!(seen.contains("薬剤") && !seen.contains("consents/medication\""));
    d.clerk.get(&format!("/patients/{patient}/consents/medication")).await.expect(403);
    d.neighbour.client(d.h, Role::Doctor).await.get(&format!("/patients/{patient}/consents/medication")).await.expect(404);
}

/// The list items of the page that speak of this medicine.
fn items<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    page.split("<li>").filter(|item| item.starts_with(name)).collect()
}

/// FN-EP-13: a medicine told by claim, prescription and dispensing is one line that names them; what differs is said; what was only
/// prescribed says so.
#[tokio::test]
async fn a_medicine_of_several_sources_is_shown_once_with_its_sources() {
    let d = desk().await;
    let patient = d.touch(&[DRUGS], tomorrow()).await;
    d.deliver().await;
    let page = d.look(&patient, "medication", 200).await;
    let amlo = items(&page, "架空アムロ錠５ｍｇ");
    assert_eq!(amlo.len(), 1, "{page}");
    for source in ["レセプト", "電子処方箋", "調剤結果"] {
        assert!(amlo[0].contains(source), "{source}: {}", amlo[0]);
    }
    let loxo = items(&page, "架空ロキソ錠６０ｍｇ");
    assert!(
        loxo.len() == 1 && loxo[0].contains("×7") && loxo[0].contains("電子処方箋では 3錠 ×14") && !loxo[0].contains("調剤結果"),
        "{loxo:?}"
    );
    assert_eq!(items(&page, "架空アレルギ錠１０ｍｇ").len(), 1);
    assert!(page.contains("架空耳鼻科(処方。調剤の情報はまだありません)"));
}

/// FN-EP-13: what came is asked for anew while the consent lasts; until the new answer is there, and when none comes, the old one stays.
#[tokio::test]
async fn the_latest_is_fetched_by_a_press_and_nothing_is_lost_over_it() {
    let d = desk().await;
    let patient = d.touch(&[DRUGS], tomorrow()).await;
    d.deliver().await;
    let press = async |status: u16| {
        let page = d.look(&patient, "medication", 200).await;
        let part = |of: &str, begin: &str| of.split(begin).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let form = page.split("<form").find(|form| form.contains("最新を取り寄せる")).unwrap_or_else(|| panic!("{page}")).to_owned();
        let (action, version) = (part(&form, "action=\""), part(&form, "name=\"version\" value=\""));
        let answer = d.doctor.post(&action, &[("patient_token", patient.as_str()), ("version", &version)]).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    };
    let backwards = "UPDATE consented_record SET requested_at = requested_at - interval '2 minutes' WHERE tenant_id = $1";
    let wait = async || sqlx::query(backwards).bind(d.here.id.as_uuid()).execute(&mut d.h.superuser().await).await.map(drop).unwrap();
    press(422).await;
    wait().await;
    press(303).await;
    press(422).await;
    assert!(d.look(&patient, "medication", 200).await.contains("架空アムロ錠５ｍｇ"), "the old answer stays meanwhile");
    d.deliver().await;
    let asked = d.services.asked();
    wait().await;
    d.services.consents.grant("9000001", DRUGS, jst(Utc::now() - TimeDelta::seconds(1)));
    press(303).await;
    d.deliver().await;
    let page = d.look(&patient, "medication", 200).await;
    assert!(page.contains("新しくは取り寄せられませんでした") && page.contains("架空アムロ錠５ｍｇ"), "{page}");
    assert_eq!(d.services.asked(), asked + 1);
}

/// FN-EP-13: where the reader asks for 処方・調剤 apart, each consent opens its own sources; the service may tell more, the page does not.
#[tokio::test]
async fn recent_prescriptions_have_a_consent_of_their_own() {
    for (drugs, recent) in [(true, false), (false, true), (true, true), (false, false)] {
        let d = desk().await;
        for subject in [DRUGS, "PrescriptionInfo"] {
            d.services.consents.grant("9000001", subject, jst(tomorrow()));
        }
        let subjects: &[&str] = if drugs { &[DRUGS] } else { &[] };
        let given = stamp(tomorrow());
        let said = match recent {
            true => format!(
                "<PrescriptionInfoConsFlg>1</PrescriptionInfoConsFlg><PrescriptionInfoAvailableTime>{given}</PrescriptionInfoAvailableTime>"
            ),
            false => "<PrescriptionInfoConsFlg>0</PrescriptionInfoConsFlg>".to_owned(),
        };
        let file = card(subjects, tomorrow(), "1").replacen("<PharmacistsInfoConsFlg>", &format!("{said}<PharmacistsInfoConsFlg>"), 1);
        let patient = d.take_over(&file, "new").await;
        d.deliver().await;
        let page = d.look(&patient, "medication", if drugs || recent { 200 } else { 403 }).await;
        assert_eq!(items(&page, "架空プレガ錠７５ｍｇ").len(), usize::from(drugs), "claims {drugs} {recent}");
        assert_eq!(items(&page, "架空軟膏０．１％").len(), usize::from(recent), "recent {drugs} {recent}");
        let amlo = items(&page, "架空アムロ錠５ｍｇ");
        assert_eq!(amlo.len(), usize::from(drugs || recent));
        assert_eq!(amlo.iter().any(|item| item.contains("レセプト")), drugs, "no source is named that may not tell: {amlo:?}");
        assert_eq!(page.contains("処方・調剤の情報には同意がない"), drugs && !recent);
        assert_eq!(page.contains("レセプトの薬剤情報には同意がない"), recent && !drugs);
    }
}

/// A result of our own laboratory, as entered.
async fn laboratory(d: &Desk, (patient, visit): (&str, Uuid), (code, value, unit): (&str, &str, &str)) {
    let sql = "WITH o AS (INSERT INTO service_request (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id,
            encounter_id, category, code, name, specimen, procedure_code, quantity, position, is_stat, due_on, note)
          VALUES ($1, gen_random_uuid(), 1, now(), $2, $2, 'resulted', ''::bytea, $3::uuid, $4, 'laboratory', $5, $5, '', '', 1, 1, false, current_date, '')
          RETURNING id)
        INSERT INTO observation_result (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id,
            service_request_id, code, name, value_text, unit, reference_low, reference_high, flag, ordered_by_id, observed_at)
        SELECT $1, gen_random_uuid(), 1, now(), $2, $2, 'unread', ''::bytea, $3::uuid, o.id, $5, $5, $6, $7, '', '', '', $2, now() FROM o";
    let staff = d.here.staff_of(Role::Doctor).as_uuid();
    let query = sqlx::query(sql).bind(d.here.id.as_uuid()).bind(staff).bind(patient).bind(visit).bind(code).bind(value).bind(unit);
    query.execute(&mut d.h.superuser().await).await.unwrap();
}

/// FN-OQ-07: what was measured here stands beside the same item of the checkups, in the same unit, each under its own name.
#[tokio::test]
async fn checkups_stand_beside_our_own_values() {
    let d = desk().await;
    let patient = d.touch(&[CHECKUP], tomorrow()).await;
    d.deliver().await;
    let alone = d.look(&patient, "checkup", 200).await;
    let table = alone.split("<table").nth(1).and_then(|rest| rest.split("</table>").next()).unwrap_or_default();
    assert!(table.contains("HbA1c(NGSP)") && table.contains("<rect") && !table.contains("<circle"), "{alone}");
    let visit: Uuid = {
        let sql = "SELECT id FROM encounter WHERE tenant_id = $1";
        sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0)
    };
    let (key, at) = (Uuid::now_v7().to_string(), (jst(Utc::now()) - TimeDelta::minutes(1)).format("%Y-%m-%dT%H:%M").to_string());
    let measured =
        [("wt", "70.8"), ("sbp", "141"), ("dbp", "88"), ("measured_at", &at), ("patient_token", &patient), ("idempotency_key", &key)];
    d.doctor.post(&format!("/encounters/{visit}/vitals"), &measured).await.expect(303);
    let page = d.look(&patient, "checkup", 200).await;
    let row = |name: &str| page.split("<tr>").find(|row| row.contains(name)).unwrap_or_default().to_owned();
    assert!(row("体重").contains("72.5") && row("体重").contains("70.8") && row("体重").contains("<circle"), "{page}");
    assert!(row("収縮期血圧").contains("134") && row("収縮期血圧").contains("141"));
    assert!(row("体重").contains("当院 70.8") && row("体重").contains("2025-06-03 健診 70.1"), "said in words too");
    assert!(!row("HbA1c").contains("<circle") && !page.contains(">88<"), "nothing is put beside what was not measured");
    // A laboratory result of ours, and one in another unit.
    for (code, value, unit) in [("SMP-A1C", "6.3", "%"), ("SMP-A1C", "45", "mmol/mol")] {
        laboratory(&d, (&patient, visit), (code, value, unit)).await;
    }
    let page = d.look(&patient, "checkup", 200).await;
    let row = page.split("<tr>").find(|row| row.contains("HbA1c")).unwrap_or_default();
    assert!(row.contains("6.3") && row.contains("当院 6.3") && row.contains("健診 5.9") && !row.contains("45"), "{row}");
    let fragment = d.doctor.get_fragment(&format!("/patients/{patient}/consents/checkup")).await.expect(200);
    assert!(fragment.statements() <= 12);
    // Nothing of the checkups came into our record.
    let own = d.doctor.get(&format!("/encounters/{visit}/vitals")).await.expect(200).body;
    assert!(own.contains("70.8") && !own.contains("72.5"));
}

/// FN-OQ-06, FN-OQ-07: every combination of 薬剤, 診療 and 特定健診 opens exactly its own.
#[tokio::test]
async fn each_of_the_eight_combinations_opens_exactly_its_own() {
    for bits in 0..8u8 {
        let d = desk().await;
        let all = [(DRUGS, "medication"), (CARE, "care"), (CHECKUP, "checkup")];
        let given = |n: usize| bits & (1 << n) != 0;
        let subjects: Vec<&str> = (0..3).filter(|n| given(*n)).map(|n| all[n].0).collect();
        let patient = d.touch(&subjects, tomorrow()).await;
        d.deliver().await;
        for (n, (_, door)) in all.iter().enumerate() {
            let page = d.look(&patient, door, if given(n) { 200 } else { 403 }).await;
            let is = |words: &str, door_of: &str| assert_eq!(page.contains(words), given(n) && *door == door_of, "{bits} {door} {words}");
            is("架空アムロ錠５ｍｇ", "medication");
            is("特定疾患療養管理料", "care");
            is("HbA1c", "checkup");
        }
    }
}

/// FN-OQ-06: 診療 without 手術 shows no operation, nor what cannot be told from one; 手術 alone shows only operations.
#[tokio::test]
async fn surgery_has_a_consent_of_its_own() {
    for (subjects, surgery, unknown, checks) in
        [(vec![CARE], false, false, true), (vec![CARE, SURGERY], true, true, true), (vec![SURGERY], true, false, false)]
    {
        let d = desk().await;
        // The service would tell more than was allowed here: the page still does not.
        for subject in [CARE, SURGERY] {
            d.services.consents.grant("9000001", subject, jst(tomorrow()));
        }
        let patient = d.take_over(&card(&subjects, tomorrow(), "1"), "new").await;
        d.deliver().await;
        let page = d.look(&patient, "care", 200).await;
        assert_eq!(page.contains("胃切除術"), surgery, "{subjects:?}");
        assert_eq!(page.contains("識別 Z9"), unknown, "{subjects:?}");
        assert_eq!(page.contains("末梢血液一般検査"), checks, "{subjects:?}");
    }
}

/// FN-OQ-05: the end of a consent is the end of the view: the server gives nothing any more, and says so.
#[tokio::test]
async fn nothing_is_given_after_the_consent_has_ended() {
    let d = desk().await;
    let patient = d.touch(&[DRUGS], Utc::now() + TimeDelta::seconds(4)).await;
    d.deliver().await;
    let page = d.look(&patient, "medication", 200).await;
    assert!(page.contains("架空アムロ錠５ｍｇ") && page.contains("data-shown-for=\""), "{page}");
    tokio::time::sleep(std::time::Duration::from_millis(5200)).await;
    let over = d.look(&patient, "medication", 403).await;
    assert!(!over.contains("架空アムロ"));
    let list = d.doctor.get_fragment(&format!("/patients/{patient}/consents?part=list")).await.expect(200).body;
    assert!(list.contains("閲覧期間の終了") && list.contains("data-open-consents=\"\""), "{list}");
}

/// The last word counts: another reading without a consent takes it back at once.
#[tokio::test]
async fn a_later_reading_without_consent_closes_what_was_open() {
    let d = desk().await;
    let patient = d.touch(&[DRUGS, CARE], tomorrow()).await;
    d.deliver().await;
    d.look(&patient, "medication", 200).await;
    d.take_over(&card(&[CARE], tomorrow(), "2"), &patient).await;
    d.look(&patient, "medication", 403).await;
    // What was fetched under the earlier consent is not shown under the later one.
    assert!(d.look(&patient, "care", 200).await.contains("取り寄せています"));
    d.deliver().await;
    assert!(d.look(&patient, "care", 200).await.contains("特定疾患療養管理料"));
}

/// FN-OQ-02: a result by number carries no consent, whatever the file claims; a consent without an end opens nothing.
#[tokio::test]
async fn a_result_by_number_or_without_an_end_opens_nothing() {
    let d = desk().await;
    let by_number = card(&[DRUGS], tomorrow(), "1").replace("<ReferenceClassification>1<", "<ReferenceClassification>2<");
    let patient = d.take_over(&by_number, "new").await;
    d.look(&patient, "medication", 403).await;
    let until = stamp(tomorrow());
    let endless = card(&[DRUGS], tomorrow(), "2").replace(&format!("<{DRUGS}AvailableTime>{until}</{DRUGS}AvailableTime>"), "");
    d.take_over(&endless, &patient).await;
    d.look(&patient, "medication", 403).await;
    d.deliver().await;
    assert_eq!(d.services.asked(), 1, "only the number is registered: nothing is asked for what may not be seen");
}

/// Bad replies: none is kept, none is shown, and the right one is taken when it comes.
#[tokio::test]
async fn a_reply_that_is_not_ours_is_never_shown() {
    let d = desk().await;
    // The card's number is registered beforehand, so that only the history is asked for below.
    let patient = d.take_over(&card(&[], tomorrow(), "0"), "new").await;
    d.deliver().await;
    for fault in [
        Fault::OtherPerson,
        Fault::OtherFacility,
        Fault::OtherQuestion,
        Fault::Entities,
        Fault::Flood,
        Fault::Malformed,
        Fault::RateLimited,
    ] {
        d.services.faults.next(fault, 1);
    }
    d.services.consents.grant("9000001", DRUGS, jst(tomorrow()));
    d.take_over(&card(&[DRUGS], tomorrow(), "1"), &patient).await;
    for _ in 0..7 {
        d.deliver().await;
        assert!(d.look(&patient, "medication", 200).await.contains("取り寄せています"));
        *d.ahead.lock().unwrap() += TimeDelta::minutes(3);
    }
    *d.ahead.lock().unwrap() += TimeDelta::minutes(2);
    d.deliver().await;
    assert!(d.look(&patient, "medication", 200).await.contains("架空アムロ錠５ｍｇ"));
    assert_eq!(d.services.asked(), 1 + 8);
}

/// A refusal is said in the service's words and can be tried anew while the consent lasts; a second press finds it changed.
#[tokio::test]
async fn what_was_refused_is_fetched_again_by_a_press() {
    let d = desk().await;
    // The reader's consent has not reached the service yet.
    let patient = d.take_over(&card(&[DRUGS], tomorrow(), "1"), "new").await;
    d.deliver().await;
    let page = d.doctor.get(&format!("/patients/{patient}/consents")).await.expect(200).body;
    assert!(page.contains("閲覧の同意がないか、期限が過ぎています") && page.contains("もう一度取り寄せる"), "{page}");
    let action = page.split("action=\"").find(|part| part.starts_with("/consented-records/")).unwrap().split('"').next().unwrap();
    d.services.consents.grant("9000001", DRUGS, jst(tomorrow()));
    let form = [("patient_token", patient.as_str()), ("version", "2")];
    d.doctor.post(action, &[("patient_token", Uuid::max().to_string().as_str()), ("version", "2")]).await.expect(422);
    d.doctor.post(action, &[("patient_token", patient.as_str()), ("version", "x")]).await.expect(422);
    d.doctor.post(action, &form).await.expect(303);
    d.doctor.post(action, &form).await.expect(409);
    d.deliver().await;
    assert!(d.look(&patient, "medication", 200).await.contains("架空アムロ錠５ｍｇ"));
    d.neighbour.client(d.h, Role::Doctor).await.post(action, &form).await.expect(404);
}

/// What arrived is kept sealed: no drug name stands in the clear.
#[tokio::test]
async fn what_arrives_is_kept_sealed() {
    let d = desk().await;
    d.touch(&[DRUGS], tomorrow()).await;
    d.deliver().await;
    let sql = "SELECT count(*), coalesce(bool_or(position('アムロ'::bytea in raw) > 0), false) FROM consented_record WHERE tenant_id = $1 AND raw IS NOT NULL";
    let sql = sql.replace("'アムロ'::bytea", "convert_to('アムロ', 'UTF8')");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<bool, _>(1)), (1, false));
}

/// Each exchange is kept raw and sealed; an administrator opens it with a reason, and the look is audited with it.
#[tokio::test]
async fn an_exchange_is_opened_by_an_administrator_with_a_reason() {
    let d = desk().await;
    let patient = d.touch(&[DRUGS], tomorrow()).await;
    d.deliver().await;
    let admin = d.here.client(d.h, Role::ClinicAdmin).await;
    let list = admin.get("/exchanges").await.expect(200);
    assert!(list.body.contains("薬剤・診療情報の取得") && !list.body.contains("アムロ") && list.statements() <= 4, "{}", list.body);
    let row = list.body.split("<tr>").find(|row| row.contains("薬剤・診療情報の取得")).unwrap();
    let path = row.split("href=\"").find(|part| part.starts_with("/exchanges/")).unwrap().split('"').next().unwrap();
    let closed = admin.get(path).await.expect(200).body;
    assert!(closed.contains("開く理由") && !closed.contains("アムロ"));
    let without = admin.post(path, &[("patient_token", patient.as_str())]).await.expect(422).body;
    assert!(without.contains("開く理由を選んでください") && !without.contains("アムロ"));
    admin.post(path, &[("patient_token", ""), ("purpose", "disclosure")]).await.expect(422);
    let open = admin.post(path, &[("patient_token", patient.as_str()), ("purpose", "disclosure")]).await.expect(200).body;
    assert!(open.contains("架空アムロ錠５ｍｇ") && open.contains("FileCategory"), "{open}");
    let sql = "SELECT detail->>'purpose' FROM audit_event WHERE tenant_id = $1 AND info_class = 'exchange' AND detail->>'opened' = 'true' AND $2 = ANY(subject_ids)";
    let query = sqlx::query(sql).bind(d.here.id.as_uuid()).bind(patient.parse::<Uuid>().unwrap());
    assert_eq!(query.fetch_one(&mut d.h.superuser().await).await.unwrap().get::<String, _>(0), "disclosure");
    for role in [Role::Doctor, Role::Clerk] {
        d.here.client(d.h, role).await.get(path).await.expect(403);
    }
    d.neighbour.client(d.h, Role::ClinicAdmin).await.get(path).await.expect(404);
}

/// KPI-04: a look at something that had arrived counts under what it showed; what was refused or had not come yet does not, and the
/// neighbour's is the neighbour's. The public numbers know the subject and nobody's name.
#[tokio::test]
async fn a_months_looks_are_counted_by_what_was_shown() {
    let d = desk().await;
    let patient = d.touch(&[DRUGS, CARE, SURGERY], tomorrow()).await;
    d.look(&patient, "medication", 200).await;
    d.deliver().await;
    for door in ["medication", "medication", "care"] {
        d.look(&patient, door, 200).await;
    }
    d.look(&patient, "checkup", 403).await;
    let page = d.here.client(d.h, Role::ClinicAdmin).await.get("/reception/figures").await.expect(200);
    assert!(page.statements() <= 12, "{} statements", page.statements());
    let squeezed: String = page.body.split_whitespace().collect();
    for (words, count) in [("薬剤情報", 2), ("診療情報", 1), ("手術の情報", 1), ("特定健診等情報", 0)] {
        assert!(squeezed.contains(&format!("{words}</th><tdclass=\"num\">{count}</td>")), "{words}: {}", page.body);
    }
    let next_door = d.neighbour.client(d.h, Role::ClinicAdmin).await.get("/reception/figures").await.expect(200).body;
    assert!(next_door.split_whitespace().collect::<String>().contains("薬剤情報</th><tdclass=\"num\">0</td>"));
    let numbers = d.h.metrics.text().unwrap();
    for subject in [DRUGS, SURGERY] {
        assert!(numbers.contains(&format!("tsumugi_consent_views_total{{category=\"{subject}\"}}")), "{numbers}");
    }
}
