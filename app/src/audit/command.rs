//! `tsumugi audit verify`: names what is not as it was sealed. Ends with status 1 when anything is.

use std::path::PathBuf;

use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use tenancy::operator::TenantEntry;
use tenancy::seal::Seal;
use tenancy::verify::{self, Verdict};
use tenancy::{Clock, TenantId};

use super::anchor::{self, Anchor};
use crate::{services, tenants};

/// Anchors are made every two minutes; older seals without one are news.
const ANCHOR_LATE: TimeDelta = TimeDelta::minutes(10);

#[derive(Subcommand)]
pub enum Command {
    /// 監査記録と診療の記録が封印されたときのままかを確かめる
    Verify(VerifyArgs),
}

#[derive(Args)]
pub struct VerifyArgs {
    /// 医療機関ID (省略するとすべて)
    #[arg(long)]
    tenant: Option<String>,
    /// 保管先の外部控えと照らす: bucket、または控えを取り出したファイルかフォルダー
    #[arg(long)]
    anchors: Option<String>,
}

pub async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    let Command::Verify(args) = command;
    let now = clock.now();
    let (operator, source) = (tenants::operator(clock.clone())?, services::archive_source(clock)?);
    let mut clinics = operator.list_tenants().await?;
    if let Some(code) = &args.tenant {
        clinics.retain(|clinic| clinic.code == *code);
        if clinics.is_empty() {
            bail!("医療機関ID {code} はありません");
        }
    }
    let mut altered = 0;
    for clinic in clinics {
        // The anchors first: what is sealed meanwhile must not look as if it were missing from them.
        let anchored = match args.anchors.as_deref() {
            None => None,
            Some("bucket") => Some(from_bucket(clinic.id).await?),
            Some(path) => Some(from_files(clinic.id, path.into())?),
        };
        let verdict = verify::verify(&mut source.begin(clinic.id).await?, anchored.as_deref()).await?;
        print!("{}", report(&clinic, &verdict, anchored.as_deref()));
        altered += usize::from(!verdict.is_intact());
        if let Some(seq) = late_since(&verdict, now).filter(|_| args.anchors.as_deref() == Some("bucket")) {
            println!("  封印 {seq} から後の外部控えが {} 分以上ありません。控えが消されたか、書けていません", ANCHOR_LATE.num_minutes());
            altered += usize::from(verdict.is_intact());
        }
    }
    if altered > 0 { bail!("{altered} 医療機関で、封印されたときと違うところがあります") } else { Ok(()) }
}

/// The first seal whose anchor should long be in the bucket.
fn late_since(verdict: &Verdict, now: DateTime<Utc>) -> Option<i64> {
    verdict.unanchored.filter(|(_, sealed_at)| now - *sealed_at > ANCHOR_LATE).map(|(seq, _)| seq)
}

async fn from_bucket(tenant: TenantId) -> anyhow::Result<Vec<Seal>> {
    let store = services::reader()?;
    let mut files = Vec::new();
    for object in store.list(&anchor::prefix(tenant)).await? {
        files.push(Anchor::from_bytes(&store.get_bytes(&object.key).await?).with_context(|| object.key.clone())?);
    }
    Ok(anchor::join(&files)?)
}

fn from_files(tenant: TenantId, path: PathBuf) -> anyhow::Result<Vec<Seal>> {
    let paths: Vec<PathBuf> = match path.is_dir() {
        true => std::fs::read_dir(&path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?,
        false => vec![path],
    };
    let mut files = Vec::new();
    for path in paths {
        let read = || anyhow::Ok(Anchor::from_bytes(&std::fs::read(&path)?)?);
        files.push(read().with_context(|| path.display().to_string())?);
    }
    files.retain(|file| file.tenant_id == tenant.as_uuid());
    Ok(anchor::join(&files)?)
}

fn report(clinic: &TenantEntry, verdict: &Verdict, anchored: Option<&[Seal]>) -> String {
    let against = match anchored {
        None => String::from("外部控えとは照らしていません"),
        Some(chain) => format!("外部控え {} 件と照合", chain.len()),
    };
    let mut text = format!(
        "{}: 封印 {} 件、監査記録 {} 件(未封印 {})、履歴 {} 版、現在の記録 {} 行、{against}\n",
        clinic.code, verdict.seals, verdict.events, verdict.unsealed, verdict.rows, verdict.heads
    );
    match verdict.findings.as_slice() {
        [] => text.push_str("  すべて封印されたときのままです\n"),
        [first, rest @ ..] => {
            text.push_str(&format!("  最初の違い: {first}\n"));
            rest.iter().take(99).for_each(|finding| text.push_str(&format!("  {finding}\n")));
            if rest.len() > 99 {
                text.push_str(&format!("  ほか {} 件\n", rest.len() - 99));
            }
        }
    }
    text
}
