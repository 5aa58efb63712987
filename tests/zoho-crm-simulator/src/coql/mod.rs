//! COQL, Zoho's query language (reference: zoho-crm-v8 section 6).

mod ast;
mod evaluate;
mod lexer;
mod parser;
mod typed;

pub(crate) use evaluate::execute;
pub(crate) use typed::{Cell, Path};

/// The row limit a query asks for; 200 when it cannot be read, as the default is.
pub(crate) fn asked_limit(body: &crate::json::Json) -> u64 {
    let text = body
        .get("select_query")
        .and_then(crate::json::Json::as_str)
        .unwrap_or_default();
    parser::parse(text).map_or(200, |query| query.limit)
}
