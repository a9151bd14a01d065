//! 資格の照会: asking オンライン資格確認 by the numbers on a 資格確認書, without anybody waiting for the answer (S04, FN-OQ-02, FN-OQ-12).
//!
//! An inquiry is a row and a message of the outbox. Its answer is kept as a reader's result is, so old→new and 反映 are the same page for
//! both. While the service is away the patient is received by sight (目視) and the inquiry stays on the list 再照会 until it is answered.

mod driver;
mod entity;
mod figures;
mod forms;
mod handlers;
pub mod reference;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

pub use driver::EligibilityDriver;
pub use handlers::ask_about;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/reception/figures", figures::show);
    r.get("/reception/inquiries", handlers::list);
    r.post("/reception/inquiries", handlers::ask);
    r.get("/reception/inquiries/{id}", handlers::show);
    r.post("/reception/inquiries/{id}/repetition", handlers::repeat);
    r.post("/reception/inquiries/{id}/sighting", handlers::sighted);
}
