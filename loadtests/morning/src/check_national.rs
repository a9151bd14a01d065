//! Our books beside those of the national services: one answer for each question, one 処方箋 there for each that stands here, and
//! nothing left for anybody to do.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use crate::check::{Books, Line};
use crate::story::Acknowledged;

/// What still waits once the services are well gets there within this time.
const GRACE: Duration = Duration::from_secs(150);

impl Books {
    pub async fn national(&self, tenant: Uuid, told: &[Acknowledged], state: &Value, is_troubled: bool) -> anyhow::Result<Vec<Line>> {
        Ok(vec![
            self.exchanges(tenant, is_troubled).await?,
            self.worklist(tenant).await?,
            self.inquiries(tenant, told, state).await?,
            self.prescriptions(told, state).await?,
            self.strays(tenant, state).await?,
        ])
    }

    /// Until every message to a national service has come to its end.
    pub async fn recovered(&self, tenant: Uuid) -> anyhow::Result<()> {
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            let open: i64 = self.db.query_one(OPEN, &[&tenant, &self.began]).await?.get(0);
            if open == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    /// Attempts, and those that brought no answer: without any of them this morning shows nothing.
    async fn exchanges(&self, tenant: Uuid, is_troubled: bool) -> anyhow::Result<Line> {
        let row = self.db.query_one(ATTEMPTS, &[&tenant, &self.began]).await?;
        let (all, failed): (i64, i64) = (row.get(0), row.get(1));
        let faults = if is_troubled && failed == 0 { vec!["障害が一つも起きていません".to_owned()] } else { vec![] };
        Ok(Line {
            what: "国とのやりとり(うち返事のなかったもの)",
            count: usize::try_from(all)?,
            explained: usize::try_from(failed)?,
            faults,
        })
    }

    async fn worklist(&self, tenant: Uuid) -> anyhow::Result<Line> {
        let rows = self.db.query(LEFT, &[&tenant, &self.began]).await?;
        let faults = rows.iter().map(|row| format!("{}: {} {}", row.get::<_, &str>(0), row.get::<_, &str>(1), row.get::<_, &str>(2)));
        Ok(Line { what: "後処理・端末のファイルの残り", count: rows.len(), faults: faults.collect(), explained: 0 })
    }

    async fn inquiries(&self, tenant: Uuid, told: &[Acknowledged], state: &Value) -> anyhow::Result<Line> {
        let rows = self.db.query(INQUIRIES, &[&tenant, &self.began]).await?;
        let code: String = self.db.query_one(CODE, &[&tenant]).await?.get(0);
        let answered = |id: Uuid| pairs(&state["answered"]).filter(|(of, name)| *of == code && name.starts_with(&id.to_string())).count();
        let (mut faults, mut typed) = (vec![], vec![]);
        for row in &rows {
            let (id, status, results, messages, is_typed): (Uuid, String, i64, i64, bool) =
                (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
            typed.extend(is_typed.then_some(id));
            if status != "answered" || results != 1 || messages != 1 || answered(id) == 0 {
                faults.push(format!("照会 {id}: {status}、結果 {results}件、送信 {messages}件、先方で {}回", answered(id)));
            }
        }
        let said: HashSet<Uuid> = told.iter().flat_map(|t| t.inquiries.iter().copied()).collect();
        if said != typed.iter().copied().collect() || said.len() != typed.len() {
            faults.push(format!("受け付けた照会 {}件に、残っているもの {}件", said.len(), typed.len()));
        }
        Ok(Line { what: "資格の照会", count: rows.len(), faults, explained: 0 })
    }

    /// Each acknowledged one is there exactly once under its own name and numbers; one that was taken back does not stand there.
    async fn prescriptions(&self, told: &[Acknowledged], state: &Value) -> anyhow::Result<Line> {
        let (mut faults, mut count, mut taken_back) = (vec![], 0, 0);
        for each in told {
            let rows = self.db.query(REGISTRATIONS, &[&each.visit]).await?;
            let expected = usize::from(each.is_registered);
            (count, taken_back) = (count + expected, taken_back + usize::from(each.is_taken_back));
            if rows.len() != expected {
                faults.push(format!("受診 {}: 登録 {}件(正しくは {expected}件)", each.visit, rows.len()));
            }
            for row in &rows {
                let (id, status, register_id, access_code): (Uuid, String, String, String) =
                    (row.get(0), row.get(1), row.get(2), row.get(3));
                let there: Vec<&Value> = list(&state["prescriptions"]).filter(|held| is_of(held, id)).collect();
                let standing: Vec<&&Value> = there.iter().filter(|held| held["stands"] == true).collect();
                let wanted = if each.is_taken_back { ("withdrawn", 0) } else { ("registered", 1) };
                let is_same = standing.iter().all(|held| held["id"] == register_id.as_str() && held["access_code"] == access_code.as_str());
                if (status.as_str(), standing.len()) != wanted || there.len() > 1 || !is_same {
                    faults.push(format!(
                        "処方箋 {id}: {status}、先方に {}件(有効 {}件)、番号は{}",
                        there.len(),
                        standing.len(),
                        if is_same { "同じ" } else { "別" }
                    ));
                }
            }
        }
        Ok(Line { what: "電子処方箋の登録(うち取消)", count, faults, explained: taken_back })
    }

    /// Nothing of this clinic stands there that is not ours.
    async fn strays(&self, tenant: Uuid, state: &Value) -> anyhow::Result<Line> {
        let code: String = self.db.query_one(CODE, &[&tenant]).await?.get(0);
        let known: HashSet<String> = self.db.query(STANDING, &[&tenant]).await?.iter().map(|row| row.get(0)).collect();
        let there: Vec<&Value> =
            list(&state["prescriptions"]).filter(|held| held["institution"] == code.as_str() && held["stands"] == true).collect();
        let strays = there.iter().filter(|held| !known.contains(held["id"].as_str().unwrap_or_default()));
        Ok(Line {
            what: "先方で有効な処方箋",
            count: there.len(),
            faults: strays.map(|held| format!("こちらに登録のないもの {held}")).collect(),
            explained: 0,
        })
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn pairs(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    list(value).filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
}

/// Under its own name, or that of a later attempt.
fn is_of(held: &Value, id: Uuid) -> bool {
    held["name"].as_str().is_some_and(|name| name.starts_with(&format!("rx-{id}")))
}

const CODE: &str = "SELECT institution_code FROM tenant WHERE id = $1";
/// Asking how a registered 処方箋 stands goes on for days.
const OPEN: &str = "SELECT count(*) FROM outbox_message WHERE tenant_id = $1 AND created_at >= $2 AND state IN ('waiting', 'sending')
    AND service IN ('eligibility', 'eprescription') AND errand <> 'prescription_status'";
const LEFT: &str = "SELECT errand, state, said FROM outbox_message WHERE tenant_id = $1 AND created_at >= $2
    AND service IN ('eligibility', 'eprescription') AND errand <> 'prescription_status' AND state NOT IN ('done', 'withdrawn')
    UNION ALL SELECT name, state, reason FROM device_arrival WHERE tenant_id = $1 AND arrived_at >= $2 AND state = 'refused'";
const ATTEMPTS: &str = "SELECT count(*), count(*) FILTER (WHERE x.outcome IN ('retry', 'unknown')) FROM outbox_exchange x
    JOIN outbox_message m ON m.tenant_id = x.tenant_id AND m.id = x.message_id
    WHERE m.tenant_id = $1 AND x.started_at >= $2 AND m.service IN ('eligibility', 'eprescription')";
/// The last: numbers somebody typed, not asked by themselves after 目視.
const INQUIRIES: &str =
    "SELECT q.id, q.status, (SELECT count(*) FROM reader_result r WHERE r.tenant_id = q.tenant_id AND r.id = q.reader_result_id),
    (SELECT count(*) FROM outbox_message m WHERE m.tenant_id = q.tenant_id AND m.lane = q.id), q.patient_id IS NULL
    FROM eligibility_inquiry q WHERE q.tenant_id = $1 AND q.asked_at >= $2";
const REGISTRATIONS: &str = "SELECT id, status, register_id, access_code FROM prescription_registration WHERE encounter_id = $1";
const STANDING: &str = "SELECT register_id FROM prescription_registration WHERE tenant_id = $1 AND status NOT IN ('withdrawn', 'paper')";
