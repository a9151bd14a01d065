//! `tsumugi backup …` and `tsumugi restore`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use tenancy::keys::RecoveryPrivateKey;
use tenancy::operator::{Operator, TenantEntry};
use tenancy::{Clock, TenantId};

use super::list;
use super::restore::{Restore, Restored};
use super::rows::Sums;
use super::run::Backup;
use crate::attachments::copies;
use crate::objectstore::ObjectStore;
use crate::{config, services, tenants};

#[derive(Subcommand)]
pub enum Command {
    /// 医療機関の控えを保管先へ書く
    Run(Scope),
    /// 保管先にある控えの一覧
    List(Scope),
}

#[derive(Args)]
pub struct Scope {
    /// 医療機関ID
    #[arg(long, required_unless_present = "all", conflicts_with = "all")]
    tenant: Option<String>,
    /// すべての医療機関
    #[arg(long)]
    all: bool,
}

#[derive(Args)]
pub struct RestoreArgs {
    /// 保管先の中の名前 (tsumugi backup list が示すもの)
    #[arg(long, required_unless_present = "file", conflicts_with = "file")]
    object: Option<String>,
    /// 手元に取り出した控え
    #[arg(long)]
    file: Option<PathBuf>,
    /// 今ある医療機関と置き換える
    #[arg(long)]
    replace: bool,
    /// 復旧用の秘密鍵 (鍵を包む鍵が失われたとき)
    #[arg(long)]
    recovery_key: Option<PathBuf>,
}

pub async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    match command {
        Command::Run(scope) => archive(&scope, clock).await,
        Command::List(scope) => list_archives(&scope, clock).await,
    }
}

/// What the nightly job and the command use; None where no object store is configured.
pub async fn backup(clock: Clock) -> anyhow::Result<Option<Backup>> {
    let Some(store) = services::writer()? else { return Ok(None) };
    Ok(Some(Backup {
        operator: tenants::operator(clock.clone())?,
        source: services::archive_source(clock)?,
        keyring: services::keyring().await?,
        store,
        config: services::settings()?,
    }))
}

async fn scope_of(operator: &Operator, scope: &Scope) -> anyhow::Result<Vec<TenantEntry>> {
    match &scope.tenant {
        None => Ok(operator.list_tenants().await?),
        Some(code) => Ok(vec![operator.find_tenant(code).await?.with_context(|| format!("医療機関ID {code} はありません"))?]),
    }
}

async fn archive(scope: &Scope, clock: Clock) -> anyhow::Result<()> {
    let backup = backup(clock).await?.context("オブジェクト保存先が設定されていません (TSUMUGI_S3_ENDPOINT)。控えは書けません")?;
    let mut failed = 0;
    for tenant in scope_of(&backup.operator, scope).await? {
        match backup.run(tenant.id).await {
            Ok(done) => println!("{:<20} {:>10} 行 {:>12} バイト  {}", tenant.code, done.rows(), done.bytes, done.object_key),
            Err(error) => {
                failed += 1;
                eprintln!("{:<20} 失敗: {error}", tenant.code);
            }
        }
    }
    if failed > 0 { bail!("{failed} 件の控えを書けませんでした") } else { Ok(()) }
}

/// Reads the store, not the database: after a disaster there may be no clinic to look up, only its archives.
async fn list_archives(scope: &Scope, clock: Clock) -> anyhow::Result<()> {
    let store = services::reader()?;
    let prefix = match &scope.tenant {
        None => list::EVERY_CLINIC.to_owned(),
        Some(code) => list::prefix(clinic_named(code, clock).await?),
    };
    for object in store.list(&prefix).await? {
        println!("{:>12} バイト  {}", object.bytes, object.key);
    }
    Ok(())
}

/// A clinic by its code, or by the id its archives carry.
async fn clinic_named(name: &str, clock: Clock) -> anyhow::Result<TenantId> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let unknown = || format!("医療機関ID {name} はありません。データベースが空のときは --all で一覧を見てください");
    Ok(tenants::operator(clock)?.find_tenant(name).await?.with_context(unknown)?.id)
}

pub async fn restore(args: RestoreArgs, clock: Clock) -> anyhow::Result<()> {
    let recovery = args.recovery_key.as_deref().map(RecoveryPrivateKey::open).transpose()?;
    let expected = args.object.as_deref().and_then(clinic_of_key);
    let restore = Restore {
        target: services::restore_target(clock)?,
        keyring: services::keyring().await?,
        recovery,
        replace: args.replace,
        expected,
    };
    let restored = match (&args.object, args.file) {
        (Some(key), _) => restore.from_stream(services::reader()?.get(key).await?).await?,
        (None, Some(file)) => restore.from_reader(std::fs::File::open(&file).with_context(|| file.display().to_string())?).await?,
        (None, None) => bail!("--object か --file を指定してください"),
    };
    print!("{}", report(&restored));
    // A file at hand may come from a place whose bucket is gone: then the rows are back, and this says what is not.
    if let Some(place) = config::attachments()? {
        let objects = copies::bring_back(&services::reader()?, &ObjectStore::new(&place)?, restored.tenant).await?;
        println!("  画像・文書 {objects} 個を控えの入れ物から戻しました");
    }
    Ok(())
}

/// The clinic named in an object's key.
fn clinic_of_key(key: &str) -> Option<TenantId> {
    key.strip_prefix("backup/")?.split_once('/')?.0.parse().ok()
}

fn report(restored: &Restored) -> String {
    let code = restored.manifest.as_ref().map_or("-", |manifest| manifest.tenant_code.as_str());
    let at = restored.header.created_at.with_timezone(&tenancy::clock::JST).format("%Y-%m-%d %H:%M:%S");
    format!("医療機関 {code} を {at} の控えから戻しました\n{}", table(&restored.sums))
}

/// Counts and hashes as they were compared.
fn table(sums: &Sums) -> String {
    let line = |(name, sum): (&String, &super::rows::TableSum)| format!("  {name:<24} {:>10} 行  一致  sha256 {}\n", sum.rows, sum.sha256);
    sums.iter().map(line).collect()
}
