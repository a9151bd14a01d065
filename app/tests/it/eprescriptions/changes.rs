//! 変更, 取消UNDO, 変更UNDO and 処方箋ID検索. FN-EP-09, FN-EP-12.

use super::faults::Dice;
use super::*;

impl Desk {
    /// The registrations of a visit, oldest first.
    pub(super) async fn registrations(&self, visit: &str) -> Vec<Uuid> {
        let encounter: Uuid = visit.parse().unwrap();
        let sql = "SELECT id FROM prescription_registration WHERE encounter_id = $1 ORDER BY id";
        sqlx::query(sql).bind(encounter).fetch_all(&mut self.h.superuser().await).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    pub(super) async fn change_days(&self, visit: &str, days: &str) {
        let page = self.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200).body;
        let days_form =
            page.split("action=\"/prescription-lines/").find(|part| part.split('"').next().unwrap().ends_with("/days")).unwrap();
        let line = days_form.split('/').next().unwrap();
        let version = days_form.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form = [("patient_token", self.patient.as_str()), ("version", version), ("count", days)];
        self.doctor.post(&format!("/prescription-lines/{line}/days"), &form).await.expect(303);
    }
}

impl<'a> Rx<'a> {
    pub(super) async fn begin_change(&self) -> Answer {
        self.act(&self.d.doctor, "change", &[]).await
    }

    /// Changes the days, checks and signs; the registration that takes this one's place.
    async fn changed(&self, days: &str) -> Rx<'a> {
        self.begin_change().await.expect(303);
        self.d.change_days(&self.visit, days).await;
        self.d.ask(&self.d.doctor, &self.visit).await.expect(303);
        self.d.sign(&self.d.doctor, &self.visit).await.expect(303);
        let id = *self.d.registrations(&self.visit).await.last().unwrap();
        Rx { d: self.d, visit: self.visit.clone(), id }
    }

    pub(super) async fn restore(&self) -> Answer {
        self.act(&self.d.doctor, "restoration", &[]).await
    }

    pub(super) async fn revert(&self) -> Answer {
        self.act(&self.d.doctor, "reversion", &[]).await
    }

    async fn register_id(&self) -> String {
        let sql = "SELECT register_id FROM prescription_registration WHERE id = $1";
        sqlx::query(sql).bind(self.id).fetch_one(&mut self.d.h.superuser().await).await.unwrap().get(0)
    }
}

/// FN-EP-12: a change is written and signed as any other; the service exchanges both, and new numbers arrive by themselves.
#[tokio::test]
async fn a_change_takes_the_place_of_what_was_registered() {
    let d = desk().await;
    let old = d.rx().await;
    d.deliver().await;
    old.act(&d.here.client(d.h, Role::Clerk).await, "change", &[]).await.expect(403);
    old.act(&d.neighbour.client(d.h, Role::Doctor).await, "change", &[]).await.expect(404);
    old.act(&d.doctor, "change", &[("patient_token", &Uuid::max().to_string())]).await.expect(422);
    old.act(&d.doctor, "change", &[("version", "77")]).await.expect(409);
    let key = Uuid::now_v7().to_string();
    old.act(&d.doctor, "change", &[("idempotency_key", &key)]).await.expect(303);
    old.act(&d.doctor, "change", &[("idempotency_key", &key)]).await.expect(303);
    let again = old.begin_change().await.expect(422).body;
    assert!(again.contains("署名していない処方があります"), "{again}");
    assert!(old.page().await.contains("変更の下書きがあります"));
    d.change_days(&old.visit, "28").await;
    assert!(d.sign(&d.doctor, &old.visit).await.expect(422).body.contains("まだ照会していません"), "a change is checked too");
    d.ask(&d.doctor, &old.visit).await.expect(303);
    d.sign(&d.doctor, &old.visit).await.expect(303);
    let new = Rx { d: &d, visit: old.visit.clone(), id: *d.registrations(&old.visit).await.last().unwrap() };
    assert_eq!((old.status().await.as_str(), new.status().await.as_str()), ("changing", "pending"));
    assert!(old.withdraw().await.expect(422).body.contains("いま電子処方箋管理サービスに確かめています"));
    old.pdf("prescription").await.expect(422);
    d.deliver().await;
    assert_eq!((old.status().await.as_str(), old.head().await.as_str(), old.standing()), ("changed", "changed", 0));
    assert_eq!((new.status().await.as_str(), new.head().await.as_str(), new.standing()), ("registered", "registered", 1));
    let [held] = &new.shelf()[..] else { panic!() };
    assert!(held.id.to_string() != old.register_id().await && held.summary.items[0].days == 28);
    let pane = d.doctor.get(&format!("/encounters/{}/prescription", old.visit)).await.expect(200);
    assert!(
        pane.body.contains(&held.access_code) && pane.body.contains("引換番号は使えません") && pane.statements() <= 12,
        "{}",
        pane.statements()
    );
    let copy = d.doctor.request("GET", &format!("/encounters/{}/prescription-copy.pdf", old.visit)).send().await.unwrap();
    if let Some(text) = text_of(&copy.bytes().await.unwrap()) {
        assert!(text.contains("28日分") && !text.contains("14日分"), "{text}");
    }
}

