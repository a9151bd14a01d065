//! What kind of request this is.

use actix_web::HttpRequest;
use actix_web::http::header;

pub fn is_htmx(req: &HttpRequest) -> bool {
    req.headers().contains_key("hx-request")
}

/// Scripts that want `application/json` say so; a browser's form post does not.
pub fn wants_json(req: &HttpRequest) -> bool {
    req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("application/json"))
}
