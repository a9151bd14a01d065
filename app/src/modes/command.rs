//! `tsumugi mode …` for the SRE: declare a mode, see which is declared. Each change is in every clinic's audit log.

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use clap::Subcommand;
use domain::standing::SystemMode;
use tenancy::clock::JST;
use tenancy::operator::{Operator, TenantEntry};
use tenancy::{Act, Audit, Clock, InfoClass, standing};

use crate::tenants;

#[derive(Subcommand)]
pub enum Command {
    /// いまのモード
    Show,
    /// モードを替える: normal, degraded (一部停止), read_only (閲覧のみ)
    Set {
        mode: String,
        /// 再開の予定時刻 (日本時間の 22:30 の形)
        #[arg(long)]
        until: Option<String>,
        /// 画面に出す理由 (一部停止のとき)
        #[arg(long, default_value = "")]
        reason: String,
    },
}

pub async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    let operator = tenants::operator(clock)?;
    match command {
        Command::Show => println!("{}", standing::declared(&operator).await?.label()),
        Command::Set { mode, until, reason } => {
            let mode = SystemMode::from_code(&mode).context("モードは normal、degraded、read_only のどれかです")?;
            if mode == SystemMode::Degraded && reason.trim().is_empty() {
                bail!("一部停止には、画面に出す理由 (--reason) が要ります");
            }
            let until = until.map(|text| next(&text, operator.clock().now())).transpose()?;
            change(&operator, &operator.list_tenants().await?, mode, until, reason.trim()).await?;
            println!("{}", mode.label());
        }
    }
    Ok(())
}

/// Writes the audit events on the side of the change where writing is possible.
pub async fn change(
    operator: &Operator,
    clinics: &[TenantEntry],
    mode: SystemMode,
    until: Option<DateTime<Utc>>,
    reason: &str,
) -> anyhow::Result<()> {
    let closing = mode == SystemMode::ReadOnly;
    if closing {
        told(operator, clinics, mode).await?;
    }
    standing::declare(operator, mode, until, reason).await.context("モードを書けません")?;
    if !closing {
        told(operator, clinics, mode).await?;
    }
    Ok(())
}

async fn told(operator: &Operator, clinics: &[TenantEntry], mode: SystemMode) -> anyhow::Result<()> {
    for clinic in clinics {
        let tx = operator.begin(clinic.id).await?;
        tx.commit(Audit::of(Act::Manage, InfoClass::Clinic).detail("mode", mode.code())).await?;
    }
    Ok(())
}

/// The next such time of day in Japan.
fn next(text: &str, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let time = NaiveTime::parse_from_str(text, "%H:%M").context("時刻は 22:30 の形で入れてください")?;
    let local = now.with_timezone(&JST);
    let at = local.date_naive().and_time(time).and_local_timezone(JST).single().context("時刻を読めません")?.with_timezone(&Utc);
    Ok(if at <= now { at + TimeDelta::days(1) } else { at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_the_next_one_in_japan() {
        let now: DateTime<Utc> = "2026-11-18T13:13:20Z".parse().unwrap(); // 22:13:20 in Japan
        assert_eq!(next("22:30", now).unwrap() - now, TimeDelta::seconds(16 * 60 + 40));
        assert_eq!(next("05:00", now).unwrap().with_timezone(&JST).format("%H:%M").to_string(), "05:00");
        assert!(next("05:00", now).unwrap() > now);
        assert!(next("25:00", now).is_err());
    }
}