/// FN-EP-12: the change is undone and the old numbers live again; after a pharmacy took it in, nothing is undone any more.
#[tokio::test]
async fn a_change_is_undone_until_a_pharmacy_has_it() {
    let d = desk().await;
    let old = d.rx().await;
    d.deliver().await;
    let id = old.register_id().await;
    assert!(old.revert().await.expect(422).body.contains("変更した処方箋ではない"));
    let new = old.changed("28").await;
    d.deliver().await;
    new.act(&d.here.client(d.h, Role::Nurse).await, "reversion", &[]).await.expect(403);
    new.revert().await.expect(303);
    assert_eq!(new.status().await, "reverting");
    d.deliver().await;
    assert_eq!((old.status().await.as_str(), new.status().await.as_str()), ("registered", "withdrawn"));
    assert_eq!((old.standing(), new.standing(), old.register_id().await), (1, 0, id));
    assert!(new.page().await.contains("変更を元に戻しました"));
    assert!(new.restore().await.expect(422).body.contains("取消を戻せません"), "two would stand");

    let newer = old.changed("21").await;
    d.deliver().await;
    d.services.shelf.receive(&newer.shelf()[0].access_code, "架空薬局").unwrap();
    newer.revert().await.expect(303);
    d.deliver().await;
    assert_eq!((old.status().await.as_str(), newer.status().await.as_str()), ("changed", "received"));
    assert!(newer.begin_change().await.expect(422).body.contains("薬局が受け付けている"));
}

/// FN-EP-12: a pharmacy was quicker than the change: the old one stays, and the page says why.
#[tokio::test]
async fn what_a_pharmacy_has_is_not_changed() {
    let d = desk().await;
    let old = d.rx().await;
    d.deliver().await;
    old.begin_change().await.expect(303);
    d.change_days(&old.visit, "28").await;
    d.ask(&d.doctor, &old.visit).await.expect(303);
    d.services.shelf.receive(&old.shelf()[0].access_code, "架空薬局").unwrap();
    d.sign(&d.doctor, &old.visit).await.expect(303);
    d.deliver().await;
    let new = Rx { d: &d, visit: old.visit.clone(), id: *d.registrations(&old.visit).await.last().unwrap() };
    assert_eq!((new.status().await.as_str(), new.standing(), old.standing()), ("refused", 0, 1));
    assert!(new.page().await.contains("薬局が受け付けているため変更できません"));
    assert!(new.paper().await.expect(422).body.contains("確かめています"), "paper never leaves beside what stands");
    d.pass(TimeDelta::minutes(2));
    d.deliver().await;
    assert_eq!(old.status().await, "received");
    new.withdraw().await.expect(303);
    assert_eq!((new.status().await.as_str(), old.standing()), ("withdrawn", 1));
}

