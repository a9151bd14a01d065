//! The chart as a whole: what 確定 carries along, what it waits for, whose draft it is. R2, R3, R5, GL-12.

use domain::Role;
use uuid::Uuid;

use crate::fixtures::{Clinic, clinic};
use crate::harness::{Client, Harness};
use crate::notes::{Visit, count, id, run};

/// The whole form of the page as a browser without scripts sends it.
async fn send(v: &Visit, by: &Client, to: &str, versions: [&str; 4], bodies: [&str; 4], key: &str) -> crate::harness::Answer {
    let token = v.patient.to_string();
    let mut form = vec![("patient_token", token.as_str()), ("idempotency_key", key)];
    for (n, (version, body)) in
        ["version_S", "version_O", "version_A", "version_P"].into_iter().zip(["body_S", "body_O", "body_A", "body_P"]).enumerate()
    {
        form.extend([(version, versions[n]), (body, bodies[n])]);
    }
    by.post(&format!("/encounters/{}/{to}", v.encounter), &form).await
}

/// A second doctor of the clinic.
async fn another_doctor(h: &Harness, c: &Clinic) -> (Client, Uuid) {
    let nurse = c.staff_of(Role::Nurse);
    let mut principal = c.principal(Role::Doctor);
    principal.staff_id = nurse;
    run(
        h,
        "INSERT INTO staff_role (tenant_id, id, staff_id, role) VALUES ($1, gen_random_uuid(), $2, 'doctor')",
        &[c.id.as_uuid(), nurse.as_uuid()],
    )
    .await;
    (c.client_as(h, principal).await, nurse.as_uuid())
}

/// R1 without scripts: 確定 sends the texts of all sections, and none is lost.
#[tokio::test]
async fn signing_without_scripts_saves_every_section_first() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    let (key, bodies) = (id(), ["咳が3日", "", "急性上気道炎", "経過観察"]);
    send(&v, &doctor, "note/finalization", ["0"; 4], bodies, &key).await.expect(303);
    let stored = "SELECT count(*) FROM note_section s JOIN note n ON n.id = s.note_id WHERE n.encounter_id = $1 AND n.signed_at IS NOT NULL AND s.frozen_at IS NOT NULL AND s.version = 2";
    assert_eq!(count(h, stored, v.encounter).await, 3, "written once, frozen once; the empty one has no row");
    let again = send(&v, &doctor, "note/finalization", ["0"; 4], bodies, &key).await.expect(303);
    assert!(again.header("location").ends_with(&v.encounter.to_string()), "the second press finds the first");
    assert_eq!(count(h, "SELECT count(*) FROM note WHERE encounter_id = $1", v.encounter).await, 1);
}

/// R5: back after 確定 and 確定 again with other words: nothing signed changes, and the words wait to be compared.
#[tokio::test]
async fn words_sent_again_after_signing_are_kept_beside_the_signed_text() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    send(&v, &doctor, "note/finalization", ["0"; 4], ["咳", "", "", ""], &id()).await.expect(303);
    let back = send(&v, &doctor, "note/finalization", ["0"; 4], ["咳と痰", "", "", ""], &id()).await.expect(303);
    assert!(back.header("location").contains("/conflicts/"), "{}", back.header("location"));
    assert!(doctor.get(back.header("location")).await.expect(200).body.contains("咳と痰"));
    assert_eq!(count(h, "SELECT count(*) FROM note_section WHERE patient_id = $1 AND body = '咳'", v.patient).await, 1);
}

