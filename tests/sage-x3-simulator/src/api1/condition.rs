//! The `where` language (reference: 4.2): comparisons, `and`, `or`, `not`, parentheses, `left`, `upper`.
//!
//! `eq`, `like`, `and`, `or`, parentheses and the two functions are documented; `ne gt ge lt le`, `between`, `in`, `not`
//! and `@date@` come from the SData grammar. Plain quoted dates are taken as well.

use regex::Regex;
use rust_decimal::Decimal;

use crate::record::{Record, Scalar, View};

use super::class::{Class, Type};

pub(super) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Compare {
        operand: Operand,
        operator: Operator,
        values: Vec<Scalar>,
    },
    Like {
        operand: Operand,
        pattern: Regex,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Between,
    In,
}

pub(super) enum Operand {
    Column(String),
    Left(String, usize),
    Upper(String),
}

impl Operand {
    fn column(&self) -> &str {
        match self {
            Self::Column(name) | Self::Left(name, _) | Self::Upper(name) => name,
        }
    }

    fn value(&self, class: &Class, record: &Record, view: View<'_>) -> Scalar {
        let value = class.value(self.column(), record, view);
        match (self, value.unwrap_or(Scalar::Null)) {
            (Self::Left(_, length), Scalar::Text(text)) => {
                Scalar::Text(text.chars().take(*length).collect())
            }
            (Self::Upper(_), Scalar::Text(text)) => Scalar::Text(text.to_uppercase()),
            (_, value) => value,
        }
    }
}

impl Condition {
    /// Reads a condition; every column must be one of the class.
    pub(super) fn parse(text: &str, class: &Class, view: View<'_>) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser {
            tokens,
            at: 0,
            class,
            view,
        };
        let condition = parser.any()?;
        match parser.tokens.get(parser.at) {
            None => Ok(condition),
            Some(token) => Err(format!("unexpected {token:?}")),
        }
    }

    pub(super) fn holds(&self, class: &Class, record: &Record, view: View<'_>) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(class, record, view)),
            Self::Any(any) => any.iter().any(|one| one.holds(class, record, view)),
            Self::Not(one) => !one.holds(class, record, view),
            Self::Like { operand, pattern } => {
                matches!(operand.value(class, record, view), Scalar::Text(text) if pattern.is_match(&text))
            }
            Self::Compare {
                operand,
                operator,
                values,
            } => {
                let value = operand.value(class, record, view);
                compare(&value, *operator, values)
            }
        }
    }
}

fn compare(value: &Scalar, operator: Operator, values: &[Scalar]) -> bool {
    let Some(first) = values.first() else {
        return false;
    };
    match operator {
        Operator::Eq => value == first,
        Operator::Ne => value != first,
        Operator::Gt => value > first,
        Operator::Ge => value >= first,
        Operator::Lt => value < first,
        Operator::Le => value <= first,
        Operator::Between => value >= first && values.get(1).is_some_and(|last| value <= last),
        Operator::In => values.contains(value),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Date(String),
    Number(String),
    Open,
    Close,
    Comma,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '\'' => quoted(rest)?,
            '@' => {
                let end = rest.get(1..).and_then(|inner| inner.find('@'));
                let end = end.ok_or("a date literal has no end")?;
                let inner = rest.get(1..=end).unwrap_or_default();
                (Token::Date(inner.to_owned()), end + 2)
            }
            '0'..='9' | '-' => {
                let word = word(rest, |c| c.is_ascii_digit() || matches!(c, '-' | '.'));
                (Token::Number(word.to_owned()), word.len())
            }
            c if c.is_alphabetic() || c == '_' => {
                let word = word(rest, |c| c.is_alphanumeric() || c == '_');
                (Token::Word(word.to_owned()), word.len())
            }
            other => return Err(format!("unexpected character {other}")),
        };
        out.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(out)
}

