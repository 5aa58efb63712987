//! Tokens to a document.

use super::ast::{
    Argument, Directive, Document, Field, Fragment, Literal, Operation, OperationKind, Position,
    Selection, TypeRef, VariableDefinition,
};
use super::error::GraphqlError;
use super::lexer::{Token, tokens};

/// Deep enough for an introspection query, shallow enough for any stack.
const MAX_DEPTH: usize = 64;

/// Reads an executable document.
pub(crate) fn parse(text: &str) -> Result<Document, GraphqlError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
    };
    let mut document = Document {
        operations: Vec::new(),
        fragments: Vec::new(),
    };
    loop {
        match parser.peek() {
            Token::Punctuator("{") => document.operations.push(parser.shorthand()?),
            Token::Name(name) if name == "fragment" => document.fragments.push(parser.fragment()?),
            Token::Name(name) if matches!(name.as_str(), "query" | "mutation" | "subscription") => {
                document.operations.push(parser.operation()?);
            }
            _ => return Err(parser.unexpected()),
        }
        if parser.peek() == &Token::End {
            return Ok(document);
        }
    }
}

struct Parser {
    tokens: Vec<(Token, Position)>,
    at: usize,
    depth: usize,
}

impl Parser {
    // The last token is `End` and is never passed, so the index is always valid.
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn position(&self) -> Position {
        self.tokens[self.at].1
    }

    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn unexpected(&self) -> GraphqlError {
        GraphqlError::syntax(
            format!("Unexpected {}.", self.peek().describe()),
            self.position(),
        )
    }

    fn expected(&self, what: &str) -> GraphqlError {
        GraphqlError::syntax(
            format!("Expected {what}, found {}.", self.peek().describe()),
            self.position(),
        )
    }

    fn eat(&mut self, punctuator: &'static str) -> bool {
        let found = self.peek() == &Token::Punctuator(punctuator);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, punctuator: &'static str) -> Result<(), GraphqlError> {
        if self.eat(punctuator) {
            Ok(())
        } else {
            Err(self.expected(&format!("\"{punctuator}\"")))
        }
    }

    fn name(&mut self) -> Result<String, GraphqlError> {
        if !matches!(self.peek(), Token::Name(_)) {
            return Err(self.expected("Name"));
        }
        match self.next() {
            Token::Name(name) => Ok(name),
            _ => Err(self.unexpected()),
        }
    }

    fn shorthand(&mut self) -> Result<Operation, GraphqlError> {
        let position = self.position();
        Ok(Operation {
            kind: OperationKind::Query,
            name: None,
            variables: Vec::new(),
            selection: self.selection()?,
            position,
        })
    }

    fn operation(&mut self) -> Result<Operation, GraphqlError> {
        let position = self.position();
        let kind = match self.name()?.as_str() {
            "mutation" => OperationKind::Mutation,
            "subscription" => OperationKind::Subscription,
            _ => OperationKind::Query,
        };
        let name = if matches!(self.peek(), Token::Name(_)) {
            Some(self.name()?)
        } else {
            None
        };
        let variables = self.variables()?;
        self.directives()?;
        Ok(Operation {
            kind,
            name,
            variables,
            selection: self.selection()?,
            position,
        })
    }

    fn variables(&mut self) -> Result<Vec<VariableDefinition>, GraphqlError> {
        let mut out = Vec::new();
        if !self.eat("(") {
            return Ok(out);
        }
        while !self.eat(")") {
            let position = self.position();
            self.expect("$")?;
            let name = self.name()?;
            self.expect(":")?;
            let ty = self.type_ref()?;
            let default = if self.eat("=") {
                Some(self.literal(true)?)
            } else {
                None
            };
            self.directives()?;
            out.push(VariableDefinition {
                name,
                ty,
                default,
                position,
            });
        }
        Ok(out)
    }

    fn type_ref(&mut self) -> Result<TypeRef, GraphqlError> {
        let inner = if self.eat("[") {
            let inner = self.type_ref()?;
            self.expect("]")?;
            inner.list()
        } else {
            TypeRef::named(self.name()?)
        };
        Ok(if self.eat("!") {
            inner.non_null()
        } else {
            inner
        })
    }

