//! One module of an organisation as an endpoint.

mod search;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_lock::Mutex;
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use zoho_crm_client::{
    Error, ErrorKind, Order, PageToken as ZohoToken, Record as ZohoRecord, RecordId as ZohoId,
    SortBy, ZohoClient,
};

use super::{
    convert::{self, MODIFIED},
    errors::{endpoint_error, own_error},
    feeds::{self, DELETED_FEED, MODIFIED_FEED, bad_token},
    history,
    lookups::Pointed,
    schema::{Schema, Shape, split},
    settings::ModuleSettings,
    writes,
};
use crate::{
    budget::{Call, Cost},
    endpoint::{
        Capabilities, ChangesPage, ChangesRequest, Endpoint, EndpointError, EndpointErrorKind,
        FeedDescription, FoundWithUnmarked, PastChange, Problem, Record, RecordsPage, Write,
        WriteError, Written,
    },
    ids::{FeedName, FieldName, PageToken, RecordId},
    value::Value,
};

/// Ids that one list call takes, and values that one query takes.
const IDS_IN_CALL: usize = 50;
const WRITES_IN_CALL: usize = 100;

/// Updates that may each need a call of their own: their calls are made one after the other under one lease.
const CONDITIONAL_WRITES: usize = 10;

/// Fields that one list call takes, the id apart.
const FIELDS_IN_CALL: usize = 49;

/// Records that are looked at alone, at once.
const SINGLE_READS: usize = 5;

/// A module of a Zoho organisation.
///
/// The module's fields are asked for once and kept, because they give values their types; [`check`](Endpoint::check)
/// asks anew.
pub struct ZohoEndpoint {
    client: ZohoClient,
    settings: ModuleSettings,
    schema: Mutex<Option<Arc<Schema>>>,
    own_user: Mutex<Option<ZohoId>>,
}

impl fmt::Debug for ZohoEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZohoEndpoint")
            .field("module", &self.settings.module)
            .finish_non_exhaustive()
    }
}

impl ZohoEndpoint {
    /// The module that `settings` name, reached by `client`.
    #[must_use]
    pub fn new(client: ZohoClient, settings: ModuleSettings) -> Self {
        Self {
            client,
            settings,
            schema: Mutex::new(None),
            own_user: Mutex::new(None),
        }
    }

    /// The user whose changes are the engine's own.
    async fn own_user(&self) -> Result<Option<ZohoId>, EndpointError> {
        let mut kept = self.own_user.lock().await;
        if kept.is_none() {
            let asked = history::own_user(&self.client).await;
            *kept = asked.map_err(endpoint_error)?;
        }
        Ok(kept.clone())
    }

    async fn schema(&self) -> Result<Arc<Schema>, EndpointError> {
        let mut kept = self.schema.lock().await;
        if let Some(schema) = kept.as_ref() {
            return Ok(Arc::clone(schema));
        }
        let schema = self.ask_schema().await.map_err(endpoint_error)?;
        *kept = Some(Arc::clone(&schema));
        Ok(schema)
    }

