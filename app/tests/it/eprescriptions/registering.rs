//! From the signature to the pharmacy, and what is said before anything is signed.

use super::*;

/// FN-EP-01, FN-EP-10, FN-EP-12: signed, registered while nobody waits, handed out as 控え, taken in by a pharmacy, dispensed.
#[tokio::test]
async fn a_signature_becomes_a_registered_prescription_that_a_pharmacy_dispenses() {
    let d = desk().await;
    let visit = d.drafted().await;
    let started = Instant::now();
    d.sign(&d.doctor, &visit).await.expect(303);
    assert!(started.elapsed().as_millis() < 2000, "nobody waits for the service");
    let encounter: Uuid = visit.parse().unwrap();
    let sql = "SELECT id FROM prescription_registration WHERE encounter_id = $1";
    let id = sqlx::query(sql).bind(encounter).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    let rx = Rx { d: &d, visit, id };
    assert!(rx.page().await.contains("登録待ち"));
    assert!(rx.pdf("prescription").await.expect(422).body.contains("紙の処方箋は出せません"));
    assert!(rx.pdf("prescription-copy").await.expect(422).body.contains("控えはまだ出せません"));

    d.deliver().await;
    let [held] = &rx.shelf()[..] else { panic!("{:?}", rx.shelf()) };
    assert!(held.signer.contains("SIM-doctor") && held.summary.drugs == ["見本電子処方錠"]);
    let pane = d.doctor.get(&format!("/encounters/{}/prescription", rx.visit)).await.expect(200);
    assert!(pane.statements() <= 12, "{} statements", pane.statements());
    for words in ["登録済", &held.access_code, &held.id.to_string()] {
        assert!(pane.body.contains(words), "{words}: {}", pane.body);
    }
    assert!(!pane.body.contains("署名した処方箋("), "only the service takes it back");
    let fragment = d.doctor.get_fragment(&format!("/encounters/{}/eprescription", rx.visit)).await.expect(200);
    assert!(fragment.body.contains("登録済") && !fragment.body.contains("<html"));
    assert!(fragment.statements() <= 6, "{} statements", fragment.statements());
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("registered", "registered"));
    assert!(rx.pdf("prescription-copy").await.expect(200).body.starts_with("%PDF-"));
    let copy = d.doctor.request("GET", &format!("/encounters/{}/prescription-copy.pdf", rx.visit)).send().await.unwrap();
    if let Some(text) = text_of(&copy.bytes().await.unwrap()) {
        let said = [format!("引換番号{}", held.access_code), format!("処方箋ID{}", held.id), "見本電子処方錠".to_owned()];
        assert!(said.iter().all(|words| text.contains(words)), "{text}");
    }
    rx.pdf("prescription").await.expect(422);
    let preview = d.clerk.get(&format!("/encounters/{}/prescription/print", rx.visit)).await.expect(200).body;
    assert!(preview.contains(&held.access_code) && !preview.contains("/prescription.pdf"), "the clerk can hand out the 控え only");

    d.services.shelf.receive(&held.access_code, "架空薬局").unwrap();
    d.pass(TimeDelta::minutes(2));
    d.deliver().await;
    assert_eq!(rx.status().await, "received");
    assert!(rx.page().await.contains("架空薬局"));
    let refused = rx.withdraw().await.expect(422).body;
    assert!(refused.contains("薬局が受け付けているため取り消せません"), "{refused}");

    d.services.shelf.move_on(held.id, Status::Dispensed, "残薬が<7>日分ありました").unwrap();
    rx.act(&d.clerk, "standing", &[]).await.expect(303);
    d.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("dispensed", "dispensed"));
    let page = rx.page().await;
    assert!(page.contains("調剤済") && page.contains("残薬が&#60;7&#62;日分ありました"), "{page}");
    d.pass(TimeDelta::hours(1));
    d.deliver().await;
    let asked = d.services.eps_asked();
    d.pass(TimeDelta::hours(9));
    d.deliver().await;
    assert_eq!(d.services.eps_asked(), asked, "what is dispensed is not asked about any more");
    rx.act(&d.clerk, "standing", &[]).await.expect(422);
}

