//! History rows and current rows against the digests the log vouches for.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::{Finding, RowName, Verdict};
use crate::Error;
use crate::archive::Snapshot;
use crate::seal::merkle::Hash;
use crate::versioned::RowVersion;

/// The digest of every version, as the log remembers it.
#[derive(Default)]
pub(super) struct Written(HashMap<RowName, Hash>);

impl Extend<(RowName, Hash)> for Written {
    fn extend<I: IntoIterator<Item = (RowName, Hash)>>(&mut self, digests: I) {
        self.0.extend(digests);
    }
}

pub(super) async fn check(snapshot: &mut Snapshot, written: Written, verdict: &mut Verdict) -> Result<(), Error> {
    history(snapshot, written, verdict).await?;
    // A head has a version and a digest; the history itself has them too and is not one.
    let has = |table: &crate::archive::Table, name: &str| table.columns.iter().any(|column| column.name == name);
    let heads = snapshot.tables().iter().filter(|t| t.name != "row_version" && has(t, "version") && has(t, "digest"));
    for kind in heads.map(|table| table.name.clone()).collect::<Vec<_>>() {
        current(snapshot, &kind, verdict).await?;
    }
    Ok(())
}

async fn history(snapshot: &mut Snapshot, written: Written, verdict: &mut Verdict) -> Result<(), Error> {
    const SQL: &str = "SELECT tenant_id, kind, id, version, recorded_at, author_id, entered_by_id, status, content, digest
                       FROM row_version WHERE tenant_id = $1 ORDER BY recorded_at, id, version";
    let mut written = written.0;
    snapshot
        .each_row(SQL, &mut |row| {
            let row = version(row)?;
            verdict.rows += 1;
            let name = RowName { kind: row.kind.clone(), id: row.id, version: row.version };
            match written.remove(&name) {
                None => verdict.findings.push(Finding::RowInserted(name)),
                Some(digest) if digest != row.digest || digest != row.compute_digest() => {
                    verdict.findings.push(Finding::RowAltered(name));
                }
                Some(_) => {}
            }
            Ok::<(), Error>(())
        })
        .await?;
    let mut missing: Vec<RowName> = written.into_keys().collect();
    missing.sort();
    verdict.findings.extend(missing.into_iter().map(Finding::RowMissing));
    Ok(())
}

fn version(row: &PgRow) -> Result<RowVersion, Error> {
    Ok(RowVersion {
        tenant_id: row.try_get("tenant_id")?,
        kind: row.try_get("kind")?,
        id: row.try_get("id")?,
        version: row.try_get("version")?,
        recorded_at: row.try_get("recorded_at")?,
        author_id: row.try_get("author_id")?,
        entered_by_id: row.try_get("entered_by_id")?,
        status: row.try_get("status")?,
        content: row.try_get("content")?,
        digest: row.try_get::<Vec<u8>, _>("digest")?.try_into().unwrap_or_default(),
    })
}

/// Each current row must equal its newest version, column by column: the content is turned back into a row of the
/// table so that both sides are printed by the same hand.
async fn current(snapshot: &mut Snapshot, kind: &str, verdict: &mut Verdict) -> Result<(), Error> {
    let table = kind.replace('"', "\"\"");
    let sql = format!(
        "SELECT h.id, h.version, v.version IS NOT NULL AND NOT EXISTS (SELECT 1 FROM row_version n
                  WHERE n.tenant_id = $1 AND n.kind = '{kind}' AND n.id = h.id AND n.version > h.version)
                AND (h.digest, h.recorded_at, h.author_id, h.entered_by_id) = (v.digest, v.recorded_at, v.author_id, v.entered_by_id)
                AND NOT EXISTS (SELECT 1 FROM jsonb_object_keys(v.content) AS k
                  WHERE to_jsonb(h) -> k IS DISTINCT FROM to_jsonb(jsonb_populate_record(NULL::\"{table}\", v.content)) -> k) AS is_intact
         FROM \"{table}\" h LEFT JOIN row_version v
           ON v.tenant_id = h.tenant_id AND v.kind = '{kind}' AND v.id = h.id AND v.version = h.version
         WHERE h.tenant_id = $1"
    );
    snapshot
        .each_row(&sql, &mut |row| {
            verdict.heads += 1;
            if !row.try_get::<bool, _>("is_intact")? {
                let (id, version) = (row.try_get("id")?, row.try_get("version")?);
                verdict.findings.push(Finding::HeadAltered(RowName { kind: kind.to_owned(), id, version }));
            }
            Ok::<(), Error>(())
        })
        .await
}
