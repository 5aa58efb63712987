//! Deals that become orders.

mod lines;
mod settings;
mod spread;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use rust_decimal::Decimal;
use zoho_crm_client::ZohoClient;

use self::lines::{Goods, Reader};
pub use self::settings::{
    AmountCheck, DealSettings, LineSource, PriceForm, ProductSource, Qualification, QuoteSource,
    WholeDiscount,
};
use super::{endpoint::ZohoEndpoint, errors::endpoint_error, feeds};
use crate::{
    budget::{Call, Cost},
    endpoint::{
        Capabilities, ChangesPage, ChangesRequest, Endpoint, EndpointError, FeedDescription,
        Problem, Record, RecordsPage, Write, WriteError, Written,
    },
    flows::orders::{LINES, QUALIFIES, SHARES},
    ids::{FeedName, FieldName, PageToken, RecordId},
    value::{Document, Value},
};

/// Zoho's own amount of a deal.
const AMOUNT_FIELD: &str = "Amount";

/// The feed of changed quotes.
const QUOTES_FEED: &str = "quotes";

/// The deals of an organisation, with what they order.
///
/// Besides the fields of the module a deal has fields of its own: `$qualifies`, which says whether it is ordered, and
/// `$lines` with columns `Product` (the code in X3), `Quantity`, `Price`, `Discount` (percent) and `Description`. Where a
/// discount on the whole was spread ([`WholeDiscount::Spread`]), `$shares` says in words what each line bears of it. Fields
/// that only matter to an order are shown of deals that qualify alone, so that nothing is asked of a deal that is still
/// open.
///
/// Lines come from the deal's quote, from its related products, or are one configured item ([`LineSource`]). If it cannot be
/// told what is ordered, `$lines` holds a sentence that says why, and the flow's mapping parks the deal for that reason.
///
/// Changes of a deal are found by the feeds of its module, and changes of its quote by the feed `quotes`. Deals are neither
/// created nor deleted.
pub struct DealEndpoint {
    client: ZohoClient,
    deals: ZohoEndpoint,
    lines: Reader,
    settings: DealSettings,
}

impl fmt::Debug for DealEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DealEndpoint")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl DealEndpoint {
    /// The deals that `client` reaches.
    #[must_use]
    pub fn new(client: ZohoClient, settings: DealSettings) -> Self {
        Self {
            deals: ZohoEndpoint::new(client.clone(), settings.module.clone()),
            lines: Reader::new(client.clone(), &settings.lines),
            client,
            settings,
        }
    }

    /// Adds what is ordered to deals that were read.
    async fn complete(&self, deals: Vec<Record>) -> Result<Vec<Record>, EndpointError> {
        let admits = |deal: &&Record| self.settings.qualification.admits(deal);
        let ordered: Vec<&Record> = deals.iter().filter(admits).collect();
        let mut goods = self.lines.read(&ordered).await?.into_iter();
        let completed = deals.iter().map(|deal| {
            let mut deal = deal.clone();
            let admitted = self.settings.qualification.admits(&deal);
            deal.fields.set(QUALIFIES, admitted);
            if !admitted {
                for field in &self.settings.order_fields {
                    deal.fields.remove(field.as_str());
                }
                return deal;
            }
            let goods = goods.next().unwrap_or_default();
            let goods = goods.less(self.settings.discount_of(&deal));
            let goods = spread::settled(goods, &self.settings);
            deal.fields.set(LINES, goods.lines(self.settings.prices));
            deal.fields.set(SHARES, goods.shares());
            deal
        });
        Ok(completed.collect())
    }

    /// What the goods of deals are worth, as the deals say.
    async fn worth(&self, deals: &[RecordId]) -> Result<Vec<Option<Decimal>>, EndpointError> {
        let found = self.deals.read(deals).await?;
        let known: Vec<&Record> = found.iter().flatten().collect();
        let mut goods = self.lines.read(&known).await?.into_iter();
        let worth = found.iter().map(|deal| {
            let deal = deal.as_ref()?;
            let goods = goods.next()?;
            goods.less(self.settings.discount_of(deal)).worth()
        });
        Ok(worth.collect())
    }

    /// The writes, with the difference between the order's amount and the deal's where an amount is written.
    async fn with_differences(&self, writes: &[Write]) -> Result<Vec<Write>, EndpointError> {
        let mut writes = writes.to_vec();
        let Some(check) = &self.settings.check else {
            return Ok(writes);
        };
        let amount = |write: &Write| match write {
            Write::Update { id, fields, .. } => match fields.get(check.amount.as_str()) {
                Some(Value::Decimal(amount)) => Some((id.clone(), *amount)),
                _ => None,
            },
            _ => None,
        };
        let amounts: Vec<(RecordId, Decimal)> = writes.iter().filter_map(amount).collect();
        if amounts.is_empty() {
            return Ok(writes);
        }
        let ids: Vec<RecordId> = amounts.iter().map(|(id, _)| id.clone()).collect();
        let worth = self.worth(&ids).await?;
        for ((id, amount), worth) in amounts.iter().zip(worth) {
            let difference = worth.map(|worth| check.difference_of(*amount, worth));
            let difference = difference.filter(|difference| !difference.is_zero());
            for write in &mut writes {
                if let Write::Update {
                    id: own, fields, ..
                } = write
                    && own == id
                {
                    fields.set(check.difference.clone(), difference);
                }
            }
        }
        Ok(writes)
    }
}