    async fn ask_schema(&self) -> Result<Arc<Schema>, Error> {
        let fields = self.client.fields(self.settings.module.clone()).await?;
        let mut schema = Schema::new(&fields);
        for lines in &self.settings.lines {
            let Some(module) = schema.row_module(&lines.field) else {
                continue;
            };
            match self.client.fields(module).await {
                Ok(columns) => schema.set_columns(&lines.field, Schema::new(&columns)),
                // Values are then taken for what their JSON is.
                Err(error) if is_missing_module(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Arc::new(schema))
    }

    /// As [`check`](Endpoint::check), for a module whose records are only read: its key need not be unique.
    pub(super) async fn check_fields(&self) -> Result<Vec<Problem>, EndpointError> {
        self.problems(Schema::field_problems).await
    }

    async fn problems(
        &self,
        of: fn(&Schema, &ModuleSettings) -> Vec<Problem>,
    ) -> Result<Vec<Problem>, EndpointError> {
        let schema = match self.ask_schema().await {
            Ok(schema) => schema,
            Err(error) if is_missing_module(&error) => {
                return Ok(vec![Problem {
                    message: format!(
                        "Zoho has no module {} that this user can reach: check its API name, the user's permissions and \
                         the edition",
                        self.settings.module
                    ),
                }]);
            }
            Err(error) => return Err(endpoint_error(error)),
        };
        let problems = of(&schema, &self.settings);
        *self.schema.lock().await = Some(schema);
        Ok(problems)
    }

    /// The fields to list: those of the settings that the module has. Rows never come with a list.
    fn columns(&self, schema: &Schema) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for field in &self.settings.fields {
            let (field, _) = split(field.as_str());
            let is_listed = schema.knows(field) && schema.shape(field) != Shape::Rows;
            if is_listed && !columns.iter().any(|known| known == field) {
                columns.push(field.to_owned());
            }
        }
        if !columns.iter().any(|column| column == MODIFIED) {
            columns.push(MODIFIED.to_owned());
        }
        columns
    }

    async fn converted(
        &self,
        records: &[ZohoRecord],
        schema: &Schema,
    ) -> Result<Vec<Record>, Error> {
        let pointed = Pointed::read(&self.client, &self.settings, schema, records).await?;
        let records = records.iter();
        Ok(records
            .filter_map(|record| convert::record(record, &self.settings, schema, &pointed))
            .collect())
    }

    /// The records with `ids` that exist, each looked at alone.
    async fn one_by_one(&self, ids: Vec<ZohoId>) -> Result<Vec<ZohoRecord>, Error> {
        let module = self.client.module(self.settings.module.clone());
        let found: Vec<Option<ZohoRecord>> = stream::iter(ids)
            .map(|id| {
                let module = module.clone();
                async move { module.get(&id).await }
            })
            .buffered(SINGLE_READS)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// So many records at most are looked at alone although a list was asked for them.
    fn most_alone(&self, records: usize) -> usize {
        match self.settings.lines.is_empty() {
            true => records,
            false => 0,
        }
    }

    /// The records with `ids` that exist, and how many were looked at alone although a list was asked for them.
    async fn by_ids(
        &self,
        ids: &[ZohoId],
        schema: &Schema,
    ) -> Result<(BTreeMap<String, Record>, usize), Error> {
        let mut alone = 0;
        let records = if self.settings.lines.is_empty() {
            let module = self.client.module(self.settings.module.clone());
            let found = module.get_by_ids(ids, self.columns(schema)).await?;
            // A list leaves out records that exist: converted leads, records in approval. Taken for deleted, they would
            // be deactivated on the other side.
            let left_out = ids.iter().filter(|id| !found.contains_key(*id));
            let left_out: Vec<ZohoId> = left_out.cloned().collect();
            alone = left_out.len();
            let looked_at = self.one_by_one(left_out).await?;
            found.into_values().chain(looked_at).collect()
        } else {
            self.one_by_one(ids.to_vec()).await?
        };
        let records = self.converted(&records, schema).await?.into_iter();
        let by_id = records.map(|record| (record.id.as_str().to_owned(), record));
        Ok((by_id.collect(), alone))
    }

    /// Records of a page of a full listing. Those with rows are read one by one, so there are fewer of them.
    fn page_size(&self) -> u16 {
        match self.settings.lines.is_empty() {
            true => 200,
            false => 50,
        }
    }

    /// A list has room for so many fields; with more it is read in several passes.
    fn passes(&self) -> u64 {
        let fields = self.settings.fields.len() + 1;
        count(fields.div_ceil(FIELDS_IN_CALL))
    }

    /// Credits for reading records by id: one call for all, or one each if they have rows; and one for each lookup whose
    /// record is read too.
    fn reading(&self, records: usize) -> u64 {
        let calls = match self.settings.lines.is_empty() {
            true => self.passes(),
            false => count(records.max(1)),
        };
        calls + count(self.settings.lookups())
    }
}

#[async_trait]
impl Endpoint for ZohoEndpoint {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read_batch: IDS_IN_CALL,
            find_batch: IDS_IN_CALL,
            write_batch: match self.settings.conditional_updates {
                true => CONDITIONAL_WRITES,
                false => WRITES_IN_CALL,
            },
            // Verified by `check`.
            unique_fields: vec![self.settings.key_field.clone()],
            creates: true,
            updates: true,
            deletes: true,
        }
    }

    /// In credits (reference: Zoho v8 section 10.3, read 2026-11): 1 for a call, 1 for each started ten rows written, 2 for
    /// a page of deletions. A search is a query of up to 200 rows and the reading of what it found.
    fn cost(&self, call: Call) -> Cost {
        let tens = |rows: usize| count(rows.div_ceil(10));
        match call {
            Call::Find { values } => {
                let queries = count(values.div_ceil(IDS_IN_CALL));
                Cost::credits(1).times(queries + self.reading(values))
            }
            Call::Write {
                creates,
                updates,
                deletes,
            } => {
                let mut cost = Cost::default();
                let updating = match self.settings.conditional_updates {
                    true => count(updates),
                    false => tens(updates),
                };
                for (rows, credits) in [(creates, tens(creates)), (updates, updating), (deletes, 1)]
                {
                    if rows > 0 {
                        cost += Cost::credits(credits);
                    }
                }
                // The rows of each are read and exchanged.
                let exchanges = 2 * updates * self.settings.lines.len();
                cost += Cost::credits(1).times(count(exchanges));
                if creates + updates > 0 {
                    cost += Cost::credits(1).times(count(self.settings.lookups()));
                }
                cost
            }
            Call::Changes => Cost::credits(2),
            Call::Read { records } => Cost::credits(1).times(self.reading(records)),
            Call::List if self.settings.lines.is_empty() => Cost::credits(1).times(self.reading(1)),
            Call::History { records } => Cost::credits(1).times(count(records)),
            Call::List => {
                let page = usize::from(self.page_size());
                Cost::credits(1).times(1 + self.reading(page))
            }
        }
    }

