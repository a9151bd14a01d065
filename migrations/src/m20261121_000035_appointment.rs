//! Bookings: whom or what one books, the weekly templates its slots come from, days it is closed, and the bookings themselves.
//!
//! The database decides who gets the last seat: a seat of a slot exists once among the rows that keep one, and a schedule that serves
//! one at a time refuses bookings whose times overlap.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// A part of a day, in minutes after midnight in Japan.
const MINUTES: &str = "from_min int NOT NULL CHECK (from_min >= 0), to_min int NOT NULL, CHECK (from_min < to_min AND to_min <= 1440)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        schedules(m).await?;
        appointments(m).await
    }
}

async fn schedules(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    TenantTable {
        name: "schedule",
        columns: format!(
            "{VERSIONED},
            name text NOT NULL,
            doctor_id uuid,
            is_exclusive bool NOT NULL,
            PRIMARY KEY (tenant_id, id),
            CHECK (status IN ('active', 'retired')),
            FOREIGN KEY (tenant_id, doctor_id) REFERENCES staff (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[],
    }
    .create(m)
    .await?;
    TenantTable {
        name: "slot_template",
        columns: format!(
            "{VERSIONED},
            schedule_id uuid NOT NULL,
            weekday int NOT NULL CHECK (weekday BETWEEN 1 AND 7),
            {MINUTES},
            interval_min int NOT NULL CHECK (interval_min BETWEEN 5 AND 240),
            capacity int NOT NULL CHECK (capacity BETWEEN 1 AND 50),
            overbook_limit int NOT NULL CHECK (overbook_limit BETWEEN 0 AND 20),
            visibility text NOT NULL CHECK (visibility IN ('staff', 'patient')),
            purposes text NOT NULL DEFAULT '',
            valid_from date NOT NULL,
            valid_to date,
            PRIMARY KEY (tenant_id, id),
            CHECK (status IN ('active', 'retired')),
            FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedule (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[("slot_template_by_schedule", "(tenant_id, schedule_id)")],
    }
    .create(m)
    .await?;
    TenantTable {
        name: "schedule_closure",
        columns: format!(
            "{VERSIONED},
            schedule_id uuid,
            day date NOT NULL,
            {MINUTES},
            reason text NOT NULL DEFAULT '',
            PRIMARY KEY (tenant_id, id),
            CHECK (status IN ('active', 'withdrawn')),
            FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedule (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[("schedule_closure_by_day", "(tenant_id, day)")],
    }
    .create(m)
    .await?;
    run(
        m,
        &[
            "CREATE UNIQUE INDEX schedule_of_doctor ON schedule (tenant_id, doctor_id) WHERE status = 'active' AND doctor_id IS NOT NULL"
                .into(),
            "CREATE UNIQUE INDEX schedule_name ON schedule (tenant_id, name) WHERE status = 'active'".into(),
        ],
    )
    .await
}

async fn appointments(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    TenantTable {
        name: "appointment",
        columns: format!(
            "{VERSIONED},
            schedule_id uuid NOT NULL,
            patient_id uuid,
            day date NOT NULL,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            seat_no int NOT NULL CHECK (seat_no > 0),
            is_overbooked bool NOT NULL DEFAULT false,
            is_exclusive bool NOT NULL,
            purpose text NOT NULL DEFAULT '',
            note text NOT NULL DEFAULT '',
            route text NOT NULL CHECK (route IN ('desk', 'phone', 'web', 'chart')),
            held_until timestamptz,
            contacted_at timestamptz,
            contacted_by_id uuid,
            encounter_id uuid,
            PRIMARY KEY (tenant_id, id),
            CHECK (status IN ('held', 'booked', 'arrived', 'no_show', 'cancelled')),
            CHECK (patient_id IS NOT NULL OR status IN ('held', 'cancelled')),
            CHECK ((status = 'held') = (held_until IS NOT NULL)),
            CHECK (status <> 'arrived' OR encounter_id IS NOT NULL),
            CHECK (ends_at > starts_at),
            FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedule (tenant_id, id),
            FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
            FOREIGN KEY (tenant_id, contacted_by_id) REFERENCES staff (tenant_id, id),
            FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[
            ("appointment_by_day", "(tenant_id, day, schedule_id)"),
            ("appointment_by_patient", "(tenant_id, patient_id, starts_at DESC)"),
            // What the clock still has to decide about.
            ("appointment_pending", "(tenant_id, day) WHERE status IN ('held', 'booked')"),
        ],
    }
    .create(m)
    .await?;
    run(
        m,
        &[
            // Of its own schema, so that what it brings does not stand among ours.
            "CREATE SCHEMA IF NOT EXISTS extensions".into(),
            "CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA extensions".into(),
            "CREATE UNIQUE INDEX appointment_seat ON appointment (tenant_id, schedule_id, starts_at, seat_no) WHERE status <> 'cancelled'"
                .into(),
            "ALTER TABLE appointment ADD CONSTRAINT appointment_one_at_a_time EXCLUDE USING gist
             (tenant_id WITH =, schedule_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (is_exclusive AND status <> 'cancelled')"
                .into(),
        ],
    )
    .await
}
