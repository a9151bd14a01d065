//! `tsumugi keys …`: renewing data keys and the key that wraps them (SE-07). Values are never re-encrypted in place:
//! a new data key seals from now on, and a new key-encryption key rewraps the data keys.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use tenancy::keys::LocalFileProvider;
use tenancy::operator::Operator;
use tenancy::{Act, Audit, Clock, InfoClass};

use crate::{services, tenants};

#[derive(Subcommand)]
pub enum Command {
    /// 医療機関の鍵を新しくする (前の鍵で書いたものは読めるまま)
    Rotate {
        /// 医療機関ID (省略するとすべて)
        #[arg(long)]
        tenant: Option<String>,
    },
    /// 医療機関の鍵を、新しい「鍵を包む鍵」(TSUMUGI_KEK_FILE) で包み直す
    Rewrap {
        /// 今まで包んでいた鍵
        #[arg(long)]
        old_kek_file: PathBuf,
    },
}

pub async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    let operator = tenants::operator(clock)?;
    match command {
        Command::Rotate { tenant } => rotate(&operator, tenant.as_deref()).await,
        Command::Rewrap { old_kek_file } => rewrap(&operator, LocalFileProvider::open(&old_kek_file)?).await,
    }
}

async fn rotate(operator: &Operator, code: Option<&str>) -> anyhow::Result<()> {
    let keyring = services::keyring().await?;
    let mut clinics = operator.list_tenants().await?;
    clinics.retain(|clinic| code.is_none_or(|code| clinic.code == code));
    clinics.first().context("その医療機関はありません")?;
    for clinic in clinics {
        let tx = operator.begin(clinic.id).await?;
        let version = keyring.rotate(&tx).await?;
        tx.commit(Audit::of(Act::Manage, InfoClass::Clinic).detail("key_version", version)).await?;
        println!("{:<20} 第{version}版の鍵に替えました", clinic.code);
    }
    Ok(())
}

async fn rewrap(operator: &Operator, old: LocalFileProvider) -> anyhow::Result<()> {
    let keyring = services::keyring().await?;
    for clinic in operator.list_tenants().await? {
        let tx = operator.begin(clinic.id).await?;
        let done = keyring.rewrap(&tx, &old).await.with_context(|| clinic.code.clone())?;
        tx.commit(Audit::of(Act::Manage, InfoClass::Clinic).detail("keys_rewrapped", done.changed)).await?;
        println!("{:<20} {} 本を包み直しました", clinic.code, done.changed);
    }
    Ok(())
}
