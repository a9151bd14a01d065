//! What a file is, by its bytes. Only headers are read here; nothing is decoded in the web process.

use std::io::Cursor;

use domain::attachment::{BYTES_MAX, ContentType, FileRefusal, check_size};
use image::{ImageFormat, ImageReader};

use super::pdf;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub content: ContentType,
    /// Of a picture.
    pub size: Option<(u32, u32)>,
}

pub fn judge(bytes: &[u8]) -> Result<Judged, FileRefusal> {
    if bytes.is_empty() {
        return Err(FileRefusal::Empty);
    }
    if bytes.len() > BYTES_MAX {
        return Err(FileRefusal::TooLarge);
    }
    if bytes.starts_with(b"%PDF-") {
        pdf::check(bytes)?;
        return Ok(Judged { content: ContentType::Pdf, size: None });
    }
    let (content, format) = match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => (ContentType::Jpeg, ImageFormat::Jpeg),
        Ok(ImageFormat::Png) => (ContentType::Png, ImageFormat::Png),
        Ok(_) => return Err(FileRefusal::OtherPicture),
        Err(_) => return Err(other(bytes)),
    };
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().map_err(|_| FileRefusal::Broken)?;
    check_size(width, height)?;
    Ok(Judged { content, size: Some((width, height)) })
}

fn other(bytes: &[u8]) -> FileRefusal {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    // UTF-16 markup begins with its own mark.
    let is_wide = text.starts_with(b"\xFF\xFE<") || text.starts_with(b"\xFE\xFF\0<");
    match text {
        _ if is_wide || text.starts_with(b"<") => FileRefusal::Markup,
        _ if bytes.get(4..8) == Some(b"ftyp") => FileRefusal::OtherPicture,
        _ => FileRefusal::Kind,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A picture of one colour.
    pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// GL-22: the bytes decide, not the name.
    #[test]
    fn only_jpeg_png_and_pdf_are_taken() {
        let jpeg = judge(&picture(40, 30, ImageFormat::Jpeg));
        assert_eq!(jpeg, Ok(Judged { content: ContentType::Jpeg, size: Some((40, 30)) }));
        assert_eq!(judge(&picture(4, 3, ImageFormat::Png)).map(|j| j.content), Ok(ContentType::Png));
        for (bytes, refusal) in [
            (&b""[..], FileRefusal::Empty),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", FileRefusal::Markup),
            (b"\xEF\xBB\xBF \n<!DOCTYPE html>", FileRefusal::Markup),
            (b"\xFF\xFE<\0s\0", FileRefusal::Markup),
            (b"GIF89a\x01\0\x01\0", FileRefusal::OtherPicture),
            (b"\0\0\0\x18ftypheic\0\0\0\0", FileRefusal::OtherPicture),
            (b"MZ\x90\0\x03", FileRefusal::Kind),
            (b"PK\x03\x04docm", FileRefusal::Kind),
            (b"\xFF\xD8\xFF", FileRefusal::Broken),
            (b"\x89PNG\r\n\x1a\n", FileRefusal::Broken),
        ] {
            assert_eq!(judge(bytes).map(|j| j.content), Err(refusal), "{:?}", &bytes[..bytes.len().min(12)]);
        }
        assert_eq!(judge(&vec![b'%'; BYTES_MAX + 1]), Err(FileRefusal::TooLarge));
    }

    /// A header that promises billions of pixels is refused without making room for them.
    #[test]
    fn a_bomb_is_refused_by_its_header() {
        let mut bomb = picture(1, 1, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(judge(&bomb), Err(FileRefusal::TooManyPixels));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }
}
