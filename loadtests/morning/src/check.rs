//! Afterwards: what the server acknowledged is looked for in the tables by the superuser, over a connection the product knows
//! nothing of. Nothing may be lost, doubled or stuck.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::story::Acknowledged;

/// How long what waits for a partner may take to get there once the faults are over.
const GRACE: Duration = Duration::from_secs(180);

pub struct Books {
    pub db: Client,
    simulators: String,
    /// Everything of this run was written after this moment.
    pub began: DateTime<Utc>,
}

/// One line of the table: what was looked for, how much of it there is, what is wrong with it.
pub struct Line {
    pub what: &'static str,
    pub count: usize,
    pub faults: Vec<String>,
    /// Not as usual, and said to somebody in plain words.
    pub explained: usize,
}

impl Books {
    pub async fn open(superuser_url: &str, simulators: &str) -> anyhow::Result<Self> {
        let (server, _) = superuser_url.rsplit_once('/').context("the superuser's address names no database")?;
        let (db, connection) = tokio_postgres::connect(&format!("{server}/tsumugi"), NoTls).await?;
        tokio::spawn(connection);
        let began = db.query_one("SELECT now()", &[]).await?.get(0);
        Ok(Self { db, simulators: simulators.to_owned(), began })
    }

    pub async fn tenant(&self, code: &str) -> anyhow::Result<Uuid> {
        Ok(self.db.query_one("SELECT id FROM tenant WHERE code = $1", &[&code]).await?.get(0))
    }

    pub async fn lines(&self, tenant: Uuid, told: &[Acknowledged]) -> anyhow::Result<Vec<Line>> {
        Ok(vec![
            self.people(told).await?,
            self.states(told).await?,
            self.texts(told).await?,
            self.rows("処方の行(署名済)", told, |t| t.drugs * usize::from(t.is_signed), LINES).await?,
            self.rows("計測", told, |t| t.rounds, ROUNDS).await?,
            self.rows("問診", told, |t| t.questionnaires, ANSWERS).await?,
            self.rows("入金", told, |t| t.payments, PAYMENTS).await?,
            self.money(told).await?,
            self.outbox(tenant).await?,
            self.receipts(told).await?,
        ])
    }

    async fn number(&self, sql: &str, id: Uuid) -> anyhow::Result<i64> {
        Ok(self.db.query_one(sql, &[&id]).await?.get(0))
    }

    /// Every patient once, with as many visits as were received.
    async fn people(&self, told: &[Acknowledged]) -> anyhow::Result<Line> {
        let mut visits: BTreeMap<Uuid, usize> = BTreeMap::new();
        for each in told {
            *visits.entry(each.patient).or_default() += 1;
        }
        let mut faults = vec![];
        for (patient, expected) in &visits {
            let found = self.number("SELECT count(*) FROM encounter WHERE patient_id = $1", *patient).await?;
            if usize::try_from(found)? != *expected {
                faults.push(format!("患者 {patient}: 受付 {found}件(正しくは {expected}件)"));
            }
        }
        Ok(Line { what: "受付", count: told.len(), faults, explained: 0 })
    }

    /// Every visit ended as its day did; one that waits is explained by the day's closing.
    async fn states(&self, told: &[Acknowledged]) -> anyhow::Result<Line> {
        let (mut faults, mut explained) = (vec![], 0);
        for each in told {
            let status: String = self.db.query_one("SELECT status FROM encounter WHERE id = $1", &[&each.visit]).await?.get(0);
            if status != each.ends {
                faults.push(format!("受付 {}: {status}(正しくは {})", each.visit, each.ends));
            }
            explained += usize::from(each.ends == "on_hold");
        }
        Ok(Line { what: "受診の終わり", count: told.len(), faults, explained })
    }

    /// Every acknowledged text stands exactly once in what a reader sees now, and no visit has two open notes.
    async fn texts(&self, told: &[Acknowledged]) -> anyhow::Result<Line> {
        let (mut faults, mut count) = (vec![], 0);
        for each in told.iter().filter(|t| !t.texts.is_empty()) {
            let row = self.db.query_one(BODIES, &[&each.visit]).await?;
            let (bodies, notes): (Option<String>, i64) = (row.get(0), row.get(1));
            let bodies = bodies.unwrap_or_default();
            for (letter, text) in &each.texts {
                count += 1;
                let found = bodies.matches(text.as_str()).count();
                if found != 1 {
                    faults.push(format!("受診 {} の {letter}: {found}回「{text}」", each.visit));
                }
            }
            if notes != 1 {
                faults.push(format!("受診 {}: 記録が {notes}件", each.visit));
            }
        }
        Ok(Line { what: "保存を告げた文", count, faults, explained: 0 })
    }

    async fn rows(
        &self,
        what: &'static str,
        told: &[Acknowledged],
        of: impl Fn(&Acknowledged) -> usize,
        sql: &str,
    ) -> anyhow::Result<Line> {
        let (mut faults, mut count) = (vec![], 0);
        for each in told {
            let (expected, found) = (of(each), usize::try_from(self.number(sql, each.visit).await?)?);
            count += expected;
            if expected != found {
                faults.push(format!("受診 {}: {found}件(正しくは {expected}件)", each.visit));
            }
        }
        Ok(Line { what, count, faults, explained: 0 })
    }

