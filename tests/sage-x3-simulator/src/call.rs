//! One request on its way through: faults before and after, counters and the log.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;

use crate::answer::Answer;
use crate::faults::{Effect, RequestShape};
use crate::log::RequestRecord;
use crate::resolve::Tally;
use crate::settings::Settings;
use crate::state::Shared;

/// The largest body taken, well above any document.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// A request as far as it is known before anything is done about it.
pub(crate) struct Arrived<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) bytes_in: usize,
    pub(crate) endpoint: Option<String>,
    pub(crate) shape: RequestShape,
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The request's head and its whole body.
pub(crate) async fn taken(request: Request) -> (Parts, Bytes) {
    let (parts, body) = request.into_parts();
    // A body that breaks off reads as an empty one; its sender is not there to see the answer.
    let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    (parts, body)
}

/// Answers a request: by a fault, or by what `run` makes, which a fault may then spoil.
pub(crate) async fn serve(
    shared: &Shared,
    arrived: Arrived<'_>,
    run: impl FnOnce(&mut Call) -> Answer,
) -> Response {
    let effects = shared.lock().faults.strike(&arrived.shape);
    for effect in &effects {
        if let Effect::Delay { milliseconds } = effect {
            tokio::time::sleep(std::time::Duration::from_millis(*milliseconds)).await;
        }
    }
    let mut call = Call {
        at: shared.clock.now(),
        effects,
        user: None,
        tally: Tally::default(),
    };
    let answer = match call.answer_instead() {
        Some(answer) => answer,
        None => {
            let answer = run(&mut call);
            call.distort(answer)
        }
    };
    let mut state = shared.lock();
    state.log.counters.add(&call.tally);
    state.log.add(RequestRecord {
        at: call.at,
        method: arrived.parts.method.to_string(),
        path: arrived.parts.uri.path().to_owned(),
        endpoint: arrived.endpoint,
        user: call.user,
        operation_name: arrived.shape.operation_name,
        calls: arrived.shape.calls,
        kind: arrived.shape.kind,
        rows: call.tally.rows,
        status: answer.status(),
        faults: call.effects,
        bytes_in: arrived.bytes_in as u64,
        bytes_out: answer.length() as u64,
    });
    drop(state);
    answer.into_response()
}

/// One request on its way through.
pub(crate) struct Call {
    pub(crate) at: Timestamp,
    pub(crate) effects: Vec<Effect>,
    pub(crate) user: Option<String>,
    pub(crate) tally: Tally,
}

impl Call {
    /// What is to be said beside every successful create.
    pub(crate) fn warning(&self, settings: &Settings) -> Option<String> {
        let by_fault = self.effects.iter().find_map(|effect| match effect {
            Effect::Warning { message } => Some(message.clone()),
            _ => None,
        });
        by_fault.or_else(|| settings.warning_on_create.clone())
    }

    /// The answer of a fault that strikes before anything is done.
    fn answer_instead(&self) -> Option<Answer> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Status { status, body } => Some(Answer::plain_or_html(*status, body)),
            Effect::TooManyRequests { retry_after } => {
                let answer = Answer::plain_or_html(429, "Too many requests");
                Some(match retry_after {
                    Some(seconds) => answer.with_header("retry-after", &seconds.to_string()),
                    None => answer,
                })
            }
            Effect::HtmlPage => {
                let page = "<!DOCTYPE html><html><head><title>Sage X3</title></head><body>Please sign in</body></html>";
                Some(Answer::plain_or_html(200, page))
            }
            Effect::Unauthorized { text } => Some(Answer::plain_or_html(401, text)),
            Effect::DropBefore => Some(Answer::hang_up()),
            _ => None,
        })
    }

    /// What a fault makes of an answer after everything was done.
    fn distort(&self, answer: Answer) -> Answer {
        self.effects
            .iter()
            .fold(answer, |answer, effect| match effect {
                Effect::DropAfter => Answer::hang_up(),
                Effect::TruncatedBody => answer.broken_off(),
                Effect::BrokenJson => answer.half(),
                _ => answer,
            })
    }
}
