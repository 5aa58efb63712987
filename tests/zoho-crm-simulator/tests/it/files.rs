//! Attachments, stored files and pictures.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use zoho_crm_simulator::{CustomField, ZohoSimulator};

use crate::support::{Reply, World, reply};

fn form(name: &str, content: &'static [u8], kind: &str) -> Form {
    let part = Part::bytes(content).file_name(name.to_owned());
    Form::new().part("file", part.mime_str(kind).unwrap())
}

async fn upload(world: &World, path: &str, form: Form) -> Reply {
    reply(world.request(Method::POST, path).multipart(form)).await
}

#[tokio::test]
async fn a_file_is_attached_listed_downloaded_and_deleted() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let path = format!("Accounts/{account}/Attachments");
    let none = world.get(&format!("{path}?fields=File_Name")).await;
    assert_eq!(none.status, 204);
    let added = upload(&world, &path, form("offer.txt", b"100 bolts", "text/plain")).await;
    assert_eq!(added.status, 200, "{}", added.text);
    let id = added.row(0)["details"]["id"].as_str().unwrap().to_owned();
    let list = world
        .get(&format!("{path}?fields=File_Name,Size,Parent_Id"))
        .await;
    assert_eq!(
        (&list.row(0)["File_Name"], &list.row(0)["Size"]),
        (&json!("offer.txt"), &json!("9"))
    );
    assert_eq!(
        list.row(0)["Parent_Id"],
        json!({"name": "A1", "id": account})
    );
    assert_eq!(world.get(&path).await.code(), "REQUIRED_PARAM_MISSING");
    let content = world.get(&format!("{path}/{id}")).await;
    assert_eq!(content.text, "100 bolts");
    let name = content.headers["content-disposition"].to_str().unwrap();
    assert_eq!(name, "attachment;filename=\"offer.txt\"");
    assert_eq!(world.delete(&format!("{path}/{id}")).await.status, 200);
    assert_eq!(world.get(&format!("{path}/{id}")).await.status, 204);
    assert_eq!(world.delete(&format!("{path}?ids={id}")).await.status, 400);
}

#[tokio::test]
async fn a_link_is_attached_but_cannot_be_downloaded() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let path = format!("Accounts/{account}/Attachments");
    let link = "https://example.com/offer";
    let request = world
        .request(Method::POST, &path)
        .query(&[("attachmentUrl", link)]);
    let added = reply(request).await;
    let id = added.row(0)["details"]["id"].as_str().unwrap().to_owned();
    let list = world.get(&format!("{path}?fields=File_Name")).await;
    assert_eq!(list.row(0)["$link_url"], link);
    let download = world.get(&format!("{path}/{id}")).await;
    assert_eq!(
        (download.status, download.code().as_str()),
        (400, "INVALID_DATA")
    );
    let nothing = reply(world.request(Method::POST, &path)).await;
    assert_eq!(nothing.code(), "INVALID_REQUEST");
    let unknown = world
        .get("Accounts/4876876000009999999/Attachments?fields=id")
        .await;
    assert_eq!(unknown.json()["details"]["related_status"], "invalid");
}

#[tokio::test]
async fn files_are_kept_under_an_id_and_too_many_are_refused() {
    let world = World::new().await;
    let two = form("a.txt", b"A", "text/plain")
        .part("file", Part::bytes(b"B".as_slice()).file_name("b.txt"));
    let stored = upload(&world, "files", two).await;
    assert_eq!(stored.status, 200, "{}", stored.text);
    assert_eq!(stored.row(1)["details"]["name"], "b.txt");
    let id = stored.row(0)["details"]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("files?id={id}")).await.text, "A");
    assert_eq!(world.get("files?id=unknown").await.status, 204);
    let many = (0..11).fold(Form::new(), |form, _| {
        form.part("file", Part::bytes(b"x".as_slice()).file_name("x"))
    });
    assert_eq!(upload(&world, "files", many).await.code(), "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_record_has_one_picture() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let path = format!("Accounts/{account}/photo");
    assert_eq!(world.get(&path).await.status, 204);
    let text = upload(&world, &path, form("a.txt", b"A", "text/plain")).await;
    assert_eq!((text.status, text.code().as_str()), (400, "INVALID_DATA"));
    let picture = upload(&world, &path, form("a.png", b"PNG", "image/png")).await;
    assert_eq!(picture.json()["message"], "photo uploaded successfully");
    let shown = world.get(&path).await;
    assert_eq!(
        (
            shown.text.as_str(),
            shown.headers["content-type"].to_str().unwrap()
        ),
        ("PNG", "image/png")
    );
    let record = world.get(&format!("Accounts/{account}")).await;
    assert!(record.row(0)["Record_Image"].is_string());
    assert_eq!(world.delete(&path).await.json()["message"], "Photo deleted");
    assert_eq!(world.get(&path).await.status, 204);
}

#[tokio::test]
async fn a_field_holds_files_that_were_stored_before_and_hands_them_out() {
    let field = CustomField::new("Accounts", "Contracts", "fileupload");
    let world = World::with(ZohoSimulator::builder().custom_field(field)).await;
    let account = world.seed_accounts(1).remove(0);
    let mut stored = Vec::new();
    for (name, content) in [("a.txt", &b"first"[..]), ("b.txt", b"second one")] {
        let uploaded = upload(&world, "files", form(name, content, "text/plain")).await;
        stored.push(
            uploaded.row(0)["details"]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let path = format!("Accounts/{account}");
    let write = |files: serde_json::Value| {
        let body = json!({"data": [{"Contracts": files}]});
        let request = world.request(Method::PUT, &path).json(&body);
        async move { reply(request).await }
    };
    assert_eq!(
        write(json!([{"File_Id__s": "guessed"}])).await.row(0)["code"],
        "INVALID_DATA"
    );
    for id in &stored {
        assert_eq!(write(json!([{"File_Id__s": id}])).await.status, 200);
    }
    let held = world.get(&path).await.row(0)["Contracts"].clone();
    assert_eq!(
        [
            &held[0]["File_Name__s"],
            &held[1]["File_Name__s"],
            &held[1]["Size__s"]
        ],
        ["a.txt", "b.txt", "10"]
    );
    let ids = [&held[0]["id"], &held[1]["id"]].map(|id| id.as_str().unwrap().to_owned());
    let download = |id: &str| {
        let path = format!("{path}/actions/download_fields_attachment?fields_attachment_id={id}");
        let world = &world;
        async move { world.get(&path).await }
    };
    assert_eq!(download(&ids[1]).await.text, "second one");
    assert_eq!(
        write(json!([{"id": ids[0], "_delete": null}])).await.status,
        200
    );
    let held = world.get(&path).await.row(0)["Contracts"].clone();
    assert_eq!(held.as_array().unwrap().len(), 1);
    assert_eq!(held[0]["id"].as_str(), Some(ids[1].as_str()));
    assert_eq!(download(&ids[0]).await.code(), "INVALID_DATA");
}