/// FN-EP-06: 確定 signs with the doctor's own key; an expired certificate stops it with a clear sentence, and paper goes on.
#[tokio::test]
async fn an_expired_certificate_stops_finalization_and_keeps_everything() {
    let d = desk_with(Card::Expired).await;
    let visit = d.drafted().await;
    let (token, key) = (d.patient.as_str(), Uuid::now_v7().to_string());
    let save = [("patient_token", token), ("idempotency_key", &key), ("version", "0"), ("body", "咳が続く")];
    d.doctor.post(&format!("/encounters/{visit}/note/sections/S"), &save).await;
    let finalize = async || {
        let (key, seen) = (Uuid::now_v7().to_string(), d.seen(&visit).await);
        let form = [
            ("patient_token", token),
            ("idempotency_key", &key),
            ("seen_prescription", &seen),
            ("version_S", "1"),
            ("version_O", "0"),
            ("version_A", "0"),
            ("version_P", "0"),
        ];
        d.doctor.post(&format!("/encounters/{visit}/note/finalization"), &form).await
    };
    let stopped = finalize().await.expect(422).body;
    assert!(stopped.contains("有効期限(2025年01月01日)が切れています") && stopped.contains("発行形態"), "{stopped}");
    let encounter: Uuid = visit.parse().unwrap();
    let sql = "SELECT (SELECT count(*) FROM prescription_registration WHERE encounter_id = $1), (SELECT count(*) FROM note WHERE encounter_id = $1 AND signed_at IS NOT NULL), \
               (SELECT count(*) FROM medication_request WHERE encounter_id = $1 AND status = 'signed')";
    let row = sqlx::query(sql).bind(encounter).fetch_one(&mut d.h.superuser().await).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1), row.get::<i64, _>(2)), (0, 0, 0), "nothing of it is signed");
    let page = d.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200).body;
    let form = page.split("/prescription/head").nth(2).unwrap();
    let version = form.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    d.head(&visit, &[("issue_form", "paper"), ("version", &version)]).await.expect(303);
    finalize().await.expect(303);
    d.deliver().await;
    assert_eq!(d.services.eps_asked(), 0);

    signers::give(d.here.id.as_uuid(), d.here.staff_of(Role::Doctor).as_uuid(), Card::Nurse);
    let visit = d.drafted().await;
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("医師の資格がありません"));
    for role in [Role::Nurse, Role::DoctorAide, Role::Clerk] {
        d.sign(&d.here.client(d.h, role).await, &visit).await.expect(403);
    }
    signers::give(d.here.id.as_uuid(), d.here.staff_of(Role::Doctor).as_uuid(), Card::Doctor);
    d.sign(&d.doctor, &visit).await.expect(303);
    let other = desk_with(Card::Strange).await;
    let rx = other.rx().await;
    other.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.shelf().len()), ("refused", 0), "the service believes no stranger");
    assert!(rx.page().await.contains("信頼する認証局の証明書ではありません"));
}

/// S13: what is neither registered nor on paper stands on the list of the day's end; the service is asked whether it is there.
#[tokio::test]
async fn the_days_end_names_what_is_not_registered() {
    let d = desk().await;
    let rx = d.rx().await;
    let list = d.clerk.get("/day-close").await.expect(200).body;
    assert!(list.contains("未登録の電子処方箋") && list.contains(&format!("/encounters/{}/eprescription", rx.visit)), "{list}");
    let probe = PrescriptionDriver::new(way(&d.url), None);
    d.services.eps_faults.next(Fault::Failing, 1);
    assert_eq!(probe.probe().await, Some(Err(Trouble::Closed)), "the chip learns of it without a prescription");
    d.services.eps_faults.clear();
    assert_eq!(probe.probe().await, Some(Ok(())));
    d.deliver().await;
    let list = d.clerk.get("/day-close").await.expect(200).body;
    assert!(!list.contains(&format!("/encounters/{}/eprescription", rx.visit)), "{list}");
}

/// FN-EP-14 and worst input: said at the field, or before anything is signed.
#[tokio::test]
async fn what_the_service_would_refuse_is_said_before_it_is_signed() {
    let d = desk().await;
    let visit = d.visit().await;
    d.line(&visit, DUMMY).await;
    assert!(d.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200).body.contains("医薬品マスター erx"));
    assert!(d.head(&visit, &[("dispensed_at", "inside"), ("refill", "2")]).await.expect(422).body.contains("院内の処方にリフィル"));
    assert!(d.head(&visit, &[("split", "2"), ("version", "1")]).await.expect(422).body.contains("各回の日数を「14+14」のように"));
    assert!(d.head(&visit, &[("issue_form", "<fax>")]).await.expect(422).body.contains("発行形態を選んでください"));
    d.head(&visit, &[("version", "1")]).await.expect(303);
    let refused = d.sign(&d.doctor, &visit).await.expect(422).body;
    assert!(refused.contains("「見本ダミー錠」はダミーコードの薬です"), "{refused}");
    d.deliver().await;
    assert_eq!(d.services.eps_asked(), 0, "nothing was sent");
    let empty = d.doctor.get(&format!("/encounters/{visit}/eprescription")).await.expect(200).body;
    assert!(empty.contains("この受診に電子処方箋はありません"));
    d.neighbour.client(d.h, Role::Doctor).await.get(&format!("/encounters/{visit}/eprescription")).await.expect(404);
}

