//! 医療費助成 that comes with the card (PMH): rows of 公費, the order they pay in, and what is left to the patient. FN-PL-01, FN-OQ-08.

use chrono::{Datelike, Utc};
use domain::Role;
use domain::clock::clinic_day;
use sqlx::Row;
use uuid::Uuid;

use crate::billing::Counter;
use crate::fixtures::two_clinics;
use crate::harness::Harness;

const TOWN: &str = "80137011";
const STATE: &str = "54136015";

fn subsidy(payer: &str, recipient: &str, cap: &str, more: &str) -> String {
    let year = clinic_day(Utc::now(), 0).year();
    let cap = if cap.is_empty() { String::new() } else { format!("<MaxCopaymentAmount>{cap}</MaxCopaymentAmount>") };
    format!(
        "<PublicMedicalHubInfo><MedicalSubsidyInsurerNumber>{payer}</MedicalSubsidyInsurerNumber><MedicalSubsidyRecipientNumber>{recipient}</MedicalSubsidyRecipientNumber>\
         <CertificationName>架空の受給者証</CertificationName>{more}{cap}<ValidFrom>{year}0101</ValidFrom><ValidTo>{}1231</ValidTo></PublicMedicalHubInfo>",
        year + 1
    )
}

fn card(subsidies: &str, salt: &str) -> String {
    format!(
        "<XmlMsg><MessageHeader><ArbitraryFileIdentifier>{salt}</ArbitraryFileIdentifier><ReferenceClassification>1</ReferenceClassification>\
         <SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody><ProcessingResultStatus>1</ProcessingResultStatus>\
         <QualificationValidity>1</QualificationValidity><ResultList><ResultOfQualificationConfirmation><InsurerNumber>01139997</InsurerNumber>\
         <InsuredIdentificationNumber>9000001</InsuredIdentificationNumber><Name>架空　太郎</Name><NameKana>ｶｸｳ ﾀﾛｳ</NameKana><Sex1>1</Sex1>\
         <Birthdate>19750401</Birthdate><QualificationDate>20200401</QualificationDate><InsuredPartialContributionRatio>030</InsuredPartialContributionRatio>\
         <PublicMedicalHubResultList>{subsidies}</PublicMedicalHubResultList></ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>"
    )
}

async fn counter() -> Counter {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let (clerk, doctor) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await);
    Counter { h, here, neighbour, clerk, doctor, patient: "new".into() }
}

impl Counter {
    /// The page of a reading, and its address.
    async fn read(&self, file: &str) -> (String, String) {
        let part = reqwest::multipart::Part::bytes(file.as_bytes().to_vec()).file_name("OQSsiquc01res_face_1.xml");
        let request = self.clerk.request("POST", "/reception/reader-results").multipart(reqwest::multipart::Form::new().part("file", part));
        let path = self.clerk.send(request).await.expect(303).header("location").to_owned();
        (self.clerk.get(&path).await.expect(200).body, path)
    }

    /// Taken over; gives the visit.
    async fn taken(&mut self, path: &str) -> String {
        let token = if self.patient == "new" { "" } else { self.patient.as_str() };
        let form = [("patient", self.patient.as_str()), ("patient_token", token), ("choice", "0")];
        let done = self.clerk.post(&format!("{path}/reflection"), &form).await.expect(303);
        let visit = done.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let sql = "SELECT patient_id FROM encounter WHERE id = $1";
        let id: Uuid = visit.parse().unwrap();
        self.patient = sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap().get::<Uuid, _>(0).to_string();
        visit
    }

    async fn charged(&mut self, file: &str, points: &str) -> String {
        let (_, path) = self.read(file).await;
        let visit = self.taken(&path).await;
        self.over(&visit).await;
        self.add(&visit, &[("q", "見本の治療"), ("points", points)]).await.expect(303);
        visit
    }

    /// 負担者番号, 受給者番号, rank and limit of every 公費, by rank.
    async fn public(&self) -> Vec<(String, String, i32, Option<i32>)> {
        let sql = "SELECT insurer_number, insured_number, priority, cap_yen FROM coverage WHERE tenant_id = $1 AND kind = 'public_expense' ORDER BY priority";
        let rows = sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_all(&mut self.h.superuser().await).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
    }
}

