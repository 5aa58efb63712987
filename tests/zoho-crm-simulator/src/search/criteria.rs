//! Search criteria: `((Field:operator:value)and(Field:operator:value))`.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::field_value;
use crate::schema::{DataType, Field, Module};
use crate::store::Record;
use crate::world::World;

/// Most conditions; the error names this limit although another page says ten.
const MOST_CONDITIONS: usize = 15;
/// Most values of an `in`.
const MOST_VALUES: usize = 100;

/// Parsed criteria.
#[derive(Debug)]
pub(crate) enum Criteria {
    And(Vec<Self>),
    Or(Vec<Self>),
    Test {
        field: Box<Field>,
        operator: String,
        values: Vec<String>,
    },
}

fn invalid(mut details: Object, reason: &str) -> Failure {
    details.set("reason", reason);
    Failure::new(400, "INVALID_QUERY", "Invalid query formed", details)
}

struct Parser<'a> {
    chars: Vec<char>,
    at: usize,
    conditions: usize,
    module: &'a Module,
}

impl Criteria {
    pub(crate) fn parse(module: &Module, text: &str) -> Result<Self, Failure> {
        let mut parser = Parser {
            chars: text.chars().collect(),
            at: 0,
            conditions: 0,
            module,
        };
        let criteria = parser.group()?;
        parser.skip_blanks();
        if parser.at < parser.chars.len() {
            return Err(parser.unreadable());
        }
        if parser.conditions > MOST_CONDITIONS {
            let message = "no of criterium that can be given exceed the limit 15";
            return Err(Failure::new(
                400,
                "CRITERIA_LIMIT_EXCEEDED",
                message,
                object! { "limit" => MOST_CONDITIONS },
            ));
        }
        Ok(criteria)
    }

    pub(crate) fn matches(&self, world: &World, module: &Module, record: &Record) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(world, module, record)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(world, module, record)),
            Self::Test {
                field,
                operator,
                values,
            } => {
                let value = field_value(world, module, record, field);
                passes(field, &value, operator, values)
            }
        }
    }
}

impl Criteria {
    /// The form in which custom views show their criteria.
    pub(crate) fn to_json(&self) -> Json {
        let group = |operator: &str, parts: &[Self]| {
            let group: Vec<Json> = parts.iter().map(Self::to_json).collect();
            Json::Object(object! { "group_operator" => operator, "group" => group })
        };
        match self {
            Self::And(parts) => group("AND", parts),
            Self::Or(parts) => group("OR", parts),
            Self::Test {
                field,
                operator,
                values,
            } => Json::Object(object! {
                "comparator" => if operator == "equals" { "equal" } else { operator.as_str() },
                "field" => object! { "api_name" => field.api_name.as_str(), "id" => field.id.as_str() },
                "value" => match values.as_slice() {
                    [value] => Json::from(value.as_str()),
                    values => Json::from(values.iter().map(String::as_str).collect::<Vec<_>>()),
                },
            }),
        }
    }
}