    async fn money(&self, told: &[Acknowledged]) -> anyhow::Result<Line> {
        let expected: i64 = told.iter().map(|t| t.paid_yen).sum();
        let visits: Vec<Uuid> = told.iter().map(|t| t.visit).collect();
        let found: i64 = self.db.query_one(CASH, &[&visits]).await?.get(0);
        let faults =
            if found == expected { vec![] } else { vec![format!("入金の合計 {found}円(受け取ったのは {expected}円)")] };
        Ok(Line { what: "入金の円", count: usize::try_from(expected)?, faults, explained: 0 })
    }

    /// Waits until the worker has delivered; what is left must have been handed to a person with a sentence.
    async fn outbox(&self, tenant: Uuid) -> anyhow::Result<Line> {
        let until = Instant::now() + GRACE;
        loop {
            self.finish_bills().await?;
            let rows = self.db.query(MESSAGES, &[&tenant, &self.began]).await?;
            let state = |wanted: &[&str]| rows.iter().filter(|r| wanted.contains(&r.get::<_, &str>(0))).count();
            let waiting = state(&["waiting", "sending"]);
            if waiting == 0 || Instant::now() > until {
                let is_over = |state: &str| matches!(state, "done" | "withdrawn");
                let mute = rows.iter().filter(|r| !is_over(r.get(0)) && r.get::<_, &str>(1).is_empty()).count();
                let mut faults = vec![];
                if waiting > 0 {
                    faults.push(format!("まだ送れていないもの {waiting}件"));
                }
                if mute > waiting {
                    faults.push(format!("理由の書かれていないもの {}件", mute - waiting));
                }
                return Ok(Line { what: "外への送信", count: rows.len(), faults, explained: state(&["refused", "given_up"]) });
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// Somebody at the receipt computer finishes what has arrived there; the product is waiting to read the price back.
    async fn finish_bills(&self) -> anyhow::Result<()> {
        let kept: Value = reqwest::get(format!("{}/orca/state", self.simulators)).await?.json().await?;
        for uid in kept["unfinished"].as_array().into_iter().flatten().filter_map(|each| each["uid"].as_str()) {
            reqwest::Client::new().post(format!("{}/orca/finish", self.simulators)).form(&[("uid", uid)]).send().await?;
        }
        Ok(())
    }

    /// One 中途終了データ was registered for each version that was sent, whatever went wrong on its way.
    async fn receipts(&self, told: &[Acknowledged]) -> anyhow::Result<Line> {
        let kept: Value = reqwest::get(format!("{}/orca/state", self.simulators)).await?.json().await?;
        let registered: Vec<String> =
            kept["registered"].as_array().into_iter().flatten().filter_map(|pair| pair[0].as_str().map(str::to_owned)).collect();
        let (mut faults, mut count, mut explained) = (vec![], 0, 0);
        let patients: HashSet<Uuid> = told.iter().map(|t| t.patient).collect();
        for patient in patients {
            let row = self.db.query_one(CLAIMS, &[&patient]).await?;
            let (number, sent, told_why): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
            let found = registered.iter().filter(|n| n.trim_start_matches('0') == number.trim_start_matches('0')).count();
            (count, explained) = (count + found, explained + usize::try_from(told_why)?);
            if found != usize::try_from(sent)? {
                faults.push(format!("患者番号 {number}: レセコンに {found}件(送ったのは {sent}版)"));
            }
        }
        Ok(Line { what: "レセコンの記録", count, faults, explained })
    }
}

const BODIES: &str = "SELECT string_agg(s.body, E'\\n'), count(DISTINCT n.id)
    FROM note n LEFT JOIN note_section s ON s.tenant_id = n.tenant_id AND s.note_id = n.id WHERE n.encounter_id = $1";
const LINES: &str = "SELECT count(*) FROM medication_request WHERE encounter_id = $1 AND status <> 'withdrawn'";
const ROUNDS: &str = "SELECT count(*) FROM vital_signs WHERE encounter_id = $1";
const ANSWERS: &str = "SELECT count(*) FROM questionnaire_response WHERE encounter_id = $1";
const PAYMENTS: &str = "SELECT count(*) FROM payment_notice WHERE encounter_id = $1";
const CASH: &str = "SELECT coalesce(sum(amount_yen), 0)::int8 FROM payment_notice WHERE encounter_id = ANY($1)";
const MESSAGES: &str =
    "SELECT state, said FROM outbox_message WHERE tenant_id = $1 AND created_at >= $2 AND errand <> 'prescription_status'";
const CLAIMS: &str = "SELECT p.patient_number, coalesce(sum(c.sent_version), 0)::int8, count(*) FILTER (WHERE c.engine_said <> '')
    FROM patient p LEFT JOIN claim c ON c.tenant_id = p.tenant_id AND c.patient_id = p.id WHERE p.id = $1 GROUP BY 1";
