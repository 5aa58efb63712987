//! Converting leads (reference: Zoho v8 OpenAPI `convert_lead`, `conversion_option`, `mass_convert`, read 2026-11).

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{
    Failure, MassKind, ModuleApi, Outgoing, Received, RecordApi, action, mass::parse_job,
    record::Place,
};
use crate::{
    error::Error,
    model::{ConversionOptions, Lead, Lookup, Record},
    names::{MassJobId, ModuleName, RecordId},
};

const CONVERT: &str = "zoho.leads.convert";
const OPTIONS: &str = "zoho.leads.conversion_options";

/// Into what a lead is converted.
///
/// Without more, Zoho makes an account and a contact of the lead's fields, or joins it with those that match by the
/// organisation's rules.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LeadConversion {
    #[serde(skip_serializing_if = "Option::is_none")]
    overwrite: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_lead_owner: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_new_entity_owner: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add_to_existing_record: Option<bool>,
    #[serde(rename = "Accounts", skip_serializing_if = "Option::is_none")]
    account: Option<Record>,
    #[serde(rename = "Contacts", skip_serializing_if = "Option::is_none")]
    contact: Option<Record>,
    #[serde(rename = "Deals", skip_serializing_if = "Option::is_none")]
    deal: Option<Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assign_to: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    move_attachments_to: Option<Named>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    carry_over_tags: BTreeMap<ModuleName, Vec<String>>,
}

#[derive(Clone, Debug, Serialize)]
struct Id {
    id: RecordId,
}

#[derive(Clone, Debug, Serialize)]
struct Named {
    api_name: ModuleName,
}

impl LeadConversion {
    /// A conversion by the organisation's settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Joins the lead with the account `id`.
    #[must_use]
    pub fn into_account(self, id: &RecordId) -> Self {
        self.account(Record::new().with("id", id))
    }

    /// Sets fields of the account.
    #[must_use]
    pub fn account(mut self, fields: Record) -> Self {
        self.account = Some(fields);
        self
    }

    /// Joins the lead with the contact `id`.
    #[must_use]
    pub fn into_contact(self, id: &RecordId) -> Self {
        self.contact(Record::new().with("id", id))
    }

    /// Sets fields of the contact.
    #[must_use]
    pub fn contact(mut self, fields: Record) -> Self {
        self.contact = Some(fields);
        self
    }

    /// Lets the lead's values win over those of records that it is joined with.
    #[must_use]
    pub fn overwrite(mut self) -> Self {
        self.overwrite = Some(true);
        self
    }

    /// Joins the lead with records that match by the organisation's rules.
    #[must_use]
    pub fn add_to_existing_record(mut self) -> Self {
        self.add_to_existing_record = Some(true);
        self
    }

    /// Tells the lead's owner by mail.
    #[must_use]
    pub fn notify_lead_owner(mut self) -> Self {
        self.notify_lead_owner = Some(true);
        self
    }

    /// Tells the owner of the new records by mail.
    #[must_use]
    pub fn notify_new_owner(mut self) -> Self {
        self.notify_new_entity_owner = Some(true);
        self
    }

    /// Gives the new record of `module` these tags of the lead.
    #[must_use]
    pub fn carry_over_tags<N: Into<String>>(
        mut self,
        module: impl Into<ModuleName>,
        tags: impl IntoIterator<Item = N>,
    ) -> Self {
        let tags = tags.into_iter().map(Into::into).collect();
        self.carry_over_tags.insert(module.into(), tags);
        self
    }
}

/// What a lead has become.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ConvertedLead {
    /// The account, unless the lead is a person's without a company.
    #[serde(rename = "Accounts")]
    pub account: Option<Lookup>,
    /// The contact.
    #[serde(rename = "Contacts")]
    pub contact: Option<Lookup>,
    /// The deal, if one was asked for.
    #[serde(rename = "Deals")]
    pub deal: Option<Lookup>,
}

/// Into what many leads are converted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MassLeadConversion {
    #[serde(rename = "Deals", skip_serializing_if = "Option::is_none")]
    deal: Option<Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assign_to: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    move_attachments_to: Option<Named>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    carry_over_tags: Vec<Named>,
}

