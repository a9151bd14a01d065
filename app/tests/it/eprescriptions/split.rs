//! 分割: one signature, a registration and a 引換番号 for each part. FN-EP-01, FN-EP-02, FN-EP-10, FN-EP-12.

use std::process::{Command, Stdio};

use super::*;

impl Desk {
    /// A prescription of 28 days in these parts, checked and not signed.
    async fn parted(&self, form: &str, days: &str) -> String {
        let visit = self.visit().await;
        self.line_of(&visit, DRUG, "28").await;
        let parts = (days.matches('+').count() + 1).to_string();
        let fields = [("issue_form", form), ("split", parts.as_str()), ("split_days", days), ("version", "1")];
        self.head(&visit, &fields).await.expect(303);
        if form != "paper" {
            self.check(&visit).await;
        }
        visit
    }

    /// Its registrations, the first part first.
    async fn parts(&self, visit: &str) -> Vec<Rx<'_>> {
        let encounter: Uuid = visit.parse().unwrap();
        let sql = "SELECT id FROM prescription_registration WHERE encounter_id = $1 ORDER BY part";
        let rows = sqlx::query(sql).bind(encounter).fetch_all(&mut self.h.superuser().await).await.unwrap();
        rows.iter().map(|row| Rx { d: self, visit: visit.to_owned(), id: row.get(0) }).collect()
    }

    async fn signed_parts(&self, form: &str, days: &str) -> Vec<Rx<'_>> {
        let visit = self.parted(form, days).await;
        self.sign(&self.doctor, &visit).await.expect(303);
        self.parts(&visit).await
    }
}

async fn statuses(parts: &[Rx<'_>]) -> Vec<String> {
    let mut all = Vec::new();
    for part in parts {
        all.push(part.status().await);
    }
    all
}

/// The printed pages without their blanks.
async fn pages(rx: &Rx<'_>, name: &str) -> Option<Vec<String>> {
    let answer = rx.d.doctor.request("GET", &format!("/encounters/{}/{name}.pdf", rx.visit)).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let path = std::env::temp_dir().join(format!("tsumugi-parts-{}.pdf", Uuid::now_v7()));
    std::fs::write(&path, answer.bytes().await.unwrap()).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&path).arg("-").stderr(Stdio::null()).output();
    std::fs::remove_file(&path).unwrap();
    let text = String::from_utf8_lossy(&output.ok()?.stdout).into_owned();
    let squeezed = text.split('\u{c}').map(|page| page.split_whitespace().collect::<String>());
    Some(squeezed.filter(|page| !page.is_empty()).collect())
}

