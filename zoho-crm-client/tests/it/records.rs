//! Records and what belongs to them, against the simulator over sockets.

use futures::TryStreamExt;
use rust_decimal::Decimal;
use serde_json::json;
use zoho_crm_client::{
    Discount, LineItem, Lookup, NewNote, Note, Record, RecordId, RowChanges, SalesOrder, ZohoClient,
};
use zoho_crm_simulator::CustomField;

use crate::simulator::world;

fn ids(ids: Vec<String>) -> Vec<RecordId> {
    ids.into_iter().map(|id| id.parse().unwrap()).collect()
}

fn line(product: &RecordId, quantity: i64) -> Record {
    Record::new()
        .with("Product_Name", Lookup::new(product.clone()))
        .with("Quantity", quantity)
        .with("List_Price", Decimal::new(1_995, 2))
        .with("Discount", Discount::Amount(Decimal::new(5, 1).into()))
}

async fn order(client: &ZohoClient, account: &RecordId, lines: Vec<Record>) -> RecordId {
    let lines = lines
        .into_iter()
        .fold(RowChanges::new(), RowChanges::append);
    let order = Record::new()
        .with("Subject", "SO-1")
        .with("Account_Name", Lookup::new(account.clone()))
        .with_row_changes("Ordered_Items", lines);
    let inserted = client.typed_module::<SalesOrder>().insert(vec![order]);
    let written = inserted.send().await.unwrap().all_ok().unwrap();
    written[0].id.clone()
}

async fn quantities(client: &ZohoClient, order: &RecordId) -> Vec<String> {
    let order = client.typed_module::<SalesOrder>().get(order).await;
    let order = order.unwrap().unwrap();
    let lines = order.ordered_items.into_value().unwrap();
    lines
        .iter()
        .map(|line: &LineItem| line.quantity.value().unwrap().0.normalize().to_string())
        .collect()
}

#[tokio::test]
async fn the_lines_of_an_order_are_exchanged_adjusted_and_never_doubled() {
    let (simulator, client, _) = world().await;
    let account = ids(simulator
        .seed("Accounts", vec![json!({"Account_Name": "Müller"})])
        .unwrap());
    let pumps = [
        json!({"Product_Name": "Pump", "Product_Code": "P"}),
        json!({"Product_Name": "Hose", "Product_Code": "H"}),
    ];
    let products = ids(simulator.seed("Products", pumps.to_vec()).unwrap());
    let id = order(
        &client,
        &account[0],
        vec![line(&products[0], 1), line(&products[1], 2)],
    )
    .await;
    assert_eq!(quantities(&client, &id).await, ["1", "2"]);

    // Written back as it was read, the order keeps its lines.
    let orders = client.typed_module::<SalesOrder>();
    let read = orders.get(&id).await.unwrap().unwrap();
    let subject = Record::new()
        .with("id", &id)
        .with("Subject", read.subject.value().unwrap());
    orders
        .update(vec![subject])
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    assert_eq!(quantities(&client, &id).await, ["1", "2"]);

    for _ in 0..2 {
        let exchange = orders.replace_rows(&id, "Ordered_Items", vec![line(&products[0], 7)]);
        exchange.send().await.unwrap().unwrap();
        assert_eq!(quantities(&client, &id).await, ["7"]);
    }

    let read = orders.get(&id).await.unwrap().unwrap();
    let current = read.ordered_items.value().unwrap();
    let kept = current.iter().next().unwrap().id.clone();
    let same = |row: &LineItem, wanted: &Record| {
        let product = wanted.lookup("Product_Name").unwrap().unwrap().id;
        row.product.value().and_then(|product| product.id.clone()) == Some(product)
    };
    let wanted = [line(&products[1], 3), line(&products[0], 8)];
    let changes = RowChanges::adjust(current, wanted, same).unwrap();
    let update = Record::new()
        .with("id", &id)
        .with_row_changes("Ordered_Items", changes);
    orders
        .update(vec![update])
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    let read = orders.get(&id).await.unwrap().unwrap();
    let lines = read.ordered_items.value().unwrap();
    assert_eq!(lines.len(), 2);
    let adjusted = lines.iter().find(|line| line.id == kept).unwrap();
    assert_eq!(
        adjusted.quantity.value().unwrap().0.normalize().to_string(),
        "8"
    );
}

#[tokio::test]
async fn related_records_are_listed_linked_and_unlinked() {
    let (simulator, client, _) = world().await;
    let book = ids(simulator
        .seed(
            "Price_Books",
            vec![json!({"Price_Book_Name": "Dealers", "Pricing_Model": "Flat"})],
        )
        .unwrap());
    let products = ids(simulator
        .seed(
            "Products",
            vec![
                json!({"Product_Name": "Pump"}),
                json!({"Product_Name": "Hose"}),
            ],
        )
        .unwrap());
    let list = client
        .module("Price_Books")
        .record(&book[0])
        .related("Products");
    let row = |id: &RecordId| {
        Record::new()
            .with("id", id)
            .with("list_price", Decimal::new(1_050, 2))
    };
    let unknown: RecordId = "5725767000099999999".parse().unwrap();
    let rows = vec![row(&products[0]), row(&unknown), row(&products[1])];
    let outcomes = list.link(rows).await.unwrap().into_rows();
    assert!(outcomes[0].is_ok() && outcomes[1].is_err() && outcomes[2].is_ok());
    let names = |records: Vec<Record>| {
        let mut names: Vec<String> = records
            .iter()
            .map(|record| record.text("Product_Name").unwrap().unwrap())
            .collect();
        names.sort();
        names
    };
    let read = || {
        list.list()
            .fields(["Product_Name"])
            .per_page(1)
            .stream()
            .try_collect()
    };
    assert_eq!(names(read().await.unwrap()), ["Hose", "Pump"]);
    list.update(&products[0], &Record::new().with("list_price", 9_i64))
        .await
        .unwrap();
    let one = list.get(&products[0]).await.unwrap().unwrap();
    assert_eq!(
        one.decimal("list_price").unwrap().unwrap().0,
        Decimal::from(9)
    );
    list.unlink(&products[..1]).await.unwrap().all_ok().unwrap();
    assert_eq!(names(read().await.unwrap()), ["Hose"]);
    assert!(list.get(&products[0]).await.unwrap().is_none());
}

