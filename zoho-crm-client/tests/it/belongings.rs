//! What belongs to a record, over the wire: related lists, notes, attachments, pictures, files.

use client_core::TransportErrorKind;
use futures::TryStreamExt;
use serde_json::{Value, json};
use zoho_crm_client::{
    Attachment, Error, FileUpload, NewNote, Note, Record, RecordApi, RecordId, ZohoClient,
};

use crate::support::{inserted, query, refusal, script, scripted};

fn id(text: &str) -> RecordId {
    text.parse().unwrap()
}

fn account(client: &ZohoClient) -> RecordApi {
    client.module("Accounts").record(&id("12"))
}

fn related(ids: &[&str], more: bool) -> String {
    let data: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    json!({"data": data, "info": {"per_page": 200, "count": ids.len(), "page": 1, "more_records": more}})
        .to_string()
}

fn linked(id: &str) -> Value {
    json!({"code": "SUCCESS", "details": {"id": id}, "message": "relation added", "status": "success"})
}

#[tokio::test]
async fn a_related_list_is_read_page_by_page() {
    let transport = script()
        .answer(200, related(&["1", "2"], true))
        .answer(200, related(&["3"], false));
    let (client, _) = scripted(&transport);
    let contacts = account(&client).related("Contacts").list();
    let contacts: Vec<Record> = contacts
        .fields(["Last_Name"])
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(contacts.len(), 3);
    let requests = transport.requests();
    assert_eq!(requests[1].uri().path(), "/crm/v8/Accounts/12/Contacts");
    assert_eq!(query(&requests[2], "page").as_deref(), Some("2"));
}

#[tokio::test]
async fn a_relation_that_is_refused_does_not_hide_the_others_and_links_may_be_repeated() {
    let refused = json!({"code": "INVALID_DATA", "details": {"api_name": "id", "json_path": "$.data[1].id"}, "message": "the related id given seems to be invalid", "status": "error"});
    let transport = script()
        .failure(TransportErrorKind::Interrupted)
        .answer(207, json!({"data": [linked("34"), refused]}).to_string());
    let (client, _) = scripted(&transport);
    let book = client.module("Price_Books").record(&id("12"));
    let row = |id: &str| Record::new().with("id", id).with("list_price", 5_i64);
    let rows = book
        .related("Products")
        .link(vec![row("34"), row("35")])
        .await
        .unwrap()
        .into_rows();
    assert_eq!(rows[0].as_ref().unwrap().id, "34");
    assert_eq!(
        rows[1].as_ref().unwrap_err().json_path(),
        Some("$.data[1].id")
    );
    assert_eq!(transport.requests().len(), 3);
}

#[tokio::test]
async fn a_note_whose_answer_is_lost_is_not_added_again() {
    let transport = script().failure(TransportErrorKind::Interrupted);
    let (client, _) = scripted(&transport);
    let notes = account(&client).notes();
    let error = notes.add(&[NewNote::new("Called")]).await.unwrap_err();
    assert!(error.may_have_been_applied());
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test]
async fn notes_have_an_outcome_each() {
    let empty = json!({"code": "MANDATORY_NOT_FOUND", "details": {"api_name": "Note_Content", "json_path": "$.data[1].Note_Content"}, "message": "required field not found", "status": "error"});
    // Older answers to a part that failed come with 202.
    for status in [207, 202] {
        let transport = script().answer(status, json!({"data": [inserted(1), empty]}).to_string());
        let (client, _) = scripted(&transport);
        let notes = [NewNote::new("Called"), NewNote::new("")];
        let rows = account(&client).notes().add(&notes).await.unwrap();
        let failure = rows.all_ok().unwrap_err();
        assert_eq!(failure.written[0].1.id, "1");
        assert_eq!(failure.failed[0].1.field().unwrap(), "Note_Content");
    }
}

#[tokio::test]
async fn notes_are_listed_changed_and_deleted() {
    let note = json!({"data": [{"id": "7", "Note_Title": null, "Note_Content": "Called", "Parent_Id": {"id": "12", "name": "Müller", "module": {"api_name": "Accounts", "id": "3"}},
        "Created_Time": "2026-11-20T11:00:00+01:00", "$size": null}], "info": {"more_records": false}});
    let transport = script()
        .answer(200, note.to_string())
        .answer(200, json!({"data": [inserted(7)]}).to_string());
    let (client, _) = scripted(&transport);
    let notes: Vec<Note> = account(&client)
        .notes()
        .list()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(notes[0].content.value().unwrap(), "Called");
    assert!(notes[0].parent.value().unwrap().other.contains("module"));
    let all = client.typed_module::<Note>();
    let change = Record::new().with("id", "7").with("Note_Content", "Mailed");
    let outcomes = all.update(vec![change]).send().await.unwrap();
    assert_eq!(outcomes.all_ok().unwrap().len(), 1);
    assert_eq!(transport.requests()[2].uri().path(), "/crm/v8/Notes");
}