/// FN-EP-01, FN-EP-10: each part is registered with what it hands out, has its own number and 控え, and its own dispensing result.
#[tokio::test]
async fn each_part_is_registered_and_dispensed_by_itself() {
    let d = desk().await;
    let parts = d.signed_parts("electronic", "7+7+14").await;
    assert_eq!(statuses(&parts).await, ["pending"; 3]);
    assert!(parts[0].pdf("prescription-copy").await.expect(422).body.contains("控えはまだ出せません"));
    d.deliver().await;
    assert_eq!(statuses(&parts).await, ["registered"; 3]);
    for (at, days) in ["7", "7", "14"].iter().enumerate() {
        let [held] = &parts[at].shelf()[..] else { panic!("{:?}", parts[at].shelf()) };
        let csv = &held.summary.csv;
        assert!(csv.contains(&format!("\n63,3,{}\n", at + 1)) && csv.contains(&format!("\n101,1,1,,28\n102,1,{days},28\n")), "{csv}");
        assert!(held.signer.contains("SIM-doctor"), "each is signed");
    }
    let page = d.doctor.get(&format!("/encounters/{}/eprescription", parts[0].visit)).await.expect(200);
    assert!(page.statements() <= 12, "{}", page.statements());
    for part in &parts {
        assert!(page.body.contains(&part.row().await.2), "each number");
    }
    assert!(page.body.contains("分割1回目") && page.body.contains("分割3回目") && !page.body.contains("変更する"), "{}", page.body);
    let refused = parts[0].act(&d.doctor, "change", &[]).await.expect(422).body;
    assert!(refused.contains("分割した処方箋は変更できません"), "{refused}");
    if let Some(pages) = pages(&parts[0], "prescription-copy").await {
        assert_eq!(pages.len(), 3);
        for (at, part) in parts.iter().enumerate() {
            let said = [format!("引換番号{}", part.row().await.2), format!("3分割の{}回目", at + 1), "総投与日数28日分".into()];
            assert!(said.iter().all(|words| pages[at].contains(words)), "{}", pages[at]);
        }
        assert!(pages[2].contains("14日分") && !pages.concat().contains("別紙"));
    }
    parts[0].pdf("prescription").await.expect(422);
    let preview = d.clerk.get(&format!("/encounters/{}/prescription/print", parts[0].visit)).await.expect(200).body;
    assert!(preview.contains("分割1回目 登録済") && preview.contains("分割3回目 登録済"), "{preview}");

    let held = parts[0].shelf().pop().unwrap();
    d.services.shelf.receive(&held.access_code, "架空薬局").unwrap();
    d.services.shelf.move_on(held.id, Status::Dispensed, "1回目を渡しました").unwrap();
    parts[0].act(&d.clerk, "standing", &[]).await.expect(303);
    d.deliver().await;
    assert_eq!(statuses(&parts).await, ["dispensed", "registered", "registered"]);
    let page = parts[0].page().await;
    assert!(page.contains("1日1回朝食後 7日分") && page.contains("1回目を渡しました"), "{page}");
    // Weeks later the service is still asked about the next one.
    let held = parts[1].shelf().pop().unwrap();
    d.services.shelf.receive(&held.access_code, "別の薬局").unwrap();
    d.services.shelf.move_on(held.id, Status::Dispensed, "").unwrap();
    d.pass(TimeDelta::days(30));
    d.deliver().await;
    assert_eq!(parts[1].status().await, "dispensed");
    let results = parts[0].page().await;
    assert!(results.matches("未読").count() == 2 && results.contains("別の薬局"), "{results}");
}

/// FN-EP-12: a part is taken back with those that were to follow it, and comes back after the one before it.
#[tokio::test]
async fn a_part_is_taken_back_with_those_behind_it() {
    let d = desk().await;
    let parts = d.signed_parts("electronic", "14+7+7").await;
    d.deliver().await;
    parts[1].withdraw().await.expect(303);
    d.deliver().await;
    assert_eq!(statuses(&parts).await, ["registered", "withdrawn", "withdrawn"]);
    assert_eq!((parts[0].standing(), parts[1].standing(), parts[2].standing()), (1, 0, 0));
    assert_eq!(parts[0].head().await, "registered", "the first stands");
    parts[0].pdf("prescription").await.expect(422);
    if let Some(pages) = pages(&parts[0], "prescription-copy").await {
        assert_eq!(pages.len(), 1, "what was taken back has no 控え");
    }
    let refused = parts[2].act(&d.doctor, "restoration", &[]).await.expect(422).body;
    assert!(refused.contains("前の回の取消を先に"), "{refused}");
    for part in &parts[1..] {
        part.act(&d.doctor, "restoration", &[]).await.expect(303);
        d.deliver().await;
        assert_eq!((part.status().await.as_str(), part.standing()), ("registered", 1));
    }
    parts[0].act(&d.here.client(d.h, Role::Nurse).await, "revocation", &[("reason", "x")]).await.expect(403);
    parts[1].act(&d.neighbour.client(d.h, Role::Doctor).await, "revocation", &[("reason", "x")]).await.expect(404);
    parts[1].act(&d.doctor, "revocation", &[("reason", "x"), ("version", "77")]).await.expect(409);
    parts[0].withdraw().await.expect(303);
    d.deliver().await;
    assert_eq!((statuses(&parts).await, parts[0].head().await.as_str()), (vec!["withdrawn".to_owned(); 3], "withdrawn"));
}

