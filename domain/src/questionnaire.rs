//! 問診票 (S06): a form with a version, and answers that stay structured.
//!
//! The form here is a sample (見本). An answer keeps the version it was given to; a new form is a new version, never a changed one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Code of the form in use (見本).
pub const FORM: &str = "mihon-1";
const SHORT: usize = 200;
const LONG: usize = 500;

/// How an item is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text of at most so many characters.
    Text(usize),
    /// One of these.
    One(&'static [(&'static str, &'static str)]),
    /// Any of these.
    Some(&'static [(&'static str, &'static str)]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    pub key: &'static str,
    /// As the patient is asked.
    pub question: &'static str,
    /// As it stands in S.
    pub label: &'static str,
    pub kind: Kind,
    pub is_required: bool,
}

const COURSE: &[(&str, &str)] = &[("better", "良くなっている"), ("same", "変わらない"), ("worse", "悪くなっている")];
const NO_YES: &[(&str, &str)] = &[("no", "なし"), ("yes", "あり"), ("unknown", "わからない")];
const ILLNESSES: &[(&str, &str)] = &[
    ("hypertension", "高血圧"),
    ("diabetes", "糖尿病"),
    ("heart", "心臓の病気"),
    ("asthma", "喘息"),
    ("kidney", "腎臓の病気"),
    ("liver", "肝臓の病気"),
    ("stroke", "脳卒中"),
    ("cancer", "がん"),
];
const PREGNANCY: &[(&str, &str)] = &[("no", "どちらでもない"), ("pregnant", "妊娠中・可能性あり"), ("nursing", "授乳中")];
const SMOKING: &[(&str, &str)] = &[("never", "吸わない"), ("past", "やめた"), ("now", "吸う")];

/// Items of [`FORM`], in the order they are asked.
pub const ITEMS: &[Item] = &[
    item("chief", "今日はどうされましたか", "主訴", Kind::Text(SHORT), true),
    item("onset", "いつからですか", "いつから", Kind::Text(SHORT), false),
    item("course", "はじめと比べてどうですか", "経過", Kind::One(COURSE), false),
    item("allergy", "薬や食べ物のアレルギーはありますか", "アレルギー", Kind::One(NO_YES), true),
    item("allergy_to", "「あり」の方: 何に、どんな症状が出ましたか", "アレルギーの内容", Kind::Text(SHORT), false),
    item("medicine", "いま使っている薬(お薬手帳のとおりで結構です)", "内服中の薬", Kind::Text(LONG), false),
    item("illness", "これまでにかかった病気", "既往歴", Kind::Some(ILLNESSES), false),
    item("illness_other", "そのほかの病気・手術", "その他の既往・手術", Kind::Text(SHORT), false),
    item("pregnancy", "妊娠・授乳について", "妊娠・授乳", Kind::One(PREGNANCY), false),
    item("smoking", "たばこ", "喫煙", Kind::One(SMOKING), false),
    item("last_meal", "最後に食べたり飲んだりした時刻", "最終飲食", Kind::Text(SHORT), false),
];

const fn item(key: &'static str, question: &'static str, label: &'static str, kind: Kind, is_required: bool) -> Item {
    Item { key, question, label, kind, is_required }
}

impl Item {
    pub const fn choices(&self) -> &'static [(&'static str, &'static str)] {
        match self.kind {
            Kind::Text(_) => &[],
            Kind::One(choices) | Kind::Some(choices) => choices,
        }
    }

    pub const fn is_many(&self) -> bool {
        matches!(self.kind, Kind::Some(_))
    }

    pub const fn longest(&self) -> usize {
        match self.kind {
            Kind::Text(longest) => longest,
            Kind::One(_) | Kind::Some(_) => 0,
        }
    }

    fn words(&self, answer: &Answer) -> String {
        let word = |code: &String| self.choices().iter().find(|(known, _)| known == code).map_or("", |(_, word)| *word);
        match answer {
            Answer::Text(text) => text.replace('\n', " "),
            Answer::Chosen(codes) => codes.iter().map(word).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("・"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Text(String),
    Chosen(Vec<String>),
}

/// Why an answer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("an answer is needed")]
    Missing,
    #[error("at most {0} characters")]
    TooLong(usize),
    #[error("not one of the choices")]
    UnknownChoice,
    #[error("unreadable characters")]
    Unreadable,
}

/// What somebody answered, by item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<&'static str, Answer>);

impl Answers {
    /// From the fields of a form: each key with everything sent under it. Keys nobody asked for are ignored.
    pub fn read(sent: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<(&'static str, AnswerError)>> {
        let (mut answers, mut errors) = (Self::default(), Vec::new());
        for item in ITEMS {
            match read(item, sent.get(item.key).map_or(&[], Vec::as_slice)) {
                Ok(Some(answer)) => drop(answers.0.insert(item.key, answer)),
                Ok(None) => {}
                Err(error) => errors.push((item.key, error)),
            }
        }
        if errors.is_empty() { Ok(answers) } else { Err(errors) }
    }

    /// As it is stored.
    pub fn to_json(&self) -> serde_json::Value {
        let fields = self.0.iter().map(|(key, answer)| {
            let value = match answer {
                Answer::Text(text) => text.clone().into(),
                Answer::Chosen(codes) => codes.clone().into(),
            };
            ((*key).to_owned(), value)
        });
        serde_json::Value::Object(fields.collect())
    }

    /// What was stored; items of other versions are left out.
    pub fn from_json(stored: &serde_json::Value) -> Self {
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let answer = |item: &Item| {
            let value = stored.get(item.key)?;
            let answer = match value.as_array() {
                Some(codes) => Answer::Chosen(codes.iter().filter_map(text).collect()),
                None => Answer::Text(text(value)?),
            };
            Some((item.key, answer))
        };
        Self(ITEMS.iter().filter_map(answer).collect())
    }

    /// `(label, answer)` in the order of the form.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let line = |item: &Item| self.0.get(item.key).map(|answer| (item.label, item.words(answer)));
        ITEMS.iter().filter_map(line).collect()
    }

    /// For S of the chart: one line an item.
    pub fn for_subjective(&self) -> String {
        let mut text = String::from("【問診】");
        for (label, answer) in self.lines() {
            let _ = write!(text, "\n{label}: {answer}");
        }
        text
    }
}

fn read(item: &Item, sent: &[String]) -> Result<Option<Answer>, AnswerError> {
    let given: Vec<&str> = sent.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    let Some(first) = given.first() else {
        return if item.is_required { Err(AnswerError::Missing) } else { Ok(None) };
    };
    let is_known = |code: &&str| item.choices().iter().any(|(known, _)| known == code);
    match item.kind {
        Kind::Text(longest) if first.chars().count() > longest => Err(AnswerError::TooLong(longest)),
        Kind::Text(_) if first.chars().any(|c| c.is_control() && c != '\n' && c != '\r') => Err(AnswerError::Unreadable),
        Kind::Text(_) => Ok(Some(Answer::Text(first.replace('\r', "")))),
        Kind::One(_) if given.len() > 1 => Err(AnswerError::UnknownChoice),
        Kind::One(_) | Kind::Some(_) if !given.iter().all(is_known) => Err(AnswerError::UnknownChoice),
        Kind::One(_) | Kind::Some(_) => Ok(Some(Answer::Chosen(given.into_iter().map(str::to_owned).collect()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(fields: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        fields.iter().map(|(key, values)| ((*key).to_owned(), values.iter().map(|v| (*v).to_owned()).collect())).collect()
    }

    #[test]
    fn answers_stay_structured_and_read_back() {
        let answers = Answers::read(&sent(&[
            ("chief", &[" 咳が\r\n続く "]),
            ("allergy", &["no"]),
            ("illness", &["asthma", "heart"]),
            ("nobody_asked", &["<script>"]),
        ]))
        .unwrap();
        assert_eq!(Answers::from_json(&answers.to_json()), answers);
        assert_eq!(answers.for_subjective(), "【問診】\n主訴: 咳が 続く\nアレルギー: なし\n既往歴: 喘息・心臓の病気");
    }

    #[test]
    fn no_allergy_is_an_answer_and_silence_is_not() {
        let errors = Answers::read(&sent(&[("chief", &["  "])])).unwrap_err();
        assert_eq!(errors, [("chief", AnswerError::Missing), ("allergy", AnswerError::Missing)]);
    }

    #[test]
    fn what_was_not_offered_is_refused() {
        let long = "長".repeat(201);
        for (key, values, error) in [
            ("chief", vec![long.as_str()], AnswerError::TooLong(200)),
            ("chief", vec!["咳\0"], AnswerError::Unreadable),
            ("allergy", vec!["maybe"], AnswerError::UnknownChoice),
            ("allergy", vec!["no", "yes"], AnswerError::UnknownChoice),
            ("illness", vec!["asthma", "plague"], AnswerError::UnknownChoice),
        ] {
            let mut all = sent(&[("chief", &["咳"]), ("allergy", &["no"])]);
            all.insert(key.to_owned(), values.iter().map(|v| (*v).to_owned()).collect());
            assert_eq!(Answers::read(&all), Err(vec![(key, error)]));
        }
    }

    #[test]
    fn keys_are_unique() {
        let mut keys: Vec<&str> = ITEMS.iter().map(|item| item.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), ITEMS.len());
    }
}
