//! The same people asked about by number instead of by card.

use super::message::Encoding;
use super::now;
use super::people::{PEOPLE, Person};
use super::scenario::{Card, Scenario};

/// A question as it was understood.
pub struct Asked {
    pub institution: String,
    pub identifier: String,
    pub insurer: String,
    pub number: String,
    pub branch: String,
    pub birth: String,
}

impl Asked {
    pub fn is_about(&self, person: &Person) -> bool {
        let same_branch = self.branch.is_empty() || person.branch.is_empty() || self.branch == person.branch;
        person.insurer_number == self.insurer && person.number == self.number && person.birth_date == self.birth && same_branch
    }
}

/// The result message; `how` is the key of a scenario or of a fault of the way.
pub fn answer(asked: &Asked, how: &str) -> Vec<u8> {
    let person = PEOPLE.iter().find(|person| asked.is_about(person));
    let scenario = match (person, how) {
        (None, _) => Scenario::NotFound,
        (Some(_), how) => Scenario::find(how),
    };
    // Without a reader nobody was asked for a consent.
    let card = Card::of(person.unwrap_or(&PEOPLE[0]));
    let text = scenario.write(&card, Encoding::Utf8, now());
    let institution = if how == "other_facility" { "1399999999" } else { &asked.institution };
    let identifier = if how == "other_question" { "somebody-else" } else { &asked.identifier };
    let text = String::from_utf8_lossy(&text)
        .replace(
            "<MedicalInstitutionCode>1319999999</MedicalInstitutionCode>",
            &format!("<MedicalInstitutionCode>{institution}</MedicalInstitutionCode><ArbitraryFileIdentifier>{identifier}</ArbitraryFileIdentifier>"),
        )
        .replace("<ReferenceClassification>1<", "<ReferenceClassification>2<");
    if how == "cp932" {
        let text = text.replace("encoding=\"UTF-8\"", "encoding=\"Shift_JIS\"").replace("Identifier>0</Char", "Identifier>1</Char");
        return Encoding::Cp932.bytes(&text);
    }
    text.into_bytes()
}

/// What a person allowed on a device of their own, to be answered with.
pub struct RemoteAnswer {
    pub person: &'static Person,
    /// 照会番号; empty when none is registered
    pub reference: String,
    pub subjects: Vec<&'static str>,
    /// 診療区分
    pub flag: String,
    /// 継続的な同意: its last day
    pub continuing: Option<String>,
}

impl RemoteAnswer {
    fn text(&self) -> String {
        let card = Card { reference: &self.reference, consents: Some(&self.subjects), ..Card::of(self.person) };
        let continuing = self.continuing.as_ref().map_or(String::new(), |until| {
            format!("<ContinuingConsent>1</ContinuingConsent><ContinuingConsentEndDate>{until}</ContinuingConsentEndDate>")
        });
        let text = Scenario::Valid.write(&card, Encoding::Utf8, now());
        String::from_utf8_lossy(&text)
            .replace("</ResultOfQualificationConfirmation>", &format!("{continuing}</ResultOfQualificationConfirmation>"))
            .replace("<SegmentOfResult>", &format!("<MedicalTreatmentFlag>{}</MedicalTreatmentFlag><SegmentOfResult>", self.flag))
    }
}

/// The answer to a question about one person.
pub fn remote(asked: &Asked, answer: &RemoteAnswer) -> Vec<u8> {
    let addressed = format!(
        "<MedicalInstitutionCode>{}</MedicalInstitutionCode><ArbitraryFileIdentifier>{}</ArbitraryFileIdentifier>",
        asked.institution, asked.identifier
    );
    answer.text().replace("<MedicalInstitutionCode>1319999999</MedicalInstitutionCode>", &addressed).into_bytes()
}

/// Somebody on 医療扶助, for the list of those entrusted to a facility.
pub fn entrusted(person: &'static Person) -> String {
    listed(&String::from_utf8_lossy(&Scenario::Valid.write(&Card::of(person), Encoding::Utf8, now())))
}

/// Only the person, for a list.
pub fn result_list(answer: &RemoteAnswer) -> String {
    listed(&answer.text())
}

fn listed(text: &str) -> String {
    let inside = text.split("<ResultList>").nth(1).and_then(|rest| rest.split("</ResultList>").next());
    inside.unwrap_or_default().to_owned()
}
