//! キー (R7): what the pages declare, and what a person may press instead. A page keeps saying `Alt+R`; the browser's script looks up
//! what its user presses for it.

use std::collections::{BTreeMap, HashMap};

use crate::text::folded;

/// Every key some page declares, with what it does; a test over the templates keeps the list whole.
pub const KEYS: &[(&str, &str)] = &[
    ("Ctrl+Enter", "確定・保存・登録・受け取る(画面の主な操作)"),
    ("Ctrl+K", "画面と操作を探す"),
    ("Alt+L", "本日の受付へ"),
    ("Alt+U", "利用者の切替"),
    ("Alt+M", "カルテ: 保留で離れる"),
    ("Alt+N", "次の患者"),
    ("Alt+1", "カルテ: S 主訴・経過"),
    ("Alt+2", "カルテ: O 所見・計測"),
    ("Alt+3", "カルテ: A 評価"),
    ("Alt+4", "カルテ: P 計画"),
    ("Alt+5", "カルテ: 過去カルテを別窓で開く"),
    ("Alt+9", "カルテ: 確定前の確認"),
    ("Alt+0", "処方を広げる・戻す/アレルギーなし"),
    ("Alt+R", "前回の処方(Do)/会計: 前回と同じ"),
    ("Alt+Shift+R", "前回受診をまるごとDo"),
    ("Alt+S", "処方セット"),
    ("Alt+B", "病名を足す"),
    ("Alt+P", "薬を足す"),
    ("Alt+G", "日数を次回の予約に合わせる"),
    ("Alt+K", "検査セット/会計: 行を足す"),
    ("Alt+J", "次回予約"),
    ("Alt+O", "計測をOに入れる"),
    ("Alt+Q", "問診をSに入れる"),
    ("Alt+I", "新しい患者・職員の登録"),
    ("Alt+Y", "提案を受ける: 病名・次回予約"),
    ("Alt+X", "紙の処方箋へ切り替える"),
    ("/", "患者を探す"),
    ("?", "この画面のキー"),
    ("A", "シェーマ: 矢印"),
    ("B", "予約表から取る/両方つなげる"),
    ("C", "受付の行: 呼び出す"),
    ("D", "患者: 文書"),
    ("E", "患者: 編集"),
    ("H", "患者: 保険を登録"),
    ("K", "カルテ/次の会計"),
    ("M", "受付の行: 状態を選ぶ/日時を変える"),
    ("N", "飛込み受付/予約する患者を探す"),
    ("O", "予約: 今日の順番を取る"),
    ("P", "番号票・領収書"),
    ("Q", "番号票のQR/予約: 順番表"),
    ("R", "受付・カード読取の取込"),
    ("T", "予約: 今日へ"),
    ("U", "元に戻す"),
    ("V", "受付の行: 計測"),
    ("Y", "予約・予約患者の受付"),
    ("Z", "シェーマ: 一つ戻す"),
    ("+", "写真: 大きく"),
    ("-", "写真: 小さく"),
    ("0", "写真: 全体を見る"),
    ("[", "予約: 前へ"),
    ("]", "予約: 次へ"),
];

/// Why a key cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("not a key")]
    Unreadable,
    /// The browser, its menus or the text field keep it.
    #[error("reserved {0}")]
    Reserved(String),
    /// It must also work while somebody is writing.
    #[error("needs Alt or Ctrl")]
    NeedsModifier,
    /// Something else has it already.
    #[error("taken by {0}")]
    Taken(&'static str),
}

/// Function keys and letters no browser gives up (R7).
const RESERVED: [&str; 14] =
    ["Ctrl+T", "Ctrl+W", "Ctrl+N", "Alt+D", "Alt+E", "Alt+F", "F1", "F3", "F5", "F6", "F7", "F11", "F12", "Alt+Enter"];

/// `ａｌｔ＋ｗ` → `Alt+W`, in the order the browser's script writes it.
pub fn parse(typed: &str) -> Result<String, KeyError> {
    let typed = folded(typed);
    let (mut ctrl, mut alt, mut shift, mut last) = (false, false, false, "");
    let parts: Vec<&str> = if typed == "+" { vec!["+"] } else { typed.split('+').map(str::trim).collect() };
    for (n, part) in parts.iter().enumerate() {
        match part.to_ascii_lowercase().as_str() {
            _ if n + 1 == parts.len() => last = part,
            "ctrl" | "control" => ctrl = true,
            "alt" | "option" => alt = true,
            "shift" => shift = true,
            _ => return Err(KeyError::Unreadable),
        }
    }
    let last = last.to_ascii_uppercase();
    let is_letter = last.len() == 1 && last.chars().all(|c| c.is_ascii_graphic());
    let is_function = last.strip_prefix('F').and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| (1..=12).contains(&n));
    let last = match last.as_str() {
        "ENTER" => "Enter".to_owned(),
        _ if is_letter || is_function => last,
        _ => return Err(KeyError::Unreadable),
    };
    let mut combo = last.clone();
    for (is_held, name) in [(shift && (ctrl || alt), "Shift"), (alt, "Alt"), (ctrl, "Ctrl")] {
        if is_held {
            combo = format!("{name}+{combo}");
        }
    }
    let is_editing = ctrl && !alt && is_letter && last != "K";
    if RESERVED.contains(&combo.as_str()) || is_editing || combo == "Enter" {
        return Err(KeyError::Reserved(combo));
    }
    Ok(combo)
}

