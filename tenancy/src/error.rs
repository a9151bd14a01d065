//! What can go wrong behind the door. The cause stays here for the log; nobody outside sees more than the variant.

use sea_orm::DbErr;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row in this clinic; another clinic's row looks exactly the same.
    #[error("not found")]
    NotFound,
    /// Somebody saved first.
    #[error("version conflict, current version {current_version}")]
    Conflict { current_version: i32 },
    /// A unique or exclusion rule of the table was broken; `constraint` is its name.
    #[error("unique constraint {constraint}")]
    Duplicate { constraint: String },
    /// The database, Redis or the key provider cannot be reached.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database takes no writes at the moment.
    #[error("read only")]
    ReadOnly,
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }
}

impl From<sqlx::Error> for Error {
    fn from(e: sqlx::Error) -> Self {
        match &e {
            sqlx::Error::RowNotFound => Error::NotFound,
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
                Error::Unavailable(e.to_string())
            }
            sqlx::Error::Database(db) => match db.code().as_deref() {
                // unique, and exclusion: somebody else has it
                Some("23505" | "23P01") => Error::Duplicate { constraint: db.constraint().unwrap_or_default().to_owned() },
                Some("25006") => Error::ReadOnly,
                // shutting down, crash recovery, cannot connect now, too many connections, disk full
                Some("57P01" | "57P02" | "57P03" | "53300" | "53100") => Error::Unavailable(code_only(db.as_ref())),
                _ => Error::Internal(code_only(db.as_ref())),
            },
            _ => Error::Internal(e.to_string()),
        }
    }
}

/// SQLSTATE and object names only: Postgres puts row contents into message details.
fn code_only(db: &dyn sqlx::error::DatabaseError) -> String {
    format!("sqlstate {} table {} constraint {}", db.code().unwrap_or_default(), db.table().unwrap_or("-"), db.constraint().unwrap_or("-"))
}

impl From<DbErr> for Error {
    fn from(e: DbErr) -> Self {
        use sea_orm::RuntimeErr;
        match e {
            DbErr::Conn(RuntimeErr::SqlxError(e)) | DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
                match std::sync::Arc::try_unwrap(e) {
                    Ok(e) => e.into(),
                    Err(shared) => Error::Internal(shared.to_string()),
                }
            }
            DbErr::RecordNotFound(_) => Error::NotFound,
            other => Error::Internal(other.to_string()),
        }
    }
}

impl From<redis::RedisError> for Error {
    fn from(e: redis::RedisError) -> Self {
        Error::Unavailable(format!("redis: {}", e.category()))
    }
}