/// FN-EP-08: what may not be handed out again without a visit stops a リフィル.
#[tokio::test]
async fn drugs_that_cannot_be_repeated_are_said_before_signing() {
    let d = desk().await;
    for (drug, says) in [(NARCOTIC, "投与量に限度のある薬"), (PLASTER, "湿布などの貼付剤")] {
        let visit = d.visit().await;
        d.head(&visit, &[("issue_form", "paper"), ("refill", "2")]).await.expect(303);
        d.line(&visit, drug).await;
        let refused = d.sign(&d.doctor, &visit).await.expect(422).body;
        assert!(refused.contains(says) && refused.contains("リフィルにできません"), "{refused}");
        d.head(&visit, &[("issue_form", "paper"), ("version", "1")]).await.expect(303);
        d.sign(&d.doctor, &visit).await.expect(303);
    }
}

/// FN-EP-01: 麻薬 are registered with the licence of who prescribes them and where the patient lives, or a sentence says what is missing.
#[tokio::test]
async fn a_narcotic_is_registered_with_the_licence_and_the_address() {
    let d = desk().await;
    let visit = d.visit().await;
    d.head(&visit, &[]).await.expect(303);
    d.line(&visit, NARCOTIC).await;
    d.check(&visit).await;
    let doctor = d.here.staff_of(Role::Doctor).as_uuid();
    let license = async |number: &str, last: Option<chrono::NaiveDate>| {
        let sql = "UPDATE staff SET narcotic_license = $2, narcotic_license_to = $3 WHERE id = $1";
        sqlx::query(sql).bind(doctor).bind(number).bind(last).execute(&mut d.h.superuser().await).await.unwrap();
    };
    let refused = async |says: &str| {
        let body = d.sign(&d.doctor, &visit).await.expect(422).body;
        assert!(body.contains("麻薬です") && body.contains(says), "{says}: {body}");
    };
    refused("麻薬施用者免許番号が登録されていません").await;
    let today = domain::clock::today(Utc::now());
    license("第99-123号", today.pred_opt()).await;
    refused("期限(").await;
    license("第99-123号", Some(today)).await;
    refused("患者の住所と電話").await;
    let sql = "UPDATE patient SET address = $2, tel = $3 WHERE id = $1";
    let patient: Uuid = d.patient.parse().unwrap();
    sqlx::query(sql).bind(patient).bind("東京都架空区1-2, 架空荘").bind("03-0000-0001").execute(&mut d.h.superuser().await).await.unwrap();
    d.sign(&d.doctor, &visit).await.expect(303);
    d.deliver().await;
    let held = d.services.shelf.all();
    let [held] = &held[..] else { panic!("{held:?}") };
    assert!(held.summary.csv.contains("\n61,第99-123号,東京都架空区1-2， 架空荘,03-0000-0001\n"), "{}", held.summary.csv);

    // The same on paper, at the drug itself.
    let visit = d.visit().await;
    d.line(&visit, NARCOTIC).await;
    d.sign(&d.doctor, &visit).await.expect(303);
    let request = d.doctor.request("GET", &format!("/encounters/{visit}/prescription.pdf")).send().await.unwrap();
    if let Some(text) = text_of(&request.bytes().await.unwrap()) {
        assert!(text.contains("第99-123号") && text.contains("架空荘"), "{text}");
    }
}

/// FN-EP-01: 科名 is that of the doctor who signs; without one nothing is sent, and a sentence says where it is entered.
#[tokio::test]
async fn a_prescription_names_the_department_of_its_doctor() {
    let d = desk().await;
    let visit = d.visit().await;
    d.head(&visit, &[]).await.expect(303);
    d.line(&visit, DRUG).await;
    d.check(&visit).await;
    let doctor = d.here.staff_of(Role::Doctor).as_uuid();
    let department = async |name: &str| {
        let sql = "UPDATE staff SET department = $2 WHERE id = $1";
        sqlx::query(sql).bind(doctor).bind(name).execute(&mut d.h.superuser().await).await.unwrap();
    };
    department("").await;
    let refused = d.sign(&d.doctor, &visit).await.expect(422).body;
    assert!(refused.contains("診療科が登録されていません"), "{refused}");
    department("小児科").await;
    d.sign(&d.doctor, &visit).await.expect(303);
    d.deliver().await;
    let held = d.services.shelf.all();
    let [held] = &held[..] else { panic!("{held:?}") };
    assert!(held.summary.csv.contains("\n4,1,,小児科\n"), "{}", held.summary.csv);
}
