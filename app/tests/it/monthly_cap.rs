//! 高額療養費: the category a card brought changes what the patient is asked for, with what was asked for already this month. FN-OQ-03.

use chrono::Utc;
use domain::Role;
use domain::clock::clinic_day;
use domain::monthly_cap::{CapTable, MonthCap};
use uuid::Uuid;

use crate::billing::Counter;
use crate::fixtures::two_clinics;
use crate::harness::{Answer, Harness};

const TABLE: &str = include_str!("../../../masters/sample/monthly_caps.json");

fn card(limit: &str, disease: &str, salt: &str) -> String {
    let limit = if limit.is_empty() {
        String::new()
    } else {
        format!(
            "<LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg><LimitApplicationCertificateRelatedInfo>\
             <LimitApplicationCertificateClassificationFlag>{limit}</LimitApplicationCertificateClassificationFlag></LimitApplicationCertificateRelatedInfo>"
        )
    };
    let disease = if disease.is_empty() {
        String::new()
    } else {
        format!(
            "<SpecificDiseasesCertificateList><SpecificDiseasesCertificateInfo><SpecificDiseasesDiseaseCategory>1</SpecificDiseasesDiseaseCategory>\
             <SpecificDiseasesSelfPay>{disease}</SpecificDiseasesSelfPay></SpecificDiseasesCertificateInfo></SpecificDiseasesCertificateList>"
        )
    };
    format!(
        "<XmlMsg><MessageHeader><ArbitraryFileIdentifier>{salt}</ArbitraryFileIdentifier><ReferenceClassification>1</ReferenceClassification>\
         <SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody><ProcessingResultStatus>1</ProcessingResultStatus>\
         <QualificationValidity>1</QualificationValidity><ResultList><ResultOfQualificationConfirmation><InsurerNumber>01139997</InsurerNumber>\
         <InsuredIdentificationNumber>9000001</InsuredIdentificationNumber><Name>架空　太郎</Name><NameKana>ｶｸｳ ﾀﾛｳ</NameKana><Sex1>1</Sex1>\
         <Birthdate>19750401</Birthdate><QualificationDate>20200401</QualificationDate><InsuredPartialContributionRatio>030</InsuredPartialContributionRatio>\
         {limit}{disease}</ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>"
    )
}

/// A clinic's counter, and nobody there yet.
async fn counter() -> Counter {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let (clerk, doctor) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await);
    Counter { h, here, neighbour, clerk, doctor, patient: "new".into() }
}

impl Counter {
    /// The same person touches the reader, is seen, and these points are entered.
    async fn visit(&mut self, file: &str, points: &str) -> String {
        let part = reqwest::multipart::Part::bytes(file.as_bytes().to_vec()).file_name("OQSsiquc01res_face_1.xml");
        let request = self.clerk.request("POST", "/reception/reader-results").multipart(reqwest::multipart::Form::new().part("file", part));
        let path = self.clerk.send(request).await.expect(303).header("location").to_owned();
        let token = if self.patient == "new" { "" } else { self.patient.as_str() };
        let form = [("patient", self.patient.as_str()), ("patient_token", token), ("choice", "0")];
        let done = self.clerk.post(&format!("{path}/reflection"), &form).await.expect(303);
        let visit = done.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let id: Uuid = visit.parse().unwrap();
        let sql = "SELECT patient_id FROM encounter WHERE id = $1";
        let row = sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap();
        self.patient = sqlx::Row::get::<Uuid, _>(&row, 0).to_string();
        self.over(&visit).await;
        self.add(&visit, &[("q", "見本の高い治療"), ("points", points)]).await.expect(303);
        visit
    }

    async fn terms(&self, visit: &str, rule: &str) -> Answer {
        self.act(&format!("/encounters/{visit}/billing-terms"), visit, &[("copay", "30"), ("public_yen", "0"), ("cap_rule", rule)]).await
    }

    /// Pays everything there is to pay of a visit, and says how much.
    async fn paid(&self, visit: &str) -> i64 {
        let due = due(&self.page(visit).await.body);
        self.pay(visit, &[("amount", due.to_string().as_str()), ("method", "cash")]).await.expect(303);
        assert_eq!(i64::from(self.account(visit).await.1), due);
        due
    }
}

