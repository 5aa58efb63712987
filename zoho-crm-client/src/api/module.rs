//! The handle on one module.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use jiff::Timestamp;

use super::{
    DeleteRequest, DeletedRequest, InsertRequest, ListRequest, Mass, OwnerChange, RecordApi,
    RelatedList, ReplaceRowsRequest, Tags, UpdateRequest, UpsertRequest, WriteOutcomes, calls,
    encoded::EncodedRows,
    get::{self, Changed},
    owner,
    parent::Parent,
    search::{self, SearchRequest},
};
use crate::{
    client::ZohoClient,
    criteria::SearchBy,
    error::Error,
    model::{Model, Record, WriteRow},
    names::{FieldName, ModuleName, RecordId},
};

/// The records of one module. Cheap to make and to clone.
///
/// `T` is what records are read into: [`Record`] for any module, or a typed model such as
/// [`Account`](crate::Account). Writes take any [`WriteRow`], a [`Record`] or a type of yours, whatever `T` is.
pub struct ModuleApi<T = Record> {
    client: ZohoClient,
    module: ModuleName,
    model: PhantomData<fn() -> T>,
}

impl<T> Clone for ModuleApi<T> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            module: self.module.clone(),
            model: PhantomData,
        }
    }
}

impl<T> fmt::Debug for ModuleApi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleApi")
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}

impl<T> ModuleApi<T> {
    pub(super) fn client(&self) -> &ZohoClient {
        &self.client
    }
}

impl<T: Model> ModuleApi<T> {
    pub(crate) fn new(client: ZohoClient, module: ModuleName) -> Self {
        Self {
            client,
            module,
            model: PhantomData,
        }
    }

    /// The module's API name.
    #[must_use]
    pub fn name(&self) -> &ModuleName {
        &self.module
    }

    /// The handle on one record: what belongs to it, and what can be done with it.
    #[must_use]
    pub fn record(&self, id: &RecordId) -> RecordApi<T> {
        RecordApi::new(self.client.clone(), self.module.clone(), id.clone())
    }

    /// Lists records, 200 a page at most. Name the fields: Zoho sends none but `id` otherwise.
    pub fn list(&self) -> ListRequest<T> {
        let fields = T::fields().iter().copied().map(FieldName::from).collect();
        ListRequest::new(self.client.clone(), self.module.clone(), fields)
    }