#[tokio::test]
async fn notes_belong_to_their_record() {
    let (simulator, client, _) = world().await;
    let accounts = ids(simulator
        .seed(
            "Accounts",
            vec![json!({"Account_Name": "A"}), json!({"Account_Name": "B"})],
        )
        .unwrap());
    let notes = client.module("Accounts").record(&accounts[0]).notes();
    let new = [NewNote::new("Called").title("Call"), NewNote::new("Mailed")];
    let written = notes.add(&new).await.unwrap().all_ok().unwrap();
    let other = client.module("Accounts").record(&accounts[1]).notes();
    let other: Vec<Note> = other.list().stream().try_collect().await.unwrap();
    assert!(other.is_empty());
    let change = Record::new()
        .with("id", &written[0].id)
        .with("Note_Content", "Called twice");
    let all = client.typed_module::<Note>();
    all.update(vec![change])
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    all.delete(vec![written[1].id.clone()])
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    let left: Vec<Note> = notes.list().stream().try_collect().await.unwrap();
    let left: Vec<&str> = left
        .iter()
        .map(|note| note.content.value().unwrap().as_str())
        .collect();
    assert_eq!(left, ["Called twice"]);
}

#[tokio::test]
async fn a_module_with_more_fields_than_one_call_reads_is_read_whole() {
    let (simulator, client, _) = world().await;
    let names: Vec<String> = (0..60).map(|number| format!("C{number:02}")).collect();
    for name in &names {
        assert!(simulator.add_custom_field(&CustomField::new("Accounts", name, "text")));
    }
    let row = |account: usize| {
        let mut row = json!({"Account_Name": format!("Account {account}")});
        for name in &names {
            row[name] = format!("{name} of {account}").into();
        }
        row
    };
    let accounts = ids(simulator.seed("Accounts", (0..3).map(row)).unwrap());
    let module = client.module("Accounts");
    let listed: Vec<Record> = module
        .list()
        .fields(&names)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let by_id = module.get_by_ids(&accounts, &names).await.unwrap();
    assert_eq!((listed.len(), by_id.len()), (3, 3));
    for record in listed.iter().chain(by_id.values()) {
        // All fields and the id.
        assert_eq!(record.len(), 61);
        let first = record.text("C00").unwrap().unwrap();
        let last = record.text("C59").unwrap().unwrap();
        assert_eq!(first.replace("C00", "C59"), last);
    }
}

#[tokio::test]
async fn values_are_added_to_those_that_are_selected() {
    let (simulator, client, _) = world().await;
    let field =
        CustomField::new("Accounts", "Sites", "multiselectpicklist").values(&["N", "S", "W"]);
    assert!(simulator.add_custom_field(&field));
    let accounts = ids(simulator
        .seed(
            "Accounts",
            vec![json!({"Account_Name": "A", "Sites": ["N"]})],
        )
        .unwrap());
    let mut more = Record::new().with("id", &accounts[0]);
    more.append_values("Sites", vec!["S"]);
    let module = client.module("Accounts");
    module
        .update(vec![more])
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    let read = module.get(&accounts[0]).await.unwrap().unwrap();
    assert_eq!(read.texts("Sites").unwrap().unwrap(), ["N", "S"]);
    let instead = Record::new()
        .with("id", &accounts[0])
        .with("Sites", vec!["W"]);
    module
        .update(vec![instead])
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    let read = module.get(&accounts[0]).await.unwrap().unwrap();
    assert_eq!(read.texts("Sites").unwrap().unwrap(), ["W"]);
}

#[tokio::test]
async fn what_belonged_to_a_deleted_record_can_still_be_listed() {
    let (simulator, client, _) = world().await;
    let accounts = ids(simulator
        .seed("Accounts", vec![json!({"Account_Name": "A"})])
        .unwrap());
    let contact = json!({"Last_Name": "Berg", "Account_Name": {"id": accounts[0].as_str()}});
    simulator.seed("Contacts", vec![contact]).unwrap();
    let module = client.module("Accounts");
    module
        .delete(accounts.clone())
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    let contacts = module.record(&accounts[0]).related("Contacts");
    let left = contacts.list_of_deleted().fields(["Last_Name"]);
    let left: Vec<Record> = left.stream().try_collect().await.unwrap();
    assert_eq!(left[0].text("Last_Name").unwrap().as_deref(), Some("Berg"));
}