/// A change given up before it is signed leaves what is registered as it was; paper does not take its place.
#[tokio::test]
async fn a_change_given_up_changes_nothing() {
    let d = desk().await;
    let old = d.rx().await;
    d.deliver().await;
    old.begin_change().await.expect(303);
    let page = d.doctor.get(&format!("/encounters/{}/prescription", old.visit)).await.expect(200).body;
    let version =
        page.split("/prescription/head").nth(2).unwrap().split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    d.head(&old.visit, &[("issue_form", "paper"), ("version", version)]).await.expect(303);
    d.check(&old.visit).await;
    let refused = d.sign(&d.doctor, &old.visit).await.expect(422).body;
    assert!(refused.contains("変更では発行形態を変えられません"), "{refused}");
    old.act(&d.doctor, "change/withdrawal", &[]).await.expect(303);
    assert!(old.act(&d.doctor, "change/withdrawal", &[]).await.expect(422).body.contains("もうありません"));
    assert!(!old.page().await.contains("変更の下書き"));
    d.deliver().await;
    assert_eq!((old.status().await.as_str(), old.standing()), ("registered", 1));
}

/// FN-EP-12: 取消UNDO gives the same id back; what was issued since stands in its way.
#[tokio::test]
async fn a_withdrawal_is_undone_under_the_same_id() {
    let d = desk().await;
    let rx = d.rx().await;
    d.deliver().await;
    assert!(rx.restore().await.expect(422).body.contains("電子処方箋として登録されました"));
    let (id, code) = (rx.register_id().await, rx.row().await.2);
    rx.withdraw().await.expect(303);
    d.deliver().await;
    assert!(rx.page().await.contains("取消を元に戻す"));
    rx.act(&d.doctor, "restoration", &[("version", "1")]).await.expect(409);
    rx.restore().await.expect(303);
    assert_eq!(rx.status().await, "restoring");
    d.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str(), rx.standing()), ("registered", "registered", 1));
    assert_eq!((rx.register_id().await, rx.row().await.2), (id, code), "the same numbers");
    rx.pdf("prescription-copy").await.expect(200);

    rx.withdraw().await.expect(303);
    d.deliver().await;
    d.line(&rx.visit, DRUG).await;
    d.check(&rx.visit).await;
    d.sign(&d.doctor, &rx.visit).await.expect(303);
    assert!(rx.restore().await.expect(422).body.contains("別の処方箋を出した"));
}

/// FN-EP-09: found by its id, with its state; an unknown id is said at the field.
#[tokio::test]
async fn a_prescription_is_found_by_its_id() {
    let d = desk().await;
    let rx = d.rx().await;
    d.deliver().await;
    let id = rx.register_id().await;
    let search = async |by: &Client, id: &str| by.post("/eprescriptions", &[("register_id", id)]).await;
    d.doctor.get("/eprescriptions").await.expect(200);
    let found = search(&d.doctor, &format!("  {} ", id.to_uppercase())).await.expect(303);
    assert!(found.header("location").contains(&rx.visit));
    assert!(rx.page().await.contains("登録済"));
    for unknown in ["3f0c9d1e-0000-4000-8000-000000000042", "<script>", &"9".repeat(400)] {
        let page = search(&d.doctor, unknown).await.expect(422).body;
        assert!(page.contains("このIDはありません") && !page.contains("<script>\""), "{page}");
    }
    assert!(search(&d.doctor, "").await.expect(422).body.contains("処方箋IDを入れてください"));
    search(&d.neighbour.client(d.h, Role::Doctor).await, &id).await.expect(422);
}

/// FN-EP-12, FN-EP-15: every single fault and every pair, in each of the three errands: one stands in the end, the right one.
#[tokio::test]
async fn each_fault_and_pair_ends_a_change_and_both_undos_with_one_prescription() {
    let d = desk().await;
    for first in quick() {
        for second in quick().into_iter().map(Some).chain([None]) {
            let case = format!("{first:?} then {second:?}");
            let faults = || {
                d.services.eps_faults.next(first, 1);
                if let Some(second) = second {
                    d.services.eps_faults.next(second, 1);
                }
            };
            d.settle_clock();
            let old = d.rx().await;
            d.deliver().await;
            let new = old.changed("28").await;
            faults();
            settle(&new).await;
            assert_eq!((old.standing(), new.standing(), new.status().await.as_str()), (0, 1, "registered"), "change: {case}");
            assert_eq!(new.shelf().len(), 1, "change: {case}");
            d.settle_clock();
            let version = new.row().await.1;
            assert_eq!(old.status().await, "changed", "change: {case}");
            new.revert().await.expect(303);
            faults();
            settle(&new).await;
            if new.status().await == "registered" {
                // The service said no in so many words: it is asked once more by hand.
                assert!(new.row().await.1 > version && [Some(first), second].contains(&Some(Fault::Refused)), "{case}");
                new.revert().await.expect(303);
                settle(&new).await;
            }
            assert_eq!((old.standing(), new.standing(), old.status().await.as_str()), (1, 0, "registered"), "undo of a change: {case}");
        }
    }
}

