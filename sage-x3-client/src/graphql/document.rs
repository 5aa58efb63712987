//! Turning an operation file into the document for one site.

use crate::{config::Generation, ids::FieldName};

/// Where the site's own fields go in a selection.
const EXTRA: &str = "# extra fields of the site";
const STAMP: &str = "stamp: _updateStamp";
const ROOT: &str = "x3MasterData {";

/// An operation as it stands in its file, written for generation 3.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

/// What varies from site to site.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rendering<'a> {
    pub(crate) generation: Generation,
    pub(crate) extra: &'a [FieldName],
    pub(crate) stamp: Option<&'a FieldName>,
}

impl Operation {
    /// The document to send: without comments, with the generation's root names, the site's extra fields and stamp.
    pub(crate) fn render(&self, rendering: Rendering<'_>) -> String {
        let mut document = String::with_capacity(self.text.len() + 64);
        for line in self.text.lines() {
            let trimmed = line.trim();
            if trimmed == EXTRA {
                for field in rendering.extra {
                    document.push_str(field.as_str());
                    document.push('\n');
                }
            } else if !trimmed.is_empty() && !trimmed.starts_with('#') {
                document.push_str(trimmed);
                document.push('\n');
            }
        }
        if let Some(stamp) = rendering
            .stamp
            .filter(|stamp| stamp.as_str() != "_updateStamp")
        {
            document = document.replace(STAMP, &format!("stamp: {stamp}"));
        }
        match rendering.generation {
            Generation::Gen3 => document,
            // The alias keeps the answer's shape, so that one parser serves both generations.
            Generation::Gen2 => document.replace(ROOT, "x3MasterData: xtremX3MasterData {"),
        }
    }
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

    const SAMPLE: Operation = Operation {
        name: "Sample",
        text: "# A comment.\nquery Sample {\n  x3MasterData {\n    customer {\n      query {\n        stamp: _updateStamp\n        # extra fields of the site\n      }\n    }\n  }\n}\n",
    };

    fn flat(document: &str) -> String {
        document.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_document_carries_extra_fields_and_stamp_and_no_comment() {
        let extra = [
            FieldName::new("yZone").unwrap(),
            FieldName::new("yScore").unwrap(),
        ];
        let stamp = FieldName::new("modifiedDateTime").unwrap();
        let document = SAMPLE.render(Rendering {
            extra: &extra,
            stamp: Some(&stamp),
            ..Rendering::default()
        });
        assert_eq!(
            flat(&document),
            "query Sample { x3MasterData { customer { query { stamp: modifiedDateTime yZone yScore } } } }"
        );
    }

    #[test]
    fn generation_2_answers_under_the_names_of_generation_3() {
        let document = SAMPLE.render(Rendering {
            generation: Generation::Gen2,
            ..Rendering::default()
        });
        assert_eq!(
            flat(&document),
            "query Sample { x3MasterData: xtremX3MasterData { customer { query { stamp: _updateStamp } } } }"
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
