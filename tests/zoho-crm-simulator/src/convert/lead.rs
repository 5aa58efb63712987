//! Lead conversion (reference: zoho-crm-v8 section 12.1, convert_lead.json).

use std::sync::Arc;

use super::{already_converted, create, named, source};
use crate::exchange::Answer;
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::metadata;
use crate::owners;
use crate::records::{self, Change};
use crate::rows;
use crate::store::{Id, Record};
use crate::world::World;

/// Lead fields, and the contact fields they fill.
const CONTACT: [(&str, &str); 12] = [
    ("First_Name", "First_Name"),
    ("Last_Name", "Last_Name"),
    ("Email", "Email"),
    ("Phone", "Phone"),
    ("Mobile", "Mobile"),
    ("Fax", "Fax"),
    ("Designation", "Title"),
    ("Street", "Mailing_Street"),
    ("City", "Mailing_City"),
    ("State", "Mailing_State"),
    ("Zip_Code", "Mailing_Zip"),
    ("Country", "Mailing_Country"),
];

/// Lead fields, and the account fields they fill.
const ACCOUNT: [(&str, &str); 9] = [
    ("Company", "Account_Name"),
    ("Phone", "Phone"),
    ("Website", "Website"),
    ("Industry", "Industry"),
    ("Street", "Billing_Street"),
    ("City", "Billing_City"),
    ("State", "Billing_State"),
    ("Zip_Code", "Billing_Code"),
    ("Country", "Billing_Country"),
];

/// `POST /Leads/{id}/actions/convert`. Either everything is created or nothing.
pub(crate) fn lead(world: &mut World, id: &str, body: &Json) -> Result<Answer, Failure> {
    let lead = unconverted(world, id)?;
    let entries = rows::entries(body, "data", 1)?;
    let wishes = entries.into_iter().next().unwrap_or_default();
    let details = convert_whole(world, &lead, &wishes)?;
    let message = "The record has been converted successfully";
    let row = rows::success(details, message);
    Ok(Answer::json(200, object! { "data" => vec![row] }))
}

/// One of the leads of a mass conversion, whose `wishes` hold for all of them and name the modules that take over all
/// tags of their lead.
pub(super) fn one_of_many(world: &mut World, id: &str, wishes: &Object) -> Result<(), Failure> {
    let lead = unconverted(world, id)?;
    let mut wishes = wishes.clone();
    let modules = wishes.get("carry_over_tags").and_then(Json::as_array);
    let modules = modules.unwrap_or_default().iter();
    let mut tags = Object::new();
    for module in modules.filter_map(|module| module.get("api_name")?.as_str()) {
        tags.set(module, lead.value("Tag").clone());
    }
    wishes.set("carry_over_tags", tags);
    convert_whole(world, &lead, &wishes).map(|_| ())
}

/// `GET /Leads/{id}/__conversion_options`: accounts of the lead's company and contacts with its address.
pub(crate) fn options(world: &World, id: &str) -> Result<Answer, Failure> {
    let number: Id = id.parse().unwrap_or_default();
    let Some(lead) = world.store.record("Leads", number) else {
        return Ok(Answer::empty(204));
    };
    let mut options = object! {
        "module_preference" => metadata::render_module(world, &*world.module("Contacts")?),
        "Deals" => Vec::<Json>::new(),
        "modules_with_multiple_layouts" => Vec::<Json>::new(),
    };
    let mut matched = object! { "Deals" => Vec::<Json>::new() };
    for (name, own, theirs) in [
        ("Accounts", "Company", "Account_Name"),
        ("Contacts", "Email", "Email"),
    ] {
        let module = world.module(name)?;
        let wanted = lead.value(own);
        let is_same = |record: &&Arc<Record>| !wanted.is_null() && record.value(theirs) == wanted;
        let rows = world.store.rows(&module);
        let found = rows.iter().filter(is_same);
        let found: Vec<Json> = found
            .map(|record| Json::Object(named(world, name, record.id)))
            .collect();
        let by: Vec<Json> = match (found.is_empty(), module.field(theirs)) {
            (false, Some(field)) => {
                let field = object! { "api_name" => theirs, "id" => field.id.as_str() };
                vec![Json::Object(
                    object! { "field" => field, "matched_lead_value" => wanted.clone() },
                )]
            }
            _ => Vec::new(),
        };
        options.set(name, found);
        matched.set(name, by);
    }
    options.set("preference_field_matched_value", matched);
    Ok(Answer::json(
        200,
        object! { "__conversion_options" => options },
    ))
}

fn unconverted(world: &World, id: &str) -> Result<Arc<Record>, Failure> {
    let lead = source(world, "Leads", id)?;
    if lead.value("Converted__s").as_bool() == Some(true) {
        return Err(already_converted());
    }
    Ok(lead)
}

/// Converts a lead and tells of it, or leaves everything as it was. Says what it has become.
fn convert_whole(world: &mut World, lead: &Record, wishes: &Object) -> Result<Object, Failure> {
    let saved = world.store.clone();
    let result = convert(world, lead, wishes);
    if result.is_err() {
        world.store = saved;
    }
    let (details, changes) = result?;
    for change in &changes {
        let module = world.module(&change.module)?;
        records::settle(world, &module, std::slice::from_ref(change), 0);
    }
    Ok(details)
}

