//! The pipelines of deals and their stages.

use super::layouts::layout_id;
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::world::World;

/// `GET /settings/pipeline?layout_id=`.
pub(crate) fn pipelines(world: &World, call: &Call) -> Result<Answer, Failure> {
    Ok(Answer::json(
        200,
        object! { "pipeline" => render_all(world, call)? },
    ))
}

/// `GET /settings/pipeline/{id}?layout_id=`.
pub(crate) fn pipeline(world: &World, id: &str, call: &Call) -> Result<Answer, Failure> {
    let mut pipelines = render_all(world, call)?;
    pipelines.retain(|pipeline| pipeline.get("id").and_then(Json::as_str) == Some(id));
    if pipelines.is_empty() {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::json(200, object! { "pipeline" => pipelines }))
}

/// Only the layout of deals has pipelines.
fn render_all(world: &World, call: &Call) -> Result<Vec<Json>, Failure> {
    let layout = call
        .param("layout_id")
        .ok_or_else(|| Failure::param_missing("layout_id"))?;
    let deals = world.module("Deals")?;
    if layout != layout_id(&deals) {
        return Err(Failure::invalid_param("layout_id", Object::new()));
    }
    let values = |field: &str| {
        deals
            .field(field)
            .map(|field| field.picklist.clone())
            .unwrap_or_default()
    };
    let all = values("Stage");
    let stages = |pipeline: &str| -> Vec<Object> {
        let own = world.schema.pipelines.get(pipeline);
        let has = |stage: &(usize, &String)| own.is_none_or(|own| own.contains(stage.1));
        let mut shown = Vec::new();
        for (index, stage) in all.iter().enumerate().filter(has) {
            shown.push(render_stage(index, shown.len() + 1, stage));
        }
        shown
    };
    Ok(values("Pipeline")
        .iter()
        .enumerate()
        .map(|(index, name)| {
            Json::Object(object! {
                "id" => format!("48768760000004{index:05}"),
                "display_value" => name.as_str(),
                "actual_value" => name.as_str(),
                "default" => index == 0,
                "child_available" => false,
                "parent" => Json::Null,
                "maps" => stages(name),
            })
        })
        .collect())
}

/// `index` tells the stage from all others, `place` says where it is in its pipeline.
fn render_stage(index: usize, place: usize, stage: &str) -> Object {
    let (category, kind) = match stage {
        "Closed Won" => ("Closed", "Closed Won"),
        stage if stage.starts_with("Closed") => ("Omitted", "Closed Lost"),
        _ => ("Pipeline", "Open"),
    };
    object! {
        "id" => format!("48768760000004{:05}", 100 + index),
        "display_value" => stage,
        "actual_value" => stage,
        "sequence_number" => place,
        "forecast_type" => kind,
        "forecast_category" => object! { "name" => category, "id" => format!("4876876000000490{:03}", category.len()) },
        "colour_code" => Json::Null,
    }
}
