//! What belongs to a record: related lists (reference: Zoho v8 section 2.9, read 2026-11).

use std::{fmt, marker::PhantomData};

use futures::FutureExt;
use http::Method;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Outgoing, WriteOutcomes, Written,
    batch::{RowKeys, batches},
    calls::{WriteCall, run},
    delete::parse_deleted,
    get::parse_one,
    list::{FIELDS_PER_CALL, PAGE_SIZE, PARAMETER_LENGTH},
    outcome::{parse_row, parse_rows},
    outgoing::{field_list, id_list},
    paging::{check_size, number, parse_numbered},
    parent::Parent,
};
use crate::{
    error::Error,
    model::{Model, Record},
    names::{FieldName, ModuleName, RecordId},
    page::{Page, PageToken, Pager},
};

const LIST: &str = "zoho.related.list";
const GET: &str = "zoho.related.get";
const LINK: &str = "zoho.related.link";
const UPDATE: &str = "zoho.related.update";
const UNLINK: &str = "zoho.related.unlink";

/// A related list of a record, such as the `Products` of a price book or the `Contact_Roles` of a deal. Its name is the
/// list's API name ([`RelatedListMeta`](crate::RelatedListMeta)), which need not be a module's.
pub struct RelatedList<T = Record> {
    parent: Parent,
    name: ModuleName,
    model: PhantomData<fn() -> T>,
}

impl<T> Clone for RelatedList<T> {
    fn clone(&self) -> Self {
        Self {
            parent: self.parent.clone(),
            name: self.name.clone(),
            model: PhantomData,
        }
    }
}

impl<T> fmt::Debug for RelatedList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelatedList")
            .field("module", &self.parent.module)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Rows<'a> {
    data: Vec<&'a Record>,
}

impl<T: Model> RelatedList<T> {
    pub(super) fn new(parent: impl Into<Parent>, name: ModuleName) -> Self {
        Self {
            parent: parent.into(),
            name,
            model: PhantomData,
        }
    }

    /// Lets values of external fields stand where ids would in the rows that are [linked](Self::link), such as
    /// `Products.ERP_Key`.
    #[must_use]
    pub fn external<F: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.parent.add_external(fields.into_iter().map(Into::into));
        self
    }

    /// Lists the related records. Name the fields: Zoho sends nothing without them.
    pub fn list(&self) -> RelatedRequest<T> {
        let fields = T::fields().iter().copied().map(FieldName::from).collect();
        RelatedRequest::new(self.parent.clone(), self.name.clone(), fields)
    }

    /// Lists what belonged to the record, which is deleted itself.
    pub fn list_of_deleted(&self) -> RelatedRequest<T> {
        let mut request = self.list();
        request.query.of_deleted = true;
        request
    }

    /// The related record `id` with all its fields; `None` when it is not related. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn get(&self, id: &RecordId) -> Result<Option<T>, Error> {
        let outgoing = self.get_request(id)?;
        self.parent.client.send(outgoing, parse_one).await
    }

    fn get_request(&self, id: &RecordId) -> Result<Outgoing, Error> {
        let path = format!("{}/{id}", self.path(GET)?);
        self.parent.names(Outgoing::get(GET, &path))
    }

    /// Relates records by id, 100 in a call. A row may hold what the relation itself knows, such as a price book's
    /// `list_price`. What is related already stays so: safe to repeat.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a row has no `id`; else when no call was answered. Once one was, a later call
    /// that fails shows as the outcome of its rows.
    pub async fn link(&self, rows: Vec<Record>) -> Result<WriteOutcomes, Error> {
        run(&self.parent.client, self.link_calls(&rows)?).await
    }

    fn link_calls(&self, rows: &[Record]) -> Result<Vec<WriteCall>, Error> {
        let path = self.path(LINK)?;
        // An `id` that holds an external value is no record id, but identifies as well.
        let id = [FieldName::from("id")];
        let key_fields = if self.parent.is_external() {
            &id[..]
        } else {
            &[]
        };
        let mut keys = RowKeys::default();
        for row in rows {
            keys.push(|name| row.get(name).map(RawValue::get), key_fields);
        }
        if let Some(position) = keys.iter().position(<[_]>::is_empty) {
            return Err(Error::invalid(
                LINK,
                format!("the row at position {position} has no `id`"),
            ));
        }
        let call = |positions: Vec<usize>| {
            let body = Rows {
                data: positions.iter().map(|position| &rows[*position]).collect(),
            };
            let outgoing = self
                .parent
                .names(Outgoing::change(LINK, Method::PUT, &path))?
                .rows(positions.len())
                .repeatable(true)
                .json(&body)?;
            Ok(WriteCall {
                rows: positions,
                outgoing,
                parse: parse_rows,
            })
        };
        batches(keys.iter()).into_iter().map(call).collect()
    }

    /// Changes what the relation to `id` knows. Safe to repeat.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it; else as any call.
    pub async fn update(&self, id: &RecordId, fields: &Record) -> Result<Written, Error> {
        let outgoing = self.update_request(id, fields)?;
        self.parent.client.send(outgoing, parse_row).await
    }

    fn update_request(&self, id: &RecordId, fields: &Record) -> Result<Outgoing, Error> {
        let path = format!("{}/{id}", self.path(UPDATE)?);
        self.parent
            .names(Outgoing::change(UPDATE, Method::PUT, &path))?
            .repeatable(true)
            .json(&Rows { data: vec![fields] })
    }

    /// Ends relations, 100 in a call. The records themselves stay. Safe to repeat.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its rows.
    pub async fn unlink(&self, ids: &[RecordId]) -> Result<WriteOutcomes, Error> {
        run(&self.parent.client, self.unlink_calls(ids)?).await
    }

    fn unlink_calls(&self, ids: &[RecordId]) -> Result<Vec<WriteCall>, Error> {
        let path = self.path(UNLINK)?;
        let mut calls = delete_calls(UNLINK, &path, &self.parent.module, ids);
        for call in &mut calls {
            call.outgoing = self.parent.names(call.outgoing.clone())?;
        }
        Ok(calls)
    }

    fn path(&self, operation: &'static str) -> Result<String, Error> {
        self.parent.list_path(operation, &self.name, false)
    }
}

