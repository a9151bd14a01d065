//! 限度額, 特定疾病, 高齢受給者 and 医療券 of a card: shown as they are, carried to the coverage with one key. FN-OQ-03, FN-OQ-08.

use chrono::{Datelike, Utc};
use domain::Role;
use domain::clock::jst;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Client, Harness};

struct Desk {
    h: &'static Harness,
    here: Clinic,
    clerk: Client,
}

async fn desk() -> Desk {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    Desk { h, here, clerk }
}

fn card(classification: &str, insurer: &str, validity: &str, more: &str, salt: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><ArbitraryFileIdentifier>{salt}</ArbitraryFileIdentifier>\
         <ReferenceClassification>1</ReferenceClassification><SegmentOfResult>1</SegmentOfResult><CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader>\
         <MessageBody><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>{validity}</QualificationValidity><ResultList><ResultOfQualificationConfirmation>\
         <InsuredCardClassification>{classification}</InsuredCardClassification><InsurerNumber>{insurer}</InsurerNumber><InsuredIdentificationNumber>9000019</InsuredIdentificationNumber>\
         <Name>架空　扶助</Name><NameKana>ｶｸｳ ﾌｼﾞｮ</NameKana><Sex1>2</Sex1><Birthdate>19550612</Birthdate><QualificationDate>20200401</QualificationDate>\
         <InsuredPartialContributionRatio>030</InsuredPartialContributionRatio><InsurerName>架空保険</InsurerName>{more}</ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>"
    )
}

impl Desk {
    async fn upload(&self, file: String) -> String {
        let part = reqwest::multipart::Part::bytes(file.into_bytes()).file_name("OQSsiquc01res_face_1.xml");
        let form = reqwest::multipart::Form::new().part("file", part);
        self.clerk
            .send(self.clerk.request("POST", "/reception/reader-results").multipart(form))
            .await
            .expect(303)
            .header("location")
            .to_owned()
    }

    async fn see(&self, path: &str) -> String {
        self.clerk.get(path).await.expect(200).body
    }

    async fn reflect(&self, path: &str, patient: &str) {
        let token = if patient == "new" { "" } else { patient };
        self.clerk
            .post(&format!("{path}/reflection"), &[("patient", patient), ("patient_token", token), ("choice", "0")])
            .await
            .expect(303);
    }

    /// The patient, and the limit, disease, cap, share and end of the newest coverage.
    async fn coverage(&self) -> (String, String, String, Option<i32>, Option<i32>, Option<chrono::NaiveDate>) {
        let sql = "SELECT patient_id, limit_category, specific_diseases, cap_yen, copay_percent, valid_to FROM coverage WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1";
        let row = sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_one(&mut self.h.superuser().await).await.unwrap();
        (row.get::<Uuid, _>(0).to_string(), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5))
    }
}

fn limit(category: &str, end: &str) -> String {
    format!(
        "<LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg><LimitApplicationCertificateRelatedInfo>\
         <LimitApplicationCertificateClassificationFlag>{category}</LimitApplicationCertificateClassificationFlag>\
         <LimitApplicationCertificateValidStartDate>20200801</LimitApplicationCertificateValidStartDate>\
         <LimitApplicationCertificateValidEndDate>{end}</LimitApplicationCertificateValidEndDate></LimitApplicationCertificateRelatedInfo>"
    )
}

/// FN-OQ-03: each of ア–オ is shown in words and carried over; the next reading shows what changed; one that has ended is not carried.
#[tokio::test]
async fn a_limit_and_a_disease_are_shown_and_carried_to_the_coverage() {
    let d = desk().await;
    let disease = "<SpecificDiseasesCertificateList><SpecificDiseasesCertificateInfo><SpecificDiseasesDiseaseCategory>1</SpecificDiseasesDiseaseCategory>\
        <SpecificDiseasesSelfPay>10000</SpecificDiseasesSelfPay></SpecificDiseasesCertificateInfo></SpecificDiseasesCertificateList>";
    let path = d.upload(card("01", "01139997", "1", &(limit("A01", "99999999") + disease), "0")).await;
    let page = d.see(&path).await;
    assert!(page.contains("ア (A01)") && page.contains("人工透析 10000円"), "{page}");
    d.reflect(&path, "new").await;
    let (patient, category, diseases, ..) = d.coverage().await;
    assert_eq!((category.as_str(), diseases.as_str()), ("A01", "人工透析 10000円"));
    let mut before = "ア (A01)";
    for (n, (code, words)) in [("A02", "イ (A02)"), ("A03", "ウ (A03)"), ("A04", "エ (A04)"), ("A05", "オ (A05)")].iter().enumerate() {
        let path = d.upload(card("01", "01139997", "1", &(limit(code, "99999999") + disease), &format!("{}", n + 1))).await;
        let page = d.see(&path).await;
        assert!(page.contains(&format!("<del>{before}</del>")) && page.contains(&format!("<ins>{words}</ins>")), "{words}: {page}");
        d.reflect(&path, &patient).await;
        assert_eq!(d.coverage().await.1, *code);
        before = words;
    }
    assert!(d.see(&format!("/patients/{patient}")).await.contains("限度額 オ (A05) 特定疾病 人工透析 10000円"));
    let path = d.upload(card("01", "01139997", "1", &limit("A05", "20210731"), "9")).await;
    d.reflect(&path, &patient).await;
    assert_eq!((d.coverage().await.1, d.coverage().await.2), (String::new(), String::new()), "what has ended is not carried");
}

