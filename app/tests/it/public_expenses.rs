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
