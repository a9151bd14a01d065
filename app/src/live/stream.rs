//! One browser's stream as `text/event-stream`. It lives as long as the session: a heartbeat looks after both.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header::{self, ContentEncoding};
use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use futures_util::stream;
use tenancy::access::SESSION_COOKIE;
use tenancy::session::{Found, Sessions, Token};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::hub::{Listener, Signal};
use super::topic::Topic;
use crate::error::AppError;

const HEARTBEAT: Duration = Duration::from_secs(5);

struct Open {
    listener: Listener,
    sessions: Sessions,
    token: Token,
    heartbeat: Interval,
    /// Said first, whatever happened before.
    greeting: Option<Signal>,
    is_over: bool,
}

pub fn respond(req: &HttpRequest, sessions: Sessions, listener: Listener) -> Result<HttpResponse, AppError> {
    let cookie = req.cookie(SESSION_COOKIE).ok_or(AppError::Unauthenticated)?;
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let greeting = Some(if listener.is_up { Signal::Back } else { Signal::Away });
    let open = Open { listener, sessions, token: Token::from_cookie(cookie.value()), heartbeat, greeting, is_over: false };
    let frames = stream::unfold(open, |mut open| async move {
        if open.is_over {
            return None;
        }
        let frame = open.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(frame)), open))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .insert_header(("Server-Timing", "statements;desc=\"0\""))
        // A compressor would hold the frames back.
        .insert_header(ContentEncoding::Identity)
        .streaming(frames))
}

impl Open {
    /// The next frame; `None` ends the stream and the browser looks for another.
    async fn next(&mut self) -> Option<String> {
        if let Some(greeting) = self.greeting.take() {
            return Some(frame(greeting));
        }
        tokio::select! {
            signal = self.listener.signals.recv() => match signal {
                Ok(signal) => Some(frame(signal)),
                Err(RecvError::Lagged(_)) => Some(frame(Signal::Changed(Topic::Board))),
                Err(RecvError::Closed) => None,
            },
            _ = self.heartbeat.tick() => Some(self.look_after_the_session().await),
        }
    }

    /// A locked or ended session ends the stream; one that cannot be looked up is given the benefit until Redis answers.
    async fn look_after_the_session(&mut self) -> String {
        match self.sessions.find(&self.token, false).await {
            Ok(Found::Active(_)) | Err(_) => ":\n\n".into(),
            Ok(Found::Locked(_) | Found::None) => {
                self.is_over = true;
                event("bye", "")
            }
        }
    }
}

fn frame(signal: Signal) -> String {
    match signal {
        Signal::Changed(Topic::Visit(id)) => event("visit", &id.to_string()),
        Signal::Changed(Topic::Inquiry(id)) => event("inquiry", &id.to_string()),
        Signal::Changed(Topic::Board) => event("board", ""),
        Signal::Changed(Topic::Request) => ":\n\n".into(),
        Signal::Away => event("away", ""),
        Signal::Back => event("back", ""),
    }
}

fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_an_event_and_an_id() {
        let id = "0190a2b4-7c3e-7d11-8a55-0123456789ab".parse().unwrap();
        assert_eq!(frame(Signal::Changed(Topic::Visit(id))), "event: visit\ndata: 0190a2b4-7c3e-7d11-8a55-0123456789ab\n\n");
        assert_eq!(frame(Signal::Away), "event: away\ndata: \n\n");
    }
}
