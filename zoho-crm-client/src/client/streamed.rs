//! Files, up and down.

use client_core::{Answer, BodyStream, Call, CallError, RepeatKind, Response, Upload};
use http::{StatusCode, header::CONTENT_TYPE};
use jiff::Timestamp;
use tracing::{Instrument, field};

use super::{ZohoClient, classify, from_call_error};
use crate::{
    api::{Download, Failure, FileStream, Outgoing, Received, file_of, parse_download},
    error::{CallContext, Error},
    names::ModuleName,
    usage::InFlight,
};

/// Most bytes of an answer that is read whole.
const SHORT: u64 = 1024 * 1024;

impl ZohoClient {
    /// The body that `outgoing` is answered with, while it arrives, and the call for errors about it. An error in place
    /// of a file is recognised by its status or its content type.
    pub(crate) async fn download(
        &self,
        outgoing: Outgoing,
    ) -> Result<(Box<CallContext>, BodyStream), Error> {
        let (context, answer, counted) = self.exchange(outgoing, None).await?;
        let response = answer.response;
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.map_or(&b""[..], http::HeaderValue::as_bytes);
        let is_message = kind.starts_with(b"application/json") || kind.starts_with(b"text/html");
        if response.status().is_success() && !is_message {
            return Ok((Box::new(context), response.into_body()));
        }
        let received = whole(response, false, &context).await?;
        Err(self.explain(received.failure(), context, false, &received, &counted))
    }

    /// The file that `outgoing` is answered with, while it arrives, and the call for errors about it; `None` when there
    /// is no such file. Files may be of any kind, JSON too: an error in place of one has no file name.
    pub(crate) async fn file_stream(
        &self,
        outgoing: Outgoing,
    ) -> Result<Option<(Box<CallContext>, FileStream)>, Error> {
        let (context, answer, counted) = self.exchange(outgoing, None).await?;
        if answer.response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let response = match file_of(answer.response) {
            Ok(file) => return Ok(Some((Box::new(context), file))),
            Err(response) => response,
        };
        let received = whole(*response, false, &context).await?;
        match parse_download(&received) {
            Ok(file) => Ok(file.map(|file| (Box::new(context), file.into()))),
            Err(failure) => Err(self.explain(failure, context, false, &received, &counted)),
        }
    }

    /// The file as a whole, if it has no more than `bytes` bytes.
    pub(crate) async fn file(
        &self,
        outgoing: Outgoing,
        bytes: u64,
    ) -> Result<Option<Download>, Error> {
        let Some((context, file)) = self.file_stream(outgoing).await? else {
            return Ok(None);
        };
        let collected = file.collect_at_most(bytes).await;
        collected
            .map(Some)
            .map_err(|source| Error::Transport { context, source })
    }

    /// Sends `upload` in place of the body of `outgoing` and has `parse` read the answer.
    pub(crate) async fn upload<T>(
        &self,
        outgoing: Outgoing,
        upload: Upload,
        parse: impl FnOnce(&Received) -> Result<T, Failure> + Send,
    ) -> Result<T, Error> {
        let writes = outgoing.writes;
        let (context, answer, counted) = self.exchange(outgoing, Some(upload)).await?;
        let repeated = answer.earlier_attempt_may_have_been_applied;
        let received = whole(answer.response, repeated, &context).await?;
        parse(&received)
            .map_err(|failure| self.explain(failure, context, writes, &received, &counted))
    }

    async fn exchange(
        &self,
        outgoing: Outgoing,
        upload: Option<Upload>,
    ) -> Result<(CallContext, Answer<BodyStream>, InFlight<'_>), Error> {
        let span = tracing::info_span!(
            "zoho.request",
            otel.name = outgoing.operation,
            zoho.module = outgoing.module.as_ref().map(ModuleName::as_str),
            credits.remaining = field::Empty,
        );
        async {
            let (operation, writes) = (outgoing.operation, outgoing.writes);
            let repeatable = outgoing.repeatable;
            let counted = self.shared.counters.enter();
            let request = outgoing.into_request()?;
            let method = request.method().clone();
            let path = request.uri().path().to_owned();
            let answer = if repeatable {
                let call = Call::repeatable(operation, request);
                self.execute_streamed(call, upload).await
            } else {
                let call = Call::once(operation, request);
                self.execute_streamed(call, upload).await
            };
            let answer = answer.map_err(|error| from_call_error(error, writes))?;
            let context = CallContext {
                operation,
                method,
                path,
                status: Some(answer.response.status()),
                attempts: answer.attempts,
                may_have_been_applied: false,
            };
            Ok((context, answer, counted))
        }
        .instrument(span)
        .await
    }

    async fn execute_streamed<K: RepeatKind>(
        &self,
        call: Call<K>,
        upload: Option<Upload>,
    ) -> Result<Answer<BodyStream>, CallError> {
        let classify = |response: &Response, now: Timestamp| {
            self.shared.counters.read_headers(response.headers());
            classify(response, now)
        };
        let call = self.bounded(call);
        let auth = &self.shared.auth;
        let pipeline = &self.shared.pipeline;
        pipeline
            .execute_streamed(call, upload, auth, &classify)
            .await
    }
}

async fn whole(
    response: http::Response<BodyStream>,
    repeated: bool,
    context: &CallContext,
) -> Result<Received, Error> {
    let (head, body) = response.into_parts();
    let body = body
        .collect_at_most(SHORT)
        .await
        .map_err(|source| Error::Transport {
            context: Box::new(context.clone()),
            source,
        })?;
    Ok(Received {
        response: Response::from_parts(head, body),
        repeated,
    })
}