/// What a person typed for each declared key: the keys that differ from the declared ones, or what is wrong at which.
pub fn bind(typed: &BTreeMap<String, String>) -> Result<BTreeMap<&'static str, String>, Vec<(&'static str, KeyError)>> {
    let (mut own, mut wrong, mut holders) = (BTreeMap::new(), vec![], HashMap::new());
    for (declared, label) in KEYS {
        let chosen = typed.get(*declared).map(|text| text.trim()).filter(|text| !text.is_empty()).unwrap_or(declared);
        let chosen = if chosen == *declared { Ok((*declared).to_owned()) } else { parse(chosen) };
        let chosen = chosen.and_then(|combo| match declared.len() > 1 && combo.len() == 1 {
            true => Err(KeyError::NeedsModifier),
            false => Ok(combo),
        });
        let combo = match chosen {
            Ok(combo) => combo,
            Err(e) => {
                wrong.push((*declared, e));
                continue;
            }
        };
        if let Some((holder, its_label)) = holders.insert(combo.clone(), (*declared, *label)) {
            // Told where something was changed.
            let (at, by) = if combo == *declared { (holder, *label) } else { (*declared, its_label) };
            wrong.push((at, KeyError::Taken(by)));
        }
        if combo != *declared {
            own.insert(*declared, combo);
        }
    }
    if wrong.is_empty() { Ok(own) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn keys_are_read_however_they_are_written() {
        for (text, combo) in [
            ("alt+w", "Alt+W"),
            ("Ａｌｔ＋ｗ", "Alt+W"),
            ("Ctrl+Alt+r", "Ctrl+Alt+R"),
            ("Control + Enter", "Ctrl+Enter"),
            ("f8", "F8"),
            ("x", "X"),
            ("Alt+Shift+R", "Alt+Shift+R"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(combo), "{text}");
        }
        for text in ["", "Alt+", "Alt+あ", "Hyper+X", "Alt+Tab", "F13", "Alt+F13"] {
            assert_eq!(parse(text), Err(KeyError::Unreadable), "{text}");
        }
    }

    #[test]
    fn what_the_browser_keeps_is_refused() {
        for text in ["Ctrl+W", "ctrl+t", "Ctrl+N", "Alt+D", "Alt+E", "Alt+F", "F5", "F12", "Ctrl+C", "Ctrl+Z", "Enter"] {
            assert!(matches!(parse(text), Err(KeyError::Reserved(_))), "{text}");
        }
    }

    #[test]
    fn only_what_differs_is_kept_and_two_may_change_places() {
        assert_eq!(bind(&typed(&[])), Ok(BTreeMap::new()));
        assert_eq!(bind(&typed(&[("Alt+R", "Alt+R"), ("Alt+P", "")])), Ok(BTreeMap::new()));
        let swapped = bind(&typed(&[("Alt+R", "Alt+P"), ("Alt+P", "alt+r")])).unwrap();
        assert_eq!((swapped["Alt+R"].as_str(), swapped["Alt+P"].as_str()), ("Alt+P", "Alt+R"));
    }

    #[test]
    fn one_key_does_one_thing_and_chart_keys_work_while_writing() {
        let wrong = bind(&typed(&[("Alt+R", "Alt+P")])).unwrap_err();
        assert_eq!(wrong, [("Alt+R", KeyError::Taken("薬を足す"))]);
        assert_eq!(bind(&typed(&[("Alt+R", "r")])).unwrap_err()[0], ("Alt+R", KeyError::NeedsModifier));
        assert_eq!(bind(&typed(&[("U", "W")])).unwrap()["U"], "W");
    }

    #[test]
    fn no_declared_key_is_one_a_browser_keeps() {
        for (declared, _) in KEYS {
            assert_eq!(parse(declared).as_deref(), Ok(*declared));
        }
        assert!(bind(&BTreeMap::new()).is_ok(), "no key is declared twice");
    }
}