/// The id of a record that the body names to be used, or `None` when one is to be created.
fn existing(world: &World, wishes: &Object, module: &str) -> Result<Option<Id>, Failure> {
    let id = wishes.get(module).and_then(|wish| wish.get("id"));
    let Some(id) = id.and_then(Json::as_id_text) else {
        return Ok(None);
    };
    let number = id.parse().unwrap_or_default();
    if world.store.record(module, number).is_some() {
        return Ok(Some(number));
    }
    let path = format!("$.data[0].{module}.id");
    let details = object! { "api_name" => "id", "json_path" => path };
    Err(Failure::new(400, "INVALID_DATA", "invalid data", details).wrapped_in("data"))
}

fn carried_over(lead: &Record, fields: &[(&str, &str)]) -> Object {
    let mut row = Object::new();
    for (from, to) in fields {
        let value = lead.value(from);
        if !value.is_null() {
            row.set(*to, value.clone());
        }
    }
    row.set("Owner", lead.owner.as_str());
    row
}

fn with_wishes(mut row: Object, wishes: &Object, module: &str) -> Object {
    let wished = wishes.get(module).and_then(Json::as_object);
    for (name, value) in wished.into_iter().flat_map(Object::iter) {
        row.set(name, value.clone());
    }
    row
}

fn convert(
    world: &mut World,
    lead: &Record,
    wishes: &Object,
) -> Result<(Object, Vec<Change>), Failure> {
    let mut changes = Vec::new();
    let owner = match wishes.get("assign_to") {
        Some(user) => {
            let body = Json::Object(object! { "owner" => user.clone() });
            Some(owners::owner_of(world, &body)?)
        }
        None => None,
    };
    let mut make = |world: &mut World, module: &str, mut row: Object| {
        if let Some(owner) = &owner {
            row.set("Owner", owner.as_str());
        }
        carry_tags(lead, wishes, module, &mut row);
        let definition = world.module(module)?;
        let change = create(world, &definition, &row, module)?;
        let id = change.id;
        changes.push(change);
        Ok::<Id, Failure>(id)
    };
    let account = match existing(world, wishes, "Accounts")? {
        Some(id) => id,
        None => {
            let row = with_wishes(carried_over(lead, &ACCOUNT), wishes, "Accounts");
            make(world, "Accounts", row)?
        }
    };
    let link = |id: Id| Json::Object(object! { "id" => id.to_string() });
    let contact = match existing(world, wishes, "Contacts")? {
        Some(id) => id,
        None => {
            let mut row = with_wishes(carried_over(lead, &CONTACT), wishes, "Contacts");
            row.set("Account_Name", link(account));
            make(world, "Contacts", row)?
        }
    };
    let deal = match wishes.get("Deals").and_then(Json::as_object) {
        Some(_) => {
            let mut row = with_wishes(Object::new(), wishes, "Deals");
            row.set("Account_Name", link(account));
            row.set("Contact_Name", link(contact));
            if !row.contains("Owner") {
                row.set("Owner", lead.owner.as_str());
            }
            Some(make(world, "Deals", row)?)
        }
        None => None,
    };
    changes.push(close(world, lead, account, contact, deal)?);
    move_attachments(world, lead.id, wishes, account, contact, deal);
    let details = object! {
        "Contacts" => named(world, "Contacts", contact),
        "Deals" => deal.map(|deal| named(world, "Deals", deal)),
        "Accounts" => named(world, "Accounts", account),
    };
    Ok((details, changes))
}

/// `carry_over_tags`: `{"Contacts": ["name"], …}` names the tags a new record takes over; objects with a name are
/// accepted as well.
fn carry_tags(lead: &Record, wishes: &Object, module: &str, row: &mut Object) {
    let wanted = wishes
        .get("carry_over_tags")
        .and_then(|tags| tags.get(module));
    let Some(wanted) = wanted.and_then(Json::as_array) else {
        return;
    };
    let tags = lead.value("Tag").as_array().unwrap_or_default();
    let carried: Vec<Json> = tags
        .iter()
        .filter(|tag| {
            wanted
                .iter()
                .any(|other| Some(other.get("name").unwrap_or(other)) == tag.get("name"))
        })
        .cloned()
        .collect();
    row.set("Tag", carried);
}

fn move_attachments(
    world: &mut World,
    lead: Id,
    wishes: &Object,
    account: Id,
    contact: Id,
    deal: Option<Id>,
) {
    let to = wishes.get("move_attachments_to");
    let to = to.and_then(|to| to.get("api_name")).and_then(Json::as_str);
    let to = match to {
        Some("Accounts") => Some(account),
        Some("Contacts") => Some(contact),
        Some("Deals") => deal,
        _ => None,
    };
    if let Some(to) = to {
        world.files.move_attachments(lead, to);
    }
}

/// Marks the lead as converted; it stays, but lists leave it out unless they ask for it.
fn close(
    world: &mut World,
    lead: &Record,
    account: Id,
    contact: Id,
    deal: Option<Id>,
) -> Result<Change, Failure> {
    let module = world.module("Leads")?;
    let now = world.stamp().to_string();
    let mut closed = lead.clone();
    for (field, value) in [
        ("Converted_Date_Time", Json::from(now)),
        ("Converted_Account", Json::from(account.to_string())),
        ("Converted_Contact", Json::from(contact.to_string())),
        (
            "Converted_Deal",
            Json::from(deal.map(|deal| deal.to_string())),
        ),
    ] {
        closed.values.insert(field.to_owned(), value);
    }
    Ok(records::set_value(
        world,
        &module,
        &closed,
        "Converted__s",
        Json::Bool(true),
    ))
}