/// 高齢受給者証 wins over the share of the insurance while it holds.
#[tokio::test]
async fn the_share_of_the_elderly_holds_between_its_days() {
    for (end, share) in [("99999999", 20), ("20210731", 30)] {
        let d = desk().await;
        let more = format!(
            "<ElderlyRecipientCertificateInfo><ElderlyRecipientValidStartDate>20200801</ElderlyRecipientValidStartDate>\
             <ElderlyRecipientValidEndDate>{end}</ElderlyRecipientValidEndDate><ElderlyRecipientContributionRatio>020</ElderlyRecipientContributionRatio></ElderlyRecipientCertificateInfo>"
        );
        let path = d.upload(card("01", "01139997", "1", &more, "0")).await;
        d.reflect(&path, "new").await;
        assert_eq!(d.coverage().await.4, Some(share), "{end}");
    }
}

fn ticket(month: &str, ours: &str) -> String {
    format!(
        "<PublicExpenseResultList><MedicalTicketInfo><TicketType>01</TicketType><MedicalTicketValidDate>{month}01</MedicalTicketValidDate>\
         <MedicalTicketExpirationDate>{month}28</MedicalTicketExpirationDate><DesignatedMedicalInstitutionFlag>{ours}</DesignatedMedicalInstitutionFlag>\
         <DesignatedMedicalInstitutionName>架空医院</DesignatedMedicalInstitutionName><InjuryName1>高血圧症</InjuryName1><SelfPayAmount>3000</SelfPayAmount>\
         <SingleOrCombinedUse>01</SingleOrCombinedUse></MedicalTicketInfo></PublicExpenseResultList>"
    )
}

/// FN-OQ-08: the 医療券 becomes the term and the patient's own share of the 医療扶助; without one, or with another facility's, it says so
/// and reception goes on.
#[tokio::test]
async fn a_medical_ticket_makes_the_assistance() {
    let d = desk().await;
    let today = jst(Utc::now()).date_naive();
    // A ticket from the first of last month to the 28th of the next one, so that the test holds on every day.
    let month = |offset: i32| {
        let at = today.year() * 12 + today.month0() as i32 + offset;
        format!("{}{:02}", at.div_euclid(12), at.rem_euclid(12) + 1)
    };
    let holding = ticket(&month(-1), "0").replacen(&format!("{}28", month(-1)), &format!("{}28", month(1)), 1);
    let path = d.upload(card("A1", "12130019", "1", &holding, "1")).await;
    let page = d.see(&path).await;
    assert!(
        page.contains("医療券")
            && page.contains("高血圧症")
            && page.contains("医療券 単独 本人負担 3,000円")
            && !page.contains("まだ届いていません"),
        "{page}"
    );
    d.reflect(&path, "new").await;
    let (patient, _, _, cap, _, end) = d.coverage().await;
    assert_eq!((cap, end.map(|day| day.format("%Y%m%d").to_string())), (Some(3000), Some(format!("{}28", month(1)))));
    let sql = "SELECT kind FROM coverage WHERE tenant_id = $1";
    let row = sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap();
    assert_eq!(row.get::<String, _>(0), "public_assistance");

    let path = d.upload(card("A1", "12130019", "6", "", "2")).await;
    assert!(d.see(&path).await.contains("医療券がまだ届いていません"));
    d.reflect(&path, &patient).await;
    let other = d.upload(card("A1", "12130019", "1", &holding.replace("Flag>0<", "Flag>1<"), "3")).await;
    let page = d.see(&other).await;
    assert!(page.contains("当院ではありません") && page.contains("指定は架空医院"), "{page}");
}
