//! Reads a query.

use super::ast::{Aggregate, Column, ColumnValue, Comparison, Condition, Literal, Query, Test};
use super::lexer::{Token, TokenKind, Unreadable, tokens};
use crate::failure::Failure;
use crate::json::object;

const DEFAULT_LIMIT: u64 = 200;
/// Words that end a list of columns.
const KEYWORDS: [&str; 12] = [
    "select", "from", "where", "group", "order", "limit", "offset", "and", "or", "by", "as",
    "between",
];

fn syntax_error(message: &str, column: usize, near: &str) -> Failure {
    let details = object! { "line" => 1, "column" => column, "near" => near };
    Failure::new(400, "SYNTAX_ERROR", message, details)
}

fn missing_clause(clause: &str) -> Failure {
    let message = format!("missing clause : {clause}");
    Failure::new(
        400,
        "SYNTAX_ERROR",
        &message,
        object! { "clause" => clause },
    )
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

/// Reads a query, or says where it cannot be read.
pub(super) fn parse(query: &str) -> Result<Query, Failure> {
    let unreadable = |error: Unreadable| {
        syntax_error(
            "error occurred while parsing the query",
            error.column,
            &error.near,
        )
    };
    let mut parser = Parser {
        tokens: tokens(query).map_err(unreadable)?,
        at: 0,
    };
    parser.query()
}

impl Parser {
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn next(&mut self) -> Option<TokenKind> {
        let kind = self.peek().cloned();
        self.at += 1;
        kind
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Word(text)) if text.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(TokenKind::Sign(text)) if *text == sign);
        self.at += usize::from(found);
        found
    }

    fn fail<T>(&self) -> Result<T, Failure> {
        let column = self
            .tokens
            .get(self.at)
            .or_else(|| self.tokens.last())
            .map_or(1, |token| token.column);
        let near = self.peek().map(TokenKind::shown).unwrap_or_default();
        Err(syntax_error(
            "error occurred while parsing the query",
            column,
            &near,
        ))
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Failure> {
        if self.take_sign(sign) {
            Ok(())
        } else {
            self.fail()
        }
    }

    fn name(&mut self) -> Result<String, Failure> {
        match self.peek() {
            Some(TokenKind::Word(text)) if !KEYWORDS.contains(&text.to_lowercase().as_str()) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            // Names may be quoted, as aliases mostly are.
            Some(TokenKind::Text(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => self.fail(),
        }
    }

    fn query(&mut self) -> Result<Query, Failure> {
        if !self.take_word("select") {
            return Err(missing_clause("select"));
        }
        let columns = self.columns()?;
        if !self.take_word("from") {
            return Err(missing_clause("from"));
        }
        let module = self.name()?;
        let (module, view) = match module.split_once('#') {
            Some((module, view)) => (module.to_owned(), Some(view.to_owned())),
            None => (module, None),
        };
        if !self.take_word("where") {
            return Err(missing_clause("where"));
        }
        let condition = self.conditions()?;
        let group_by = if self.take_word("group") {
            self.by_names()?
        } else {
            Vec::new()
        };
        let order_by = if self.take_word("order") {
            self.order()?
        } else {
            Vec::new()
        };
        let (limit, offset) = self.limits()?;
        if self.at < self.tokens.len() {
            return self.fail();
        }
        Ok(Query {
            columns,
            module,
            view,
            condition,
            group_by,
            order_by,
            limit,
            offset,
        })
    }

    fn columns(&mut self) -> Result<Vec<Column>, Failure> {
        let mut columns = Vec::new();
        loop {
            columns.push(self.column()?);
            if !self.take_sign(",") {
                return Ok(columns);
            }
        }
    }

    fn column(&mut self) -> Result<Column, Failure> {
        let word = self.name()?;
        let aggregate = match word.to_uppercase().as_str() {
            "SUM" => Some(Aggregate::Sum),
            "MAX" => Some(Aggregate::Max),
            "MIN" => Some(Aggregate::Min),
            "AVG" => Some(Aggregate::Avg),
            "COUNT" => Some(Aggregate::Count),
            _ => None,
        };
        let (value, mut name) = match aggregate {
            Some(aggregate) if self.take_sign("(") => {
                let field = self.name()?;
                self.expect_sign(")")?;
                let name = format!("{word}({field})");
                (ColumnValue::Aggregate(aggregate, field), name)
            }
            _ => (ColumnValue::Field(word.clone()), word),
        };
        if self.take_word("as") {
            name = self.name()?;
        }
        Ok(Column { value, name })
    }

    /// Conditions of one bracket level: at most one `and` or `or`, since more than two conditions need brackets.
    fn conditions(&mut self) -> Result<Condition, Failure> {
        let left = self.condition()?;
        let condition = if self.take_word("and") {
            Condition::And(Box::new(left), Box::new(self.condition()?))
        } else if self.take_word("or") {
            Condition::Or(Box::new(left), Box::new(self.condition()?))
        } else {
            return Ok(left);
        };
        if self.is_word("and") || self.is_word("or") {
            return self.fail();
        }
        Ok(condition)
    }

    fn condition(&mut self) -> Result<Condition, Failure> {
        if self.take_sign("(") {
            let inner = self.conditions()?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let column = self.name()?;
        let test = self.test()?;
        Ok(Condition::Test { column, test })
    }

    fn test(&mut self) -> Result<Test, Failure> {
        let comparisons = [
            ("=", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessEqual),
            (">=", Comparison::GreaterEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        for (sign, comparison) in comparisons {
            if self.take_sign(sign) {
                return Ok(Test::Compare(comparison, self.literal()?));
            }
        }
        if self.take_word("is") {
            let negated = self.take_word("not");
            return if self.take_word("null") {
                Ok(Test::IsNull { negated })
            } else {
                self.fail()
            };
        }
        let negated = self.take_word("not");
        if self.take_word("in") {
            self.expect_sign("(")?;
            let mut values = vec![self.literal()?];
            while self.take_sign(",") {
                values.push(self.literal()?);
            }
            self.expect_sign(")")?;
            return Ok(Test::In { values, negated });
        }
        if self.take_word("like") {
            return match self.next() {
                Some(TokenKind::Text(pattern)) => Ok(Test::Like { pattern, negated }),
                _ => self.fail(),
            };
        }
        if self.take_word("between") {
            let low = self.literal()?;
            if !self.take_word("and") {
                return self.fail();
            }
            return Ok(Test::Between {
                low,
                high: self.literal()?,
                negated,
            });
        }
        self.fail()
    }

    fn literal(&mut self) -> Result<Literal, Failure> {
        let literal = match self.peek() {
            Some(TokenKind::Text(text)) => Literal::Text(text.clone()),
            Some(TokenKind::Number(text)) => Literal::Number(text.clone()),
            Some(TokenKind::Word(word)) if word.eq_ignore_ascii_case("true") => Literal::Bool(true),
            Some(TokenKind::Word(word)) if word.eq_ignore_ascii_case("false") => {
                Literal::Bool(false)
            }
            _ => return self.fail(),
        };
        self.at += 1;
        Ok(literal)
    }

    fn by_names(&mut self) -> Result<Vec<String>, Failure> {
        if !self.take_word("by") {
            return self.fail();
        }
        let mut names = vec![self.name()?];
        while self.take_sign(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    fn order(&mut self) -> Result<Vec<(String, bool)>, Failure> {
        if !self.take_word("by") {
            return self.fail();
        }
        let mut order = Vec::new();
        loop {
            let name = self.name()?;
            let descending = self.take_word("desc");
            if !descending {
                self.take_word("asc");
            }
            order.push((name, descending));
            if !self.take_sign(",") {
                return Ok(order);
            }
        }
    }

    /// `limit n`, `limit n offset m`, or `limit m, n`.
    fn limits(&mut self) -> Result<(u64, u64), Failure> {
        if !self.take_word("limit") {
            return Ok((DEFAULT_LIMIT, 0));
        }
        let first = self.whole_number()?;
        if self.take_word("offset") {
            return Ok((first, self.whole_number()?));
        }
        if self.take_sign(",") {
            return Ok((self.whole_number()?, first));
        }
        Ok((first, 0))
    }

    fn whole_number(&mut self) -> Result<u64, Failure> {
        let number = match self.peek() {
            Some(TokenKind::Number(text)) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => {
                self.at += 1;
                Ok(number)
            }
            None => self.fail(),
        }
    }
}