#[tokio::test]
async fn a_refused_form_gives_every_text_back() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let (doctor, nurse) = (c.client(h, Role::Doctor).await, c.client(h, Role::Nurse).await);
    let bad = send(&v, &doctor, "note", ["0"; 4], ["よい文", "だめな\u{1}文", "", ""], &id()).await.expect(422);
    assert!(bad.body.contains("よい文") && bad.body.contains("制御文字"));
    assert_eq!(count(h, "SELECT count(*) FROM note WHERE encounter_id = $1", v.encounter).await, 0);
    send(&v, &doctor, "note", ["0"; 4], ["よい文", "", "", ""], &id()).await.expect(303);
    // Somebody else was faster with S: both texts are kept and shown, nothing is signed.
    v.save(&nurse, "S", 1, "看護師の文").await.expect(200);
    let met = send(&v, &doctor, "note/finalization", ["1", "0", "0", "0"], ["医師の文", "", "", ""], &id()).await.expect(303);
    let page = doctor.get(met.header("location")).await.expect(200).body;
    assert!(page.contains("看護師の文") && page.contains("医師の文"));
    assert_eq!(count(h, "SELECT count(*) FROM note WHERE encounter_id = $1 AND signed_at IS NULL", v.encounter).await, 1);
    // R2: while that is open 確定 waits, says so, and links to the section.
    let panel = doctor.get_fragment(&format!("/encounters/{}/warnings", v.encounter)).await.expect(200).body;
    assert!(panel.contains("止める") && panel.contains("href=\"#sec-S\"") && !panel.contains("<html"), "{panel}");
    let stopped = v.sign(&doctor, [2, 0, 0, 0]).await.expect(422);
    assert!(stopped.body.contains("止めるもの・理由の要るもの"));
    let (token, code) = (v.patient.to_string(), "note.uncompared.S");
    let form = [("patient_token", token.as_str()), ("code", code), ("reason", "急ぎ")];
    doctor.post(&format!("/encounters/{}/warnings", v.encounter), &form).await.expect(422);
}

/// R3
#[tokio::test]
async fn a_form_of_another_patients_page_keeps_its_words_on_the_answer() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let other = Visit { encounter: v.encounter, patient: crate::notes::patient(h, &c, "001299").await };
    let doctor = c.client(h, Role::Doctor).await;
    for to in ["note", "note/finalization"] {
        let page = send(&other, &doctor, to, ["0"; 4], ["誤タブの文", "", "誤タブの評価", ""], &id()).await.expect(422);
        assert!(page.body.contains("誤タブの文") && page.body.contains("誤タブの評価"), "{to}");
    }
    assert_eq!(count(h, "SELECT count(*) FROM note WHERE encounter_id = $1", v.encounter).await, 0);
}

/// GL-12: a draft handed to one doctor is not another's to sign; standing in is an act with a name.
#[tokio::test]
async fn another_doctors_draft_is_taken_over_before_it_is_signed() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let (aide, owner) = (c.client(h, Role::DoctorAide).await, c.staff_of(Role::Doctor).to_string());
    let (stranger, stranger_id) = another_doctor(h, &c).await;
    v.save(&aide, "S", 0, "代行の文").await.expect(200);
    let (token, key) = (v.patient.to_string(), id());
    let hand_over = [
        ("patient_token", token.as_str()),
        ("idempotency_key", &key),
        ("responsible_id", &owner),
        ("version_S", "1"),
        ("version_O", "0"),
        ("version_A", "0"),
        ("version_P", "0"),
        ("body_S", "代行の文。追記"),
    ];
    aide.post(&format!("/encounters/{}/note/submission", v.encounter), &hand_over).await.expect(303);
    assert_eq!(count(h, "SELECT count(*) FROM note_section WHERE patient_id = $1 AND body = '代行の文。追記'", v.patient).await, 1);

    let refused = v.sign(&stranger, [2, 0, 0, 0]).await.expect(422);
    assert!(refused.body.contains("引き継ぐ") && !refused.body.contains("確定して会計へ"));
    let note = v.note(h).await;
    let back = [("patient_token", token.as_str()), ("reason", "直して")];
    stranger.post(&format!("/notes/{note}/return"), &back).await.expect(422);
    let take = |seen: String| {
        let (token, stranger) = (token.clone(), stranger.clone());
        async move {
            stranger
                .post(&format!("/notes/{note}/responsibility"), &[("patient_token", token.as_str()), ("responsible_id", seen.as_str())])
                .await
        }
    };
    take(stranger_id.to_string()).await.expect(422);
    take(owner.clone()).await.expect(303);
    take(owner.clone()).await.expect(422);
    v.sign(&stranger, [2, 0, 0, 0]).await.expect(303);
    let history = stranger.get(&format!("/notes/{note}/history")).await.expect(200).body;
    assert!(history.contains("責任医師の引き継ぎ"));
}

