//! The file out of the form, with a limit that holds before the bytes are in memory.

use actix_multipart::Multipart;
use futures_util::TryStreamExt;

use super::reading::BYTES_MAX;
use crate::error::AppError;

const NAME_MAX: usize = 120;

/// The field `file`: its name without folders, and at most one byte more than is allowed.
pub async fn file(mut form: Multipart) -> Result<(String, Vec<u8>), AppError> {
    let broken = |_| AppError::Invalid("送られた内容を読み取れませんでした。ファイルを選び直してください。".into());
    let (mut name, mut bytes) = (String::new(), Vec::new());
    while let Some(mut field) = form.try_next().await.map_err(broken)? {
        let is_file = field.name() == Some("file");
        if is_file {
            let given = field.content_disposition().and_then(|d| d.get_filename()).unwrap_or_default();
            let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
            name = last.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
        }
        while let Some(chunk) = field.try_next().await.map_err(broken)? {
            if is_file && bytes.len() <= BYTES_MAX {
                bytes.extend_from_slice(&chunk[..chunk.len().min(BYTES_MAX + 1 - bytes.len())]);
            }
        }
    }
    Ok((name, bytes))
}