impl Parser<'_> {
    fn unreadable(&self) -> Failure {
        let near: String = self.chars.iter().skip(self.at).take(20).collect();
        invalid(
            object! { "api_name" => near },
            "the criteria cannot be read",
        )
    }

    fn skip_blanks(&mut self) {
        while self
            .chars
            .get(self.at)
            .is_some_and(|character| character.is_whitespace())
        {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let found = word.chars().enumerate().all(|(offset, wanted)| {
            self.chars
                .get(self.at + offset)
                .is_some_and(|c| c.eq_ignore_ascii_case(&wanted))
        });
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// `(…)and(…)or(…)`: a chain is read from left to right.
    fn group(&mut self) -> Result<Criteria, Failure> {
        let mut left = self.bracket()?;
        loop {
            if self.take("and") {
                left = Criteria::And(vec![left, self.bracket()?]);
            } else if self.take("or") {
                left = Criteria::Or(vec![left, self.bracket()?]);
            } else {
                return Ok(left);
            }
        }
    }

    /// A bracket holds either more brackets or one condition.
    fn bracket(&mut self) -> Result<Criteria, Failure> {
        if !self.take("(") {
            return Err(self.unreadable());
        }
        self.skip_blanks();
        let inner = if self.chars.get(self.at) == Some(&'(') {
            self.group()?
        } else {
            self.condition()?
        };
        if self.take(")") {
            Ok(inner)
        } else {
            Err(self.unreadable())
        }
    }

    fn condition(&mut self) -> Result<Criteria, Failure> {
        self.conditions += 1;
        let name = self.until_colon()?;
        let operator = self.until_colon()?.to_lowercase();
        let values = self.values()?;
        let field = self
            .module
            .field(&name)
            .filter(|field| !field.only_in_single_record());
        let field = field.ok_or_else(|| {
            invalid(
                object! { "api_name" => name.as_str() },
                "the field is not available",
            )
        })?;
        check(field, &operator, &values)?;
        Ok(Criteria::Test {
            field: Box::new(field.clone()),
            operator,
            values,
        })
    }

    fn until_colon(&mut self) -> Result<String, Failure> {
        let mut text = String::new();
        while let Some(&character) = self.chars.get(self.at) {
            self.at += 1;
            match character {
                ':' => return Ok(text.trim().to_owned()),
                '(' | ')' => break,
                other => text.push(other),
            }
        }
        Err(self.unreadable())
    }

    /// Values up to the closing bracket; a backslash takes the next character literally.
    fn values(&mut self) -> Result<Vec<String>, Failure> {
        let mut values = vec![String::new()];
        while let Some(&character) = self.chars.get(self.at) {
            match character {
                ')' => return Ok(values),
                '(' => break,
                ',' => values.push(String::new()),
                '\\' => {
                    self.at += 1;
                    let Some(&escaped) = self.chars.get(self.at) else {
                        break;
                    };
                    if let Some(value) = values.last_mut() {
                        value.push(escaped);
                    }
                }
                other => {
                    if let Some(value) = values.last_mut() {
                        value.push(other);
                    }
                }
            }
            self.at += 1;
        }
        Err(self.unreadable())
    }
}

/// Operators by data type (reference: zoho-crm-v8 section 2.8).
fn check(field: &Field, operator: &str, values: &[String]) -> Result<(), Failure> {
    const EQUALITY: [&str; 3] = ["equals", "not_equal", "in"];
    const ORDERING: [&str; 5] = [
        "greater_than",
        "greater_equal",
        "less_than",
        "less_equal",
        "between",
    ];
    let is_time = matches!(field.data_type, DataType::Date | DataType::Datetime);
    let allowed = match &field.data_type {
        DataType::Boolean => matches!(operator, "equals" | "not_equal"),
        data_type if data_type.is_text() => {
            EQUALITY.contains(&operator) || operator == "starts_with"
        }
        data_type if data_type.is_number() || is_time => {
            EQUALITY.contains(&operator) || ORDERING.contains(&operator)
        }
        _ => EQUALITY.contains(&operator),
    };
    let name = field.api_name.as_str();
    if !allowed {
        let details = object! { "api_name" => name, "operator" => operator };
        return Err(invalid(
            details,
            "the operator is not supported for the field",
        ));
    }
    if operator == "in" && values.len() > MOST_VALUES {
        let message = "Only 100 values are allowed in \"IN\" criteria";
        return Err(Failure::new(
            400,
            "INVALID_QUERY",
            message,
            object! { "api_name" => name },
        ));
    }
    if operator == "between" && values.len() != 2 {
        return Err(invalid(
            object! { "api_name" => name, "value" => values.join(",") },
            "between needs two values",
        ));
    }
    for value in values {
        let fits = match &field.data_type {
            DataType::Boolean => value.parse::<bool>().is_ok(),
            DataType::Date => value.parse::<Date>().is_ok(),
            DataType::Datetime => value.parse::<Timestamp>().is_ok(),
            data_type if data_type.is_number() => value.parse::<Decimal>().is_ok(),
            _ => true,
        };
        if !fits {
            let details =
                object! { "api_name" => name, "expected_data_type" => field.data_type.word() };
            return Err(invalid(details, "the value does not fit the field"));
        }
    }
    Ok(())
}

/// Text as the index keeps it: lower case, punctuation and blanks alike.
fn indexed_text(text: &str) -> String {
    let same = |character: char| {
        if "{}[]^:-/!?*_@ ".contains(character) {
            ' '
        } else {
            character
        }
    };
    text.to_lowercase().chars().map(same).collect()
}

fn passes(field: &Field, value: &Json, operator: &str, values: &[String]) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|value| test(value));
    let equal = |wanted: &str| is_equal(field, value, wanted);
    let order = |wanted: &str| compare(field, value, wanted);
    match operator {
        "equals" | "in" => any(&equal),
        "not_equal" => !any(&equal),
        "starts_with" => {
            let text = indexed_text(value.as_str().unwrap_or_default());
            any(&|wanted| text.starts_with(&indexed_text(wanted)))
        }
        "greater_than" => any(&|wanted| order(wanted) == Some(Ordering::Greater)),
        "greater_equal" => any(&|wanted| order(wanted).is_some_and(Ordering::is_ge)),
        "less_than" => any(&|wanted| order(wanted) == Some(Ordering::Less)),
        "less_equal" => any(&|wanted| order(wanted).is_some_and(Ordering::is_le)),
        "between" => match values {
            [low, high] => {
                order(low).is_some_and(Ordering::is_ge) && order(high).is_some_and(Ordering::is_le)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Equality as the index knows it: text matches when it contains the words, everything else exactly.
fn is_equal(field: &Field, value: &Json, wanted: &str) -> bool {
    match &field.data_type {
        data_type if data_type.is_text() => value
            .as_str()
            .is_some_and(|text| indexed_text(text).contains(&indexed_text(wanted))),
        data_type if data_type.is_reference() => {
            value.get("id").and_then(Json::as_str) == Some(wanted)
        }
        DataType::Boolean => {
            value.as_bool().map(|value| value.to_string()).as_deref() == Some(wanted)
        }
        DataType::MultiPicklist => value
            .as_array()
            .unwrap_or_default()
            .iter()
            .any(|item| item.as_str() == Some(wanted)),
        DataType::Picklist => value.as_str() == Some(wanted),
        _ => compare(field, value, wanted) == Some(Ordering::Equal),
    }
}

fn compare(field: &Field, value: &Json, wanted: &str) -> Option<Ordering> {
    match &field.data_type {
        DataType::Date => Some(
            value
                .as_str()?
                .parse::<Date>()
                .ok()?
                .cmp(&wanted.parse().ok()?),
        ),
        DataType::Datetime => Some(
            value
                .as_str()?
                .parse::<Timestamp>()
                .ok()?
                .cmp(&wanted.parse().ok()?),
        ),
        _ => {
            let number = value
                .as_decimal()
                .or_else(|| value.as_str()?.parse().ok())?;
            Some(number.cmp(&wanted.parse::<Decimal>().ok()?))
        }
    }
}
