//! An input as a flat list of values, for the paths that have another form for records.

use super::{Input, Member};
use crate::{error::InvalidRequest, scalar::Scalar};

/// A value of an input, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf<'a> {
    /// Names from the root on, with dots between: `addresses.city`.
    pub(crate) path: String,
    /// The row of the list that it belongs to, from 0.
    pub(crate) row: Option<usize>,
    /// The place in an array column, from 1.
    pub(crate) slot: Option<usize>,
    pub(crate) value: &'a Scalar,
}

/// The member that tells the place in an array column. Source: reference sage-x3 section 3.7.
const SLOT: &str = "denormalizedIndex";

impl Input {
    /// All values, in their order; a record's own `_id` is left out, because the other paths are told the key apart.
    ///
    /// # Errors
    /// When rows hold rows, which no other path can carry.
    pub(crate) fn leaves(&self) -> Result<Vec<Leaf<'_>>, InvalidRequest> {
        let mut leaves = Vec::new();
        self.collect("", None, &mut leaves)?;
        Ok(leaves)
    }

    fn collect<'a>(
        &'a self,
        prefix: &str,
        row: Option<usize>,
        leaves: &mut Vec<Leaf<'a>>,
    ) -> Result<(), InvalidRequest> {
        for (name, member) in &self.0 {
            if prefix.is_empty() && name == "_id" {
                continue;
            }
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            match member {
                Member::Scalar(value) => leaves.push(Leaf {
                    path,
                    row,
                    slot: None,
                    value,
                }),
                Member::Object(inner) => inner.collect(&path, row, leaves)?,
                Member::List(items) if items.iter().all(|item| item.slot().is_some()) => {
                    for item in items {
                        let mut inside = Vec::new();
                        item.collect(&path, row, &mut inside)?;
                        let marker = format!("{path}.{SLOT}");
                        leaves.extend(inside.into_iter().filter(|leaf| leaf.path != marker).map(
                            |leaf| Leaf {
                                slot: item.slot(),
                                ..leaf
                            },
                        ));
                    }
                }
                Member::List(_) if row.is_some() => {
                    return Err(InvalidRequest::new(format!(
                        "`{path}` is a list within a list, which only GraphQL can write"
                    )));
                }
                Member::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        item.collect(&path, Some(index), leaves)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn slot(&self) -> Option<usize> {
        self.0.iter().find_map(|(name, member)| match member {
            Member::Scalar(Scalar::Integer(place)) if name == SLOT => usize::try_from(*place).ok(),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        AddressCode, AddressPatch, CategoryCode, CustomerPatch, NewCustomer, config::CompanyNames,
    };

    #[test]
    fn every_value_is_listed_with_its_row_and_place() {
        let address = AddressPatch::create(AddressCode::new("A1").unwrap())
            .city("Köln")
            .line(2, "Hof");
        let new = NewCustomer::new(CategoryCode::new("DOM").unwrap()).values(
            CustomerPatch::new()
                .company_name_2("b")
                .notes("n")
                .address(address),
        );
        let input = new.to_input(CompanyNames::Collection);
        let leaves: Vec<(String, Option<usize>, Option<usize>)> = input
            .leaves()
            .unwrap()
            .into_iter()
            .map(|leaf| (leaf.path, leaf.row, leaf.slot))
            .collect();
        let leaf = |path: &str, row, slot| (path.to_owned(), row, slot);
        assert_eq!(
            leaves,
            [
                leaf("companyNames.companyName", None, Some(2)),
                leaf("notes.value", None, None),
                leaf("addresses.code", Some(0), None),
                leaf("addresses.addressLines.addressLine", Some(0), Some(2)),
                leaf("addresses.city", Some(0), None),
                leaf("customerCategory", None, None),
            ]
        );
    }
}
