//! Packs good and bad, written by the same library and bent by hand where it would not write them.

use std::io::Write;

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const NAME: &str = "OQSmuquc02res_20261120ab.xml";
const XML: &[u8] = b"<XmlMsg><MessageHeader/></XmlMsg>";

fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Where the central directory describes the first file.
fn central(pack: &[u8]) -> usize {
    pack.windows(4).position(|at| at == b"PK\x01\x02").unwrap()
}

fn refusal(bytes: &[u8]) -> PackRefusal {
    match unpacked(bytes) {
        Err(ReadError::Packed(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

/// FN-OQ-04
#[test]
fn one_xml_is_taken_out_and_what_is_not_packed_stays_as_it_is() {
    assert_eq!(&*unpacked(&pack(&[(NAME, XML)])).unwrap(), XML);
    assert_eq!(&*unpacked(XML).unwrap(), XML);
    assert_eq!(&*unpacked(b"").unwrap(), b"");
}

/// FN-OQ-04
#[test]
fn what_a_pack_says_of_itself_is_judged_before_it_is_opened() {
    for name in
        ["../answer.xml", "a/answer.xml", "..\\answer.xml", "/etc/answer.xml", "C:answer.xml", ".xml", "結果.xml", "answer.exe", "xml"]
    {
        assert_eq!(refusal(&pack(&[(name, XML)])), PackRefusal::Name, "{name}");
    }
    assert_eq!(refusal(&pack(&[])), PackRefusal::Count);
    assert_eq!(refusal(&pack(&[(NAME, XML), ("b.xml", XML)])), PackRefusal::Count);
    assert_eq!(refusal(&pack(&[("inner.zip", &pack(&[(NAME, XML)]))])), PackRefusal::Nested);
    assert_eq!(refusal(&pack(&[(NAME, &pack(&[(NAME, XML)]))])), PackRefusal::Nested, "under another name");
    assert_eq!(refusal(&pack(&[(NAME, &vec![b' '; HISTORY.bytes + 1])])), PackRefusal::TooLarge);
    let whole = pack(&[(NAME, XML)]);
    assert_eq!(refusal(&whole[..whole.len() - 10]), PackRefusal::Damaged);
    let mut locked = whole.clone();
    let at = central(&locked);
    locked[6] |= 1;
    locked[at + 8] |= 1;
    assert_eq!(refusal(&locked), PackRefusal::Locked);
    let mut strange = whole;
    strange[8] = 12;
    strange[at + 10] = 12;
    assert_eq!(refusal(&strange), PackRefusal::Method);
}

/// A bomb that names a small size is stopped while it is unpacked.
#[test]
fn a_pack_that_lies_about_its_size_is_stopped() {
    let mut bomb = pack(&[(NAME, &vec![b' '; HISTORY.bytes * 4])]);
    assert!(bomb.len() < 64 * 1024);
    let at = central(&bomb);
    for from in [22, at + 24] {
        bomb[from..from + 4].copy_from_slice(&100u32.to_le_bytes());
    }
    assert!(matches!(refusal(&bomb), PackRefusal::TooLarge | PackRefusal::Damaged));
}

/// Two descriptions of the same name are two files, whichever of them a reader would take.
#[test]
fn two_files_of_one_name_are_two() {
    let mut twice = pack(&[("a.xml", XML), ("b.xml", b"<Other/>")]);
    let at = twice.iter().enumerate().filter(|(at, byte)| **byte == b'b' && twice[*at..].starts_with(b"b.xml")).map(|(at, _)| at);
    for at in at.collect::<Vec<_>>() {
        twice[at] = b'a';
    }
    assert_eq!(refusal(&twice), PackRefusal::Count);
}

proptest! {
    #[test]
    fn nothing_panics(noise in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..400, value in any::<u8>()) {
        let _ = unpacked(&[MAGIC, &noise].concat());
        let mut bent = pack(&[(NAME, XML)]);
        let at = at % bent.len();
        bent[at] = value;
        let _ = unpacked(&bent);
    }
}
