//! The values behind the schema's fields.

use std::sync::Arc;

use jiff::Timestamp;

use crate::activation::{Activation, Operation, no_rights};
use crate::connection::{Listing, ListingKey, Page, listing, page};
use crate::diagnose::{Diagnose, Severity};
use crate::endpoint::Endpoint;
use crate::filter;
use crate::graphql::error::{GraphqlError, PathStep};
use crate::graphql::execute::{Resolved, Resolver};
use crate::graphql::values::Arguments;
use crate::json::Json;
use crate::model::{Kind, Model, Node, Property};
use crate::order::Order;
use crate::record::{Record, View};
use crate::schema::key_properties;
use crate::settings::{DecimalForm, Settings};
use crate::store::join_key;
use crate::write::customer::etag_of;
use crate::write::{Refused, Writer, Written};

/// What one request did.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) customers_created: u64,
    pub(crate) customers_updated: u64,
    pub(crate) sales_orders_created: u64,
    pub(crate) sales_orders_updated: u64,
    pub(crate) others_written: u64,
    pub(crate) unchanged: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, node: &Node, operation: Operation, changed: bool) {
        let counter = match (node.name, operation, changed) {
            ("customer", Operation::Create, _) => &mut self.customers_created,
            ("salesOrder", Operation::Create, _) => &mut self.sales_orders_created,
            (_, Operation::Create, _) => &mut self.others_written,
            (_, _, false) => &mut self.unchanged,
            ("customer", _, true) => &mut self.customers_updated,
            ("salesOrder", _, true) => &mut self.sales_orders_updated,
            (_, _, true) => &mut self.others_written,
        };
        *counter += 1;
    }
}

/// One request against one endpoint.
pub(crate) struct X3<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) model: &'a Model,
    pub(crate) settings: &'a Settings,
    pub(crate) activation: &'a Activation,
    pub(crate) now: Timestamp,
    pub(crate) user: &'a str,
    /// Nodes this request has no rights on.
    pub(crate) denied: &'a [String],
    /// Reported beside every successful create.
    pub(crate) warning: Option<String>,
    /// For the top-level `extensions.diagnoses`.
    pub(crate) diagnoses: Vec<Json>,
    pub(crate) tally: Tally,
}

pub(crate) enum Object {
    Root { mutation: bool },
    Package { mutation: bool },
    Node { node: Arc<Node>, mutation: bool },
    Rows { node: Arc<Node>, rows: Vec<Record> },
    Page(Arc<Page>),
    Edge { cursor: String, record: Record },
    PageInfo(Arc<Page>),
    Record(Record),
    Stream(String),
    User(String),
}

type Answer = Result<Resolved<Object>, GraphqlError>;

fn leaf(value: Json) -> Answer {
    Ok(Resolved::Leaf(value))
}

impl Resolver for X3<'_> {
    type Object = Object;

    fn resolve(
        &mut self,
        object: &Object,
        field: &str,
        arguments: &Arguments,
        path: &[PathStep],
    ) -> Answer {
        match object {
            Object::Root { mutation } => Ok(Resolved::Object(Object::Package {
                mutation: *mutation,
            })),
            Object::Package { mutation } => {
                Ok(self.model.node(field).map_or(Resolved::Null, |node| {
                    Resolved::Object(Object::Node {
                        node: Arc::clone(node),
                        mutation: *mutation,
                    })
                }))
            }
            Object::Node {
                node,
                mutation: true,
            } => self.write(node, field, arguments, path),
            Object::Node {
                node,
                mutation: false,
            } => self.read(node, field, arguments),
            Object::Rows { node, rows } => self.child_page(node, rows, arguments),
            Object::Page(page) => of_page(page, field),
            Object::Edge { cursor, record } => match field {
                "cursor" => leaf(Json::text(cursor)),
                _ => Ok(Resolved::Object(Object::Record(record.clone()))),
            },
            Object::PageInfo(page) => of_page_info(page, field),
            Object::Record(record) => self.of_record(record, field),
            Object::Stream(text) => leaf(Json::text(text)),
            Object::User(code) => leaf(Json::text(code)),
        }
    }
}

