//! The only door to Postgres and to the session store.
//!
//! The way of a request: a session cookie becomes a [`Principal`]; the handler's first argument `Access<P>` proves that the
//! principal holds permission `P`; `Access::begin` opens a [`TenantTx`] bound to the clinic; `TenantTx::commit` takes an [`Audit`]
//! entry and gives the [`Receipt`] a page cannot be built without.
//!
//! Skipping a step does not compile:
//!
//! ```compile_fail
//! // No query runs on the pool itself.
//! async fn leak(pool: tenancy::TenantPool) {
//!     use sea_orm::ConnectionTrait;
//!     pool.execute_unprepared("SELECT 1").await.ok();
//! }
//! ```
//! ```compile_fail
//! // A transaction cannot be made without access.
//! fn forge(tenant: tenancy::TenantId) -> tenancy::TenantTx {
//!     tenancy::TenantTx { tenant_id: tenant }
//! }
//! ```
//! ```compile_fail
//! // Nor can access itself, nor a receipt.
//! fn forge() -> tenancy::Receipt { tenancy::Receipt { subjects: vec![] } }
//! ```
//! ```compile_fail
//! // A committed transaction is gone.
//! async fn twice(tx: tenancy::TenantTx, audit: tenancy::Audit) {
//!     let _ = tx.commit(audit).await;
//!     let _ = tx.tenant_id();
//! }
//! ```

pub mod access;
pub mod archive;
pub mod audit;
pub mod availability;
pub mod bulk;
pub mod clock;
pub mod device;
pub mod device_key;
pub mod duties;
pub mod error;
pub mod keys;
pub mod masters;
pub mod medication_rules;
pub mod operator;
pub mod password;
pub mod patient_link;
pub mod permission;
pub mod pool;
pub mod principal;
pub mod seal;
pub mod second_factor;
pub mod session;
pub mod sign_in;
pub mod spool;
pub mod staff;
pub mod standing;
pub mod throttle;
pub mod tx;
pub mod verify;
pub mod versioned;

pub use access::{Access, AccessDenied, Gate};
pub use audit::{Act, Audit, InfoClass, Outcome};
pub use clock::Clock;
pub use device_key::DeviceAccess;
pub use domain::{Role, StaffId, TenantId};
pub use error::Error;
pub use pool::{TenantPool, Witness};
pub use principal::{Principal, RequestMeta};
pub use tx::{ActKey, Receipt, TenantTx};
pub use versioned::{Authorship, Versioned};