/// `DELETE {path}?ids=`, 100 ids in a call.
pub(super) fn delete_calls(
    operation: &'static str,
    path: &str,
    module: &ModuleName,
    ids: &[RecordId],
) -> Vec<WriteCall> {
    let call = |rows: Vec<usize>| {
        let ids: Vec<RecordId> = rows.iter().map(|row| ids[*row].clone()).collect();
        let outgoing = Outgoing::change(operation, Method::DELETE, path)
            .of_module(module)
            .rows(rows.len())
            .repeatable(true)
            .query("ids", id_list(&ids));
        WriteCall {
            rows,
            outgoing,
            parse: parse_deleted,
        }
    };
    let keys = ids.iter().map(std::slice::from_ref);
    batches(keys).into_iter().map(call).collect()
}

/// A listing of what belongs to a record. Has page numbers only.
#[must_use = "call `page` or `stream`"]
pub struct RelatedRequest<T = Record> {
    parent: Parent,
    query: RelatedQuery,
    model: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug)]
struct RelatedQuery {
    list: ModuleName,
    of_deleted: bool,
    fields: Vec<FieldName>,
    modified_since: Option<Timestamp>,
    per_page: u16,
}

impl<T> Clone for RelatedRequest<T> {
    fn clone(&self) -> Self {
        Self {
            parent: self.parent.clone(),
            query: self.query.clone(),
            model: PhantomData,
        }
    }
}

impl<T> fmt::Debug for RelatedRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelatedRequest")
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

impl<T: Model> RelatedRequest<T> {
    pub(super) fn new(parent: impl Into<Parent>, list: ModuleName, fields: Vec<FieldName>) -> Self {
        Self {
            parent: parent.into(),
            query: RelatedQuery {
                list,
                of_deleted: false,
                fields,
                modified_since: None,
                per_page: PAGE_SIZE,
            },
            model: PhantomData,
        }
    }

    /// The fields to read, 1 to 50; `id` always comes along.
    pub fn fields<F: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.query.fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Only what was modified after `since`. Sent in whole seconds, rounded down.
    pub fn modified_since(mut self, since: Timestamp) -> Self {
        self.query.modified_since = Some(since);
        self
    }

    /// Entries on a page, 1 to 200. Default 200.
    pub fn per_page(mut self, entries: u16) -> Self {
        self.query.per_page = entries;
        self
    }

    /// One page. Empty when there is nothing. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when no field is named, a limit is broken, or `at` comes from another kind of listing.
    pub async fn page(&self, at: &PageToken) -> Result<Page<T>, Error> {
        let number = number(LIST, at)?;
        let outgoing = self.query.request(&self.parent, number)?;
        self.parent
            .client
            .send(outgoing, |received| parse_numbered(received, number))
            .await
    }

    /// All entries, fetched page by page as they are asked for.
    pub fn stream(self) -> Pager<T> {
        self.stream_from(PageToken::first())
    }

    /// All entries from the page `start` on, which an earlier stream's [`continuation`](Pager::continuation) gave.
    pub fn stream_from(self, start: PageToken) -> Pager<T> {
        Pager::new(start, move |at| {
            let request = self.clone();
            async move { request.page(&at).await }.boxed()
        })
    }
}

