//! Synthetic clinics for the demo, for tests by hand and for the bench.
//!
//! The generator is seeded: the same day gives the same people and visits. It writes through the slices' own row types
//! and gives every row its history, digest and audit event, so that nothing about demo data is special once it is there.

mod bills;
mod bookings;
mod clinics;
mod conditions;
mod findings;
mod history;
mod ledger;
mod masters;
mod names;
mod people;
mod rng;
mod rows;
mod scale;
mod second_factor;
mod seed;
mod sign_ins;
mod signatories;
mod stays;
mod terminal_key;
mod texts;
mod visits;

pub use clinics::{CLINICS, PASSWORD, TOTP_SECRET};
pub use history::BUSY_CHART;
pub use seed::Seeder;
use tenancy::Clock;

use crate::tenants;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// 合成データの医療機関をつくる
    Seed {
        /// 計測用: 医療機関の数
        #[arg(long, requires = "patients")]
        clinics: Option<usize>,
        /// 計測用: 医療機関ごとの患者数
        #[arg(long, requires = "clinics")]
        patients: Option<usize>,
    },
    /// サインインに必要なもの
    SignIns,
    /// 電子処方箋に署名する医師 (医療機関と職員の番号)
    Signatories,
    /// 資格確認端末の連携プログラムに入れる鍵を一つ発行する
    TerminalKey,
}

/// `tsumugi demo …`
///
/// # Errors
/// When the configuration lacks something or a service is away.
pub async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    match command {
        Command::SignIns => sign_ins::print(),
        Command::Signatories => signatories::print(&tenants::operator(clock)?).await?,
        Command::TerminalKey => terminal_key::print(&tenants::operator(clock)?).await?,
        Command::Seed { clinics, patients } => {
            let seeder = Seeder::from_env(tenants::operator(clock)?).await?;
            match clinics.zip(patients) {
                Some((clinics, patients)) => seeder.scaled(clinics, patients).await?,
                None => seeder.demo().await?,
            }
        }
    }
    Ok(())
}
