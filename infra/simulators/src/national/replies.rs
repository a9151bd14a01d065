//! What becomes of an answer of オンライン資格確認 on its way: it is lost after everything was done, or the one before it comes once more.

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};

use super::envelope::xml_answer;
use super::{Fault, National, eps};

pub async fn on_the_way(req: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let national = req.app_data::<web::Data<National>>().cloned().ok_or_else(|| ErrorInternalServerError("no services"))?;
    let (request, response) = next.call(req).await?.into_parts();
    let fault = request.extensions().get::<Fault>().copied();
    let status = response.status();
    let (head, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(|_| ErrorInternalServerError("no answer"))?;
    let before = if status.is_success() { national.last_oqs(&body) } else { None };
    let response = match (fault, before) {
        (Some(Fault::LostReply), _) => eps::cut(),
        (Some(Fault::Duplicate), Some(before)) => xml_answer(before),
        _ => head.set_body(BoxBody::new(body)),
    };
    Ok(ServiceResponse::new(request, response))
}
