//! What calls cost: the client's count beside what the simulator charges, both by Zoho's table.

use client_core::Upload;
use futures::{TryStreamExt, stream};
use http::Method;
use serde_json::json;
use zoho_crm_client::{
    BulkOperation, Channel, ChannelEvent, ChannelId, Coql, FileUpload, Filter, Lead,
    LeadConversion, MassLeadConversion, NewField, Order, PageToken, Record, RecordId, SortBy,
    SubRequest, ZohoClient,
};
use zoho_crm_simulator::ZohoSimulator;

use crate::simulator::world;

/// What was spent before the call at hand.
struct Bill<'a> {
    simulator: &'a ZohoSimulator,
    client: &'a ZohoClient,
    spent: u64,
}

impl Bill<'_> {
    /// Takes what was spent since the last look, which client and simulator must agree upon.
    fn take(&mut self, what: &str) -> u64 {
        let counted = self.client.usage().estimated_credits;
        let charged = self.simulator.counters().credits_spent;
        assert_eq!(counted, charged, "{what}: counted and charged");
        let spent = counted - self.spent;
        self.spent = counted;
        spent
    }

    fn check(&mut self, what: &str, credits: u64) {
        assert_eq!(self.take(what), credits, "{what}");
    }
}

fn seed(simulator: &ZohoSimulator, module: &str, rows: Vec<serde_json::Value>) -> Vec<RecordId> {
    let ids = simulator.seed(module, rows).unwrap();
    ids.into_iter().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn reads_and_writes_cost_what_zohos_table_says() {
    let (simulator, client, _) = world().await;
    let mut bill = Bill {
        simulator: &simulator,
        client: &client,
        spent: 0,
    };
    client.org().await.unwrap();
    bill.check("the organisation", 1);
    let rows = (0..251).map(|number| Record::new().with("Account_Name", format!("A{number}")));
    let accounts = client.module("Accounts");
    let written = accounts.insert(rows).send().await.unwrap();
    let written = written.all_ok().unwrap();
    bill.check("251 rows, 10 for a credit, in three calls", 10 + 10 + 6);
    let list = accounts.list().fields(["Account_Name"]);
    let first = PageToken::first();
    let sorted = list.clone().sort_by(SortBy::Id, Order::Ascending);
    sorted.page(&first).await.unwrap();
    bill.check("a sorted list", 1);
    let views = client.metadata().custom_views("Accounts").await.unwrap();
    bill.check("the views", 1);
    list.custom_view(views[0].id.clone())
        .page(&first)
        .await
        .unwrap();
    bill.check("the list of a view", 3);
    for (limit, credits) in [(200, 1), (201, 2), (1_000, 2), (1_001, 3), (2_000, 3)] {
        let query = Coql::select(["id"]).from("Accounts");
        let query = query.filter(Filter::is_not_null("id")).limit(limit);
        client.coql(&query).await.unwrap();
        bill.check("COQL by its limit", credits);
    }
    let ids: Vec<RecordId> = written.into_iter().map(|row| row.id).collect();
    let tagged = accounts.tags().add_to(&ids[..151], &["vip".into()]).await;
    tagged.unwrap().all_ok().unwrap();
    bill.check("tags of 151 records, 50 for a credit", 2 + 2);
    let deleted = accounts.mass().delete(&ids[..151]).await.unwrap();
    deleted.all_ok().unwrap();
    bill.check("151 records deleted, 100 for a credit", 2);
    accounts.deleted().page(&first).await.unwrap();
    bill.check("what was deleted", 2);
}

#[tokio::test]
async fn deeds_and_jobs_cost_what_zohos_table_says() {
    let (simulator, client, _) = world().await;
    let rows = ["A", "B"].map(|name| json!({"Last_Name": name, "Company": name}));
    let leads = seed(&simulator, "Leads", rows.to_vec());
    let mut bill = Bill {
        simulator: &simulator,
        client: &client,
        spent: 0,
    };
    let module = client.typed_module::<Lead>();
    let lead = module.record(&leads[0]);
    lead.convert(&LeadConversion::new()).await.unwrap();
    bill.check("a lead converted", 5);
    let conversion = MassLeadConversion::new();
    module.convert_many(&leads[1..], &conversion).await.unwrap();
    bill.check("a job that converts leads", 200);
    let field = NewField::text("ERP Key", 40);
    client
        .metadata()
        .create_field("Accounts", &field)
        .await
        .unwrap();
    bill.check("a new field", 10);
    let read = SubRequest::new("1", Method::GET, "/crm/v8/org");
    let outcomes = client.composite().request(read).send().await.unwrap();
    assert!(outcomes.into_vec()[0].is_ok());
    bill.check("a composite", 1);
    let id = ChannelId::from(1_000_000_068_001);
    let events = [ChannelEvent::all("Accounts")];
    let channel = Channel::new(id, events, "https://sync.example/zoho", "t-123");
    client.channels().enable(&channel).await.unwrap();
    bill.check("a channel", 1);
    let file = FileUpload::streamed("a.txt", Upload::of_pieces(vec!["a".into()]));
    client.files().upload(&file).await.unwrap();
    bill.check("a file", 1);
    client
        .bulk_read("Accounts")
        .fields(["id"])
        .start()
        .await
        .unwrap();
    bill.check("a job that reads", 50);
    let row = Record::new().with("Account_Name", "Müller");
    let outcomes: Vec<_> = client
        .bulk_write("Accounts", BulkOperation::Insert)
        .columns(["Account_Name"])
        .send(stream::iter([row]))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 1);
    let spent = bill.take("a job that writes");
    assert!(spent > 500, "{spent} credits for a job that writes");
}
