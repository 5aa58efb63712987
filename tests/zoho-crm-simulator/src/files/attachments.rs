//! Attachments: files and links that hang on records.

use http::Method;
use jiff::Timestamp;

use super::{StoredFile, files_of};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{page_bounds, requested_fields, user_reference};
use crate::routes::RelatedPath;
use crate::rows;
use crate::schema::Module;
use crate::store::Id;
use crate::world::World;

/// Largest body of an upload.
const MOST_BYTES: usize = 100 * 1024 * 1024;
/// Most ids of a deletion.
const MOST_IDS: usize = 100;

/// An attachment.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(super) parent: Id,
    name: String,
    content: Content,
    created: Timestamp,
    by: String,
}

#[derive(Debug, Clone)]
enum Content {
    File(StoredFile),
    Link(String),
}

fn parent_of(world: &World, module: &Module, path: &RelatedPath) -> Result<Id, Failure> {
    let parent: Id = path.id.parse().unwrap_or_default();
    if world.store.record(&module.api_name, parent).is_some() {
        return Ok(parent);
    }
    let message = "the related id given seems to be invalid";
    let details = object! { "related_status" => "invalid", "resource_path_index" => 1 };
    Err(Failure::new(400, "INVALID_DATA", message, details))
}

/// All verbs of `/{module}/{id}/Attachments`.
pub(crate) fn attachments(
    world: &mut World,
    module: &Module,
    path: &RelatedPath,
    call: &Call,
) -> Result<Answer, Failure> {
    let parent = parent_of(world, module, path)?;
    match call.method.as_str() {
        "GET" => list(world, parent, call),
        "POST" => attach(world, parent, call),
        "DELETE" => {
            let ids = rows::ids(call, MOST_IDS)?;
            let results = ids.iter().map(|id| remove(world, parent, id)).collect();
            Ok(rows::answer("data", results, 200, 207))
        }
        _ => Err(Failure::invalid_method(
            world.settings.behaviour.wrong_method_status,
            2,
        )),
    }
}

/// All verbs of `/{module}/{id}/Attachments/{attachment}`.
pub(crate) fn attachment(
    world: &mut World,
    module: &Module,
    path: &RelatedPath,
    id: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let parent = parent_of(world, module, path)?;
    if call.method == Method::DELETE {
        let result = remove(world, parent, id);
        return Ok(rows::answer("data", vec![result], 200, 207));
    }
    let number: Id = id.parse().unwrap_or_default();
    let found = world.files.attachments.get(&number);
    let Some(found) = found.filter(|found| found.parent == parent) else {
        return Ok(Answer::empty(204));
    };
    match &found.content {
        Content::File(file) => Ok(Answer::file(
            &file.name,
            "application/x-download",
            file.bytes.clone(),
        )),
        Content::Link(_) => {
            let message = "a link cannot be downloaded";
            Err(Failure::new(400, "INVALID_DATA", message, object! {}))
        }
    }
}

fn list(world: &World, parent: Id, call: &Call) -> Result<Answer, Failure> {
    let fields = requested_fields(call)?;
    let bounds = page_bounds(call)?;
    let wanted = match call.param("ids") {
        Some(_) => Some(rows::ids(call, MOST_IDS)?),
        None => None,
    };
    let mut found = Vec::new();
    for (id, attachment) in world.files.attachments.iter().rev() {
        let asked = wanted
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&id.to_string()));
        if attachment.parent == parent && asked {
            found.push(Json::Object(render(world, *id, attachment, &fields)));
        }
    }
    Ok(rows::page("data", found, bounds))
}

fn render(world: &World, id: Id, attachment: &Attachment, fields: &[String]) -> Object {
    let user = || user_reference(world, &attachment.by, true);
    let (size, kind, link) = match &attachment.content {
        Content::File(file) => (file.bytes.len(), "Attachment", Json::Null),
        Content::Link(url) => (0, "Link URL", Json::from(url)),
    };
    let module = world.store.module_of(attachment.parent);
    let parent = object! {
        "name" => module.and_then(|module| {
            crate::records::lookup_name(world, module, &attachment.parent.to_string())
        }),
        "id" => attachment.parent.to_string(),
    };
    let all = object! {
        "File_Name" => attachment.name.as_str(),
        "Size" => size.to_string(),
        "Parent_Id" => parent,
        "Owner" => user(),
        "Created_By" => user(),
        "Modified_By" => user(),
        "Created_Time" => world.time_text(attachment.created),
        "Modified_Time" => world.time_text(attachment.created),
    };
    let mut shown = Object::new();
    for field in fields {
        if let Some(value) = all.get(field) {
            shown.set(field.as_str(), value.clone());
        }
    }
    shown.set("id", id.to_string());
    for (name, value) in [
        ("$file_id", Json::from(format!("{id:x}"))),
        ("$type", Json::from(kind)),
        ("$se_module", Json::from(module)),
        ("$editable", Json::Bool(true)),
        ("$state", Json::from("save")),
        ("$link_url", link),
    ] {
        shown.set(name, value);
    }
    shown
}

/// A file from the body, or a link from a parameter, a form field or an urlencoded body.
fn attach(world: &mut World, parent: Id, call: &Call) -> Result<Answer, Failure> {
    let form: Vec<(String, String)> = if call.parts.is_empty() {
        url::form_urlencoded::parse(&call.body)
            .into_owned()
            .collect()
    } else {
        let texts = call.parts.iter().filter(|part| part.file_name.is_none());
        texts
            .map(|part| {
                let text = String::from_utf8_lossy(&part.bytes).into_owned();
                (part.name.clone(), text)
            })
            .collect()
    };
    let given = |name: &str| {
        let in_form = || {
            let mut pairs = form.iter();
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
        };
        call.param(name).or_else(in_form)
    };
    let (name, content) = match given("attachmentUrl") {
        Some(url) => {
            let name = given("title").unwrap_or(url).to_owned();
            (name, Content::Link(url.to_owned()))
        }
        None => {
            let files = files_of(call, 1, MOST_BYTES)?;
            let file = files.first().map(|part| StoredFile::of(part));
            let file = file.ok_or_else(|| Failure::mandatory("file", "$.file"))?;
            (file.name.clone(), Content::File(file))
        }
    };
    let id = world.store.next_id();
    let (now, by) = (world.stamp(), world.settings.api_user());
    let user = user_reference(world, &by, true);
    let attachment = Attachment {
        parent,
        name,
        content,
        created: now,
        by,
    };
    world.files.attachments.insert(id, attachment);
    let details = object! {
        "Modified_Time" => world.time_text(now),
        "Modified_By" => user.clone(),
        "Created_Time" => world.time_text(now),
        "id" => id.to_string(),
        "Created_By" => user,
    };
    let row = rows::success(details, "attachment uploaded successfully");
    Ok(Answer::json(200, object! { "data" => vec![row] }))
}

fn remove(world: &mut World, parent: Id, id: &str) -> Result<Json, Failure> {
    let number: Id = id.parse().unwrap_or_default();
    let known = world.files.attachments.get(&number);
    if known.is_none_or(|attachment| attachment.parent != parent) {
        let message = "record not deleted";
        return Err(Failure::new(
            400,
            "INVALID_DATA",
            message,
            object! { "id" => id },
        ));
    }
    world.files.attachments.remove(&number);
    Ok(rows::success(object! { "id" => id }, "record deleted"))
}
