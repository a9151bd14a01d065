//! The parts of an upload form, with limits that hold before the bytes are in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use domain::attachment::BYTES_MAX;
use domain::drawing::TEXT_MAX_BYTES;
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::error::AppError;

/// Bytes of all files of one request that are kept; what comes beyond is read and forgotten.
pub const BODY_MAX: usize = 2 * BYTES_MAX;
const FILES_MAX: usize = 20;
const NAME_MAX: usize = 100;
const FIELDS_MAX: usize = 20;
const PATIENCE: Duration = Duration::from_secs(120);

/// A file as sent.
pub struct SentFile {
    /// As the person's machine called it, for telling files apart on the page.
    pub name: String,
    pub bytes: Vec<u8>,
    /// It was longer than a file or a request may be; what is here is its beginning.
    pub is_cut: bool,
}

#[derive(Default)]
pub struct Sent {
    fields: BTreeMap<String, String>,
    pub files: Vec<SentFile>,
}

impl Sent {
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// A hidden field the page itself wrote.
    pub fn hidden<T: std::str::FromStr>(&self, name: &str) -> Result<T, AppError> {
        self.text(name).parse().map_err(|_| AppError::Invalid("画面の情報が欠けています。画面を開き直してください。".into()))
    }

    pub fn key(&self) -> Result<Uuid, AppError> {
        self.hidden("idempotency_key")
    }
}

/// Reads the whole form. A slow sender is not waited for without end.
pub async fn read(form: Multipart) -> Result<Sent, AppError> {
    match tokio::time::timeout(PATIENCE, parts(form)).await {
        Ok(sent) => sent,
        Err(_) => Err(AppError::Invalid("送信に時間がかかりすぎたため、やめました。もう一度送ってください。".into())),
    }
}

async fn parts(mut form: Multipart) -> Result<Sent, AppError> {
    let mut sent = Sent::default();
    let mut kept = 0;
    while let Some(mut field) = form.try_next().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let most = BYTES_MAX.min(BODY_MAX - kept);
            let bytes = bytes(&mut field, most).await?;
            let file = SentFile { name: file_name(&field), is_cut: bytes.len() > most, bytes };
            // A form without a choice sends a file without name and bytes.
            if sent.files.len() < FILES_MAX && !(file.name.is_empty() && file.bytes.is_empty()) {
                kept = BODY_MAX.min(kept + file.bytes.len());
                sent.files.push(file);
            }
        } else {
            let text = bytes(&mut field, TEXT_MAX_BYTES).await?;
            if sent.fields.len() < FIELDS_MAX {
                sent.fields.insert(name, String::from_utf8(text).map_err(|_| unreadable())?);
            }
        }
    }
    Ok(sent)
}

/// At most one byte more than `most`; the rest is read and dropped, so that the sender hears the answer.
async fn bytes(field: &mut Field, most: usize) -> Result<Vec<u8>, AppError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.try_next().await.map_err(broken)? {
        bytes.extend_from_slice(&chunk[..chunk.len().min((most + 1).saturating_sub(bytes.len()))]);
    }
    Ok(bytes)
}

fn file_name(field: &Field) -> String {
    let given = field.content_disposition().and_then(|d| d.get_filename()).unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control() && !domain::text::is_direction_override(*c)).take(NAME_MAX).collect()
}

fn broken<E>(_: E) -> AppError {
    unreadable()
}

fn unreadable() -> AppError {
    AppError::Invalid("送られた内容を読み取れませんでした。ファイルを選び直してください。".into())
}
