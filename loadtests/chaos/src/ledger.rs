//! What the database holds, read by the superuser over a connection the product knows nothing of.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// A visit of today whose note is still open.
#[derive(Debug, Clone)]
pub struct Chart {
    pub clinic: String,
    pub encounter: Uuid,
    pub patient: Uuid,
    /// Version of its S section, 0 when there is none.
    pub version: i64,
}

pub struct Save {
    pub text: String,
    pub version: i64,
}

#[derive(Debug, Default)]
pub struct Count {
    pub lost: usize,
    pub doubled: usize,
}

pub struct Ledger {
    url: String,
}

const OPEN_CHARTS: &str = "
    SELECT t.code, e.id, e.patient_id, coalesce(s.version, 0)::int8
    FROM encounter e
    JOIN tenant t ON t.id = e.tenant_id
    LEFT JOIN note n ON n.tenant_id = e.tenant_id AND n.encounter_id = e.id AND n.status = 'draft'
    LEFT JOIN note_section s ON s.tenant_id = n.tenant_id AND s.note_id = n.id AND s.section = 'S'
    WHERE e.status NOT IN ('cancelled', 'paid', 'left_unpaid')
      AND NOT EXISTS (SELECT 1 FROM note x WHERE x.tenant_id = e.tenant_id AND x.encounter_id = e.id AND x.status <> 'draft')
    ORDER BY e.reception_date DESC, e.id
    LIMIT $1";

const HISTORY: &str = "
    SELECT content->>'body', version::int8 FROM row_version
    WHERE kind = 'note_section' AND content->>'body' LIKE $1";

impl Ledger {
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let (server, _) = url.rsplit_once('/').context("the superuser's address names no database")?;
        let ledger = Self { url: format!("{server}/tsumugi") };
        ledger.client().await?;
        Ok(ledger)
    }

    /// A new connection each time: the server is killed in between.
    async fn client(&self) -> anyhow::Result<Client> {
        for _ in 0..60 {
            if let Ok((client, connection)) = tokio_postgres::connect(&self.url, NoTls).await {
                tokio::spawn(connection);
                return Ok(client);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        anyhow::bail!("the database did not come back within 30 s")
    }

    pub async fn open_charts(&self, wanted: usize) -> anyhow::Result<Vec<Chart>> {
        let rows = self.client().await?.query(OPEN_CHARTS, &[&i64::try_from(wanted)?]).await?;
        Ok(rows.iter().map(|r| Chart { clinic: r.get(0), encounter: r.get(1), patient: r.get(2), version: r.get(3) }).collect())
    }

    /// Every text of this run is unique, so a text found twice was saved twice.
    pub async fn compare(&self, run: &str, saves: &[Save]) -> anyhow::Result<Count> {
        let rows = self.client().await?.query(HISTORY, &[&format!("{run}-%")]).await?;
        let mut found: HashMap<String, Vec<i64>> = HashMap::new();
        for row in rows {
            found.entry(row.get(0)).or_default().push(row.get(1));
        }
        let lost = saves.iter().filter(|s| !found.get(&s.text).is_some_and(|versions| versions.contains(&s.version))).count();
        let doubled = found.values().filter(|versions| versions.len() > 1).count();
        Ok(Count { lost, doubled })
    }
}
