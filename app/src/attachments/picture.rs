//! Pictures written anew: decoded within limits, turned as the camera meant, and encoded without anything else that was in the file:
//! place and device of the photo, comments, bytes behind the end. Runs in the worker only.

use std::io::Cursor;

use domain::attachment::{ContentType, FileRefusal, SIDE_MAX, check_size};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

const QUALITY: u8 = 90;
const THUMBNAIL_SIDE: u32 = 320;
/// More than 40 million pixels need at four bytes each.
const ALLOC_MAX: u64 = 256 * 1024 * 1024;

/// A picture as readers get it.
pub struct Picture {
    pub bytes: Vec<u8>,
    pub thumbnail: Vec<u8>,
    pub size: (u32, u32),
}

/// Takes seconds and memory: call it where that is allowed.
pub fn written_anew(bytes: &[u8], content: ContentType) -> Result<Picture, FileRefusal> {
    let image = decoded(bytes, content)?;
    let mut anew = Cursor::new(Vec::new());
    let written = match content {
        ContentType::Png => image.write_with_encoder(PngEncoder::new(&mut anew)),
        _ => DynamicImage::from(image.to_rgb8()).write_with_encoder(JpegEncoder::new_with_quality(&mut anew, QUALITY)),
    };
    written.map_err(|_| FileRefusal::Broken)?;
    let mut thumbnail = Cursor::new(Vec::new());
    let small = on_white(&image.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE));
    small.write_with_encoder(JpegEncoder::new_with_quality(&mut thumbnail, QUALITY)).map_err(|_| FileRefusal::Broken)?;
    Ok(Picture { bytes: anew.into_inner(), thumbnail: thumbnail.into_inner(), size: (image.width(), image.height()) })
}

fn decoded(bytes: &[u8], content: ContentType) -> Result<DynamicImage, FileRefusal> {
    let format = if content == ContentType::Png { ImageFormat::Png } else { ImageFormat::Jpeg };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(SIDE_MAX), Some(SIDE_MAX), Some(ALLOC_MAX));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| FileRefusal::Broken)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| FileRefusal::Broken)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// A see-through picture would be black as a JPEG.
fn on_white(image: &DynamicImage) -> DynamicImage {
    let mut flat = image::RgbaImage::from_pixel(image.width(), image.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut flat, &image.to_rgba8(), 0, 0);
    DynamicImage::from(DynamicImage::from(flat).to_rgb8())
}

#[cfg(test)]
mod tests {
    use super::super::content::tests::picture;
    use super::*;

    /// A JPEG with an EXIF block: turned by 90°, and made in Tokyo.
    fn with_exif() -> Vec<u8> {
        let jpeg = picture(60, 20, ImageFormat::Jpeg);
        let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"GPSLatitude 35.6895 GPSLongitude 139.6917");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], b"\xFF\xE1", &length, &exif, &jpeg[2..]].concat()
    }

    fn contains(bytes: &[u8], what: &[u8]) -> bool {
        bytes.windows(what.len()).any(|window| window == what)
    }

    /// GL-22: nothing of the camera is left, and the picture stands upright.
    #[test]
    fn a_photo_loses_its_place_and_keeps_its_direction() {
        let photo = with_exif();
        assert!(contains(&photo, b"GPSLatitude"));
        let anew = written_anew(&photo, ContentType::Jpeg).unwrap();
        assert_eq!(anew.size, (20, 60));
        assert!(!contains(&anew.bytes, b"Exif") && !contains(&anew.bytes, b"GPS") && !contains(&anew.thumbnail, b"Exif"));
    }

    #[test]
    fn what_follows_the_picture_is_gone() {
        for (format, content) in [(ImageFormat::Png, ContentType::Png), (ImageFormat::Jpeg, ContentType::Jpeg)] {
            let polyglot = [picture(8, 8, format), b"<html><script>alert(1)</script></html>".to_vec()].concat();
            let anew = written_anew(&polyglot, content).unwrap();
            assert!(!contains(&anew.bytes, b"<script") && image::guess_format(&anew.bytes).unwrap() == format);
        }
    }

    #[test]
    fn a_broken_picture_is_refused() {
        let png = picture(64, 64, ImageFormat::Png);
        assert_eq!(written_anew(&png[..png.len() / 2], ContentType::Png).err(), Some(FileRefusal::Broken));
        assert_eq!(written_anew(b"\xFF\xD8\xFF\xE0", ContentType::Jpeg).err(), Some(FileRefusal::Broken));
    }
}