/// What the page asks for.
fn due(page: &str) -> i64 {
    let after = page.split("id=\"amount\"").nth(1).unwrap_or_else(|| panic!("nothing to pay: {page}"));
    after.split("value=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
}

fn limit(category: &str, cost_yen: i64) -> i64 {
    let line = CapTable::parse(TABLE).unwrap().find(category, clinic_day(Utc::now(), 0)).unwrap().clone();
    MonthCap::of(line.base_yen, line.above_yen).limit_yen(cost_yen)
}

/// FN-OQ-03: each of ア–オ asks for its own limit of the same million, and the page says which and where it is written.
#[tokio::test]
async fn each_category_asks_for_its_own_limit() {
    for category in ["A01", "A02", "A03", "A04", "A05"] {
        let mut c = counter().await;
        let visit = c.visit(&card(category, "", "1"), "100000").await;
        let page = c.page(&visit).await;
        assert!(page.statements() <= 12, "{} statements", page.statements());
        assert!(page.body.contains(&format!("({category})")) && page.body.contains("高額療養費"), "{}", page.body);
        assert_eq!(c.paid(&visit).await, limit(category, 1_000_000), "{category}");
    }
    let mut c = counter().await;
    let visit = c.visit(&card("", "", "1"), "100000").await;
    assert_eq!(due(&c.page(&visit).await.body), 300_000, "no category, no limit");
}

/// FN-OQ-03: what was asked for this month counts; a bill that stands does not change when the next one is made.
#[tokio::test]
async fn the_months_other_bills_count_and_a_bill_that_stands_does_not_move() {
    let mut c = counter().await;
    let first = c.visit(&card("A03", "", "1"), "100000").await;
    let paid = c.paid(&first).await;
    let second = c.visit(&card("A03", "", "2"), "10000").await;
    let page = c.page(&second).await;
    assert!(page.body.contains(&format!("これまで{}円", domain::billing::grouped(paid))), "{}", page.body);
    assert_eq!(c.paid(&second).await, limit("A03", 1_100_000) - paid);
    assert!(c.page(&first).await.body.contains("これまで0円"));
    assert_eq!(i64::from(c.account(&first).await.1), paid);
    let receipt = c.clerk.get(&format!("/encounters/{second}/statement.pdf")).await;
    assert_eq!(receipt.status, 200);
    // Only the months's: a bill of last month leaves the whole limit.
    let sql = "UPDATE encounter SET reception_date = reception_date - 40 WHERE tenant_id = $1";
    sqlx::query(sql).bind(c.here.id.as_uuid()).execute(&mut c.h.superuser().await).await.unwrap();
    let third = c.visit(&card("A03", "", "3"), "100000").await;
    assert_eq!(c.paid(&third).await, limit("A03", 1_000_000));
}

/// FN-OQ-03: a category nobody checked this month is not used, and the page says so.
#[tokio::test]
async fn a_category_of_last_month_is_not_used() {
    let mut c = counter().await;
    let visit = c.visit(&card("A05", "", "1"), "100000").await;
    let sql = "UPDATE coverage SET verified_on = verified_on - 40 WHERE tenant_id = $1";
    sqlx::query(sql).bind(c.here.id.as_uuid()).execute(&mut c.h.superuser().await).await.unwrap();
    let page = c.page(&visit).await.body;
    assert!(page.contains("この月にまだ確かめていません") && due(&page) == 300_000, "{page}");
    let sql = "UPDATE coverage SET verified_on = verified_on + 40, limit_category = 'C01' WHERE tenant_id = $1";
    sqlx::query(sql).bind(c.here.id.as_uuid()).execute(&mut c.h.superuser().await).await.unwrap();
    let page = c.page(&visit).await.body;
    assert!(page.contains("限度額区分 C01 の額が表にない") && due(&page) == 300_000, "{page}");
}

/// FN-OQ-03: 特定疾病 has a limit of its own, by the visit the clerk counts so; a visit may also be counted without any.
#[tokio::test]
async fn a_specific_disease_has_a_limit_of_its_own() {
    for (amount, yen) in [("10000", 10_000), ("20000", 20_000)] {
        let mut c = counter().await;
        let dialysis = c.visit(&card("A03", amount, "1"), "40000").await;
        c.terms(&dialysis, "disease").await.expect(303);
        assert_eq!(c.paid(&dialysis).await, yen);
        let cold = c.visit(&card("A03", amount, "2"), "1000").await;
        assert_eq!(due(&c.page(&cold).await.body), 3_000, "a cold is not the disease, nor is the disease a cold");
        c.terms(&cold, "disease").await.expect(303);
        assert_eq!(due(&c.page(&cold).await.body), 0, "the month's limit is reached");
        c.terms(&cold, "none").await.expect(303);
        assert_eq!(due(&c.page(&cold).await.body), 3_000);
        let wrong = c.terms(&cold, "moon").await.expect(422).body;
        assert!(wrong.contains("限度額の数え方を一覧から選んでください"), "{wrong}");
        let stale = [("copay", "30"), ("cap_rule", "disease"), ("version", "1")];
        c.act(&format!("/encounters/{cold}/billing-terms"), &cold, &stale).await.expect(409);
        let stranger = [("copay", "30"), ("cap_rule", "disease"), ("patient_token", "0190a2b4-7c3e-7d11-8a55-0123456789ab")];
        c.act(&format!("/encounters/{cold}/billing-terms"), &cold, &stranger).await.expect(422);
    }
    let mut c = counter().await;
    let visit = c.visit(&card("A03", "", "1"), "1000").await;
    c.terms(&visit, "disease").await.expect(303);
    assert!(c.page(&visit).await.body.contains("特定疾病の限度額が保険に登録されていません"));
}

/// FN-OQ-03: what was asked for under another insurance, or counted by another rule, takes nothing of a limit.
#[tokio::test]
async fn only_bills_of_the_same_insurance_and_rule_take_of_the_limit() {
    let mut c = counter().await;
    let dialysis = c.visit(&card("A03", "10000", "1"), "40000").await;
    c.terms(&dialysis, "disease").await.expect(303);
    assert_eq!(c.paid(&dialysis).await, 10_000);
    let own = c.visit(&card("A03", "10000", "2"), "100000").await;
    assert_eq!(c.paid(&own).await, limit("A03", 1_000_000), "counted as the disease, not by the category");
    let moved = card("A03", "10000", "3").replacen("01139997", "06139992", 1);
    let elsewhere = c.visit(&moved, "100000").await;
    assert_eq!(c.paid(&elsewhere).await, limit("A03", 1_000_000), "another insurance has a month of its own");
}
