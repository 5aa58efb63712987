//! Giving records to another user (reference: zoho-crm-v8 section 12.1, change_owner.json).

use crate::exchange::Answer;
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::locks;
use crate::records;
use crate::rows;
use crate::schema::Module;
use crate::store::Id;
use crate::world::World;

/// Most records of a request.
const MOST_IDS: usize = 500;

/// The user a body's `owner` names.
pub(crate) fn owner_of(world: &World, body: &Json) -> Result<String, Failure> {
    let path = "$.owner.id";
    let owner = body.get("owner").or_else(|| body.get("Owner"));
    let owner = owner.ok_or_else(|| Failure::mandatory("owner", "$.owner"))?;
    let id = owner.get("id").and_then(Json::as_id_text);
    let id = id.ok_or_else(|| Failure::mandatory("id", path))?;
    let user = world.settings.user(id);
    let user = user.ok_or_else(|| Failure::invalid_id("id", path))?;
    Ok(user.id.clone())
}

/// `POST /{module}/{id}/actions/change_owner` and `POST /{module}/actions/change_owner`.
pub(crate) fn change_owner(
    world: &mut World,
    module: &Module,
    id: Option<&str>,
    body: &Json,
) -> Result<Answer, Failure> {
    let owner = owner_of(world, body)?;
    let ids: Vec<String> = match id {
        Some(id) => vec![id.to_owned()],
        None => {
            let ids = body.get("ids").and_then(Json::as_array);
            let ids = ids.ok_or_else(|| Failure::mandatory("ids", "$.ids"))?;
            let ids = ids.iter().filter_map(Json::as_id_text);
            ids.map(str::to_owned).collect()
        }
    };
    if ids.len() > MOST_IDS {
        return Err(Failure::limit_exceeded(500, "ids"));
    }
    let mut changes = Vec::new();
    let mut results = Vec::with_capacity(ids.len());
    for (index, text) in ids.iter().enumerate() {
        results.push(give(world, module, text, index, &owner).map(|change| {
            changes.push(change);
            rows::success(
                object! { "id" => text.as_str() },
                "owner is successfully updated",
            )
        }));
    }
    let failed = results.len() - changes.len();
    records::settle(world, module, &changes, failed);
    Ok(rows::answer("data", results, 200, 207))
}

fn give(
    world: &mut World,
    module: &Module,
    id: &str,
    index: usize,
    owner: &str,
) -> Result<records::Change, Failure> {
    let number: Id = id.parse().unwrap_or_default();
    let record = world.store.record(&module.api_name, number).cloned();
    let record = record.ok_or_else(|| Failure::invalid_id("id", &format!("$.ids[{index}]")))?;
    locks::check(world, number, "update")?;
    Ok(records::set_owner(world, module, &record, owner))
}
