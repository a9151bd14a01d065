//! One file out of a multipart form, with a limit that holds before the bytes are in memory.

use actix_multipart::Multipart;
use futures_util::TryStreamExt;

use crate::adapters::eligibility::{ReadError, ReaderFile};
use crate::error::AppError;

/// Slightly above what the reader's parser accepts, so that its sentence is the one shown.
const LIMIT: usize = 1024 * 1024;
const NAME_MAX: usize = 120;

/// The field `file`. An absent one reads as an empty file.
pub async fn file(mut form: Multipart) -> Result<Result<ReaderFile, ReadError>, AppError> {
    let broken = |_| AppError::Invalid("送られた内容を読み取れませんでした。ファイルを選び直してください。".into());
    let mut file = ReaderFile { name: String::new(), bytes: Vec::new() };
    let mut is_too_large = false;
    while let Some(mut field) = form.try_next().await.map_err(broken)? {
        let is_file = field.name() == Some("file");
        if is_file {
            file.name = tidy_name(field.content_disposition().and_then(|d| d.get_filename()).unwrap_or_default());
        }
        while let Some(chunk) = field.try_next().await.map_err(broken)? {
            if is_file && file.bytes.len() + chunk.len() <= LIMIT {
                file.bytes.extend_from_slice(&chunk);
            } else {
                is_too_large |= is_file;
            }
        }
    }
    if is_too_large { Ok(Err(ReadError::TooLarge { limit_kib: LIMIT / 1024 })) } else { Ok(Ok(file)) }
}

/// The last part of a path, without control characters.
fn tidy_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_folders_and_control_characters() {
        assert_eq!(tidy_name("C:\\OQS\\face\\OQSsiquc01res_face_1.xml"), "OQSsiquc01res_face_1.xml");
        assert_eq!(tidy_name("../../etc/a\0b"), "ab");
        assert_eq!(tidy_name(&"あ".repeat(300)).chars().count(), 120);
    }
}
