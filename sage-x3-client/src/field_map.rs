//! Names that differ from site to site.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    error::InvalidRequest,
    ids::{FieldName, InvalidName},
};

/// Names of fields that a site has otherwise than recent releases, by the GraphQL type that they stand on.
///
/// Nothing has to be said about the differences that are known: former names and the former type of keys are learnt from a
/// site's first refusal, at the cost of one request. [`release_2021`](Self::release_2021) spares it. What else a release or
/// a site has renamed goes in here; what is not said keeps the name of this crate's `schema.graphql`.
///
/// ```
/// use sage_x3_client::{FieldMap, SiteConfig};
///
/// let map = FieldMap::new()
///     .rename("Customer", "minimumOrderAmount", "orderMinimum")?
///     .rename_input("customerInvoiceHeader", "lines.account", "generalAccount")?;
/// let site = SiteConfig::new("http://x3.example:8124", "SEED").field_map(map);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldMap {
    pub(crate) absent: BTreeSet<(String, String)>,
    pub(crate) renamed: BTreeMap<(String, String), String>,
    pub(crate) text_ids: bool,
    /// The site's names of members of inputs, by node and path.
    inputs: BTreeMap<(String, String), String>,
}

impl FieldMap {
    /// The names of recent releases.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of 2021 R2 and R3: `read` takes its key as `String!`, a purchase order's lines are called
    /// `purchaseOrderQuantityLines`, and a supplier's code is no reference yet. Source: reference sage-x3 section 3.2.
    #[must_use]
    pub fn release_2021() -> Self {
        let mut map = Self {
            text_ids: true,
            ..Self::default()
        };
        map.absent
            .insert(("Supplier".to_owned(), "code".to_owned()));
        for (kind, field, former) in crate::graphql::adaptation::FORMER_NAMES {
            let place = (kind.to_owned(), field.to_owned());
            map.renamed.insert(place, former.to_owned());
        }
        map
    }

    /// Says what the site calls `field` of the type `kind`, such as `SalesOrder`. Answers are read as before. Filters and
    /// orders name fields as the site does.
    ///
    /// # Errors
    /// [`InvalidName`] when one of them cannot be a name.
    pub fn rename(mut self, kind: &str, field: &str, at_site: &str) -> Result<Self, InvalidName> {
        self.renamed
            .insert((name(kind)?, name(field)?), name(at_site)?);
        Ok(self)
    }

    /// Leaves `field` of the type `kind` out: records are read without it.
    ///
    /// # Errors
    /// As for [`rename`](Self::rename).
    pub fn without(mut self, kind: &str, field: &str) -> Result<Self, InvalidName> {
        self.absent.insert((name(kind)?, name(field)?));
        Ok(self)
    }

    /// Says that `read` takes its key as `String!`.
    #[must_use]
    pub fn text_ids(mut self) -> Self {
        self.text_ids = true;
        self
    }

    /// Says what the site calls a member of the input of `node`, such as `lines.account` of `customerInvoiceHeader`, where
    /// records are written by GraphQL. SOAP and `api1` have publications for that.
    ///
    /// # Errors
    /// As for [`rename`](Self::rename).
    pub fn rename_input(
        mut self,
        node: &str,
        member: &str,
        at_site: &str,
    ) -> Result<Self, InvalidRequest> {
        for part in member.split('.') {
            name(part)?;
        }
        self.inputs
            .insert((name(node)?, member.to_owned()), name(at_site)?);
        Ok(self)
    }

    /// Whether any member of the node's input has another name.
    pub(crate) fn renames_input_of(&self, node: &str) -> bool {
        self.inputs.keys().any(|(known, _)| known == node)
    }

    /// The site's name of a member of the node's input, where it has another.
    pub(crate) fn input_name(&self, node: &str, member: &str) -> Option<&str> {
        let name = self.inputs.get(&(node.to_owned(), member.to_owned()))?;
        Some(name.as_str())
    }
}

fn name(text: &str) -> Result<String, InvalidName> {
    Ok(FieldName::new(text)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_smuggle_in_syntax() {
        assert!(FieldMap::new().rename("Customer", "a", "b { c }").is_err());
        assert!(FieldMap::new().without("Customer }", "a").is_err());
        assert!(
            FieldMap::new()
                .rename_input("customer", "a..b", "c")
                .is_err()
        );
    }
}
