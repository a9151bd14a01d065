//! 日締め (workflow S13): lists that must be empty or explained, the cash counted, and the day's cash locked.
//!
//! Closing locks money, not charts: while a day is closed nothing is paid, refunded or billed on it (`billing::acts`). 管理者 may open
//! it again with a reason; every closing is a version of the same row.

pub mod entity;
mod forms;
mod handlers;
mod lists;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/day-close", handlers::show);
    r.post("/day-close", handlers::close);
    r.get("/day-close/print", handlers::print);
    r.post("/day-close/{id}/reopening", handlers::reopen);
}
