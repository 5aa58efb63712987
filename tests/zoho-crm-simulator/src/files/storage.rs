//! Files kept for file fields: uploaded before the record that names them.

use http::Method;

use super::{StoredFile, files_of};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::rows;
use crate::world::World;

/// Most files of one request.
const MOST_FILES: usize = 10;
/// Largest file.
const MOST_BYTES: usize = 20 * 1024 * 1024;

/// `POST /files` and `GET /files?id=`.
pub(crate) fn storage(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    if call.method == Method::GET {
        let id = call
            .param("id")
            .ok_or_else(|| Failure::param_missing("id"))?;
        // An unknown file gives an empty answer.
        return Ok(match world.files.stored.get(id) {
            Some(file) => Answer::file(&file.name, "application/x-download", file.bytes.clone()),
            None => Answer::empty(204),
        });
    }
    let files = files_of(call, MOST_FILES, MOST_BYTES)?;
    let mut uploaded: Vec<Json> = Vec::new();
    for part in files {
        let file = StoredFile::of(part);
        let id = format!("{}{}", world.rng.hex(), world.rng.hex());
        let details = object! { "name" => file.name.as_str(), "id" => id.as_str() };
        uploaded.push(rows::success(details, "file uploaded successfully"));
        world.files.stored.insert(id, file);
    }
    Ok(Answer::json(200, object! { "data" => uploaded }))
}
