//! Answers to lists as a ZIP: whole, and in every way a pack should not be.

use std::io::{Cursor, Write};

use actix_web::HttpResponse;
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

/// More than any list answers.
const BOMB: usize = 64 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Whole,
    Cut,
    Locked,
    /// Two files.
    Two,
    /// A name that leads out of the folder.
    Escaping,
    /// Not an XML by its name.
    Misnamed,
    Nested,
    Bomb,
}

impl Packing {
    pub const ALL: [Self; 8] = [Self::Whole, Self::Cut, Self::Locked, Self::Two, Self::Escaping, Self::Misnamed, Self::Nested, Self::Bomb];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Whole => "zip",
            Self::Cut => "zip_cut",
            Self::Locked => "zip_locked",
            Self::Two => "zip_two",
            Self::Escaping => "zip_escaping",
            Self::Misnamed => "zip_misnamed",
            Self::Nested => "zip_nested",
            Self::Bomb => "zip_bomb",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Whole => "一覧の結果がZIP",
            Self::Cut => "途中で切れたZIP",
            Self::Locked => "パスワード付きのZIP",
            Self::Two => "2つのファイルのZIP",
            Self::Escaping => "フォルダの外を指す名前のZIP",
            Self::Misnamed => "XMLでない名前のZIP",
            Self::Nested => "ZIPの中のZIP",
            Self::Bomb => "展開すると大きすぎるZIP",
        }
    }
}

pub fn answer(packing: Packing, path: &str, text: &[u8]) -> HttpResponse {
    match packed(packing, path, text) {
        Ok(bytes) => HttpResponse::Ok().content_type("application/zip").body(bytes),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn packed(packing: Packing, path: &str, text: &[u8]) -> Result<Vec<u8>, ZipError> {
    let name = format!("{}res_1.xml", path.rsplit('/').next().unwrap_or_default());
    let name = name.as_str();
    Ok(match packing {
        Packing::Whole => pack(&[(name, text)])?,
        Packing::Cut => {
            let whole = pack(&[(name, text)])?;
            whole[..whole.len() * 2 / 3].to_vec()
        }
        Packing::Locked => locked(pack(&[(name, text)])?),
        Packing::Two => pack(&[(name, text), ("another.xml", text)])?,
        Packing::Escaping => pack(&[("../../res/answer.xml", text)])?,
        Packing::Misnamed => pack(&[("answer.exe", text)])?,
        Packing::Nested => pack(&[("answer.zip", &pack(&[(name, text)])?)])?,
        Packing::Bomb => pack(&[(name, &vec![b' '; BOMB])])?,
    })
}

fn pack(files: &[(&str, &[u8])]) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default())?;
        zip.write_all(content)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The mark of a password, in both places a file is described.
fn locked(mut pack: Vec<u8>) -> Vec<u8> {
    let central = pack.windows(4).position(|at| at == b"PK\x01\x02");
    for at in [Some(6), central.map(|at| at + 8)].into_iter().flatten() {
        pack[at] |= 1;
    }
    pack
}
