//! `tsumugi disaster …` for the SRE, who passes on what the nation declares. Each change is in the audit log of the clinics it concerns.

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, NaiveDateTime, Utc};
use clap::Subcommand;
use tenancy::clock::JST;
use tenancy::operator::{Operator, TenantEntry};
use tenancy::standing::{self, Disaster};
use tenancy::{Act, Audit, Clock, InfoClass};

use crate::inquiries::store::institution_code;
use crate::tenants;

#[derive(Subcommand)]
pub enum Command {
    /// 国が開いた災害時モードを、都道府県ごとに有効にする
    Declare {
        /// 都道府県番号 2桁 (01〜47)
        #[arg(long)]
        prefecture: String,
        /// 終わる時刻 (日本時間の 2026-11-21T12:00 の形)。過ぎると自動で終わる
        #[arg(long)]
        until: String,
        /// 画面に出す名前 (地震や豪雨の名)
        #[arg(long)]
        reason: String,
    },
    /// いますぐ終える
    End {
        #[arg(long)]
        prefecture: String,
    },
}

pub async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    let operator = tenants::operator(clock)?;
    let now = operator.clock().now();
    let disaster = match command {
        Command::Declare { prefecture, until, reason } => {
            let until = moment(&until)?;
            ensure!(until > now, "終わる時刻はこれからの時刻です");
            Disaster { prefecture, until, reason: reason.trim().to_owned() }
        }
        Command::End { prefecture } => Disaster { prefecture, until: now, reason: "終了".into() },
    };
    ensure!(!disaster.reason.is_empty() && disaster.reason.chars().count() <= 200, "画面に出す名前は200文字までで入れてください");
    match disaster.prefecture.parse() {
        Ok(1..=47u8) if disaster.prefecture.len() == 2 => {}
        _ => bail!("都道府県番号は 01 から 47 の2桁です"),
    }
    declare(&operator, &operator.list_tenants().await?, &disaster).await
}

/// The declaration, and an event in the log of every clinic of the prefecture.
pub async fn declare(operator: &Operator, clinics: &[TenantEntry], disaster: &Disaster) -> anyhow::Result<()> {
    standing::declare_disaster(operator, disaster).await.context("災害時モードを書けません")?;
    for clinic in clinics {
        let tx = operator.begin(clinic.id).await?;
        if institution_code(&tx).await?.starts_with(&disaster.prefecture) {
            let audit = Audit::of(Act::Manage, InfoClass::Clinic).detail("disaster_until", disaster.until.to_rfc3339());
            tx.commit(audit).await?;
        }
    }
    Ok(())
}

fn moment(text: &str) -> anyhow::Result<DateTime<Utc>> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").context("時刻は 2026-11-21T12:00 の形で入れてください")?;
    local.and_local_timezone(JST).single().map(|at| at.to_utc()).context("時刻を読めません")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_japans() {
        assert_eq!(moment("2026-11-21T12:00").unwrap().to_rfc3339(), "2026-11-21T03:00:00+00:00");
        assert!(moment("21日").is_err());
    }
}
