//! What is done with records, against the simulator over sockets.

use bytes::Bytes;
use client_core::Upload;
use futures::TryStreamExt;
use http::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use zoho_crm_client::{
    Attachment, FileUpload, InventoryTarget, JobState, Lead, LeadConversion, Lookup, MassJobId,
    MassJobStatus, MassKind, MassLeadConversion, NewField, OwnerChange, PageToken, Quote, Record,
    RecordId, RowChanges, SalesOrder, SubRequest, Text, UserKind,
};
use zoho_crm_simulator::{CustomField, ZohoSimulator};

use crate::simulator::world;

fn seed(simulator: &ZohoSimulator, module: &str, rows: Vec<Value>) -> Vec<RecordId> {
    let ids = simulator.seed(module, rows).unwrap();
    ids.into_iter().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent() {
    let (simulator, client, _) = world().await;
    let accounts = seed(
        &simulator,
        "Accounts",
        vec![json!({"Account_Name": "Müller"})],
    );
    let account = client.module("Accounts").record(&accounts[0]);
    let content: Vec<u8> = (0..=255)
        .chain(*b"\r\n--zoho-crm-client-file-0000000000000000--\r\n")
        .collect();
    let file = FileUpload::new("Offer \"7\" – ü.bin", content.clone());
    let attachments = account.attachments();
    let written = attachments.upload(&file).await.unwrap();
    attachments
        .link("https://example.com/?a=1&b=2", Some("Shop"))
        .await
        .unwrap();
    let listed: Vec<Attachment> = attachments.list().stream().try_collect().await.unwrap();
    assert_eq!(listed.len(), 2);
    let download = attachments.download(&written.id).await.unwrap().unwrap();
    assert_eq!(download.content, content);
    attachments
        .delete(std::slice::from_ref(&written.id))
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    assert!(attachments.download(&written.id).await.unwrap().is_none());

    let picture = FileUpload::new("a.png", &b"\x89PNG\r\n\x1a\n"[..]).content_type("image/png");
    account.photo().upload(&picture).await.unwrap();
    assert!(account.photo().get().await.unwrap().is_some());
    account.photo().delete().await.unwrap();
    assert!(account.photo().get().await.unwrap().is_none());

    let uploaded = client.files().upload(&file).await.unwrap();
    let download = client
        .files()
        .download(&uploaded.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(download.content, content);
}

#[tokio::test]
async fn a_file_of_a_field_is_stored_named_and_handed_out() {
    let (simulator, client, _) = world().await;
    let field = CustomField::new("Accounts", "Contracts", "fileupload");
    assert!(simulator.add_custom_field(&field));
    let file = FileUpload::new("contract.txt", &b"signed"[..]);
    let stored = client.files().upload(&file).await.unwrap();
    let accounts = client.module("Accounts");
    let account = Record::new()
        .with("Account_Name", "Globex")
        .with("Contracts", vec![stored.id]);
    let made = accounts.insert(vec![account]).send().await.unwrap();
    let made = made.all_ok().unwrap();
    let account = accounts.record(&made[0].id);
    let read = account.get().await.unwrap().unwrap();
    let held: Value = serde_json::from_str(read.get("Contracts").unwrap().get()).unwrap();
    assert_eq!(held[0]["File_Name__s"], "contract.txt");
    let entry: RecordId = held[0]["id"].as_str().unwrap().parse().unwrap();
    let download = account.field_file(&entry).await.unwrap().unwrap();
    assert_eq!(download.content, &b"signed"[..]);
    let stream = account.field_file_stream(&entry).await.unwrap().unwrap();
    assert_eq!(stream.name.as_deref(), Some("contract.txt"));
    let gone = "1".parse().unwrap();
    assert!(account.field_file(&gone).await.is_err());
}

#[tokio::test]
async fn tags_are_defined_given_and_taken() {
    let (simulator, client, _) = world().await;
    let ids = seed(
        &simulator,
        "Leads",
        vec![
            json!({"Last_Name": "A", "Company": "A"}),
            json!({"Last_Name": "B", "Company": "B"}),
        ],
    );
    let tags = client.module("Leads").tags();
    let created = tags.create(&["vip".into(), "new".into()]).await.unwrap();
    let created = created.all_ok().unwrap();
    let again = tags
        .create(&["vip".into()])
        .await
        .unwrap()
        .all_ok()
        .unwrap_err();
    assert_eq!(again.failed[0].1.code(), Some("DUPLICATE_DATA"));
    tags.add_to(&ids, &["vip".into(), "new".into()])
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    tags.remove_from(&ids[..1], &["vip"])
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    assert_eq!(tags.count(&created[0].id).await.unwrap(), 1);
    assert_eq!(tags.count(&created[1].id).await.unwrap(), 2);
    tags.replace_on(&ids[1..], &["new".into()])
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    assert_eq!(tags.count(&created[0].id).await.unwrap(), 0);
    let names: Vec<Text> = tags
        .list()
        .await
        .unwrap()
        .into_iter()
        .map(|tag| tag.name.into_value().unwrap())
        .collect();
    assert!(names.contains(&"vip".into()) && names.contains(&"new".into()));
    tags.merge(&created[0].id, &created[1].id).await.unwrap();
    assert_eq!(tags.count(&created[0].id).await.unwrap(), 2);
    assert_eq!(tags.list().await.unwrap().len(), names.len() - 1);
    let gone = tags
        .merge(&created[0].id, &created[1].id)
        .await
        .unwrap_err();
    assert_eq!(gone.api_error().unwrap().code(), "INVALID_DATA");
    let renamed = [(created[0].id.clone(), "best".into())];
    tags.update(&renamed).await.unwrap().all_ok().unwrap();
    let left = tags.list().await.unwrap();
    assert!(
        left.iter()
            .any(|tag| tag.name.value() == Some(&"best".into()))
    );
    tags.delete(&created[0].id).await.unwrap();
    assert_eq!(tags.list().await.unwrap().len(), names.len() - 2);
}

#[tokio::test]
async fn records_are_given_locked_and_copied() {
    let (simulator, client, _) = world().await;
    let ids = seed(
        &simulator,
        "Deals",
        vec![
            json!({"Deal_Name": "A", "Stage": "Qualification"}),
            json!({"Deal_Name": "B", "Stage": "Qualification"}),
        ],
    );
    let users = client
        .request(Method::GET, "/crm/v8/users")
        .query("type", "ActiveUsers")
        .send()
        .await
        .unwrap();
    let users: Value = users.json().unwrap().unwrap();
    let user: RecordId = users["users"][0]["id"].as_str().unwrap().parse().unwrap();
    let deals = client.module("Deals");
    let owner = OwnerChange::to(user.clone());
    deals
        .change_owner(&ids, &owner)
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    let deal = deals.record(&ids[0]);
    deal.change_owner(&owner).await.unwrap();
    let read = deal.get().await.unwrap().unwrap();
    assert_eq!(read.lookup("Owner").unwrap().unwrap().id, user.as_str());

    let lock = deal.locks().lock("audit").await.unwrap();
    deal.locks().update(&lock.id, "year end").await.unwrap();
    let locks: Vec<_> = deal.locks().list().stream().try_collect().await.unwrap();
    assert_eq!(locks[0].reason.as_deref(), Some("year end"));
    assert_eq!(locks[0].locked_for.as_ref().unwrap().id, ids[0]);
    deal.locks().unlock(&lock.id).await.unwrap();

    let copy = deal
        .clone_record(&Record::new().with("Deal_Name", "Copy"))
        .await
        .unwrap();
    let copy = deals.get(&copy.id).await.unwrap().unwrap();
    assert_eq!(copy.text("Deal_Name").unwrap().unwrap(), "Copy");
    assert_eq!(copy.text("Stage").unwrap().unwrap(), "Qualification");
}

#[tokio::test]
async fn a_view_is_listed_and_changed_as_a_whole() {
    let (simulator, client, _) = world().await;
    let rows = ["Bern", "Basel", "Bern"]
        .map(|city| json!({"Account_Name": format!("In {city}"), "Billing_City": city}));
    let ids = seed(&simulator, "Accounts", rows.to_vec());
    let view: RecordId = simulator
        .add_custom_view("Accounts", "Bern", "(Billing_City:equals:Bern)")
        .unwrap()
        .parse()
        .unwrap();
    let accounts = client.module("Accounts");
    let in_bern = || {
        accounts
            .list()
            .custom_view(view.clone())
            .fields(["Billing_City"])
            .stream()
            .try_collect()
    };
    let found: Vec<Record> = in_bern().await.unwrap();
    assert_eq!(found.len(), 2);

    let mass = accounts.mass();
    let fields = Record::new().with("Billing_City", "Biel");
    let outcomes = mass.update(&ids[1..2], &fields).await.unwrap();
    assert_eq!(outcomes.all_ok().unwrap().len(), 1);
    let job = mass.update_view(&view, &fields).await.unwrap();
    let mut looks = 0;
    let status = loop {
        let status = mass.status(MassKind::Update, &job).await.unwrap().unwrap();
        looks += 1;
        if status.state == JobState::Completed || looks > 20 {
            break status;
        }
    };
    assert_eq!((status.state, status.done), (JobState::Completed, Some(2)));
    let found: Vec<Record> = in_bern().await.unwrap();
    assert!(found.is_empty());
}

#[tokio::test]
async fn a_view_is_given_to_somebody_and_then_deleted() {
    let (simulator, client, _) = world().await;
    let rows = ["Bern", "Basel", "Bern"]
        .map(|city| json!({"Account_Name": format!("In {city}"), "Billing_City": city}));
    let ids = seed(&simulator, "Accounts", rows.to_vec());
    let view = simulator.add_custom_view("Accounts", "Bern", "(Billing_City:equals:Bern)");
    let view: RecordId = view.unwrap().parse().unwrap();
    // What is seeded belongs to somebody else.
    let me = client.metadata().users(UserKind::Current).await.unwrap();
    let me = me[0].id.clone();
    let accounts = client.module("Accounts");
    let mass = accounts.mass();
    let owner = OwnerChange::to(me.clone());
    let job = mass.change_owner_of_view(&view, &owner).await.unwrap();
    let status = finished(&mass, MassKind::ChangeOwner, &job).await;
    assert_eq!((status.done, status.total), (Some(2), Some(2)));
    let owner_of = async |id: &RecordId| {
        let account = accounts.get(id).await.unwrap().unwrap();
        let owner = account.lookup("Owner").unwrap().unwrap();
        owner.id.clone()
    };
    assert_eq!(owner_of(&ids[0]).await, me);
    assert_ne!(owner_of(&ids[1]).await, me);

    let job = mass.delete_view(&view).await.unwrap();
    let status = finished(&mass, MassKind::Delete, &job).await;
    assert_eq!(status.done, Some(2));
    assert_eq!(simulator.records("Accounts").len(), 1);
}

#[tokio::test]
async fn a_long_text_is_read_whole() {
    let (simulator, client, _) = world().await;
    let text = "x".repeat(800);
    let rows = vec![json!({"Account_Name": "A", "Description": text})];
    let ids = seed(&simulator, "Accounts", rows);
    let account = client.module("Accounts").record(&ids[0]);
    let read = account.rich_text(["Description"]).await.unwrap().unwrap();
    assert_eq!(read.text("Description").unwrap(), Some(text));
}

#[tokio::test]
async fn records_that_are_named_are_deleted_at_once() {
    let (simulator, client, _) = world().await;
    let rows = ["A", "B"].map(|name| json!({"Account_Name": name}));
    let mut ids = seed(&simulator, "Accounts", rows.to_vec());
    ids.insert(1, "1".parse().unwrap());
    let mass = client.module("Accounts").mass();
    let rows = mass.delete(&ids).await.unwrap().into_rows();
    assert_eq!(rows[0].as_ref().unwrap().id, ids[0]);
    assert_eq!(rows[1].as_ref().unwrap_err().code(), Some("INVALID_DATA"));
    assert_eq!(rows[2].as_ref().unwrap().id, ids[2]);
    assert!(simulator.records("Accounts").is_empty());
}

/// Asks for a job until it is done.
async fn finished(mass: &zoho_crm_client::Mass, kind: MassKind, job: &MassJobId) -> MassJobStatus {
    for _ in 0..20 {
        let status = mass.status(kind, job).await.unwrap().unwrap();
        if status.state == JobState::Completed {
            return status;
        }
    }
    panic!("the job does not end")
}

#[tokio::test]
async fn many_leads_and_quotes_are_converted_by_jobs() {
    let (simulator, client, _) = world().await;
    let rows = ["A", "B"].map(|name| {
        json!({"Last_Name": name, "Company": format!("{name} AG"), "Tag": [{"name": "fair"}]})
    });
    let mut ids = seed(&simulator, "Leads", rows.to_vec());
    let known = seed(
        &simulator,
        "Accounts",
        vec![json!({"Account_Name": "A AG"})],
    );
    let leads = client.typed_module::<Lead>();
    let options = leads.record(&ids[0]).conversion_options().await.unwrap();
    let accounts = options.unwrap().accounts.into_value().unwrap();
    assert_eq!(accounts[0].id().as_ref(), Some(&known[0]));
    let unknown: RecordId = "1".parse().unwrap();
    let nothing = leads.record(&unknown).conversion_options().await.unwrap();
    assert!(nothing.is_none());

    ids.push(unknown);
    let conversion = MassLeadConversion::new().carry_over_tags(["Contacts"]);
    let job = leads.convert_many(&ids, &conversion).await.unwrap();
    let status = finished(&leads.mass(), MassKind::Convert, &job).await;
    assert_eq!(
        (status.done, status.failed, status.total),
        (Some(2), Some(1), Some(3))
    );
    let contacts = simulator.records("Contacts");
    assert_eq!(contacts.len(), 2);
    let contact: RecordId = contacts[0].id.parse().unwrap();
    let contact = client
        .module("Contacts")
        .get(&contact)
        .await
        .unwrap()
        .unwrap();
    assert!(contact.get("Tag").unwrap().get().contains("fair"));

    let quotes = ["Q-1", "Q-2"]
        .map(|subject| json!({"Subject": subject, "Account_Name": {"id": known[0].as_str()}}));
    let ids = seed(&simulator, "Quotes", quotes.to_vec());
    let quotes = client.typed_module::<Quote>();
    let target = InventoryTarget::sales_order();
    let job = quotes.convert_many_to(&ids, &[target]).await.unwrap();
    let status = finished(&quotes.mass(), MassKind::Convert, &job).await;
    assert_eq!((status.done, status.failed), (Some(2), Some(0)));
    assert_eq!(simulator.records("Sales_Orders").len(), 2);
}

#[tokio::test]
async fn a_file_goes_out_and_comes_back_in_pieces() {
    const PIECES: usize = 64;
    let (simulator, client, _) = world().await;
    let ids = seed(
        &simulator,
        "Accounts",
        vec![json!({"Account_Name": "Müller"})],
    );
    let piece = Bytes::from(vec![b'x'; 16 * 1024]);
    let content = Upload::of_pieces(vec![piece.clone(); PIECES]);
    let file = FileUpload::streamed("large.bin", content.clone());
    let attachments = client.module("Accounts").record(&ids[0]).attachments();
    let written = attachments.upload(&file).await.unwrap();
    let stream = attachments
        .download_stream(&written.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stream.name.as_deref(), Some("large.bin"));
    let pieces: Vec<Bytes> = stream.content.try_collect().await.unwrap();
    assert!(pieces.len() > 1 && pieces.concat() == piece.repeat(PIECES));

    let files = client.files();
    let uploaded = files
        .upload(&FileUpload::streamed("large.bin", content))
        .await
        .unwrap();
    let stream = files.download_stream(&uploaded.id).await.unwrap().unwrap();
    let pieces: Vec<Bytes> = stream.content.try_collect().await.unwrap();
    assert!(pieces.concat() == piece.repeat(PIECES));
}

#[tokio::test]
async fn external_values_name_the_record_of_a_related_list_and_its_rows() {
    let (simulator, client, _) = world().await;
    for module in ["Price_Books", "Products"] {
        let key = NewField::text("ERP Key", 40).external();
        client.metadata().create_field(module, &key).await.unwrap();
    }
    let book = json!({"Price_Book_Name": "Dealers", "Pricing_Model": "Flat", "ERP_Key": "PB/1"});
    let product = json!({"Product_Name": "Pump", "ERP_Key": "P-1"});
    seed(&simulator, "Price_Books", vec![book]);
    let products = seed(&simulator, "Products", vec![product]);
    let list = client
        .module("Price_Books")
        .related_by_external("Price_Books.ERP_Key", "PB/1", "Products")
        .external(["Products.ERP_Key"]);
    let row = Record::new().with("id", "P-1").with("list_price", 5_i64);
    list.link(vec![row]).await.unwrap().all_ok().unwrap();
    let listed: Vec<Record> = list
        .list()
        .fields(["Product_Name"])
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed[0].id().unwrap(), products[0]);
    let unknown =
        client
            .module("Price_Books")
            .related_by_external("Price_Books.ERP_Key", "PB/2", "Products");
    let error = unknown
        .list()
        .fields(["id"])
        .page(&PageToken::first())
        .await
        .unwrap_err();
    assert_eq!(error.api_error().unwrap().code(), "INVALID_DATA");
}

#[tokio::test]
async fn a_lead_becomes_a_customer_and_a_quote_an_order_and_an_invoice() {
    let (simulator, client, _) = world().await;
    let leads = seed(
        &simulator,
        "Leads",
        vec![json!({"Last_Name": "Müller", "Company": "Müller GmbH"})],
    );
    let lead = client.typed_module::<Lead>().record(&leads[0]);
    let customer = lead.convert(&LeadConversion::new()).await.unwrap();
    let account = customer.account.unwrap().id;
    let again = lead.convert(&LeadConversion::new()).await.unwrap_err();
    assert_eq!(again.api_error().unwrap().code(), "ID_ALREADY_CONVERTED");

    let products = seed(
        &simulator,
        "Products",
        vec![json!({"Product_Name": "Pump"})],
    );
    let line = Record::new()
        .with("Product_Name", Lookup::new(products[0].clone()))
        .with("Quantity", 2_i64)
        .with("List_Price", Decimal::new(1_995, 2));
    let quote = Record::new()
        .with("Subject", "Q-1")
        .with("Account_Name", Lookup::new(account))
        .with_row_changes("Quoted_Items", RowChanges::new().append(line));
    let quotes = client.typed_module::<Quote>();
    let quote = quotes
        .insert(vec![quote])
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    let made = quotes
        .record(&quote[0].id)
        .convert_to(&[InventoryTarget::sales_order()])
        .await
        .unwrap();
    let orders = client.typed_module::<SalesOrder>();
    let order = made["Sales_Orders"].id.clone();
    let read = orders.get(&order).await.unwrap().unwrap();
    let lines = read.ordered_items.into_value().unwrap();
    assert_eq!(lines.len(), 1);
    let made = orders
        .record(&order)
        .convert_to(&[InventoryTarget::invoice()])
        .await
        .unwrap();
    assert!(made.contains_key("Invoices"));
}

#[tokio::test]
async fn a_composite_reads_what_it_has_just_made() {
    let (_simulator, client, _) = world().await;
    let create = SubRequest::new("1", Method::POST, "/crm/v8/Accounts")
        .json(json!({"data": [{"Account_Name": "Müller"}]}));
    let id = SubRequest::reference("1", "$.data[0].details.id");
    let read = SubRequest::new("2", Method::GET, format!("/crm/v8/Accounts/{id}"));
    let composite = client.composite().request(create).request(read);
    let outcomes = composite.send().await.unwrap().into_vec();
    let page: Value = outcomes[1].as_ref().unwrap().json().unwrap().unwrap();
    assert_eq!(page["data"][0]["Account_Name"], "Müller");
}