fn of_page(page: &Arc<Page>, field: &str) -> Answer {
    match field {
        "totalCount" => leaf(Json::int(page.total as i64)),
        "pageInfo" => Ok(Resolved::Object(Object::PageInfo(Arc::clone(page)))),
        _ => {
            let edges = page.rows.iter().map(|(cursor, record)| {
                Resolved::Object(Object::Edge {
                    cursor: cursor.clone(),
                    record: record.clone(),
                })
            });
            Ok(Resolved::List(edges.collect()))
        }
    }
}

fn of_page_info(page: &Page, field: &str) -> Answer {
    let cursor =
        |row: Option<&(String, Record)>| row.map_or(Json::Null, |(cursor, _)| Json::text(cursor));
    leaf(match field {
        "startCursor" => cursor(page.rows.first()),
        "endCursor" => cursor(page.rows.last()),
        "hasNextPage" => Json::Bool(page.has_next),
        _ => Json::Bool(page.has_previous),
    })
}

impl X3<'_> {
    fn view(&self) -> View<'_> {
        View {
            store: &self.endpoint.store,
            model: self.model,
            settings: self.settings,
        }
    }

    fn check(&self, node: &Node, operation: Operation) -> Result<(), GraphqlError> {
        if self.denied.iter().any(|denied| denied == node.name) {
            return Err(no_rights(&format!(
                "{}.{}",
                node.type_name,
                operation.name()
            )));
        }
        self.activation.check(node.name, node.type_name, operation)
    }

    fn read(&mut self, node: &Arc<Node>, field: &str, arguments: &Arguments) -> Answer {
        self.check(node, Operation::Read)?;
        let view = self.view();
        if field == "read" {
            let id = arguments.text("_id").unwrap_or_default();
            let found = view.find(node, id);
            self.tally.rows += u64::from(found.is_some());
            return Ok(found.map_or(Resolved::Null, |record| {
                Resolved::Object(Object::Record(record))
            }));
        }
        let (filter, order) = self.filter_and_order(node, arguments)?;
        let listing = self.listing(node, filter.as_ref(), &order, arguments);
        let page = page(&listing, &order, arguments, self.settings)?;
        self.tally.rows += page.rows.len() as u64;
        Ok(Resolved::Object(Object::Page(Arc::new(page))))
    }

    fn listing(
        &mut self,
        node: &Arc<Node>,
        filter: Option<&filter::Filter>,
        order: &Order,
        arguments: &Arguments,
    ) -> Arc<Listing> {
        let key = ListingKey {
            version: self.endpoint.store.version(),
            node: node.name,
            filter: arguments.text("filter").map(str::to_owned),
            order: arguments.text("orderBy").map(str::to_owned),
        };
        if let Some(known) = self.endpoint.listings.get(&key) {
            return known;
        }
        let view = self.view();
        let made = match filter.and_then(|filter| filter.ids(node)) {
            Some(ids) => {
                let named = ids.into_iter().filter_map(|id| view.find(node, id));
                listing(named, filter, order, view)
            }
            None => listing(view.records(node), filter, order, view),
        };
        let made = Arc::new(made);
        self.endpoint.listings.keep(key, Arc::clone(&made));
        made
    }

    fn child_page(&self, node: &Arc<Node>, rows: &[Record], arguments: &Arguments) -> Answer {
        self.check(node, Operation::Read)?;
        let (filter, order) = self.filter_and_order(node, arguments)?;
        let rows = rows.iter().cloned();
        let listing = listing(rows, filter.as_ref(), &order, self.view());
        let page = page(&listing, &order, arguments, self.settings)?;
        Ok(Resolved::Object(Object::Page(Arc::new(page))))
    }

    fn filter_and_order(
        &self,
        node: &Arc<Node>,
        arguments: &Arguments,
    ) -> Result<(Option<filter::Filter>, Order), GraphqlError> {
        let filter = match arguments
            .text("filter")
            .filter(|text| !text.trim().is_empty())
        {
            Some(text) => Some(filter::parse(text, node, self.model, self.settings)?),
            None => None,
        };
        let order = Order::parse(arguments.text("orderBy"), node, self.model, self.settings)?;
        Ok((filter, order))
    }

    fn of_record(&self, record: &Record, field: &str) -> Answer {
        let user = |code: &str| match code {
            "" => Ok(Resolved::Null),
            code => Ok(Resolved::Object(Object::User(code.to_owned()))),
        };
        match field {
            "_etag" => return leaf(Json::text(etag_of(&record.row))),
            "_access" => return Ok(Resolved::List(Vec::new())),
            "_createUser" => return user(&record.row.created_by),
            "_updateUser" => return user(&record.row.updated_by),
            _ => {}
        }
        let view = self.view();
        if let Some(value) = view.system(record, field) {
            return leaf(value.to_json(DecimalForm::Text));
        }
        match record.node.property(field) {
            Some(property) => self.of_property(record, property),
            None => Ok(Resolved::Null),
        }
    }

    fn of_property(&self, record: &Record, property: &Property) -> Answer {
        let view = self.view();
        match &property.kind {
            Kind::Reference { .. } => match view.target(record, property) {
                Some(target) => {
                    self.check(&target.node, Operation::Read)?;
                    Ok(Resolved::Object(Object::Record(target)))
                }
                None => Ok(Resolved::Null),
            },
            Kind::Children { node, .. } | Kind::Slots { node, .. } => {
                let rows = view.children(record, property);
                Ok(self.model.node(node).map_or(Resolved::Null, |node| {
                    Resolved::Object(Object::Rows {
                        node: Arc::clone(node),
                        rows,
                    })
                }))
            }
            Kind::Stream { .. } => match view.scalar(record, property) {
                crate::record::Scalar::Text(text) => Ok(Resolved::Object(Object::Stream(text))),
                _ => Ok(Resolved::Null),
            },
            Kind::Int => leaf(view.scalar(record, property).to_json(DecimalForm::Number)),
            _ => leaf(
                view.scalar(record, property)
                    .to_json(self.settings.decimals),
            ),
        }
    }

    fn write(
        &mut self,
        node: &Arc<Node>,
        field: &str,
        arguments: &Arguments,
        path: &[PathStep],
    ) -> Answer {
        let operation = match field {
            "create" => Operation::Create,
            "delete" => Operation::Delete,
            _ => Operation::Update,
        };
        self.check(node, operation)?;
        let data = arguments.get("data").unwrap_or(&Json::Null);
        let mut writer = Writer {
            store: &mut self.endpoint.store,
            sequences: &mut self.endpoint.sequences,
            model: self.model,
            settings: self.settings,
            now: self.now,
            user: self.user,
        };
        if operation == Operation::Delete {
            let parts = key_properties(node)
                .map(|property| arguments.text(&property.name).unwrap_or_default());
            writer.delete(node, &join_key(parts)).map_err(refused)?;
            self.tally.others_written += 1;
            return leaf(Json::Bool(true));
        }
        let result = match operation {
            Operation::Create => writer.create(node, data),
            _ => writer.update(node, data),
        };
        let written = result.map_err(refused)?;
        self.tally.count(node, operation, written.changed);
        self.diagnoses.extend(
            written
                .diagnoses
                .iter()
                .map(|diagnose| diagnose.to_json(path)),
        );
        Ok(self.written(node, &written, operation))
    }

    fn written(
        &self,
        node: &Arc<Node>,
        written: &Written,
        operation: Operation,
    ) -> Resolved<Object> {
        let record = self.view().by_key(node, &written.key);
        let value = record.map_or(Resolved::Null, |record| {
            Resolved::Object(Object::Record(record))
        });
        let mut warnings = written.warnings.clone();
        if let (Some(text), Operation::Create) = (&self.warning, operation) {
            warnings.push(Diagnose::new(Severity::Warning, text));
        }
        if warnings.is_empty() {
            return value;
        }
        Resolved::Reported(Box::new(value), vec![refused(warnings)])
    }
}

fn refused(diagnoses: Refused) -> GraphqlError {
    let lines: Vec<&str> = diagnoses
        .iter()
        .map(|diagnose| diagnose.message.as_str())
        .collect();
    let mut error = GraphqlError::new(lines.join("\n"));
    error.diagnoses = diagnoses;
    error
}
