//! The program: `tsumugi-relay --config relay.toml`.

use std::path::PathBuf;

use clap::Parser;
use relay::config::Config;

#[derive(Parser)]
#[command(name = "tsumugi-relay", version, about = "資格確認端末とつむぎの間でファイルを運びます")]
struct Cli {
    /// 設定ファイル
    #[arg(long, env = "TSUMUGI_RELAY_CONFIG", default_value = "relay.toml")]
    config: PathBuf,
    /// 設定とフォルダを確かめるだけで終わる
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_target(false).init();
    let config = Config::read(&cli.config)?;
    if cli.check {
        println!("設定は読めました。フォルダにも書けます。");
        return Ok(());
    }
    relay::run(config).await
}