impl MassLeadConversion {
    /// Conversions by the organisation's settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the new records of these modules the tags of their lead.
    #[must_use]
    pub fn carry_over_tags<M: Into<ModuleName>>(
        mut self,
        modules: impl IntoIterator<Item = M>,
    ) -> Self {
        let named = |module: M| Named {
            api_name: module.into(),
        };
        self.carry_over_tags = modules.into_iter().map(named).collect();
        self
    }
}

/// What one conversion and a job of many have in common.
macro_rules! conversion_choices {
    ($name:ident) => {
        impl $name {
            /// Makes a deal too, with these fields: at least `Deal_Name`, `Closing_Date` and `Stage`.
            #[must_use]
            pub fn deal(mut self, fields: Record) -> Self {
                self.deal = Some(fields);
                self
            }

            /// Gives the new records to this user. Default: the lead's owner.
            #[must_use]
            pub fn assign_to(mut self, user: RecordId) -> Self {
                self.assign_to = Some(Id { id: user });
                self
            }

            /// Moves the lead's attachments to the new record of `module`: `Accounts`, `Contacts` or `Deals`.
            #[must_use]
            pub fn move_attachments_to(mut self, module: impl Into<ModuleName>) -> Self {
                self.move_attachments_to = Some(Named {
                    api_name: module.into(),
                });
                self
            }
        }
    };
}

conversion_choices!(LeadConversion);
conversion_choices!(MassLeadConversion);

impl RecordApi<Lead> {
    /// What the lead could be converted into: matching accounts, contacts and deals. `None` when Zoho has nothing to
    /// say. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn conversion_options(&self) -> Result<Option<ConversionOptions>, Error> {
        let outgoing = options_request(self.place())?;
        self.place().client.send(outgoing, parse_options).await
    }

    /// Converts the lead, which cannot be undone. Not repeated after a lost answer: a second conversion fails with
    /// `ID_ALREADY_CONVERTED` and does not tell what the first one made; read the lead's `Converted_Account` and
    /// `Converted_Contact` then. Costs 5 credits.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn convert(&self, conversion: &LeadConversion) -> Result<ConvertedLead, Error> {
        let outgoing = convert_request(self.place(), conversion)?;
        self.place().client.send(outgoing, action::details).await
    }
}

impl ModuleApi<Lead> {
    /// Starts a job that converts leads. Ask for its [status](crate::Mass::status) as
    /// [`MassKind::Convert`]. Not repeated after a lost answer. Costs 200 credits. Needs the scopes
    /// `ZohoCRM.mass_convert.Leads.CREATE` and, for the status, `.READ`.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn convert_many(
        &self,
        leads: &[RecordId],
        conversion: &MassLeadConversion,
    ) -> Result<MassJobId, Error> {
        let outgoing = mass_request(self.name(), leads, conversion)?;
        self.client().send(outgoing, parse_job).await
    }
}

fn options_request(place: &Place) -> Result<Outgoing, Error> {
    let path = format!("{}/__conversion_options", place.path(OPTIONS)?);
    Ok(Outgoing::get(OPTIONS, &path).of_module(&place.module))
}

fn parse_options(received: &Received) -> Result<Option<ConversionOptions>, Failure> {
    #[derive(Deserialize)]
    struct Body {
        __conversion_options: ConversionOptions,
    }
    Ok(received
        .json::<Body>()?
        .map(|body| body.__conversion_options))
}

fn convert_request(place: &Place, conversion: &LeadConversion) -> Result<Outgoing, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        data: [&'a LeadConversion; 1],
    }
    let path = format!("{}/actions/convert", place.path(CONVERT)?);
    Outgoing::change(CONVERT, Method::POST, &path)
        .of_module(&place.module)
        .heavy(true)
        .credits(5)
        .json(&Body { data: [conversion] })
}

