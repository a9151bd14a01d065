//! The records on the paper (JAHIS 院外処方箋2次元シンボル, `JAHIS10`): those that are registered, in Shift_JIS with CRLF, so that what a
//! pharmacy reads off the paper is what stands at the service.

/// ファイル終端.
const END: u8 = 0x1a;
/// ■ for a letter Shift_JIS does not have (外字).
const MISSING: [u8; 2] = [0x81, 0xa1];
/// Records of the electronic kind only.
const ELECTRONIC_ONLY: [&str; 2] = ["301", "302"];

/// The content of the symbol from 処方箋情報; `access_code` is empty when nothing is registered.
pub fn symbol_bytes(csv: &str, access_code: &str) -> Vec<u8> {
    let mut lines = vec!["JAHIS10".to_owned()];
    let mut is_told = access_code.is_empty();
    for line in csv.lines().skip(1) {
        let (record, rest) = line.split_once(',').unwrap_or((line, ""));
        if ELECTRONIC_ONLY.contains(&record) {
            continue;
        }
        if record == "101" && !is_told {
            lines.push(format!("82,1,{access_code}"));
            is_told = true;
        }
        lines.push(if record == "111" { usage(rest) } else { line.to_owned() });
    }
    let mut bytes: Vec<u8> = lines.iter().flat_map(|line| shift_jis(line).into_iter().chain(*b"\r\n")).collect();
    bytes.push(END);
    bytes
}

/// The paper names a usage by JAMI, the service by its own master; the codes are the same.
fn usage(rest: &str) -> String {
    let mut fields: Vec<&str> = rest.split(',').collect();
    if let Some(kind) = fields.get_mut(1).filter(|kind| **kind == "3") {
        *kind = "2";
    }
    format!("111,{}", fields.join(","))
}

fn shift_jis(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        let mut buffer = [0; 4];
        let (encoded, _, is_missing) = encoding_rs::SHIFT_JIS.encode(letter.encode_utf8(&mut buffer));
        if is_missing { bytes.extend(MISSING) } else { bytes.extend_from_slice(&encoded) }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::sample;
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let (text, _, is_wrong) = encoding_rs::SHIFT_JIS.decode(bytes.strip_suffix(&[END]).unwrap());
        assert!(!is_wrong);
        text.strip_suffix("\r\n").unwrap().split("\r\n").map(str::to_owned).collect()
    }

    /// FN-EP-02: record by record what was registered, and the 引換番号 before the drugs.
    #[test]
    fn the_symbol_says_what_was_registered() {
        let mut record = sample();
        record.lines[0].usage_code = "1011000400000000".into();
        let csv = record.to_csv().unwrap();
        let read = lines(&symbol_bytes(&csv, "123456"));
        assert_eq!(read[0], "JAHIS10");
        let at = read.iter().position(|line| line == "82,1,123456").unwrap();
        assert!(read[at + 1].starts_with("101,"));
        let back: Vec<String> =
            read[1..].iter().filter(|line| !line.starts_with("82,")).map(|line| line.replace("111,1,2,", "111,1,3,")).collect();
        assert_eq!(back, csv.lines().skip(1).map(str::to_owned).collect::<Vec<_>>());
        assert!(lines(&symbol_bytes(&csv, "")).iter().all(|line| !line.starts_with("82,")));
    }

    #[test]
    fn a_letter_the_encoding_lacks_is_a_black_square() {
        let mut record = sample();
        record.person.name = "髙﨑　𠮷太郎".into();
        record.remark = "絵文字😀".into();
        let read = lines(&symbol_bytes(&record.to_csv().unwrap(), "")).join("\n");
        assert!(read.contains("髙﨑　■太郎") && read.contains("絵文字■"), "{read}");
    }
}
