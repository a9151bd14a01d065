//! 2次元シンボル: bytes as QR codes (model 2, error correction M). What is too long for one is split over several that name their place
//! among all (構造的連接), so that a reader puts them together in any order.

use qrcode::canvas::Canvas as Modules;
use qrcode::ec::construct_codewords;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, Version};

/// The largest symbol drawn: 97 modules a side stay readable on an office printer.
const LARGEST: i16 = 20;
const LEVEL: EcLevel = EcLevel::M;
/// 構造的連接 counts to sixteen.
const MOST: usize = 16;
/// Mode, place, number of symbols, parity: 20 bits before the data.
const APPENDED_BITS: usize = 20;

/// One symbol, row by row; true is dark.
#[derive(Debug, Clone)]
pub struct Symbol {
    pub width: usize,
    pub dark: Vec<bool>,
}

#[derive(Debug, thiserror::Error)]
pub enum SymbolError {
    #[error("more than sixteen symbols")]
    TooLong,
    #[error("the symbol could not be made: {0:?}")]
    Code(QrError),
}

/// As few symbols as hold everything, all of one size.
pub fn symbols(bytes: &[u8]) -> Result<Vec<Symbol>, SymbolError> {
    if let Some(version) = smallest(bytes.len(), 0) {
        return Ok(vec![draw(version, bits(version, None, bytes)?)?]);
    }
    let room = room(LARGEST, APPENDED_BITS);
    let count = bytes.len().div_ceil(room);
    if count > MOST {
        return Err(SymbolError::TooLong);
    }
    let each = bytes.len().div_ceil(count);
    let version = smallest(each, APPENDED_BITS).ok_or(SymbolError::TooLong)?;
    let parity = bytes.iter().fold(0, |parity, byte| parity ^ byte);
    bytes.chunks(each).enumerate().map(|(at, part)| draw(version, bits(version, Some(Place { at, count, parity }), part)?)).collect()
}

/// Where a symbol stands among those it belongs to.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    count: usize,
    parity: u8,
}

fn smallest(length: usize, before: usize) -> Option<i16> {
    (1..=LARGEST).find(|version| room(*version, before) >= length)
}

/// Bytes that fit behind the headers.
fn room(version: i16, before: usize) -> usize {
    capacity(version).saturating_sub(before + 4 + length_bits(version)) / 8
}

fn capacity(version: i16) -> usize {
    qrcode::bits::Bits::new(Version::Normal(version)).max_len(LEVEL).unwrap_or_default()
}

const fn length_bits(version: i16) -> usize {
    if version < 10 { 8 } else { 16 }
}

/// The codewords before error correction.
fn bits(version: i16, place: Option<Place>, data: &[u8]) -> Result<Vec<u8>, SymbolError> {
    let mut out = BitWriter::default();
    if let Some(place) = place {
        out.push(0b0011, 4);
        out.push(place.at, 4);
        out.push(place.count - 1, 4);
        out.push(usize::from(place.parity), 8);
    }
    out.push(0b0100, 4);
    out.push(data.len(), length_bits(version));
    data.iter().for_each(|byte| out.push(usize::from(*byte), 8));
    let capacity = capacity(version);
    out.push(0, capacity.saturating_sub(out.length).min(4));
    out.push(0, (8 - out.length % 8) % 8);
    for filler in [0xec, 0x11].into_iter().cycle() {
        if out.length >= capacity {
            break;
        }
        out.push(filler, 8);
    }
    if out.length == capacity { Ok(out.bytes) } else { Err(SymbolError::Code(QrError::DataTooLong)) }
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    length: usize,
}

impl BitWriter {
    fn push(&mut self, value: usize, count: usize) {
        for at in (0..count).rev() {
            if self.length.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= (((value >> at) & 1) as u8) << (7 - self.length % 8);
            }
            self.length += 1;
        }
    }
}

fn draw(version: i16, codewords: Vec<u8>) -> Result<Symbol, SymbolError> {
    let (data, correction) = construct_codewords(&codewords, Version::Normal(version), LEVEL).map_err(SymbolError::Code)?;
    let mut modules = Modules::new(Version::Normal(version), LEVEL);
    modules.draw_all_functional_patterns();
    modules.draw_data(&data, &correction);
    let colours = modules.apply_best_mask().into_colors();
    Ok(Symbol {
        width: usize::try_from(version).unwrap_or_default() * 4 + 17,
        dark: colours.into_iter().map(|c| c == Color::Dark).collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// A picture of the symbols side by side, as a printer would put them.
    fn picture(symbols: &[Symbol]) -> Vec<u8> {
        const SCALE: usize = 4;
        let side = symbols[0].width + 8;
        let (width, height) = (side * SCALE * symbols.len(), side * SCALE);
        let mut out = format!("P5 {width} {height} 255\n").into_bytes();
        for y in 0..height {
            for x in 0..width {
                let (of, row, column) = (x / (side * SCALE), (y / SCALE).wrapping_sub(4), (x % (side * SCALE) / SCALE).wrapping_sub(4));
                let symbol = &symbols[of];
                let is_dark = row < symbol.width && column < symbol.width && symbol.dark[row * symbol.width + column];
                out.push(if is_dark { 0 } else { 255 });
            }
        }
        out
    }

    /// What zbar, which is not ours, reads off the picture. Symbols that belong together come back as one.
    fn read(symbols: &[Symbol]) -> Option<Vec<u8>> {
        let file = std::env::temp_dir().join(format!("tsumugi-symbol-{}-{}.pgm", std::process::id(), symbols.len()));
        std::fs::File::create(&file).unwrap().write_all(&picture(symbols)).unwrap();
        let args = ["--quiet", "--raw", "--oneshot", "-Sbinary"];
        let read = Command::new("zbarimg").args(args).arg(&file).stderr(Stdio::null()).output().ok()?;
        let _ = std::fs::remove_file(&file);
        Some(read.stdout)
    }

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|n| b"JAHIS10,\x82\xa0\r\n0123456789"[n % 22]).collect()
    }

    /// FN-EP-02: an independent reader gives every byte back, from one symbol and from several.
    #[test]
    fn an_independent_reader_gives_every_byte_back() {
        for length in [1, 40, 300, 660, 667, 1500, 4000] {
            let made = symbols(&text(length)).unwrap();
            assert_eq!(made.len() > 1, length > 666, "{length}");
            let Some(read) = read(&made) else { return eprintln!("no zbarimg: skipped") };
            assert_eq!(read, text(length), "{length} bytes in {} symbols", made.len());
        }
    }

    #[test]
    fn what_sixteen_symbols_do_not_hold_is_refused() {
        assert!(matches!(symbols(&text(16 * 664 + 200)), Err(SymbolError::TooLong)));
        assert_eq!(symbols(&[]).unwrap().len(), 1);
    }
}
