//! 委託先資格情報 of a month against the simulator: known people are renewed, nobody is guessed. FN-OQ-08.

use std::sync::Arc;

use domain::Role;
use domain::clock::clinic_day;
use simulators::national::packed::Packing;
use simulators::national::{Fault, National};
use sqlx::Row;
use tsumugi::inquiries::EligibilityDriver;
use tsumugi::outbox::Driver;
use tsumugi::outbox::deliver::Postman;
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::eligibility_query::{national, way};
use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Client, Harness};

const PATH: &str = "/reception/entrusted";

struct Desk {
    h: &'static Harness,
    here: Clinic,
    clerk: Client,
    services: National,
    url: String,
}

async fn desk() -> Desk {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let (services, url) = national();
    Desk { h, here, clerk, services, url }
}

impl Desk {
    /// Somebody on 医療扶助 with these numbers, their 医療券 of last month.
    async fn assisted(&self, kind: &str, birth: &str, number: &str) -> String {
        let form = [
            ("name_ideographic", "架空 扶助"),
            ("name_syllabic", "カクウ フジョ"),
            ("sex", "female"),
            ("birth_date", birth),
            ("again", "yes"),
        ];
        let made = self.clerk.post("/patients", &form).await.expect(303);
        let patient = made.header("location").split('?').next().unwrap().replace("/patients/", "");
        let sql = "INSERT INTO coverage (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id, kind, insurer_number, insurer_name, \
            insured_symbol, insured_number, branch_number, relation, insured_card_classification, limit_category, verification, eligibility, priority, valid_from, valid_to) \
            VALUES ($1, gen_random_uuid(), 1, now(), $2, $2, 'active', '', $3, $4, '12130019', '架空区福祉事務所', '', $5, '', 'self', 'A1', '', 'card', 'valid', $6, $7, $8)";
        let today = clinic_day(chrono::Utc::now(), 0);
        sqlx::query(sql)
            .bind(self.here.id.as_uuid())
            .bind(self.here.staff_of(Role::Clerk).as_uuid())
            .bind(patient.parse::<Uuid>().unwrap())
            .bind(kind.to_owned())
            .bind(number.to_owned())
            .bind(i32::from(kind == "public_expense") * 2)
            .bind(today - chrono::Days::new(60))
            .bind(today - chrono::Days::new(31))
            .execute(&mut self.h.superuser().await)
            .await
            .unwrap();
        patient
    }

    async fn ask(&self, key: &str) {
        self.clerk.post(PATH, &[("idempotency_key", key)]).await.expect(303);
    }

    async fn deliver(&self) {
        let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(EligibilityDriver::new(way(&self.url), None))];
        let postman = Postman::new(self.h.operator(), drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(self.here.id);
        while postman.round().await.unwrap() > 0 {}
    }

    async fn page(&self) -> String {
        let page = self.clerk.get(PATH).await.expect(200);
        assert!(page.statements() <= 12, "{}", page.statements());
        page.body
    }

    /// Version, 本人支払額, rank and 医療券 of each 医療扶助, and whether it holds today.
    async fn coverages(&self) -> Vec<(i32, Option<i32>, i32, String, bool)> {
        let sql =
            "SELECT version, cap_yen, priority, medical_ticket, valid_to >= $2 FROM coverage WHERE tenant_id = $1 ORDER BY recorded_at, id";
        let rows = sqlx::query(sql).bind(self.here.id.as_uuid()).bind(clinic_day(chrono::Utc::now(), 0));
        let rows = rows.fetch_all(&mut self.h.superuser().await).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect()
    }
}

/// FN-OQ-08: the month's 医療券 renew the one patient with both numbers and the birth date, alone or beside an insurance; asked for again
/// nothing changes; one pressing is one list, packed or not.
#[tokio::test]
async fn the_months_tickets_renew_who_is_known() {
    for (kind, rank) in [("public_assistance", 0), ("public_expense", 2)] {
        let d = desk().await;
        if rank > 0 {
            d.services.entrusted.combine();
        }
        d.assisted(kind, "1955-06-12", "9000019").await;
        let key = Uuid::now_v7().to_string();
        d.ask(&key).await;
        d.ask(&key).await;
        assert!(d.page().await.contains("申し込んでいます"));
        d.services.faults.next(Fault::Packed(Packing::Whole), 2);
        d.deliver().await;
        assert_eq!(d.services.asked(), 2, "handed in once, collected once");
        let page = d.page().await;
        assert!(page.contains("1名のうち1名") && !page.contains("反映していない人"), "{page}");
        let renewed = d.coverages().await;
        assert!(matches!(&renewed[..], [(2, Some(3_000), r, ticket, true)] if *r == rank && ticket.contains("医療券")), "{renewed:?}");
        d.ask(&Uuid::now_v7().to_string()).await;
        d.deliver().await;
        assert_eq!(d.coverages().await, renewed, "as it stood");
    }
}

/// FN-OQ-08: 併用 takes more than a 医療券: who stands alone here and beside an insurance there is left to a reading of the card.
#[tokio::test]
async fn alone_and_beside_an_insurance_are_not_exchanged() {
    for (kind, is_combined) in [("public_assistance", true), ("public_expense", false)] {
        let d = desk().await;
        if is_combined {
            d.services.entrusted.combine();
        }
        d.assisted(kind, "1955-06-12", "9000019").await;
        d.ask(&Uuid::now_v7().to_string()).await;
        d.deliver().await;
        let page = d.page().await;
        assert!(page.contains("単独と併用の別が登録と違います"), "{page}");
        assert_eq!(d.coverages().await[0].0, 1, "{kind}");
    }
}

/// FN-OQ-08: somebody else's birth date, two patients with the same numbers and somebody unknown are left to a person; a refusal is said.
#[tokio::test]
async fn nobody_is_guessed() {
    let d = desk().await;
    d.ask(&Uuid::now_v7().to_string()).await;
    d.deliver().await;
    assert!(d.page().await.contains("この番号と生年月日の患者がいません"));
    d.assisted("public_assistance", "1955-06-13", "9000019").await;
    d.ask(&Uuid::now_v7().to_string()).await;
    d.deliver().await;
    let page = d.page().await;
    assert!(
        page.contains("この番号と生年月日の患者がいません") && page.contains("架空　扶助") && page.contains("12130019・9000019"),
        "{page}"
    );
    for _ in 0..2 {
        d.assisted("public_assistance", "1955-06-12", "9000019").await;
    }
    d.ask(&Uuid::now_v7().to_string()).await;
    d.services.faults.next(Fault::Packed(Packing::Whole), 1);
    d.services.faults.next(Fault::Packed(Packing::Locked), 1);
    d.deliver().await;
    assert!(d.page().await.contains("パスワードがかかっています"));
    d.ask(&Uuid::now_v7().to_string()).await;
    d.deliver().await;
    assert!(d.page().await.contains("患者が2人以上います"));
    assert!(d.coverages().await.iter().all(|row| row.0 == 1), "nothing was changed");
    d.clerk.post(PATH, &[("idempotency_key", "<script>")]).await.expect(422);
    d.here.client(d.h, Role::Doctor).await.get(PATH).await.expect(403);
    let sql = "SELECT count(*) FROM entrusted_listing WHERE tenant_id = $1 AND others LIKE $2";
    let plain: i64 =
        sqlx::query(sql).bind(d.here.id.as_uuid()).bind("%9000019%".as_bytes()).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    assert_eq!(plain, 0, "sealed");
}
