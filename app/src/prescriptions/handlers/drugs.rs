//! 薬の候補.

use actix_web::{HttpRequest, web};
use domain::{EncounterId, clock};
use tenancy::permission::{MasterRead, PrescriptionRead};
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};

use super::shown;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::prescriptions::drugs::{self, Drug, SHORTEST};
use crate::prescriptions::forms::RawLineForm;
use crate::prescriptions::pane::Extra;
use crate::prescriptions::store::sealing::ended;
use crate::prescriptions::views::{DrugOptions, chosen};
use crate::web::{FormErrors, Page};

/// Longest search text that is looked up.
const QUERY_MAX: usize = 60;

/// 薬の候補 while typing: a fragment for the search box, and nothing else. Posted, as no drug belongs into an address.
pub async fn options(access: Access<MasterRead>, form: web::Form<RawLineForm>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let options = search(&tx, &form).await?;
    let receipt = tx.commit(Audit::searched(InfoClass::Master)).await?;
    let drug_code = chosen(&options, &form.drug_code);
    Page::full(receipt, &DrugOptions { q: form.drug_text(), options, drug_code })
}

/// 薬を探す without scripts: the same page with the candidates and everything typed so far.
pub async fn look_up(
    access: Access<PrescriptionRead>,
    path: web::Path<EncounterId>,
    form: web::Form<RawLineForm>,
    req: HttpRequest,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let options = search(&tx, &form).await?;
    let extra = Extra { adding: Some((form.into_inner(), FormErrors::default())), options, ..Extra::default() };
    shown(&access, tx, &visit, &req, extra, false).await
}

pub async fn search(tx: &TenantTx, form: &RawLineForm) -> Result<Vec<Drug>, Error> {
    let text: String = form.drug_text().chars().filter(|c| !c.is_control()).take(QUERY_MAX).collect();
    drugs::search(tx, &text, clock::today(tx.now())).await
}

/// The drug chosen, or the only one the typed text can mean; the error is the sentence for the search box. A choice made for
/// another text than the one that was sent does not count.
pub async fn meant(tx: &TenantTx, form: &RawLineForm) -> Result<Result<Drug, String>, Error> {
    let today = clock::today(tx.now());
    let text = form.drug_text();
    if !form.drug_code.is_empty() {
        return Ok(match drugs::find(tx, &form.drug_code, today).await? {
            None => Err("選んだ薬がマスターにありません。もう一度探してください".into()),
            Some(drug) if !drug.is_in_force(today) => Err(ended(&drug.name, drug.valid_to)),
            Some(drug) if !text.is_empty() && !drug.begins_with(&text) => {
                Err("入れた名前と選んだ薬が違います。候補から選び直してください".into())
            }
            Some(drug) => Ok(drug),
        });
    }
    let mut options = search(tx, form).await?;
    Ok(match options.len() {
        1 => Ok(options.remove(0)),
        0 if text.chars().count() < SHORTEST => Err(format!("薬の名前を{SHORTEST}文字以上入れて、候補から選んでください")),
        0 => Err("その名前で始まる薬がマスターにありません。名前を短くして探してください".into()),
        _ => Err("候補がいくつかあります。一つ選んでください".into()),
    })
}
