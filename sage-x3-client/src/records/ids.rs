//! The keys of records, without anything else.

use serde::{Deserialize, Serialize};

use crate::{
    client::X3Client,
    error::Error,
    graphql::{
        connection::{Connection, Nested},
        execute::GraphqlRequest,
        filter::Filter,
        frame,
        node_path::NodePath,
        order::OrderBy,
    },
    ids::RecordId,
    page::{Page, PageSize, page},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Variables {
    filter: String,
    order_by: String,
    first: usize,
}

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "_id")]
    id: Option<String>,
}

impl X3Client {
    /// The keys of the records that meet `filter`: the first `size` by key.
    pub(crate) async fn record_ids(
        &self,
        node: &NodePath,
        filter: Filter,
        size: PageSize,
    ) -> Result<Page<RecordId>, Error> {
        let name = format!("{}Ids", node.type_name());
        let document = frame::list(node, self.site().generation, &name, "_id");
        let variables = Variables {
            filter: filter.to_json()?,
            order_by: OrderBy::key().to_json()?,
            first: size.get(),
        };
        let request = GraphqlRequest::new("record.ids", &document, Some(&name), &variables)?;
        let answer = self.read::<Nested<Connection<Row>>>(&request).await?;
        let (data, diagnoses, context) = answer.complete()?;
        page(data.into_inner(), diagnoses, &context)?.try_filter_map(|row| {
            let id = RecordId::new(row.id.unwrap_or_default());
            id.map(Some).map_err(|_| Error::Protocol {
                context: Box::new(context.clone()),
                what: "a record has no key".to_owned(),
            })
        })
    }
}
