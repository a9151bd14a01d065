//! ClamAV: `clamd` on a Unix socket, spoken to by INSTREAM, so that it needs no right to any of our files.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::scanner::{ScanError, Scanner, Signatures, Verdict};

const CHUNK: usize = 64 * 1024;
const REPLY_MAX: u64 = 4 * 1024;
const PATIENCE: Duration = Duration::from_secs(90);
const NAME_MAX: usize = 80;

pub struct ClamAv {
    socket: PathBuf,
}

impl ClamAv {
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into() }
    }

    async fn ask(&self, command: &[u8], stream: Option<&[u8]>) -> Result<String, ScanError> {
        let asked = async {
            let mut socket = UnixStream::connect(&self.socket).await?;
            socket.write_all(command).await?;
            if let Some(bytes) = stream {
                for chunk in bytes.chunks(CHUNK) {
                    socket.write_u32(u32::try_from(chunk.len()).unwrap_or_default()).await?;
                    socket.write_all(chunk).await?;
                }
                socket.write_u32(0).await?;
            }
            let mut reply = Vec::new();
            socket.take(REPLY_MAX).read_to_end(&mut reply).await?;
            std::io::Result::Ok(String::from_utf8_lossy(&reply).trim_end_matches('\0').to_owned())
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(reply) => reply.map_err(|e| ScanError::Away(e.kind().to_string())),
            Err(_) => Err(ScanError::Away("timeout".into())),
        }
    }
}

#[async_trait]
impl Scanner for ClamAv {
    async fn scan(&self, bytes: &[u8]) -> Result<Verdict, ScanError> {
        verdict(&self.ask(b"zINSTREAM\0", Some(bytes)).await?)
    }

    async fn signatures(&self) -> Result<Signatures, ScanError> {
        signatures(&self.ask(b"zVERSION\0", None).await?)
    }
}

/// `stream: OK`, `stream: Name FOUND`; everything else is no verdict.
fn verdict(reply: &str) -> Result<Verdict, ScanError> {
    match reply.strip_prefix("stream: ") {
        Some("OK") => Ok(Verdict::Clean),
        Some(found) => {
            let name = found.strip_suffix(" FOUND").ok_or(ScanError::Unreadable)?;
            Ok(Verdict::Infected(name.chars().filter(char::is_ascii_graphic).take(NAME_MAX).collect()))
        }
        None => Err(ScanError::Unreadable),
    }
}

/// `ClamAV 1.4.6/27500/Thu Nov 19 09:12:34 2026`, or `ClamAV 1.4.6` where there are no published signatures.
fn signatures(reply: &str) -> Result<Signatures, ScanError> {
    let mut parts = reply.split('/');
    let engine = parts.next().filter(|engine| engine.starts_with("ClamAV ")).ok_or(ScanError::Unreadable)?;
    let made = parts.nth(1).and_then(|made| NaiveDateTime::parse_from_str(made.trim(), "%a %b %e %H:%M:%S %Y").ok());
    Ok(Signatures { engine: engine.chars().take(NAME_MAX).collect(), published_at: made.map(|made| made.and_utc()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ok_is_clean() {
        assert_eq!(verdict("stream: OK"), Ok(Verdict::Clean));
        assert_eq!(verdict("stream: Mihon.EICAR-Test FOUND"), Ok(Verdict::Infected("Mihon.EICAR-Test".into())));
        for reply in ["", "OK", "stream:", "stream: OK ", "INSTREAM size limit exceeded. ERROR", "stream: Allocation failed ERROR"] {
            assert_eq!(verdict(reply), Err(ScanError::Unreadable), "{reply}");
        }
    }

    #[test]
    fn signatures_have_an_age_or_are_not_there() {
        let known = signatures("ClamAV 1.4.6/27500/Thu Nov 19 09:12:34 2026").unwrap();
        assert_eq!(known.published_at, Some("2026-11-19T09:12:34Z".parse().unwrap()));
        assert_eq!(signatures("ClamAV 1.4.6").unwrap(), Signatures { engine: "ClamAV 1.4.6".into(), published_at: None });
        assert_eq!(signatures("ClamAV 1.4.6/27500/soon").unwrap().published_at, None);
        assert!(signatures("UNKNOWN COMMAND").is_err());
    }
}
