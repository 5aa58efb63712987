//! Turning the file of a node into the documents for one site.
//!
//! A file holds one operation, which lists records in pages, and the fragments that it uses. The fragment called after the
//! node's type (`CustomerFields`) is what a record is read by, in every document. The documents around it are the same for
//! all nodes and made here, so that each selection stands once.

use std::{borrow::Cow, collections::BTreeMap};

use super::{adaptation::Adaptation, frame, node_path::NodePath};
use crate::{config::Generation, ids::FieldName};

/// Where the site's own fields go in a selection.
const EXTRA: &str = "extra fields of the site";
/// Marks fields that no evidence proves: a site that lacks one is read without it.
const OPTIONAL: &str = "optional";
/// Marks fields that are read only where the site lacks another, which is named after this.
const INSTEAD: &str = "instead of ";

/// A node's file as it stands, written for generation 3.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeFile {
    /// Name of its operation.
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

/// What varies from site to site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rendering<'a> {
    pub(crate) generation: Generation,
    /// The site's own fields to read as well.
    pub(crate) extra: &'a [FieldName],
    pub(crate) adaptation: &'a Adaptation,
}

/// A fragment of a file.
#[derive(Clone, Copy, Debug)]
struct Fragment {
    name: &'static str,
    on: &'static str,
    text: &'static str,
}

impl NodeFile {
    /// The document that lists records in pages.
    pub(crate) fn page(&self, node: &NodePath, rendering: Rendering<'_>) -> String {
        let operation = self.text.split("\nfragment ").next().unwrap_or_default();
        let mut document = String::with_capacity(self.text.len() + 64);
        for line in operation.lines().map(code).filter(|line| !line.is_empty()) {
            if line == format!("{} {{", node.package) {
                document.push_str(&frame::aliased_root(node, rendering.generation));
                document.push_str(" {");
            } else {
                document.push_str(line);
            }
            document.push('\n');
        }
        self.push_fragments(&mut document, operation, rendering);
        document
    }

    /// The document that reads one record by its key. With `children` it also takes `$withChildren`.
    pub(crate) fn read(&self, node: &NodePath, children: bool, rendering: Rendering<'_>) -> String {
        let kind = node.type_name();
        let id = rendering.adaptation.id_type();
        let variables = if children {
            format!("$id: {id}, $withChildren: Boolean!")
        } else {
            format!("$id: {id}")
        };
        let selection = format!("...{kind}Fields");
        let mut document = frame::read(
            node,
            rendering.generation,
            &format!("{kind}Read"),
            &variables,
            &selection,
        );
        self.push_fragments(&mut document, &selection, rendering);
        document
    }

    /// The document that reads more of a record's collection. It takes `$id`, `$first` and `$after`.
    pub(crate) fn children(
        &self,
        node: &NodePath,
        collection: &str,
        fragment: &str,
        rendering: Rendering<'_>,
    ) -> String {
        let collection = named(&node.type_name(), collection, rendering.adaptation);
        let id = rendering.adaptation.id_type();
        let selection = format!(
            "{collection} {{\nquery(first: $first, after: $after) {{\nedges {{\nnode {{\n...{fragment}\n}}\n}}\n\
             pageInfo {{\nhasNextPage\nendCursor\n}}\n}}\n}}"
        );
        let mut document = frame::read(
            node,
            rendering.generation,
            &format!("{}Children", node.type_name()),
            &format!("$id: {id}, $first: Int, $after: String"),
            &selection,
        );
        self.push_fragments(&mut document, &selection, rendering);
        document
    }

    /// The fields that a site may lack, with the type that each stands on.
    pub(crate) fn optional_fields(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.fragments().flat_map(|fragment| {
            fragment
                .text
                .lines()
                .filter(|line| is_optional(line))
                .map(move |line| (fragment.on, field_of(code(line))))
        })
    }

