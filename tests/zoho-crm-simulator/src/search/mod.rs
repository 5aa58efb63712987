//! Search and count: search reads an index that lags behind the records (reference: zoho-crm-v8 sections 2.8 and 2.9).

mod criteria;

use std::sync::Arc;

pub(crate) use criteria::Criteria;

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{page_bounds, render_fields, requested_fields};
use crate::rows;
use crate::schema::{DataType, Module};
use crate::store::Record;
use crate::views;
use crate::world::World;

/// What a search looks for. Of several parameters the first in this order counts.
enum Selector {
    Criteria(Criteria),
    Email(String),
    Phone(String),
    Word(String),
}

impl Selector {
    fn read(module: &Module, call: &Call) -> Result<Option<Self>, Failure> {
        let long_enough = |name: &str, text: &str, least: usize| {
            if text.chars().count() >= least {
                return Ok(text.to_lowercase());
            }
            Err(Failure::invalid_param(
                name,
                object! { "minimum_length" => least },
            ))
        };
        if let Some(text) = call.param("criteria") {
            return Criteria::parse(module, text).map(|criteria| Some(Self::Criteria(criteria)));
        }
        if let Some(text) = call.param("email") {
            return Ok(Some(Self::Email(text.to_lowercase())));
        }
        if let Some(text) = call.param("phone") {
            return Ok(Some(Self::Phone(long_enough("phone", text, 3)?)));
        }
        match call.param("word") {
            Some(text) => Ok(Some(Self::Word(long_enough("word", text, 2)?))),
            None => Ok(None),
        }
    }

    fn matches(&self, world: &World, module: &Module, record: &Record) -> bool {
        let any = |wanted: &dyn Fn(&DataType) -> bool, test: &dyn Fn(&str) -> bool| {
            module
                .fields
                .iter()
                .filter(|field| wanted(&field.data_type))
                .filter_map(|field| record.value(&field.api_name).as_str())
                .any(|text| test(&text.to_lowercase()))
        };
        match self {
            Self::Criteria(criteria) => criteria.matches(world, module, record),
            Self::Email(email) => any(&|data_type| *data_type == DataType::Email, &|text| {
                text == email
            }),
            Self::Phone(phone) => any(&|data_type| *data_type == DataType::Phone, &|text| {
                text.contains(phone.as_str())
            }),
            Self::Word(word) => any(&DataType::is_text, &|text| text.contains(word.as_str())),
        }
    }
}

fn find(world: &mut World, module: &Module, selector: &Selector) -> Vec<Arc<Record>> {
    let now = world.now;
    let candidates: Vec<Arc<Record>> = world
        .store
        .table_mut(&module.api_name)
        .map(|table| table.search(now).values().rev().cloned().collect())
        .unwrap_or_default();
    candidates
        .into_iter()
        .filter(|record| selector.matches(world, module, record))
        .collect()
}

/// `GET /{module}/search`.
pub(crate) fn search(world: &mut World, module: &Module, call: &Call) -> Result<Answer, Failure> {
    let (page, per_page) = page_bounds(call)?;
    let Some(selector) = Selector::read(module, call)? else {
        let details = object! { "param_names" => vec!["criteria", "email", "phone", "word"] };
        return Err(Failure::new(
            400,
            "EXPECTED_PARAM_MISSING",
            "One of the expected parameter is missing",
            details,
        ));
    };
    let limit = world.settings.limits.search_records;
    if page.saturating_mul(per_page) > limit {
        let details = object! { "limit" => limit.to_string() };
        return Err(Failure::new(
            400,
            "LIMIT_REACHED",
            "maximum response iteration limit reached",
            details,
        ));
    }
    let fields = match call.param("fields") {
        Some(_) => requested_fields(call)?,
        None => module
            .fields
            .iter()
            .map(|field| field.api_name.clone())
            .collect(),
    };
    let found = find(world, module, &selector);
    let data: Vec<Json> = found
        .iter()
        .map(|record| Json::Object(render_fields(world, module, record, &fields)))
        .collect();
    Ok(rows::page("data", data, (page, per_page)))
}

/// `GET /{module}/actions/count`: counts live records without a selector, indexed ones with.
pub(crate) fn count(world: &mut World, module: &Module, call: &Call) -> Result<Answer, Failure> {
    let selector = Selector::read(module, call)?;
    if selector.is_some() && call.param("cvid").is_some() {
        let message = "Please use either Cvid or Search Params. Combination of both the params is not allowed";
        return Err(Failure::ambiguous(message, &["cvid", "criteria"]));
    }
    let count = match &selector {
        Some(selector) => find(world, module, selector).len(),
        None => {
            let mut all = world.store.rows(module);
            views::keep_shown(world, module, call.param("cvid"), &mut all)?;
            all.len()
        }
    };
    let count = if world.settings.behaviour.count_as_string {
        Json::from(count.to_string())
    } else {
        Json::from(count)
    };
    let mut body = Object::new();
    body.set("count", count);
    Ok(Answer::json(200, body))
}
