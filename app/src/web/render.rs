//! The one place an error becomes an answer: JSON for scripts, a fragment for htmx, else a page. The cause goes to the log, a
//! sentence and the request id to the person. Refusals of signed-in people are put into the audit log here.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use askama::Template;
use tenancy::access::{RequestContext, SESSION_COOKIE};
use tenancy::session::{Found, Token};
use tenancy::{AccessDenied, Gate, Principal};

use crate::error::AppError;
use crate::web::htmx::{is_htmx, wants_json};
use crate::web::{Chrome, Nav};

/// An error as a person reads it: what happened, what is safe, what to do.
#[derive(Clone, Debug, Template)]
#[template(path = "errors/page.html")]
pub struct ErrorPage {
    pub status: u16,
    pub happened: String,
    pub safe: &'static str,
    pub todo: &'static str,
    pub request_id: String,
}

/// The same for somebody who is signed in: the header stays, and with it every way on.
#[derive(Template)]
#[template(path = "errors/inside.html")]
pub struct ErrorInside<'a> {
    pub chrome: Chrome,
    pub error: &'a ErrorPage,
}

#[derive(Template)]
#[template(path = "errors/fragment.html")]
struct ErrorFragment<'a> {
    error: &'a ErrorPage,
}

pub async fn layer(req: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let outcome = next.call(req).await?;
    let Some(error) = outcome.response().error().map(app_error) else {
        let status = outcome.status();
        if status == StatusCode::NOT_FOUND && outcome.request().match_pattern().is_none() {
            return Ok(answer(outcome, AppError::NotFound).await);
        }
        return Ok(outcome.map_into_boxed_body());
    };
    Ok(answer(outcome, error).await)
}

fn app_error(error: &Error) -> AppError {
    if let Some(denied) = error.as_error::<AccessDenied>() {
        return denied.into();
    }
    match error.as_response_error().status_code() {
        _ if error.as_error::<AppError>().is_some() => take(error),
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        StatusCode::NOT_FOUND => AppError::NotFound,
        s if s.is_client_error() => AppError::Invalid("送られた内容を読み取れませんでした。画面を開き直してやり直してください。".into()),
        _ => AppError::internal(error),
    }
}

/// The same variant again; `Error` does not give the value away.
fn take(error: &Error) -> AppError {
    match error.as_error::<AppError>() {
        Some(AppError::Invalid(m)) => AppError::Invalid(m.clone()),
        Some(AppError::Refused(m)) => AppError::Refused(m.clone()),
        Some(AppError::Unavailable(m)) => AppError::Unavailable(m.clone()),
        Some(AppError::Internal(m)) => AppError::Internal(m.clone()),
        Some(AppError::Unauthenticated) => AppError::Unauthenticated,
        Some(AppError::Locked) => AppError::Locked,
        Some(AppError::Forbidden) => AppError::Forbidden,
        Some(AppError::NoConsent) => AppError::NoConsent,
        Some(AppError::Source) => AppError::Source,
        Some(AppError::NotFound) => AppError::NotFound,
        Some(AppError::Conflict) => AppError::Conflict,
        Some(AppError::WrongPatient) => AppError::WrongPatient,
        Some(AppError::TooLarge) => AppError::TooLarge,
        Some(AppError::CrossSite) => AppError::CrossSite,
        Some(AppError::ReadOnly) => AppError::ReadOnly,
        None => AppError::internal(error),
    }
}

async fn answer<B: MessageBody>(outcome: ServiceResponse<B>, error: AppError) -> ServiceResponse<BoxBody> {
    use actix_web::ResponseError;
    let (req, _) = outcome.into_parts();
    let status = error.status_code();
    let context = req.extensions().get::<RequestContext>().cloned();
    let request_id = context.as_ref().map(|c| c.meta.request_id.to_string()).unwrap_or_default();
    if status.is_server_error() && !matches!(error, AppError::ReadOnly) {
        tracing::error!(request.id = request_id, error = %error, "request failed");
    }
    let reader = reader(&req, &error).await;
    if let (Some((gate, principal)), Some(context), true) = (&reader, context, is_refusal(&error)) {
        record_refusal(&req, gate, principal, context, status).await;
    }
    let response = respond(&req, &error, request_id, reader.map(|(_, principal)| principal));
    ServiceResponse::new(req, response)
}

const fn is_refusal(error: &AppError) -> bool {
    matches!(error, AppError::Forbidden | AppError::NoConsent | AppError::NotFound | AppError::WrongPatient)
}

/// The signed-in person who will read the error, if it is written for one.
async fn reader(req: &HttpRequest, error: &AppError) -> Option<(web::Data<Gate>, Principal)> {
    let is_whole_page =
        !is_htmx(req) && !wants_json(req) && !matches!(error, AppError::Unauthenticated | AppError::Locked | AppError::Source);
    if !is_whole_page && !is_refusal(error) {
        return None;
    }
    let gate = req.app_data::<web::Data<Gate>>()?.clone();
    let token = Token::from_cookie(req.cookie(SESSION_COOKIE)?.value());
    let Ok(Found::Active(mut principal)) = gate.sessions().find(&token, false).await else { return None };
    principal.standing = gate.pool().standing().clone();
    Some((gate, principal))
}

