//! 勤務場所: where people sign in and patients are seen. Added, renamed, and retired: a retired place stays where visits name it and is
//! no longer offered at sign-in.

mod handlers;
mod store;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/places", handlers::list);
    r.post("/places", handlers::add);
    r.post("/places/{id}", handlers::change);
}
