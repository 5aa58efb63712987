//! Where something stands in a TOML file.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Line and column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Where the value at `path`, such as `webhook.channel_id`, stands; where it is not there, the innermost table on the way
/// that is. Tables of a list are counted from 0: `customers.rows.1.x3`.
pub(super) fn find(text: &str, path: &str) -> Option<Place> {
    let document = DeTable::parse(text).ok()?;
    let mut names = path.split('.');
    let first = entry(document.get_ref(), names.next()?)?;
    let mut value = first;
    for name in names {
        let next = match value.get_ref() {
            DeValue::Table(table) => entry(table, name),
            DeValue::Array(array) => name.parse().ok().and_then(|index: usize| array.get(index)),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => break,
        }
    }
    Some(place(text, value.span().start))
}

fn entry<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a Spanned<DeValue<'i>>> {
    let mut entries = table.iter();
    let (_, value) = entries.find(|(key, _)| key.get_ref() == name)?;
    Some(value)
}

fn place(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit_once('\n');
    Place {
        line: before.matches('\n').count() + 1,
        column: line.map_or(before, |(_, line)| line).chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"é\"\n[a]\nb = { c = 1 }\n[[a.rows]]\nx = 1\n[[a.rows]]\nx = 2\n";

    #[test]
    fn a_value_is_found_by_its_path() {
        for (path, line, column) in [
            ("name", 1, 8),
            ("a.b.c", 3, 11),
            ("a.rows.1.x", 7, 5),
            // What is not there is shown by what is to hold it.
            ("a.b.missing", 3, 5),
        ] {
            assert_eq!(find(TEXT, path), Some(Place { line, column }), "{path}");
        }
        assert_eq!(find(TEXT, "missing.b"), None);
    }
}
