//! Search keys: how a name is folded when written and when looked for, so that both meet.
//!
//! Stored in columns declared `COLLATE "C"`: their order is the order of code points, which is also
//! the order of Rust's `str`. A prefix is therefore the half-open range `lower <= key < upper`; LIKE would
//! lose the index under row-level security.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::kana::{is_dash, to_katakana};

/// 旧字体・異体字. Each line: the form everything is folded to, then the forms seen in family and given names.
/// Only the key is folded; the name itself is kept as its owner writes it.
#[rustfmt::skip]
const VARIANTS: &[&str] = &[
    "斉斎齊齋亝斊斋", "高髙", "崎﨑嵜碕", "辺邊邉", "沢澤", "浜濱濵", "広廣", "国國囯圀", "真眞", "恵惠", "吉𠮷", "島嶋嶌", "柳栁桺", "桜櫻", "竜龍",
    "滝瀧", "関關", "塩鹽", "検檢", "横橫", "黒黑", "渋澁", "寿壽", "徳德", "豊豐", "静靜", "実實", "栄榮", "円圓", "桧檜", "兎兔", "曽曾",
    "館舘", "峰峯", "富冨", "槙槇", "遥遙", "尭堯", "瑶瑤", "凜凛", "晃晄", "条條", "来來", "頼賴", "与與", "誉譽", "礼禮", "礒磯", "蔵藏",
    "児兒", "郎郞", "緒緖", "穂穗", "秋穐龝", "稲稻", "糸絲", "経經", "続續", "縁緣", "総總", "聡聰", "芸藝", "薫薰", "薮藪籔", "万萬", "予豫",
    "亀龜", "乗乘", "亘亙", "京亰", "仏佛", "伝傳", "会會", "体體", "価價", "倹儉", "勲勳", "区區", "単單", "参參", "双雙", "収收", "台臺",
    "号號", "呉吳", "喜㐂憙", "団團", "図圖", "圧壓", "増增", "壱壹", "変變", "奥奧", "奨奬", "嬢孃", "学學斈", "宝寶寳", "将將", "尚尙", "岳嶽",
    "峡峽", "巌巖", "巻卷", "帯帶", "庁廳", "応應", "恒恆", "悦悅", "慎愼", "懐懷", "戸戶", "戦戰", "拝拜", "拡擴", "数數", "旧舊", "昇曻",
    "晋晉", "晩晚", "暁曉", "暦曆", "松枩", "柏栢", "桑桒", "楽樂", "楼樓", "様樣", "権權", "歓歡", "毎每", "気氣", "沖冲", "浄淨", "浅淺",
    "渉涉", "淵渕渊", "清淸", "済濟", "渓溪", "満滿", "瀬瀨", "灯燈", "点點", "為爲", "煕熙凞", "献獻", "瓶甁", "当當", "畳疊", "県縣", "砕碎",
    "禄祿", "禅禪", "秘祕", "称稱", "粋粹", "絵繪", "緑綠", "肇肈", "舎舍", "船舩", "艶艷", "荘莊", "虎乕", "虚虛", "蛍螢", "観觀", "触觸",
    "証證", "謡謠", "転轉", "軽輕", "郷鄕", "釈釋", "鉄鐵鉃", "鋭銳", "錬鍊", "録錄", "鎮鎭", "長镸", "間閒", "隠隱", "隣鄰", "霊靈", "青靑",
    "頬頰", "顕顯", "駅驛", "騨驒", "鯵鰺", "鴎鷗", "鶏鷄", "麦麥", "麹麴", "麻蔴", "黄黃", "齢齡", "歯齒", "竈竃", "籠篭", "蝋蠟", "萌萠",
    "弥彌", "弐貳", "径徑", "従從", "衛衞", "杉椙", "橋槗𣘺", "土圡", "卯夘", "乃廼", "侠俠", "内內", "冴冱", "函凾", "剣劍劒劔", "励勵", "労勞",
    "彦彥", "穎頴", "祢禰", "村邨", "野埜", "寛寬", "涛濤", "鶴靏靎靍", "諌諫", "園薗", "丈𠀋", "涼凉", "輝煇", "曹曺",
];

/// Sorted by the form that is replaced, so one lookup is a binary search.
static FOLDED: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let mut pairs: Vec<(char, char)> = VARIANTS
        .iter()
        .filter_map(|forms| forms.chars().next().map(|base| (base, forms)))
        .flat_map(|(base, forms)| forms.chars().skip(1).map(move |form| (form, base)))
        .collect();
    pairs.sort_unstable();
    pairs
});

/// The key of a name, kanji or kana: width, kana kind, small kana, voiced twins, long marks, old forms and spaces
/// no longer matter.
pub fn search_key(text: &str) -> String {
    text.nfkc().filter_map(fold).collect()
}

/// How far into `shown` a search for `key` reaches, in bytes: what a page marks as the matching part.
pub fn matched_len(shown: &str, key: &str) -> usize {
    let mut rest = key;
    for (at, c) in shown.char_indices() {
        if rest.is_empty() && !is_variation_selector(c) {
            return at;
        }
        match rest.strip_prefix(search_key(c.encode_utf8(&mut [0; 4])).as_str()) {
            Some(after) => rest = after,
            None => return 0,
        }
    }
    if rest.is_empty() { shown.len() } else { 0 }
}