#[tokio::test]
async fn an_attachment_goes_up_comes_down_and_goes() {
    let file = http::Response::builder()
        .header("Content-Disposition", "attachment; filename=\"offer.pdf\"")
        .header("Content-Type", "application/x-download")
        .body("%PDF".into())
        .unwrap();
    let listed = json!({"data": [{"id": "34", "File_Name": "offer.pdf", "Size": "4", "$link_url": null, "$file_id": "abc", "$type": "Attachment"}], "info": {"more_records": false}});
    let deleted = json!({"data": [{"code": "SUCCESS", "details": {"id": "34"}, "message": "record deleted", "status": "success"}]});
    let transport = script()
        .answer(200, json!({"data": [{"code": "SUCCESS", "details": {"id": "34"}, "message": "attachment uploaded successfully", "status": "success"}]}).to_string())
        .answer(200, listed.to_string())
        .response(file)
        .answer(200, deleted.to_string());
    let (client, _) = scripted(&transport);
    let attachments = account(&client).attachments();
    let upload = FileUpload::new("offer.pdf", "%PDF").content_type("application/pdf");
    let written = attachments.upload(&upload).await.unwrap();
    let listed: Vec<Attachment> = attachments.list().stream().try_collect().await.unwrap();
    assert_eq!(listed[0].size.value().unwrap().0, 4);
    let download = attachments.download(&written.id).await.unwrap().unwrap();
    assert_eq!(
        (download.name.as_deref(), &download.content[..]),
        (Some("offer.pdf"), &b"%PDF"[..])
    );
    let outcomes = attachments.delete(&[written.id]).await.unwrap();
    assert!(outcomes.all_ok().is_ok());
    let requests = transport.requests();
    let body = String::from_utf8(requests[1].body().to_vec()).unwrap();
    assert!(body.contains(
        "name=\"file\"; filename=\"offer.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--"
    ));
    assert!(query(&requests[2], "fields").unwrap().contains("File_Name"));
    assert_eq!(query(&requests[4], "ids").as_deref(), Some("34"));
}

#[tokio::test]
async fn an_upload_whose_answer_is_lost_is_not_repeated_but_a_picture_is() {
    let transport = script()
        .failure(TransportErrorKind::Timeout)
        .failure(TransportErrorKind::Timeout)
        .failure(TransportErrorKind::Timeout)
        .answer(200, json!({"code": "SUCCESS", "details": {}, "message": "photo uploaded successfully", "status": "success"}).to_string());
    let (client, _) = scripted(&transport);
    let file = FileUpload::new("a.png", "x").content_type("image/png");
    for error in [
        account(&client)
            .attachments()
            .upload(&file)
            .await
            .unwrap_err(),
        client.files().upload(&file).await.unwrap_err(),
    ] {
        assert!(error.may_have_been_applied() && matches!(error, Error::Transport { .. }));
    }
    assert_eq!(transport.requests().len(), 3);
    account(&client).photo().upload(&file).await.unwrap();
    assert_eq!(transport.requests().len(), 5);
}

#[tokio::test]
async fn a_file_is_read_piece_by_piece_and_json_may_be_one() {
    let file = http::Response::builder()
        .header(
            "Content-Disposition",
            "attachment; filename*=UTF-8''%C3%BC.json",
        )
        .header("Content-Type", "application/json")
        .body(refusal("INVALID_DATA").to_string().into())
        .unwrap();
    let transport = script()
        .response(file)
        .answer(204, "")
        .answer(503, "busy")
        .answer(400, refusal("INVALID_DATA").to_string());
    let (client, _) = scripted(&transport);
    let attachments = account(&client).attachments();
    let mut file = attachments
        .download_stream(&id("34"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(file.name.as_deref(), Some("ü.json"));
    assert!(!file.content.piece().await.unwrap().unwrap().is_empty());
    assert!(file.content.piece().await.is_none());
    assert!(
        attachments
            .download_stream(&id("34"))
            .await
            .unwrap()
            .is_none()
    );
    // Repeated after a server error, for nothing had arrived.
    let error = attachments.download_stream(&id("34")).await.unwrap_err();
    assert_eq!(error.api_error().unwrap().code(), "INVALID_DATA");
    assert_eq!(transport.requests().len(), 5);
}

#[tokio::test]
async fn what_is_no_file_is_not_taken_for_one() {
    let page = http::Response::builder()
        .header("Content-Type", "text/html")
        .body("<html>".into())
        .unwrap();
    let transport = script()
        .response(page)
        .answer(204, "")
        .answer(400, refusal("INVALID_DATA").to_string());
    let (client, _) = scripted(&transport);
    let photo = account(&client).photo();
    assert!(matches!(photo.get().await, Err(Error::NotJson { .. })));
    assert!(photo.get().await.unwrap().is_none());
    let error = photo.get().await.unwrap_err();
    assert_eq!(error.api_error().unwrap().code(), "INVALID_DATA");
}

/// Callers spawn these on multi-threaded runtimes.
#[test]
fn futures_can_move_between_threads() {
    fn check<T: Send>(_: T) {}
    let (client, _) = scripted(&script());
    let account = account(&client);
    let file = FileUpload::new("a", "x");
    check(account.get());
    check(account.related("Contacts").list().stream());
    check(account.related("Contacts").link(Vec::new()));
    check(account.notes().add(&[]));
    check(account.attachments().upload(&file));
    check(account.photo().get());
    check(client.files().upload(&file));
    check(
        client
            .module("Quotes")
            .replace_rows(&id("1"), "Quoted_Items", Vec::new())
            .send(),
    );
}
