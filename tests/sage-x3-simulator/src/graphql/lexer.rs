//! Text to tokens.

use super::ast::Position;
use super::error::GraphqlError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Punctuator(&'static str),
    Name(String),
    Int(String),
    Float(String),
    Text(String),
    End,
}

impl Token {
    /// How a syntax error names the token.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Punctuator(text) => format!("\"{text}\""),
            Self::Name(name) => format!("Name \"{name}\""),
            Self::Int(text) => format!("Int \"{text}\""),
            Self::Float(text) => format!("Float \"{text}\""),
            Self::Text(text) => format!("String {text:?}"),
            Self::End => "<EOF>".to_owned(),
        }
    }
}

const PUNCTUATORS: [&str; 14] = [
    "...", "!", "$", "&", "(", ")", ":", "=", "@", "[", "]", "{", "|", "}",
];

/// All tokens with their positions; the last one is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Position)>, GraphqlError> {
    let mut lexer = Lexer {
        characters: text.chars().collect(),
        at: 0,
        line: 1,
        line_start: 0,
    };
    let mut out = Vec::new();
    loop {
        lexer.skip_ignored();
        let position = lexer.position();
        let token = lexer.token()?;
        let end = token == Token::End;
        out.push((token, position));
        if end {
            return Ok(out);
        }
    }
}

struct Lexer {
    characters: Vec<char>,
    at: usize,
    line: usize,
    line_start: usize,
}

impl Lexer {
    fn position(&self) -> Position {
        Position {
            line: self.line,
            column: self.at - self.line_start + 1,
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(offset, c)| self.characters.get(self.at + offset) == Some(&c))
    }

    fn advance(&mut self) {
        if self.peek() == Some('\n') {
            self.line += 1;
            self.line_start = self.at + 1;
        }
        self.at += 1;
    }

    fn skip_ignored(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' | ',' | '\u{feff}' => self.advance(),
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.advance();
                    }
                }
                _ => return,
            }
        }
    }

    fn token(&mut self) -> Result<Token, GraphqlError> {
        let Some(c) = self.peek() else {
            return Ok(Token::End);
        };
        if let Some(punctuator) = PUNCTUATORS.iter().find(|p| self.starts_with(p)) {
            self.at += punctuator.len();
            return Ok(Token::Punctuator(punctuator));
        }
        if c == '_' || c.is_ascii_alphabetic() {
            return Ok(Token::Name(
                self.take_while(|c| c == '_' || c.is_ascii_alphanumeric()),
            ));
        }
        if c == '-' || c.is_ascii_digit() {
            return self.number();
        }
        if self.starts_with("\"\"\"") {
            return self.block_string();
        }
        if c == '"' {
            return self.string();
        }
        Err(GraphqlError::syntax(
            format!("Cannot parse the unexpected character {c:?}."),
            self.position(),
        ))
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    fn number(&mut self) -> Result<Token, GraphqlError> {
        let mut text = String::new();
        let mut float = false;
        if self.peek() == Some('-') {
            text.push('-');
            self.at += 1;
        }
        text.push_str(&self.digits()?);
        if self.peek() == Some('.') {
            float = true;
            text.push('.');
            self.at += 1;
            text.push_str(&self.digits()?);
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            float = true;
            text.push('e');
            self.at += 1;
            if let Some(sign @ ('+' | '-')) = self.peek() {
                text.push(sign);
                self.at += 1;
            }
            text.push_str(&self.digits()?);
        }
        Ok(if float {
            Token::Float(text)
        } else {
            Token::Int(text)
        })
    }

    fn digits(&mut self) -> Result<String, GraphqlError> {
        let digits = self.take_while(|c| c.is_ascii_digit());
        if digits.is_empty() {
            let found = self
                .peek()
                .map_or_else(|| "<EOF>".to_owned(), |c| format!("{:?}", c.to_string()));
            return Err(GraphqlError::syntax(
                format!("Invalid number, expected digit but got: {found}."),
                self.position(),
            ));
        }
        Ok(digits)
    }

    fn string(&mut self) -> Result<Token, GraphqlError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(Token::Text(out));
                }
                Some('\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(c) if c != '\n' && c != '\r' => {
                    self.at += 1;
                    out.push(c);
                }
                _ => {
                    return Err(GraphqlError::syntax(
                        "Unterminated string.".to_owned(),
                        self.position(),
                    ));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, GraphqlError> {
        let position = self.position();
        let Some(c) = self.peek() else {
            return Err(GraphqlError::syntax(
                "Unterminated string.".to_owned(),
                position,
            ));
        };
        self.at += 1;
        match c {
            '"' | '\\' | '/' => Ok(c),
            'n' => Ok('\n'),
            't' => Ok('\t'),
            'r' => Ok('\r'),
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'u' => self.unicode(position),
            other => Err(GraphqlError::syntax(
                format!("Invalid character escape sequence: \"\\{other}\"."),
                position,
            )),
        }
    }

    fn unicode(&mut self, position: Position) -> Result<char, GraphqlError> {
        let high = self.four_hex(position)?;
        if (0xd800..0xdc00).contains(&high) && self.starts_with("\\u") {
            self.at += 2;
            let low = self.four_hex(position)?;
            let code = low
                .checked_sub(0xdc00)
                .map(|low| 0x10000 + ((high - 0xd800) << 10) + low);
            return Ok(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
        }
        Ok(char::from_u32(high).unwrap_or('\u{fffd}'))
    }

    fn four_hex(&mut self, position: Position) -> Result<u32, GraphqlError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                return Err(GraphqlError::syntax(
                    "Invalid Unicode escape sequence.".to_owned(),
                    position,
                ));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn block_string(&mut self) -> Result<Token, GraphqlError> {
        self.at += 3;
        let mut raw = String::new();
        while !self.starts_with("\"\"\"") {
            if self.starts_with("\\\"\"\"") {
                raw.push_str("\"\"\"");
                self.at += 4;
            } else if let Some(c) = self.peek() {
                raw.push(c);
                self.advance();
            } else {
                return Err(GraphqlError::syntax(
                    "Unterminated string.".to_owned(),
                    self.position(),
                ));
            }
        }
        self.at += 3;
        Ok(Token::Text(dedent(&raw)))
    }
}

/// Removes the common indentation and the blank first and last lines of a block string.
fn dedent(raw: &str) -> String {
    let lines: Vec<&str> = raw.lines().collect();
    let indent = lines
        .iter()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut out: Vec<&str> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            if index == 0 {
                line
            } else {
                line.get(indent..).unwrap_or("")
            }
        })
        .collect();
    while out.first().is_some_and(|line| line.trim().is_empty()) {
        out.remove(0);
    }
    while out.last().is_some_and(|line| line.trim().is_empty()) {
        out.pop();
    }
    out.join("\n")
}
