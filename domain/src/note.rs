//! 診療記録: what may be written where, and what becomes of a note from 下書き to 確定.
//!
//! A note is four sections (S/O/A/P), 説明と同意 and 次回. Each section has its own version so that two people who write in different
//! sections never meet. 確定 freezes all of them; afterwards only 追記 and 訂正 with a reason are added beside the
//! signed text (安全管理ガイドライン 真正性 の4点: 入力者と確定者, 確定, 識別情報, 更新履歴; 代行入力 GL-12).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Longest text of one section, in characters. A dictated discharge-length entry is about 4,000.
pub const SECTION_MAX_CHARS: usize = 20_000;
/// Longest reason for 訂正, 差戻し and 無効, in characters.
pub const REASON_MAX_CHARS: usize = 400;

/// One of the parts of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// 主訴・経過
    Subjective,
    /// 所見・計測
    Objective,
    /// 評価
    Assessment,
    /// 計画
    Plan,
    /// 説明と同意: named lines, see [`crate::note_parts`]
    Consent,
    /// 次回: named lines as well
    NextVisit,
}

impl Section {
    /// In the order of reading and of the tab key.
    pub const ALL: [Section; 6] =
        [Section::Subjective, Section::Objective, Section::Assessment, Section::Plan, Section::Consent, Section::NextVisit];

    /// One of S, O, A and P: only these make a note that can be signed.
    pub fn is_soap(self) -> bool {
        !matches!(self, Section::Consent | Section::NextVisit)
    }

    /// What stands beside the text: the letter, or one character for the sections without one.
    pub fn mark(self) -> &'static str {
        match self {
            Section::Consent => "説",
            Section::NextVisit => "次",
            soap => soap.letter(),
        }
    }

    /// The letter used in URLs, rows and on the page.
    pub fn letter(self) -> &'static str {
        match self {
            Section::Subjective => "S",
            Section::Objective => "O",
            Section::Assessment => "A",
            Section::Plan => "P",
            Section::Consent => "IC",
            Section::NextVisit => "NX",
        }
    }

    /// The heading a reader sees.
    pub fn label(self) -> &'static str {
        match self {
            Section::Subjective => "主訴・経過",
            Section::Objective => "所見・計測",
            Section::Assessment => "評価",
            Section::Plan => "計画",
            Section::Consent => "説明と同意",
            Section::NextVisit => "次回",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letter())
    }
}

impl FromStr for Section {
    type Err = NoteError;

    fn from_str(letter: &str) -> Result<Self, Self::Err> {
        Section::ALL.into_iter().find(|s| s.letter() == letter).ok_or(NoteError::UnknownSection)
    }
}

/// Where a note stands. 訂正済 is not a state of its own: it is a signed note that has amendments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteStatus {
    /// 下書き
    Draft,
    /// 承認待ち: entered on a doctor's behalf and handed over
    PendingApproval,
    /// 確定
    Signed,
    /// 無効: written on the wrong patient; stays readable
    Voided,
}

impl NoteStatus {
    /// The value stored in the row.
    pub fn code(self) -> &'static str {
        match self {
            NoteStatus::Draft => "draft",
            NoteStatus::PendingApproval => "pending_approval",
            NoteStatus::Signed => "signed",
            NoteStatus::Voided => "voided",
        }
    }

    /// The word shown to staff.
    pub fn label(self) -> &'static str {
        match self {
            NoteStatus::Draft => "下書き",
            NoteStatus::PendingApproval => "承認待ち",
            NoteStatus::Signed => "確定",
            NoteStatus::Voided => "無効",
        }
    }

    /// Sections may still be written. Helpers may go on writing while a note waits for approval: the doctor signs
    /// the versions shown, so a late change cannot slip under the signature.
    pub fn is_open(self) -> bool {
        matches!(self, NoteStatus::Draft | NoteStatus::PendingApproval)
    }

    /// The state after `act`, or why that is not possible.
    pub fn after(self, act: NoteAct, by: Hand) -> Result<NoteStatus, NoteError> {
        match self {
            NoteStatus::Signed if act == NoteAct::Void => Ok(NoteStatus::Voided),
            NoteStatus::Signed => Err(NoteError::AlreadySigned),
            NoteStatus::Voided => Err(NoteError::Voided),
            NoteStatus::Draft | NoteStatus::PendingApproval => match (act, by) {
                (NoteAct::Void, _) => Err(NoteError::NotSigned),
                (NoteAct::Submit, Hand::Doctor) => Err(NoteError::DoctorSignsInstead),
                (NoteAct::Submit, Hand::OnBehalf) if self == NoteStatus::Draft => Ok(NoteStatus::PendingApproval),
                (NoteAct::Submit, Hand::OnBehalf) => Err(NoteError::AlreadySubmitted),
                (NoteAct::Sign | NoteAct::Return, Hand::OnBehalf) => Err(NoteError::DoctorOnly),
                (NoteAct::Sign, Hand::Doctor) => Ok(NoteStatus::Signed),
                (NoteAct::Return, Hand::Doctor) if self == NoteStatus::PendingApproval => Ok(NoteStatus::Draft),
                (NoteAct::Return, Hand::Doctor) => Err(NoteError::NotSubmitted),
            },
        }
    }
}

