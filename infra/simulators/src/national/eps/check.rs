//! 重複投薬等チェック: the early word (EPS-IF 101), and a draft put beside what other places gave (219, answered as 103).
//! Which drugs must not meet is 見本; the names of some elements are ours (⟲).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{Days, NaiveDate, TimeDelta, Utc};

use super::super::National;
use super::super::xml::Node;
use super::document::Findings;
use super::draft::{self, Item};
use super::{Question, Reply, escaped, serve};

const IDENTITY: [&str; 4] = ["InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber"];
/// クラリスロマイシン and スボレキサント by the beginning of YJ, and two drugs of the sample master (見本).
const PAIRS: [(&str, &str); 2] = [("6149", "1190"), ("699999003", "699999012")];

/// What another place gave to somebody.
#[derive(Clone, Debug)]
pub struct Past {
    pub insurer: String,
    pub number: String,
    pub day: NaiveDate,
    pub institution: String,
    pub pharmacy: String,
    pub item: Item,
}

#[derive(Default)]
struct Known {
    past: Vec<Past>,
    prepared: HashSet<(String, String)>,
    asked: u64,
    /// Whom the last check was about, and what.
    last: Option<((String, String), Vec<Item>)>,
}

/// What the service has from elsewhere, and whom it was told of.
#[derive(Clone, Default)]
pub struct History(Arc<Mutex<Known>>);

impl History {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A test or a person adds what somebody got elsewhere.
    pub fn add(&self, past: Past) {
        self.known().past.push(past);
    }

    /// Checks that were answered.
    pub fn asked(&self) -> u64 {
        self.known().asked
    }

    /// Another place gave the drugs of the last check to the same person today.
    pub fn add_last(&self) -> bool {
        let mut known = self.known();
        let Some(((insurer, number), items)) = known.last.clone() else { return false };
        let (institution, pharmacy) = ("架空総合病院".to_owned(), "架空薬局".to_owned());
        let past = |item| Past {
            insurer: insurer.clone(),
            number: number.clone(),
            day: today(),
            institution: institution.clone(),
            pharmacy: pharmacy.clone(),
            item,
        };
        known.past.extend(items.into_iter().map(past));
        true
    }

    pub fn is_prepared(&self, insurer: &str, number: &str) -> bool {
        self.known().prepared.contains(&(insurer.to_owned(), number.to_owned()))
    }
}

fn identity(body: &Node) -> Result<(String, String), String> {
    Ok((body.must("InsurerNumber")?.to_owned(), body.must("InsuredIdentificationNumber")?.to_owned()))
}

/// IF-101.
pub(super) async fn prefetch(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |q| match q.body.only(&IDENTITY).and_then(|()| identity(&q.body)) {
        Ok(who) => {
            national.history.known().prepared.insert(who);
            Reply::ok(String::new())
        }
        Err(words) => Reply::error("SIMX002E", &words),
    })
    .await
}

/// IF-219.
pub(super) async fn check(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    serve(&national, &req, &body, |q| {
        let draft = match Draft::read(&q.body) {
            Ok(draft) => draft,
            Err(words) => return Reply::error("SIMX002E", &words),
        };
        let items = match draft::check_draft(&draft.csv) {
            Ok(items) => items,
            Err(remarks) => return Findings::Records(remarks).reply(),
        };
        {
            let mut known = national.history.known();
            known.asked += 1;
            known.last = Some((draft.who.clone(), items.clone()));
        }
        let alerts = alerts(&national, q, &draft, &items);
        let list = if alerts.is_empty() { String::new() } else { format!("<MessageList>{}</MessageList>", alerts.concat()) };
        let found = u8::from(!alerts.is_empty());
        Reply::ok(format!("<DuplicateCheckResult><CheckResult>{found}</CheckResult>{list}</DuplicateCheckResult>"))
    })
    .await
}

/// What was asked.
struct Draft {
    who: (String, String),
    csv: Vec<u8>,
    leaves_out_own: bool,
    has_consent: bool,
}

