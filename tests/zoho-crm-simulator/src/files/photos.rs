//! Pictures of records.

use http::Method;

use super::{StoredFile, files_of};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::schema::Module;
use crate::store::Id;
use crate::world::World;

/// Largest picture.
const MOST_BYTES: usize = 10 * 1024 * 1024;

/// All verbs of `/{module}/{id}/photo`.
pub(crate) fn photo(
    world: &mut World,
    module: &Module,
    id: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let number: Id = id.parse().unwrap_or_default();
    if world.store.record(&module.api_name, number).is_none() {
        let message = "the id given seems to be invalid";
        let details = object! { "resource_path_index" => 1 };
        return Err(Failure::new(400, "INVALID_DATA", message, details));
    }
    if module.field("Record_Image").is_none() {
        let message = "the module has no record image";
        let details = object! { "resource_path_index" => 0 };
        return Err(Failure::new(400, "INVALID_MODULE", message, details));
    }
    let done = |message: &str| {
        let details = Json::Object(object! {});
        let body = object! { "code" => "SUCCESS", "details" => details, "message" => message, "status" => "success" };
        Answer::json(200, body)
    };
    if call.method == Method::GET {
        return Ok(match world.files.photos.get(&number) {
            Some(file) => Answer::file(&file.name, &file.content_type, file.bytes.clone()),
            None => Answer::empty(204),
        });
    }
    if call.method == Method::DELETE {
        world.files.photos.remove(&number);
        return Ok(done("Photo deleted"));
    }
    let files = files_of(call, 1, MOST_BYTES)?;
    let file = files.first().map(|part| StoredFile::of(part));
    let file = file.filter(|file| file.content_type.starts_with("image/"));
    let file = file.ok_or_else(|| {
        let message = "the file is no picture";
        Failure::new(400, "INVALID_DATA", message, object! {})
    })?;
    world.files.photos.insert(number, file);
    Ok(done("photo uploaded successfully"))
}
