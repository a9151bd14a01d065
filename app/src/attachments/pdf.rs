//! A PDF that would act by itself is refused: scripts, programs to start, files inside. Such a document is only ever downloaded, so
//! this is one wall more, not the only one.

use std::io::Read;

use domain::attachment::FileRefusal;
use flate2::read::ZlibDecoder;

/// Names of PDF that make a document act.
const ACTIVE: [&[u8]; 11] = [
    b"JavaScript",
    b"Launch",
    b"EmbeddedFile",
    b"EmbeddedFiles",
    b"RichMedia",
    b"XFA",
    b"SubmitForm",
    b"ImportData",
    b"GoToE",
    b"Rendition",
    b"Movie",
];
/// How much of its compressed objects is looked into.
const INFLATED_MAX: u64 = 32 * 1024 * 1024;
const NAME_MAX: usize = 40;
/// How far before its bytes a stream's dictionary is looked for.
const DICTIONARY: usize = 16 * 1024;

pub fn check(bytes: &[u8]) -> Result<(), FileRefusal> {
    let end = rfind(bytes, b"%%EOF").ok_or(FileRefusal::Broken)?;
    if bytes[end + 5..].iter().any(|byte| !byte.is_ascii_whitespace() && *byte != 0) {
        return Err(FileRefusal::Trailer);
    }
    check_names(bytes)?;
    let mut left = INFLATED_MAX;
    let mut from = 0;
    while let Some(at) = find(&bytes[from..], b"stream").map(|at| from + at) {
        from = at + 6;
        if bytes[..at].ends_with(b"end") {
            continue;
        }
        check_stream(&bytes[at.saturating_sub(DICTIONARY)..at], &bytes[from..], &mut left)?;
    }
    Ok(())
}

/// Objects may lie compressed in a stream; those begin with the numbers of the objects.
fn check_stream(before: &[u8], rest: &[u8], left: &mut u64) -> Result<(), FileRefusal> {
    let data = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
    let holds_objects = {
        let dictionary = &before[rfind(before, b"endobj").unwrap_or(0)..];
        let named: Vec<Vec<u8>> = names(dictionary).collect();
        let has = |name: &[u8]| named.iter().any(|known| known == name);
        let is_odd = ["ASCIIHexDecode", "ASCII85Decode", "LZWDecode", "RunLengthDecode", "Crypt", "AHx", "A85", "LZW", "RL"];
        if has(b"ObjStm") && (is_odd.iter().any(|name| has(name.as_bytes())) || has(b"Predictor")) {
            return Err(FileRefusal::Active);
        }
        has(b"ObjStm")
    };
    let mut start = [0u8; 64];
    let read = ZlibDecoder::new(data).read(&mut start).unwrap_or(0);
    let is_index = start[..read].trim_ascii_start().first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'%');
    if read == 0 || !(holds_objects || is_index) {
        return Ok(());
    }
    let mut inflated = Vec::new();
    // What is cut off or broken is judged as far as it goes.
    let _ = ZlibDecoder::new(data).take(*left + 1).read_to_end(&mut inflated);
    *left = left.checked_sub(inflated.len() as u64).ok_or(FileRefusal::Active)?;
    check_names(&inflated)
}

fn check_names(bytes: &[u8]) -> Result<(), FileRefusal> {
    for name in names(bytes) {
        if name == b"Encrypt" {
            return Err(FileRefusal::Encrypted);
        }
        if ACTIVE.contains(&name.as_slice()) {
            return Err(FileRefusal::Active);
        }
    }
    Ok(())
}

/// `/Name`, with `#4A` read as `J`.
fn names(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    starts.map(|at| {
        let mut name = Vec::new();
        let mut rest = bytes[at..].iter();
        while let Some(byte) = rest.next().filter(|byte| !byte.is_ascii_whitespace() && !b"()<>[]{}/%\0".contains(byte)) {
            let escaped = rest.as_slice().get(..2).filter(|_| *byte == b'#').and_then(|two| std::str::from_utf8(two).ok());
            match escaped.and_then(|two| u8::from_str_radix(two, 16).ok()) {
                Some(meant) => {
                    name.push(meant);
                    rest.nth(1);
                }
                None => name.push(*byte),
            }
            if name.len() > NAME_MAX {
                break;
            }
        }
        name
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn rfind(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn document(inside: &[u8]) -> Vec<u8> {
        [b"%PDF-1.7\n1 0 obj\n", inside, b"\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"].concat()
    }

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn stream(dictionary: &str, text: &[u8]) -> Vec<u8> {
        [dictionary.as_bytes(), b"\nstream\r\n", &deflated(text), b"\nendstream"].concat()
    }

    /// GL-22
    #[test]
    fn documents_that_act_are_refused_wherever_it_stands() {
        assert_eq!(check(&document(b"<< /Type /Catalog /OpenAction [1 0 R /Fit] >>")), Ok(()));
        assert_eq!(check(&document(&stream("<< /Filter /FlateDecode >>", b"BT /F1 12 Tf (JavaScript) Tj ET"))), Ok(()));
        for inside in [&b"<< /S /JavaScript /JS (app.alert(1)) >>"[..], b"<< /S /J#61vaScript >>", b"<</Names<</EmbeddedFiles 2 0 R>>>>"] {
            assert_eq!(check(&document(inside)), Err(FileRefusal::Active));
        }
        let hidden = b"1 0 << /S /Launch /F (calc.exe) >>";
        assert_eq!(check(&document(&stream("<< /Type /ObjStm /Filter /FlateDecode >>", hidden))), Err(FileRefusal::Active));
        assert_eq!(check(&document(&stream("<< /Filter /FlateDecode >>", hidden))), Err(FileRefusal::Active), "whatever it calls itself");
        assert_eq!(
            check(&document(&stream("<< /Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode] >>", b"1 0"))),
            Err(FileRefusal::Active)
        );
        assert_eq!(check(&document(b"<< /Encrypt 5 0 R >>")), Err(FileRefusal::Encrypted));
    }

    #[test]
    fn nothing_hides_behind_the_end() {
        let mut polyglot = document(b"<< >>");
        polyglot.extend_from_slice(b"<html><script>alert(1)</script>");
        assert_eq!(check(&polyglot), Err(FileRefusal::Trailer));
        assert_eq!(check(b"%PDF-1.7\n1 0 obj"), Err(FileRefusal::Broken));
    }

    /// Compressed to nothing, it would fill the memory: only so much is looked into.
    #[test]
    fn a_bomb_of_objects_is_refused() {
        let zeros = [b"1 0 ".to_vec(), vec![b' '; 40 * 1024 * 1024]].concat();
        assert_eq!(check(&document(&stream("<< /Type /ObjStm /Filter /FlateDecode >>", &zeros))), Err(FileRefusal::Active));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = check(&document(&bytes));
            let _ = check(&bytes);
        }
    }
}
