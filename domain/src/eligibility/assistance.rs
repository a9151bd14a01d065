//! 医療扶助 beside an insurance (併用): two results about one person that belong together.

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

use super::Qualification;

/// An insurance and a 医療扶助 of the same person become one, the second beside the first. Anything else stays as it came: a person
/// chooses.
pub fn together(mut results: Vec<Qualification>) -> Vec<Qualification> {
    let [one, other] = results.as_slice() else { return results };
    if one.is_assistance() == other.is_assistance() || !is_same_person(one, other) {
        return results;
    }
    let assistance = results.remove(usize::from(other.is_assistance()));
    if let Some(insurance) = results.first_mut() {
        insurance.tell_of(&assistance);
        insurance.assistance = Some(Box::new(assistance));
    }
    results
}

fn is_same_person(a: &Qualification, b: &Qualification) -> bool {
    let name = |q: &Qualification| q.name.nfkc().filter(|c| !c.is_whitespace()).collect::<String>();
    a.birth_date == b.birth_date && a.sex == b.sex && name(a) == name(b)
}

impl Qualification {
    /// What only the other result of the same reading says of the person.
    fn tell_of(&mut self, assistance: &Self) {
        if self.reference_number.is_none() {
            self.reference_number.clone_from(&assistance.reference_number);
        }
        let unsaid = assistance.consents.iter().filter(|consent| self.consents.iter().all(|known| known.subject != consent.subject));
        let unsaid: Vec<_> = unsaid.cloned().collect();
        self.consents.extend(unsaid);
    }

    /// The 医療扶助 of this result: itself, or what stands beside the insurance.
    pub fn assisted(&self) -> Option<&Self> {
        if self.is_assistance() { Some(self) } else { self.assistance.as_deref() }
    }

    /// 併用 on that day, by its 医療券 or because it came with an insurance.
    pub fn is_combined(&self, day: NaiveDate) -> bool {
        let by_ticket = || self.ticket_on(day).is_some_and(|ticket| ticket.is_combined());
        self.assistance.is_some() || self.is_assistance() && by_ticket()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::result;
    use super::*;

    fn both() -> Vec<Qualification> {
        let mut pair = result("1", 2).qualifications;
        pair[1].card_classification = "A1".into();
        pair[1].insurer_number = "12130019".into();
        pair[1].reference_number = Some("42".into());
        pair
    }

    /// FN-OQ-08
    #[test]
    fn an_insurance_and_the_assistance_of_one_person_are_one_result() {
        for mut pair in [both(), both().into_iter().rev().collect()] {
            pair[0].name = "架空 太郎".into();
            let joined = together(pair);
            assert_eq!(joined.len(), 1);
            assert_eq!((joined[0].insurer_number.as_str(), joined[0].reference_number.as_deref()), ("01139997", Some("42")));
            assert_eq!(joined[0].assisted().map(|a| a.insurer_number.as_str()), Some("12130019"));
        }
    }

    /// FN-OQ-08
    #[test]
    fn two_people_two_insurances_or_three_results_are_for_a_person_to_choose_from() {
        let mut others = both();
        others[1].birth_date = "1975-04-02".parse().unwrap();
        let mut named = both();
        named[1].name = "架空　次郎".into();
        let three = [both(), both()[..1].to_vec()].concat();
        for results in [others, named, three, result("1", 2).qualifications] {
            assert_eq!(together(results.clone()), results);
        }
    }
}
