//! Classes of a site's own as a write path.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{
    Api1Class, Columns, Key, names::ColumnName, publication::Api1Publication, write::Values,
};
use crate::{
    client::X3Client,
    error::{CallContext, Error, InvalidRequest, RecordError, RecordErrorKind},
    graphql::node_path::NodePath,
    ids::RecordId,
    outcome::Outcome,
    write::{
        Presence, RowAction, RowActions, WriteAction, WritePath, WriteRoute, WriteRow, WrittenRows,
        same_key,
    },
};

/// Writes records of one node through a class.
#[derive(Debug)]
pub(crate) struct Api1Route {
    node: String,
    publication: Api1Publication,
}

impl Api1Route {
    pub(crate) fn new(node: String, publication: Api1Publication) -> Self {
        Self { node, publication }
    }
}

#[async_trait]
impl WriteRoute for Api1Route {
    fn path(&self) -> WritePath {
        WritePath::Api1
    }

    fn serves(&self, node: &NodePath, _action: WriteAction) -> bool {
        node.node == self.node.as_str()
    }

    async fn presence(&self, client: &X3Client, key: &RecordId) -> Presence {
        let Ok(key) = Key::composite(key.as_str().split('|')) else {
            return Presence::Unknown;
        };
        match self.class(client).read(&key).await {
            Ok(answer) if answer.value.is_some() => Presence::There,
            Ok(_) => Presence::Missing,
            Err(_) => Presence::Unknown,
        }
    }

    async fn write(
        &self,
        client: &X3Client,
        _node: &NodePath,
        action: WriteAction,
        _operation: &'static str,
        rows: &[WriteRow],
    ) -> Result<WrittenRows, Error> {
        let class = self.class(client);
        let mut written = WrittenRows {
            rows: Vec::new(),
            diagnoses: Vec::new(),
        };
        for row in rows {
            let result = self.write_one(&class, action, row).await;
            written.rows.push(match result {
                Ok(outcome) => outcome,
                Err(Error::Rejected { error, .. }) => Err(*error),
                Err(error) => return Err(error),
            });
        }
        Ok(written)
    }
}

type Written = Result<Outcome<RecordId>, RecordError>;

impl Api1Route {
    fn class(&self, client: &X3Client) -> Api1Class<Columns> {
        let class = client.api1().class(self.publication.class.clone());
        match &self.publication.representation {
            Some(representation) => class.representation(representation.clone()),
            None => class,
        }
    }

    async fn write_one(
        &self,
        class: &Api1Class<Columns>,
        action: WriteAction,
        row: &WriteRow,
    ) -> Result<Written, Error> {
        let (values, tables) = self.values(row)?;
        let answer = match (action, &row.key) {
            (WriteAction::Create, _) => class.create(&with_rows(values, tables)).await?,
            (WriteAction::Update, Some(id)) => {
                let key = Key::composite(id.as_str().split('|'))?;
                let values = if tables.is_empty() {
                    values
                } else {
                    let present = self.present(class, &key).await?;
                    with_rows(values, self.identified(class, &present, tables)?)
                };
                class.update(&key, &values).await?
            }
            (WriteAction::Update, None) => {
                return Err(InvalidRequest::new("an update needs the record's key").into());
            }
        };
        let key = answer
            .key
            .and_then(|key| RecordId::new(key.parts().join("|")).ok())
            .or_else(|| row.key.clone());
        Ok(match key {
            Some(value) => Ok(Outcome {
                value,
                path: WritePath::Api1,
                diagnoses: answer.diagnoses,
            }),
            // X3 says that it wrote something, but not what.
            None => Err(RecordError {
                kind: RecordErrorKind::Unclear,
                diagnoses: answer.diagnoses,
                may_have_been_applied: true,
            }),
        })
    }

    async fn present(&self, class: &Api1Class<Columns>, key: &Key) -> Result<Columns, Error> {
        let answer = class.read(key).await?;
        answer.value.ok_or_else(|| Error::Rejected {
            context: Box::new(CallContext {
                attempts: answer.attempts,
                ..CallContext::of("api1.details", class.client.endpoint())
            }),
            error: Box::new(RecordError {
                kind: RecordErrorKind::NotFound,
                diagnoses: answer.diagnoses,
                may_have_been_applied: false,
            }),
        })
    }