/// One character of a key; `None` for what carries no sound or shape.
fn fold(c: char) -> Option<char> {
    if c.is_whitespace() || is_ignored(c) {
        return None;
    }
    let c = to_katakana(c);
    Some(match c {
        c if is_dash(c) => 'ー',
        c if c.is_ascii() => c.to_ascii_lowercase(),
        c => small_to_large(c).unwrap_or_else(|| modern_form(c)),
    })
}

fn is_ignored(c: char) -> bool {
    c.is_control() || matches!(c, '・' | '.' | ',' | '\'') || is_variation_selector(c) || canonical_combining_class(c) != 0
}

/// 異体字セレクタ: picks one glyph of the same character.
fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Old card systems wrote キヨウコ for キョウコ, and ヅ/ズ, ヂ/ジ, ヲ/オ sound alike on the telephone.
fn small_to_large(c: char) -> Option<char> {
    Some(match c {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' | 'ヲ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ヅ' => 'ズ',
        'ヂ' => 'ジ',
        _ => return None,
    })
}

fn modern_form(c: char) -> char {
    match FOLDED.binary_search_by_key(&c, |(form, _)| *form) {
        Ok(at) => FOLDED[at].1,
        Err(_) => c,
    }
}

/// All keys starting with a prefix: `lower <= key`, and `key < upper` where there is an upper bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixRange {
    pub lower: String,
    /// `None` only when no string of the same length can follow (a prefix of U+10FFFF alone).
    pub upper: Option<String>,
}

impl PrefixRange {
    pub fn of(prefix: &str) -> Self {
        Self { lower: prefix.to_owned(), upper: successor(prefix) }
    }

    pub fn contains(&self, key: &str) -> bool {
        key >= self.lower.as_str() && self.upper.as_deref().is_none_or(|upper| key < upper)
    }
}

/// The smallest string greater than every string starting with `prefix`, in code point order.
fn successor(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        if let Some(next) = next_char(last) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

fn next_char(c: char) -> Option<char> {
    match c {
        '\u{D7FF}' => Some('\u{E000}'), // surrogates are not characters
        c => char::from_u32(c as u32 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn readings_meet() {
        for (a, b) in
            [("サイトウ チヅコ", "さいとうちずこ"), ("ｷﾖｳｺ", "キョウコ"), ("ジョーンズ", "ジョ−ンズ"), ("グエン・ヴァン", "グエン ヴァン")]
        {
            assert_eq!(search_key(a), search_key(b), "{a} {b}");
        }
    }

    #[test]
    fn old_and_new_forms_meet() {
        for (a, b) in [
            ("齋藤 千鶴子", "斉藤千鶴子"),
            ("齊藤", "斎藤"),
            ("髙橋", "高橋"),
            ("山﨑", "山崎"),
            ("渡邉", "渡辺"),
            ("澤", "沢"),
            ("濱田", "浜田"),
            ("廣國", "広国"),
            ("眞惠", "真恵"),
            ("𠮷田", "吉田"),
            ("神\u{FA19}", "神神"),
            ("葛\u{E0100}城", "葛城"),
            ("ＳＭＩＴＨ John", "smith john"),
        ] {
            assert_eq!(search_key(a), search_key(b), "{a} {b}");
        }
    }

    #[test]
    fn the_table_has_no_chains_and_no_repeats() {
        for pair in FOLDED.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "listed twice");
        }
        for (form, base) in FOLDED.iter() {
            assert_eq!(modern_form(*base), *base, "{form} is folded to {base}, which is folded again");
            assert!(form.nfkc().eq([*form]), "{form} never reaches the table: NFKC already changes it");
        }
    }

    #[test]
    fn marks_the_matching_part() {
        let shown = "サイトウ チヅコ";
        assert_eq!(&shown[..matched_len(shown, &search_key("さいとうち"))], "サイトウ チ");
        assert_eq!(&shown[..matched_len(shown, &search_key("サイトウチズコ"))], shown);
        assert_eq!(matched_len(shown, "スズキ"), 0);
        assert_eq!(matched_len(shown, "サイトウチズコー"), 0);
        assert_eq!(&"齋藤 誠"[..matched_len("齋藤 誠", &search_key("斉藤"))], "齋藤");
    }

    proptest! {
        #[test]
        fn a_range_holds_exactly_its_prefix(prefix in any::<String>(), other in any::<String>(), tail in any::<String>()) {
            let range = PrefixRange::of(&prefix);
            let joined = format!("{prefix}{tail}");
            prop_assert!(range.contains(&joined));
            prop_assert_eq!(range.contains(&other), other.starts_with(&prefix));
        }

        #[test]
        fn keys_are_stable(input in "[ぁ-んァ-ヶ一-龠齋髙a-zA-Zｱ-ﾟ 　ー・゛]{0,20}") {
            let key = search_key(&input);
            prop_assert_eq!(search_key(&key), key);
        }
    }
}
