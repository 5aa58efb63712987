//! Where a node stands in the schema.

use std::{borrow::Cow, fmt};

use crate::config::Generation;

/// A node by its package, under the package's generation 3 name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodePath {
    pub(crate) package: Cow<'static, str>,
    pub(crate) node: Cow<'static, str>,
}

impl NodePath {
    pub(crate) const fn new(package: &'static str, node: &'static str) -> Self {
        Self {
            package: Cow::Borrowed(package),
            node: Cow::Borrowed(node),
        }
    }

    /// The package's name in `generation`. Packages that are not Sage's keep theirs. Source: reference sage-x3 section
    /// 3.2.
    pub(crate) fn root(&self, generation: Generation) -> Cow<'_, str> {
        match (generation, self.package.strip_prefix("x3")) {
            (Generation::Gen2, Some(rest)) => Cow::Owned(format!("xtremX3{rest}")),
            _ => Cow::Borrowed(&self.package),
        }
    }

    /// The node's type: its name with a capital. Source: reference sage-x3 section 3.7.
    pub(crate) fn type_name(&self) -> String {
        let mut letters = self.node.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
            .collect()
    }

    /// The type of the node's inputs. Source: reference sage-x3 section 3.7.
    pub(crate) fn input_type(&self) -> String {
        format!("{}_Input", self.type_name())
    }
}

impl fmt::Display for NodePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.package, self.node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sages_own_packages_are_renamed_between_generations() {
        let order = NodePath::new("x3Sales", "salesOrder");
        assert_eq!(order.root(Generation::Gen3), "x3Sales");
        assert_eq!(order.root(Generation::Gen2), "xtremX3Sales");
        assert_eq!(order.type_name(), "SalesOrder");
        assert_eq!(order.input_type(), "SalesOrder_Input");
        let own = NodePath::new("yAcme", "yVisit");
        assert_eq!(own.root(Generation::Gen2), "yAcme");
    }
}