fn word(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// A string in single quotes, a quote in it doubled.
fn quoted(text: &str) -> Result<(Token, usize), String> {
    let mut out = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != '\'' {
            out.push(character);
            continue;
        }
        if characters.peek().is_some_and(|(_, next)| *next == '\'') {
            characters.next();
            out.push('\'');
            continue;
        }
        return Ok((Token::Text(out), at + 1));
    }
    Err("a string has no end".to_owned())
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    class: &'a Class,
    view: View<'a>,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(given)) if given.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token) -> Result<(), String> {
        match self.next() {
            Some(found) if found == *token => Ok(()),
            found => Err(format!("expected {token:?}, found {found:?}")),
        }
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut any = vec![self.all()?];
        while self.takes("or") {
            any.push(self.all()?);
        }
        Ok(Condition::Any(any))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.one()?];
        while self.takes("and") {
            all.push(self.one()?);
        }
        Ok(Condition::All(all))
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.tokens.get(self.at) == Some(&Token::Open) {
            self.at += 1;
            let inner = self.any()?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        let operand = self.operand()?;
        let operator = match self.next() {
            Some(Token::Word(word)) => word.to_ascii_lowercase(),
            found => return Err(format!("expected an operator, found {found:?}")),
        };
        self.comparison(operand, &operator)
    }

    fn comparison(&mut self, operand: Operand, operator: &str) -> Result<Condition, String> {
        let operator = match operator {
            "like" => {
                let Some(Token::Text(pattern)) = self.next() else {
                    return Err("like needs a string".to_owned());
                };
                let pattern = like(&pattern)?;
                return Ok(Condition::Like { operand, pattern });
            }
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            "between" => Operator::Between,
            "in" => Operator::In,
            other => return Err(format!("unknown operator {other}")),
        };
        let mut values = Vec::new();
        match operator {
            Operator::Between => {
                values.push(self.value(&operand)?);
                if !self.takes("and") {
                    return Err("between needs and".to_owned());
                }
                values.push(self.value(&operand)?);
            }
            Operator::In => {
                self.expect(&Token::Open)?;
                values.push(self.value(&operand)?);
                while self.tokens.get(self.at) == Some(&Token::Comma) {
                    self.at += 1;
                    values.push(self.value(&operand)?);
                }
                self.expect(&Token::Close)?;
            }
            _ => values.push(self.value(&operand)?),
        }
        Ok(Condition::Compare {
            operand,
            operator,
            values,
        })
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let Some(Token::Word(name)) = self.next() else {
            return Err("expected a property".to_owned());
        };
        if self.tokens.get(self.at) != Some(&Token::Open) {
            return Ok(Operand::Column(self.known(name)?));
        }
        self.at += 1;
        let Some(Token::Word(column)) = self.next() else {
            return Err(format!("{name} needs a property"));
        };
        let column = self.known(column)?;
        let operand = match name.to_ascii_lowercase().as_str() {
            "upper" => Operand::Upper(column),
            "left" => {
                self.expect(&Token::Comma)?;
                match self.next() {
                    Some(Token::Number(length)) => {
                        Operand::Left(column, length.parse().map_err(|_| "left needs a length")?)
                    }
                    _ => return Err("left needs a length".to_owned()),
                }
            }
            other => return Err(format!("unknown function {other}")),
        };
        self.expect(&Token::Close)?;
        Ok(operand)
    }

    fn known(&self, name: String) -> Result<String, String> {
        match self.class.type_of(&name, self.view.settings) {
            Some(_) => Ok(name),
            None => Err(format!("{name} is no property of {}", self.class.name)),
        }
    }

    /// A literal as the type of what it is compared with.
    fn value(&mut self, operand: &Operand) -> Result<Scalar, String> {
        let wanted = self.class.type_of(operand.column(), self.view.settings);
        let token = self.next();
        let bad = || format!("{token:?} does not fit {}", operand.column());
        match (wanted, &token) {
            (Some(Type::Number), Some(Token::Number(text) | Token::Text(text))) => text
                .parse::<Decimal>()
                .map(Scalar::Number)
                .map_err(|_| bad()),
            (Some(Type::Date), Some(Token::Date(text) | Token::Text(text))) => {
                text.parse().map(Scalar::Date).map_err(|_| bad())
            }
            (Some(Type::Instant), Some(Token::Date(text) | Token::Text(text))) => {
                text.parse().map(Scalar::Instant).map_err(|_| bad())
            }
            (Some(Type::Text), Some(Token::Text(text))) => Ok(Scalar::Text(text.clone())),
            _ => Err(bad()),
        }
    }
}

/// `%` is any text, `_` any character.
fn like(pattern: &str) -> Result<Regex, String> {
    let mut out = String::from("(?s)^");
    for character in pattern.chars() {
        match character {
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    out.push('$');
    Regex::new(&out).map_err(|error| error.to_string())
}
