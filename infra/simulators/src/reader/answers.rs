//! The same people asked about by number instead of by card.

use super::message::Encoding;
use super::now;
use super::people::{PEOPLE, Person};
use super::scenario::{Card, LASTS, Scenario};

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
    fn is_about(&self, person: &Person) -> bool {
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
    let card = Card { person: person.unwrap_or(&PEOPLE[0]), reference: "", is_changed: false, consents: None, lasts: LASTS, form: "2" };
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