impl FromStr for NoteStatus {
    type Err = NoteError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        [NoteStatus::Draft, NoteStatus::PendingApproval, NoteStatus::Signed, NoteStatus::Voided]
            .into_iter()
            .find(|s| s.code() == code)
            .ok_or(NoteError::UnknownStatus)
    }
}

/// What is done to a whole note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteAct {
    /// 承認依頼
    Submit,
    /// 差戻し
    Return,
    /// 確定
    Sign,
    /// 無効
    Void,
}

/// Whose hand writes: a doctor for himself, or a nurse or 医師事務作業補助者 on a doctor's behalf (代行入力).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    Doctor,
    OnBehalf,
}

/// What can be added to a signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmendmentKind {
    /// 追記: the signed text stands, something is added
    Addendum,
    /// 訂正: the new text takes the place of the old, which stays readable
    Amendment,
    /// 無効の申請: a doctor says the note is on the wrong patient
    VoidRequest,
    /// 無効: an administrator agrees
    Void,
}

impl AmendmentKind {
    /// The value stored in the row.
    pub fn code(self) -> &'static str {
        match self {
            AmendmentKind::Addendum => "addendum",
            AmendmentKind::Amendment => "amendment",
            AmendmentKind::VoidRequest => "void_request",
            AmendmentKind::Void => "void",
        }
    }

    /// The word shown to staff.
    pub fn label(self) -> &'static str {
        match self {
            AmendmentKind::Addendum => "追記",
            AmendmentKind::Amendment => "訂正",
            AmendmentKind::VoidRequest => "無効の申請",
            AmendmentKind::Void => "無効",
        }
    }

    /// 訂正 and 無効 say why; for 追記 a reason is welcome but the text speaks for itself.
    pub fn needs_reason(self) -> bool {
        self != AmendmentKind::Addendum
    }
}

impl FromStr for AmendmentKind {
    type Err = NoteError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        [AmendmentKind::Addendum, AmendmentKind::Amendment, AmendmentKind::VoidRequest, AmendmentKind::Void]
            .into_iter()
            .find(|k| k.code() == code)
            .ok_or(NoteError::UnknownAmendment)
    }
}

/// Why an act on a note is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoteError {
    #[error("unknown section")]
    UnknownSection,
    #[error("unknown note status")]
    UnknownStatus,
    #[error("unknown amendment kind")]
    UnknownAmendment,
    #[error("only a doctor may do this")]
    DoctorOnly,
    /// Somebody else answers for this draft; it is taken over first.
    #[error("another doctor is responsible for the draft")]
    AnotherDoctor,
    #[error("the doctor is responsible already")]
    AlreadyResponsible,
    #[error("a doctor signs instead of submitting")]
    DoctorSignsInstead,
    #[error("the note was already submitted")]
    AlreadySubmitted,
    #[error("the note was not submitted")]
    NotSubmitted,
    #[error("the note is signed")]
    AlreadySigned,
    #[error("the note is not signed")]
    NotSigned,
    #[error("the note is void")]
    Voided,
    #[error("every section is empty")]
    NothingWritten,
    #[error("no doctor asked for this note to be void")]
    VoidNotRequested,
    #[error("voiding takes a second person")]
    OwnVoidRequest,
}

/// A draft handed to one doctor is not another's to sign or to give back (GL-12): whoever stands in takes it over by name first.
pub fn check_responsible(is_responsible: bool) -> Result<(), NoteError> {
    if is_responsible { Ok(()) } else { Err(NoteError::AnotherDoctor) }
}

