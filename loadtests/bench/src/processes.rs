//! Starts the product and the floor from the binaries beside this one, and ends them.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};

pub struct Running {
    pub pid: u32,
    pub url: String,
    /// From the start of the process to its first page.
    pub first_page: Duration,
    child: Child,
}

impl Running {
    /// Waits until `path` answers 200.
    async fn start(mut command: Command, port: u16, path: &str) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command.kill_on_drop(true).stdout(Stdio::null()).spawn().context("cannot start a binary")?;
        let pid = child.id().context("the process ended at once")?;
        let url = format!("http://127.0.0.1:{port}");
        let client = reqwest::Client::new();
        while started.elapsed() < Duration::from_secs(20) {
            if client.get(format!("{url}{path}")).send().await.is_ok_and(|answer| answer.status() == 200) {
                return Ok(Self { pid, url, first_page: started.elapsed(), child });
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("{url}{path} did not answer within 20 s")
    }

    pub async fn stop(mut self) {
        // The process may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill().await;
    }
}

fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name(name);
    if !beside.exists() {
        bail!("{} is missing: build it with the same profile first", beside.display());
    }
    Ok(beside)
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// `tsumugi serve` as it runs in production, but on ports of its own and without TLS, which ends at the load balancer.
pub async fn product() -> anyhow::Result<Running> {
    let (port, admin) = (free_port()?, free_port()?);
    let mut command = Command::new(binary("tsumugi")?);
    command
        .arg("serve")
        .env("TSUMUGI_PORT", port.to_string())
        .env("TSUMUGI_ADMIN_PORT", admin.to_string())
        .env("TSUMUGI_PUBLIC_URL", format!("http://localhost:{port}"))
        .env("TSUMUGI_TLS_CERT_FILE", "")
        .env("TSUMUGI_TLS_KEY_FILE", "");
    Running::start(command, port, "/login").await
}

/// The sealer and other jobs of the product.
pub fn worker() -> anyhow::Result<Child> {
    let mut command = Command::new(binary("tsumugi")?);
    command
        .arg("worker")
        .env("TSUMUGI_ADMIN_PORT", free_port()?.to_string())
        .kill_on_drop(true)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(command.spawn()?)
}

pub async fn floor(tenant: &str) -> anyhow::Result<Running> {
    let port = free_port()?;
    let mut command = Command::new(binary("floor")?);
    command.arg("--port").arg(port.to_string());
    Running::start(command, port, &format!("/patients?tenant={tenant}&q=x")).await
}

/// `tsumugi …` to its end.
pub async fn tsumugi(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(binary("tsumugi")?).args(arguments).status().await?;
    if !status.success() {
        bail!("tsumugi {} ended with {status}", arguments.join(" "));
    }
    Ok(())
}
