//! Two people wrote in the same section: what is the same, what did each change, and how do both fit together.
//!
//! The unit is the sentence (up to 。 or a line end), because clinicians write and think in sentences; inside a
//! changed sentence words are compared so that the page can mark `ins` and `del`. Nothing here decides for a person:
//! the merge proposes, and a text that is not taken stays in the history.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Above this many sentences the whole text is compared as one block, which keeps the worst case cheap.
const MAX_SENTENCES: usize = 2_000;
/// Above this many words in a changed block, old and new are shown whole instead of word by word.
const MAX_WORDS: usize = 1_500;

/// A piece of a three-way comparison, in reading order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hunk {
    /// Nobody changed it, or both made the same change.
    Same(String),
    /// Only I changed it.
    Mine { base: String, mine: String },
    /// Only the other person changed it.
    Theirs { base: String, theirs: String },
    /// Both changed it, differently.
    Both { base: String, mine: String, theirs: String },
}

/// Which text of a changed [`Hunk`] goes into the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    Mine,
    Theirs,
    /// Mine and then theirs.
    Both,
}

impl Pick {
    /// The value in the form.
    pub fn code(self) -> &'static str {
        match self {
            Pick::Mine => "mine",
            Pick::Theirs => "theirs",
            Pick::Both => "both",
        }
    }

    /// Reads the value of the form; `None` for anything else.
    pub fn from_code(code: &str) -> Option<Self> {
        [Pick::Mine, Pick::Theirs, Pick::Both].into_iter().find(|p| p.code() == code)
    }
}

impl Hunk {
    /// The proposal before anybody chooses: take every change; where both added text keep both; where both changed
    /// the same sentence take mine, since its writer is the one in front of the page.
    pub fn proposal(&self) -> Option<Pick> {
        match self {
            Hunk::Same(_) => None,
            Hunk::Mine { .. } => Some(Pick::Mine),
            Hunk::Theirs { .. } => Some(Pick::Theirs),
            Hunk::Both { base, .. } if base.trim().is_empty() => Some(Pick::Both),
            Hunk::Both { .. } => Some(Pick::Mine),
        }
    }

    /// My side of it.
    pub fn mine(&self) -> &str {
        match self {
            Hunk::Same(text) => text,
            Hunk::Mine { mine, .. } | Hunk::Both { mine, .. } => mine,
            Hunk::Theirs { base, .. } => base,
        }
    }

    /// The other person's side of it.
    pub fn theirs(&self) -> &str {
        match self {
            Hunk::Same(text) => text,
            Hunk::Theirs { theirs, .. } | Hunk::Both { theirs, .. } => theirs,
            Hunk::Mine { base, .. } => base,
        }
    }

    /// The text both started from.
    pub fn base(&self) -> &str {
        match self {
            Hunk::Same(text) => text,
            Hunk::Mine { base, .. } | Hunk::Theirs { base, .. } | Hunk::Both { base, .. } => base,
        }
    }

    /// The text that `pick` puts into the result.
    pub fn picked(&self, pick: Pick) -> String {
        match pick {
            Pick::Mine => self.mine().to_owned(),
            Pick::Theirs => self.theirs().to_owned(),
            Pick::Both => {
                let mut text = self.mine().to_owned();
                if !text.is_empty() && !text.ends_with(['\n', '。']) {
                    text.push('\n');
                }
                text.push_str(self.theirs());
                text
            }
        }
    }
}

/// Puts the hunks together; `picks` has one entry per changed hunk in order, missing ones take the proposal.
pub fn compose(hunks: &[Hunk], picks: &[Option<Pick>]) -> String {
    let mut picks = picks.iter();
    let mut text = String::new();
    for hunk in hunks {
        match hunk.proposal() {
            None => text.push_str(hunk.mine()),
            Some(proposal) => text.push_str(&hunk.picked(picks.next().copied().flatten().unwrap_or(proposal))),
        }
    }
    text
}

/// Compares two texts with the one they both started from.
///
/// The base is cut wherever both sides have an edge, so neighbouring changes of different people stay apart; what
/// either inserted at a cut is a piece of its own.
pub fn three_way(base: &str, mine: &str, theirs: &str) -> Vec<Hunk> {
    let (b, m, t) = (sentences(base), sentences(mine), sentences(theirs));
    let mine_edges = edges(&capture_diff_slices(Algorithm::Myers, &b, &m), b.len());
    let their_edges = edges(&capture_diff_slices(Algorithm::Myers, &b, &t), b.len());

    let mut hunks = Vec::new();
    let (mut bi, mut mi, mut ti) = (0, 0, 0);
    for (at, cut) in mine_edges.into_iter().zip(their_edges).enumerate() {
        let (Some(my_edge), Some(their_edge)) = cut else { continue };
        push(&mut hunks, b[bi..at].concat(), m[mi..my_edge.before].concat(), t[ti..their_edge.before].concat());
        let mine = m[my_edge.before..my_edge.after].concat();
        let theirs = t[their_edge.before..their_edge.after].concat();
        push(&mut hunks, String::new(), mine, theirs);
        (bi, mi, ti) = (at, my_edge.after, their_edge.after);
    }
    hunks
}

