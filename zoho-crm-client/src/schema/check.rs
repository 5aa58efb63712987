//! Comparing what code expects with what there is.

use std::fmt;

use super::{
    ExpectedField, ExpectedModule, ModuleFacts,
    expected::{data_type, picklist},
};
use crate::{
    api_error::code,
    client::ZohoClient,
    error::Error,
    model::{FieldMeta, ModuleMeta},
    names::{FieldName, ModuleName},
};

/// A difference between what code expects and what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drift {
    /// There is no such module (any more), or not in this edition, or not for this user.
    ModuleMissing {
        /// The module.
        module: ModuleName,
    },
    /// The module is there but hidden, by the edition or by an administrator, or out of this user's reach.
    ModuleHidden {
        /// The module.
        module: ModuleName,
        /// Zoho's word: `system_hidden` by the edition, `user_hidden` by a person.
        status: Option<String>,
    },
    /// The field is gone.
    FieldRemoved {
        /// The module.
        module: ModuleName,
        /// The field.
        field: FieldName,
    },
    /// The field has another API name.
    FieldRenamed {
        /// The module.
        module: ModuleName,
        /// The name that is expected.
        field: FieldName,
        /// The name that it has.
        now: FieldName,
    },
    /// The field holds something else.
    FieldRetyped {
        /// The module.
        module: ModuleName,
        /// The field.
        field: FieldName,
        /// The type that is expected.
        expected: String,
        /// The type that it has.
        now: String,
    },
    /// A value is demanded that was not before, perhaps of a field that the code does not know.
    FieldMandatory {
        /// The module.
        module: ModuleName,
        /// The field.
        field: FieldName,
    },
    /// A picklist has other values.
    PicklistChanged {
        /// The module.
        module: ModuleName,
        /// The field.
        field: FieldName,
        /// Values that are new.
        added: Vec<String>,
        /// Values that are gone.
        removed: Vec<String>,
    },
}

impl Drift {
    /// Whether reading or writing as the code does it may fail. New values of a picklist break nothing.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        match self {
            Self::PicklistChanged { removed, .. } => !removed.is_empty(),
            _ => true,
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ModuleMissing { module } => write!(f, "{module} is not there"),
            Self::ModuleHidden { module, status } => match status {
                Some(status) => write!(f, "{module} cannot be used: it is {status}"),
                None => write!(f, "{module} cannot be used by this user"),
            },
            Self::FieldRemoved { module, field } => write!(f, "{module}.{field} is gone"),
            Self::FieldRenamed { module, field, now } => {
                write!(f, "{module}.{field} is called {now} now")
            }
            Self::FieldRetyped {
                module,
                field,
                expected,
                now,
            } => write!(f, "{module}.{field} was {expected} and is {now} now"),
            Self::FieldMandatory { module, field } => {
                write!(f, "{module}.{field} must have a value now")
            }
            Self::PicklistChanged {
                module,
                field,
                added,
                removed,
            } => {
                write!(f, "{module}.{field} has other values now")?;
                if !added.is_empty() {
                    write!(f, ", new: {}", added.join(", "))?;
                }
                if !removed.is_empty() {
                    write!(f, ", gone: {}", removed.join(", "))?;
                }
                Ok(())
            }
        }
    }
}

impl ExpectedModule {
    /// The differences to `facts`, in the order of the fields.
    #[must_use]
    pub fn compare(&self, facts: &ModuleFacts) -> Vec<Drift> {
        let mut drifts = Vec::new();
        for expected in self.fields {
            self.compare_field(expected, facts, &mut drifts);
        }
        let known = |field: &FieldMeta| {
            let is_same = |expected: &ExpectedField| is_this(expected, field);
            self.fields.iter().any(is_same)
        };
        // A field that only Zoho can fill in demands nothing of the code.
        let demanding = facts
            .fields
            .iter()
            .filter(|field| !known(field) && field.is_writable() && facts.demands(field));
        drifts.extend(demanding.map(|field| Drift::FieldMandatory {
            module: self.api_name.into(),
            field: field.api_name.clone(),
        }));
        drifts
    }

    fn compare_field(
        &self,
        expected: &ExpectedField,
        facts: &ModuleFacts,
        drifts: &mut Vec<Drift>,
    ) {
        let module = || ModuleName::from(self.api_name);
        let name = || FieldName::from(expected.api_name);
        let by_id = || facts.fields.iter().find(|field| is_this(expected, field));
        let Some(field) = facts.field(expected.api_name).or_else(by_id) else {
            drifts.push(Drift::FieldRemoved {
                module: module(),
                field: name(),
            });
            return;
        };
        if field.api_name != *expected.api_name {
            drifts.push(Drift::FieldRenamed {
                module: module(),
                field: name(),
                now: field.api_name.clone(),
            });
        }
        let now = data_type(field);
        if now != expected.data_type {
            drifts.push(Drift::FieldRetyped {
                module: module(),
                field: name(),
                expected: expected.data_type.to_owned(),
                now,
            });
        }
        if !expected.mandatory && facts.demands(field) {
            drifts.push(Drift::FieldMandatory {
                module: module(),
                field: name(),
            });
        }
        let values = picklist(field);
        let added: Vec<String> = missing_from(expected.picklist, &values);
        let removed: Vec<String> = missing_from(&values, expected.picklist);
        if !added.is_empty() || !removed.is_empty() {
            drifts.push(Drift::PicklistChanged {
                module: module(),
                field: name(),
                added,
                removed,
            });
        }
    }
}

fn is_this(expected: &ExpectedField, field: &FieldMeta) -> bool {
    let same_id = !expected.id.is_empty() && field.id.as_ref().is_some_and(|id| *id == expected.id);
    same_id || field.api_name == *expected.api_name
}

/// Those of `values` that `list` lacks.
fn missing_from(list: &[&str], values: &[&str]) -> Vec<String> {
    let missing = values.iter().filter(|value| !list.contains(value));
    missing.map(|value| (*value).to_owned()).collect()
}

impl ZohoClient {
    /// Compares what the code expects with what the organisation has. Costs 1 credit, and 2 for each module that is
    /// there. Empty when nothing has changed.
    ///
    /// # Errors
    /// As any call. A module that is missing or hidden is a difference, not an error.
    pub async fn check_schema(&self, expected: &[ExpectedModule]) -> Result<Vec<Drift>, Error> {
        let metadata = self.metadata();
        let modules = metadata.modules().await?;
        let mut drifts = Vec::new();
        for expected in expected {
            let module = modules
                .iter()
                .find(|module| module.api_name == *expected.api_name);
            if let Some(drift) = out_of_reach(expected, module) {
                drifts.push(drift);
                continue;
            }
            match ModuleFacts::read(&metadata, expected.api_name).await {
                Ok(facts) => drifts.extend(expected.compare(&facts)),
                Err(error)
                    if error
                        .api_error()
                        .is_some_and(|error| error.code() == code::INVALID_MODULE) =>
                {
                    drifts.push(Drift::ModuleMissing {
                        module: expected.api_name.into(),
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(drifts)
    }
}

fn out_of_reach(expected: &ExpectedModule, module: Option<&ModuleMeta>) -> Option<Drift> {
    let name = ModuleName::from(expected.api_name);
    match module {
        None => Some(Drift::ModuleMissing { module: name }),
        Some(module) if !module.is_usable() => Some(Drift::ModuleHidden {
            module: name,
            status: module.status.clone().filter(|status| status != "visible"),
        }),
        Some(_) => None,
    }
}