    /// The record's own values, and the rows of its child tables.
    fn values(&self, row: &WriteRow) -> Result<(Values, Tables), InvalidRequest> {
        let name = format!("class {}", self.publication.class);
        let mut values = Values::new();
        let mut tables = Tables::new();
        let leaves = row.input.leaves()?;
        let actions = RowActions::of(&leaves);
        for leaf in &leaves {
            let Some(place) = self.publication.placement.find(leaf, &name)? else {
                continue;
            };
            let value = place.conversion.convert(leaf)?;
            match (&place.table, leaf.row) {
                (Some(table), Some(row)) => {
                    let rows = tables.entry(table.clone()).or_default();
                    let row = rows.entry(row).or_default();
                    row.action = actions.get(leaf);
                    row.values = std::mem::take(&mut row.values).set(place.column.clone(), value);
                }
                (None, None) => values = values.set(place.column.clone(), value),
                _ => {
                    return Err(InvalidRequest::new(format!(
                        "`{}` belongs to rows and its place in {name} does not, or the other way round",
                        leaf.path
                    )));
                }
            }
        }
        Ok((values, tables))
    }

    /// The rows with the ids of those that are there already.
    fn identified(
        &self,
        class: &Api1Class<Columns>,
        present: &Columns,
        mut tables: Tables,
    ) -> Result<Tables, Error> {
        for (table, rows) in &mut tables {
            let column = self.publication.row_keys.get(table).ok_or_else(|| {
                InvalidRequest::new(format!(
                    "rows of {table} cannot be changed: say with Api1Publication::row_key by which column they are known"
                ))
            })?;
            let unreadable = |_| InvalidRequest::new(format!("the rows of {table} cannot be read"));
            let known: Vec<Columns> = present.rows(table.as_str()).map_err(unreadable)?;
            let mut ids = BTreeMap::new();
            for row in &known {
                let key = row.text(column.as_str()).map_err(unreadable)?;
                let id = row.text("$uuid").map_err(unreadable)?;
                ids.extend(key.zip(id));
            }
            for row in rows.values_mut() {
                let key = row.values.text(column);
                let id = ids
                    .iter()
                    .find(|(known, _)| key.as_ref().is_some_and(|key| same_key(known, key)));
                if let Some(action) = row.action {
                    action.check(id.is_some(), table.as_str(), &class.client, "api1.update")?;
                }
                if let Some((_, id)) = id {
                    row.values = std::mem::take(&mut row.values).of_row(id);
                }
            }
        }
        Ok(tables)
    }
}

/// Rows of child tables, by table and their number in the input.
type Tables = BTreeMap<ColumnName, BTreeMap<usize, DraftRow>>;

#[derive(Debug, Default)]
struct DraftRow {
    /// What is to be done with it, in an update.
    action: Option<RowAction>,
    values: Values,
}