/// Where a gap between two base sentences lies in the other text; `before..after` was inserted there.
#[derive(Debug, Clone, Copy)]
struct Edge {
    before: usize,
    after: usize,
}

/// One entry per gap of the base, the ends included; `None` inside a stretch that was rewritten as a whole. Sentences
/// rewritten one for one, or deleted, keep the gaps between them.
fn edges(ops: &[DiffOp], len: usize) -> Vec<Option<Edge>> {
    let mut edges = vec![None; len + 1];
    let mut set = |at: usize, new: usize| {
        let edge: &mut Edge = edges[at].get_or_insert(Edge { before: new, after: new });
        (edge.before, edge.after) = (edge.before.min(new), edge.after.max(new));
    };
    for op in ops {
        let (old, new) = (op.old_range(), op.new_range());
        if old.len() == new.len() {
            old.clone().zip(new.clone()).for_each(|(at, to)| set(at, to));
        } else if new.is_empty() {
            old.clone().for_each(|at| set(at, new.start));
        }
        set(old.start, new.start);
        set(old.end, new.end);
    }
    if ops.is_empty() {
        set(0, 0);
    }
    edges
}

fn push(hunks: &mut Vec<Hunk>, base: String, mine: String, theirs: String) {
    let hunk = if mine == theirs {
        if mine.is_empty() {
            return;
        }
        Hunk::Same(mine)
    } else if mine == base {
        Hunk::Theirs { base, theirs }
    } else if theirs == base {
        Hunk::Mine { base, mine }
    } else {
        Hunk::Both { base, mine, theirs }
    };
    match (hunks.last_mut(), hunk) {
        (Some(Hunk::Same(before)), Hunk::Same(text)) => before.push_str(&text),
        (_, hunk) => hunks.push(hunk),
    }
}

/// Sentences with their end marks. A text of very many sentences is one piece.
fn sentences(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split_inclusive(['。', '\n']).collect();
    if parts.len() > MAX_SENTENCES { vec![text] } else { parts }
}

/// What happened to a piece of text between two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Same,
    Inserted,
    Deleted,
}

/// A run of text with one kind of change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub change: Change,
    pub text: String,
}

/// The differences from `old` to `new` as runs; joining the runs that are not deleted gives `new` again.
pub fn inline_diff(old: &str, new: &str) -> Vec<Span> {
    let (o, n) = (sentences(old), sentences(new));
    let mut spans = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &o, &n) {
        let (before, after) = (o[op.old_range()].concat(), n[op.new_range()].concat());
        match op {
            DiffOp::Equal { .. } => extend(&mut spans, Change::Same, &after),
            DiffOp::Replace { .. } => words(&mut spans, &before, &after),
            DiffOp::Insert { .. } => extend(&mut spans, Change::Inserted, &after),
            DiffOp::Delete { .. } => extend(&mut spans, Change::Deleted, &before),
        }
    }
    spans
}

fn words(spans: &mut Vec<Span>, old: &str, new: &str) {
    let (o, n) = (split_words(old), split_words(new));
    if o.len() > MAX_WORDS || n.len() > MAX_WORDS {
        extend(spans, Change::Deleted, old);
        extend(spans, Change::Inserted, new);
        return;
    }
    for op in capture_diff_slices(Algorithm::Patience, &o, &n) {
        let (before, after) = (o[op.old_range()].concat(), n[op.new_range()].concat());
        if let DiffOp::Equal { .. } = op {
            extend(spans, Change::Same, &after);
        } else {
            extend(spans, Change::Deleted, &before);
            extend(spans, Change::Inserted, &after);
        }
    }
}

fn extend(spans: &mut Vec<Span>, change: Change, text: &str) {
    match spans.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.change == change => last.text.push_str(text),
        _ => spans.push(Span { change, text: text.to_owned() }),
    }
}

/// Runs of one script: a number with its point or slash, a Latin word, a katakana word; kanji and kana one by one.
fn split_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (i, c) in text.char_indices() {
        let script = Script::of(c);
        if i > start && (script == Script::Alone || before != Some(script)) {
            words.push(&text[start..i]);
            start = i;
        }
        before = Some(script);
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Katakana,
    Space,
    Alone,
}