async fn settle(rx: &Rx<'_>) {
    for _ in 0..4 {
        rx.d.deliver().await;
        rx.d.pass(TimeDelta::minutes(3));
        if rx.message().await.2 == "refused" {
            rx.press_on_outbox("dispatch").await.expect(303);
        }
    }
    rx.d.services.eps_faults.clear();
    rx.d.deliver().await;
}

/// FN-EP-12, FN-EP-15: changes, withdrawals and both undos pressed at any moment under seeded faults: never two stand, never paper
/// beside one, never stuck.
#[tokio::test]
async fn no_order_of_changes_and_undos_makes_two_prescriptions() {
    let d = desk().await;
    for seed in 100..116_u64 {
        d.settle_clock();
        let mut dice = Dice(seed.wrapping_mul(0x9876_5431));
        let first = d.rx().await;
        d.deliver().await;
        let mut all = vec![first];
        let mut story = Vec::new();
        for _ in 0..7 {
            let act = dice.roll(10);
            story.push(act);
            let at = dice.roll(all.len() as u64) as usize;
            match act {
                0..=2 => d.services.eps_faults.next(quick()[dice.roll(quick().len() as u64) as usize], 1),
                3 | 4 if all[at].begin_change().await.status == 303 => {
                    let days = (10 + dice.roll(80)).to_string();
                    d.change_days(&all[at].visit, &days).await;
                    d.ask(&d.doctor, &all[at].visit).await.expect(303);
                    d.sign(&d.doctor, &all[at].visit).await;
                    let known: Vec<Uuid> = all.iter().map(|rx| rx.id).collect();
                    let visit = all[at].visit.clone();
                    all.extend(d.registrations(&visit).await.into_iter().filter(|id| !known.contains(id)).map(|id| Rx {
                        d: &d,
                        visit: visit.clone(),
                        id,
                    }));
                }
                5 => drop(all[at].withdraw().await),
                6 => drop(all[at].restore().await),
                7 => drop(all[at].revert().await),
                8 => drop(all[at].paper().await),
                _ => drop(all[at].press_on_outbox("dispatch").await),
            }
            if dice.roll(3) > 0 {
                d.postman.round().await.unwrap();
                d.pass(TimeDelta::seconds(20 + dice.roll(60) as i64));
            }
            one_stands(&all, seed, &story).await;
        }
        d.services.eps_faults.clear();
        for round in 0..8 {
            d.pass(TimeDelta::minutes(11));
            d.deliver().await;
            one_stands(&all, seed, &story).await;
            for rx in &all {
                let status = rx.status().await;
                if round > 2 && matches!(status.as_str(), "pending" | "refused") {
                    rx.withdraw().await;
                    rx.press_on_outbox("dispatch").await;
                } else if round > 2 && matches!(status.as_str(), "to_paper" | "withdrawing" | "restoring" | "reverting") {
                    rx.paper().await;
                }
            }
        }
        for rx in &all {
            let (status, stands) = (rx.status().await, rx.standing());
            let ended = matches!(status.as_str(), "registered" | "paper" | "withdrawn" | "changed");
            assert!(ended, "seed {seed}: {story:?} ended in {status}");
            assert_eq!(stands, usize::from(status == "registered"), "seed {seed}: {story:?} {status}");
        }
    }
}

async fn one_stands(all: &[Rx<'_>], seed: u64, story: &[u64]) {
    let standing: usize = all.iter().map(Rx::standing).sum();
    assert!(standing <= 1, "seed {seed}: {story:?} made {standing}");
    let paper = all[0].pdf("prescription").await.status == 200;
    assert!(!(paper && standing > 0), "seed {seed}: {story:?} is on paper and registered");
}
