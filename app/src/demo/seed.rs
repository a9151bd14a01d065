//! `tsumugi demo seed`: brings the demo's clinics, or many plain ones for the bench. What is already there is kept.

use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use domain::{StaffId, TenantId};
use secrecy::ExposeSecret as _;
use tenancy::bulk::{BulkPool, BulkTx};
use tenancy::keys::Keyring;
use tenancy::operator::Operator;
use tenancy::password::Hasher;
use tokio::sync::mpsc::{self, Sender};

use super::clinics::{CLINICS, Clinic, FIRST_PASSWORD, PASSWORD};
use super::history::{History, Passwords};
use super::ledger::{Batch, Ledger};
use super::scale::{self, Scaled};
use super::{masters, second_factor};
use crate::{config, services};

/// Rows sent to the database together.
const BATCH: usize = 10_000;
/// Clinics of a bench in which somebody can sign in.
const WITH_SECOND_FACTOR: usize = 100;

pub struct Seeder {
    bulk: BulkPool,
    operator: Operator,
    keyring: Keyring,
    passwords: Passwords,
    now: DateTime<Utc>,
}

impl Seeder {
    /// # Errors
    /// When an address or key of the configuration is missing.
    pub async fn from_env(operator: Operator) -> anyhow::Result<Self> {
        let bulk = BulkPool::new(config::secret("TSUMUGI_RESTORE_DATABASE_URL")?.expose_secret())?;
        Self::new(bulk, operator, services::keyring().await?).await
    }

    /// # Errors
    /// When the password cannot be hashed.
    pub async fn new(bulk: BulkPool, operator: Operator, keyring: Keyring) -> anyhow::Result<Self> {
        let hasher = Hasher::new()?;
        let passwords = Passwords { known: hasher.hash(PASSWORD).await?, first: hasher.hash(FIRST_PASSWORD).await? };
        Ok(Self { bulk, keyring, passwords, now: operator.clock().now(), operator })
    }

    /// The sample masters and the three clinics of the demo.
    ///
    /// # Errors
    /// When a service is away or refuses a row.
    pub async fn demo(&self) -> anyhow::Result<()> {
        crate::masters::import::load_samples(&self.operator).await.context("sample masters")?;
        for clinic in CLINICS {
            let started = Instant::now();
            let loaded = self.clinic(clinic).await.with_context(|| format!("clinic {}", clinic.code))?;
            if loaded > 0 {
                println!("{:<10} {loaded} rows in {:.1} s", clinic.code, started.elapsed().as_secs_f64());
            }
        }
        Ok(())
    }

    /// One clinic with its years; 0 when it is there already.
    ///
    /// # Errors
    /// When a service is away or refuses a row.
    pub async fn clinic(&self, clinic: &'static Clinic) -> anyhow::Result<u64> {
        let tenant_id = TenantId::new(clinic.id);
        let mut tx = self.bulk.begin(tenant_id).await?;
        if tx.has_tenant().await? {
            return Ok(0);
        }
        let drugs = masters::drugs(&self.operator).await?;
        let diseases = masters::diseases(&self.operator).await?;
        let (mut history, staff) = History::open(clinic, self.now, (drugs, diseases), &self.passwords);
        let (sender, receiver) = mpsc::channel(2);
        let writer = tokio::task::spawn_blocking(move || {
            for index in 0..clinic.patients {
                history.patient(index);
                if !send_when_full(&mut history.ledger, &sender) {
                    return;
                }
            }
            history.finish();
            // A closed receiver has reported its own error.
            let _ = sender.blocking_send(history.ledger.take_batch());
        });
        let loaded = load(&mut tx, receiver).await?;
        writer.await?;
        tx.commit().await?;
        let enrolled: Vec<StaffId> = staff.iter().filter(|(_, member)| !member.is_new).map(|(id, _)| *id).collect();
        second_factor::enrol(&self.operator, &self.keyring, tenant_id, &enrolled).await?;
        Ok(loaded)
    }

    /// `clinics` clinics of `patients` patients each, for the bench.
    ///
    /// # Errors
    /// When a service is away or refuses a row.
    pub async fn scaled(&self, clinics: usize, patients: usize) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut loaded = 0;
        for number in 1..=clinics {
            loaded += self.scaled_clinic(patients, number).await.with_context(|| format!("clinic {}", scale::code(patients, number)))?;
        }
        println!("{clinics} clinics, {loaded} rows in {:.1} s", started.elapsed().as_secs_f64());
        Ok(())
    }

    async fn scaled_clinic(&self, patients: usize, number: usize) -> anyhow::Result<u64> {
        let tenant_id = TenantId::new(scale::tenant_id(patients, number));
        let mut tx = self.bulk.begin(tenant_id).await?;
        if tx.has_tenant().await? {
            return Ok(0);
        }
        let mut clinic = Scaled::open(patients, number, self.now, &self.passwords);
        let doctor = clinic.doctor;
        let (sender, receiver) = mpsc::channel(2);
        let writer = tokio::task::spawn_blocking(move || {
            while clinic.import() {
                if !send_when_full(&mut clinic.ledger, &sender) {
                    return;
                }
            }
            let _ = sender.blocking_send(clinic.ledger.take_batch());
        });
        let loaded = load(&mut tx, receiver).await?;
        writer.await?;
        tx.commit().await?;
        if number <= WITH_SECOND_FACTOR {
            second_factor::enrol(&self.operator, &self.keyring, tenant_id, &[doctor]).await?;
        }
        Ok(loaded)
    }
}

/// False when nobody takes rows any more.
fn send_when_full(ledger: &mut Ledger, sender: &Sender<Batch>) -> bool {
    ledger.waiting() < BATCH || sender.blocking_send(ledger.take_batch()).is_ok()
}

async fn load(tx: &mut BulkTx, mut batches: mpsc::Receiver<Batch>) -> Result<u64, tenancy::Error> {
    let mut loaded = 0;
    while let Some(batch) = batches.recv().await {
        loaded += batch.load(tx).await?;
    }
    tx.note_last_visits().await?;
    Ok(loaded)
}