    fn fragment(&mut self) -> Result<Fragment, GraphqlError> {
        let position = self.position();
        self.name()?;
        let name = self.name()?;
        self.keyword_on()?;
        let on = self.name()?;
        self.directives()?;
        Ok(Fragment {
            name,
            on,
            selection: self.selection()?,
            position,
        })
    }

    fn keyword_on(&mut self) -> Result<(), GraphqlError> {
        if self.peek() != &Token::Name("on".to_owned()) {
            return Err(self.expected("\"on\""));
        }
        self.next();
        Ok(())
    }

    fn selection(&mut self) -> Result<Vec<Selection>, GraphqlError> {
        self.expect("{")?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(GraphqlError::syntax(
                "Document is nested too deeply.",
                self.position(),
            ));
        }
        let mut out = vec![self.selected()?];
        while !self.eat("}") {
            out.push(self.selected()?);
        }
        self.depth -= 1;
        Ok(out)
    }

    fn selected(&mut self) -> Result<Selection, GraphqlError> {
        let position = self.position();
        if !self.eat("...") {
            return Ok(Selection::Field(self.field()?));
        }
        match self.peek() {
            Token::Name(name) if name != "on" => {
                let name = self.name()?;
                Ok(Selection::Spread {
                    name,
                    directives: self.directives()?,
                    position,
                })
            }
            _ => {
                let on = if matches!(self.peek(), Token::Name(_)) {
                    self.keyword_on()?;
                    Some(self.name()?)
                } else {
                    None
                };
                let directives = self.directives()?;
                Ok(Selection::Inline {
                    on,
                    directives,
                    selection: self.selection()?,
                    position,
                })
            }
        }
    }

    fn field(&mut self) -> Result<Field, GraphqlError> {
        let position = self.position();
        let first = self.name()?;
        let (alias, name) = if self.eat(":") {
            (Some(first), self.name()?)
        } else {
            (None, first)
        };
        let arguments = self.arguments()?;
        let directives = self.directives()?;
        let selection = if self.peek() == &Token::Punctuator("{") {
            self.selection()?
        } else {
            Vec::new()
        };
        Ok(Field {
            alias,
            name,
            arguments,
            directives,
            selection,
            position,
        })
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, GraphqlError> {
        let mut out = Vec::new();
        if !self.eat("(") {
            return Ok(out);
        }
        loop {
            let position = self.position();
            let name = self.name()?;
            self.expect(":")?;
            out.push(Argument {
                name,
                value: self.literal(false)?,
                position,
            });
            if self.eat(")") {
                return Ok(out);
            }
        }
    }

    fn directives(&mut self) -> Result<Vec<Directive>, GraphqlError> {
        let mut out = Vec::new();
        while self.peek() == &Token::Punctuator("@") {
            let position = self.position();
            self.next();
            out.push(Directive {
                name: self.name()?,
                arguments: self.arguments()?,
                position,
            });
        }
        Ok(out)
    }

    fn literal(&mut self, constant: bool) -> Result<Literal, GraphqlError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(GraphqlError::syntax(
                "Document is nested too deeply.",
                self.position(),
            ));
        }
        let literal = match self.peek() {
            Token::Punctuator("$") if !constant => {
                self.next();
                Literal::Variable(self.name()?)
            }
            Token::Punctuator("[") => self.list(constant)?,
            Token::Punctuator("{") => self.object(constant)?,
            Token::Punctuator(_) | Token::End => return Err(self.unexpected()),
            _ => match self.next() {
                Token::Int(text) => Literal::Int(text),
                Token::Float(text) => Literal::Float(text),
                Token::Text(text) => Literal::Text(text),
                Token::Name(name) => match name.as_str() {
                    "true" => Literal::Bool(true),
                    "false" => Literal::Bool(false),
                    "null" => Literal::Null,
                    _ => Literal::Enum(name),
                },
                _ => return Err(self.unexpected()),
            },
        };
        self.depth -= 1;
        Ok(literal)
    }

    fn list(&mut self, constant: bool) -> Result<Literal, GraphqlError> {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.eat("]") {
            items.push(self.literal(constant)?);
        }
        Ok(Literal::List(items))
    }

    fn object(&mut self, constant: bool) -> Result<Literal, GraphqlError> {
        self.expect("{")?;
        let mut members = Vec::new();
        while !self.eat("}") {
            let name = self.name()?;
            self.expect(":")?;
            members.push((name, self.literal(constant)?));
        }
        Ok(Literal::Object(members))
    }
}
