//! Related lists, notes below records, links between products and price books.

use serde_json::json;

use crate::support::World;

fn id_of(rows: &[String]) -> &str {
    rows.first().unwrap()
}

#[tokio::test]
async fn a_related_list_shows_the_records_whose_look_up_points_here() {
    let world = World::new().await;
    let accounts = world.seed_accounts(2);
    let contact =
        |name: &str, account: &str| json!({"Last_Name": name, "Account_Name": {"id": account}});
    let rows = [
        contact("Berg", &accounts[0]),
        contact("Lind", &accounts[0]),
        contact("Else", &accounts[1]),
    ];
    world.simulator.seed("Contacts", rows).unwrap();
    let path = format!("Accounts/{}/Contacts", accounts[0]);
    let list = world.get(&format!("{path}?fields=Last_Name")).await;
    assert_eq!(list.status, 200, "{}", list.text);
    assert_eq!(list.column("Last_Name"), ["Lind", "Berg"], "newest first");
    assert_eq!(list.json()["info"]["more_records"], false);
    let page = world
        .get(&format!("{path}?fields=Last_Name&per_page=1&page=2"))
        .await;
    assert_eq!(page.column("Last_Name"), ["Berg"]);
    let id = list.row(0)["id"].as_str().unwrap().to_owned();
    let one = world.get(&format!("{path}/{id}")).await;
    assert_eq!(one.row(0)["Last_Name"], "Lind");
    let without = world.get(&path).await;
    assert_eq!(
        (without.status, without.code().as_str()),
        (400, "REQUIRED_PARAM_MISSING")
    );
    let none = world
        .get(&format!("Accounts/{}/Deals?fields=Deal_Name", accounts[1]))
        .await;
    assert_eq!((none.status, none.text.as_str()), (204, ""));
}

#[tokio::test]
async fn an_unknown_relation_and_an_unknown_parent_are_told_apart() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let relation = world
        .get(&format!("Accounts/{account}/Kontakte?fields=id"))
        .await;
    assert_eq!(
        (relation.status, &relation.json()["details"]),
        (400, &json!({"resource_path_index": 2}))
    );
    let parent = world
        .get("Accounts/4876876000009999999/Contacts?fields=id")
        .await;
    assert_eq!(
        (parent.status, &parent.json()["details"]),
        (400, &json!({"resource_path_index": 1}))
    );
}

#[tokio::test]
async fn a_product_is_linked_to_a_price_book_with_its_price_and_unlinked_again() {
    let world = World::new().await;
    let product = world
        .simulator
        .seed("Products", [json!({"Product_Name": "Bolt"})])
        .unwrap();
    let book = json!({"Price_Book_Name": "2026", "Pricing_Model": "Flat"});
    let book = world.simulator.seed("Price_Books", [book]).unwrap();
    let (product, book) = (id_of(&product), id_of(&book));
    let path = format!("Price_Books/{book}/Products");
    let body = json!({"data": [{"id": product, "list_price": 4.75}]});
    let linked = world.put(&path, body).await;
    assert_eq!(
        (linked.status, &linked.row(0)["message"]),
        (200, &json!("relation added"))
    );
    let list = world.get(&format!("{path}?fields=Product_Name")).await;
    assert_eq!(list.row(0)["list_price"], json!(4.75));
    let back = world
        .get(&format!(
            "Products/{product}/Price_Books?fields=Price_Book_Name"
        ))
        .await;
    assert_eq!(
        back.row(0)["Price_Book_Name"],
        "2026",
        "the link has two ends"
    );
    let unlinked = world.delete(&format!("{path}?ids={product}")).await;
    assert_eq!(unlinked.row(0)["message"], "relation removed");
    assert_eq!(world.get(&format!("{path}?fields=id")).await.status, 204);
    let again = world.delete(&format!("{path}/{product}")).await;
    assert_eq!(
        (again.status, &again.row(0)["message"]),
        (400, &json!("the related id given seems to be invalid"))
    );
}

#[tokio::test]
async fn a_list_that_follows_look_ups_cannot_be_written() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let body = json!({"data": [{"id": "4876876000009999999"}]});
    let answer = world
        .put(&format!("Accounts/{account}/Contacts"), body)
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "CANNOT_BE_UPDATED")
    );
}

