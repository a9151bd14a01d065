//! `tsumugi …`: one image, several duties.

use anyhow::Context;
use clap::{Parser, Subcommand};
use migrations::{Migrator, MigratorTrait};
use tenancy::Clock;

use crate::config::{self, Config};
use crate::{audit, backup, conformance, demo, emergency_views, figures, keys, masters, modes, serve, slices, telemetry, tenants, worker};

#[derive(Parser)]
#[command(name = "tsumugi", version, about = "つむぎ電子カルテ", disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 画面を開く
    Serve,
    /// 表を最新の形にする
    Migrate,
    /// 設定の一覧
    Config,
    /// すべての入口と必要な権限
    Routes,
    /// 医療機関
    #[command(subcommand)]
    Tenant(tenants::Command),
    /// 要件ごとの適合状況
    Conformance(conformance::ConformanceArgs),
    /// 合成データ
    #[command(subcommand)]
    Demo(demo::Command),
    /// 控え
    #[command(subcommand)]
    Backup(backup::command::Command),
    /// 鍵
    #[command(subcommand)]
    Keys(keys::Command),
    /// マスタ
    #[command(subcommand)]
    Master(masters::command::Command),
    /// 監査記録
    #[command(subcommand)]
    Audit(audit::command::Command),
    /// 運用モード: 通常、一部停止、閲覧のみ
    #[command(subcommand)]
    Mode(modes::command::Command),
    /// 国が開いた災害時モード
    #[command(subcommand)]
    Disaster(emergency_views::command::Command),
    /// 全医療機関の指標 (電子処方箋の導入率など)
    Figures,
    /// 裏の仕事: 封印、外部控え、夜の控え
    Worker,
    /// 控えから医療機関を戻す
    Restore(backup::command::RestoreArgs),
}

pub fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    telemetry::init_logs(&config::text("TSUMUGI_LOG")?);
    let clock = Clock::system();
    match cli.command {
        Command::Config => print!("{}", config::table()),
        Command::Routes => print!("{}", slices::routes().listing()),
        Command::Conformance(args) => conformance::run(args)?,
        Command::Serve => actix_web::rt::System::new().block_on(serve::run(Config::from_env()?, clock))?,
        Command::Worker => actix_web::rt::System::new().block_on(worker::run(clock))?,
        other => tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(other, clock))?,
    }
    Ok(())
}

async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    match command {
        Command::Migrate => migrate().await,
        Command::Tenant(command) => tenants::run(command, clock).await,
        Command::Demo(command) => demo::run(command, clock).await,
        Command::Backup(command) => backup::command::run(command, clock).await,
        Command::Restore(args) => backup::command::restore(args, clock).await,
        Command::Keys(command) => keys::run(command, clock).await,
        Command::Master(command) => masters::command::run(command, clock).await,
        Command::Mode(command) => modes::command::run(command, clock).await,
        Command::Disaster(command) => emergency_views::command::run(command, clock).await,
        Command::Figures => figures::run(clock).await,
        Command::Audit(command) => audit::command::run(command, clock).await,
        Command::Config | Command::Conformance(_) | Command::Routes | Command::Serve | Command::Worker => Ok(()),
    }
}

async fn migrate() -> anyhow::Result<()> {
    let url = config::required("TSUMUGI_OWNER_DATABASE_URL")?;
    #[allow(clippy::disallowed_methods)] // migrations run as the owner, before any pool exists
    let connection = sea_orm_migration::sea_orm::Database::connect(url).await.context("データベースに接続できません")?;
    Migrator::up(&connection, None).await.context("表を最新の形にできません")?;
    Ok(())
}