/// 引き継ぎ: an open draft of another doctor becomes one's own.
pub fn check_take_over(status: NoteStatus, by: Hand, is_responsible: bool) -> Result<(), NoteError> {
    match (status, by) {
        (NoteStatus::Voided, _) => Err(NoteError::Voided),
        (NoteStatus::Signed, _) => Err(NoteError::AlreadySigned),
        (_, Hand::OnBehalf) => Err(NoteError::DoctorOnly),
        (_, Hand::Doctor) if is_responsible => Err(NoteError::AlreadyResponsible),
        (_, Hand::Doctor) => Ok(()),
    }
}

/// 確定 needs at least one of S, O, A and P that says something. Takes each section's letter and text.
pub fn check_signable<'a>(sections: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), NoteError> {
    let is_soap = |letter: &str| letter.parse().is_ok_and(Section::is_soap);
    let says = sections.into_iter().any(|(letter, body)| is_soap(letter) && !body.trim().is_empty());
    if says { Ok(()) } else { Err(NoteError::NothingWritten) }
}

/// Why a text is refused. The text itself is never part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    #[error("empty")]
    Empty,
    #[error("{chars} characters, at most {max}")]
    TooLong { chars: usize, max: usize },
    #[error("control character U+{code:04X} at character {at}")]
    ControlCharacter { code: u32, at: usize },
    #[error("undecodable character at {at}")]
    Undecodable { at: usize },
    /// 同意 is none of its words.
    #[error("not an answer to consent")]
    Consent,
    /// 次回 is neither a distance nor a day.
    #[error("not a time of the next visit")]
    NextVisit,
}

impl TextError {
    /// The sentence a person reads beside the field.
    pub fn message(&self) -> String {
        match self {
            TextError::Empty => "入力してください。".to_owned(),
            TextError::TooLong { chars, max } => {
                format!("{chars}文字あります。{max}文字以内にしてください。入力した文は消えていません。")
            }
            TextError::ControlCharacter { at, .. } => {
                format!("{at}文字目に保存できない制御文字があります。その文字を消してください。")
            }
            TextError::Undecodable { at } => {
                format!("{at}文字目が文字化けしています(�)。打ち直してください。")
            }
            TextError::Consent => "同意は「同意」「不同意」「保留」のどれかにしてください。".to_owned(),
            TextError::NextVisit => "次回の時期は 2w・10日・1ヶ月 のような書き方か、日付(2026-12-04、R8.12.4)にしてください。".to_owned(),
        }
    }
}

/// Text of one section: line ends are LF, no control characters, at most [`SECTION_MAX_CHARS`]. May be empty.
///
/// Characters are kept as typed (no Unicode normalisation): a compatibility form of a 旧字体 in a name is content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SectionText(String);

