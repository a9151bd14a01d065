//! The audit log: append-only events, the seals that chain their Merkle roots, and the anchors kept outside the database.
//!
//! Events are written in the transaction of the act. A sealer takes all events of transactions that can no longer change
//! (`xid` below the oldest running one), so a late commit is never missed; the watermark row also keeps two sealers apart.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        tables(m).await?;
        sealing(m).await
    }
}

async fn tables(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    TenantTable {
        name: "audit_event",
        columns: "tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            recorded_at timestamptz NOT NULL,
            actor_id uuid,
            actor_role text NOT NULL,
            act text NOT NULL,
            info_class text NOT NULL,
            outcome text NOT NULL CHECK (outcome IN ('success', 'refused', 'failure')),
            subject_ids uuid[] NOT NULL,
            entity_kind text NOT NULL,
            entity_id uuid,
            detail jsonb NOT NULL,
            digests jsonb NOT NULL,
            request_id uuid NOT NULL,
            source_ip text NOT NULL,
            xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
            leaf bytea NOT NULL CHECK (length(leaf) = 32),
            PRIMARY KEY (tenant_id, id)"
            .into(),
        app: "SELECT, INSERT",
        update_only_if: None,
        indexes: &[("audit_event_by_time", "(tenant_id, recorded_at DESC)")],
    }
    .create(m)
    .await?;
    TenantTable {
        name: "audit_seal",
        columns: "tenant_id uuid NOT NULL,
            seq bigint NOT NULL CHECK (seq > 0),
            prev_hash bytea NOT NULL,
            root bytea NOT NULL,
            leaf_count int NOT NULL CHECK (leaf_count > 0),
            event_ids uuid[] NOT NULL,
            leaves bytea NOT NULL,
            hash bytea NOT NULL,
            sealed_at timestamptz NOT NULL,
            PRIMARY KEY (tenant_id, seq)"
            .into(),
        app: "SELECT",
        update_only_if: None,
        indexes: &[],
    }
    .create(m)
    .await?;
    TenantTable {
        name: "audit_anchor",
        columns: "tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            from_seq bigint NOT NULL,
            to_seq bigint NOT NULL,
            object_key text NOT NULL,
            hash bytea NOT NULL,
            anchored_at timestamptz NOT NULL,
            PRIMARY KEY (tenant_id, id),
            UNIQUE (tenant_id, to_seq)"
            .into(),
        app: "SELECT, INSERT",
        update_only_if: None,
        indexes: &[],
    }
    .create(m)
    .await
}

async fn sealing(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    run(
        m,
        &[
            // The sealer walks all clinics in commit order; this index serves no request.
            "CREATE INDEX audit_event_pending ON audit_event (xid)".into(),
            "CREATE TABLE audit_watermark (only_row bool PRIMARY KEY DEFAULT true CHECK (only_row), sealed_below xid8 NOT NULL)".into(),
            "INSERT INTO audit_watermark (sealed_below) VALUES ('0')".into(),
            "GRANT SELECT, UPDATE ON audit_watermark TO tsumugi_lookup".into(),
            "GRANT SELECT ON audit_event, audit_seal, audit_anchor TO tsumugi_lookup".into(),
            "GRANT INSERT ON audit_seal TO tsumugi_lookup".into(),
            "CREATE POLICY lookup ON audit_event FOR SELECT TO tsumugi_lookup USING (true)".into(),
            "CREATE POLICY lookup ON audit_seal TO tsumugi_lookup USING (true) WITH CHECK (true)".into(),
            "CREATE POLICY lookup ON audit_anchor FOR SELECT TO tsumugi_lookup USING (true)".into(),
        ],
    )
    .await?;
    // Locks the watermark for the transaction; no row when another sealer holds it.
    lookup_function(
        m,
        "audit_seal_begin()",
        "RETURNS TABLE (sealed_below text, seal_below text) LANGUAGE sql VOLATILE AS
         $$ SELECT w.sealed_below::text, pg_snapshot_xmin(pg_current_snapshot())::text FROM audit_watermark w FOR UPDATE SKIP LOCKED $$",
        "tsumugi_operator",
    )
    .await?;
    lookup_function(
        m,
        "audit_pending(p_from text, p_below text)",
        "RETURNS TABLE (tenant_id uuid, id uuid, recorded_at timestamptz, leaf bytea) LANGUAGE sql STABLE AS
         $$ SELECT e.tenant_id, e.id, e.recorded_at, e.leaf FROM audit_event e
            WHERE e.xid >= p_from::xid8 AND e.xid < p_below::xid8 ORDER BY e.tenant_id, e.recorded_at, e.id $$",
        "tsumugi_operator",
    )
    .await?;
    lookup_function(
        m,
        "audit_last_seal(p_tenant uuid)",
        "RETURNS TABLE (seq bigint, hash bytea) LANGUAGE sql STABLE AS
         $$ SELECT s.seq, s.hash FROM audit_seal s WHERE s.tenant_id = p_tenant ORDER BY s.seq DESC LIMIT 1 $$",
        "tsumugi_operator",
    )
    .await?;
    lookup_function(
        m,
        "audit_seal_append(p_tenant uuid, p_seq bigint, p_prev bytea, p_root bytea, p_ids uuid[], p_leaves bytea, p_hash bytea, p_at timestamptz)",
        "RETURNS void LANGUAGE sql VOLATILE AS
         $$ INSERT INTO audit_seal (tenant_id, seq, prev_hash, root, leaf_count, event_ids, leaves, hash, sealed_at)
            VALUES (p_tenant, p_seq, p_prev, p_root, cardinality(p_ids), p_ids, p_leaves, p_hash, p_at) $$",
        "tsumugi_operator",
    )
    .await?;
    lookup_function(
        m,
        "audit_seal_finish(p_below text)",
        "RETURNS void LANGUAGE sql VOLATILE AS $$ UPDATE audit_watermark SET sealed_below = p_below::xid8 $$",
        "tsumugi_operator",
    )
    .await?;
    // Seconds the oldest unsealed event has waited, clinics with seals not yet anchored: numbers only.
    lookup_function(
        m,
        "audit_seal_lag()",
        "RETURNS double precision LANGUAGE sql STABLE AS
         $$ SELECT coalesce(extract(epoch FROM clock_timestamp() - min(e.recorded_at)), 0)::double precision
            FROM audit_event e, audit_watermark w WHERE e.xid >= w.sealed_below $$",
        "tsumugi_operator",
    )
    .await?;
    lookup_function(
        m,
        "audit_unanchored()",
        "RETURNS TABLE (tenant_id uuid, anchored_seq bigint, sealed_seq bigint) LANGUAGE sql STABLE AS
         $$ SELECT t.id, coalesce(a.seq, 0), s.seq FROM tenant t
            CROSS JOIN LATERAL (SELECT x.seq FROM audit_seal x WHERE x.tenant_id = t.id ORDER BY x.seq DESC LIMIT 1) s
            LEFT JOIN LATERAL (SELECT max(y.to_seq) AS seq FROM audit_anchor y WHERE y.tenant_id = t.id) a ON true
            WHERE s.seq > coalesce(a.seq, 0) $$",
        "tsumugi_operator",
    )
    .await
}