    /// The record `id` with all its fields and line items; `None` when there is no such record. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn get(&self, id: &RecordId) -> Result<Option<T>, Error> {
        get::one(&self.client, &self.module, id).await
    }

    /// The record `id` if it was modified after `since`, compared in whole seconds. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn get_if_modified_since(
        &self,
        id: &RecordId,
        since: Timestamp,
    ) -> Result<Changed<T>, Error> {
        get::one_if_modified(&self.client, &self.module, id, since).await
    }

    /// The record whose external field `field`, such as `Leads.External_Id`, holds `value`. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when `value` is blank; [`Error::Api`] when `field` is no external field.
    pub async fn get_by_external(
        &self,
        field: impl Into<FieldName>,
        value: &str,
    ) -> Result<Option<T>, Error> {
        get::one_external(&self.client, &self.module, field.into(), value).await
    }

    /// A related list of the record whose external field `field`, such as `Accounts.ERP_Key`, holds `value`. A blank
    /// value shows at the first call.
    #[must_use]
    pub fn related_by_external(
        &self,
        field: impl Into<FieldName>,
        value: &str,
        list: impl Into<ModuleName>,
    ) -> RelatedList {
        let (client, module) = (self.client.clone(), self.module.clone());
        RelatedList::new(
            Parent::external(client, module, field.into(), value),
            list.into(),
        )
    }

    /// The records with `ids`, with `fields` only (line items never: read those with [`get`](Self::get)). Ids that do
    /// not exist, or that this user may not see, are missing from the answer.
    ///
    /// About 50 ids fit one call; more take several. Fields beyond 50 take another call for each 50. Costs 1 credit a
    /// call.
    ///
    /// # Errors
    /// When any of the calls fails: a partial answer is never taken for a complete one.
    pub async fn get_by_ids<F>(
        &self,
        ids: &[RecordId],
        fields: impl IntoIterator<Item = F>,
    ) -> Result<BTreeMap<RecordId, T>, Error>
    where
        F: Into<FieldName>,
    {
        let fields: Vec<FieldName> = fields.into_iter().map(Into::into).collect();
        get::by_ids(&self.client, &self.module, ids, &fields).await
    }

    /// Searches through Zoho's search index, which lags behind writes and is generous about texts: see
    /// [`SearchRequest`].
    pub fn search(&self, by: impl Into<SearchBy>) -> SearchRequest<T> {
        let fields = T::fields().iter().copied().map(FieldName::from).collect();
        SearchRequest::new(self.client.clone(), self.module.clone(), by.into(), fields)
    }

    /// How many records the module has, as far as this user may see them. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn count(&self) -> Result<u64, Error> {
        search::count(&self.client, &self.module, None).await
    }

    /// How many records a [`search`](Self::search) would find, with the same delay and generosity. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a condition cannot be sent safely, or a limit is broken; else as any call.
    pub async fn count_matching(&self, by: impl Into<SearchBy>) -> Result<u64, Error> {
        search::count(&self.client, &self.module, Some(&by.into())).await
    }

    /// What was deleted from the module.
    pub fn deleted(&self) -> DeletedRequest {
        DeletedRequest::new(self.client.clone(), self.module.clone())
    }

    /// Creates records, or updates those that match. Name the matching fields with
    /// [`duplicate_check_fields`](UpsertRequest::duplicate_check_fields): without them Zoho matches by a field that is
    /// rarely unique (`Account_Name`; for orders and invoices even `Subject`).
    pub fn upsert<R: WriteRow>(&self, rows: impl IntoIterator<Item = R>) -> UpsertRequest {
        let rows = EncodedRows::new(rows);
        UpsertRequest::new(self.client.clone(), self.module.clone(), rows)
    }

    /// Updates records by id: fields that a record names are set, `null` empties one, others keep their values. Safe to
    /// repeat.
    pub fn update<R: WriteRow>(&self, rows: impl IntoIterator<Item = R>) -> UpdateRequest {
        let rows = EncodedRows::new(rows);
        UpdateRequest::new(self.client.clone(), self.module.clone(), rows)
    }

    /// Exchanges all rows of the subform `field` of a record, such as the lines of an order, for `rows`. Sent twice, it
    /// ends with `rows` once: see [`ReplaceRowsRequest`].
    pub fn replace_rows(
        &self,
        id: &RecordId,
        field: impl Into<FieldName>,
        rows: Vec<Record>,
    ) -> ReplaceRowsRequest {
        ReplaceRowsRequest::new(
            self.client.clone(),
            self.module.clone(),
            id.clone(),
            field.into(),
            rows,
        )
    }

    /// Creates records. Never repeated by itself after a lost answer, because Zoho would create them twice: prefer
    /// [`upsert`](Self::upsert) by a unique field.
    pub fn insert<R: WriteRow>(&self, rows: impl IntoIterator<Item = R>) -> InsertRequest {
        let rows = EncodedRows::new(rows);
        InsertRequest::new(self.client.clone(), self.module.clone(), rows)
    }

    /// Gives records to another user, 100 in a call. Safe to repeat unless somebody is told of it.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its records.
    pub async fn change_owner(
        &self,
        ids: &[RecordId],
        owner: &OwnerChange,
    ) -> Result<WriteOutcomes, Error> {
        calls::run(&self.client, owner::many(&self.module, ids, owner)?).await
    }

    /// One change to many records, by ids or by custom view.
    #[must_use]
    pub fn mass(&self) -> Mass {
        Mass::new(self.client.clone(), self.module.clone())
    }

    /// The module's tags.
    #[must_use]
    pub fn tags(&self) -> Tags {
        Tags::new(self.client.clone(), self.module.clone())
    }

    /// Moves records to the recycle bin.
    pub fn delete(&self, ids: Vec<RecordId>) -> DeleteRequest {
        DeleteRequest::new(self.client.clone(), self.module.clone(), ids)
    }
}