#[tokio::test]
async fn notes_are_written_below_their_record_and_read_from_both_ends() {
    let world = World::new().await;
    let accounts = world.seed_accounts(2);
    let (account, other) = (&accounts[0], &accounts[1]);
    let path = format!("Accounts/{account}/Notes");
    let body = json!({"data": [{"Note_Title": "Call", "Note_Content": "Wants an offer"}]});
    let added = world.post(&path, body).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let id = added.row(0)["details"]["id"].as_str().unwrap().to_owned();
    let list = world
        .get(&format!("{path}?fields=Note_Title,Note_Content,Parent_Id"))
        .await;
    assert_eq!(list.row(0)["Note_Content"], "Wants an offer");
    assert_eq!(list.row(0)["Parent_Id"]["module"]["api_name"], "Accounts");
    assert_eq!(list.row(0)["Parent_Id"]["id"], account.as_str());
    let changed = world
        .put(
            &format!("{path}/{id}"),
            json!({"data": [{"Note_Content": "Has an offer"}]}),
        )
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let note = world.get(&format!("Notes/{id}?fields=Note_Content")).await;
    assert_eq!(note.row(0)["Note_Content"], "Has an offer");
    let elsewhere = world.delete(&format!("Accounts/{other}/Notes/{id}")).await;
    assert_eq!(elsewhere.status, 400, "a note of another record");
    assert_eq!(world.delete(&format!("{path}?ids={id}")).await.status, 200);
    assert_eq!(world.get(&format!("{path}?fields=id")).await.status, 204);
}

#[tokio::test]
async fn a_note_names_its_parent_and_the_parents_module() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let note = |module: &str| json!({"data": [{"Note_Content": "x", "Parent_Id": {"id": account, "module": {"api_name": module}}}]});
    assert_eq!(world.post("Notes", note("Accounts")).await.status, 201);
    let wrong = world.post("Notes", note("Contacts")).await;
    assert_eq!(
        (wrong.status, &wrong.row(0)["code"]),
        (400, &json!("INVALID_DATA"))
    );
    let orphan = world
        .post("Notes", json!({"data": [{"Note_Content": "x"}]}))
        .await;
    assert_eq!(orphan.row(0)["code"], "MANDATORY_NOT_FOUND");
}

#[tokio::test]
async fn the_metadata_names_every_related_list_that_works() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let lists = world
        .get("settings/related_lists?module=Accounts")
        .await
        .json()["related_lists"]
        .clone();
    let names: Vec<String> = lists
        .as_array()
        .unwrap()
        .iter()
        .map(|list| list["api_name"].as_str().unwrap().to_owned())
        .collect();
    for name in [
        "Notes",
        "Contacts",
        "Deals",
        "Quotes",
        "Sales_Orders",
        "Invoices",
        "Products",
        "Child_Accounts",
    ] {
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
    }
    for name in names.iter().filter(|name| *name != "Attachments") {
        let list = world
            .get(&format!("Accounts/{account}/{name}?fields=id"))
            .await;
        assert_eq!(list.status, 204, "{name}: {}", list.text);
    }
    let id = lists[0]["id"].as_str().unwrap();
    let one = world
        .get(&format!("settings/related_lists/{id}?module=Accounts"))
        .await;
    assert_eq!(one.json()["related_lists"][0]["id"], id);
}

#[tokio::test]
async fn what_belonged_to_a_deleted_record_can_still_be_listed() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let contact = json!({"Last_Name": "Berg", "Account_Name": {"id": account}});
    world.simulator.seed("Contacts", [contact]).unwrap();
    let path = format!("Accounts/deleted/{account}/Contacts?fields=Last_Name");
    let early = world.get(&path).await;
    assert_eq!(
        early.json()["details"]["resource_path_index"],
        2,
        "not deleted"
    );
    world.delete(&format!("Accounts/{account}")).await;
    let list = world.get(&path).await;
    assert_eq!(list.column("Last_Name"), ["Berg"], "{}", list.text);
}
