//! Paths of the slice.

use super::{handlers, secrets};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/staff", handlers::list);
    r.get("/staff/new", handlers::new);
    r.post("/staff", handlers::create);
    r.get("/staff/{id}", handlers::show);
    r.post("/staff/{id}", handlers::update);
    r.post("/staff/{id}/password", secrets::renew_password);
    r.post("/staff/{id}/second-factor-removal", secrets::remove_second_factor);
}
