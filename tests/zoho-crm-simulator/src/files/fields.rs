//! Fields that hold files (reference: zoho-crm-v8 section 3, `fileupload`).

use super::StoredFile;
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::schema::{DataType, Field, Module};
use crate::store::Id;
use crate::world::World;

/// What a field holds after a write: a stored file is added, `_delete` removes one, and one that is not named stays.
pub(crate) fn apply(
    world: &mut World,
    field: &Field,
    old: &Json,
    value: &Json,
    path: &str,
) -> Result<Json, Failure> {
    if value.is_null() {
        return Ok(Json::Null);
    }
    let name = field.api_name.as_str();
    let rows = value.as_array();
    let rows = rows.ok_or_else(|| Failure::wrong_type("jsonarray", name, path))?;
    let mut held = old.as_array().unwrap_or_default().to_vec();
    for (index, row) in rows.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let row = row.as_object();
        let row = row.ok_or_else(|| Failure::wrong_type("jsonobject", name, &path))?;
        if let Some(id) = row.get("id").and_then(Json::as_id_text) {
            let place = held.iter().position(|file| text(file, "id") == Some(id));
            let place = place.ok_or_else(|| Failure::invalid_id("id", &format!("{path}.id")))?;
            if row.contains("_delete") {
                held.remove(place);
            }
            continue;
        }
        let stored = row.get("File_Id__s").and_then(Json::as_str);
        let stored = stored.and_then(|id| Some((id, world.files.stored.get(id)?)));
        let (file_id, file) = stored
            .ok_or_else(|| Failure::invalid_id("File_Id__s", &format!("{path}.File_Id__s")))?;
        let (file_name, size) = (file.name.clone(), file.bytes.len().to_string());
        let mut added = object! {
            "File_Id__s" => file_id,
            "File_Name__s" => file_name,
            "Size__s" => size,
        };
        added.set("id", world.store.next_id().to_string());
        held.push(Json::Object(added));
    }
    Ok(Json::Array(held))
}

/// `GET /{module}/{id}/actions/download_fields_attachment`.
pub(crate) fn download(
    world: &World,
    module: &Module,
    id: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let wanted = call.param("fields_attachment_id");
    let wanted = wanted.ok_or_else(|| Failure::param_missing("fields_attachment_id"))?;
    let number: Id = id.parse().unwrap_or_default();
    let file = held(world, module, number, wanted).ok_or_else(|| {
        let message = "the id given seems to be invalid";
        let details = object! { "resource_path_index" => 1 };
        Failure::new(400, "INVALID_DATA", message, details)
    })?;
    Ok(Answer::file(
        &file.name,
        "application/x-download",
        file.bytes.clone(),
    ))
}

/// The file that a record holds in any of its fields under this id.
fn held<'w>(world: &'w World, module: &Module, record: Id, wanted: &str) -> Option<&'w StoredFile> {
    let record = world.store.record(&module.api_name, record)?;
    let fields = module.fields.iter();
    let fields = fields.filter(|field| field.data_type == DataType::File);
    let mut files = fields
        .filter_map(|field| record.value(&field.api_name).as_array())
        .flatten();
    let file = files.find(|file| text(file, "id") == Some(wanted))?;
    world.files.stored.get(text(file, "File_Id__s")?)
}

fn text<'j>(file: &'j Json, name: &str) -> Option<&'j str> {
    file.get(name).and_then(Json::as_str)
}