fn mass_request(
    module: &ModuleName,
    leads: &[RecordId],
    conversion: &MassLeadConversion,
) -> Result<Outgoing, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        ids: &'a [RecordId],
        #[serde(flatten)]
        conversion: &'a MassLeadConversion,
    }
    MassKind::Convert
        .request(module)?
        .rows(leads.len())
        .credits(200)
        .json(&Body {
            ids: leads,
            conversion,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{answer::received, record::place};

    fn body(outgoing: Outgoing) -> (String, Value) {
        let request = outgoing.into_request().unwrap();
        (
            request.uri().to_string(),
            serde_json::from_slice(request.body()).unwrap_or_default(),
        )
    }

    #[test]
    fn a_lead_is_converted_once_as_told() {
        let id = |text: &str| text.parse::<RecordId>().unwrap();
        let plain = convert_request(&place("Leads", "12"), &LeadConversion::new()).unwrap();
        assert!(!plain.repeatable && plain.heavy);
        assert_eq!(
            body(plain),
            (
                "/crm/v8/Leads/12/actions/convert".to_owned(),
                json!({"data": [{}]})
            )
        );
        let conversion = LeadConversion::new()
            .into_account(&id("34"))
            .contact(Record::new().with("Title", "CEO"))
            .deal(Record::new().with("Deal_Name", "Pumps"))
            .assign_to(id("9"))
            .overwrite()
            .add_to_existing_record()
            .notify_lead_owner()
            .notify_new_owner()
            .move_attachments_to("Contacts")
            .carry_over_tags("Accounts", ["vip"]);
        assert_eq!(
            body(convert_request(&place("Leads", "12"), &conversion).unwrap()).1,
            json!({"data": [{"overwrite": true, "notify_lead_owner": true, "notify_new_entity_owner": true, "add_to_existing_record": true,
                "Accounts": {"id": "34"}, "Contacts": {"Title": "CEO"}, "Deals": {"Deal_Name": "Pumps"}, "assign_to": {"id": "9"},
                "move_attachments_to": {"api_name": "Contacts"}, "carry_over_tags": {"Accounts": ["vip"]}}]})
        );
    }

    #[test]
    fn many_leads_are_a_job() {
        let ids = ["12".parse().unwrap()];
        let conversion = MassLeadConversion::new()
            .assign_to("9".parse().unwrap())
            .carry_over_tags(["Contacts"])
            .move_attachments_to("Contacts")
            .deal(Record::new().with("Stage", "Won"));
        let outgoing = mass_request(&"Leads".into(), &ids, &conversion).unwrap();
        assert!(!outgoing.repeatable);
        assert_eq!(
            body(outgoing),
            (
                "/crm/v8/Leads/actions/mass_convert".to_owned(),
                json!({"ids": ["12"], "assign_to": {"id": "9"}, "carry_over_tags": [{"api_name": "Contacts"}],
                    "move_attachments_to": {"api_name": "Contacts"}, "Deals": {"Stage": "Won"}})
            )
        );
    }

    #[test]
    fn what_a_lead_became_is_read_in_both_forms() {
        for (accounts, deals) in [
            (r#"{"name":"Müller","id":"34"}"#, "null"),
            ("\"34\"", "null"),
        ] {
            let answer = format!(
                r#"{{"data":[{{"code":"SUCCESS","details":{{"Contacts":{{"name":"Ada","id":"35"}},"Deals":{deals},"Accounts":{accounts}}},"message":"The record has been converted successfully","status":"success"}}]}}"#
            );
            let converted: ConvertedLead = action::details(&received(200, answer)).unwrap();
            assert_eq!(converted.account.unwrap().id, "34");
            assert_eq!(converted.contact.unwrap().id, "35");
            assert!(converted.deal.is_none());
        }
        let again = r#"{"data":[{"code":"ID_ALREADY_CONVERTED","details":{"resource_path_index":1},"message":"id already converted","status":"error"}]}"#;
        for status in [202, 400] {
            let refused = action::details::<ConvertedLead>(&received(status, again));
            assert!(
                matches!(refused, Err(Failure::Api(error)) if error.code() == "ID_ALREADY_CONVERTED")
            );
        }
    }

    #[test]
    fn conversion_options_are_read() {
        let request = options_request(&place("Leads", "12")).unwrap();
        assert_eq!(body(request).0, "/crm/v8/Leads/12/__conversion_options");
        let options = parse_options(&received(
            200,
            r#"{"__conversion_options":{"module_preference":{"api_name":"Contacts","id":"1"},"Contacts":[{"id":"35","Full_Name":"Ada"}],
                "Deals":null,"Accounts":[{"id":"34","Account_Name":"Müller"}],"preference_field_matched_value":null,"modules_with_multiple_layouts":[]}}"#,
        ))
        .unwrap()
        .unwrap();
        assert_eq!(options.accounts.value().unwrap()[0].id().unwrap(), "34");
        assert!(options.deals.value().is_none());
        assert!(options.other.contains("module_preference"));
        assert!(parse_options(&received(204, "")).unwrap().is_none());
    }
}
