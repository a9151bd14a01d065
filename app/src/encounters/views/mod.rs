//! The board and reception in words: what each row, count and refusal says.

mod board;
mod moves;
mod reception;
mod row;

use chrono::NaiveDate;
use domain::encounter::MoveRefusal;

pub use board::{Acts, Asked, BoardFacts, BoardPage, Filter, PlaceKey};
pub use moves::{MovedNotice, MovesPage, Toast};
pub use reception::{ReceptionPage, TicketPage};
pub use row::BoardRow;

/// `11月20日(金)`.
pub fn day_words(day: NaiveDate) -> String {
    use chrono::Datelike;
    let weekday = ["月", "火", "水", "木", "金", "土", "日"][day.weekday().num_days_from_monday() as usize];
    format!("{}月{}日({weekday})", day.month(), day.day())
}

/// Why a move is refused, and what to do instead.
pub const fn refusal_sentence(refusal: MoveRefusal) -> &'static str {
    match refusal {
        MoveRefusal::SameState => "すでにその状態です。",
        MoveRefusal::NoPath { .. } => "いまの状態からは移せません。画面を開き直して状態を確かめてください。",
        MoveRefusal::DoctorOnly => "診察終了と呼戻しは医師が行います。",
        MoveRefusal::ClerkOnly => "会計を閉じるのは医療事務が行います。",
        MoveRefusal::NotAllowed => "いまの職種では状態を変えられません。",
        MoveRefusal::NothingWritten => "この受診の記載がまだありません。S・O・A・P のどれかを書いてから診察を終えてください。",
        MoveRefusal::ReasonNeeded => "呼戻しには理由が必要です。理由を入れてください。",
        MoveRefusal::NoteSigned => "確定した記載があるため、受付を取り消せません。",
    }
}