/// S07: the past by day, by kind, with its drugs, in as many statements as ever; and a second window that only reads.
#[tokio::test]
async fn the_past_is_found_by_day_and_by_kind_in_constant_statements() {
    let h = Harness::get();
    let c = crate::demo::clinic(h, "ainosato").await;
    let doctor = c.client(h, Role::Doctor).await;
    let busy = crate::demo::path_into(h, &c, "/patients/{id}").await.unwrap();
    let all = doctor.get_fragment(&format!("{busy}/chart")).await.expect(200);
    assert!(all.body.contains("visit-drugs") && all.body.contains("剤"), "{}", all.body);
    let rx = doctor.get_fragment(&format!("{busy}/chart?kind=rx")).await.expect(200);
    let (visits, drugs) = (rx.body.matches("class=\"visit\"").count(), rx.body.matches("visit-drugs").count());
    assert!(visits > 0 && visits == drugs && rx.body.contains("kind=rx"), "{visits} {drugs}");
    let calendar = doctor.get_fragment(&format!("{busy}/chart/calendar")).await.expect(200);
    assert!(!calendar.body.contains("<html") && calendar.body.contains("記載へ"));
    let month = doctor.get_fragment(&format!("{busy}/chart/calendar?month=nonsense")).await.expect(200);
    assert!(month.body.contains("前の月"));
    let day = calendar.body.split("?day=").nth(1).unwrap()[..10].to_owned();
    let from = doctor.get_fragment(&format!("{busy}/chart?day={day}")).await.expect(200);
    assert!(from.body.contains(&format!("datetime=\"{day}\"")));
    let visit = crate::demo::path_into(h, &c, "/encounters/{id}").await.unwrap();
    let chart = doctor.get(&visit).await.expect(200);
    for answer in [&all, &rx, &calendar, &from, &chart] {
        assert!(answer.statements() <= 12, "{}", answer.statements());
    }
    let window = doctor.get(&format!("{busy}/chart?follow=1")).await.expect(200).body;
    assert!(window.contains("過去カルテ") && window.contains("data-follow") && !window.contains("<textarea"));
}

/// Alt+N: the longest waiting of one's own or nobody's; never the one just left.
#[tokio::test]
async fn the_next_patient_is_the_longest_waiting_of_ones_own() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    let next = |after: String| {
        let doctor = doctor.clone();
        async move { doctor.get(&format!("/encounters/next?after={after}")).await.expect(303).header("location").to_owned() }
    };
    assert_eq!(next(String::new()).await, "/board?state=waiting");
    let sql = "UPDATE encounter SET status = 'waiting', reception_date = (now() AT TIME ZONE 'Asia/Tokyo')::date WHERE id = $1";
    run(h, sql, &[v.encounter]).await;
    assert_eq!(next(id()).await, format!("/encounters/{}", v.encounter));
    assert_eq!(next(v.encounter.to_string()).await, "/board?state=waiting");
    let (stranger, _) = another_doctor(h, &c).await;
    assert_eq!(stranger.get("/encounters/next").await.expect(303).header("location"), "/board?state=waiting", "another doctor's patient");
}