impl Script {
    fn of(c: char) -> Self {
        match c {
            '0'..='9' | 'a'..='z' | 'A'..='Z' | '.' | '/' | '%' | '０'..='９' => Script::Latin,
            'ァ'..='ヺ' | 'ー' => Script::Katakana,
            ' ' | '\u{3000}' => Script::Space,
            _ => Script::Alone,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "体温 36.4、血圧 152/88。下腿浮腫 なし。足背動脈 触知良好。";

    #[test]
    fn changes_in_different_sentences_both_enter() {
        let mine = "体温 36.4、血圧 152/88。下腿浮腫 軽度(±)。足背動脈 触知良好。";
        let theirs = "体温 36.6、血圧 152/88。下腿浮腫 なし。足背動脈 触知良好。";
        let hunks = three_way(BASE, mine, theirs);
        assert_eq!(compose(&hunks, &[]), "体温 36.6、血圧 152/88。下腿浮腫 軽度(±)。足背動脈 触知良好。");
        assert!(!hunks.iter().any(|h| matches!(h, Hunk::Both { .. })));
    }

    #[test]
    fn the_same_sentence_changed_twice_waits_for_a_person() {
        let mine = "体温 36.4、血圧 152/88。下腿浮腫 軽度(±)。足背動脈 触知良好。";
        let theirs = "体温 36.4、血圧 152/88。下腿浮腫 右のみ圧痕あり。足背動脈 触知良好。";
        let hunks = three_way(BASE, mine, theirs);
        assert_eq!(
            hunks[1],
            Hunk::Both {
                base: "下腿浮腫 なし。".into(), mine: "下腿浮腫 軽度(±)。".into(), theirs: "下腿浮腫 右のみ圧痕あり。".into()
            }
        );
        assert_eq!(compose(&hunks, &[]), mine);
        assert_eq!(compose(&hunks, &[Some(Pick::Theirs)]), theirs);
        assert!(compose(&hunks, &[Some(Pick::Both)]).contains("軽度(±)。下腿浮腫 右のみ"));
    }

    #[test]
    fn a_change_and_an_addition_beside_it_both_enter() {
        let hunks = three_way("下腿浮腫 なし。", "下腿浮腫 軽度。", "下腿浮腫 なし。ふらつきあり。");
        assert_eq!(compose(&hunks, &[]), "下腿浮腫 軽度。ふらつきあり。");
        let hunks = three_way("一。二。三。", "一。壱。三。", "一。三。四。");
        assert_eq!(compose(&hunks, &[]), "一。壱。三。四。");
    }

    #[test]
    fn additions_at_the_same_place_are_both_kept() {
        let hunks = three_way("浮腫なし。", "浮腫なし。右膝 腫脹なし", "浮腫なし。ふらつきあり。");
        assert_eq!(hunks[1].proposal(), Some(Pick::Both));
        assert_eq!(compose(&hunks, &[]), "浮腫なし。右膝 腫脹なし\nふらつきあり。");
    }

    #[test]
    fn equal_changes_are_no_conflict() {
        assert_eq!(three_way("あ。", "い。", "い。"), [Hunk::Same("い。".into())]);
        assert_eq!(three_way("", "", ""), []);
    }

    #[test]
    fn a_change_inside_a_sentence_is_marked_by_words() {
        let spans = inline_diff("下腿浮腫 なし。血圧 152/88。", "下腿浮腫 軽度(±)。血圧 148/86。");
        let deleted: Vec<_> = spans.iter().filter(|s| s.change == Change::Deleted).map(|s| s.text.as_str()).collect();
        assert_eq!(deleted, ["なし", "152/88"]);
    }

    #[test]
    fn very_long_texts_stay_cheap() {
        let (old, new) = ("あ。".repeat(10_000), "い。".repeat(10_000));
        assert_eq!(inline_diff(&old, &new).len(), 2);
        assert_eq!(three_way("", &old, &new).len(), 1);
    }

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(prop_oneof!["[あいう]{0,3}。", "[A-C0-9/ ]{0,4}\n", "𠮷"], 0..12).prop_map(|v| v.concat())
    }

    proptest! {
        /// Each side can be had back whole from the hunks: nothing is lost in the comparison.
        #[test]
        fn both_sides_survive(base in text(), mine in text(), theirs in text()) {
            let hunks = three_way(&base, &mine, &theirs);
            prop_assert_eq!(hunks.iter().map(Hunk::mine).collect::<String>(), mine);
            prop_assert_eq!(hunks.iter().map(Hunk::theirs).collect::<String>(), theirs);
        }

        /// Who did not touch the text takes over the other's.
        #[test]
        fn one_sided_changes_apply(base in text(), theirs in text()) {
            prop_assert_eq!(compose(&three_way(&base, &base, &theirs), &[]), theirs);
        }

        #[test]
        fn spans_rebuild_both_versions(old in text(), new in text()) {
            let spans = inline_diff(&old, &new);
            let side = |skip: Change| spans.iter().filter(|s| s.change != skip).map(|s| s.text.as_str()).collect::<String>();
            prop_assert_eq!(side(Change::Deleted), new);
            prop_assert_eq!(side(Change::Inserted), old);
        }
    }
}
