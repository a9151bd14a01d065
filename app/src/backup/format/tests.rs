#![allow(clippy::unwrap_used)]

use super::*;

fn header() -> Header {
    Header {
        format: FORMAT_VERSION,
        tenant_id: Uuid::from_u128(7),
        created_at: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
        product_version: "0.1.0".into(),
        key_version: 1,
        key_provider: "local".into(),
        kek_id: "local:00".into(),
        wrapped: Hex(vec![1, 2, 3]),
        recovery_wrapped: None,
        salt: Hex(vec![9; 32]),
        chunk_len: CHUNK_LEN as u32,
        tables: vec!["patient".into()],
    }
}

fn archive(key: &DataKey, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sealer = ChunkSealer::begin(&header(), key, |bytes| {
        out.extend_from_slice(&bytes);
        Ok(())
    })
    .unwrap();
    sealer.write_all(plain).unwrap();
    sealer.finish().unwrap();
    out
}

fn read(key: &DataKey, mut bytes: &[u8]) -> Result<Vec<u8>, BackupError> {
    let (header, bound_to) = Header::read(&mut bytes)?;
    let mut out = Vec::new();
    ChunkOpener::new(&header, bound_to, key, bytes)?.read_to_end(&mut out).map_err(BackupError::from_io)?;
    Ok(out)
}

#[test]
fn what_is_written_is_read_at_every_length_around_a_chunk() {
    let key = DataKey::generate().unwrap();
    for length in [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN] {
        let plain: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        assert!(read(&key, &archive(&key, &plain)).unwrap() == plain, "length {length}");
    }
}

// BK-07: a damaged or cut archive never reads as a shorter one.
#[test]
fn damage_cuts_and_additions_are_noticed_everywhere() {
    let key = DataKey::generate().unwrap();
    let whole = archive(&key, &vec![7u8; 2 * CHUNK_LEN + 100]);
    let step = whole.len() / 97;
    for at in (0..whole.len()).step_by(step).chain(0..600) {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        assert!(read(&key, &altered).is_err(), "byte {at}");
        assert!(read(&key, &whole[..at]).is_err(), "cut at {at}");
    }
    let longer = [whole.as_slice(), b"x"].concat();
    assert!(matches!(read(&key, &longer), Err(BackupError::Damaged("bytes after the end"))));
}

#[test]
fn chunks_cannot_change_places_or_be_left_out() {
    let key = DataKey::generate().unwrap();
    let whole = archive(&key, &[vec![1u8; CHUNK_LEN], vec![2u8; CHUNK_LEN], vec![3u8; 10]].concat());
    let lead = header().to_bytes().unwrap().len();
    let frame = 4 + CHUNK_LEN + TAG_LEN;
    let (head, rest) = whole.split_at(lead);
    let swapped = [head, &rest[frame..2 * frame], &rest[..frame], &rest[2 * frame..]].concat();
    assert!(matches!(read(&key, &swapped), Err(BackupError::Damaged(_))));
    let without_first = [head, &rest[frame..]].concat();
    assert!(matches!(read(&key, &without_first), Err(BackupError::Damaged(_))));
    assert!(matches!(read(&key, &whole[..lead + 2 * frame]), Err(BackupError::Truncated)));
}

#[test]
fn another_key_and_another_file_are_named_for_what_they_are() {
    let whole = archive(&DataKey::generate().unwrap(), b"text");
    assert!(matches!(read(&DataKey::generate().unwrap(), &whole), Err(BackupError::Damaged(_))));
    assert!(matches!(read(&DataKey::generate().unwrap(), b"PK\x03\x04 something else"), Err(BackupError::NotAnArchive)));
}