    /// The fields that a record of `node` is read by, and whether a site may lack them.
    pub(crate) fn fields_of(&self, node: &NodePath) -> Vec<(&'static str, bool)> {
        let name = format!("{}Fields", node.type_name());
        let Some(fragment) = self.fragments().find(|fragment| fragment.name == name) else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        let mut depth = 0_usize;
        for line in fragment.text.lines() {
            let code = code(line);
            let field = field_of(code);
            if depth == 1 && !field.is_empty() {
                fields.push((field, is_optional(line)));
            }
            depth += code.matches('{').count();
            depth = depth.saturating_sub(code.matches('}').count());
        }
        fields
    }

    /// Whether it reads fields of the type `kind`.
    pub(crate) fn reads(&self, kind: &str) -> bool {
        self.fragments().any(|fragment| fragment.on == kind)
    }

    fn fragments(&self) -> impl Iterator<Item = Fragment> {
        self.text.split("\nfragment ").skip(1).map(|text| {
            let mut words = text.split_whitespace();
            let name = words.next().unwrap_or_default();
            Fragment {
                name,
                on: words.nth(1).unwrap_or_default(),
                text,
            }
        })
    }

    /// Adds the fragments that `document` uses, and those that they use: one that is not used is an error to GraphQL.
    fn push_fragments(&self, document: &mut String, selection: &str, rendering: Rendering<'_>) {
        let known: BTreeMap<&str, Fragment> = self
            .fragments()
            .map(|fragment| (fragment.name, fragment))
            .collect();
        let mut used: Vec<&str> = Vec::new();
        let note = |selection: &str, used: &mut Vec<&str>| {
            for name in spreads(selection) {
                if let Some(fragment) = known.get(name).filter(|known| !used.contains(&known.name))
                {
                    used.push(fragment.name);
                }
            }
        };
        note(selection, &mut used);
        let mut next = 0;
        while let Some(fragment) = used.get(next).and_then(|name| known.get(name)) {
            next += 1;
            let rendered = render_fragment(fragment, rendering);
            note(&rendered, &mut used);
            document.push_str(&rendered);
        }
    }
}

/// A fragment without comments and absent fields, with the site's extra fields.
fn render_fragment(fragment: &Fragment, rendering: Rendering<'_>) -> String {
    let mut rendered = String::with_capacity(fragment.text.len() + 16);
    rendered.push_str("fragment ");
    let mut depth = 0_usize;
    // The depth at which a field that is left out began.
    let mut skipped_from: Option<usize> = None;
    for line in fragment.text.lines() {
        let code = code(line);
        if comment(line) == EXTRA {
            for field in rendering.extra {
                rendered.push_str(field.as_str());
                rendered.push('\n');
            }
        }
        let before = depth;
        depth += code.matches('{').count();
        depth = depth.saturating_sub(code.matches('}').count());
        if let Some(from) = skipped_from {
            skipped_from = Some(from).filter(|from| depth > *from);
            continue;
        }
        if before == 1 && is_left_out(fragment.on, line, rendering.adaptation) {
            skipped_from = Some(before).filter(|from| depth > *from);
        } else if !code.is_empty() {
            let own = before == 1 && !code.starts_with("...");
            rendered.push_str(&if own {
                named(fragment.on, code, rendering.adaptation)
            } else {
                Cow::Borrowed(code)
            });
            rendered.push('\n');
        }
    }
    rendered
}

/// Whether the field of a type in `line` is not to be read at this site.
fn is_left_out(kind: &str, line: &str, adaptation: &Adaptation) -> bool {
    let present = comment(line).strip_prefix(INSTEAD);
    present.is_some_and(|present| !adaptation.lacks(kind, present))
        || adaptation.lacks(kind, field_of(code(line)))
}

/// A selection of a field with the site's own name of it; the answer keeps ours.
fn named<'a>(kind: &str, code: &'a str, adaptation: &Adaptation) -> Cow<'a, str> {
    let field = field_of(code);
    let Some(name) = adaptation.name(kind, field) else {
        return Cow::Borrowed(code);
    };
    Cow::Owned(match code.strip_prefix(field) {
        Some(rest) => format!("{field}: {name}{rest}"),
        None => code.replacen(&format!(": {field}"), &format!(": {name}"), 1),
    })
}