impl RelatedQuery {
    fn request(&self, parent: &Parent, page: u32) -> Result<Outgoing, Error> {
        check_size(LIST, self.per_page)?;
        let fields = field_list(LIST, &self.fields)?;
        if self.fields.is_empty()
            || self.fields.len() > FIELDS_PER_CALL
            || fields.len() > PARAMETER_LENGTH
        {
            return Err(Error::invalid(
                LIST,
                format!(
                    "a related list is read with 1 to {FIELDS_PER_CALL} fields, not {}",
                    self.fields.len()
                ),
            ));
        }
        let path = parent.list_path(LIST, &self.list, self.of_deleted)?;
        Ok(parent
            .names(Outgoing::get(LIST, &path))?
            .query("fields", fields)
            .query("per_page", self.per_page.to_string())
            .query("page", page.to_string())
            .modified_since(self.modified_since))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{answer::received, record::place};

    fn products() -> RelatedList {
        RelatedList::new(place("Price_Books", "12"), "Products".into())
    }

    fn sent(outgoing: Outgoing) -> (String, String, Value) {
        let request = outgoing.into_request().unwrap();
        (
            request.method().to_string(),
            request.uri().to_string(),
            serde_json::from_slice(request.body()).unwrap_or_default(),
        )
    }

    #[test]
    fn the_requests() {
        let list = products().list().fields(["Product_Name"]).per_page(50);
        let outgoing = list.query.request(&list.parent, 2).unwrap();
        assert!(outgoing.repeatable && !outgoing.writes);
        assert_eq!(
            sent(outgoing).1,
            "/crm/v8/Price_Books/12/Products?fields=Product_Name&per_page=50&page=2"
        );
        let deleted = products().list_of_deleted().fields(["id"]);
        assert_eq!(
            sent(deleted.query.request(&deleted.parent, 1).unwrap()).1,
            "/crm/v8/Price_Books/deleted/12/Products?fields=id&per_page=200&page=1"
        );
        let id = "34".parse().unwrap();
        assert_eq!(
            sent(products().get_request(&id).unwrap()).1,
            "/crm/v8/Price_Books/12/Products/34"
        );
        let row = Record::new().with("id", &id).with("list_price", 5_i64);
        let call = products().link_calls(&[row]).unwrap().remove(0);
        assert!(call.outgoing.repeatable && call.outgoing.writes);
        assert_eq!(
            sent(call.outgoing),
            (
                "PUT".to_owned(),
                "/crm/v8/Price_Books/12/Products".to_owned(),
                json!({"data": [{"id": "34", "list_price": 5}]})
            )
        );
        let price = Record::new().with("list_price", 6_i64);
        assert_eq!(
            sent(products().update_request(&id, &price).unwrap()),
            (
                "PUT".to_owned(),
                "/crm/v8/Price_Books/12/Products/34".to_owned(),
                json!({"data": [{"list_price": 6}]})
            )
        );
        let call = products().unlink_calls(&[id]).unwrap().remove(0);
        assert_eq!(
            sent(call.outgoing),
            (
                "DELETE".to_owned(),
                "/crm/v8/Price_Books/12/Products?ids=34".to_owned(),
                Value::Null
            )
        );
    }

    #[test]
    fn external_values_stand_for_the_record_and_for_the_rows() {
        let client = place("Price_Books", "12").client;
        let key = "Price_Books.ERP_Key".into();
        let parent = Parent::external(client, "Price_Books".into(), key, "PB/1");
        let products = RelatedList::<Record>::new(parent, "Products".into());
        let products = products.external(["Products.ERP_Key"]);
        let rows = [
            Record::new().with("id", "P-1"),
            Record::new().with("id", "p-1"),
        ];
        let calls = products.link_calls(&rows).unwrap();
        assert_eq!(calls.len(), 2);
        let request = calls[0].outgoing.clone().into_request().unwrap();
        assert_eq!(request.uri(), "/crm/v8/Price_Books/PB%2F1/Products");
        assert_eq!(
            request.headers()["x-external"],
            "Price_Books.ERP_Key,Products.ERP_Key"
        );
        let list = products.list().fields(["id"]);
        let request = list.query.request(&list.parent, 1).unwrap();
        let request = request.into_request().unwrap();
        assert!(request.headers().contains_key("x-external"));
        assert!(!format!("{list:?}{products:?}").contains("PB/1"));
    }

    #[test]
    fn wrong_requests_are_not_sent() {
        assert!(products().link_calls(&[Record::new()]).is_err());
        let list = products().list();
        assert!(list.query.request(&list.parent, 1).is_err());
        let wrong = RelatedList::<Record>::new(place("Price_Books", "12"), "../org".into());
        assert!(wrong.get_request(&"34".parse().unwrap()).is_err());
        let wrong = RelatedList::<Record>::new(place("Accounts/../org", "12"), "Products".into());
        let list = wrong.list_of_deleted().fields(["id"]);
        assert!(list.query.request(&list.parent, 1).is_err());
        let many: Vec<String> = (0..51).map(|number| format!("F{number}")).collect();
        let list = products().list().fields(&many);
        assert!(list.query.request(&list.parent, 1).is_err());
    }

    #[test]
    fn relations_are_read_as_zoho_tells_of_them() {
        let added = r#"{"data":[{"code":"SUCCESS","details":{"id":"34"},"message":"relation added","status":"success"},
            {"code":"INVALID_DATA","details":{"api_name":"id","json_path":"$.data[1].id"},"message":"the related id given seems to be invalid","status":"error"}]}"#;
        let rows = parse_rows(&received(207, added), 2).unwrap();
        assert_eq!(rows[0].as_ref().unwrap().id, "34");
        assert_eq!(
            rows[1].as_ref().unwrap_err().json_path(),
            Some("$.data[1].id")
        );
    }
}
