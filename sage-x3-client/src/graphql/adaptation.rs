//! What a site's schema has otherwise than `schema.graphql`: said in the configuration, or learnt from its refusals.

use std::collections::{BTreeMap, BTreeSet};

use super::document::NodeFile;
use crate::field_map::FieldMap;

/// Former names of fields, by type: tried when a site does not know the present one. Source: reference sage-x3 section 3.2.
pub(crate) const FORMER_NAMES: [(&str, &str, &str); 1] = [(
    "PurchaseOrder",
    "purchaseOrderLines",
    "purchaseOrderQuantityLines",
)];

/// References that were plain text, by type: until 2022 R3 a supplier's code was. Such a record is read without it, the
/// code being its key. Source: reference sage-x3 section 3.2.
const FORMER_TEXTS: [(&str, &str); 1] = [("Supplier", "code")];

/// What a site's schema has otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Adaptation {
    absent: BTreeSet<(String, String)>,
    renamed: BTreeMap<(String, String), String>,
    /// Whether `read` takes `String!`, as until 2021 R3, rather than `Id!`.
    text_ids: bool,
}

impl Adaptation {
    /// What the configuration says.
    pub(crate) fn configured(map: &FieldMap) -> Self {
        Self {
            absent: map.absent.clone(),
            renamed: map.renamed.clone(),
            text_ids: map.text_ids,
        }
    }

    #[cfg(test)]
    pub(crate) fn without(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            absent: fields.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Whether the site lacks the field of a type.
    pub(crate) fn lacks(&self, kind: &str, field: &str) -> bool {
        self.absent.contains(&(kind.to_owned(), field.to_owned()))
    }

    /// The site's own name of a field, where it has another.
    pub(crate) fn name(&self, kind: &str, field: &str) -> Option<&str> {
        let name = self.renamed.get(&(kind.to_owned(), field.to_owned()))?;
        Some(name.as_str())
    }

    /// The type of a key in a document's variables.
    pub(crate) fn id_type(&self) -> &'static str {
        if self.text_ids { "String!" } else { "Id!" }
    }

    /// What is to be done differently after `messages` refused a document of `file`. None when nothing new is learnt, or
    /// when any message complains about something else.
    pub(crate) fn learn(&self, file: &NodeFile, messages: &[String]) -> Option<Self> {
        let mut learnt = self.clone();
        for message in messages {
            learnt.learn_one(file, message)?;
        }
        (learnt != *self).then_some(learnt)
    }

    fn learn_one(&mut self, file: &NodeFile, message: &str) -> Option<()> {
        if message.starts_with("Variable \"$id\"") && message.contains("expecting type \"String") {
            self.text_ids = true;
            return Some(());
        }
        if message.contains("is never used") {
            // What a field that is not known would have used.
            return Some(());
        }
        let quoted = |before: &str| message.split(before).nth(1)?.split('"').next();
        // `Field "code" must not have a selection since type "String" has no subfields.`
        if message.contains("must not have a selection") {
            let field = quoted("Field \"")?;
            let (kind, field) = FORMER_TEXTS
                .iter()
                .find(|(kind, known)| *known == field && file.reads(kind))?;
            self.absent
                .insert(((*kind).to_owned(), (*field).to_owned()));
            return Some(());
        }
        // `Cannot query field "x" on type "Y".`, in which the type may carry a suffix of the framework.
        let field = quoted("Cannot query field \"")?;
        let seen = quoted("on type \"")?;
        let is_seen = |kind: &str| {
            seen.strip_prefix(kind)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let former = FORMER_NAMES.iter().find(|(kind, present, _)| {
            *present == field && is_seen(kind) && self.name(kind, present).is_none()
        });
        if let Some((kind, present, former)) = former {
            let place = ((*kind).to_owned(), (*present).to_owned());
            self.renamed.insert(place, (*former).to_owned());
            return Some(());
        }
        let (kind, field) = file
            .optional_fields()
            .find(|(kind, optional)| *optional == field && is_seen(kind))?;
        self.absent.insert((kind.to_owned(), field.to_owned()));
        Some(())
    }

    /// What `self` leaves out or renames and `before` did not, for the log.
    pub(crate) fn news<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let absent = self.absent.difference(&before.absent);
        let renamed = self.renamed.keys();
        absent
            .chain(renamed.filter(|place| !before.renamed.contains_key(*place)))
            .map(|(kind, field)| (kind.as_str(), field.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        nodes::{PurchaseOrder, SalesOrder, Supplier},
        records::sealed::Typed as _,
    };

    fn learnt(file: &NodeFile, messages: &[&str]) -> Option<Adaptation> {
        let messages: Vec<String> = messages.iter().map(|text| (*text).to_owned()).collect();
        Adaptation::default().learn(file, &messages)
    }

    #[test]
    fn former_names_of_lines_and_keys_are_learnt_from_a_refusal() {
        let file = &PurchaseOrder::META.file;
        let learnt = learnt(
            file,
            &[
                "Cannot query field \"purchaseOrderLines\" on type \"PurchaseOrder_node\". Did you mean something?",
                "Fragment \"PurchaseOrderLineFields\" is never used.",
                "Variable \"$id\" of type \"Id!\" used in position expecting type \"String!\".",
            ],
        )
        .unwrap();
        assert_eq!(
            learnt.name("PurchaseOrder", "purchaseOrderLines"),
            Some("purchaseOrderQuantityLines")
        );
        assert_eq!(learnt.id_type(), "String!");
        // A site that knows neither name is not asked for ever.
        let again = [
            "Cannot query field \"purchaseOrderQuantityLines\" on type \"PurchaseOrder\"."
                .to_owned(),
        ];
        assert_eq!(learnt.learn(file, &again), None);
    }

    #[test]
    fn a_suppliers_code_that_is_text_is_read_from_its_key() {
        let file = &Supplier::META.file;
        let text =
            "Field \"code\" must not have a selection since type \"String\" has no subfields.";
        assert!(learnt(file, &[text]).unwrap().lacks("Supplier", "code"));
        assert_eq!(learnt(&PurchaseOrder::META.file, &[text]), None);
    }

    #[test]
    fn only_optional_fields_can_turn_out_to_be_lacking() {
        let learnt = |messages: &[&str]| learnt(&SalesOrder::META.file, messages);
        let unknown = |field: &str, kind: &str| {
            format!("Cannot query field \"{field}\" on type \"{kind}\". Did you mean \"x\"?")
        };
        let both = learnt(&[
            &unknown("orderStatus", "SalesOrder"),
            &unknown("currency", "SalesOrder_node"),
        ])
        .unwrap();
        assert!(both.lacks("SalesOrder", "orderStatus") && both.lacks("SalesOrder", "currency"));
        assert_eq!(
            learnt(&[
                &unknown("orderStatus", "SalesOrder"),
                &unknown("salesSite", "SalesOrder")
            ]),
            None,
            "a field that must be there is an error even beside one that need not"
        );
        assert_eq!(learnt(&[&unknown("orderStatus", "SalesOrderLine")]), None);
        assert_eq!(learnt(&["Syntax Error"]), None);
        assert_eq!(learnt(&[]), None);
    }
}
