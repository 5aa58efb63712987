//! Custom views: named selections of a module's records (reference: zoho-crm-v8 sections 2.2 and 8).

use std::sync::Arc;

use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::user_reference;
use crate::schema::Module;
use crate::search::Criteria;
use crate::store::Record;
use crate::world::World;

/// A view somebody made.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) module: String,
    pub(crate) name: String,
    /// In the notation of search.
    pub(crate) criteria: String,
}

/// Which records a view shows.
#[derive(Debug)]
pub(crate) enum Selection {
    All,
    Mine,
    Criteria(Box<Criteria>),
}

impl Selection {
    pub(crate) fn shows(&self, world: &World, module: &Module, record: &Record) -> bool {
        match self {
            Self::All => true,
            Self::Mine => record.owner == world.settings.api_user(),
            Self::Criteria(criteria) => criteria.matches(world, module, record),
        }
    }
}

/// The two views every module has, by the end of their id.
const EVERYTHING: u32 = 1;
const MINE: u32 = 2;

fn standard_id(world: &World, module: &Module, number: u32) -> String {
    let position = world.schema.position(&module.api_name);
    format!("48768760000006{:04}{number}", position + 1)
}

/// The selection of a view of that module.
pub(crate) fn selection(
    world: &World,
    module: &Module,
    id: &str,
    details: Object,
) -> Result<Selection, Failure> {
    if id == standard_id(world, module, EVERYTHING) {
        return Ok(Selection::All);
    }
    if id == standard_id(world, module, MINE) {
        return Ok(Selection::Mine);
    }
    let mut own = world.views.iter();
    let view = own.find(|view| view.id == id && view.module == module.api_name);
    let Some(view) = view else {
        let message = "the cvid given seems to be invalid";
        return Err(Failure::new(400, "INVALID_DATA", message, details));
    };
    let criteria = Criteria::parse(module, &view.criteria)?;
    Ok(Selection::Criteria(Box::new(criteria)))
}

/// The rows of a module that the view of a `cvid` parameter shows.
pub(crate) fn keep_shown(
    world: &World,
    module: &Module,
    cvid: Option<&str>,
    rows: &mut Vec<Arc<Record>>,
) -> Result<(), Failure> {
    if let Some(id) = cvid {
        let shown = selection(world, module, id, object! { "param_name" => "cvid" })?;
        rows.retain(|record| shown.shows(world, module, record));
    }
    Ok(())
}

/// Adds a view and says its id.
pub(crate) fn add(
    world: &mut World,
    module: &Module,
    name: &str,
    criteria: &str,
) -> Result<String, Failure> {
    Criteria::parse(module, criteria)?;
    let id = world.store.next_id().to_string();
    world.views.push(View {
        id: id.clone(),
        module: module.api_name.clone(),
        name: name.to_owned(),
        criteria: criteria.to_owned(),
    });
    Ok(id)
}

/// All views of a module as the metadata shows them.
pub(crate) fn render_all(world: &World, module: &Module, time: &str) -> Vec<Json> {
    let mut views = vec![
        render(
            world,
            module,
            time,
            Shown {
                id: standard_id(world, module, EVERYTHING),
                name: format!("All {}", module.plural),
                system_name: Some("ALLVIEWS"),
                criteria: Json::Null,
            },
        ),
        render(
            world,
            module,
            time,
            Shown {
                id: standard_id(world, module, MINE),
                name: format!("My {}", module.plural),
                system_name: Some("MYVIEWS"),
                criteria: Json::Null,
            },
        ),
    ];
    let own = world
        .views
        .iter()
        .filter(|view| view.module == module.api_name);
    for view in own {
        let criteria = Criteria::parse(module, &view.criteria);
        let criteria = criteria.map(|criteria| criteria.to_json());
        views.push(render(
            world,
            module,
            time,
            Shown {
                id: view.id.clone(),
                name: view.name.clone(),
                system_name: None,
                criteria: criteria.unwrap_or_default(),
            },
        ));
    }
    views
}

struct Shown {
    id: String,
    name: String,
    system_name: Option<&'static str>,
    criteria: Json,
}

fn render(world: &World, module: &Module, time: &str, view: Shown) -> Json {
    let system = view.system_name.is_some();
    let user = user_reference(world, &world.settings.screen_user(), false);
    let author = if system { Json::Null } else { user };
    let changed = if system { Json::Null } else { Json::from(time) };
    let fields: Vec<Object> = module
        .fields
        .iter()
        .filter(|field| world.settings.offers_field(field) && !field.only_in_single_record())
        .take(8)
        .map(|field| {
            object! { "api_name" => field.api_name.as_str(), "id" => field.id.as_str(), "_pin" => false }
        })
        .collect();
    Json::Object(object! {
        "id" => view.id,
        "name" => view.name.as_str(),
        "display_value" => view.name.as_str(),
        "system_name" => view.system_name,
        "system_defined" => system,
        "category" => if system { "public_views" } else { "created_by_me" },
        "access_type" => if system { "public" } else { "only_to_me" },
        "default" => view.system_name == Some("ALLVIEWS"),
        "favorite" => Json::Null,
        "offline" => true,
        "locked" => false,
        "criteria" => view.criteria,
        "shared_to" => Json::Null,
        "sort_by" => Json::Null,
        "sort_order" => Json::Null,
        "fields" => fields,
        "module" => object! { "api_name" => module.api_name.as_str(), "id" => module.id.as_str() },
        "created_by" => author.clone(),
        "modified_by" => author,
        "created_time" => changed.clone(),
        "modified_time" => changed,
        "last_accessed_time" => time,
    })
}
