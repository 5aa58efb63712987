//! Reading Rust source as far as the rules need it.

/// `source` with its comments blanked out; lines and columns stay where they were.
pub(crate) fn without_comments(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (length, is_comment) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), true)
        } else if rest.starts_with("/*") {
            (block_comment_length(rest), true)
        } else if let Some(length) = literal_length(rest) {
            (length, false)
        } else if first.is_alphanumeric() || first == '_' {
            (word_length(rest), false)
        } else {
            (first.len_utf8(), false)
        };
        let (piece, after) = rest.split_at(length);
        if is_comment {
            code.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            code.push_str(piece);
        }
        rest = after;
    }
    code
}

/// Block comments nest.
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

/// The length of a string or character literal at the start of `text`, if there is one.
fn literal_length(text: &str) -> Option<usize> {
    let unprefixed = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - unprefixed.len();
    if prefix > 1 {
        return None;
    }
    let length = match unprefixed.chars().next()? {
        '"' => quoted_length(unprefixed, '"')?,
        '\'' => character_length(unprefixed)?,
        'r' => raw_string_length(unprefixed)?,
        _ => return None,
    };
    Some(prefix + length)
}

fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return Some(at + 1);
        }
    }
    None
}

/// A lifetime starts like a character but has no closing quote after one.
fn character_length(text: &str) -> Option<usize> {
    if text.starts_with("'\\") {
        return quoted_length(text, '\'');
    }
    let inner = text[1..].chars().next()?;
    let end = 1 + inner.len_utf8();
    text[end..].starts_with('\'').then_some(end + 1)
}

fn raw_string_length(text: &str) -> Option<usize> {
    let after_r = &text[1..];
    let hashes = after_r.len() - after_r.trim_start_matches('#').len();
    let body = after_r[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(1 + hashes + 1 + body.find(&end)? + end.len())
}

/// The words of `code`: runs of letters, digits and underscores.
pub(crate) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

#[test]
fn comments_go_and_literals_stay() {
    let source = concat!(
        "let a = \"// no comment\"; // gone f64\n",
        "/* gone /* nested */ still gone */ let b = '\"'; // gone\n",
        "let c = r#\"/* stays \" */\"#; let d = b\"\\\"// stays\"; fn e<'a>(x: &'a str) {} // gone\n",
        "let bar = '\\''; let cr = 1; // gone é\n",
    );
    let code = without_comments(source);
    assert!(!code.contains("gone"), "{code}");
    for stays in [
        "// no comment",
        "'\"'",
        "/* stays \" */",
        "\\\"// stays",
        "&'a str",
        "'\\''",
        "let cr = 1",
    ] {
        assert!(code.contains(stays), "{stays} in {code}");
    }
    assert_eq!(code.lines().count(), source.lines().count());
}
