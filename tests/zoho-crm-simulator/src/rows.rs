//! Answers that carry one element a row, and pages of them.

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};

/// The success element of a row.
pub(crate) fn success(details: Object, message: &str) -> Json {
    Json::Object(object! {
        "code" => "SUCCESS", "details" => details, "message" => message, "status" => "success",
    })
}

/// One element a row under `key`, in the order of the request: `all_done` when nothing failed, 400 when everything did,
/// `partial` in between (reference: zoho-crm-v8 section 2.5).
pub(crate) fn answer(
    key: &'static str,
    results: Vec<Result<Json, Failure>>,
    all_done: u16,
    partial: u16,
) -> Answer {
    let total = results.len();
    let failed = results.iter().filter(|result| result.is_err()).count();
    let rows: Vec<Json> = results
        .into_iter()
        .map(|result| result.unwrap_or_else(|failure| failure.to_json()))
        .collect();
    let status = match failed {
        0 => all_done,
        failed if failed == total => 400,
        _ => partial,
    };
    Answer::json(status, object! { key => rows }).rows(total)
}

/// One page of `rows` under `key` with its `info`; empty 204 when nothing is left.
pub(crate) fn page(key: &'static str, rows: Vec<Json>, (page, per_page): (u64, u64)) -> Answer {
    let total = rows.len();
    let take = usize::try_from(per_page).unwrap_or(usize::MAX);
    let skip = usize::try_from(page - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(take);
    let rows: Vec<Json> = rows.into_iter().skip(skip).take(take).collect();
    let count = rows.len();
    if count == 0 {
        return Answer::empty(204);
    }
    let more = total > skip.saturating_add(count);
    let info = object! { "per_page" => per_page, "count" => count, "page" => page, "more_records" => more };
    Answer::json(200, object! { key => rows, "info" => info }).rows(count)
}

/// The `ids` parameter of a request that works on several records.
pub(crate) fn ids(call: &Call, most: usize) -> Result<Vec<String>, Failure> {
    let text = call
        .param("ids")
        .ok_or_else(|| Failure::param_missing("ids"))?;
    let ids: Vec<String> = text.split(',').map(|id| id.trim().to_owned()).collect();
    if ids.len() > most {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        return Err(Failure::limit_exceeded(most, "ids"));
    }
    Ok(ids)
}

/// The elements of the array a body must hold under `key`: at least one, at most `most`, all of them objects.
pub(crate) fn entries(body: &Json, key: &'static str, most: usize) -> Result<Vec<Object>, Failure> {
    let path = format!("$.{key}");
    let array = body
        .get(key)
        .ok_or_else(|| Failure::mandatory(key, &path))?
        .as_array()
        .ok_or_else(|| Failure::wrong_type("jsonarray", key, &path))?;
    if array.is_empty() {
        return Err(Failure::mandatory(key, &path));
    }
    if array.len() > most {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        return Err(Failure::limit_exceeded(most, key));
    }
    let object = |(index, entry): (usize, &Json)| {
        let wrong = || Failure::wrong_type("jsonobject", key, &format!("{path}[{index}]"));
        entry.as_object().cloned().ok_or_else(wrong)
    };
    array.iter().enumerate().map(object).collect()
}
