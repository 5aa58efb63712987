//! Who has come to a side since a plan was made of its listing.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Engine,
    batch::{SideDown, Work, complete},
    breaker::Lane,
};
use crate::{
    budget::Call,
    endpoint::Record,
    first_sync::Survey,
    flow::{Flow, MatchRule},
    job::Cause,
    side::Side,
    value::{Document, Value},
};

/// A clock step of the coarsest kind that records' stamps are rounded to.
const STEP: Duration = Duration::from_secs(1);

/// What is known of a side while a plan is carried out: its listing, and the records that have come since.
pub(super) struct News {
    survey: Arc<Survey>,
    come: Vec<Document>,
}

impl News {
    /// Whether a search by the rule in this place would find nobody.
    pub(super) fn rules_out(
        &self,
        work: &Work,
        target: Side,
        (place, rule): (usize, &MatchRule),
    ) -> bool {
        let document = work.documents.get(target.other()).as_ref();
        let print = document.and_then(|document| rule.fingerprint(document));
        let Some(print) = print.filter(|_| is_planned(work)) else {
            return false;
        };
        let mut come = self.come.iter();
        !self.survey.may_hold(target, place, &print)
            && come.all(|document| rule.fingerprint(document).as_ref() != Some(&print))
    }
}

impl Engine {
    /// The records with these keys. While a plan is carried out the last call tells as well who has come since.
    pub(super) async fn find_keys(
        &self,
        flow: &Flow,
        target: Side,
        mut keys: Vec<(usize, Value)>,
    ) -> Result<(Vec<(usize, Vec<Record>)>, Option<News>), SideDown> {
        let rule = flow.identity.keys.get(target);
        let (field, endpoint) = (&rule.field, flow.endpoints.get(target));
        let spares = flow.listing_spares_searches(target);
        let survey = self.surveys.of(&flow.name);
        let Some(survey) = survey.filter(|_| spares && !keys.is_empty()) else {
            return Ok((self.find(flow, target, field, keys).await?, None));
        };
        let most = endpoint.capabilities().find_batch;
        let most = self.affordable(flow, target, most, |values| Call::Find { values });
        let last = keys.split_off((keys.len() - 1) / most * most);
        let mut records = self.find(flow, target, field, keys).await?;
        let values: Vec<Value> = last.iter().map(|(_, value)| value.clone()).collect();
        let since = survey.since(target).map(|since| {
            let late = self.settings.overlap.saturating_add(STEP);
            since.checked_sub(late).unwrap_or(Timestamp::MIN)
        });
        let told = self
            .call_find_with_unmarked(flow, target, field, &values, since)
            .await
            .map_err(SideDown::at(target))?;
        let Some(told) = told else {
            self.surveys.forget(&flow.name);
            records.extend(self.find(flow, target, field, last).await?);
            return Ok((records, None));
        };
        self.breakers.close(&flow.name, target, Lane::Read);
        complete(target, told.found.len(), values.len())?;
        records.extend(last.iter().map(|(index, _)| *index).zip(told.found));
        let come = told.unmarked.iter();
        let come = come.map(|record| flow.mapping.project_known(target, &record.fields));
        let come = come.collect();
        Ok((records, Some(News { survey, come })))
    }
}

/// Whether the record's plan is being carried out.
pub(super) fn is_planned(work: &Work) -> bool {
    work.jobs.iter().any(|job| job.cause == Cause::Plan)
}
