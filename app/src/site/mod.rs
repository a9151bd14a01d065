//! 公開ページ: what the product is, what it costs, what it can and cannot do. Made from the tables the product itself uses, so that
//! nobody has to ask and nothing is promised that is not there (PB-01, PB-02).

mod features;
mod pages;
mod prices;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.public_get("/", pages::home, "what the product is, for everybody");
    r.public_get("/pricing", pages::pricing, "every price, for everybody");
    r.public_get("/features", pages::features, "what is there and what is not, for everybody");
    r.public_get("/features.csv", pages::features_csv, "the same as a file");
}