impl Draft {
    fn read(body: &Node) -> Result<Self, String> {
        let more = ["PrescriptionInfo", "SameMedicalInstitutionAlertFlg", "OnlineConsent", "OralBrowsingConsent"];
        let known: Vec<&str> = IDENTITY.into_iter().chain(more).collect();
        body.only(&known)?;
        let flag = |name: &str, choices: [&str; 2]| {
            let value = body.must(name)?;
            if choices.contains(&value) { Ok(value == "1") } else { Err(format!("{name} は {} です", choices.join(" か "))) }
        };
        Ok(Self {
            who: identity(body)?,
            csv: STANDARD.decode(body.must("PrescriptionInfo")?).map_err(|_| "PrescriptionInfo が base64 ではありません".to_owned())?,
            leaves_out_own: flag("SameMedicalInstitutionAlertFlg", ["1", "2"])?,
            has_consent: [flag("OnlineConsent", ["0", "1"])?, flag("OralBrowsingConsent", ["0", "1"])?].contains(&true),
        })
    }
}

fn today() -> NaiveDate {
    (Utc::now() + TimeDelta::hours(9)).date_naive()
}

fn alerts(national: &National, q: &Question, draft: &Draft, items: &[Item]) -> Vec<String> {
    let (insurer, number) = &draft.who;
    let mut given: Vec<Past> =
        national.history.known().past.iter().filter(|past| past.insurer == *insurer && past.number == *number).cloned().collect();
    let own = |institution: &str| draft.leaves_out_own && institution == q.institution;
    for held in national.shelf.all() {
        let s = &held.summary;
        if !held.stands() || s.insurer != *insurer || s.number != *number || own(&s.institution) {
            continue;
        }
        let Ok(day) = NaiveDate::parse_from_str(&s.issued_on, "%Y%m%d") else { continue };
        let (institution, pharmacy) = (s.institution_name.clone(), held.pharmacy.clone());
        let past = |item: &Item| Past {
            insurer: insurer.clone(),
            number: number.clone(),
            day,
            institution: institution.clone(),
            pharmacy: pharmacy.clone(),
            item: item.clone(),
        };
        given.extend(s.items.iter().map(past));
    }
    given.retain(|past| past.day.checked_add_days(Days::new(past.item.days)).is_some_and(|end| end >= today()));
    let mut found = Vec::new();
    for item in items {
        for past in &given {
            if let Some((category, message)) = between(item, &past.item) {
                found.push(alert(found.len() + 1, category, message, item, past, draft.has_consent));
            }
        }
    }
    found
}

/// One ingredient: seven digits of YJ or of the general name's code, else the whole code.
fn ingredient(item: &Item) -> &str {
    if matches!(item.code_type.as_str(), "4" | "7") { item.code.get(..7).unwrap_or(&item.code) } else { &item.code }
}

fn between(item: &Item, past: &Item) -> Option<(&'static str, &'static str)> {
    let (one, other) = (ingredient(item), ingredient(past));
    if one == other {
        return Some(("重複投薬", "同じ成分の薬剤が処方または調剤されています。"));
    }
    let met = |(a, b): &(&str, &str)| one.starts_with(a) && other.starts_with(b) || one.starts_with(b) && other.starts_with(a);
    PAIRS.iter().any(met).then_some(("併用禁忌", "併用禁忌の薬剤が処方または調剤されています。"))
}

fn alert(number: usize, category: &str, message: &str, item: &Item, past: &Past, has_consent: bool) -> String {
    let other = if has_consent {
        format!(
            "<Past><Date>{}</Date>{}<MedicalInstitutionName>{}</MedicalInstitutionName><InsurancePharmacyName>{}</InsurancePharmacyName></Past>",
            past.day.format("%Y%m%d"),
            drug(&past.item),
            escaped(&past.institution),
            escaped(&past.pharmacy),
        )
    } else {
        String::new()
    };
    format!(
        "<MessageInfo><MessageId>{number:03}</MessageId><MessageCategory>{category}</MessageCategory>\
         <PharmaceuticalsIngredientName>{}</PharmaceuticalsIngredientName><Message>{message}</Message><Target>{}</Target>{other}</MessageInfo>",
        escaped(ingredient(item)),
        drug(item),
    )
}

fn drug(item: &Item) -> String {
    format!(
        "<PharmaceuticalCodeType>{}</PharmaceuticalCodeType><PharmaceuticalCode>{}</PharmaceuticalCode><PharmaceuticalName>{}</PharmaceuticalName>\
         <DispensingQuantity>{}</DispensingQuantity><Usage>{}</Usage><DosageForm>{}</DosageForm>",
        escaped(&item.code_type),
        escaped(&item.code),
        escaped(&item.name),
        item.days,
        escaped(&item.usage),
        escaped(&item.form),
    )
}