/// The field that a line of code selects. An alias stands before it.
fn field_of(code: &str) -> &str {
    let aliased = code
        .split_once(": ")
        .filter(|(alias, _)| first_word(alias) == *alias);
    first_word(aliased.map_or(code, |(_, field)| field))
}

fn is_optional(line: &str) -> bool {
    comment(line) == OPTIONAL || comment(line).starts_with(INSTEAD)
}

/// A line without its comment. No string in the files holds a `#`.
fn code(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

fn comment(line: &str) -> &str {
    line.split_once('#')
        .map_or("", |(_, comment)| comment.trim())
}

fn first_word(code: &str) -> &str {
    code.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .next()
        .unwrap_or_default()
}

/// The names of the fragments that a selection uses.
fn spreads(selection: &str) -> impl Iterator<Item = &str> {
    selection.split("...").skip(1).map(first_word)
}

/// Whether a document holds a mutation. Looks at keywords outside of braces, strings and comments.
pub(crate) fn has_mutation(document: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = document;
    while let Some(letter) = rest.chars().next() {
        let mut skip = letter.len_utf8();
        match letter {
            '#' => skip = rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => skip = string_length(rest),
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ if letter.is_ascii_alphabetic() || letter == '_' => {
                skip = rest
                    .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
                    .unwrap_or(rest.len());
                if depth == 0 && &rest[..skip] == "mutation" {
                    return true;
                }
            }
            _ => {}
        }
        rest = &rest[skip..];
    }
    false
}

/// Length of the string, plain or block, that `text` begins with.
fn string_length(text: &str) -> usize {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        let closing = block.replace("\\\"\"\"", "\\xxx").find("\"\"\"");
        return closing.map_or(text.len(), |end| end + 6);
    }
    let mut escaped = false;
    for (index, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return index + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field_map::FieldMap;

    const VISIT: NodePath = NodePath::new("x3Sales", "visit");
    const FILE: NodeFile = NodeFile {
        name: "Visits",
        text: "# A comment.\nquery Visits($first: Int) {\n  x3Sales {\n    visit {\n      query(first: $first) {\n        edges { node { ...VisitFields } }\n      }\n    }\n  }\n}\n\n\
               fragment VisitFields on Visit {\n  _id\n  mood # optional\n  place { # optional\n    code { name }\n  }\n  oldMood # instead of mood\n  first { ...LineFields }\n  lines {\n    query(first: 200) { edges { node { ...LineFields } } }\n  }\n  # extra fields of the site\n}\n\n\
               fragment LineFields on VisitLine {\n  _id\n  mood # optional\n}\n",
    };

    fn flat(document: &str) -> String {
        document.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn plain<'a>(adaptation: &'a Adaptation, extra: &'a [FieldName]) -> Rendering<'a> {
        Rendering {
            generation: Generation::Gen3,
            extra,
            adaptation,
        }
    }

    #[test]
    fn a_page_carries_the_sites_own_fields_and_no_comment() {
        let extra = [
            FieldName::new("yZone").unwrap(),
            FieldName::new("yScore").unwrap(),
        ];
        let (adaptation, kind) = (Adaptation::default(), "fragment VisitFields on Visit");
        assert_eq!(
            flat(&FILE.page(&VISIT, plain(&adaptation, &extra))),
            format!(
                "query Visits($first: Int) {{ x3Sales {{ visit {{ query(first: $first) {{ edges {{ node {{ ...VisitFields }} }} }} }} }} }} \
                 {kind} {{ _id mood place {{ code {{ name }} }} first {{ ...LineFields }} lines {{ query(first: 200) {{ edges {{ node {{ ...LineFields }} }} }} }} \
                 yZone yScore }} fragment LineFields on VisitLine {{ _id mood }}"
            )
        );
    }

    #[test]
    fn generation_2_answers_under_the_names_of_generation_3() {
        let adaptation = Adaptation::default();
        let rendering = Rendering {
            generation: Generation::Gen2,
            ..plain(&adaptation, &[])
        };
        for document in [
            FILE.page(&VISIT, rendering),
            FILE.read(&VISIT, false, rendering),
            FILE.children(&VISIT, "lines", "LineFields", rendering),
        ] {
            assert!(
                flat(&document).contains("{ x3Sales: xtremX3Sales { visit {"),
                "{document}"
            );
        }
    }

    #[test]
    fn a_field_that_the_site_lacks_is_left_out_with_all_below_it() {
        let adaptation = Adaptation::without(
            [("Visit", "place"), ("VisitLine", "mood")]
                .map(|(kind, field)| (kind.to_owned(), field.to_owned())),
        );
        let document = flat(&FILE.read(&VISIT, false, plain(&adaptation, &[])));
        assert_eq!(
            document,
            "query VisitRead($id: Id!) { x3Sales { visit { read(_id: $id) { ...VisitFields } } } } \
             fragment VisitFields on Visit { _id mood first { ...LineFields } lines { query(first: 200) { edges { node { ...LineFields } } } } } \
             fragment LineFields on VisitLine { _id }"
        );
    }

    #[test]
    fn fields_that_no_evidence_proves_are_known() {
        assert_eq!(
            FILE.optional_fields().collect::<Vec<_>>(),
            [
                ("Visit", "mood"),
                ("Visit", "place"),
                ("Visit", "oldMood"),
                ("VisitLine", "mood")
            ]
        );
    }

    #[test]
    fn a_field_is_read_instead_of_another_only_where_that_is_lacking() {
        let lacking = [("Visit".to_owned(), "mood".to_owned())];
        let document = FILE.read(&VISIT, false, plain(&Adaptation::without(lacking), &[]));
        assert!(
            flat(&document).contains("on Visit { _id place"),
            "{document}"
        );
        assert!(document.contains("oldMood"), "{document}");
    }

    #[test]
    fn a_field_with_another_name_is_answered_under_ours() {
        let map = FieldMap::new()
            .rename("Visit", "lines", "stops")
            .and_then(|map| map.rename("VisitLine", "mood", "temper"))
            .unwrap()
            .text_ids();
        let adaptation = Adaptation::configured(&map);
        let document = flat(&FILE.read(&VISIT, false, plain(&adaptation, &[])));
        assert!(document.starts_with("query VisitRead($id: String!) {"));
        assert!(
            document.contains("lines: stops { query(first: 200)"),
            "{document}"
        );
        assert!(
            document.contains("on VisitLine { _id mood: temper }"),
            "{document}"
        );
        assert!(document.contains("on Visit { _id mood place"), "{document}");
        let document = flat(&FILE.children(&VISIT, "lines", "LineFields", plain(&adaptation, &[])));
        assert!(
            document.contains("lines: stops { query(first: $first"),
            "{document}"
        );
    }

    #[test]
    fn the_fields_of_a_record_are_those_of_its_own_fragment() {
        assert_eq!(
            FILE.fields_of(&VISIT),
            [
                ("_id", false),
                ("mood", true),
                ("place", true),
                ("oldMood", true),
                ("first", false),
                ("lines", false)
            ]
        );
    }

    #[test]
    fn a_document_holds_no_fragment_that_it_does_not_use() {
        let adaptation = Adaptation::default();
        let document = flat(&FILE.children(&VISIT, "lines", "LineFields", plain(&adaptation, &[])));
        assert_eq!(
            document,
            "query VisitChildren($id: Id!, $first: Int, $after: String) { x3Sales { visit { read(_id: $id) { lines { \
             query(first: $first, after: $after) { edges { node { ...LineFields } } pageInfo { hasNextPage endCursor } } } } } } } \
             fragment LineFields on VisitLine { _id mood }"
        );
    }

    #[test]
    fn mutations_are_told_from_queries() {
        assert!(has_mutation("mutation { a }"));
        assert!(has_mutation(
            "fragment F on A { b }\nmutation M($x: In = {a: \"}\"}) { a }"
        ));
        assert!(!has_mutation("query mutationLike { mutation }"));
        assert!(!has_mutation(
            "# mutation\n{ mutation(filter: \"mutation {\") { a } }"
        ));
        assert!(!has_mutation(
            "query { a(t: \"\"\" mutation \\\"\"\" { \"\"\") { b } }"
        ));
    }
}