/// A refusal nobody can record is still a refusal; the log keeps that it happened.
async fn record_refusal(req: &HttpRequest, gate: &Gate, principal: &Principal, context: RequestContext, status: StatusCode) {
    let pattern = req.match_pattern().unwrap_or_else(|| "unmatched".into());
    if let Err(e) = gate.record_refusal(principal, context.meta, &pattern, status).await {
        tracing::error!(error = %e, "refusal was not recorded");
    }
}

fn respond(req: &HttpRequest, error: &AppError, request_id: String, reader: Option<Principal>) -> HttpResponse {
    use actix_web::ResponseError;
    let status = error.status_code();
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    let page = describe(error, status, request_id);
    if wants_json(req) {
        let body = serde_json::json!({"type": "about:blank", "status": page.status, "title": page.happened, "detail": page.todo, "message": format!("{} {}", page.happened, page.todo), "locked": matches!(error, AppError::Locked), "request_id": page.request_id});
        return response.content_type("application/problem+json").body(body.to_string());
    }
    let door = match error {
        AppError::Unauthenticated => Some(format!("/login?next={}", next_path(req))),
        AppError::Locked => Some(format!("/session/locked?next={}", next_path(req))),
        _ => None,
    };
    if let Some(door) = door {
        if is_htmx(req) {
            return response.insert_header(("HX-Redirect", door)).finish();
        }
        return HttpResponse::SeeOther()
            .insert_header((header::LOCATION, door))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish();
    }
    let html = if is_htmx(req) {
        response.insert_header(("HX-Retarget", "#page-notice")).insert_header(("HX-Reswap", "innerHTML"));
        ErrorFragment { error: &page }.render()
    } else if let Some(reader) = reader {
        ErrorInside { chrome: Chrome::of(&reader, Nav::Account), error: &page }.render()
    } else {
        page.render()
    };
    response.content_type("text/html; charset=utf-8").body(html.unwrap_or(page.happened))
}

/// Where to come back to. Only a page that was read: a form's target is no place to land on.
fn next_path(req: &HttpRequest) -> String {
    let current = req
        .headers()
        .get("hx-current-url")
        .and_then(|v| v.to_str().ok())
        .and_then(|u| u.split_once("://"))
        .and_then(|(_, rest)| rest.find('/').map(|i| rest[i..].to_owned()));
    let path = match current {
        Some(path) => path,
        None if req.method() == actix_web::http::Method::GET => req.uri().path().to_owned(),
        None => String::new(),
    };
    path.chars().filter(|c| c.is_ascii_alphanumeric() || "/-_.".contains(*c)).collect()
}

fn describe(error: &AppError, status: StatusCode, request_id: String) -> ErrorPage {
    const SAVED: &str = "保存済みと表示された記載は失われていません。";
    let (happened, safe, todo): (String, &str, &str) = match error {
        AppError::Unauthenticated => ("サインインが必要です。".into(), SAVED, "サインインすると、この画面の続きから使えます。"),
        AppError::Locked => ("画面がロックされています。".into(), SAVED, "本人確認をすると、この画面の続きから使えます。"),
        AppError::Forbidden => ("この操作はいまの職種では行えません。".into(), SAVED, "必要な場合は管理者に権限を確認してください。"),
        AppError::NoConsent => (
            "患者の同意がないか、閲覧できる時間が過ぎたため表示しません。".into(),
            SAVED,
            "必要なときは、マイナ保険証の読み取りで改めて同意をもらってください。",
        ),
        AppError::Source => {
            ("この場所からは使えない設定になっています。".into(), SAVED, "院内の回線からつなぐか、管理者に接続元の設定を確認してください。")
        }
        AppError::CrossSite => ("別のサイトから送られた操作は受け付けません。".into(), SAVED, "つむぎの画面からやり直してください。"),
        AppError::NotFound => ("お探しのものは見つかりません。".into(), SAVED, "番号やアドレスを確かめるか、患者検索からお探しください。"),
        AppError::Conflict => (
            "ほかの人が先に保存しました。".into(),
            "入力した内容は画面に残っています。",
            "画面を開き直して、新しい内容を確かめてから保存してください。",
        ),
        AppError::Invalid(message) => (message.clone(), "入力した内容は保存していません。", "直してからもう一度送ってください。"),
        AppError::Refused(message) => (message.clone(), SAVED, "状態を確かめてからやり直してください。"),
        AppError::WrongPatient => (
            "別の患者の画面から送られたため、保存しませんでした。".into(),
            "書いた文は送信元の画面に残っています。",
            "開いている患者を確かめて、正しい患者の画面から保存してください。",
        ),
        AppError::TooLarge => {
            ("送られたものが大きすぎます。".into(), "入力した内容は保存していません。", "小さく分けてから送ってください。")
        }
        AppError::Unavailable(_) => {
            ("いまは保存や表示ができません。".into(), SAVED, "入力中の文は消さずに、少し待ってからやり直してください。")
        }
        AppError::ReadOnly => (
            "いまは閲覧のみで、保存はできません。".into(),
            "書いた内容は未送信のままこの端末の画面に残っています。",
            "そのまま待つと、再開したときに記載は自動で送り直します。受付は紙の番号で続けてください。",
        ),
        AppError::Internal(_) => {
            ("申し訳ありません、処理できませんでした。".into(), SAVED, "もう一度試しても同じときは、下の番号を添えてご連絡ください。")
        }
    };
    ErrorPage { status: status.as_u16(), happened, safe, todo, request_id }
}