/// まるごとDo shows what would change, writes nothing by itself, and overwrites nobody.
#[tokio::test]
async fn the_last_visit_is_repeated_as_a_difference() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    send(&v, &doctor, "note/finalization", ["0"; 4], ["変わりない", "", "高血圧症", "同じ薬"], &id()).await.expect(303);
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    let second = Visit { encounter: crate::notes::encounter(h, &c, v.patient, day, 9).await, patient: v.patient };
    second.save(&doctor, "S", 0, "変わりない。咳").await.expect(200);
    let page = doctor.get(&format!("/encounters/{}/repeat", second.encounter)).await.expect(200);
    assert!(page.body.contains("<ins>") && page.body.contains("name=\"body_P\" rows=\"3\">\n同じ薬</textarea>"), "{}", page.body);
    assert!(page.body.contains("変わりない。咳</textarea>"), "today's own words stay");
    assert!(page.statements() <= 12, "{}", page.statements());
    assert_eq!(
        count(h, "SELECT count(*) FROM note_section s JOIN note n ON n.id = s.note_id WHERE n.encounter_id = $1", second.encounter).await,
        1
    );
    send(&second, &doctor, "note", ["1", "0", "0", "0"], ["変わりない。咳", "", "高血圧症", "同じ薬"], &id()).await.expect(303);
    assert_eq!(
        count(h, "SELECT count(*) FROM note_section s JOIN note n ON n.id = s.note_id WHERE n.encounter_id = $1", second.encounter).await,
        3
    );
    doctor.get(&format!("/encounters/{}/repeat", v.encounter)).await.expect(422);
}

/// 定型文: one's own over the clinic's, refused at the field, free again when retired.
#[tokio::test]
async fn snippets_are_ones_own_or_the_clinics() {
    let h = Harness::get();
    let c = clinic(h).await;
    let (doctor, nurse) = (c.client(h, Role::Doctor).await, c.client(h, Role::Nurse).await);
    let add = |by: &Client, name: &str, body: &str, owner: &str| {
        let (by, key) = (by.clone(), id());
        let (name, body, owner) = (name.to_owned(), body.to_owned(), owner.to_owned());
        async move {
            by.post("/snippets", &[("idempotency_key", key.as_str()), ("short_name", &name), ("body", &body), ("owner", &owner)]).await
        }
    };
    add(&doctor, "ht", "院内の文", "clinic").await.expect(303);
    add(&nurse, "ht", "自分の文", "").await.expect(303);
    add(&nurse, "x", "院内に足したい", "clinic").await.expect(422);
    for (name, body, says) in
        [("ＨＴ", "文", "半角の英小文字"), ("", "文", "半角の英小文字"), ("a", " ", "文を入れてください"), ("ht", "二つ目", "同じ略号")]
    {
        let refused = add(&nurse, name, body, "").await.expect(422);
        assert!(refused.body.contains(says), "{says}");
    }
    let texts = |by: Client| async move {
        by.send(by.request("GET", "/snippets").header("accept", "application/json")).await.expect(200).json()["snippets"]["ht"].clone()
    };
    assert_eq!((texts(doctor.clone()).await, texts(nurse.clone()).await), ("院内の文".into(), "自分の文".into()));
    let page = nurse.get("/snippets").await.expect(200).body;
    let own = page.split("action=\"/snippets/").nth(1).unwrap()[..36].to_owned();
    doctor.post(&format!("/snippets/{own}"), &[("version", "1"), ("short_name", "ht"), ("body", "人の文")]).await.expect(404);
    nurse.post(&format!("/snippets/{own}"), &[("version", "9"), ("short_name", "ht"), ("body", "古い版")]).await.expect(409);
    nurse.post(&format!("/snippets/{own}"), &[("version", "1"), ("short_name", "ht"), ("body", "直した文")]).await.expect(303);
    nurse.post(&format!("/snippets/{own}/retirement"), &[("version", "2")]).await.expect(303);
    assert_eq!(texts(nurse.clone()).await, "院内の文");
    add(&nurse, "ht", "また自分の文", "").await.expect(303);
}
