//! Cuts a query into tokens.

/// A token with the place it begins at, counted in characters from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) column: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// A keyword, field or module name, with dots.
    Word(String),
    /// Quoted text, unescaped.
    Text(String),
    Number(String),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `(`, `)`, `,`.
    Sign(&'static str),
}

impl TokenKind {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Number(text) => text.clone(),
            Self::Text(text) => format!("'{text}'"),
            Self::Sign(sign) => (*sign).to_owned(),
        }
    }
}

/// A place where the query cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) column: usize,
    pub(super) near: String,
}

const SIGNS: [&str; 10] = ["!=", "<=", ">=", "<>", "=", "<", ">", "(", ")", ","];

pub(super) fn tokens(query: &str) -> Result<Vec<Token>, Unreadable> {
    let chars: Vec<char> = query.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = chars.get(at) {
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let column = at + 1;
        let (kind, next) = if first == '\'' {
            quoted(&chars, at).ok_or_else(|| Unreadable {
                column,
                near: rest(&chars, at),
            })?
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| starts_with(&chars, at, sign)) {
            (
                TokenKind::Sign(if sign == "<>" { "!=" } else { sign }),
                at + sign.len(),
            )
        } else if first.is_ascii_digit()
            || (first == '-' && chars.get(at + 1).is_some_and(char::is_ascii_digit))
        {
            let end = end_of(&chars, at + 1, |character| {
                character.is_ascii_digit() || character == '.'
            });
            (
                TokenKind::Number(chars.get(at..end).unwrap_or_default().iter().collect()),
                end,
            )
        } else if is_word(first) {
            let end = end_of(&chars, at + 1, is_word);
            (
                TokenKind::Word(chars.get(at..end).unwrap_or_default().iter().collect()),
                end,
            )
        } else {
            return Err(Unreadable {
                column,
                near: rest(&chars, at),
            });
        };
        tokens.push(Token { kind, column });
        at = next;
    }
    Ok(tokens)
}

/// Names may hold dots (joins), `$` and `#` (custom view of a module).
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '$' | '#' | '!')
}

fn starts_with(chars: &[char], at: usize, sign: &str) -> bool {
    sign.chars()
        .enumerate()
        .all(|(offset, character)| chars.get(at + offset) == Some(&character))
}

fn end_of(chars: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    let mut end = from;
    while chars.get(end).is_some_and(|character| belongs(*character)) {
        end += 1;
    }
    end
}

fn rest(chars: &[char], at: usize) -> String {
    chars.iter().skip(at).take(20).collect()
}

/// Text in single quotes. How a quote inside is escaped is undocumented: doubling it and a backslash before it both do.
fn quoted(chars: &[char], at: usize) -> Option<(TokenKind, usize)> {
    let mut text = String::new();
    let mut position = at + 1;
    loop {
        match chars.get(position)? {
            '\'' if chars.get(position + 1) == Some(&'\'') => {
                text.push('\'');
                position += 2;
            }
            '\'' => return Some((TokenKind::Text(text), position + 1)),
            '\\' => {
                text.push(*chars.get(position + 1)?);
                position += 2;
            }
            other => {
                text.push(*other);
                position += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn quotes_and_backslashes_inside_text_are_escaped_by_a_backslash() {
        let tokens = tokens(r"'O\'Brien \\ Co'").unwrap();
        assert_eq!(
            tokens.first().unwrap().kind,
            TokenKind::Text(r"O'Brien \ Co".to_owned())
        );
    }

    #[test]
    fn a_doubled_quote_stands_for_one() {
        let tokens = tokens("'O''Brien'").unwrap();
        assert_eq!(
            tokens.first().unwrap().kind,
            TokenKind::Text("O'Brien".to_owned())
        );
    }

    #[test]
    fn an_open_quote_is_reported_with_its_place() {
        assert_eq!(tokens("select 'x").unwrap_err().column, 8);
    }
}