/// FN-EP-15: the service is away; two keys turn every part into paper, and nothing of it can be sent any more.
#[tokio::test]
async fn what_was_never_sent_is_a_set_of_papers() {
    let d = desk().await;
    let parts = d.signed_parts("electronic", "14+14").await;
    d.services.eps_faults.next(Fault::Closed, 9);
    d.deliver().await;
    parts[0].paper().await.expect(303);
    assert_eq!(statuses(&parts).await, ["paper"; 2]);
    if let Some(pages) = pages(&parts[0], "prescription").await {
        let last = pages.iter().position(|page| page.contains("別紙")).unwrap();
        assert!(pages[0].contains("2分割の1回目") && pages[last].contains("2枚目を受け付けた保険薬局"), "{pages:?}");
        assert!(pages[..last].iter().any(|page| page.contains("2分割の2回目") && page.contains("14日分(総投与日数28日分)")));
        assert!(pages[..last].iter().all(|page| !page.contains("引換番号")));
    }
    d.services.eps_faults.clear();
    d.pass(TimeDelta::minutes(5));
    d.deliver().await;
    assert!(parts.iter().all(|part| part.shelf().is_empty()));
}

/// FN-EP-02: a set of papers that is registered carries a number on each, and none leaves before the last has come.
#[tokio::test]
async fn a_numbered_set_leaves_together() {
    let d = desk().await;
    let parts = d.signed_parts("numbered", "10+18").await;
    d.services.eps_faults.next(Fault::Refused, 1);
    d.deliver().await;
    let mut now = statuses(&parts).await;
    now.sort();
    assert_eq!(now, ["refused", "registered"]);
    parts[0].pdf("prescription").await.expect(422);
    // The one the service would not take goes out as plain paper beside the other.
    let refused = if parts[0].status().await == "refused" { &parts[0] } else { &parts[1] };
    refused.paper().await.expect(303);
    let numbers: Vec<String> = parts.iter().flat_map(|part| part.shelf()).map(|held| held.access_code).collect();
    if let Some(pages) = pages(&parts[0], "prescription").await {
        let said = pages.concat();
        assert!(
            numbers.len() == 1 && said.contains(&numbers[0]) && said.contains("2分割の1回目") && said.contains("2分割の2回目"),
            "{said}"
        );
    }
}

/// Refusals: at the field when the head is set, and before signing when the lines changed after it.
#[tokio::test]
async fn parts_that_do_not_add_up_are_said() {
    let d = desk().await;
    let visit = d.visit().await;
    d.line_of(&visit, DRUG, "28").await;
    for (days, says) in [
        ("", "各回の日数を"),
        ("14", "同じ数だけ"),
        ("14+x", "数字を"),
        ("60+60", "90日まで"),
        ("7+7", "分割の日数は合わせて14日(7+7)ですが、この薬は28日分です"),
    ] {
        let refused = d.head(&visit, &[("split", "2"), ("split_days", days), ("version", "1")]).await.expect(422).body;
        assert!(refused.contains(says) && refused.contains("split_days-error"), "{days}: {refused}");
    }
    let both = [("split", "2"), ("split_days", "14+14"), ("refill", "2"), ("version", "1")];
    assert!(d.head(&visit, &both).await.expect(422).body.contains("リフィルと分割は一緒に使えません"));
    let inside = [("split", "2"), ("split_days", "14+14"), ("dispensed_at", "inside"), ("version", "1")];
    assert!(d.head(&visit, &inside).await.expect(422).body.contains("院内の処方に"));
    let kept = [("split", "2"), ("split_days", "１４、１４"), ("version", "1")];
    d.head(&visit, &kept).await.expect(303);
    d.head(&visit, &kept).await.expect(409);
    assert!(d.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200).body.contains("分割 2回(14+14日)"));
    d.line_of(&visit, NARCOTIC, "14").await;
    d.check(&visit).await;
    let refused = d.sign(&d.doctor, &visit).await.expect(422).body;
    assert!(refused.contains("この薬は14日分です"), "{refused}");
    d.deliver().await;
    assert_eq!(d.services.shelf.all().len(), 0);
}