fn with_rows(values: Values, tables: Tables) -> Values {
    tables.into_iter().fold(values, |values, (table, rows)| {
        values.rows(table, rows.into_values().map(|row| row.values))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use client_core::{TransportErrorKind, testing::ScriptedTransport};
    use futures::executor::block_on;

    use super::*;
    use crate::{
        AddressCode, AddressPatch, CategoryCode, ConnectedApp, CustomerCode, CustomerPatch,
        NewCustomer, SalesOrderId, SalesOrderLineChange, SalesOrderLinePatch, SalesOrderPatch,
        SiteConfig, X3ClientBuilder,
        api1::{Api1Place, ClassName},
    };

    fn column(code: &str) -> ColumnName {
        ColumnName::new(code).unwrap()
    }

    fn client(transport: &ScriptedTransport) -> X3Client {
        let row = |code| Api1Place::row(column("YADR"), column(code));
        let publication = Api1Publication::new(ClassName::new("YCUST").unwrap())
            .place("code", Api1Place::column(column("BPCNUM")))
            .place("customerCategory", Api1Place::column(column("BCGCOD")))
            .place("companyName1", Api1Place::column(column("BPCNAM")))
            .place(
                "creditControl",
                Api1Place::column(column("OSTCTL")).choice("hold", 3),
            )
            .ignore("addresses._action")
            .place("addresses.code", row("BPAADD"))
            .place("addresses.city", row("CTY"))
            .row_key(column("YADR"), column("BPAADD"));
        let builder = builder(transport).api1_publication("customer", publication);
        builder.build().unwrap()
    }

    fn builder(transport: &ScriptedTransport) -> X3ClientBuilder {
        X3Client::builder(SiteConfig::new("http://x3", "SEED").write_paths([WritePath::Api1]))
            .credential(ConnectedApp::new("c", "s"))
            .transport(Arc::new(transport.clone()))
    }

    fn new() -> NewCustomer {
        NewCustomer::new(CategoryCode::new("DOM").unwrap()).values(
            CustomerPatch::new()
                .company_name_1("Acme")
                .credit_control("hold"),
        )
    }

    #[test]
    fn a_customer_is_created_through_the_class() {
        let transport = ScriptedTransport::new().answer(201, r#"{"$key":"C1","BPCNUM":"C1"}"#);
        let outcome = block_on(client(&transport).customers().create(&new())).unwrap();
        assert_eq!(outcome.key.as_str(), "C1");
        assert_eq!(outcome.path, WritePath::Api1);
        assert_eq!(
            transport.requests()[0].body(),
            r#"{"BPCNAM":"Acme","OSTCTL":"3","BCGCOD":"DOM"}"#
        );
    }

    #[test]
    fn a_create_whose_answer_is_lost_is_not_sent_again() {
        let transport = ScriptedTransport::new()
            .failure(TransportErrorKind::Timeout)
            .answer(201, r#"{"$key":"C1"}"#);
        let error = block_on(client(&transport).customers().create(&new())).unwrap_err();
        assert!(error.may_have_been_applied());
        assert_eq!(transport.requests().len(), 1);
    }

    #[test]
    fn an_update_of_rows_names_those_that_are_there() {
        let transport = ScriptedTransport::new()
            .answer(200, r#"{"BPCNUM":"C1","YADR":[{"$uuid":"u0","BPAADD":"A0"},{"$uuid":"u1","BPAADD":"A1"}]}"#)
            .answer(200, r#"{"$key":"C1","BPCNUM":"C1"}"#);
        let code = |code| AddressCode::new(code).unwrap();
        let patch = CustomerPatch::new()
            .address(AddressPatch::update(code("a1")).city("Bonn"))
            .address(AddressPatch::create(code("A2")).city("Bonn"));
        let code = CustomerCode::new("C1").unwrap();
        block_on(client(&transport).customers().update(&code, &patch)).unwrap();
        assert_eq!(
            transport.requests()[1].body(),
            r#"{"BPCNUM":"C1","YADR":[{"BPAADD":"a1","CTY":"Bonn","$uuid":"u1"},{"BPAADD":"A2","CTY":"Bonn"}]}"#
        );
    }

    #[test]
    fn what_is_to_be_added_or_changed_is_judged_as_graphql_does() {
        let present = r#"{"BPCNUM":"C1","YADR":[{"$uuid":"u1","BPAADD":"A1"}]}"#;
        let code = |code| AddressCode::new(code).unwrap();
        for address in [
            AddressPatch::update(code("A9")),
            AddressPatch::create(code("A1")),
        ] {
            let transport = ScriptedTransport::new().answer(200, present);
            let patch = CustomerPatch::new().address(address.city("Bonn"));
            let customer = CustomerCode::new("C1").unwrap();
            let error =
                block_on(client(&transport).customers().update(&customer, &patch)).unwrap_err();
            assert!(matches!(error, Error::Rejected { .. }), "{error}");
            assert!(!error.may_have_been_applied());
            let mut written = transport.requests().into_iter();
            assert!(written.all(|request| request.method() != http::Method::PUT));
        }
    }

    #[test]
    fn a_line_is_known_by_its_number() {
        let transport = ScriptedTransport::new()
            .answer(200, r#"{"SOHNUM":"SO1","SOHSOP":[{"$uuid":"u1","SOPLIN":1000},{"$uuid":"u2","SOPLIN":2000}]}"#)
            .answer(200, r#"{"$key":"SO1","SOHNUM":"SO1"}"#);
        let row = |code| Api1Place::row(column("SOHSOP"), column(code));
        let publication = Api1Publication::new(ClassName::new("YORDER").unwrap())
            .place("id", Api1Place::column(column("SOHNUM")))
            .ignore("salesOrderLines._action")
            .place("salesOrderLines.lineNumber", row("SOPLIN"))
            .place("salesOrderLines.quantityInSalesUnitOrdered", row("QTY"))
            .row_key(column("SOHSOP"), column("SOPLIN"));
        let client = builder(&transport).api1_publication("salesOrder", publication);
        let line = SalesOrderLinePatch::new().quantity(rust_decimal::Decimal::TEN);
        let patch = SalesOrderPatch::new().line(SalesOrderLineChange::Update(2000, line));
        let id = SalesOrderId::new("SO1").unwrap();
        let orders = client.build().unwrap().sales_orders();
        block_on(orders.update(&id, &patch)).unwrap();
        assert_eq!(
            transport.requests()[1].body(),
            r#"{"SOHNUM":"SO1","SOHSOP":[{"SOPLIN":2000,"QTY":10,"$uuid":"u2"}]}"#
        );
    }

    #[test]
    fn an_update_of_what_is_not_there_says_so() {
        let transport = ScriptedTransport::new().answer(
            200,
            r#"{"$diagnoses":[{"$severity":"error","$message":"721 : Record does not exist"}]}"#,
        );
        let code = CustomerCode::new("C1").unwrap();
        let patch = CustomerPatch::new().company_name_1("Acme");
        let error = block_on(client(&transport).customers().update(&code, &patch)).unwrap_err();
        let Error::Rejected { error, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(error.kind, RecordErrorKind::NotFound);
    }
}