    /// Records that a list leaves out are asked for one by one, and new records may go in two calls.
    fn most_cost(&self, call: Call) -> Cost {
        let alone = match call {
            Call::Read { records } => self.most_alone(records),
            Call::Find { values } => self.most_alone(values),
            Call::Write { creates, .. } => usize::from(creates > 1),
            // The first time its own user is asked for.
            Call::History { .. } => 1,
            _ => 0,
        };
        let mut cost = self.cost(call);
        cost += Cost::credits(1).times(count(alone));
        cost
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        self.problems(Schema::problems).await
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        Ok(self.read_counted(ids).await?.0)
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        Ok(self.find_counted(field, values).await?.0)
    }

    async fn read_counted(
        &self,
        ids: &[RecordId],
    ) -> Result<(Vec<Option<Record>>, Cost), EndpointError> {
        if ids.is_empty() {
            return Ok((Vec::new(), Cost::default()));
        }
        let schema = self.schema().await?;
        // What is no Zoho id names no record.
        let zoho_ids: Vec<Option<ZohoId>> = ids.iter().map(|id| id.as_str().parse().ok()).collect();
        let known: Vec<ZohoId> = zoho_ids.iter().flatten().cloned().collect();
        let found = self.by_ids(&known, &schema).await.map_err(endpoint_error)?;
        let (found, alone) = found;
        let records = zoho_ids.into_iter();
        let records = records.map(|id| found.get(id?.as_str()).cloned());
        let mut cost = self.cost(Call::Read { records: ids.len() });
        cost += Cost::credits(1).times(count(alone));
        Ok((records.collect(), cost))
    }

    async fn find_counted(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<(Vec<Vec<Record>>, Cost), EndpointError> {
        self.search(field, values).await
    }

    fn finds_unmarked(&self) -> bool {
        self.settings.lines.is_empty()
    }

    async fn find_with_unmarked(
        &self,
        field: &FieldName,
        values: &[Value],
        since: Option<Timestamp>,
    ) -> Result<(Option<FoundWithUnmarked>, Cost), EndpointError> {
        self.search_with_unmarked(field, values, since).await
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        match self.schema().await {
            Ok(schema) => writes::carry_out(&self.client, &self.settings, &schema, writes).await,
            Err(error) => {
                let error = Arc::new(error);
                let outcomes = writes.iter();
                outcomes
                    .map(|_| Err(WriteError::Call(Arc::clone(&error))))
                    .collect()
            }
        }
    }

    fn keeps_history(&self) -> bool {
        self.settings.looks_back
    }

    async fn history(
        &self,
        asked: &[(RecordId, Timestamp)],
    ) -> Result<Vec<Vec<PastChange>>, EndpointError> {
        let schema = self.schema().await?;
        let own = self.own_user().await?;
        history::of_records(
            &self.client,
            &self.settings.module,
            &schema,
            own.as_ref(),
            asked,
        )
        .await
        .map_err(endpoint_error)
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        let feed = |name: &str| FeedDescription {
            name: FeedName::from(name),
            precision: Duration::from_secs(1),
        };
        vec![feed(MODIFIED_FEED), feed(DELETED_FEED)]
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        match request.feed.as_str() {
            MODIFIED_FEED => feeds::modified(&self.client, &self.settings, request).await,
            DELETED_FEED => feeds::deleted(&self.client, &self.settings, request).await,
            other => Err(own_error(
                EndpointErrorKind::Misconfigured,
                format!("there is no feed `{other}`: Zoho has `modified` and `deleted`"),
            )),
        }
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        let at = match page {
            Some(token) => token.as_str().parse().map_err(|_| bad_token(token))?,
            None => ZohoToken::first(),
        };
        let schema = self.schema().await?;
        let list = self
            .client
            .module(self.settings.module.clone())
            .list()
            .fields(self.columns(&schema))
            .sort_by(SortBy::Id, Order::Ascending)
            .per_page(self.page_size());
        let page = list.page(&at).await.map_err(endpoint_error)?;
        let records = if self.settings.lines.is_empty() {
            self.converted(&page.records, &schema).await
        } else {
            let ids: Vec<ZohoId> = page.records.iter().filter_map(ZohoRecord::id).collect();
            match self.one_by_one(ids).await {
                Ok(records) => self.converted(&records, &schema).await,
                Err(error) => Err(error),
            }
        };
        Ok(RecordsPage {
            records: records.map_err(endpoint_error)?,
            next: page.next.map(|next| PageToken::new(next.to_string())),
        })
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn is_missing_module(error: &Error) -> bool {
    let code = error.api_error().map(zoho_crm_client::ApiError::code);
    error.kind() == ErrorKind::Api && code == Some("INVALID_MODULE")
}
