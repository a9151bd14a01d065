//! 医療機関の設定: address, idle locks, the hour the day changes, and where the clinic may be reached from. Settings only: nothing a
//! clinic can set changes what the product does for another (AR-04).

mod forms;
mod handlers;
pub mod store;
mod views;

pub use store::letterhead;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/clinic", handlers::show);
    r.post("/clinic", handlers::update);
}