impl SectionText {
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        clean(raw, SECTION_MAX_CHARS).map(Self)
    }

    /// The text of a section that may have rules of its own.
    pub fn parse_in(section: Section, raw: &str) -> Result<Self, TextError> {
        let text = Self::parse(raw)?;
        crate::note_parts::check(section, text.as_str()).map(|()| text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_inner(self) -> String {
        self.0
    }
}

/// Why something signed was changed or something submitted returned: one to [`REASON_MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        let text = clean(raw.trim(), REASON_MAX_CHARS)?;
        if text.is_empty() { Err(TextError::Empty) } else { Ok(Self(text)) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn clean(raw: &str, max: usize) -> Result<String, TextError> {
    let text = raw.replace("\r\n", "\n").replace('\r', "\n");
    for (i, c) in text.chars().enumerate() {
        if c == char::REPLACEMENT_CHARACTER {
            return Err(TextError::Undecodable { at: i + 1 });
        }
        if (c.is_control() && c != '\n' && c != '\t') || crate::text::is_direction_override(c) {
            return Err(TextError::ControlCharacter { code: c as u32, at: i + 1 });
        }
    }
    let chars = text.chars().count();
    if chars > max { Err(TextError::TooLong { chars, max }) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GL-12: a draft handed to another doctor is taken over before it is signed.
    #[test]
    fn a_draft_belongs_to_the_doctor_it_was_handed_to() {
        assert_eq!(check_responsible(false), Err(NoteError::AnotherDoctor));
        assert_eq!(check_take_over(NoteStatus::PendingApproval, Hand::Doctor, false), Ok(()));
        assert_eq!(check_take_over(NoteStatus::Draft, Hand::Doctor, true), Err(NoteError::AlreadyResponsible));
        assert_eq!(check_take_over(NoteStatus::Draft, Hand::OnBehalf, false), Err(NoteError::DoctorOnly));
        assert_eq!(check_take_over(NoteStatus::Signed, Hand::Doctor, false), Err(NoteError::AlreadySigned));
    }

    #[test]
    fn a_doctor_signs_a_draft_and_nobody_else_does() {
        assert_eq!(NoteStatus::Draft.after(NoteAct::Sign, Hand::Doctor), Ok(NoteStatus::Signed));
        assert_eq!(NoteStatus::Draft.after(NoteAct::Sign, Hand::OnBehalf), Err(NoteError::DoctorOnly));
        assert_eq!(NoteStatus::PendingApproval.after(NoteAct::Sign, Hand::OnBehalf), Err(NoteError::DoctorOnly));
    }

    #[test]
    fn what_was_entered_on_behalf_waits_for_the_doctor() {
        let waiting = NoteStatus::Draft.after(NoteAct::Submit, Hand::OnBehalf).unwrap();
        assert_eq!(waiting, NoteStatus::PendingApproval);
        assert!(waiting.is_open());
        assert_eq!(waiting.after(NoteAct::Submit, Hand::OnBehalf), Err(NoteError::AlreadySubmitted));
        assert_eq!(waiting.after(NoteAct::Return, Hand::OnBehalf), Err(NoteError::DoctorOnly));
        assert_eq!(waiting.after(NoteAct::Return, Hand::Doctor), Ok(NoteStatus::Draft));
        assert_eq!(waiting.after(NoteAct::Sign, Hand::Doctor), Ok(NoteStatus::Signed));
    }

    #[test]
    fn a_signed_note_can_only_become_void() {
        for act in [NoteAct::Submit, NoteAct::Return, NoteAct::Sign] {
            assert_eq!(NoteStatus::Signed.after(act, Hand::Doctor), Err(NoteError::AlreadySigned));
            assert_eq!(NoteStatus::Voided.after(act, Hand::Doctor), Err(NoteError::Voided));
        }
        assert_eq!(NoteStatus::Signed.after(NoteAct::Void, Hand::Doctor), Ok(NoteStatus::Voided));
        assert_eq!(NoteStatus::Draft.after(NoteAct::Void, Hand::Doctor), Err(NoteError::NotSigned));
        assert!(!NoteStatus::Signed.is_open() && !NoteStatus::Voided.is_open());
    }

    #[test]
    fn codes_round_trip() {
        for s in [NoteStatus::Draft, NoteStatus::PendingApproval, NoteStatus::Signed, NoteStatus::Voided] {
            assert_eq!(s.code().parse(), Ok(s));
        }
        for s in Section::ALL {
            assert_eq!(s.letter().parse(), Ok(s));
        }
        assert_eq!("X".parse::<Section>(), Err(NoteError::UnknownSection));
        assert_eq!("s".parse::<Section>(), Err(NoteError::UnknownSection));
    }

    #[test]
    fn line_ends_become_lf_and_old_characters_stay() {
        let text = SectionText::parse("髙橋\r\n﨑\r𠮷\n神").unwrap();
        assert_eq!(text.as_str(), "髙橋\n﨑\n𠮷\n神");
    }

    #[test]
    fn nul_and_garbled_characters_are_named_by_place() {
        assert_eq!(SectionText::parse("ab\0"), Err(TextError::ControlCharacter { code: 0, at: 3 }));
        assert_eq!(SectionText::parse("咳\u{FFFD}"), Err(TextError::Undecodable { at: 2 }));
        assert_eq!(SectionText::parse("左\u{202E}右"), Err(TextError::ControlCharacter { code: 0x202E, at: 2 }));
        assert!(SectionText::parse("a\tb").is_ok());
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(SectionText::parse(&"𠮷".repeat(SECTION_MAX_CHARS)).is_ok());
        assert_eq!(SectionText::parse(&"あ".repeat(100_000)), Err(TextError::TooLong { chars: 100_000, max: SECTION_MAX_CHARS }));
        assert_eq!(SectionText::parse("").unwrap().as_str(), "");
    }

    #[test]
    fn a_reason_says_something() {
        assert_eq!(Reason::parse(" \n "), Err(TextError::Empty));
        assert_eq!(Reason::parse(" 左右の誤り ").unwrap().as_str(), "左右の誤り");
    }

    #[test]
    fn an_empty_note_is_not_signed() {
        assert_eq!(check_signable([("S", ""), ("O", " \n"), ("P", "\u{3000}")]), Err(NoteError::NothingWritten));
        assert_eq!(check_signable([("S", ""), ("A", "経過良好")]), Ok(()));
        assert_eq!(check_signable([("NX", "時期: 2w"), ("IC", "内容: 説明した")]), Err(NoteError::NothingWritten));
    }
}