/// What the page asks for.
fn due(page: &str) -> i64 {
    let after = page.split("id=\"amount\"").nth(1).unwrap_or_else(|| panic!("nothing to pay: {page}"));
    after.split("value=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
}

/// FN-PL-01: two certificates, the town's first in the file: the state's pays first, each up to its month's limit.
#[tokio::test]
async fn two_certificates_of_the_card_pay_in_their_order() {
    let mut c = counter().await;
    let both = subsidy(TOWN, "0001234567", "500", "") + &subsidy(STATE, "1234566", "1500", "");
    let (page, _) = c.read(&card(&both, "0")).await;
    assert!(page.contains("医療費助成") && page.contains("難病") && page.contains("上限 1,500円/月"), "{page}");
    let first = c.charged(&card(&both, "0"), "1000").await;
    assert_eq!(c.public().await, [(STATE.into(), "1234566".into(), 1, Some(1_500)), (TOWN.into(), "0001234567".into(), 2, Some(500))]);
    let page = c.page(&first).await;
    assert!(page.statements() <= 12, "{} statements", page.statements());
    let squeezed: String = page.body.split_whitespace().collect();
    assert!(
        squeezed.contains("第1公費難病上限1500円/月</dt><dd>−1,500") && squeezed.contains("第2公費地方単独上限500円/月</dt><dd>−1,000"),
        "{}",
        page.body
    );
    assert_eq!(due(&page.body), 500);
    c.pay(&first, &[("amount", "500"), ("method", "cash")]).await.expect(303);
    // The limits of the month are reached: nothing is left to ask for.
    let second = c.charged(&card(&both, "1"), "1000").await;
    assert_eq!(c.public().await.len(), 2, "renewed, not doubled");
    assert_eq!(due(&c.page(&second).await.body), 0);
    // Entered by hand it is as it was before there were certificates; both at once is not one thing.
    let by_hand = [("copay", "30"), ("public_yen", "1000"), ("public_rule", "hand")];
    c.act(&format!("/encounters/{second}/billing-terms"), &second, &by_hand).await.expect(303);
    assert_eq!(due(&c.page(&second).await.body), 2_000);
    let torn = [("copay", "30"), ("public_yen", "1000"), ("public_rule", "auto")];
    let refused = c.act(&format!("/encounters/{second}/billing-terms"), &second, &torn).await.expect(422).body;
    assert!(refused.contains("手で入れるときは"), "{refused}");
    let auto = [("copay", "30"), ("public_yen", "0"), ("public_rule", "auto")];
    c.act(&format!("/encounters/{second}/billing-terms"), &second, &auto).await.expect(303);
    assert_eq!(due(&c.page(&second).await.body), 0);
}

/// FN-PL-01: what is paid back elsewhere is paid here; what names no limit, a wrong payer or another time changes nothing by itself.
#[tokio::test]
async fn a_certificate_that_does_not_pay_here_leaves_the_share() {
    let mut c = counter().await;
    let back = subsidy(TOWN, "0001234567", "0", "<IsAlwaysReimbursement>1</IsAlwaysReimbursement>");
    let visit = c.charged(&card(&back, "0"), "1000").await;
    let page = c.page(&visit).await.body;
    assert!(page.contains("あとで払い戻される") && due(&page) == 3_000, "{page}");

    let mut c = counter().await;
    let visit = c.charged(&card(&subsidy(STATE, "1234566", "", ""), "0"), "1000").await;
    let page = c.page(&visit).await.body;
    assert!(page.contains("計算に入れていません") && due(&page) == 3_000, "{page}");

    let mut c = counter().await;
    let ended = subsidy(STATE, "1234566", "0", "")
        .replace("<ValidTo>", "<ValidTo>20200331</ValidTo><Old>")
        .replace("</ValidTo></Pub", "</Old></Pub");
    let wrong = subsidy("54136016", "1234566", "0", "");
    let (page, path) = c.read(&card(&(wrong + &ended), "0")).await;
    assert!(page.contains("検証番号が合わないため、登録しません"), "{page}");
    c.taken(&path).await;
    assert_eq!(c.public().await, []);
}

/// R1, R2: the worst certificates are refused with a sentence, and nothing is kept.
#[tokio::test]
async fn certificates_that_cannot_be_are_refused() {
    let c = counter().await;
    for (broken, element) in [
        (subsidy(STATE, &"9".repeat(31), "0", ""), "MedicalSubsidyRecipientNumber"),
        (subsidy(STATE, "", "0", ""), "MedicalSubsidyRecipientNumber"),
        (subsidy(STATE, "1234566", "-1", ""), "MaxCopaymentAmount"),
        (subsidy(STATE, "1234566", "99999999", ""), "MaxCopaymentAmount"),
        (subsidy(STATE, "1234566", "0", "").replace("1231<", "1331<"), "ValidTo"),
    ] {
        let part = reqwest::multipart::Part::bytes(card(&broken, "0").into_bytes()).file_name("OQSsiquc01res_face_1.xml");
        let request = c.clerk.request("POST", "/reception/reader-results").multipart(reqwest::multipart::Form::new().part("file", part));
        let page = c.clerk.send(request).await.expect(422).body;
        assert!(page.contains(element), "{element}: {page}");
    }
}

/// FN-OQ-08: 医療扶助 alone: the 医療券 says what is the patient's, and the rest is the ward's.
#[tokio::test]
async fn assistance_alone_leaves_what_its_ticket_says() {
    for (ticket_says, left) in [("<SelfPayAmount>3000</SelfPayAmount>", 3_000), ("", 0)] {
        let mut c = counter().await;
        let ticket = format!(
            "<PublicExpenseResultList><MedicalTicketInfo><TicketType>01</TicketType><DesignatedMedicalInstitutionFlag>0</DesignatedMedicalInstitutionFlag>\
             {ticket_says}<SingleOrCombinedUse>01</SingleOrCombinedUse></MedicalTicketInfo></PublicExpenseResultList>"
        );
        let file = card("", "0")
            .replace(
                "<ResultOfQualificationConfirmation><InsurerNumber>01139997<",
                "<ResultOfQualificationConfirmation><InsuredCardClassification>A1</InsuredCardClassification><InsurerNumber>12130019<",
            )
            .replace("<InsuredPartialContributionRatio>030</InsuredPartialContributionRatio>", &ticket);
        let visit = c.charged(&file, "1000").await;
        let page = c.page(&visit).await.body;
        assert_eq!(due(&page), left, "{page}");
    }
}

/// A result of its own for 医療扶助, `02` beside an insurance.
fn assistance(combination: &str) -> String {
    format!(
        "<ResultOfQualificationConfirmation><InsuredCardClassification>A1</InsuredCardClassification><InsurerNumber>{WARD}</InsurerNumber>\
         <InsuredIdentificationNumber>9000019</InsuredIdentificationNumber><Name>架空 太郎</Name><NameKana>ｶｸｳ ﾀﾛｳ</NameKana><Sex1>1</Sex1>\
         <Birthdate>19750401</Birthdate><InsurerName>架空区福祉事務所</InsurerName><PublicExpenseResultList><MedicalTicketInfo><TicketType>01</TicketType>\
         <DesignatedMedicalInstitutionFlag>0</DesignatedMedicalInstitutionFlag><MedicalTreatmentType>02</MedicalTreatmentType><SelfPayAmount>500</SelfPayAmount>\
         <SingleOrCombinedUse>{combination}</SingleOrCombinedUse></MedicalTicketInfo><MedicalTicketInfo><TicketType>02</TicketType>\
         <DesignatedMedicalInstitutionFlag>1</DesignatedMedicalInstitutionFlag><DesignatedMedicalInstitutionName>架空薬局</DesignatedMedicalInstitutionName>\
         <PrescriptionIssuerMedicalInstitutionName>架空診療所</PrescriptionIssuerMedicalInstitutionName></MedicalTicketInfo></PublicExpenseResultList>\
         </ResultOfQualificationConfirmation>"
    )
}

const WARD: &str = "12130019";

/// The insurance with its certificates, and 医療扶助 beside it.
fn both(subsidies: &str, salt: &str) -> String {
    card(subsidies, salt).replace("</ResultList>", &format!("{}</ResultList>", assistance("02")))
}

/// The reading of 医療扶助 by itself.
fn alone(combination: &str, salt: &str) -> String {
    let whole = card("", salt);
    let (before, rest) = whole.split_once("<ResultOfQualificationConfirmation>").unwrap();
    let (_, after) = rest.split_once("</ResultOfQualificationConfirmation>").unwrap();
    format!("{before}{}{after}", assistance(combination))
}

/// FN-OQ-08: 医療扶助 beside an insurance is a 公費 that pays after every other, up to what its 医療券 leaves to the patient; a 調剤券 is shown
/// and pays nothing here.
#[tokio::test]
async fn assistance_beside_an_insurance_pays_last() {
    let mut c = counter().await;
    let file = both(&subsidy(STATE, "1234566", "1500", ""), "0");
    let (page, _) = c.read(&file).await;
    assert!(page.contains("医療扶助(併用)") && page.contains("12130019 架空区福祉事務所") && !page.contains("候補 2件"), "{page}");
    assert!(page.contains("医療券 併用 入院外 本人負担 500円") && page.contains("調剤券 処方元 架空診療所"), "{page}");
    let visit = c.charged(&file, "1000").await;
    assert_eq!(c.public().await, [(STATE.into(), "1234566".into(), 1, Some(1_500)), (WARD.into(), "9000019".into(), 2, Some(500))]);
    let page = c.page(&visit).await;
    assert!(page.statements() <= 12, "{} statements", page.statements());
    let squeezed: String = page.body.split_whitespace().collect();
    assert!(squeezed.contains("第2公費生活保護上限500円/月</dt><dd>−1,000"), "{}", page.body);
    assert_eq!(due(&page.body), 500);
    c.pay(&visit, &[("amount", "500"), ("method", "cash")]).await.expect(303);
    // What the 医療券 leaves to the patient is of the month, not of each visit.
    let second = c.charged(&both("", "1"), "1000").await;
    assert_eq!(due(&c.page(&second).await.body), 0);
    assert!(c.clerk.get(&format!("/patients/{}", c.patient)).await.expect(200).body.contains("医療券 併用 入院外 本人負担 500円"));
}

/// FN-OQ-08: read by itself, 併用 leaves the insurance as it is; 単独 afterwards takes the place of both.
#[tokio::test]
async fn assistance_read_by_itself_stands_beside_the_insurance_until_it_is_alone() {
    let mut c = counter().await;
    c.charged(&card("", "0"), "100").await;
    let (page, path) = c.read(&alone("02", "1")).await;
    // Once the patient is chosen.
    let chosen = c.clerk.get(&format!("{path}?patient={}", c.patient)).await.expect(200).body;
    assert!(chosen.contains("医療扶助を併用の公費として登録します") || page.contains("医療扶助を併用の公費として登録します"), "{chosen}");
    c.taken(&path).await;
    let main =
        "SELECT string_agg(kind || ':' || eligibility, ',' ORDER BY id) FROM coverage WHERE tenant_id = $1 AND kind <> 'public_expense'";
    let of = async |c: &Counter| -> String {
        sqlx::query(main).bind(c.here.id.as_uuid()).fetch_one(&mut c.h.superuser().await).await.unwrap().get(0)
    };
    assert_eq!((of(&c).await.as_str(), c.public().await.len()), ("employees:valid", 1));
    let (_, path) = c.read(&alone("01", "2")).await;
    c.taken(&path).await;
    assert_eq!(of(&c).await, "employees:superseded,public_assistance:valid");
    let still = "SELECT count(*) FROM coverage WHERE tenant_id = $1 AND kind = 'public_expense' AND (valid_to IS NULL OR valid_to >= $2)";
    let today = clinic_day(Utc::now(), 0);
    let holding = async |c: &Counter| -> i64 {
        sqlx::query(still).bind(c.here.id.as_uuid()).bind(today).fetch_one(&mut c.h.superuser().await).await.unwrap().get(0)
    };
    assert_eq!(holding(&c).await, 0);
    // Beside the insurance again, with a new card of it: the 医療扶助 that stood alone has ended.
    let (_, path) = c.read(&both("", "3").replacen("01139997", "06139992", 1)).await;
    c.taken(&path).await;
    assert_eq!(of(&c).await, "employees:superseded,public_assistance:superseded,employees:valid");
    assert_eq!(holding(&c).await, 1);
}

/// FN-OQ-08: a 医療扶助 of somebody else in the same answer is never put together with the insurance.
#[tokio::test]
async fn two_people_in_one_answer_are_chosen_from() {
    let c = counter().await;
    let (page, path) = c.read(&both("", "0").replacen("<Birthdate>19750401<", "<Birthdate>19750402<", 1)).await;
    assert!(page.contains("候補 2件"), "{page}");
    c.clerk.post(&format!("{path}/reflection"), &[("patient", "new"), ("patient_token", "")]).await.expect(422);
}

/// FN-OQ-08: an answer that is not valid ends nothing that stands beside an insurance.
#[tokio::test]
async fn an_invalid_assistance_ends_nothing() {
    let mut c = counter().await;
    let (_, path) = c.read(&both("", "0")).await;
    c.taken(&path).await;
    let (_, path) = c.read(&alone("01", "1").replacen("Validity>1<", "Validity>2<", 1)).await;
    c.taken(&path).await;
    let sql = "SELECT count(*) FROM coverage WHERE tenant_id = $1 AND kind = 'public_expense' AND valid_to IS NULL";
    let holding: i64 = sqlx::query(sql).bind(c.here.id.as_uuid()).fetch_one(&mut c.h.superuser().await).await.unwrap().get(0);
    assert_eq!(holding, 1);
}