impl DealEndpoint {
    fn cost_of_lines(&self, call: Call) -> Cost {
        let calls = match call {
            Call::Read { records } => self.lines.calls(records),
            Call::Find { values } => self.lines.calls(values),
            Call::List => self.lines.calls(200),
            Call::Write { updates, .. } if self.settings.check.is_some() => {
                1 + self.lines.calls(updates)
            }
            _ => 0,
        };
        Cost::credits(1).times(calls)
    }
}

impl AmountCheck {
    fn difference_of(&self, amount: Decimal, worth: Decimal) -> Decimal {
        let rounded = |number: Decimal| {
            let half_away = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
            number.round_dp_with_strategy(self.scale, half_away)
        };
        rounded(amount) - rounded(worth)
    }
}

#[async_trait]
impl Endpoint for DealEndpoint {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            creates: false,
            deletes: false,
            ..self.deals.capabilities()
        }
    }

    /// In credits: those of the module, and what reading the lines takes if all of the deals are ordered.
    fn cost(&self, call: Call) -> Cost {
        let mut cost = self.deals.cost(call);
        cost += self.cost_of_lines(call);
        cost
    }

    fn most_cost(&self, call: Call) -> Cost {
        let mut cost = self.deals.most_cost(call);
        cost += self.cost_of_lines(call);
        cost
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        let mut problems = self.deals.check().await?;
        problems.extend(self.lines.check().await?);
        Ok(problems)
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        let found = self.deals.read(ids).await?;
        let there: Vec<bool> = found.iter().map(Option::is_some).collect();
        let mut completed = self
            .complete(found.into_iter().flatten().collect())
            .await?
            .into_iter();
        let records = there.into_iter();
        Ok(records
            .map(|there| if there { completed.next() } else { None })
            .collect())
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        let found = self.deals.find(field, values).await?;
        let sizes: Vec<usize> = found.iter().map(Vec::len).collect();
        let mut completed = self
            .complete(found.into_iter().flatten().collect())
            .await?
            .into_iter();
        let groups = sizes.into_iter();
        Ok(groups
            .map(|size| completed.by_ref().take(size).collect())
            .collect())
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        match self.with_differences(writes).await {
            Ok(writes) => self.deals.write(&writes).await,
            Err(error) => {
                let error = Arc::new(EndpointError {
                    may_have_been_applied: false,
                    ..error
                });
                let outcomes = writes.iter();
                outcomes
                    .map(|_| Err(WriteError::Call(Arc::clone(&error))))
                    .collect()
            }
        }
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        let mut feeds = self.deals.feeds();
        if matches!(self.settings.lines, LineSource::Quote(_)) {
            feeds.push(FeedDescription {
                name: FeedName::from(QUOTES_FEED),
                precision: Duration::from_secs(1),
            });
        }
        feeds
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        if request.feed.as_str() != QUOTES_FEED {
            return self.deals.changes(request).await;
        }
        feeds::modified_children(&self.client, "Quotes", lines::DEAL, request).await
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        let page = self.deals.list(page).await?;
        Ok(RecordsPage {
            records: self.complete(page.records).await?,
            next: page.next,
        })
    }
}

impl Goods {
    /// The lines as the engine sees them, or why there are none.
    fn lines(&self, prices: PriceForm) -> Value {
        match self {
            Self::Unclear(reason) => Value::text(reason.as_str()),
            Self::Known { lines, .. } => {
                let lines = lines.iter().map(|line| line.document(prices).into());
                Value::List(lines.collect())
            }
        }
    }

    /// What each line bears of what was spread, in words.
    fn shares(&self) -> Value {
        let Self::Known { lines, .. } = self else {
            return Value::Null;
        };
        let shares: Option<Vec<String>> = lines.iter().map(lines::Line::share_in_words).collect();
        match shares {
            Some(shares) if !shares.is_empty() => Value::text(shares.join("; ")),
            _ => Value::Null,
        }
    }
}

impl lines::Line {
    fn document(&self, prices: PriceForm) -> Document {
        let (price, discount) = match prices {
            PriceForm::Net => (self.net_price(), None),
            // A share of a discount on the whole is no percentage of the line: the price has all of it then.
            PriceForm::WithDiscount if self.share.is_some() => (self.net_price(), None),
            PriceForm::WithDiscount => (self.price, self.discount_percent()),
            PriceForm::None => (None, None),
        };
        Document::new()
            .with("Product", self.product.as_str())
            .with("Quantity", self.quantity)
            .with("Price", price)
            .with("Discount", discount)
            .with("Description", self.description.as_str())
    }
}

fn failed(error: zoho_crm_client::Error) -> EndpointError {
    endpoint_error(error)
}
