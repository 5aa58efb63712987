//! JSON whose numbers stay text, read strictly (request bodies) or relaxed (filters and orders).
//!
//! `serde_json::Value` would pass every decimal through `f64`, and the order of an object's members matters in `orderBy`.

use std::fmt::Write as _;

/// A JSON value; numbers keep their characters and objects their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    pub(crate) fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }

    pub(crate) fn int(value: impl Into<i64>) -> Self {
        Self::Number(value.into().to_string())
    }

    pub(crate) fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// The member of that name, when this is an object that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(member, _)| member == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Compact JSON text.
    pub(crate) fn print(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(text, out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    if text
        .bytes()
        .all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
    {
        out.push_str(text);
        out.push('"');
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if (control as u32) < 0x20 => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// What is wrong with a JSON text, worded as a JavaScript server words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct JsonError(pub(crate) String);

/// Reads standard JSON.
pub(crate) fn parse_strict(text: &str) -> Result<Json, JsonError> {
    Reader::new(text, false).document()
}

/// Reads JSON with what filters may use besides: unquoted member names, single quotes, trailing commas.
pub(crate) fn parse_relaxed(text: &str) -> Result<Json, JsonError> {
    Reader::new(text, true).document()
}

/// Deep enough for any filter, shallow enough for any stack.
const MAX_DEPTH: usize = 100;

struct Reader {
    characters: Vec<char>,
    at: usize,
    depth: usize,
    relaxed: bool,
}

impl Reader {
    fn new(text: &str, relaxed: bool) -> Self {
        Self {
            characters: text.chars().collect(),
            at: 0,
            depth: 0,
            relaxed,
        }
    }

    fn document(mut self) -> Result<Json, JsonError> {
        let value = self.value()?;
        self.space();
        if self.at < self.characters.len() {
            return Err(self.unexpected());
        }
        Ok(value)
    }

    fn unexpected(&self) -> JsonError {
        JsonError(match self.characters.get(self.at) {
            Some(character) => format!(
                "Unexpected token {character} in JSON at position {}",
                self.at
            ),
            None => "Unexpected end of JSON input".to_owned(),
        })
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn space(&mut self) {
        while self
            .peek()
            .is_some_and(|c| matches!(c, ' ' | '\n' | '\r' | '\t'))
        {
            self.at += 1;
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), JsonError> {
        if self.peek() != Some(wanted) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<Json, JsonError> {
        self.space();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(JsonError("JSON nested too deeply".to_owned()));
        }
        let value = match self.peek() {
            Some('{') => self.object(),
            Some('[') => self.array(),
            Some('"') => self.string('"').map(Json::Text),
            Some('\'') if self.relaxed => self.string('\'').map(Json::Text),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            Some(c) if c.is_ascii_alphabetic() => self.word(),
            _ => Err(self.unexpected()),
        }?;
        self.depth -= 1;
        Ok(value)
    }

    fn word(&mut self) -> Result<Json, JsonError> {
        for (word, value) in [
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("null", Json::Null),
        ] {
            if self.characters[self.at..]
                .iter()
                .copied()
                .take(word.len())
                .eq(word.chars())
            {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.unexpected())
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        let integer = self.digits()?;
        if !self.relaxed && integer > 1 && self.characters[self.at - integer] == '0' {
            self.at -= integer - 1;
            return Err(self.unexpected());
        }
        if self.peek() == Some('.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Json::Number(
            self.characters[start..self.at].iter().collect(),
        ))
    }

    fn digits(&mut self) -> Result<usize, JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.unexpected())
        } else {
            Ok(self.at - start)
        }
    }

    fn string(&mut self, quote: char) -> Result<String, JsonError> {
        self.expect(quote)?;
        let mut out = String::new();
        loop {
            match self.peek() {
                Some(c) if c == quote => {
                    self.at += 1;
                    return Ok(out);
                }
                Some('\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(c) if (c as u32) >= 0x20 => {
                    self.at += 1;
                    out.push(c);
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let character = match self.peek() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => {
                self.at += 1;
                return self.unicode();
            }
            Some(c) if matches!(c, '"' | '\\' | '/') || (self.relaxed && c == '\'') => c,
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let high = self.four_hex()?;
        if (0xd800..0xdc00).contains(&high) && self.peek() == Some('\\') {
            self.at += 1;
            self.expect('u')?;
            let low = self.four_hex()?;
            let code = low
                .checked_sub(0xdc00)
                .map(|low| 0x10000 + ((high - 0xd800) << 10) + low);
            return Ok(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
        }
        Ok(char::from_u32(high).unwrap_or('\u{fffd}'))
    }

    fn four_hex(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                return Err(self.unexpected());
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn array(&mut self) -> Result<Json, JsonError> {
        self.expect('[')?;
        let mut items = Vec::new();
        loop {
            self.space();
            if self.peek() == Some(']') && (items.is_empty() || self.relaxed) {
                self.at += 1;
                return Ok(Json::Array(items));
            }
            items.push(self.value()?);
            self.space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(']') => {
                    self.at += 1;
                    return Ok(Json::Array(items));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn object(&mut self) -> Result<Json, JsonError> {
        self.expect('{')?;
        let mut members = Vec::new();
        loop {
            self.space();
            if self.peek() == Some('}') && (members.is_empty() || self.relaxed) {
                self.at += 1;
                return Ok(Json::Object(members));
            }
            let name = self.member_name()?;
            self.space();
            self.expect(':')?;
            let value = self.value()?;
            members.push((name, value));
            self.space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some('}') => {
                    self.at += 1;
                    return Ok(Json::Object(members));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn member_name(&mut self) -> Result<String, JsonError> {
        match self.peek() {
            Some('"') => self.string('"'),
            Some('\'') if self.relaxed => self.string('\''),
            Some(c) if self.relaxed && (c.is_ascii_alphabetic() || matches!(c, '_' | '$')) => {
                let start = self.at;
                while self
                    .peek()
                    .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))
                {
                    self.at += 1;
                }
                Ok(self.characters[start..self.at].iter().collect())
            }
            _ => Err(self.unexpected()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_member_order_survive() {
        let text = r#"{"z":99999999999999.99,"a":[1.50,-0,1e3],"t":"\u00e9\ud83d\ude00\n"}"#;
        let json = parse_strict(text).unwrap();
        assert_eq!(
            json.print(),
            "{\"z\":99999999999999.99,\"a\":[1.50,-0,1e3],\"t\":\"é😀\\n\"}"
        );
    }

    #[test]
    fn strict_reading_refuses_what_relaxed_reading_takes() {
        for text in ["{a:1}", "{'a':1}", "[1,]", "{\"a\":1,}", "01"] {
            assert!(parse_strict(text).is_err(), "{text}");
            assert!(parse_relaxed(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn broken_texts_are_errors_and_never_panics() {
        for text in [
            "",
            "{",
            "[1",
            "\"\\u12",
            "\"\\ud800\\u0041\"x",
            "nul",
            "-",
            "1.",
            "1e",
            "{\"a\"}",
            "'",
            "\"\t\"",
        ] {
            assert!(parse_strict(text).is_err(), "{text}");
        }
        assert!(parse_relaxed(&"[".repeat(100_000)).is_err());
        assert_eq!(
            parse_strict("\"\\ud800\\u0041\""),
            Ok(Json::text("\u{fffd}"))
        );
    }
}
