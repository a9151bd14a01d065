//! `tsumugi master …`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use domain::masters::{Layouts, MasterDiff, MasterKind};
use tenancy::Clock;

use super::import::{self, ImportError, Request};
use super::rules::{self, RulesError};
use crate::tenants;

const SHOWN: usize = 20;

#[derive(Subcommand)]
pub enum Command {
    /// 公表されたマスタのファイルを読み、変わるところを示す (--apply で取り込む)
    Import(Import),
    /// 製品に付いている見本を取り込む
    Samples,
    /// 処方の点検の規則 (CSV) を読み、変わるところを示す (--apply で取り込む)
    Rules(RulesFile),
}

#[derive(Args)]
pub struct RulesFile {
    file: PathBuf,
    /// 取り込む (省略すると違いを示すだけ)
    #[arg(long)]
    apply: bool,
    /// 適用日 (省略すると今日)
    #[arg(long)]
    effective_on: Option<NaiveDate>,
    /// 版の名前 (省略するとファイル名)
    #[arg(long)]
    label: Option<String>,
    /// 多くの規則がなくなってもよい
    #[arg(long)]
    allow_shrink: bool,
    /// 見本として取り込む
    #[arg(long)]
    sample: bool,
}

#[derive(Args)]
pub struct Import {
    /// disease・modifier・drug・procedure
    #[arg(long)]
    kind: MasterKind,
    file: PathBuf,
    /// 取り込む (省略すると違いを示すだけ)
    #[arg(long)]
    apply: bool,
    /// 適用日 (省略すると今日)
    #[arg(long)]
    effective_on: Option<NaiveDate>,
    /// 版の名前 (省略するとファイル名)
    #[arg(long)]
    label: Option<String>,
    /// 項目の並びを書いたファイル (省略すると製品に付いているもの)
    #[arg(long)]
    layouts: Option<PathBuf>,
    /// 公表されている件数
    #[arg(long)]
    expect_rows: Option<usize>,
    /// 多くの項目が廃止になってもよい
    #[arg(long)]
    allow_shrink: bool,
    /// 見本として取り込む
    #[arg(long)]
    sample: bool,
}

pub async fn run(command: Command, clock: Clock) -> anyhow::Result<()> {
    match command {
        Command::Import(args) => import(args, clock).await,
        Command::Rules(args) => import_rules(args, clock).await,
        Command::Samples => {
            let loaded = import::load_samples(&tenants::operator(clock)?).await?;
            println!("見本のマスタ {loaded} 種を取り込みました");
            Ok(())
        }
    }
}

async fn import(args: Import, clock: Clock) -> anyhow::Result<()> {
    let layouts = match &args.layouts {
        None => Layouts::built_in()?,
        Some(file) => Layouts::from_json(&std::fs::read_to_string(file).with_context(|| file.display().to_string())?)?,
    };
    let bytes = std::fs::read(&args.file).with_context(|| args.file.display().to_string())?;
    let file_name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let request = Request {
        kind: args.kind,
        bytes: &bytes,
        label: args.label.unwrap_or_else(|| file_name.clone()),
        source_file: file_name,
        effective_on: args.effective_on.unwrap_or_else(|| clock.today_jst()),
        is_sample: args.sample,
        expect_rows: args.expect_rows,
        allow_shrink: args.allow_shrink,
    };
    let prepared = match import::prepare(&tenants::operator(clock)?, &layouts, request).await {
        Err(ImportError::BadRows(bad)) => {
            for row in bad.iter().take(1000) {
                eprintln!("{}行目: {}", row.line, row.reason);
            }
            bail!("{} 行に誤りがあります。何も取り込んでいません", bad.len());
        }
        other => other?,
    };
    println!("{}マスタ {} 件を読みました", args.kind.display(), prepared.rows());
    print!("{}", report(&prepared.diff));
    if args.apply {
        println!("取り込みました: {}", prepared.apply().await?);
    } else {
        println!("まだ取り込んでいません。--apply を付けると取り込みます");
    }
    Ok(())
}

async fn import_rules(args: RulesFile, clock: Clock) -> anyhow::Result<()> {
    let bytes = std::fs::read(&args.file).with_context(|| args.file.display().to_string())?;
    let file_name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let request = rules::Request {
        bytes: &bytes,
        label: args.label.unwrap_or_else(|| file_name.clone()),
        source_file: file_name,
        effective_on: args.effective_on.unwrap_or_else(|| clock.today_jst()),
        is_sample: args.sample,
        allow_shrink: args.allow_shrink,
    };
    let prepared = match rules::prepare(&tenants::operator(clock)?, request).await {
        Err(RulesError::Bad(bad)) => {
            for field in bad.iter().take(1000) {
                eprintln!("{}行目 {}: {}", field.line, field.column, field.reason);
            }
            bail!("{} か所に誤りがあります。何も取り込んでいません", bad.len());
        }
        other => other?,
    };
    println!("処方の点検の規則 {} 件を読みました", prepared.rules.len());
    print!("{}", rules::report(&prepared));
    if args.apply {
        println!("取り込みました: {}", prepared.apply().await?);
    } else {
        println!("まだ取り込んでいません。--apply を付けると取り込みます");
    }
    Ok(())
}

fn report(diff: &MasterDiff) -> String {
    let mut text = format!("  追加 {} 件\n", diff.added.len());
    diff.added.iter().take(SHOWN).for_each(|entry| text.push_str(&format!("    ＋ {} {}\n", entry.code, entry.name)));
    text.push_str(&format!("  変更 {} 件\n", diff.changed.len()));
    for changed in diff.changed.iter().take(SHOWN) {
        let changes: Vec<String> = changed.changes.iter().map(|c| format!("{}「{}」→「{}」", c.label, c.before, c.after)).collect();
        text.push_str(&format!("    ✎ {} {} {}\n", changed.code, changed.name, changes.join(" ")));
    }
    text.push_str(&format!("  廃止 {} 件\n", diff.ended.len()));
    diff.ended.iter().take(SHOWN).for_each(|entry| text.push_str(&format!("    × {} {}\n", entry.code, entry.name)));
    text.push_str(&format!("  同じ {} 件\n", diff.unchanged));
    text
}
